"""`refresh_explained`: what the refresh changed on the draft, fee by fee. Floor 3.

Passes when nothing changed, or when fees, units, amounts or taxes did in a way that loses nothing; each change is a
line.
Warns when a fee vanished, the total fell, the billing period moved or the currency changed.
Denies never.
Why: Finalize rebuilds the draft as the refresh does, so this is the last time that somebody can see what comes of it.
Some versions of Lago lose fees in a refresh and would bill too little.

```yaml
- {id: refresh_news, check: refresh_explained, with: {before: "${draft}", after: "${refreshed}"}}
```

```text
warn  the total fell: 1,040.89 EUR -> 302.89 EUR
      API calls: 775.81 EUR -> 160.81 EUR (-615.00 EUR), 63074 -> 13074
      units
      tax vat_20 20 %: 173.48 EUR -> 50.48 EUR
      Look at each line before you confirm: some versions of Lago lose
      fees in a refresh.
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, passed, warned
from engine.checks.base import Params as CheckParams
from engine.lago_models import Invoice
from engine.lago_rules import FeeChange, fee_changes, periods, taxes_to_come
from engine.values import Money, show_decimal


class Params(CheckParams):
    """The draft as first read and as the refresh left it."""

    before: Invoice = Field(description="the draft as first read")
    after: Invoice = Field(description="the draft after the refresh")


def judge(params: Params, here: Here) -> Verdict:
    """Warn when a fee vanished, the total fell or the period moved; otherwise pass, saying what changed.

    Some versions of Lago lose a fee in a refresh, so that the invoice goes out too low (lago-api #6102).
    """
    before, after = params.before, params.after
    changes, lines = _changes(before, after)
    gone = [change.label for change in changes if change.after is None]
    worries = [f"{len(gone)} {'fee' if len(gone) == 1 else 'fees'} vanished: {', '.join(gone)}"] if gone else []
    if _worth(after, before) < _worth(before, after):
        worries.append("the total fell")
    if sorted(map(str, periods(before))) != sorted(map(str, periods(after))):
        lines.append(f"period: {_periods(before)} -> {_periods(after)}")
        worries.append("the billing period moved")
    if before.currency != after.currency:
        worries.append("the currency changed")
    totals = _totals(before, after)
    seen = {"total_before": before.total, "total_after": after.total, "fees_changed": len(changes)}
    if worries:
        return warned(
            f"{'; '.join(worries)}: {totals}",
            "Look at each line before you confirm: some versions of Lago lose fees in a refresh.",
            *lines,
            **seen,
        )
    if not lines:
        what = f"the refresh changed nothing: {after.total}" if before.total == after.total else f"refreshed: {totals}"
        return passed(what, **seen)
    count = f"{len(changes)} {'fee' if len(changes) == 1 else 'fees'} changed" if changes else "the taxes changed"
    return passed(f"{totals}: {count}", *lines, **seen)


def _changes(before: Invoice, after: Invoice) -> tuple[list[FeeChange], list[str]]:
    """The fees that changed, and a line for each and for each tax; while taxes are away, those are no news."""
    changes = list(fee_changes(before, after))
    if taxes_to_come(before) or taxes_to_come(after):
        changes = [
            change for change in changes if (change.before, change.units_before) != (change.after, change.units_after)
        ]
        return changes, [
            _line(replace(change, taxes_rate_before=None, taxes_rate_after=None), after) for change in changes
        ]
    return changes, [*(_line(change, after) for change in changes), *_tax_lines(before, after)]


def _worth(one: Invoice, other: Invoice) -> int:
    # While a provider's taxes are away on either side the totals are 0, and only what is before taxes compares.
    away = taxes_to_come(one) or taxes_to_come(other)
    return one.sub_total_excluding_taxes_amount_cents if away else one.total_amount_cents


def _totals(before: Invoice, after: Invoice) -> str:
    old = "taxes not there" if taxes_to_come(before) else before.total
    new = "taxes not there" if taxes_to_come(after) else after.total
    return f"{old} -> {new}"


def _line(change: FeeChange, after: Invoice) -> str:
    if change.before is None:
        return f"came: {change.label}, {_money(change.after, after)}{_units(None, change.units_after)}"
    if change.after is None:
        return f"went: {change.label}, {_money(change.before, after)}{_units(None, change.units_before)}"
    parts = []
    if change.before != change.after:
        gap = change.after - change.before
        sign = "+" if gap > 0 else ""
        parts.append(f"{_money(change.before, after)} -> {_money(change.after, after)} ({sign}{_money(gap, after)})")
    else:
        parts.append(_money(change.after, after))
    if change.taxes_rate_before != change.taxes_rate_after:
        parts.append(f"tax rate {_decimal(change.taxes_rate_before)} -> {_decimal(change.taxes_rate_after)} %")
    return f"{change.label}: {', '.join(parts)}{_units(change.units_before, change.units_after)}"


def _money(cents: int | None, invoice: Invoice) -> str:
    return str(invoice.money(cents or 0))


def _units(before: Decimal | None, after: Decimal | None) -> str:
    if after is None or before == after:
        return ""
    return f", {_decimal(after)} units" if before is None else f", {_decimal(before)} -> {_decimal(after)} units"


def _decimal(value: Decimal | None) -> str:
    return "?" if value is None else show_decimal(value)


def _tax_lines(before: Invoice, after: Invoice) -> Iterator[str]:
    old, new = _taxes(before), _taxes(after)
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if was is None and now is not None:
            yield f"tax came: {name}, {now}"
        elif now is None:
            yield f"tax went: {name}, {was}"
        else:
            yield f"tax {name}: {was} -> {now}"


def _taxes(invoice: Invoice) -> dict[str, Money]:
    taxes: dict[str, Money] = {}
    for tax in invoice.applied_taxes or ():
        rate = f" {show_decimal(tax.tax_rate)} %" if tax.tax_rate is not None else ""
        name = f"{tax.tax_code or tax.tax_name or 'tax'}{rate}"
        taxes[name] = taxes.get(name, invoice.money(0)) + invoice.money(tax.amount_cents)
    return taxes


def _periods(invoice: Invoice) -> str:
    return ", ".join(dict.fromkeys(map(str, periods(invoice)))) or "none"


CHECK = Check(
    name="refresh_explained", title="What the refresh changed", Params=Params, judge=judge, waits_for_write=True
)
