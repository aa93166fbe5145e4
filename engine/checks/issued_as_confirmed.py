"""`issued_as_confirmed`: what Lago issued is what a person confirmed, but for the credits that Lago may take. Floor 3.

Passes when customer, currency, period, every fee and every tax are what was confirmed, and what was taken off is what
the confirmed coupons, credit notes and prepaid credits had.
Warns when Lago does not show enough to be sure, or the payment is due on another day than the terms say.
Denies on any other difference, one line each: what was confirmed, what was issued, by how much they differ; and when it
has no number, or reads as a draft, pending, failed or voided.
Why: Lago computes the invoice once more while it finalizes. This is where a late event or a changed tax is found out,
and it says how it is unwound.

```yaml
- {id: as_confirmed, check: issued_as_confirmed, with: {confirmed: "${consent}", issued: "${issued}"}}
```

```text
DENY  ACM-013-001 is not as confirmed, for 636.04 EUR
      issuing date: confirmed 2026-11-23, issued 2026-11-24
      payment due: confirmed 2026-12-24, issued 2026-12-23
      To unwind it: a credit note over the full amount, or void it in Lago
      where that is possible. A void brings no new draft: the period is
      not billed again.
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import timedelta

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed, warned
from engine.checks.base import Params as CheckParams
from engine.facts import Confirmed
from engine.lago_models import BillingEntity, BillingPeriod, Credits, Customer, Invoice
from engine.lago_rules import (
    FeeChange,
    fee_changes,
    formulas,
    has_provider_taxes,
    issuing_date,
    local_day,
    payment_due_date,
    tax_error,
    ui_status,
    what_was_taken,
    would_close,
)
from engine.plain import dataclass
from engine.values import Money, show_decimal

UNWIND = (
    "To unwind it: a credit note over the full amount, or void it in Lago where that is possible. "
    "A void brings no new draft: the period is not billed again."
)

# Clocks of two machines may differ by hours where a time zone was set wrong; more than this is another day.
_SKEW = timedelta(hours=6)

# What a status other than finalized and closed means here.
_NOT_ISSUED = {
    "draft": "it is still a draft",
    "pending": "it is not issued yet: the tax provider has not answered",
    "failed": "Lago could not issue it",
    "voided": "it was voided meanwhile",
    "deleted": "it was deleted meanwhile",
}


class Params(CheckParams):
    """What was confirmed, and what Lago shows now."""

    confirmed: Confirmed = Field(description="the consent step's result")
    issued: Invoice = Field(description="the invoice, read back")


@dataclass(slots=True)
class _Compared:
    wrong: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def judge(params: Params, here: Here) -> Verdict:
    """Deny with one line for each difference: what was confirmed, what was issued, and by how much they differ.

    Fees are compared by what they are, since Lago makes each anew (`lago.md` 0.1). A coupon, credit note or prepaid
    credit may have been taken, up to what the confirmed credits had. Only warns where Lago does not show enough to
    be sure, and where the payment is due on another day than the terms say.
    """
    issued = params.issued
    before = params.confirmed.of(Invoice)
    if before is None:
        return denied("no invoice was confirmed, so nothing can be compared", "Name the invoice in the consent step.")
    credit = what_was_taken(before, params.confirmed.of(Credits), issued)
    found = _Compared([*_status(params, before), *_who(before, issued)], list(credit.doubts))
    found.wrong += _fees(before, issued)
    found.wrong += _taxes(before, issued)
    found.wrong += credit.wrong
    found.wrong += [formula.told(issued.currency) for formula in formulas(issued) if not formula.holds]
    _dates(params, before, found)
    seen = {
        "number": issued.number,
        "status": issued.status,
        "confirmed_total": before.total,
        "issued_total": issued.total,
    }
    if found.wrong:
        fix = UNWIND if issued.status == "finalized" else "Open it in Lago to see what became of it."
        return denied(_denial(before, issued, credit.lines), fix, *found.wrong, *found.doubts, *credit.lines, **seen)
    done = _done(before, issued)
    if found.doubts:
        fix = "Look at these lines in Lago; everything else is as confirmed."
        return warned(f"{done}, with a doubt", fix, *found.doubts, *credit.lines, **seen)
    return passed(done, *credit.lines, **seen)


def _done(before: Invoice, issued: Invoice) -> str:
    if issued.status == "closed":
        return "closed, not issued, as was accepted: it has no number and no document"
    less = f", {before.total - issued.total} less by credits" if issued.total != before.total else ""
    return f"{issued.number} is {ui_status(issued)} for {issued.total}, as confirmed{less}"


def _denial(before: Invoice, issued: Invoice, credits_taken: tuple[str, ...]) -> str:
    if issued.status not in ("finalized", "closed"):
        return f"not as confirmed: {_NOT_ISSUED.get(issued.status, f'its status is `{issued.status}`')}"
    if issued.currency != before.currency or issued.total == before.total:
        return f"{issued.number} is not as confirmed, for {issued.total}"
    gap = issued.total - before.total
    off = f"{gap} more" if gap.cents > 0 else f"{Money(-gap.cents, gap.currency)} less"
    credits = " (credits were taken)" if credits_taken else ""
    return f"{issued.number} is issued for {issued.total}, {off} than the confirmed {before.total}{credits}"


def _differ(what: str, was: object, now: object, gap: str = "") -> str:
    return f"{what}: confirmed {was}, issued {now}{', ' + gap if gap else ''}"


def _amounts(what: str, was: int, now: int, invoice: Invoice) -> Iterator[str]:
    if was != now:
        off = f"{invoice.money(abs(now - was))} {'more' if now > was else 'less'}"
        yield _differ(what, invoice.money(was), invoice.money(now), off)


def _status(params: Params, before: Invoice) -> Iterator[str]:
    issued, confirmed = params.issued, params.confirmed
    closes = would_close(before, confirmed.of(Customer), confirmed.of(BillingEntity))
    match issued.status:
        case "finalized":
            if closes:
                yield "status: confirmed that Lago closes it, but it is finalized"
            if not issued.number.strip() or issued.number == before.number or issued.number.upper().endswith("-DRAFT"):
                yield f"number: none was given, it still reads {issued.number or 'nothing'}"
        case "closed":
            if closes is False:
                yield "status: confirmed that Lago issues it, but it is closed: it has no number and no document"
        case other:
            reason = _NOT_ISSUED.get(other, "this version does not know that status")
            error = tax_error(issued)
            yield f"status: `{other}`, {reason}{': ' + error if error else ''}"


def _who(before: Invoice, issued: Invoice) -> Iterator[str]:
    pairs = (
        ("invoice", before.lago_id.lower(), issued.lago_id.lower()),
        ("type", before.invoice_type, issued.invoice_type),
        ("customer", before.customer.external_id, issued.customer.external_id),
        ("currency", before.currency, issued.currency),
    )
    for what, was, now in pairs:
        if was != now:
            yield _differ(what, was, now)
    if before.billing_periods is not None and issued.billing_periods is not None:
        # A server that was upgraded in between may say more than before; only what both say can differ.
        said = [
            name
            for name in BillingPeriod.CLEAR
            if all(getattr(period, name) is not None for period in (*before.billing_periods, *issued.billing_periods))
        ]
        if _periods(before, said) != _periods(issued, said):
            yield _differ("billing period", _spans(before), _spans(issued))


def _periods(invoice: Invoice, fields: list[str]) -> list[list[str]]:
    return sorted([str(getattr(period, name)) for name in fields] for period in invoice.billing_periods or ())


def _spans(invoice: Invoice) -> str:
    spans = [
        f"{period.external_subscription_id} {period.charges_from_datetime or period.subscription_from_datetime}"
        f"..{period.charges_to_datetime or period.subscription_to_datetime}"
        for period in invoice.billing_periods or ()
    ]
    return ", ".join(spans) or "none"


def _fees(before: Invoice, issued: Invoice) -> Iterator[str]:
    # A provider is asked again and may answer with other rates for the same sums; those are compared as taxes.
    rates_count = not (has_provider_taxes(before) or has_provider_taxes(issued))
    for change in fee_changes(before, issued):
        yield from _fee(change, issued, rates_count)
    yield from _amounts("fees", before.fees_amount_cents, issued.fees_amount_cents, issued)
    was, now = before.progressive_billing_credit_amount_cents or 0, issued.progressive_billing_credit_amount_cents or 0
    yield from _amounts("billed before", was, now, issued)


def _fee(change: FeeChange, issued: Invoice, rates_count: bool) -> Iterator[str]:
    if change.before is None:
        yield _differ(f"fee {change.label}", "none", issued.money(change.after or 0))
        return
    if change.after is None:
        yield _differ(f"fee {change.label}", issued.money(change.before), "none")
        return
    yield from _amounts(f"fee {change.label}", change.before, change.after, issued)
    if None not in (change.units_before, change.units_after) and change.units_before != change.units_after:
        assert change.units_before is not None
        assert change.units_after is not None
        yield _differ(f"units of {change.label}", show_decimal(change.units_before), show_decimal(change.units_after))
    old, new = change.taxes_rate_before, change.taxes_rate_after
    if rates_count and old is not None and new is not None and old != new:
        yield _differ(f"tax rate of {change.label}", f"{show_decimal(old)} %", f"{show_decimal(new)} %")


def _taxes(before: Invoice, issued: Invoice) -> Iterator[str]:
    """Equal to what was confirmed; where coupons were taken, they may shrink; `formulas` computes them again."""
    shrinks = issued.coupons_amount_cents > 0
    if before.applied_taxes is not None and issued.applied_taxes is not None:
        old, new = _by_tax(before), _by_tax(issued)
        for name in sorted({*old, *new}):
            was, now = old.get(name), new.get(name)
            if was is None and now is not None:
                yield _differ(f"tax {name}", "none", issued.money(now))
            elif was is not None and now is None:
                if not shrinks or (was and issued.sub_total_excluding_taxes_amount_cents):
                    yield _differ(f"tax {name}", issued.money(was), "none")
            elif was is not None and now is not None and (now > was or not shrinks):
                yield from _amounts(f"tax {name}", was, now, issued)
    if issued.taxes_amount_cents > before.taxes_amount_cents or not shrinks:
        yield from _amounts("taxes", before.taxes_amount_cents, issued.taxes_amount_cents, issued)


def _by_tax(invoice: Invoice) -> dict[str, int]:
    found: dict[str, int] = {}
    for tax in invoice.applied_taxes or ():
        rate = f" {show_decimal(tax.tax_rate)} %" if tax.tax_rate is not None else ""
        name = f"{tax.tax_code or tax.tax_name or ''}{rate}".strip()
        found[name] = found.get(name, 0) + tax.amount_cents
    return found


def _dates(params: Params, before: Invoice, found: _Compared) -> None:
    issued, confirmed = params.issued, params.confirmed
    if issued.status not in ("finalized", "closed") or issued.issuing_date is None:
        return
    customer, entity = confirmed.of(Customer), confirmed.of(BillingEntity)
    expected = issuing_date(before, customer, entity, confirmed.at)
    if expected.day != issued.issuing_date:
        line = _differ("issuing date", expected.day, issued.issuing_date)
        # With a provider the day is that of its answer, which nobody can promise.
        is_promised = expected.certainty != "unknown" and not has_provider_taxes(issued)
        if _was_behind(issued, confirmed):
            is_promised, line = False, f"{line}: Lago's clock is behind this machine's"
        (found.wrong if is_promised else found.doubts).append(line)
    due = payment_due_date(issued.issuing_date, customer or before.customer, entity)
    if due is not None and issued.payment_due_date is not None and due != issued.payment_due_date:
        found.doubts.append(_differ("payment due", due, issued.payment_due_date))


def _was_behind(issued: Invoice, confirmed: Confirmed) -> bool:
    """Whether Lago finalized it after the consent, yet before it by its own clock, and on its own today."""
    at = issued.updated_at
    if at is None or not timedelta(0) < confirmed.at - at < _SKEW:
        return False
    return local_day(at, issued) == issued.issuing_date


CHECK = Check(name="issued_as_confirmed", title="Issued as confirmed", Params=Params, judge=judge)
