"""What came of scenarios: a line each, differences with both sides, what was never seen, one line that counts. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.errors import Exit
from engine.plain import dataclass
from engine.render.text import Style, cut, hang, json_line, pad, safe, style, width, wrap
from engine.reports.condition_coverage import ConditionCoverage
from engine.reports.scenario_results import Coverage, Planned, Result

MOST_STORY = 400
MOST_LEFT = 12


def heading(path: str, count: int, format: str, *, colour: bool, noun: str = "scenario") -> str:
    """What is about to be played; `noun` is what one of it is called."""
    if format != "human":
        return ""
    return f"{style(safe(path), 'bold', colour)}   {plural(count, noun)}\n\n"


def line(result: Result, format: str, *, columns: int, colour: bool, is_verbose: bool) -> str:
    """One scenario, and below it what was not as expected; with `is_verbose`, what its screens said."""
    if format == "json":
        return json_line(result.as_json() | ({"story": result.story} if is_verbose else {}))
    if format == "plain":
        return _plain(result)
    word: str = "ok" if result.is_passed else "FAIL"
    kind: Style = "good" if result.is_passed else "bad"
    took = f"{result.seconds:.1f}s"
    room = columns - 8 - len(took) - 2
    lines = [f"  {style(pad(word, 4), kind, colour)}  {pad(cut(safe(result.name), room), room)}  {took}\n"]
    if not result.is_passed:
        lines += [f"        {safe(result.path)}\n", *_differences(result, columns, colour)]
    if is_verbose:
        lines += ["\n", *(f"        | {text}".rstrip() + "\n" for text in _story(result.story))]
    if len(lines) > 1:
        lines.append("\n")
    return "".join(lines)


def _plain(result: Result) -> str:
    place = f"{result.path}:{result.span.line}:{result.span.col}"
    rows = [("ok" if result.is_passed else "FAIL", result.name, place, f"{result.seconds:.1f}s")]
    for one in result.differences:
        where = f"{result.path}:{one.span.line}:{one.span.col}"
        rows.append(("differs", result.name, where, f"{one.what}: expected {one.expected}, was {one.actual}"))
    return "".join("\t".join(safe(cell.replace("\t", " ").replace("\n", " ")) for cell in row) + "\n" for row in rows)


def _differences(result: Result, columns: int, colour: bool) -> Iterator[str]:
    """What differs, behind the line that the expectation stands on, and below it both sides, one above the other."""
    number = max(len(str(one.span.line)) for one in result.differences) + 1
    for one in result.differences:
        yield f"        {pad(f':{one.span.line}', number)}  {safe(one.what)}\n"
        blank = " " * (number + 10)
        yield from (text + "\n" for text in hang(f"{blank}expected  ", _safe(one.expected), columns))
        first, *rest = hang(f"{blank}was       ", _safe(one.actual), columns)
        yield blank + style(first[len(blank) :], "bad", colour) + "\n"
        rest += [row for text in one.more for row in wrap(_safe(text), columns, indent=blank + " " * 10)]
        yield from (text + "\n" for text in rest)


def _safe(text: str) -> str:
    """Made safe line by line."""
    return "\n".join(safe(one) for one in text.split("\n"))


def _story(text: str) -> list[str]:
    lines = [safe(one) for one in text.rstrip("\n").split("\n")]
    left = len(lines) - MOST_STORY
    return [*lines[:MOST_STORY], f"... and {left} lines more"] if left > 0 else lines


def covered(coverage: Coverage, format: str, *, columns: int, colour: bool) -> str:
    """How much was seen, and what was not, step by step."""
    if format == "json":
        return json_line(coverage.as_json())
    if format == "plain":
        rows = [("missing", coverage.runbook, item, "") for item in coverage.missing]
        rows += [("seen", coverage.runbook, item, "excused all the same") for item, _ in coverage.wrongly_excused]
        rows.append(("coverage", coverage.runbook, f"{coverage.percent} %", _of(coverage)))
        return "".join("\t".join(safe(cell) for cell in row) + "\n" for row in rows)
    kind: Style = "good" if coverage.is_enough else "bad"
    lines = [f"\n  {style('coverage', kind, colour)}  {coverage.percent} %   {_of(coverage)}"]
    missing, indent = coverage.missing, " " * 12
    if missing:
        size = max(width(item.partition(".")[0]) for item in missing)
        lines += ["", "  never seen"]
        for step in dict.fromkeys(item.partition(".")[0] for item in missing):
            words = [item.partition(".")[2] for item in missing if item.startswith(step + ".")]
            lines.append(f"{indent}{pad(safe(step), size)}  {', '.join(words)}")
    if coverage.excused:
        lines += ["", "  not reached, as the file says"]
        for item, why in coverage.excused.items():
            lines += hang(f"{indent}{safe(item)}  ", safe(why), columns)
    for item, span in coverage.wrongly_excused:
        text = f"`{item}` is said not to be reached, and was: take it off the list"
        lines += ["", *hang("  ", f"{safe(coverage.path)}:{span.line}: {text}", columns)]
    return "\n".join(lines) + "\n"


def _of(coverage: Coverage) -> str:
    wanted = len(coverage.wanted)
    text = f"{wanted - len(coverage.missing)} of {plural(wanted, 'outcome')} seen"
    if coverage.threshold is not None and coverage.percent < coverage.threshold:
        text += f", under the threshold of {coverage.threshold} %"
    return text


@dataclass(frozen=True, slots=True)
class Counted:
    """How the last line calls what it counts: one of it, what has a coverage; its type as JSON, and that of what is left."""

    noun: str
    whose: str
    type: str
    left: str


SCENARIOS = Counted("scenario", "runbook", "test.end", "test.left")
CASES = Counted("case", "policy set", "policy.end", "policy.left")


def summary(
    results: Sequence[Result],
    coverages: Sequence[Coverage] | Sequence[ConditionCoverage],
    seconds: float,
    exit: int,
    format: str,
    *,
    colour: bool,
    counted: Counted = SCENARIOS,
    left: Sequence[Planned] = (),
) -> str:
    """The last line; `left` is what was not played, after a failure or Ctrl-C."""
    failed = sum(not one.is_passed for one in results)
    if format == "json":
        counts = {f"{counted.noun}s": len(results), "passed": len(results) - failed, "failed": failed}
        missed = {"not_played": len(left)} if left else {}
        return json_line({"v": 1, "type": counted.type, "exit": exit, **counts, **missed, "seconds": f"{seconds:.3f}"})
    told = f"{plural(len(results), counted.noun)}: {len(results) - failed} passed"
    told += f", {failed} failed" if failed else ""
    told += f", {len(left)} not played" if left else ""
    low = sum(not one.is_enough for one in coverages)
    told += f"; coverage is too low for {plural(low, counted.whose)}" if low else ""
    text = f"{'stopped; ' if exit == Exit.INTERRUPTED else ''}{told}; {seconds:.1f}s"
    return ("\n" if format == "human" else "") + style(text, "bad" if exit else "good", colour) + "\n"


def unplayed(left: Sequence[Planned], format: str, *, columns: int, colour: bool, counted: Counted = SCENARIOS) -> str:
    """What Ctrl-C kept from being played, each by its name."""
    if format == "json":
        return "".join(
            json_line({"v": 1, "type": counted.left, counted.noun: one.name, "path": one.path, "line": one.span.line})
            for one in left
        )
    if format == "plain":
        rows = [("left", one.name, f"{one.path}:{one.span.line}:{one.span.col}", "") for one in left]
        return "".join("\t".join(safe(cell) for cell in row) + "\n" for row in rows)
    lines = [f"  {style('----', 'warn', colour)}  {cut(safe(one.name), columns - 8)}\n" for one in left[:MOST_LEFT]]
    more = len(left) - MOST_LEFT
    return "".join([*lines, f"        and {more} more\n" if more > 0 else ""])


def told(result: Result) -> str:
    """What was not as expected, as one text: a headline, then a line or more for each difference."""
    lines = [f"{result.name}: {plural(len(result.differences), 'difference')}"]
    for one in result.differences:
        lines += [f"{one.what}: expected {one.expected}, was {one.actual}", *(f"  {text}" for text in one.more)]
    return "\n".join(lines)


def plural(count: int, noun: str) -> str:
    """`1 scenario`, `2 scenarios`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
