"""What of an answer of Lago may be kept as it is; whatever is not named here is replaced. Floor 5.

An allow-list: a field that Lago adds tomorrow, or that an installation fills with something of its own, is not known here
and so not kept. The names are those of Lago v1.32 to v1.51 (`tests/recordings`).
"""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from zoneinfo import available_timezones

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(
    r"\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?(Z|[+-][0-2]\d:?[0-5]\d| UTC)?)?", re.ASCII
)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,20})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z_]{0,39}", re.ASCII)

# A name of a field, as programs give them. Anything else as a key is somebody's data.
FIELD = re.compile(r"[a-z][A-Za-z0-9_]{0,63}", re.ASCII)

# Fields whose keys are data too: what usage is grouped or filtered by, what somebody noted.
OPEN = frozenset(
    {"grouped_by", "filters", "metadata", "custom_properties", "presentation_breakdowns", "presentation_by"}
)

# Fields that hold one word out of a few, by Lago's own schema.
WORDS = frozenset(
    "account_type billing_time charge_model coupon_status coupon_type credit_status customer_type document_numbering "
    "eu_tax_management expiration finalize_zero_amount_invoice frequency interval invoice_type invoicing_reason item_type "
    "on_termination_credit_note on_termination_invoice payment_method_type payment_status reason refund_status status "
    "subscription_invoice_issuing_date_adjustment subscription_invoice_issuing_date_anchor tax_status "
    "transaction_status type wallet_type fee_types cancellation_reason document_locale error_code".split()
)
# The same word may be free text elsewhere: a reason that a person typed has spaces, a kind has none.
_WHEN = re.compile(r".*(_at|_date|_datetime|At)|date", re.ASCII)
_HOW_MUCH = re.compile(r"(.*_)?(units?|amount|rate|credits|balance|cents|seconds)(_.*)?", re.ASCII)
_WHICH = re.compile(r"(.*_)?id|lago_.*", re.ASCII)
# A number under such a name is a person's, whatever its type.
_PERSONAL = re.compile(r".*(phone|fax|zip|postal|tax_id|legal|iban|bic|card|account|birth|passport|ssn).*", re.ASCII)

# Codes of Lago's own errors (`lago.md` 1 and 5).
ERROR_CODES = frozenset(
    "invoice_not_found resource_not_found not_found validation_errors unprocessable_entity method_not_allowed "
    "is_not_draft not_voidable cannot_finalize_with_pending_taxes feature_unavailable unauthorized too_many_requests "
    "invalid_type_or_status value_already_exist value_is_invalid value_is_mandatory value_is_too_long tax_error "
    "customer_not_found subscription_not_found billing_entity_not_found no_voidable_amount invalid_status "
    "not_allowed_on_self_hosted internal_server_error".split()
)
PHRASES = frozenset(status.phrase for status in HTTPStatus) | {"Unprocessable Entity"}
MEDIA_TYPES = ("application/json", "text/html", "text/plain", "application/xml")


@cache
def _zones() -> set[str]:
    """The names of all time zones: listing them means reading a folder tree."""
    return available_timezones()


def is_kept(field: str, text: str, *, is_error: bool = False) -> bool:
    """Whether a text may stay under this field: an id, a moment, an amount, a currency, one word out of a few."""
    if text == "":
        return True
    if is_error and field in ("error", "code"):
        return text in PHRASES or text in ERROR_CODES
    if _WHICH.fullmatch(field) and not field.startswith("external"):
        return UUID.fullmatch(text) is not None
    if _WHEN.fullmatch(field):
        return _MOMENT.fullmatch(text) is not None
    if field.endswith("currency"):
        return _CURRENCY.fullmatch(text) is not None
    if field.endswith("timezone"):
        return text in _zones()
    if field in WORDS:
        return _WORD.fullmatch(text) is not None
    return _HOW_MUCH.fullmatch(field) is not None and _DECIMAL.fullmatch(text) is not None


def is_number_kept(field: str) -> bool:
    """Whether a number may stay under this field."""
    return _PERSONAL.fullmatch(field) is None


def looks_like_a_value(text: str) -> bool:
    """Whether a replaced text is so much of its own that finding it in what is kept would be no accident."""
    if UUID.fullmatch(text) or _MOMENT.fullmatch(text) or text in _zones():
        return False
    return "@" in text or " " in text or sum(character.isdigit() for character in text) >= 6
