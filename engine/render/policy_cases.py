"""What came of cases of policies: what was never seen true or false, at its place, and one line that counts. Floor 5.

A case itself is drawn as a scenario of `runbook test` is (`engine.render.scenarios`).
"""

from __future__ import annotations

from engine.render.scenarios import line as of_scenario
from engine.render.scenarios import plural
from engine.render.text import Style, hang, json_line, pad, safe, style
from engine.reports.condition_coverage import WORDS, Condition, ConditionCoverage
from engine.reports.scenario_results import Result

MOST_TEXT = 300


def line(result: Result, format: str, *, columns: int, colour: bool, is_verbose: bool) -> str:
    """One case, and below it what was not as expected; with `is_verbose`, the decision."""
    if format != "json":
        return of_scenario(result, format, columns=columns, colour=colour, is_verbose=is_verbose)
    told = result.as_json()
    row = {"v": 1, "type": "policy.case", "set": told.pop("runbook"), "case": told.pop("scenario"), **told}
    return json_line({**row, "type": "policy.case"} | ({"story": result.story} if is_verbose else {}))


def covered(coverage: ConditionCoverage, format: str, *, columns: int, colour: bool) -> str:
    """How much was seen, and of each condition that was not the line of the policy file that it begins on."""
    if format == "json":
        return json_line(coverage.as_json())
    if format == "plain":
        return _plain(coverage)
    kind: Style = "good" if coverage.is_enough else "bad"
    lines = [f"\n  {style('coverage', kind, colour)}  {coverage.percent} %   {_of(coverage)}"]
    if coverage.missing:
        lines += ["", f"  never seen, in {safe(coverage.path)}"]
        size = max(len(f":{one.span.line}") for one in coverage.missing)
        for one in coverage.missing:
            lines += hang(f"    {pad(f':{one.span.line}', size)}  {pad(_never(one), 13)}  ", _text(one), columns)
    excused = [one for one in coverage.conditions if one.excused]
    if excused:
        lines += ["", "  not reached, as the file says"]
        for one in excused:
            for value, why in one.excused.items():
                head = f"    :{one.span.line}  {one.owner} never {WORDS[value]}  "
                lines += hang(safe(head), safe(why), columns)
    for one in coverage.conditions:
        for value in one.wrongly_excused:
            told = f"`{_text(one)}` is said never to be {WORDS[value]}, and was: take it off the list"
            lines += ["", *hang("  ", f"{safe(coverage.tests)}: {told}", columns)]
    return "\n".join(lines) + "\n"


def _plain(coverage: ConditionCoverage) -> str:
    rows = []
    for one in coverage.missing:
        place = f"{coverage.path}:{one.span.line}:{one.span.col}"
        rows.append(("missing", f"{coverage.set}/{one.owner}", place, f"{_never(one)}: {one.text}"))
    for one in coverage.conditions:
        for value in one.wrongly_excused:
            rows.append(("seen", f"{coverage.set}/{one.owner}", WORDS[value], f"excused all the same: {one.text}"))
    rows.append(("coverage", coverage.set, f"{coverage.percent} %", _of(coverage)))
    return "".join("\t".join(safe(cell) for cell in row) + "\n" for row in rows)


def _never(one: Condition) -> str:
    return "never reached" if len(one.missing) == 2 else f"never {WORDS[one.missing[0]]}"


def _text(one: Condition) -> str:
    return safe(one.text if len(one.text) <= MOST_TEXT else one.text[: MOST_TEXT - 3] + "...")


def _of(coverage: ConditionCoverage) -> str:
    text = f"{coverage.seen} of {plural(coverage.wanted, 'outcome')} of {plural(len(coverage.conditions), 'condition')} seen"
    if coverage.threshold is not None and coverage.percent < coverage.threshold:
        text += f", below {coverage.threshold} %"
    return text


def missed(coverage: ConditionCoverage) -> str:
    """Why the coverage is not enough, as one text: a headline, then a line for each condition."""
    lines = [f"coverage {coverage.percent} %; {_of(coverage)}"]
    lines += [f"{coverage.path}:{one.span.line}: {one.owner}: {_never(one)}: {one.text}" for one in coverage.missing]
    for one in coverage.conditions:
        for value in one.wrongly_excused:
            lines.append(f"{coverage.path}:{one.span.line}: {one.owner}: excused, and seen {WORDS[value]}: {one.text}")
    return "\n".join(lines)
