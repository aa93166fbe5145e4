"""What Lago may deduct from an invoice, and does so only when it finalizes: coupons, credit notes, wallets. Floor 1."""

from typing import Annotated, Any, ClassVar

from engine.facts import Fact
from engine.lago_models.fields import Cents, Exact, Moment, NullIsEmpty, Text, in_order
from engine.lago_models.words import CouponStatus, CreditStatus, Frequency, WalletStatus


class AppliedCoupon(Fact):
    """A coupon given to a customer (`GET /applied_coupons?status=active`).

    Fixed: `amount_cents`, and `amount_cents_remaining` where the frequency is `once`. Percentage: `percentage_rate`,
    in percent, and null amounts. Its limits to plans or metrics stand only in `GET /coupons/:code` (`lago.md` 4).
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "lago_coupon_id",
        "coupon_code",
        "coupon_name",
        "status",
        "amount_cents",
        "amount_cents_remaining",
        "amount_currency",
        "percentage_rate",
        "frequency",
        "frequency_duration",
        "frequency_duration_remaining",
        "expiration_at",
        "created_at",
    )

    lago_id: str
    lago_coupon_id: str | None = None
    external_customer_id: Text | None = None
    coupon_code: Text
    coupon_name: Text | None = None
    status: CouponStatus
    amount_cents: Cents | None = None
    amount_cents_remaining: Cents | None = None
    amount_currency: str | None = None
    percentage_rate: Exact | None = None
    frequency: Frequency | None = None
    frequency_duration: int | None = None
    frequency_duration_remaining: int | None = None
    expiration_at: Moment | None = None
    created_at: Moment | None = None

    def figures(self) -> Any:
        """All that decides how much it takes."""
        return {
            "lago_id": self.lago_id,
            "coupon_code": self.coupon_code,
            "status": self.status,
            "amount_cents": self.amount_cents,
            "amount_cents_remaining": self.amount_cents_remaining,
            "amount_currency": self.amount_currency,
            "percentage_rate": self.percentage_rate,
            "frequency": self.frequency,
            "frequency_duration_remaining": self.frequency_duration_remaining,
            "expiration_at": self.expiration_at,
        }


class CreditNote(Fact):
    """A credit note (`GET /credit_notes?external_customer_id=`). What is left of it is `balance_amount_cents`."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "number",
        "invoice_number",
        "issuing_date",
        "credit_status",
        "currency",
        "total_amount_cents",
        "balance_amount_cents",
        "credit_amount_cents",
    )

    lago_id: str
    number: str
    invoice_number: str | None = None
    issuing_date: str | None = None
    credit_status: CreditStatus | None = None
    currency: str
    total_amount_cents: Cents | None = None
    balance_amount_cents: Cents
    credit_amount_cents: Cents | None = None

    def figures(self) -> Any:
        """Its number, state and balance."""
        return {
            "lago_id": self.lago_id,
            "number": self.number,
            "credit_status": self.credit_status,
            "currency": self.currency,
            "balance_amount_cents": self.balance_amount_cents,
        }


class WalletLimits(Fact):
    """What a wallet may pay: empty lists mean no limit of that kind."""

    CLEAR: ClassVar[tuple[str, ...]] = ("fee_types", "billable_metric_codes")

    fee_types: Annotated[tuple[str, ...], NullIsEmpty] = ()
    billable_metric_codes: Annotated[tuple[Text, ...], NullIsEmpty] = ()


class Wallet(Fact):
    """Prepaid credits (`GET /wallets?external_customer_id=`); the lowest `priority` number pays first.

    `balance_cents` is what can be taken. Lago's ongoing balance counts drafts in already and can be negative, so it
    is no figure here (`lago.md` 4). `priority` is missing in v1.32.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "name",
        "code",
        "status",
        "currency",
        "balance_cents",
        "rate_amount",
        "priority",
        "applies_to",
        "expiration_at",
        "created_at",
    )

    lago_id: str
    external_customer_id: Text | None = None
    name: Text | None = None
    code: Text | None = None
    status: WalletStatus
    currency: str
    balance_cents: Cents
    rate_amount: Exact | None = None
    priority: int | None = None
    applies_to: WalletLimits | None = None
    expiration_at: Moment | None = None
    created_at: Moment | None = None

    def figures(self) -> Any:
        """Its state, balance, limits and turn."""
        limits = self.applies_to or WalletLimits()
        return {
            "lago_id": self.lago_id,
            "status": self.status,
            "currency": self.currency,
            "balance_cents": self.balance_cents,
            "priority": self.priority,
            "fee_types": sorted(limits.fee_types),
            "billable_metric_codes": sorted(limits.billable_metric_codes),
        }


class Credits(Fact):
    """All that Lago may deduct from an invoice of one customer, as far as its API shows."""

    CLEAR: ClassVar[tuple[str, ...]] = ("applied_coupons", "credit_notes", "wallets")

    applied_coupons: Annotated[tuple[AppliedCoupon, ...], NullIsEmpty] = ()
    credit_notes: Annotated[tuple[CreditNote, ...], NullIsEmpty] = ()
    wallets: Annotated[tuple[Wallet, ...], NullIsEmpty] = ()

    def figures(self) -> Any:
        """Every coupon, credit note and wallet with its balance, in an order that does not depend on the answer."""
        return {
            "applied_coupons": in_order(item.figures() for item in self.applied_coupons),
            "credit_notes": in_order(item.figures() for item in self.credit_notes),
            "wallets": in_order(item.figures() for item in self.wallets),
        }

    def summary(self) -> str:
        """How many of each."""
        counts = (
            (len(self.applied_coupons), "coupon"),
            (len(self.credit_notes), "credit note"),
            (len(self.wallets), "wallet"),
        )
        return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count) or "none"
