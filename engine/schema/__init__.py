"""The JSON Schemas of runbook and policy files, for editors: made from the tables that validation itself reads. Floor 4."""

from engine.schema.document import document
from engine.schema.policy import policy_document

__all__ = ["document", "policy_document"]
