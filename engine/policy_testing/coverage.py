"""Which conditions of a set's policies and variables were true in some case, and false in some case. Floor 5."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from engine.cel import Trace
from engine.diagnostics import Span
from engine.policy.deciding import Judging
from engine.policy_testing.expecting import flat, programs
from engine.policy_testing.model import Case, CaseFile
from engine.reports.condition_coverage import Condition, ConditionCoverage
from engine.source import Node, Parsed, parse
from engine.yaml.scalars import span_in

# What stands for one condition: its policy or variable, which of its expressions, and where in that.
Key = tuple[str, str, int, int]


def coverage(file: CaseFile, threshold: int | None) -> ConditionCoverage:
    """What was seen over all cases. `threshold` goes before the file's own."""
    seen: dict[Key, set[bool]] = defaultdict(set)
    for case in file.cases:
        for key, value in _seen(case):
            seen[key].add(value)
    parsed = parse(file.set.text.encode(), file.set.path)
    found = []
    for owner, own in programs(file.set).items():
        for what, program in own.items():
            for start, end in program.conditions:
                text = flat(program.text[start:end])
                excused = {
                    one.value: one.why
                    for one in file.excused
                    if (one.policy, one.condition) == (owner, text) and one.within in ("", what)
                }
                values = frozenset(seen[owner, what, start, end])
                found.append(Condition(owner, text, _span(parsed, owner, what, start, end), values, excused))
    return ConditionCoverage(
        set=file.set.name,
        path=file.set.path,
        tests=file.shown,
        conditions=tuple(sorted(found, key=lambda one: (one.span.line, one.span.col))),
        threshold=threshold if threshold is not None else file.threshold,
        threshold_span=file.threshold_span,
    )


def _seen(case: Case) -> Iterator[tuple[Key, bool]]:
    """Every condition that had a value in this case, as often as it had one."""
    for owner, what, trace in Judging(case.set, case.occasion).traces():
        for part in _parts([trace]):
            if isinstance(part.value, bool) and part.error is None:
                yield (owner, what, part.start, part.end), part.value


def _parts(traces: Iterable[Trace]) -> Iterator[Trace]:
    for trace in traces:
        if trace.evaluated:
            yield trace
            yield from _parts(trace.children)


def _span(parsed: Parsed, owner: str, what: str, start: int, end: int) -> Span:
    node = _node(parsed.root, owner, what) if parsed.root is not None else None
    return span_in(node, start, end, parsed.source) if node is not None else Span(1, 1, 1, 2)


def _node(root: Node, owner: str, what: str) -> Node | None:
    if what == "variable":
        return root.at("variables", owner.removeprefix("variables."))
    rows = root.at("policies")
    for row in rows.value if rows is not None else ():
        if (id := row.at("id")) is not None and id.value == owner:
            found: Node | None = row.at(what)
            return found
    return None
