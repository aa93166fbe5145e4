"""Tables for a spreadsheet: CSV that no program takes for a formula, whatever a customer is called. Floor 5.

RFC 4180 with every text in quotes, UTF-8 with the mark that spreadsheet programs look for. A text that begins as a
formula does gets an apostrophe in front, and so does such a beginning behind a semicolon or a quote, where a program
that splits at semicolons would begin a cell (OWASP, CSV injection). Amounts are numbers in minor units and in digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.printable import safe
from engine.render.account import Account, rows, word
from engine.render.told import told
from engine.values import Money

_BEGINS = re.compile(r"^(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20|%])")
_WITHIN = re.compile(r"""([;"]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20|%])""")

RUNS = (
    "run", "runbook", "runbook_version", "runbook_digest", "operator", "operator_known_by", "environment", "lago", "mode",
    "started_utc", "ended_utc", "outcome", "exit", "message", "customer_external_id", "customer_name", "invoice_lago_id",
    "invoice_number", "invoice_status", "currency", "total", "total_minor_units", "attribution", "first_record", "last_record",
    "plan_digest", "approved_by", "overridden", "released_by",
)  # fmt: skip
EVENTS = ("record", "time_utc", "run", "type", "step", "phase", "verdict", "says", "hash_sha256")
FIGURES = ("run", "record", "figures", "kind", "label", "period", "units", "currency", "amount", "amount_minor_units")


def cell(value: object) -> str:
    """A value as one quoted cell; a whole number stays one, everything else is text that cannot be a formula."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = safe(value)
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII):
        text = _WITHIN.sub(r"\1'", _BEGINS.sub(r"\1'", text))
    return '"' + text.replace('"', '""') + '"'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole file, with the names of its columns first."""
    lines = [",".join(map(cell, row)) for row in ([*head], *rows)]
    return "\ufeff" + "".join(line + "\r\n" for line in lines)


def runs(accounts: Sequence[Account]) -> str:
    """One line a run."""
    return table(RUNS, map(_run, accounts))


def _run(one: Account) -> Sequence[object]:
    runbook, operator, invoice, plan = (
        part if isinstance(part, dict) else {}
        for part in (one.start.get("runbook"), one.start.get("operator"), one.end.get("invoice"), one.start.get("plan"))
    )
    approvals = [said for kept in one.all("effect.intent") for said in rows(kept.record.data.get("approvals"))]
    approvers = ", ".join(dict.fromkeys(word(said.get("approver")) for said in approvals))
    lifted = ", ".join(dict.fromkeys(word(kept.record.data.get("policy")) for kept in one.all("override.given")))
    cents, currency = invoice.get("total_amount_cents"), word(invoice.get("currency"))
    return (
        one.run, runbook.get("name"), runbook.get("version"), runbook.get("digest"), one.operator, operator.get("how"),
        one.start.get("environment"), one.start.get("target"), one.mode or "run", one.started, one.ended,
        one.outcome, one.end.get("exit"), one.message, *one.customer, invoice.get("lago_id"), invoice.get("number"),
        invoice.get("ui_status"), currency, digits(Money(cents, currency)) if isinstance(cents, int) else None, cents,
        one.end.get("attribution"), one.kept[0].record.seq, one.kept[-1].record.seq,
        plan.get("digest"), approvers, lifted, one.released_by,
    )  # fmt: skip


def events(accounts: Sequence[Account]) -> str:
    """One line a record, by their numbers."""
    kept = sorted((one for account in accounts for one in account.kept), key=lambda one: one.record.seq)
    return table(
        EVENTS,
        (
            (
                one.record.seq,
                one.record.ts,
                one.record.run,
                one.record.type,
                one.record.step,
                one.record.data.get("phase"),
                one.record.data.get("verdict"),
                " | ".join(f"{what}: {text}" if what else text for what, text in told(one.record)),
                one.hash,
            )
            for one in kept
        ),
    )


def figures(accounts: Sequence[Account]) -> str:
    """One line for each amount that was shown before a consent, and of the invoice after the call."""
    return table(
        FIGURES,
        (
            (
                account.run,
                one.seq,
                one.source,
                one.kind,
                one.label,
                one.period,
                one.units,
                one.amount.currency,
                digits(one.amount),
                one.amount.cents,
            )
            for account in accounts
            for one in account.figures()
        ),
    )


def digits(amount: Money) -> str:
    """An amount as a number: `1261.40`, without grouping."""
    return amount.figure.replace(",", "")
