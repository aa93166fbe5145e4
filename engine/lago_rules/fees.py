"""Line items: what stays the same about one, what to call it, and how two versions of an invoice differ. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.lago_models import Fee, Invoice


@dataclass(frozen=True, slots=True)
class FeeChange:
    """One fee that came, went or changed: cents and units before and after, None where there is none."""

    identity: tuple[str, ...]
    label: str
    before: int | None
    after: int | None
    units_before: Decimal | None = None
    units_after: Decimal | None = None


def fee_identity(fee: Fee) -> tuple[str, ...]:
    """What stays the same through refresh and finalization; ids of fees and their order do not."""
    return fee.identity


def fee_label(fee: Fee) -> str:
    """What a person calls the fee: its display name, with filter and groups."""
    item = fee.item
    name = item.invoice_display_name or item.name or item.code or item.type or "fee"
    more = []
    if item.filter_invoice_display_name:
        more.append(str(item.filter_invoice_display_name))
    elif isinstance(item.filters, Mapping):
        more += [
            " ".join(map(str, value)) if isinstance(value, list) else str(value) for value in item.filters.values()
        ]
    if isinstance(item.grouped_by, Mapping):
        more += [str(value) for value in item.grouped_by.values() if value]
    if fee.lago_true_up_parent_fee_id:
        more.append("true-up")
    return f"{name} ({', '.join(more)})" if more else name


def fee_changes(before: Invoice, after: Invoice) -> tuple[FeeChange, ...]:
    """Every fee whose amount or units differ, by identity; equal identities are taken together."""
    rows = []
    one, other = _by_identity(before), _by_identity(after)
    for identity in sorted({*one, *other}):
        was, now = one.get(identity, ()), other.get(identity, ())
        if sorted(map(_figures, was)) == sorted(map(_figures, now)):
            continue
        label = fee_label((now or was)[0])
        rows.append(FeeChange(identity, label, _cents(was), _cents(now), _units(was), _units(now)))
    return tuple(rows)


def _figures(fee: Fee) -> tuple[int, Decimal]:
    return fee.amount_cents, fee.units if fee.units is not None else Decimal(0)


def _by_identity(invoice: Invoice) -> dict[tuple[str, ...], tuple[Fee, ...]]:
    found: dict[tuple[str, ...], tuple[Fee, ...]] = {}
    for fee in invoice.fees:
        found[fee.identity] = (*found.get(fee.identity, ()), fee)
    return found


def _cents(fees: tuple[Fee, ...]) -> int | None:
    return sum(fee.amount_cents for fee in fees) if fees else None


def _units(fees: tuple[Fee, ...]) -> Decimal | None:
    known = [fee.units for fee in fees if fee.units is not None]
    return sum(known, Decimal(0)) if known else None
