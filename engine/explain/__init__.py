"""Everything that can be explained, looked up by what a person types. Floor 5.

A kind is a function of what was typed to an article or nothing; they are asked in turn, so that a new kind (a run of the
journal, for one) is one more function. Each imports what it needs when it is asked: an exit code needs no steps.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from engine.reports.articles import Article, Title

if TYPE_CHECKING:
    from engine.registry import Registry

T = TypeVar("T")


def titles(registry: Registry) -> list[Title]:
    """All that can be explained, kind after kind."""
    from engine.explain import checks, diagnostics, exits, facts, inputs, steps

    return [
        *diagnostics.titles(),
        *exits.titles(),
        *(steps.title(step) for step in registry.steps.values()),
        *(checks.title(check) for check in registry.checks.values()),
        *(facts.title(kind) for kind in facts.kinds(registry).values()),
        *inputs.titles(),
    ]


def find(typed: str, registry: Callable[[], Registry]) -> Article | None:
    """What was asked for, in any case and with or without what stands around it: `rb12`, `error[RB012]`, `exit 13`.

    Extensions are asked last: of what comes with runbook, nothing of theirs need be executed.
    """
    from engine.registry import built_in

    word = re.sub(r"^(error|warning)\b|^exit[ -]?(?:code[ -]?)?(?=\d)|[\[\]`:]", "", typed.strip().casefold()).strip()
    codes = (code(word) for code in CODES)
    names = (name(word, offered()) for offered in (built_in, registry) for name in NAMES)
    return next((article for found in (codes, names) for article in found if article is not None), None)


def nearest(typed: str, registry: Registry) -> list[str]:
    """The codes and names most like what was typed, at most three."""
    known = {one.code.casefold(): one.code for one in titles(registry)}
    known |= {code.rpartition(".")[2]: real for code, real in known.items() if "." in code}
    word = typed.strip().casefold()
    if number := re.fullmatch(r"(?:rb|exit)?0*(\d+)", word):
        word = f"rb{int(number[1]):03}"
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return list(dict.fromkeys(known[code] for code in close))


def _diagnostic(word: str) -> Article | None:
    found = re.fullmatch(r"([a-z]{2})0*([0-9]{1,3})", word)
    if found is None:
        return None
    from engine.explain import diagnostics

    code = f"{found[1].upper()}{int(found[2]):03}"
    return diagnostics.article(code) if (diagnostics.FOLDER / f"{code}.md").is_file() else None


def _exit(word: str) -> Article | None:
    from engine.errors import Exit
    from engine.explain import exits

    named = {exits.name_of(exit): exit for exit in Exit} | {str(exit.value): exit for exit in Exit}
    exit = named.get(word.replace("_", " "))
    return None if exit is None else exits.article(exit)


def _input(word: str) -> Article | None:
    from engine.explain import inputs

    return inputs.article(word) if word in inputs.TYPES else None


def _step(word: str, registry: Registry) -> Article | None:
    from engine.explain import steps

    step = _named(word, registry.steps)
    return None if step is None else steps.article(step)


def _check(word: str, registry: Registry) -> Article | None:
    from engine.explain import checks

    check = _named(word, registry.checks)
    return None if check is None else checks.article(check)


def _fact(word: str, registry: Registry) -> Article | None:
    from engine.explain import facts

    named = {name.casefold(): kind for name, kind in facts.kinds(registry).items()}
    return facts.article(named[word], registry) if word in named else None


def _named(word: str, things: Mapping[str, T]) -> T | None:
    """What has this name, or has it behind its dot."""
    named = {name.rpartition(".")[2].casefold(): thing for name, thing in things.items()}
    named |= {name.casefold(): thing for name, thing in things.items()}
    return named.get(word)


CODES: tuple[Callable[[str], Article | None], ...] = (_diagnostic, _exit, _input)
NAMES: tuple[Callable[[str, Registry], Article | None], ...] = (_check, _step, _fact)
