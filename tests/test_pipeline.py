"""What an event and a diagnostic lose on their way out: secrets, personal data, what is not canonical."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import structlog
from journal_builders import START

from engine.errors import Bug
from engine.facts import Fact
from engine.journal.pipeline import HIDDEN, Pipeline, configure_stderr
from engine.values import Money, Secret


class Customer(Fact):
    """A fact with one field in clear."""

    CLEAR = ("external_id",)
    external_id: str = "acme"
    email: str = "jane@example.com"


def test_events_are_bound_to_the_operator_whom_the_beginning_names() -> None:
    pipeline = Pipeline()
    assert "actor" not in pipeline("fact", None, {})
    assert pipeline("run.start", None, START)["actor"] == {"id": "jane"}
    assert pipeline("fact", "draft", {"a": 1}) == {"a": 1, "actor": {"id": "jane"}}
    pipeline("run.resume", None, {"operator": {"id": "ben"}})
    assert pipeline("fact", "draft", {"event": 1, "step": 2}) == {"event": 1, "step": 2, "actor": {"id": "ben"}}


def test_secrets_and_personal_fields_do_not_come_through_the_pipeline() -> None:
    hidden = {
        "key": Secret("canary"),
        "nested": [{"deep": (Secret("canary"),)}],
        "customer": Customer(external_id="acme", email="canary"),
        "Authorization": "canary",
        "set-cookie": "canary",
        "address_line1": "canary",
        "legal_number": "canary",
        "phone": "canary",
        "tax_identification_number": "canary",
        "fee": {"grouped_by": {"token": "input", "email": Secret("canary")}, "email": "canary"},
    }
    told = Pipeline()("fact", "draft", hidden)
    assert told == {
        "key": HIDDEN,
        "nested": [{"deep": [HIDDEN]}],
        "customer": {"external_id": "acme"},
        "fee": {"grouped_by": {"token": "input", "email": HIDDEN}},
    }


def test_the_pipeline_makes_values_canonical_and_names_the_event_that_has_none() -> None:
    told = Pipeline()(
        "fact", "draft", {"rate": Decimal("20.0"), "total": Money(1, "EUR"), "at": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    assert told == {
        "rate": "20",
        "total": {"amount_cents": 1, "currency": "EUR"},
        "at": "2026-01-01T00:00:00.000000Z",
    }
    with pytest.raises(Bug, match="`fact` of step `draft` cannot be recorded: float"):
        Pipeline()("fact", "draft", {"x": 1.5})


def test_diagnostics_go_to_stderr_without_secrets_and_without_escape_sequences() -> None:
    line: list[str] = []
    object_: list[str] = []
    try:
        configure_stderr("human", line.append)
        structlog.get_logger().warning(
            "read \x1b[2J again", key=Secret("canary"), name="Acme\x1b\u202e", token="canary"
        )
        configure_stderr("json", object_.append)
        structlog.get_logger().info("read", attempt=2, email="canary")
    finally:
        structlog.reset_defaults()
    assert line == ["warning: read \\x1b[2J again key='[secret]' name='Acme\\x1b\\u202e'\n"]
    assert json.loads("".join(object_)) == {
        "v": 1,
        "type": "diagnostic",
        "severity": "info",
        "message": "read",
        "attempt": 2,
    }
