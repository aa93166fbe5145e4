"""What stands after a one-way call on an invoice: the lists that it changes, and what it came to. Floor 1."""

from typing import Annotated, Any, ClassVar, Self

from engine.facts import Deed, Fact
from engine.lago_models.customers import Customer
from engine.lago_models.fields import Cents, Day, Moment, NullIsEmpty
from engine.lago_models.invoices import Invoice
from engine.lago_models.words import InvoiceStatus, InvoiceType, PaymentStatus
from engine.values import Money


class ListedInvoice(Fact):
    """An invoice as a list shows it: without fees, subscriptions, periods, credits and errors (`lago.md` 1)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "number",
        "issuing_date",
        "invoice_type",
        "status",
        "payment_status",
        "currency",
        "total_amount_cents",
        "customer",
        "created_at",
    )

    lago_id: str
    number: str
    issuing_date: Day | None = None
    payment_due_date: Day | None = None
    invoice_type: InvoiceType
    status: InvoiceStatus
    payment_status: PaymentStatus | None = None
    payment_overdue: bool | None = None
    currency: str
    fees_amount_cents: Cents | None = None
    taxes_amount_cents: Cents | None = None
    sub_total_excluding_taxes_amount_cents: Cents | None = None
    sub_total_including_taxes_amount_cents: Cents | None = None
    total_amount_cents: Cents
    customer: Customer
    created_at: Moment | None = None
    updated_at: Moment | None = None

    @property
    def total(self) -> Money:
        """The total, in the invoice's currency."""
        return Money(self.total_amount_cents, self.currency)

    def clear(self) -> dict[str, Any]:
        """As everywhere, but of the customer only who it is: a list repeats it on every row."""
        clear = super().clear()
        who = clear["customer"]
        return clear | {"customer": {key: who[key] for key in ("lago_id", "external_id", "name") if key in who}}


class InvoiceLists(Fact):
    """The draft and finalized lists of one customer, read to see where the invoice `lago_id` stands.

    `expect` is the invoice's status: `finalized` stands in that list, `closed` and `voided` in neither.
    """

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_id", "drafts", "finalized", "expect")

    lago_id: str
    drafts: Annotated[tuple[ListedInvoice, ...], NullIsEmpty]
    finalized: Annotated[tuple[ListedInvoice, ...], NullIsEmpty]
    expect: str = "finalized"

    def summary(self) -> str:
        """How many stand in each list."""
        return f"{len(self.drafts)} drafts, {len(self.finalized)} finalized"


class InvoiceDeed(Deed):
    """What a one-way call on an invoice came to; `answer` is the invoice that Lago answered with or showed."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_id", "outcome", "status", "number", "attribution", "answer")

    lago_id: str
    number: str | None = None
    answer: Invoice | None = None

    @classmethod
    def of(cls, invoice: Invoice, attribution: str) -> Self:
        """What came of the call, from the invoice that Lago answered with or showed."""
        return cls(
            lago_id=invoice.lago_id,
            outcome=invoice.status,
            status=invoice.status,
            number=invoice.number,
            attribution=attribution,
            answer=invoice,
        )

    def target(self) -> Fact | None:
        """The invoice, where Lago showed it."""
        return self.answer

    def summary(self) -> str:
        """The outcome, and the number where one was given."""
        return f"{self.outcome}: {self.number}" if self.number else self.outcome


class Finalization(InvoiceDeed):
    """What a finalization came to. `outcome`: `finalized`, `closed`, `pending` or `unknown`."""

    def told(self) -> str:
        """The number that it was given; a closed one has none of its own."""
        return self.number if self.number and self.status != "closed" else self.summary()


class Voiding(InvoiceDeed):
    """What a void came to. `outcome`: `voided` or `unknown`."""
