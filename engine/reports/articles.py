"""What there is to say of one code or name, as a value that a page, a screen and a program can each tell. Floor 0."""

from __future__ import annotations

from typing import Any, Literal

from engine.plain import dataclass

Kind = Literal["diagnostic", "exit code", "step", "check", "fact", "input type"]
KINDS: tuple[Kind, ...] = ("diagnostic", "exit code", "step", "check", "fact", "input type")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph or more below a heading, or none.

    `text` is Markdown: paragraphs and lists, a `**word**` at the beginning of an item being what the item is about.
    With a `language` it is instead a block that stands as it is: `yaml`, `text`, `console`, or `diff` for an example
    and how it is mended.
    """

    heading: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """One thing that can be explained, as a list shows it."""

    kind: Kind
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Article:
    """All of one thing. `whole` are further texts that a program may want: of an example, the files `wrong` and `right`."""

    kind: Kind
    code: str
    title: str
    parts: tuple[Part, ...]
    whole: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as one JSON object."""
        parts = [{"heading": part.heading, "text": part.text, "language": part.language} for part in self.parts]
        body = {"v": 1, "type": "explanation", "kind": self.kind, "code": self.code, "title": self.title}
        return {**body, "parts": parts, "example": dict(self.whole) or None}


def parts_of(text: str) -> tuple[Part, ...]:
    """The parts of a Markdown text: below `## Heading` lines, fenced blocks each by itself, comments left out."""
    parts: list[Part] = []
    heading, language, lines = "", "", list[str]()

    def close() -> None:
        body = "\n".join(lines).strip("\n")
        if body:
            parts.append(Part(heading, body, language))
        lines.clear()

    for line in text.splitlines():
        if line.startswith("```"):
            close()
            language = "" if language else line.removeprefix("```").strip() or "text"
        elif line.startswith("## ") and not language:
            close()
            heading = line.removeprefix("## ").strip()
        elif language or not line.startswith("<!--"):
            lines.append(line)
    close()
    return tuple(parts)
