"""Whole screens at 80 columns without colour, as they are kept in `tests/screens`; and what holds for every screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fabricated_run as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from engine.errors import NotConfirmed, RunbookError, SettingsFault
from engine.events import Finished, Header, Notice, Recorded, Started, Waiting
from engine.journal.runs import RunSummary
from engine.journal.verify import Report
from engine.render import audit, drafts, errors
from engine.render.drafts import DraftRow
from engine.render.human import Human
from engine.render.plain import Plain

SCREENS = Path(__file__).parent / "screens"
ANSI = re.compile(r"\x1b\[[\d;]*m")
Compare = Callable[[str, str], None]

RUNS: dict[str, Callable[[], list[made.Event]]] = {
    "finalized": made.finalized,
    "denied": made.denied,
    "dry_run": made.dry,
    "unknown": made.unanswered,
    "not_as_confirmed": made.not_as_confirmed,
    "nobody_to_ask": made.nobody_to_ask,
    "pending": made.pending,
    "hostile": lambda: made.hostile(made.HOSTILE),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_looks_as_kept_to_a_person(name: str, screen: Compare) -> None:
    screen(f"human_{name}", made.on_human(RUNS[name]()))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_looks_as_kept_in_a_pipe(name: str, screen: Compare) -> None:
    screen(f"plain_{name}", made.on_plain(RUNS[name]()))


def audited() -> list[Recorded]:
    """A run's records, with the kinds that its notices would not tell; it ends a day later."""
    record, later = made.Records(), made.Records(day="2026-08-23")
    request = f"GET /api/v1/invoices/{made.INVOICE}"
    lists = ["GET /api/v1/invoices?external_customer_id=a&status=draft", "GET /api/v1/invoices?status=finalized"]
    values = {"number": "ACM-DRAFT", "status": "draft", "total_amount_cents": 126140, "currency": "EUR"}
    fact = {"kind": "Invoice", "requests": [request], "digest": made.DIGEST}
    early: list[made.Event] = [
        made.started(record),
        record("check.verdict", "operator", check="operator_has_role", verdict="pass", message="jane has the role",
               fix="", phase="operator"),
        record("fact", "draft", **fact, phase="first", values=values),
        record("fact", "customer", kind="Customer", requests=[], digest=made.DIGEST, phase="first",
               values={"name": "Acme GmbH", "external_id": "acme-corp"}),
        record("fact", "sync", kind="LatestSync", requests=["GET /api/admin/sync/status"], digest=made.DIGEST,
               phase="first", values={"run": {"id": "sync-77", "status": "completed", "completed_at": None}}),
        record("check.verdict", "synced", check="sync_is_fresh", verdict="warn", message="ended before the change",
               fix="Run the sync again.", more=["changed at 13:40"], phase="first"),
        record("fact", "refreshed", kind="Answer", requests=[f"PUT /api/v1/invoices/{made.INVOICE}/refresh"],
               phase="write", status=200, sent=True),
        record("fact", "refreshed", **fact, phase="refreshed", same_as=43),
        *made.consented(record),
        record("effect.unknown", "finalize", why="sent, no answer in 90.0 s", attribution="unproven"),
        record("reconcile.read", "finalize", state="unreadable", status="unreadable", why="503", requests=[request]),
        made.ended(record, 13, "unknown", f"UNKNOWN whether invoice {made.INVOICE} is finalized.", made.RESUME),
    ]  # fmt: skip
    late: list[made.Event] = [
        later("run.resume", why="resolve", runbook={"name": "finalize_invoice", "version": 3}, operator={"id": "joe"},
              machine="ops-2", environment="production", target="billing.example.com", runbook_changed=True),
        later("operator.resolve", "finalize", word="applied", operator="joe", reason="seen in Lago", reads="finalized",
              overruled=False),
        later("effect.observed", "finalize", why="it reads `finalized`", attribution="unproven",
              values={"answer": {**values, "status": "finalized", "number": "ACM-014-003"}}),
        later("fact", "lists", kind="InvoiceLists", requests=lists, digest=made.DIGEST, phase="verify",
              values={"drafts": [], "finalized": [{}]}),
        later("check.verdict", "as_confirmed", check="issued_as_confirmed", verdict="deny", message="issued for more",
              fix="A credit note.", phase="verify"),
        later("drift.detected", "finalize", phase="verify", moved=["total: 1,261.40 EUR -> 1,300.00 EUR"]),
        made.ended(later, 14, "not_as_confirmed", "Finalized, but NOT as confirmed.", made.SHOW, "Compare\nthe lines."),
    ]  # fmt: skip
    return [event for event in early + late if isinstance(event, Recorded)]


def summary(**changes: Any) -> RunSummary:
    """One run of a list."""
    values: dict[str, Any] = {
        "run": made.RUN,
        "started": "2026-08-22T14:02:11.402113Z",
        "runbook": "finalize_invoice",
        "version": 3,
        "subject": f"lago:invoice:{made.INVOICE}",
        "operator": "jane",
        "environment": "production",
        "mode": "run",
        "lago_id": made.INVOICE,
        "outcome": "finalized",
        "exit": 0,
        "ended": "2026-08-22T14:02:44.000000Z",
    }
    return RunSummary(**{**values, **changes})


def past() -> list[RunSummary]:
    """Runs of every kind: ended, open, dry, and one whose names come from elsewhere."""
    return [
        summary(),
        summary(
            run="01J9Z4KR0000", mode="preview", outcome="not_confirmed", exit=5, operator="a-rather-long-account-name"
        ),
        summary(run="01J9Z4KS0000", outcome=None, exit=None, ended=None, lago_id=None, subject=None, environment=None),
        summary(
            run="01J9Z4KT0000", operator=made.HOSTILE, environment=made.ENDLESS, outcome="not_as_confirmed", exit=14
        ),
        summary(run="01J9Z4KU0000", attribution="unproven"),
        summary(run="01J9Z4KV0000", outcome="unknown", attribution="unproven", released_by="jane"),
        summary(run="01J9Z4KW0000", operator="joe", outcome="unknown", exit=13, attribution="unproven"),
    ]


REPORTS = {
    "intact": Report(49, None, "", "8a" * 32, "ZS7B5HF2PQ5S0XKZ"),
    "bad": Report(16, 17, f"its hash is not that of its bytes: {made.HOSTILE}", "8a" * 32, "ZS7B5HF2PQ5S0XKZ"),
    "as_a_whole": Report(0, None, "it is no journal of runbook", None),
}

DRAFTS = [
    DraftRow(
        made.INVOICE, "acme-corp", "Acme GmbH", "2026-08-01", "2026-07-01..2026-07-31", "1,261.40 EUR", "3d2h old"
    ),
    DraftRow(
        "81d0aaaa-77aa-4f0e-9a53-2d1c9be0a1f4", made.ENDLESS, made.HOSTILE, "", made.ENDLESS, "9.00 EUR", "5m old"
    ),
    DraftRow("92e1aaaa-77aa-4f0e-9a53-2d1c9be0a1f4", "株式会社", "株式会社　田中", "", "", "640,000 JPY", ""),
]

TOLD: dict[str, RunbookError] = {
    "long": SettingsFault(
        "the key comes from your environment and the address from a project's file, so that it is not sent there",
        hint="Set LAGO_API_URL beside LAGO_API_KEY, or put both into one file.\nThen look at `runbook config`.",
    ),
    "command": NotConfirmed(
        "`--confirm acme` is not this invoice's customer", hint=f"To bill it: {made.SHOW} {'x' * 80}"
    ),
    "bare": NotConfirmed(made.HOSTILE),
}


@pytest.mark.parametrize("format", ["human", "plain"])
def test_the_audit_pages_look_as_kept(format: str, screen: Compare) -> None:
    screen(f"{format}_audit_show", audit.history(audited(), format))
    screen(f"{format}_audit_list", audit.listing(past(), format))
    screen(f"{format}_audit_verify", "".join(audit.verdict(report, format) for report in REPORTS.values()))


@pytest.mark.parametrize("format", ["human", "plain"])
def test_drafts_and_errors_look_as_kept(format: str, screen: Compare) -> None:
    screen(f"{format}_drafts", drafts.listing(DRAFTS, format))
    screen(f"{format}_errors", "".join(errors.render(error, format) for error in TOLD.values()))


def test_empty_pages_say_so_in_words() -> None:
    assert audit.listing([], "human") == "no runs yet\n"
    assert drafts.listing([], "human") == "no drafts\n"
    assert [audit.listing([], "plain"), drafts.listing([], "json"), audit.history([], "human")] == ["", "", ""]


def test_no_kept_screen_is_left_over() -> None:
    kept = {path.stem for path in SCREENS.glob("*.txt")}
    pages = ("audit_show", "audit_list", "audit_verify", "drafts", "errors")
    here = {f"{format}_{name}" for format in ("human", "plain") for name in (*RUNS, *pages)}
    tests = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    elsewhere = {name for text in tests for name in re.findall(r'\bscreen\(\s*"(\w+)"', text)}
    assert {name for name in kept if not name.startswith("explain")} == here | elsewhere


# What holds for every screen


def too_wide(text: str, columns: int = 80) -> list[str]:
    """Lines wider than the screen; a command that is there to be copied stays whole."""
    lines = text.removesuffix("\n").split("\n")
    return [line for line in lines if wcswidth(line) > columns and "  runbook " not in line]


@pytest.mark.parametrize("path", sorted(SCREENS.glob("human_*.txt")), ids=lambda path: path.stem)
def test_no_kept_line_is_wider_than_80_columns_or_holds_a_control_character(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.strip()
    assert too_wide(text) == []
    assert [line for line in text.split("\n") if not line.isprintable() and "　" not in line] == []


@pytest.mark.parametrize(
    "name", [made.HOSTILE, made.ENDLESS, "a b  " * 2000, ""], ids=["hostile", "endless", "words", "empty"]
)
@pytest.mark.parametrize("columns", [40, 80, 131])
def test_a_name_breaks_no_screen_of_any_width(name: str, columns: int) -> None:
    events = made.hostile(name)
    records = [event for event in events if isinstance(event, Recorded)]
    row = DraftRow(made.INVOICE, name, name, name, name, "1.00 EUR", "1d old")
    pages = [
        made.on_human(events, width=columns),
        audit.history(records, "human", width=columns),
        audit.listing([summary(operator=name, subject=name, lago_id=None)], "human", width=columns),
        drafts.listing([row], "human", width=columns),
        audit.verdict(Report(3, 4, name, None), "human", width=columns),
        errors.render(RunbookError(name, hint=name), "human", width=columns),
    ]
    texts = "".join(pages)
    assert [line for line in texts.split("\n") if wcswidth(line) < 0] == []
    assert [
        line for page in pages for line in too_wide(page, columns) if "finalize_invoice --invoice ID" not in line
    ] == []


@given(st.text(max_size=200), st.integers(40, 120))
@settings(max_examples=60, deadline=None)
def test_no_text_from_elsewhere_widens_a_line_or_reaches_the_terminal_raw(name: str, columns: int) -> None:
    human = made.on_human(made.hostile(name), width=columns)
    assert too_wide(human, columns) == []
    plain = made.on_plain(made.hostile(name))
    assert {line.count("\t") for line in plain.removesuffix("\n").split("\n")} == {4}
    shown = human + plain.replace("\t", "")
    assert [c for c in shown if not (c.isprintable() or c in "\n\u3000")] == []


@pytest.mark.parametrize("name", RUNS)
def test_colour_changes_no_word(name: str) -> None:
    coloured = made.on_human(RUNS[name](), colour=True)
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured) == made.on_human(RUNS[name]())


def test_pages_in_colour_change_no_word() -> None:
    for colour in (True, False):
        pages = [audit.history(audited(), "human", colour=colour), audit.listing(past(), "human", colour=colour)]
        pages += [drafts.listing(DRAFTS, "human", colour=colour)]
        pages += [audit.verdict(report, "human", colour=colour) for report in REPORTS.values()]
        pages += [errors.render(error, "human", colour=colour) for error in TOLD.values()]
        text = "".join(pages)
        assert ("\x1b[" in text) is colour
        words = ANSI.sub("", text)
    assert words == text


@pytest.mark.parametrize("name", RUNS)
def test_a_rewritten_line_leaves_nothing_behind(name: str) -> None:
    live, still = made.on_human(RUNS[name](), is_live=True), made.on_human(RUNS[name]())
    assert made.as_seen([live]) == made.as_seen([still])


def test_the_running_line_is_rewritten_in_place_while_a_step_runs() -> None:
    written: list[str] = []
    human = Human(written.append, width=60, colour=False, is_live=True)
    seen = []
    for event in (
        Started("finalize", "Finalize the invoice", "finalize"),
        Waiting("finalize", "settle", "asked Lago twice " * 20, 12.4),
        Finished("finalize", "ok", "finalize", "ACM-014-003", 12.6),
    ):
        human.notice(event)
        seen.append(made.as_seen(written))
    assert seen == [
        ["  ..    finalize         Finalize the invoice"],
        ["  wait  settle           asked Lago twice asked Lago twice…"],
        ["  ok    finalize         ACM-014-003                   12.6s", ""],
    ]
    assert "\n" not in "".join(written[:-1])


def test_a_prompt_finds_the_running_line_gone() -> None:
    written: list[str] = []
    human = Human(written.append, width=80, colour=False, is_live=True)
    human.notice(Started("draft", "Open the draft invoice", "draft"))
    human.flush()
    assert made.as_seen(written) == [""]


def test_a_pipe_hears_of_waiting_every_ten_seconds_and_of_every_step_anew() -> None:
    def waits(step: str, *seconds: float) -> list[Notice]:
        return [Waiting(step, step, "still a draft", at) for at in seconds]

    events: Sequence[made.Event] = [
        *waits("settle", 2, 9.9, 10, 12, 19.9, 20.1),
        Started("a", "A", "a"),
        *waits("a", 4, 11),
    ]
    told = [line.split("\t")[4] for line in made.on_plain(events).splitlines()]
    assert told == [f"still a draft, still waiting after {at}s" for at in (10, 20, 11)]


def test_all_line_items_stand_in_a_pipe_and_twelve_on_a_terminal() -> None:
    events = [made.preview(lines=made.many_lines(30))]
    human, plain = made.on_human(events), made.on_plain(events)
    assert [plain.count("\tline\t"), len(re.findall(r"20\d\d-\d\d-\d\d +\d+\.00 EUR$", human, re.M))] == [30, 12]
    assert "... and 18 more; `--dry-run --format plain` shows all 30" in human


def test_production_is_spelled_out_and_never_left_out() -> None:
    def first(header: Header, width: int = 80) -> list[str]:
        return made.on_human([header], width=width).splitlines()

    label = {"environment": "staging", "is_production": False}
    assert first(made.header()) == [f"finalize_invoice v3   PRODUCTION @ billing.example.com   run {made.RUN}", ""]
    assert first(made.header(host=""))[0] == f"finalize_invoice v3   PRODUCTION   run {made.RUN}"
    assert first(made.header(**label))[0] == f"finalize_invoice v3   staging @ billing.example.com   run {made.RUN}"
    assert first(made.header(mode="dry run: reads only"), 60) == [
        "finalize_invoice v3   PRODUCTION @ billing.example.com",
        f"  dry run: reads only   run {made.RUN}",
        "",
    ]


# A renderer never stops a run


@pytest.mark.parametrize(
    "fault", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left"), ValueError("closed")]
)
def test_an_output_that_fails_is_left_alone_and_the_run_goes_on(fault: Exception) -> None:
    tries: list[str] = []

    def out(text: str) -> None:
        tries.append(text)
        raise fault

    for renderer in (Human(out, width=80, colour=False, is_live=True), Plain(out)):
        tries.clear()
        made.play(made.finalized(), renderer)
        assert len(tries) == 1


def test_what_cannot_be_drawn_is_told_in_one_line_and_ends_there() -> None:
    broken = Recorded(
        50, "2026-08-22T14:02:50Z", "run.end", made.RUN, None, {"message": "Done.", "lines": 5, "exit": 0}
    )
    after = Finished("draft", "ok", "draft", "still here")
    human, plain = made.on_human([broken, after]), made.on_plain([broken, after])
    assert "(record 50, run.end could not be shown: TypeError; the journal has it)\n" in human
    assert "\trun\tnote\trecord 50, run.end could not be shown: TypeError; the journal has it\n" in plain
    assert human.endswith("still here\n")
    assert plain.endswith("\tdraft\tok\tstill here\n")


def test_audit_json_is_the_records_as_they_are() -> None:
    lines = audit.history(audited(), "json").splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(json.dumps(one.as_json())) for one in audited()]
