"""What a customer was billed before: the last finalized invoices of one currency, and what is usual. Floor 1."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Self

from engine.facts import Fact
from engine.lago_models.fields import Cents, Day, NullIsEmpty, Text
from engine.lago_models.invoices import Invoice
from engine.lago_models.outcomes import ListedInvoice
from engine.lago_models.words import InvoiceType
from engine.values import Money

MOST = 6


class PastInvoice(Fact):
    """One of them. `sub_total_including_taxes_amount_cents` is before credit notes and prepaid credits, as on a draft."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "number",
        "issuing_date",
        "sub_total_including_taxes_amount_cents",
        "total_amount_cents",
    )

    lago_id: str
    number: str
    issuing_date: Day | None = None
    sub_total_including_taxes_amount_cents: Cents
    total_amount_cents: Cents


class InvoiceHistory(Fact):
    """The last six finalized invoices of a customer that are of one invoice's currency and type, newest first.

    The medians are of these, in minor units of `currency`, of an even number the mean of the middle two rounded down;
    null where there is none. Those of other currencies are counted in nothing. Not in a digest: history binds no consent.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "external_customer_id",
        "currency",
        "invoice_type",
        "count",
        "median_sub_total_including_taxes_amount_cents",
        "median_total_amount_cents",
        "invoices",
    )

    external_customer_id: Text
    currency: str
    invoice_type: InvoiceType
    count: int
    median_sub_total_including_taxes_amount_cents: Cents | None = None
    median_total_amount_cents: Cents | None = None
    invoices: Annotated[tuple[PastInvoice, ...], NullIsEmpty]

    @classmethod
    def before(cls, invoice: Invoice, finalized: Iterable[ListedInvoice]) -> Self:
        """What was billed before this invoice, from its customer's finalized ones; a row without sums tells nothing."""
        rows = [
            PastInvoice(
                lago_id=one.lago_id,
                number=one.number,
                issuing_date=one.issuing_date,
                sub_total_including_taxes_amount_cents=one.sub_total_including_taxes_amount_cents,
                total_amount_cents=one.total_amount_cents,
            )
            for one in finalized
            if (one.currency, one.invoice_type) == (invoice.currency, invoice.invoice_type)
            and one.lago_id != invoice.lago_id
            and one.sub_total_including_taxes_amount_cents is not None
        ]
        rows.sort(key=lambda one: (str(one.issuing_date or ""), one.number), reverse=True)
        last = tuple(rows[:MOST])
        return cls(
            external_customer_id=invoice.customer.external_id,
            currency=invoice.currency,
            invoice_type=invoice.invoice_type,
            count=len(last),
            median_sub_total_including_taxes_amount_cents=_median(
                [one.sub_total_including_taxes_amount_cents for one in last]
            ),
            median_total_amount_cents=_median([one.total_amount_cents for one in last]),
            invoices=last,
        )

    def figures(self) -> Any:
        """None: what was billed before is no part of what is confirmed."""
        return None

    def summary(self) -> str:
        """How many there are, and what is usual."""
        if self.median_sub_total_including_taxes_amount_cents is None:
            return f"no invoice in {self.currency} before this one"
        usual = Money(self.median_sub_total_including_taxes_amount_cents, self.currency)
        return f"{self.count} before this one, in the middle {usual}"


def _median(amounts: list[int]) -> int | None:
    ordered = sorted(amounts)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2
