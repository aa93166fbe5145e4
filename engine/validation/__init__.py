"""A runbook file against what there is: every error at once, each with its place. Floor 4."""

from engine.validation.validate import validate

__all__ = ["validate"]
