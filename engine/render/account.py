"""One run as its records tell it: who, what, when, which figures were shown, what was confirmed, sent and answered. Floor 5.

Written for records of any age and for broken ones: what they do not hold is left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from engine.events import Recorded
from engine.plain import dataclass
from engine.values import Money

Data = Mapping[str, Any]


# An invoice's sums in the order in which one leads to the next (`lago.md` 3).
SUMS = (
    "fees_amount_cents", "progressive_billing_credit_amount_cents", "coupons_amount_cents",
    "sub_total_excluding_taxes_amount_cents", "taxes_amount_cents", "sub_total_including_taxes_amount_cents",
    "credit_notes_amount_cents", "prepaid_credit_amount_cents", "total_amount_cents", "total_paid_amount_cents",
    "total_due_amount_cents",
)  # fmt: skip

# What Lago takes off on the way there, by the words of the preview, and like there with a minus.
DEDUCTED = {
    "progressive_billing_credit_amount_cents": "billed before",
    "coupons_amount_cents": "coupons",
    "credit_notes_amount_cents": "credit notes",
    "prepaid_credit_amount_cents": "prepaid credits",
}


MODES = {"plan": "plan", "approve": "approval of a plan", "reject": "rejection of a plan"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with what only its bytes say: its hash in hex, and the machine that wrote it."""

    record: Recorded
    hash: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One amount: `shown` before the consent or of the invoice `after` the call, its kind, its label, the record it is of."""

    seq: int
    source: str
    kind: str
    label: str
    amount: Money
    units: str = ""
    period: str = ""


@dataclass(frozen=True)
class Account:
    """A run, by its records in order."""

    run: str
    kept: Sequence[Kept]

    def all(self, *types: str) -> list[Kept]:
        """The records of these types; one that ends with a dot stands for all that begin so."""
        return [
            one
            for one in self.kept
            if any(one.record.type == type or (type[-1] == "." and one.record.type.startswith(type)) for type in types)
        ]

    @cached_property
    def start(self) -> Data:
        """The fields of `run.start`."""
        return self._last("run.start")

    @cached_property
    def end(self) -> Data:
        """The fields of the newest `run.end`; empty while there is none."""
        return self._last("run.end")

    def _last(self, type: str) -> Data:
        found = self.all(type)
        return found[-1].record.data if found else {}

    @property
    def started(self) -> str:
        """When the first record was written, RFC 3339 in UTC."""
        return self.kept[0].record.ts if self.kept else ""

    @property
    def ended(self) -> str:
        """When the newest `run.end` was written; empty while there is none."""
        found = self.all("run.end")
        return found[-1].record.ts if found else ""

    @property
    def operator(self) -> str:
        """Who ran it, by the operators file."""
        return word(part(self.start, "operator").get("id"))

    @property
    def runbook(self) -> str:
        """Its name and version: `finalize_invoice v1`."""
        runbook = part(self.start, "runbook")
        return f"{word(runbook.get('name'))} v{word(runbook.get('version'))}" if runbook else ""

    @property
    def invoice(self) -> Data:
        """The invoice as the run's end has it."""
        return part(self.end, "invoice")

    @cached_property
    def customer(self) -> tuple[str, str]:
        """External id and name of the customer, as they were read last."""
        for one in reversed(self.all("fact")):
            values = part(one.record.data, "values")
            if one.record.data.get("kind") == "Customer" and "external_id" in values:
                return word(values.get("external_id")), word(values.get("name"))
        targets = [part(one.record.data, "target") for one in self.all("effect.intent")]
        return (word(targets[-1].get("customer")), "") if targets else ("", "")

    @property
    def outcome(self) -> str:
        """The outcome of its end in words: `not as confirmed`; `not ended` while there is none."""
        return word(self.end.get("outcome")).replace("_", " ") or "not ended"

    @property
    def released_by(self) -> str:
        """Who gave the call up, so that a later run may send; nothing where nobody did."""
        return word(self._last("effect.released").get("by"))

    @property
    def exit(self) -> str:
        """The exit code of its end."""
        return word(self.end.get("exit"))

    @property
    def is_preview(self) -> bool:
        """Whether nothing one-way could be sent."""
        return bool(self.start.get("mode", "run") != "run")

    @property
    def mode(self) -> str:
        """What it was, where it was no run: `dry run`, `plan`, `approval of a plan`; else nothing."""
        mode = self.start.get("mode", "run")
        return "" if mode == "run" else MODES.get(str(mode), "dry run")

    @property
    def message(self) -> str:
        """The sentence that the run ended with."""
        return word(self.end.get("message"))

    @property
    def total(self) -> str:
        """The invoice's total as the run's end has it, with its currency."""
        return str(money(self.invoice, "total_amount_cents") or "")

    @cached_property
    def issued(self) -> Kept | None:
        """The newest record that holds the invoice as it stands after the call."""
        found = None
        for one in self.all("fact", "effect."):
            data = one.record.data
            if data.get("phase") == "verify" or one.record.type.startswith("effect."):
                values = answered(data)
                found = one if "total_amount_cents" in values else found
        return found

    def figures(self) -> list[Figure]:
        """Every amount that was shown before a consent, and of the invoice as it stands after the call."""
        found = []
        for one in self.all("consent.asked"):
            preview = part(one.record.data, "preview")
            for item in rows(preview.get("lines")):
                found += _figure(
                    one, "line", item.get("name"), item.get("amount"), item.get("units"), item.get("period")
                )
            for label, value in pairs(preview.get("sums")):
                found += _figure(one, "sum", label, value)
        if self.issued is not None:
            found += _issued(self.issued)
        return found


def _figure(
    one: Kept, kind: str, label: object, amount: object, units: object = "", period: object = ""
) -> list[Figure]:
    try:
        read = Money.parse(word(amount))
    except ValueError:
        return []  # a sentence where an amount could be, as `nothing`
    return [Figure(one.record.seq, "shown", kind, word(label), read, word(units), word(period))]


def _issued(one: Kept) -> list[Figure]:
    values = answered(one.record.data)
    found = []
    for fee in rows(values.get("fees")):
        amount = money({**fee, "currency": fee.get("amount_currency") or values.get("currency")}, "amount_cents")
        if amount is not None:
            found.append(Figure(one.record.seq, "after", "line", _label(fee), amount, word(fee.get("units"))))
    for tax in rows(values.get("applied_taxes")):
        amount = money({**tax, "currency": tax.get("amount_currency")}, "amount_cents")
        if amount is not None:
            found.append(
                Figure(one.record.seq, "after", "tax", word(tax.get("tax_name") or tax.get("tax_code")), amount)
            )
    names = [name for name in values if name.endswith("_amount_cents")]
    for name in sorted(names, key=lambda name: (SUMS.index(name) if name in SUMS else len(SUMS), name)):
        amount = money(values, name)
        if amount is not None:
            label = DEDUCTED.get(name) or name.removesuffix("_amount_cents").replace("_", " ")
            amount = replace(amount, cents=-amount.cents) if name in DEDUCTED else amount
            found.append(Figure(one.record.seq, "after", "sum", label, amount))
    return found


def _label(fee: Data) -> str:
    """What the preview calls this fee (`fee_label` in `engine/lago_rules`), so that both tables name it alike."""
    item = part(fee, "item")
    names = (
        fee.get("invoice_display_name"),
        *(item.get(key) for key in ("invoice_display_name", "name", "code", "type")),
    )
    name = next((word(one) for one in names if one), word(fee.get("item_name")) or "fee")
    filters, groups = item.get("filters"), part(item, "grouped_by")
    more = [word(item.get("filter_invoice_display_name"))]
    if not more[0] and isinstance(filters, Mapping):
        more = [" ".join(map(word, one)) if isinstance(one, list | tuple) else word(one) for one in filters.values()]
    more += [word(one) for one in groups.values() if one]
    more += ["true-up"] if fee.get("lago_true_up_parent_fee_id") else []
    said = ", ".join(one for one in more if one)
    return f"{name} ({said})" if said else name


def answered(data: Data) -> Data:
    """The invoice in a record: in what Lago answered to the call, or in what was read."""
    values = part(data, "values")
    return part(values, "answer") or values


def money(values: Data, name: str) -> Money | None:
    """An amount of a record, with the currency beside it."""
    cents, currency = values.get(name), values.get("currency")
    if not isinstance(cents, int) or isinstance(cents, bool) or not isinstance(currency, str):
        return None
    return Money(cents, currency)


def part(data: Data, name: str) -> Data:
    """A part of a record that holds fields, or none."""
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def rows(value: object) -> list[Data]:
    """A list of parts with fields; whatever else is in it is left out."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def pairs(value: object) -> list[tuple[str, str]]:
    """A list of labels with values."""
    if not isinstance(value, list | tuple):
        return []
    return [(word(one[0]), word(one[1])) for one in value if isinstance(one, list | tuple) and len(one) == 2]


def texts(value: object) -> list[str]:
    """A list of sentences."""
    return [word(one) for one in value] if isinstance(value, list | tuple) else []


def word(value: object) -> str:
    """A value as text; nothing for null."""
    return "" if value is None else str(value)
