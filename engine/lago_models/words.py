"""The words that Lago uses where a text can be one of a few (`lago.md` 3 and 4). Reading takes any other word too. Floor 1."""

from __future__ import annotations

from typing import Annotated

from engine.facts import OneOf

# `closed` and `deleted` stand in answers to writes only; `generating` and `open` are internal.
InvoiceStatus = Annotated[
    str, OneOf("draft", "finalized", "voided", "failed", "pending", "closed", "deleted", "generating", "open")
]
InvoiceType = Annotated[
    str, OneOf("subscription", "add_on", "credit", "one_off", "advance_charges", "progressive_billing")
]
PaymentStatus = Annotated[str, OneOf("pending", "succeeded", "failed")]
FeeType = Annotated[str, OneOf("charge", "subscription", "add_on", "fixed_charge", "commitment", "credit")]
CreditType = Annotated[str, OneOf("coupon", "credit_note", "invoice")]
ErrorCode = Annotated[str, OneOf("not_provided", "tax_error", "tax_voiding_error", "invoice_generation_error")]
InvoicingReason = Annotated[
    str,
    OneOf(
        "subscription_starting",
        "subscription_periodic",
        "subscription_terminating",
        "in_advance_charge",
        "in_advance_charge_periodic",
        "progressive_billing",
    ),
]

AccountType = Annotated[str, OneOf("customer", "partner")]
ZeroAmounts = Annotated[str, OneOf("inherit", "skip", "finalize")]
DateAnchor = Annotated[str, OneOf("current_period_end", "next_period_start")]
DateAdjustment = Annotated[str, OneOf("keep_anchor", "align_with_finalization_date")]
Numbering = Annotated[str, OneOf("per_customer", "per_billing_entity", "per_organization")]
SubscriptionStatus = Annotated[str, OneOf("pending", "active", "terminated", "canceled", "incomplete")]
BillingTime = Annotated[str, OneOf("calendar", "anniversary")]

CouponStatus = Annotated[str, OneOf("active", "terminated")]
Frequency = Annotated[str, OneOf("once", "recurring", "forever")]
CreditStatus = Annotated[str, OneOf("available", "consumed", "voided")]
WalletStatus = Annotated[str, OneOf("active", "terminated")]
