"""Reading what is written about a code or a name: an entry file, or the docstring of the module that it is about. Floor 5."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.reports.articles import Part, parts_of


def title_of(path: Path) -> str:
    """The first line of an entry, without its code: what the code means in a few words."""
    with path.open(encoding="utf-8") as lines:
        return _title(lines.readline())


def read(path: Path) -> tuple[str, tuple[Part, ...]]:
    """The title of an entry and what stands below it."""
    head, _, body = path.read_text("utf-8").partition("\n")
    return _title(head), parts_of(body)


def _title(head: str) -> str:
    return head.removeprefix("# ").partition(": ")[2].strip()


def prose_of(name: str, function: Callable[..., Any]) -> str:
    """What the author of a step or check wrote about it: the docstring of its module, which begins with its name.

    Where a module holds several, each is told in the docstring of its function instead.
    """
    own = inspect.unwrap(function)
    told = getattr(own, "__globals__", {}).get("__doc__") or ""
    text = inspect.cleandoc(told if told.startswith(f"`{name}`") else own.__doc__ or "")
    text = re.sub(r"\s+Floor \d\.(?=\n|$)", "", text, count=1)
    return text.removeprefix(f"`{name}`: ").strip()


def words_of(prose: str, words: tuple[str, ...]) -> tuple[str, dict[str, str], tuple[Part, ...]]:
    """What is said first, what is said in paragraphs that begin with one of these words, and the blocks."""
    first, said, blocks = "", dict[str, str](), list[Part]()
    for part in parts_of(prose):
        if part.language:
            blocks.append(part)
            continue
        for paragraph in re.split(rf"\n\s*\n|\n(?=(?:{'|'.join(words)})\b)", part.text):
            word, _, rest = paragraph.partition(" ")
            word = word.rstrip(":")
            if word in words:
                said[word] = rest.strip()
            elif not first:
                first = paragraph
    return first, said, tuple(blocks)
