"""The problems and warnings that are found, each told once and in the words of whoever writes policies. Floor 1."""

from __future__ import annotations

from collections.abc import Iterable

from engine.cel.problems import Problem
from engine.cel.seen import Seen, lost
from engine.cel.syntax import Node


class Told:
    """What is wrong with one text, and what is only odd."""

    def __init__(self, text: str, problems: list[Problem]) -> None:
        self.text = text
        self.problems = problems
        self.warnings: list[Problem] = []

    def wrong(self, node: Node, message: str, help: str = "", at: int | None = None, to: int | None = None) -> Seen:
        """Tell that `node`, or `at` to `to` of it, is wrong. Answers what stands for it from here on."""
        self.problems.append(Problem(node.start if at is None else at, node.end if to is None else to, message, help))
        return lost(node)

    def odd(self, node: Node, message: str, help: str = "") -> None:
        """Tell that `node` is allowed and yet likely meant otherwise."""
        self.warnings.append(Problem(node.start, node.end, message, help))

    def written(self, node: Node) -> str:
        """`node` as it stands in the text, for a message; cut short."""
        text = " ".join(self.text[node.start : node.end].split())
        return text if len(text) <= 60 else text[:57] + "..."


def meant(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'status'?`, or nothing when no known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(name[:100], sorted(known), n=1, cutoff=0.6)
    folded = [one for one in known if one.lower().replace("_", "") == name.lower().replace("_", "")]
    found = (folded or near or [""])[0]
    return f"; did you mean '{found}'?" if found else ""


def some_of(names: Iterable[str]) -> str:
    """The names that there are, for a help; cut short."""
    ordered = sorted(names)
    if len(ordered) <= 13:
        return ", ".join(ordered)
    return ", ".join(ordered[:12]) + f" and {len(ordered) - 12} others"
