"""A decision of policies as a person reads it: each that stands out, why, what it read and where that came from. Floor 5.

It is drawn from what the record `policy.decision` holds, so that a run and whoever reads it years later see the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.plain import dataclass
from engine.render.text import Style, clip, hang, pad, safe, style, width, wrap

Data = Mapping[str, Any]

WORDS: dict[str, str] = {"warn": "warn", "approve": "APPROVE", "deny": "DENY", "error": "DENY"}
STYLES: dict[str, Style] = {"warn": "warn", "approve": "warn", "deny": "bad", "error": "bad"}
_SPAN = re.compile(r"(-?)([0-9]+)(\.[0-9]+)?s")
MOST_TEXT = 400
MOST_LEAVES = 12


@dataclass(frozen=True, slots=True)
class Because:
    """One part of a policy and what it came to: `true`, `false`, `error`, or `----` where the rest had decided."""

    word: str
    text: str
    seen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One policy that stands out. `origins` say where what it read came from; `notes` who may do something about it."""

    id: str
    outcome: str
    message: str
    place: str
    because: tuple[Because, ...]
    origins: tuple[str, ...]
    notes: tuple[str, ...]


def standing_out(data: Data) -> list[Standing]:
    """Every policy that was not met, whether it counts or not, in the order of the files."""
    rows = [row for row in data.get("policies") or () if row.get("outcome") in WORDS]
    return [_standing(row, data) for row in rows]


def _standing(row: Data, data: Data) -> Standing:
    because = tuple(_because(row.get("tree")))
    seen = [path for one in because for path, _ in one.seen]
    message = f"{row.get('message')}"
    if row.get("outcome") == "error":
        message = f"{row.get('title')}: it could not be judged, since {row.get('error')}"
    return Standing(
        str(row.get("id")),
        str(row.get("outcome")),
        message,
        str(row.get("place")),
        because,
        tuple(_origins(seen, data)),
        tuple(_notes(row, data)),
    )


def _because(tree: Data | None) -> Iterator[Because]:
    """The parts that are joined by `&&` or `||`, each with what it read where it is what did not hold."""
    if not tree:
        return
    parts = [part for part in tree.get("parts") or () if tree.get("kind") in ("and", "or")] or [tree]
    for part in parts:
        if part.get("skipped"):
            yield Because("----", str(part.get("text")))
            continue
        word = "error" if "error" in part else "true" if part.get("value") is True else "false"
        yield Because(word, str(part.get("text")), tuple(_seen(part)) if word != "true" else ())


def _seen(part: Data) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for leaf in _leaves(part):
        found.setdefault(str(leaf.get("path")), _value(leaf))
    return list(found.items())[:MOST_LEAVES]


def _leaves(part: Data) -> Iterator[Data]:
    """The paths that were read; of a loop, those of the turn that decided."""
    if part.get("skipped"):
        return
    if part.get("kind") == "path":
        yield part
    inner: Sequence[Data] = part.get("parts") or ()
    if part.get("kind") == "loop":
        turns = [one for one in inner if one.get("kind") == "element"]
        decided = [one for one in turns if "error" in one or one.get("value") == part.get("value")]
        inner = (*(one for one in inner if one.get("kind") != "element"), *(decided or turns)[:1])
    for one in inner:
        yield from _leaves(one)


def _value(leaf: Data) -> str:
    if "error" in leaf:
        return f"({leaf['error']})"
    if "size" in leaf:
        return f"{leaf['size']} of them"
    value = leaf.get("value")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(str(value))


def shown(text: str) -> str:
    """A value as a person writes it: a moment without fractions that are nothing, a span in hours and minutes."""
    if text.endswith(".000000Z"):
        return text.removesuffix(".000000Z") + "Z"
    if found := _SPAN.fullmatch(text):
        return _span(found[1], int(found[2]), found[3] or "")
    return text


def _span(sign: str, left: int, fraction: str) -> str:
    # To the last digit, since a limit may be missed by as little.
    told = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, size)
        told += f"{count}{unit}" if count else ""
    return sign + (f"{told}{left}{fraction}s" if left or fraction or not told else told)


def _origins(paths: Sequence[str], data: Data) -> Iterator[str]:
    facts: Data = data.get("facts") or {}
    for name in dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths):
        origin: Data = facts.get(name) or {}
        if not origin:
            continue
        requests = [str(text).partition("?")[0].replace("/api/v1/", "/") for text in origin.get("requests") or ()]
        read = f", {requests[0]}" if requests else ""
        at = f", read {str(origin['at'])[11:19]}Z" if origin.get("at") else ""
        yield f"{name}: {origin.get('kind')}{read}{at}"


def _notes(row: Data, data: Data) -> Iterator[str]:
    if row.get("mode") == "observe":
        yield "it is only observed, and stops nothing"
        return
    if lifted := row.get("overridden"):
        yield f"lifted by {lifted.get('operator')}: {lifted.get('reason')}"
    elif row.get("may_override") and row.get("outcome") in ("deny", "approve"):
        roles = " or ".join(map(str, row["may_override"]))
        yield f'to go on: {roles} may add --override {row.get("id")} --reason "..."'
    elif row.get("outcome") in ("deny", "error"):
        yield "nobody can lift it"
    if refused := row.get("not_lifted"):
        yield str(refused)
    for need in data.get("needs") or ():
        if (need.get("set"), need.get("policy")) == (row.get("set"), row.get("id")):
            roles = " or ".join(need.get("roles") or ())
            apart = ", not who runs it" if need.get("distinct_from") else ""
            yield f"it needs {need.get('count')} of role {roles}{apart}"
    if row.get("doc"):
        yield f"more: {row['doc']}"


def lines(data: Data, columns: int, *, colour: bool = False, indent: str = " " * 8) -> list[str]:
    """All that stands out, in lines of at most so many columns."""
    return [line for one in standing_out(data) for line in _lines(one, columns, colour, indent)]


def _lines(one: Standing, columns: int, colour: bool, indent: str) -> Iterator[str]:
    word = style(WORDS[one.outcome], STYLES[one.outcome], colour)
    place = safe(one.place)
    head = f"{indent}{pad(WORDS[one.outcome], 7)}  {safe(one.id)}"
    gap = columns - width(head) - width(place)
    plain = indent + word + " " * (7 - len(WORDS[one.outcome]) + 2) + safe(one.id)
    yield plain + (" " * gap + place if gap >= 2 else "")
    deep = indent + " " * 2
    if gap < 2:
        yield from wrap(place, columns, indent=deep)
    if one.message != one.id:  # which it is where a policy has neither a message nor a title
        yield from wrap(clip(safe(one.message), MOST_TEXT), columns, indent=deep)
    for part in one.because:
        yield from hang(f"{deep}  {pad(part.word, 5)}  ", clip(safe(part.text), MOST_TEXT), columns)
        yield from _seen_lines(part, columns, f"{deep}           ")
    for text in one.origins:
        yield from hang(f"{deep}  seen   ", clip(safe(text), MOST_TEXT), columns)
    for text in one.notes:
        yield from wrap(clip(safe(text), MOST_TEXT), columns, indent=deep)


def _seen_lines(part: Because, columns: int, indent: str) -> Iterator[str]:
    """What one part read, a value beside its path; below it where there is no room for both."""
    told = [(safe(path), clip(safe(value), MOST_TEXT)) for path, value in part.seen]
    room = columns - len(indent) - 2
    size = max((width(path) for path, value in told if width(path) + width(value) <= room), default=0)
    for path, value in told:
        if width(path) <= size:
            yield from hang(f"{indent}{pad(path, size)}  ", value, columns)
        else:
            yield from wrap(path, columns, indent=indent)
            yield from wrap(value, columns, indent=indent + "  ")


def rows(data: Data) -> Iterator[tuple[str, str, str]]:
    """The same for a program that reads lines: policy, outcome, and what there is to say of it."""
    for one in standing_out(data):
        yield one.id, one.outcome, f"{one.message} ({one.place})"
        for part in one.because:
            seen = "; ".join(f"{path} {value}" for path, value in part.seen)
            yield one.id, part.word, f"{part.text}" + (f" [{seen}]" if seen else "")
        for text in (*one.origins, *one.notes):
            yield one.id, "note", text
