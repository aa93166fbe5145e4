"""Recorded outcomes of the oracle, of expressions that were chosen for spread: what runs where the oracle does not."""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cel_oracle.asking import Oracle
from cel_oracle.cases import block
from cel_oracle.facts import Facts
from cel_oracle.shapes import shape

PLACE = Path(__file__).parent / "corpus.json.xz"
BLOCKS, IN_EACH, OF_A_KIND, AT_MOST = 60, 700, 2, 6000

_NAMES_AND_SIGNS = re.compile(
    r"//|[a-z]\w*(?=\()|[A-Za-z_]\w*|==|!=|<=|>=|&&|\|\||[-+*/%<>!?\[{]|\.\d|0x|'''|\"\"\"|\\\w"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Facts, and texts over them: how each was made, itself, the oracle's outcome, and what it was asked, the same mostly.

    Of an error the beginning of what was said is kept.
    """

    facts: Facts
    cases: tuple[tuple[str, str, dict[str, Any], str], ...]


def read() -> list[Recorded]:
    """The corpus that is kept beside this file."""
    told = json.loads(lzma.decompress(PLACE.read_bytes()))
    return [
        Recorded(
            Facts({name: shape(one) for name, one in block["names"].items()}, block["values"]),
            tuple((made, text, outcome, asked or text) for made, text, outcome, asked in block["cases"]),
        )
        for block in told
    ]


def record(oracle: Oracle, seed: int) -> list[Recorded]:
    """Ask the oracle for far more than is kept: of those that use the same signs and calls to the same end, two remain."""
    seen: Counter[Any] = Counter()
    found = []
    for number in range(BLOCKS):
        made = block(seed, number, IN_EACH)
        oracle.ask(made.facts, [case.asked for case in made.cases])
        kept = []
        for case, outcome in zip(made.cases, oracle.answers(), strict=True):
            short = {
                kind: told[:160] if isinstance(told, str) and kind != "is" else told for kind, told in outcome.items()
            }
            way = (next(iter(short)), _used(case.text, made.facts))
            seen[way] += 1
            if seen[way] <= OF_A_KIND and len(case.text) < 200:
                kept.append((case.made, case.text, short, case.asked if case.asked != case.text else ""))
        found.append(Recorded(made.facts, tuple({one[1]: one for one in kept[: AT_MOST // BLOCKS]}.values())))
    return found


def write(corpus: list[Recorded]) -> str:
    """Write the corpus, and say how much it is."""
    told = [{"names": one.facts.names, "values": one.facts.values, "cases": one.cases} for one in corpus]
    packed = lzma.compress(
        json.dumps(told, separators=(",", ":"), sort_keys=True).encode(), preset=9 | lzma.PRESET_EXTREME
    )
    PLACE.write_bytes(packed)
    return f"{sum(len(one.cases) for one in corpus):,} expressions in {len(packed):,} bytes"


def _used(text: str, facts: Facts) -> frozenset[str]:
    """The signs, calls and macros of a text, without the names of facts."""
    return frozenset(_NAMES_AND_SIGNS.findall(text)) - frozenset(facts.names) - _FIELDS


_FIELDS = frozenset(
    "status currency amount_cents total number name id units fees tags limits nested paid_at note type in_ a b".split()
)
