"""What was expected of a command beside what was seen of it: every difference, each with its line in the file. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.events import Recorded
from engine.reports.scenario_results import Difference
from engine.testing.model import Expected, Placed, Verdict
from engine.testing.patterns import fits, short
from engine.testing.playing import Played

NOTHING = "nothing"


def differences(played: Played) -> Iterator[Difference]:
    """Everything that is not as expected. Requests that the recording has no answer to are always a difference."""
    expect = played.command.expect
    end = played.end.data if played.end is not None else {}
    if played.exit != expect.exit.value:
        yield Difference("exit", str(expect.exit.value), str(played.exit), expect.exit.span, _why(end))
    for what, placed in (("outcome", expect.outcome), ("attribution", expect.attribution)):
        actual = str(end.get(what) or "none")
        if placed is not None and placed.value != actual:
            yield Difference(what, placed.value, actual, placed.span)
    message = str(end.get("message") or "")
    yield from _said("says", expect.says, message, message)
    yield from _said("screen", expect.screen, played.screen, "not on the screen; -v shows it")
    for id, verdict in expect.checks.items():
        yield from _verdict(id, verdict, played.records)
    yield from _requests(expect, played)
    types = [record.type for record in played.records]
    yield from _in_order("records", expect.records, types)
    for placed in expect.no_records:
        if placed.value in types:
            yield Difference("no_records", f"no `{placed.value}`", f"{types.count(placed.value)} of it", placed.span)
    if expect.effect is not None and expect.effect.value != played.effect:
        yield Difference("effect", expect.effect.value, played.effect, expect.effect.span)


def _why(end: Any) -> tuple[str, ...]:
    return tuple(str(text) for text in (end.get("message"), *(end.get("lines") or ())) if text)


def _said(what: str, parts: Sequence[Placed], text: str, told: str) -> Iterator[Difference]:
    flat = " ".join(text.split())
    for part in parts:
        if " ".join(part.value.split()) not in flat:
            yield Difference(what, part.value, told or NOTHING, part.span)


def _verdict(id: str, expected: Verdict, records: Sequence[Recorded]) -> Iterator[Difference]:
    asked = [record.data for record in records if record.type == "check.verdict" and record.step == id]
    within = [data for data in asked if expected.phase in ("", data.get("phase"))]
    what = f"checks.{id}" + (f" ({expected.phase})" if expected.phase else "")
    if not within:
        phases = ", ".join(dict.fromkeys(str(data.get("phase")) for data in asked))
        actual = f"not asked in that phase, but in: {phases}" if asked else "not asked"
        yield Difference(what, expected.verdict, actual, expected.span)
        return
    last = within[-1]
    told = tuple(str(text) for text in (last["message"], *(last.get("more") or ())))
    if last["verdict"] != expected.verdict:
        yield Difference(what, expected.verdict, str(last["verdict"]), expected.span, told)
    text = " ".join((*told, str(last.get("fix") or "")))
    for part in expected.says:
        if part not in text:
            yield Difference(what, part, told[0], expected.span)


def _requests(expect: Expected, played: Played) -> Iterator[Difference]:
    lines = [(seen.is_write, f"{seen.method} {seen.target}") for seen in played.requests]
    writes = [line for is_write, line in lines if is_write]
    patterns = [placed.value for placed in expect.sends]
    if len(writes) != len(patterns) or not all(map(fits, patterns, writes)):
        span = expect.sends[0].span if expect.sends else expect.span
        yield Difference("sends", "\n".join(patterns) or NOTHING, "\n".join(map(short, writes)) or NOTHING, span)
    reads = [line for is_write, line in lines if not is_write]
    if expect.reads == () and reads:
        yield Difference("reads", NOTHING, f"{len(reads)} reads, the first: {short(reads[0])}", expect.span)
    yield from _in_order("reads", expect.reads or (), reads, short)
    for line in played.refused:
        yield Difference("requests", "what the recording has an answer to", short(line), expect.span)


def _in_order(
    what: str, wanted: Sequence[Placed], found: Sequence[str], told: Callable[[str], str] = str
) -> Iterator[Difference]:
    """Whether all that is wanted is found in this order, with anything between; the first that is not is told."""
    rest = iter(found)
    for placed in wanted:
        if not any(fits(placed.value, one) for one in rest):
            where = "not there, or not in this order" if any(fits(placed.value, one) for one in found) else "not there"
            yield Difference(what, placed.value, where, placed.span, tuple(map(told, dict.fromkeys(found))))
            return
