"""Lago, as typed calls: reads that answer facts, and the writes, each sent once. Floor 2.

Paths and queries are exactly those of the recordings. An id goes into a path only after it has been checked; a name is
percent-encoded. How an answer becomes facts is in `engine.lago_reading`; what the answer to a write means is the
caller's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from engine.clock import Clock
from engine.errors import Bug, Unreachable
from engine.facts import Fact
from engine.http.exchange import Answer, Fetched, Heard, Request
from engine.http.wire import READ_BUDGET, Wire, anything, reads_only
from engine.lago_models import (
    AppliedCoupon,
    BillingEntity,
    CreditNote,
    Credits,
    Customer,
    Invoice,
    ListedInvoice,
    Subscription,
    Subscriptions,
    Wallet,
)
from engine.lago_reading import PER_PAGE, KeyRefused, NotFound, Reads, owner, path_name
from engine.under_way import Begin, UnderWay
from engine.values import Secret, parse_lago_id

__all__ = ["KeyRefused", "Lago", "NotFound"]

# A list of subscriptions shows active ones only unless every status is asked for (recording `termination`).
ALL_STATUSES = ("active", "terminated", "pending", "canceled")

F = TypeVar("F", bound=Fact)

_REFRESH = re.compile(r".*/api/v1/invoices/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/refresh")


class Lago:
    """One Lago. `read_only` cannot send anything but GET and HEAD; with `may_refresh` a refresh too, and nothing else.

    `begin` says how reads that do not need each other's answer are made: side by side, or each in its turn.
    """

    def __init__(
        self,
        url: str,
        key: Secret,
        *,
        clock: Clock,
        read_only: bool = False,
        may_refresh: bool = False,
        tell: Callable[[str], object] = str,
        heard: Callable[[Heard], object] = id,
        begin: Begin = UnderWay,
    ) -> None:
        permits = anything
        if read_only:
            permits = _reads_and_refreshes if may_refresh else reads_only
        self._wire = Wire(
            url, "Authorization", Secret(f"Bearer {key.reveal()}"), clock, permits, tell=tell, heard=heard
        )
        self._clock = clock
        self._begin = begin
        self._reads = Reads(self._wire, clock)

    @property
    def host(self) -> str:
        """The host's name, in lower case."""
        return self._wire.host

    def close(self) -> None:
        """Close the pooled connections."""
        self._wire.close()

    # Reads of one thing

    def get_invoice(self, lago_id: str, within: float = READ_BUDGET) -> Fetched[Invoice]:
        """`GET /invoices/:id`, tried for `within` seconds. Raises NotFound, KeyRefused, Unreachable.

        Another invoice than the one asked for is no answer: Unreachable too.
        """
        checked = _id(lago_id)
        fetched = self._reads.one(f"/invoices/{checked}", "invoice", Invoice, f"invoice {checked}", within)
        if fetched.value.lago_id.lower() != checked:
            raise Unreachable(f"{self._wire.place} answered with another invoice than {checked}")
        return fetched

    def get_customer(self, external_id: str) -> Fetched[Customer]:
        """`GET /customers/:external_id`. Raises NotFound, KeyRefused, Unreachable."""
        fetched = self._reads.one(
            f"/customers/{path_name(external_id)}", "customer", Customer, f"customer `{external_id}`"
        )
        if fetched.value.external_id != external_id:
            raise Unreachable(f"{self._wire.place} answered with another customer than `{external_id}`")
        return fetched

    def get_billing_entity(self, code: str) -> Fetched[BillingEntity]:
        """`GET /billing_entities/:code`. Raises KeyRefused, Unreachable.

        A server that does not show billing entities leaves every setting of it unknown, and that is what is answered.
        """
        path = f"/billing_entities/{path_name(code or 'default')}"
        try:
            fetched = self._reads.one(path, "billing_entity", BillingEntity, f"billing entity `{code}`")
        except NotFound:
            request = Request("GET", self._wire.target(path))
            return Fetched(BillingEntity(code=code), (request,), self._clock.now(), 0.0)
        if code and fetched.value.code != code:
            raise Unreachable(f"{self._wire.place} answered with another billing entity than `{code}`")
        return fetched

    def version(self) -> str | None:
        """What `GET /health` says of the server's version, or None. Raises Unreachable."""
        body = self._wire.read_root("/health").body
        return str(body["version"]) if isinstance(body, Mapping) and body.get("version") else None

    def get(self, parts: Sequence[str], key: str, kind: type[F], query: Sequence[tuple[str, str]] = ()) -> Fetched[F]:
        """`GET` what stands under `key` at a path of one's own, for steps of one's own. Raises as the others do.

        `parts` are joined below `/api/v1`, each percent-encoded: an id with a slash in it leads nowhere else.
        """
        path = "".join(f"/{path_name(part)}" for part in parts)
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._reads.one(asked, key, kind, f"`{key}` at {path}")

    # Reads of several things

    def get_subscriptions(self, external_customer_id: str, wanted: Sequence[str]) -> Fetched[Subscriptions]:
        """The customer's subscriptions of every status; one of `wanted` that the list lacks is asked for singly.

        Raises KeyRefused, Unreachable. A wanted one that Lago does not show at all is left out.
        """
        query = [("external_customer_id", external_customer_id), *(("status[]", status) for status in ALL_STATUSES)]
        listed = self._reads.every(
            "/subscriptions",
            query,
            Subscription,
            lambda row: owner(row) in (None, external_customer_id) and row.get("status") in ALL_STATUSES,
        )
        found, requests, seconds = list(listed.rows), list(listed.requests), listed.seconds
        for external_id in wanted:
            if any(one.external_id == external_id for one in found):
                continue
            for query_text in ("", "?status=terminated"):
                try:
                    path = f"/subscriptions/{path_name(external_id)}{query_text}"
                    single = self._reads.one(path, "subscription", Subscription, f"subscription `{external_id}`")
                except NotFound:
                    continue
                if single.value.external_id != external_id:
                    raise Unreachable(f"{self._wire.place} answered with another subscription than `{external_id}`")
                requests += single.requests
                seconds += single.seconds
                if single.value.external_customer_id in (None, external_customer_id):
                    found.append(single.value)
                break
        return Fetched(Subscriptions(items=tuple(found)), tuple(requests), self._clock.now(), seconds)

    def get_credits(self, external_customer_id: str) -> Fetched[Credits]:
        """Active coupons, credit notes and wallets of the customer, read side by side. Raises KeyRefused, Unreachable."""
        whose = ("external_customer_id", external_customer_id)

        def is_theirs(row: Mapping[str, Any]) -> bool:
            return owner(row) in (None, external_customer_id)

        active = [whose, ("status", "active")]
        first = self._begin(lambda: self._reads.every("/credit_notes", [whose], CreditNote, is_theirs))
        second = self._begin(lambda: self._reads.every("/wallets", [whose], Wallet, is_theirs))
        coupons = self._reads.every(
            "/applied_coupons",
            active,
            AppliedCoupon,
            lambda row: is_theirs(row) and row.get("status") == "active",
        )
        notes, wallets = first.result(), second.result()
        return Fetched(
            Credits(applied_coupons=coupons.rows, credit_notes=notes.rows, wallets=wallets.rows),
            coupons.requests + notes.requests + wallets.requests,
            self._clock.now(),
            max(coupons.seconds, notes.seconds, wallets.seconds),
        )

    def list_invoices(self, external_customer_id: str, status: str) -> Fetched[tuple[ListedInvoice, ...]]:
        """The customer's invoices of one status, each once, every page. Raises KeyRefused, Unreachable."""
        listed = self._reads.every(
            "/invoices",
            [("external_customer_id", external_customer_id), ("status", status)],
            ListedInvoice,
            lambda row: owner(row) == external_customer_id and row.get("status") == status,
        )
        return Fetched(listed.rows, listed.requests, self._clock.now(), listed.seconds)

    def past_invoices(self, external_customer_id: str) -> Fetched[tuple[ListedInvoice, ...]]:
        """The customer's finalized invoices, each once, every page. Raises KeyRefused, Unreachable."""
        query = [
            ("external_customer_id", external_customer_id),
            ("status[]", "finalized"),
            ("per_page", str(PER_PAGE)),
            ("page", "1"),
        ]
        listed = self._reads.every(
            "/invoices",
            query,
            ListedInvoice,
            lambda row: owner(row) == external_customer_id and row.get("status") == "finalized",
        )
        return Fetched(listed.rows, listed.requests, self._clock.now(), listed.seconds)

    def drafts(self, external_customer_id: str | None = None) -> Fetched[tuple[ListedInvoice, ...]]:
        """Every draft, or every draft of one customer, each once. Raises KeyRefused, Unreachable."""
        if external_customer_id is not None:
            return self.list_invoices(external_customer_id, "draft")
        query = [("status", "draft"), ("per_page", str(PER_PAGE)), ("page", "1")]
        listed = self._reads.every("/invoices", query, ListedInvoice, lambda row: row.get("status") == "draft")
        return Fetched(listed.rows, listed.requests, self._clock.now(), listed.seconds)

    # Writes

    def refresh_request(self, lago_id: str) -> Request:
        """The request that `refresh` sends."""
        return Request("PUT", self._wire.target(f"/invoices/{_id(lago_id)}/refresh"))

    def finalize_request(self, lago_id: str) -> Request:
        """The request that `finalize` sends."""
        return Request("PUT", self._wire.target(f"/invoices/{_id(lago_id)}/finalize"))

    def void_request(self, lago_id: str) -> Request:
        """The request that `void` sends."""
        return Request("POST", self._wire.target(f"/invoices/{_id(lago_id)}/void"))

    def refresh(self, lago_id: str, request_id: str, deadline: float) -> Answer:
        """Recompute a draft: one `PUT`, never again, with so many seconds for the whole answer."""
        return self._wire.write("PUT", f"/invoices/{_id(lago_id)}/refresh", request_id, deadline)

    def finalize(self, lago_id: str, request_id: str, deadline: float) -> Answer:
        """Finalize a draft: one `PUT`, never again, with so many seconds for the whole answer. A body is ignored: none."""
        return self._wire.write("PUT", f"/invoices/{_id(lago_id)}/finalize", request_id, deadline)

    def void(self, lago_id: str, request_id: str, deadline: float) -> Answer:
        """Void a finalized invoice: one `POST`, never again. Without a body: no credit note comes of it (`lago.md` 5)."""
        return self._wire.write("POST", f"/invoices/{_id(lago_id)}/void", request_id, deadline)


def _reads_and_refreshes(method: str, path: str) -> bool:
    return reads_only(method, path) or (method == "PUT" and _REFRESH.fullmatch(path) is not None)


def _id(lago_id: str) -> str:
    """An id as it may stand in a path. `PUT /invoices//finalize` reaches another route, so nothing unchecked does."""
    try:
        return parse_lago_id(lago_id)
    except ValueError as error:
        raise Bug(f"`{lago_id}` was about to go into a path: {error}") from error
