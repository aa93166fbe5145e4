"""Line items: what stays the same about one, what to call it, and how two versions of an invoice differ. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.lago_models import Fee, Invoice
from engine.plain import dataclass

# A name can be as long as somebody likes; in a sentence it need not be.
MOST_LABEL = 120


@dataclass(frozen=True, slots=True)
class FeeChange:
    """One fee that came, went or changed: cents and units before and after, None where there was or is none.

    `taxes_rate_` are percents, None also where Lago does not say.
    """

    identity: tuple[str, ...]
    label: str
    before: int | None
    after: int | None
    units_before: Decimal | None = None
    units_after: Decimal | None = None
    taxes_rate_before: Decimal | None = None
    taxes_rate_after: Decimal | None = None


def fee_identity(fee: Fee) -> tuple[str, ...]:
    """What stays the same through refresh and finalization; ids of fees and their order do not."""
    return fee.identity


def fee_label(fee: Fee) -> str:
    """What a person calls the fee: its display name, with filter, groups and whether it is a true-up."""
    item = fee.item
    name = item.invoice_display_name or item.name or item.code or item.type or "fee"
    more: list[str] = []
    if item.filter_invoice_display_name:
        more.append(item.filter_invoice_display_name)
    elif isinstance(item.filters, Mapping):
        more += [_words(value) for value in item.filters.values()]
    if isinstance(item.grouped_by, Mapping):
        more += [str(value) for value in item.grouped_by.values() if value]
    if fee.lago_true_up_parent_fee_id:
        more.append("true-up")
    label = f"{name} ({', '.join(more)})" if more else name
    return label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"


def fee_name(fee: Fee, invoice: Invoice) -> str:
    """The label, with the subscription where the invoice bills several."""
    if len(invoice.subscriptions or ()) > 1 and fee.external_subscription_id:
        return f"{fee_label(fee)} of {fee.external_subscription_id}"
    return fee_label(fee)


def fee_changes(before: Invoice, after: Invoice) -> tuple[FeeChange, ...]:
    """Every fee whose amount, units or tax rate differ, by identity; fees that share one are paired by amount."""
    rows = []
    was, now = fees_by_identity(before), fees_by_identity(after)
    for identity in sorted({*was, *now}):
        olds, news = was.get(identity, ()), now.get(identity, ())
        for index in range(max(len(olds), len(news))):
            old = olds[index] if index < len(olds) else None
            new = news[index] if index < len(news) else None
            if old is None or new is None or not _is_same(old, new):
                rows.append(_change(identity, old, new, before, after))
    return tuple(rows)


def fees_by_identity(invoice: Invoice) -> dict[tuple[str, ...], tuple[Fee, ...]]:
    """The fees by what they are; those that share an identity in the order of their amounts."""
    found: dict[tuple[str, ...], tuple[Fee, ...]] = {}
    for fee in sorted(invoice.fees, key=lambda one: (one.amount_cents, one.units or 0)):
        found[fee.identity] = (*found.get(fee.identity, ()), fee)
    return found


def _is_same(old: Fee, new: Fee) -> bool:
    same_amount = old.amount_cents == new.amount_cents and _agree(old.amount_currency, new.amount_currency)
    return same_amount and _agree(old.units, new.units) and _agree(old.taxes_rate, new.taxes_rate)


def _agree(old: object, new: object) -> bool:
    # What one of the two reads does not say cannot differ: the server may have been upgraded in between.
    return old is None or new is None or old == new


def _change(identity: tuple[str, ...], old: Fee | None, new: Fee | None, before: Invoice, after: Invoice) -> FeeChange:
    label = fee_name(new, after) if new is not None else fee_name(old, before) if old is not None else ""
    return FeeChange(
        identity,
        label,
        old.amount_cents if old else None,
        new.amount_cents if new else None,
        old.units if old else None,
        new.units if new else None,
        old.taxes_rate if old else None,
        new.taxes_rate if new else None,
    )


def _words(value: object) -> str:
    return " ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)
