"""`drafts`: the drafts to choose from. Reads only, and cannot write. Floor 5."""

from __future__ import annotations

from datetime import datetime

from engine.commands.shell import Shell
from engine.errors import Denied, Exit
from engine.lago import Lago
from engine.lago_models import ListedInvoice
from engine.lago_rules import periods
from engine.render import drafts
from engine.values import show_duration

# Beyond this many drafts the list does not open each of them.
MOST_OPENED = 200


def list_drafts(shell: Shell, customer: str | None) -> int:
    """Every draft, or one customer's, by customer. Raises SettingsFault, Unreachable."""
    settings, terminal = shell.settings, shell.terminal
    clock = settings.clock_to_use()
    target = settings.need_lago(terminal.ask_secret if terminal.can_ask else None)
    lago = Lago(target.url, target.key, clock=clock, read_only=True)
    now = clock.now()
    try:
        found = sorted(lago.drafts(customer).value, key=lambda one: (one.customer.external_id, one.lago_id))
        rows = [_row(one, _periods(lago, one) if at < MOST_OPENED else "", now) for at, one in enumerate(found)]
    finally:
        lago.close()
    terminal.out(drafts.listing(rows, shell.format, width=terminal.width, colour=terminal.colour_out))
    return Exit.DONE


def _periods(lago: Lago, invoice: ListedInvoice) -> str:
    """The billing periods, which a list does not show: each draft is opened for them. One that is gone shows none."""
    try:
        opened = lago.get_invoice(invoice.lago_id).value
    except Denied:
        return ""
    return ", ".join(dict.fromkeys(str(span) for span in periods(opened)))


def _row(invoice: ListedInvoice, period: str, now: datetime) -> drafts.DraftRow:
    made = invoice.created_at
    return drafts.DraftRow(
        lago_id=invoice.lago_id,
        customer=invoice.customer.external_id,
        name=invoice.customer.name or "",
        issuing_date=str(invoice.issuing_date or ""),
        period=period,
        total=str(invoice.total),
        age=f"{show_duration(now - made)} old" if made else "",
    )
