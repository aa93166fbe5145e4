"""Runs made up for screens: events as a runner tells them, and what a terminal would show of a renderer's output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.events import (
    Change,
    Finished,
    Header,
    Line,
    Notice,
    Preview,
    Recorded,
    Renderer,
    Said,
    Started,
    Waiting,
    Word,
)
from engine.render.human import Human
from engine.render.jsonl import JsonLines
from engine.render.plain import Plain

RUN = "01J9Z4KQ8M3V"
INVOICE = "5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4"
REQUEST = f"PUT /api/v1/invoices/{INVOICE}/finalize"
KEY = f"lago/billing.example.com/invoice/{INVOICE}/finalize#1"
DIGEST = "sha256:86f506008ca6777c122a6421d1ec7470ddabd08c81c3986e92555c08ed239c33"
SHOW = f"runbook audit show {RUN}"
RESUME = f"runbook resume {RUN}"

# Everything that must not reach a terminal as it is, in one name; and ten thousand characters of nothing wrong.
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m<b>株式会社</b>\u202egnp.exe\u2066\u200b\ud83d\u2028\t\r\n🛡\ufe0fe" + "\u0301" * 40
)
ENDLESS = "Æ" * 5_000 + "界" * 5_000

Event = Recorded | Notice


class Records:
    """Records with running numbers, a second apart, of one run."""

    def __init__(self, run: str = RUN, day: str = "2026-08-22") -> None:
        self._run = run
        self._day = day
        self._seq = 40

    def __call__(self, type: str, step: str | None = None, /, **data: Any) -> Recorded:
        """The next record."""
        self._seq += 1
        ts = f"{self._day}T14:02:{self._seq % 60:02d}.402113Z"
        return Recorded(self._seq, ts, type, self._run, step, data)


def header(**changes: Any) -> Header:
    """The first line of a run on production."""
    given: dict[str, Any] = {
        "runbook": "finalize_invoice",
        "version": 3,
        "environment": "production",
        "host": "billing.example.com",
        "run": RUN,
        "mode": "",
        "operator": "jane",
        "is_production": True,
    }
    return Header(**{**given, **changes})


def step(label: str, word: Word, detail: str, seconds: float | None = None, *more: str) -> list[Event]:
    """A step from its beginning to its end."""
    return [Started(label, f"Title of {label}", label), Finished(label, word, label, detail, seconds, more)]


def preview(**changes: Any) -> Preview:
    """What finalizing would do to an invoice of two fees."""
    given: dict[str, Any] = {
        "action": "finalize",
        "request": REQUEST,
        "irreversible": "ONE WAY. Lago has no undo.",
        "subject": (
            ("customer", "Acme GmbH (acme-corp)"),
            ("invoice", INVOICE),
            ("period", "2026-07-01..2026-07-31"),
            ("subscription", "sub_acme (growth, active)"),
        ),
        "lines": (
            Line("Growth", "1", "2026-07-01..2026-07-31", "49.00 EUR"),
            Line("API calls", "31765", "2026-07-01..2026-07-31", "1,011.00 EUR"),
        ),
        "sums": (("fees", "1,060.00 EUR"), ("VAT 19%", "201.40 EUR"), ("total", "1,261.40 EUR")),
        "changes": (
            Change("status", "draft", "finalized", "certain"),
            Change("number", "ACM-DRAFT", "given by Lago", "unknown"),
            Change("issuing date", "2026-08-01", "2026-08-22", "computed", "today in Europe/Berlin"),
        ),
        "deductions": (
            ("coupon SUMMER", "at most 100.00 EUR"),
            ("prepaid credits main", "at most 40.00 EUR"),
            ("total after all of them", "at least 1,121.40 EUR"),
        ),
        "afterwards": (
            "a webhook `invoice.created`, the PDF, and a mail where the billing entity's settings say so",
            "payment collection where the customer has a payment provider: a card may be charged",
        ),
    }
    return Preview(**{**given, **changes})


def many_lines(count: int) -> tuple[Line, ...]:
    """Line items of two billing periods, with names of every length."""
    periods = ("2026-07-01..2026-07-31", "2026-06-15..2026-06-30")
    names = ("Seats", "Storage, by region: eu-central-1, standard tier", "ストレージ", "Support hours beyond the plan")
    return tuple(Line(f"{names[at % 4]} {at}", str(at * 7), periods[at % 2], f"{at}.00 EUR") for at in range(count))


def reads() -> list[Event]:
    """A draft read and refreshed, with one warning."""
    return [
        *step("draft", "ok", "ACM-DRAFT, draft, 1,249.00 EUR", 0.2),
        *step("customer", "ok", "Acme GmbH (acme-corp)", 0.1),
        *step("refreshed", "ok", "ACM-DRAFT, draft, 1,261.40 EUR", 0.9),
        *step("right_total", "ok", "the total is 1,261.40 EUR, as expected"),
        *step(
            "synced",
            "warn",
            "sync run sync-77 ended before the customer was last changed, at 13:40 UTC",
            None,
            "Run the sync again if that change matters for this invoice.",
        ),
    ]


def consented(record: Records, how: str = "typed") -> list[Event]:
    """From the question to the intent."""
    shown = preview()
    return [
        record("consent.asked", "consent", expected="acme-corp", figures_digest=DIGEST, preview=shown.as_json()),
        shown,
        record("consent.given", "consent", operator="jane", how=how, typed="acme-corp", figures_digest=DIGEST),
        *step("consent", "ok", "confirmed by jane"),
        *step("recheck", "ok", "nothing moved since you confirmed", 0.1),
        record(
            "effect.intent",
            "finalize",
            request=REQUEST,
            request_id="01a20846-fec3-7baa-a502-552c8f2e6377",
            effect_key=KEY,
            operator="jane",
            figures_digest=DIGEST,
            target={
                "lago_id": INVOICE,
                "number": "ACM-DRAFT",
                "customer": "acme-corp",
                "currency": "EUR",
                "total_amount_cents": 126140,
            },
        ),
    ]


def started(record: Records, **more: Any) -> Recorded:
    """The record that a run begins with."""
    return record(
        "run.start",
        runbook={"name": "finalize_invoice", "version": 3, "digest": "17f0cb8c000b70ee1a56278d9c80e4ac"},
        operator={"id": "jane", "how": "os account jane, uid 1000", "roles": ["billing_admin"]},
        environment="production",
        target="billing.example.com",
        machine="ops-1",
        inputs={"invoice": INVOICE, "total": "1261.40 EUR"},
        mode="run",
        **more,
    )


def invoice_at_end(**changes: Any) -> dict[str, Any]:
    """The invoice as `run.end` tells it."""
    return {
        "lago_id": INVOICE,
        "number": "ACM-014-003",
        "status": "finalized",
        "ui_status": "finalized",
        "currency": "EUR",
        "total_amount_cents": 126140,
        **changes,
    }


def ended(record: Records, exit: int, outcome: str, message: str, next: str | None = None, *lines: str) -> Recorded:
    """The record that a run ends with."""
    more: dict[str, Any] = {"lines": list(lines)} if lines else {}
    is_known = exit != 13
    return record(
        "run.end",
        exit=exit,
        outcome=outcome,
        invoice=invoice_at_end() if is_known else invoice_at_end(number="ACM-DRAFT", status="draft", ui_status="draft"),
        attribution="ours" if is_known else "unproven",
        next=next,
        message=message,
        **more,
    )


def finalized(how: str = "typed") -> list[Event]:
    """A run from its first line to its last, well ended."""
    record = Records()
    return [
        started(record),
        header(),
        *reads(),
        *consented(record, how),
        Started("finalize", "Finalize the invoice", "finalize"),
        record("effect.done", "finalize", why="Lago answered `finalized`", answer={"status": 200, "seconds": "1.1"}),
        Finished("finalize", "ok", "finalize", "ACM-014-003", 1.1),
        *step("issued", "ok", "ACM-014-003, finalized, 1,261.40 EUR", 0.2),
        *step("as_confirmed", "ok", "ACM-014-003 is finalized for 1,261.40 EUR, as confirmed"),
        ended(
            record,
            0,
            "finalized",
            "Finalized ACM-014-003 for 1,261.40 EUR.",
            SHOW,
            "To unwind a mistake, credit it in full with a credit note; a void is possible too, but brings no new draft.",
        ),
    ]


def denied() -> list[Event]:
    """A dry run that two checks deny."""
    record = Records()
    return [
        started(record),
        header(mode="dry run: reads only"),
        *step("draft", "ok", "BET-DRAFT, draft, 12,640.00 EUR", 0.2),
        *step("refreshed", "skip", "would recompute the draft; the figures below are as read"),
        record("check.verdict", "right_customer", check="customer_matches", verdict="deny"),
        *step(
            "right_customer", "DENY", "the invoice is for `beta-sa`, not for `acme-corp`", None, "Look at the customer."
        ),
        record("check.verdict", "right_sums", check="totals_add_up", verdict="deny"),
        *step(
            "right_sums",
            "DENY",
            "the sums contradict each other",
            None,
            "fees: 12,640.00 EUR is not 12,630.00 EUR",
            "Do not finalize it; show it to whoever runs this Lago.",
        ),
        *step("finalize", "----", "not reached"),
        ended(
            record,
            4,
            "denied",
            "Not finalized: 2 checks denied (`customer_matches`, `totals_add_up`). Nothing was written.",
            None,
            "Stop. Choose the draft by customer, `runbook drafts --customer EXTERNAL_ID`.",
        ),
    ]


def dry() -> list[Event]:
    """A dry run with nothing against it."""
    record = Records()
    could = ("a refresh (`refreshed`) comes first and may change fees, taxes and the total",)
    return [
        started(record),
        header(mode="dry run: reads only", notes=("the key to Lago is readable by every account of this machine",)),
        *step("draft", "ok", "ACM-DRAFT, draft, 1,261.40 EUR", 0.2),
        preview(lines=many_lines(17), deductions=(), refresh_could_change=could, warnings=("the total is unusual",)),
        ended(record, 0, "would_write", "Would finalize ACM-DRAFT for 1,261.40 EUR. Nothing was written."),
    ]


def unanswered() -> list[Event]:
    """The call was sent and never answered."""
    record = Records()
    why = "sent, no answer in 90.0 s; it reads `unreadable` (Lago's address answered 503)"
    waits = [Waiting("finalize", "settle", f"asked Lago {at} times: unreadable", at * 4.0) for at in range(1, 10)]
    return [
        *consented(record),
        Started("finalize", "Finalize the invoice", "finalize"),
        record("effect.unknown", "finalize", why="sent, no answer in 90.0 s", attribution="unproven"),
        Finished("finalize", "????", "finalize", "sent, no answer in 90.0 s", 90.0),
        *waits,
        Finished("finalize", "????", "settle", "asked Lago 9 times in 120 s: unreadable", 120.0),
        ended(
            record,
            13,
            "unknown",
            f"UNKNOWN whether invoice {INVOICE} is finalized.",
            RESUME,
            f"what happened  {why}",
            f"sent           {REQUEST}, recorded as {KEY}",
            "do not         finalize it again, here or in Lago's own screens",
            "Somebody who runs this Lago can look into its log for the request id.",
        ),
    ]


def not_as_confirmed() -> list[Event]:
    """Issued, and for more than was confirmed."""
    record = Records()
    moved = ("fee API calls: confirmed 286.11 EUR, issued 901.11 EUR, 615.00 EUR more", "taxes: 123.00 EUR more")
    return [
        *step("as_confirmed", "DENY", "ACM-014-003 is issued for 738.00 EUR more than confirmed", None, *moved),
        record("drift.detected", "finalize", phase="verify", moved=list(moved)),
        ended(
            record,
            14,
            "not_as_confirmed",
            "Finalized, but NOT as confirmed: ACM-014-003 for 1,999.40 EUR.",
            SHOW,
            *moved,
            "To unwind: a credit note\nfor the full amount, or a void.",
        ),
    ]


def nobody_to_ask() -> list[Event]:
    """Consent cannot be had: the last lines show the command that would give it."""
    record = Records()
    command = f"runbook run finalize_invoice --invoice {INVOICE} --confirm acme-corp --total '1261.40 EUR'"
    return [
        started(record),
        header(),
        *step("checks", "ok", "8 checks on the draft as read: all passed"),
        ended(
            record,
            5,
            "not_confirmed",
            "Nobody can be asked here, and the command line does not confirm these figures. Nothing was written.",
            None,
            f"Having seen the figures, confirm them: {command}",
        ),
    ]


def pending() -> list[Event]:
    """Accepted and not finished; with a sentence between steps."""
    record = Records()
    return [
        Said("Taken up again by jane."),
        Waiting("finalize", "pending", "asked Lago 30 times in 119s: pending", 119.0),
        Finished("finalize", "wait", "pending", "asked Lago 31 times in 121s: pending", 121.0),
        ended(record, 12, "pending", "Accepted, still pending at the deadline: the invoice reads `pending`.", RESUME),
    ]


def hostile(name: str) -> list[Event]:
    """A run in which every text that comes from elsewhere is `name`."""
    record = Records()
    subject = (("customer", f"{name} (acme-corp)"), (name, name))
    return [
        started(record),
        header(environment=name, host=name, is_production=False, mode=name, notes=(name,)),
        Started("draft", name, name),
        Waiting("draft", name, name, 11.0),
        Finished("draft", "ok", name, name, 0.2, (name, name)),
        Said(name),
        preview(
            action=name,
            request=name,
            irreversible=name,
            subject=subject,
            lines=(Line(name, name, name, "1.00 EUR"), Line("Seats", "2", "2026-07-01..2026-07-31", "2.00 EUR")),
            sums=((name, "3.00 EUR"), ("total", "3.00 EUR")),
            changes=(Change(name, name, name, "unknown", name),),
            deductions=((name, name),),
            afterwards=(name,),
            refresh_could_change=(name,),
            warnings=(name,),
        ),
        record("consent.refused", "consent", why=name),
        record("effect.unknown", "finalize", why=name),
        record("operator.resolve", "finalize", operator=name, word="reissue", reason=name),
        ended(record, 13, "unknown", name, RESUME, name, f"label  {name}"),
        ended(record, 10, "refused", name, None, name, f"label  {name}"),
    ]


def play(events: Iterable[Event], renderer: Renderer) -> None:
    """Tell a renderer everything, to its end."""
    for event in events:
        if isinstance(event, Recorded):
            renderer.record(event)
        else:
            renderer.notice(event)
    renderer.flush()
    renderer.close()


def on_human(events: Iterable[Event], *, width: int = 80, colour: bool = False, is_live: bool = False) -> str:
    """All that the human renderer writes."""
    written: list[str] = []
    play(events, Human(written.append, width=width, colour=colour, is_live=is_live))
    return "".join(written)


def on_plain(events: Iterable[Event]) -> str:
    """All that the plain renderer writes."""
    written: list[str] = []
    play(events, Plain(written.append))
    return "".join(written)


def on_json(events: Iterable[Event]) -> str:
    """All that the JSON renderer writes."""
    written: list[str] = []
    play(events, JsonLines(written.append))
    return "".join(written)


def as_seen(written: Sequence[str]) -> list[str]:
    """The lines on a terminal's screen after all this was written to it, piece by piece."""
    lines, column = [""], 0
    for character in "".join(written):
        if character == "\n":
            lines.append("")
            column = 0
        elif character == "\r":
            column = 0
        else:
            lines[-1] = lines[-1][:column] + character + lines[-1][column + 1 :]
            column += 1
    return [line.rstrip(" ") for line in lines]
