"""A question to OPA and what it answered, as values. Floor 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from engine.http.answers import parse
from engine.plain import dataclass

UNDEFINED = "the package is not there, or its document is undefined"


@dataclass(frozen=True, slots=True)
class Rego:
    """Rego and data files as they were read, by their path from the policy file: what is asked is what was digested.

    `loads` are the paths that the policy file names, files or folders of these.
    """

    files: Mapping[str, bytes] = field(repr=False)
    loads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """The document of one Rego package (`lago.close`): of these files or, where there is an address, of a server's own.

    `seconds` is all the time that an answer may take.
    """

    package: str
    seconds: float
    rego: Rego
    server: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What OPA said: its document, or `why` there is none. `by` is the executable or the server that was asked.

    `decision_id` is the server's name for its answer, `revisions` those of its bundles, by their names.
    """

    by: str
    document: Any = None
    why: str = ""
    decision_id: str = ""
    revisions: Mapping[str, str] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """For a record: enough to take the decision again. What is empty is left out."""
        said = {"decision_id": self.decision_id, "revisions": dict(self.revisions), "why": self.why}
        told = {"by": self.by, **{key: value for key, value in said.items() if value}}
        return told if self.why else {**told, "document": self.document}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Answered:
        """From a record."""
        return cls(
            by=str(data.get("by", "")),
            document=data.get("document"),
            why=str(data.get("why", "")) or ("" if "document" in data else "the record has no answer"),
            decision_id=str(data.get("decision_id", "")),
            revisions=dict(data.get("revisions") or {}),
        )


Ask = Callable[[Question, Mapping[str, Any]], Answered]
"""Asks OPA about facts, which are JSON. Raises nothing: that there is no answer is one."""


def evaluated(content: bytes) -> tuple[Any, str]:
    """The document in what `opa eval --format json` prints, or why there is none.

    One result with one expression is what a query for one document comes to; `{}` is undefined.
    """
    said = parse(content)
    match said:
        case {"errors": [first, *rest]}:
            return None, _told(first, len(rest))
        case {"result": [{"expressions": [{"value": document}]}]}:
            return document, ""
        case {} if said in ({}, {"result": []}):
            return None, UNDEFINED
        case None:
            return None, "what it printed is not JSON"
    return None, "what it printed is not what `opa eval` prints"


def _told(error: Any, more: int) -> str:
    """One of OPA's errors in its own words, with its place, and how many there are beside it."""
    match error:
        case {"message": str(message), "location": {"file": str(file), "row": int(row)}}:
            told = f"{file}:{row}: {message}"
        case {"message": str(message)}:
            told = message
        case other:
            told = str(other)
    return short(told) + (f" (and {more} more)" if more else "")


def short(text: str) -> str:
    """One line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "..."
