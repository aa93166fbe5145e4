"""What Lago answers, as typed facts with Lago's own field names; lossless, and at ease with older and newer servers.

Enums are text, so that a new word never raises. A field that some version between v1.32 and the main branch after
v1.51 lacks is optional, and None means "not said". Amounts are exact whole minor units or an error. Floor 1.
"""

from engine.lago_models.credits import AppliedCoupon, CreditNote, Credits, Wallet, WalletLimits
from engine.lago_models.customers import (
    BillingConfiguration,
    BillingEntity,
    Customer,
    IntegrationCustomer,
    InvoiceSubscription,
    Subscription,
    Subscriptions,
    Tax,
)
from engine.lago_models.fees import Fee, FeeItem
from engine.lago_models.history import InvoiceHistory, PastInvoice
from engine.lago_models.invoices import SUMS, Invoice, parse_invoice
from engine.lago_models.outcomes import Finalization, InvoiceDeed, InvoiceLists, ListedInvoice, Voiding
from engine.lago_models.parts import AppliedTax, BillingPeriod, Credit, CreditItem, ErrorDetail

__all__ = [
    "SUMS",
    "AppliedCoupon",
    "AppliedTax",
    "BillingConfiguration",
    "BillingEntity",
    "BillingPeriod",
    "Credit",
    "CreditItem",
    "CreditNote",
    "Credits",
    "Customer",
    "ErrorDetail",
    "Fee",
    "FeeItem",
    "Finalization",
    "IntegrationCustomer",
    "Invoice",
    "InvoiceDeed",
    "InvoiceHistory",
    "InvoiceLists",
    "InvoiceSubscription",
    "ListedInvoice",
    "PastInvoice",
    "Subscription",
    "Subscriptions",
    "Tax",
    "Voiding",
    "Wallet",
    "WalletLimits",
    "parse_invoice",
]
