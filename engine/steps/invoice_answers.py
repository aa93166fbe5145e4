"""What an answer to a one-way call on an invoice means, as a table (`docs/exit-codes.md`, "What an answer means").

Pure. Floor 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.http.exchange import Answer, NeverSent, NoAnswer, Replied
from engine.lago_models import Invoice, InvoiceDeed, parse_invoice
from engine.plain import dataclass
from engine.steps.base import Look, Ruling, State

# Lago's own refusals: each leaves the invoice as it was (`lago.md` 1 and 2, recordings `errors`, `draft_taxes_pending`).
REFUSALS = frozenset({400, 401, 403, 405, 422})


@dataclass(frozen=True, slots=True)
class Table:
    """What differs from call to call.

    `answered` says what the body of a 200 means, by the invoice's status; `looks` which of Lago's own errors one read
    decides, and `gone` what a 404 means; `deed` makes the step's fact from the invoice and an attribution.
    """

    answered: Mapping[str, State]
    deed: Callable[[Invoice, str], InvoiceDeed]
    looks: Mapping[int, Look]
    gone: str
    pending: str = "accepted; Lago waits for something before it is done"

    def judge(self, lago_id: str, answer: Answer) -> Ruling:
        """The ruling on one answer; anything that is not in the table is `unknown`, and is settled by reading."""
        match answer:
            case NeverSent(why=why):
                return Ruling("not_sent", f"never connected, nothing was sent: {why}")
            case NoAnswer(why=why):
                return Ruling("unknown", f"sent, {why}", said={"seconds": f"{answer.seconds:.1f}"})
        said = _said(answer)
        if answer.status == 200:
            return self._success(lago_id, answer, said)
        if answer.error is None:
            # A gateway's 429 has a body of its own; one read decides as with Lago's.
            look: Look = "throttled" if answer.status == 429 else ""
            why = f"Lago's address answered {answer.status}, not in Lago's own words"
            return Ruling("unknown", why, look=look, said=said)
        words = describe(answer.error)
        if answer.status in self.looks:
            gone = f": {self.gone}" if answer.status == 404 else ""
            return Ruling("unknown", f"Lago answered {words}{gone}", look=self.looks[answer.status], said=said)
        if answer.status in REFUSALS:
            return Ruling("rejected", f"Lago refused: {words}", attribution="ours", said=said)
        if answer.status == 500 and answer.echoed:
            return Ruling("unknown", f"Lago answered {words}", stays_settles=True, said=said)
        return Ruling("unknown", f"Lago's address answered {words}", said=said)

    def _success(self, lago_id: str, answer: Replied, said: Mapping[str, Any]) -> Ruling:
        invoice = parse_invoice(answer.body)
        if invoice is None:
            return Ruling("unknown", "Lago's address answered 200, but not with an invoice", said=said)
        if invoice.lago_id.lower() != lago_id.lower():
            return Ruling("unknown", "the answer is of another invoice", said=said)
        said = {**said, "invoice_status": invoice.status, "number": invoice.number}
        state = self.answered.get(invoice.status)
        if state is None:
            return Ruling("unknown", f"Lago answered 200 with the status `{invoice.status}`", said=said)
        why = self.pending if state == "pending" else f"Lago answered `{invoice.status}`"
        return Ruling(state, why, self.deed(invoice, "ours"), attribution="ours", said=said)


def describe(error: Mapping[str, Any]) -> str:
    """Lago's JSON error in a few words: `403 cannot_finalize_with_pending_taxes`."""
    words = [str(error["status"]), str(error.get("code") or error.get("error") or "")]
    details = error.get("error_details")
    if isinstance(details, dict) and details:
        words.append("(" + ", ".join(f"{key}: {_flat(value)}" for key, value in details.items()) + ")")
    return " ".join(word for word in words if word)[:300]


def _flat(value: object) -> str:
    return " ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _said(answer: Replied) -> dict[str, Any]:
    said: dict[str, Any] = {
        "status": answer.status,
        "request_id_echoed": answer.echoed,
        "seconds": f"{answer.seconds:.1f}",
        "body_digest": answer.body_digest,
    }
    if answer.error is not None:
        said["error"] = describe(answer.error)
    return said
