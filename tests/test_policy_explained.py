"""What a policy that was not met is told by: each value that it read, also behind a variable, and where it came from."""

from __future__ import annotations

import policed
import pytest

from engine.render.decision import lines, shown

SET = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: billing, version: "1", owner: finance}
facts: {invoice: lago.Invoice, sync: SyncRun}
params: {limit: 10m}
variables:
  ended: 'sync.completedAt != null ? sync.completedAt : timestamp("2000-01-01T00:00:00Z")'
  age: now - variables.ended
policies:
  - id: sync-fresh
    require: sync.status == "completed" && variables.age <= params.limit && variables.age > duration("0s")
    effect: deny
  - id: small
    title: It is small
    require: invoice.total_amount_cents < 10
    effect: warn
"""


def test_what_a_variable_was_worked_out_from_is_told_with_its_source() -> None:
    data = policed.decided(policed.compiled(SET), policed.occasion()).as_data()
    told = lines(data, 100)
    first = next(at for at, line in enumerate(told) if line.split()[:2] == ["DENY", "sync-fresh"])
    seen = [line.split() for line in told[first + 1 :]]
    assert seen[:7] == [
        ["true", "sync.status", "==", '"completed"'],
        ["false", "variables.age", "<=", "params.limit"],
        ["variables.age", "30m"],
        ["now", "2026-11-23T12:00:00Z"],
        ["variables.ended", "2026-11-23T11:30:00Z"],
        ["sync.completedAt", "2026-11-23T11:30:00Z"],
        ["params.limit", "10m"],
    ]
    assert any(line[:2] == ["seen", "sync:"] for line in seen)


@pytest.mark.parametrize(
    ("span", "told"),
    [("0s", "0s"), ("600s", "10m"), ("600.5s", "10m0.5s"), ("1742.001525s", "29m2.001525s"), ("-90061s", "-1d1h1m1s")],
)
def test_a_span_is_told_to_its_last_digit(span: str, told: str) -> None:
    assert shown(span) == told
