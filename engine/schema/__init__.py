"""The JSON Schema of a runbook file, for editors: made from the tables and models that validation itself reads. Floor 4."""

from engine.schema.document import document

__all__ = ["document"]
