"""What is explained, on a screen: prose in lines, lists with their words aligned, examples as they stand. Floor 5."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.render.text import Style, hang, json_line, pad, safe, style, width, wrap
from engine.reports.articles import KINDS, Article, Kind, Part, Title

HEADINGS: dict[Kind, str] = {
    "diagnostic": "Errors in files",
    "exit code": "Exit codes",
    "step": "Steps",
    "check": "Checks",
    "fact": "Facts, what `${...}` stands for",
    "input type": "Types of inputs",
}
OF_A_KIND: dict[Kind, str] = {
    "diagnostic": "an error in a file, as `runbook validate` and `runbook test` tell it",
    "exit code": "an exit code",
    "step": "a step, which a runbook names behind `step:`",
    "check": "a check, which a runbook names behind `check:`",
    "fact": "a fact, what `${...}` stands for after a step",
    "input type": "the type of an input",
}
WIDEST_WORD = 42


def listing(titles: Sequence[Title], format: str, *, width: int = 80, colour: bool = False) -> str:
    """All that can be explained, kind by kind."""
    if format == "json":
        return "".join(
            json_line({"v": 1, "type": "explainable", "kind": one.kind, "code": one.code, "title": one.title})
            for one in titles
        )
    if format == "plain":
        return "".join("\t".join(map(safe, (one.kind, one.code, one.title))) + "\n" for one in titles)
    lines = []
    for kind in KINDS:
        rows = [(safe(one.code), aloud(one.title)) for one in titles if one.kind == kind]
        if rows:
            size = max(len(code) for code, _ in rows)
            lines += [style(HEADINGS[kind], "bold", colour)]
            lines += [line for code, title in rows for line in hang(f"  {pad(code, size)}  ", title, width)]
            lines.append("")
    return "\n".join([*lines, "runbook explain CODE tells all of one.", ""])


def page(article: Article, *, width: int = 80, colour: bool = False) -> str:
    """One article."""
    lines = [
        *(style(line, "bold", colour) for line in hang(f"{safe(article.code)}: ", aloud(article.title), width)),
        *(style(line, "dim", colour) for line in wrap(OF_A_KIND[article.kind], width)),
    ]
    heading = ""
    for part in article.parts:
        lines.append("")
        if part.heading and part.heading != heading:
            lines.append(style(safe(part.heading), "bold", colour))
        heading = part.heading
        indent = "  " if part.heading else ""
        lines += _block(part, colour) if part.language else _prose(part.text, width, indent)
    return "\n".join(lines) + "\n"


def _prose(text: str, columns: int, indent: str) -> list[str]:
    """Paragraphs and lists; of Markdown only what is written in the entries is known."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        items = re.split(r"\n(?=- )", paragraph) if paragraph.startswith("- ") else []
        lines += [""] if lines else []
        lines += _items(items, columns, indent) if items else wrap(aloud(paragraph), columns, indent=indent)
    return lines


def _items(items: Sequence[str], columns: int, indent: str) -> list[str]:
    """A list; where each item is about a word, the words stand in a column of their own."""
    split = [re.fullmatch(r"- \*\*(.+?)\*\*\s+(.*)", item, re.DOTALL) for item in items]
    pairs = [(aloud(found[1]).strip("`"), aloud(found[2])) for found in split if found is not None]
    if len(pairs) < len(items):
        return [line for item in items for line in hang(f"{indent}- ", aloud(item.removeprefix("- ")), columns)]
    size = min(max(width(word) for word, _ in pairs), WIDEST_WORD, columns // 2)
    lines = []
    for word, text in pairs:
        if width(word) > size:
            lines += [*wrap(word, columns, indent=indent), *wrap(text, columns, indent=" " * (len(indent) + size + 2))]
        else:
            lines += hang(f"{indent}{pad(word, size)}  ", text, columns)
    return lines


def aloud(text: str) -> str:
    """Markdown as it is read aloud: a link is its words, and stress is none."""
    flat = " ".join(text.split())
    flat = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", flat)
    flat = re.sub(r"\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])", lambda found: found[1] or found[2], flat)
    return safe(flat)


def _block(part: Part, colour: bool) -> list[str]:
    return [style(f"    {safe(line)}".rstrip(), _kind(part.language, line), colour) for line in part.text.splitlines()]


def _kind(language: str, line: str) -> Style:
    if language == "diff":
        return "bad" if line.startswith("-") else "good" if line.startswith("+") else "plain"
    if language == "console":
        return "bold" if line.startswith("$") else "dim" if line.startswith("#") else "plain"
    return "plain"
