"""What can be wrong with an expression: before it is evaluated (`Problem`) and while it is (`Failed`). Floor 1."""

from __future__ import annotations

from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at `text[start:end]`, in code points. `message` says what, `help` what to write instead."""

    start: int
    end: int
    message: str
    help: str = ""


class Uncompiled(Exception):
    """A text is no expression over the declared names. `problems` are all that were found, in the order of the text."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Failed(Exception):
    """An expression has no value: at `text[start:end]` something cannot be computed, or a fact is not what was declared."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


class OverBudget(Exception):
    """An evaluation takes more steps than any may. No `||`, `&&` or `exists` makes up for it."""

    def __init__(self) -> None:
        self.message = "the expression takes more than 200,000 steps on these values"
        super().__init__(self.message)
