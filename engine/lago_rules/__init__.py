"""What Lago does to an invoice, as pure functions over its models: sums, dates, credits, words. Floor 1."""

from engine.lago_rules.credits import Deduction, least_total, may_deduct
from engine.lago_rules.dates import IssuingDate, Span, fee_period, issuing_date, payment_due_date, periods, zone
from engine.lago_rules.fees import FeeChange, fee_changes, fee_identity, fee_label
from engine.lago_rules.states import has_tax_provider, tax_error, taxes_missing, ui_status, would_close
from engine.lago_rules.sums import Formula, formulas, recomputed_taxes

__all__ = [
    "Deduction",
    "FeeChange",
    "Formula",
    "IssuingDate",
    "Span",
    "fee_changes",
    "fee_identity",
    "fee_label",
    "fee_period",
    "formulas",
    "has_tax_provider",
    "issuing_date",
    "least_total",
    "may_deduct",
    "payment_due_date",
    "periods",
    "recomputed_taxes",
    "tax_error",
    "taxes_missing",
    "ui_status",
    "would_close",
    "zone",
]
