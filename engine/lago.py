"""Lago, as typed calls: reads that answer facts, and the two writes, each sent once. Floor 2.

Paths and queries are exactly those of the recordings. An id goes into a path only after it has been checked; a name is
percent-encoded. Counts in a list's `meta` are never believed (they are cached for half an hour since v1.44), and every
row is held against the filter that it was asked for with (older servers drop filters that they do not know).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from engine.answers import is_error
from engine.clock import Clock
from engine.errors import Bug, Denied, Unreachable
from engine.exchange import Answer, Fetched, Request
from engine.facts import Fact
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
from engine.values import Secret, parse_lago_id
from engine.wire import Reply, Wire, anything, reads_only

PER_PAGE = 100
MOST_PAGES = 1_000

# A list of subscriptions shows active ones only unless every status is asked for (recording `termination`).
ALL_STATUSES = ("active", "terminated", "pending", "canceled")

F = TypeVar("F", bound=Fact)


class NotFound(Denied):
    """Lago has no such thing, or does not show it: closed and deleted invoices read like unknown ones. `code` is Lago's."""

    def __init__(self, message: str, code: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.lago_code = code


class KeyRefused(Unreachable):
    """Lago does not take the key, or the key may not do this."""


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[dict[str, Any]]
    next_page: Any
    request: Request
    seconds: float


class Lago:
    """One Lago. `read_only` cannot send anything but GET and HEAD; with `may_refresh` a refresh too, and nothing else."""

    def __init__(
        self,
        url: str,
        key: Secret,
        *,
        clock: Clock,
        read_only: bool = False,
        may_refresh: bool = False,
        tell: Callable[[str], object] = str,
    ) -> None:
        permits = anything
        if read_only:
            permits = _reads_and_refreshes if may_refresh else reads_only
        self._wire = Wire(url, "Authorization", Secret(f"Bearer {key.reveal()}"), clock, permits, tell=tell)
        self._clock = clock

    @property
    def host(self) -> str:
        """The host's name, in lower case."""
        return self._wire.host

    def close(self) -> None:
        """Close the pooled connections."""
        self._wire.close()

    # Reads of one thing

    def get_invoice(self, lago_id: str) -> Fetched[Invoice]:
        """`GET /invoices/:id`. Raises NotFound, KeyRefused, Unreachable (also when it is another invoice)."""
        fetched = self._one(f"/invoices/{_id(lago_id)}", "invoice", Invoice, f"invoice {lago_id}")
        if fetched.value.lago_id.lower() != lago_id.lower():
            raise Unreachable(f"{self._wire.place} answered with another invoice than {lago_id}")
        return fetched

    def get_customer(self, external_id: str) -> Fetched[Customer]:
        """`GET /customers/:external_id`. Raises NotFound, KeyRefused, Unreachable."""
        fetched = self._one(f"/customers/{_name(external_id)}", "customer", Customer, f"customer `{external_id}`")
        if fetched.value.external_id != external_id:
            raise Unreachable(f"{self._wire.place} answered with another customer than `{external_id}`")
        return fetched

    def get_billing_entity(self, code: str) -> Fetched[BillingEntity]:
        """`GET /billing_entities/:code`. Raises KeyRefused, Unreachable.

        A server that does not show billing entities leaves every setting of it unknown, and that is what is answered.
        """
        path = f"/billing_entities/{_name(code or 'default')}"
        try:
            return self._one(path, "billing_entity", BillingEntity, f"billing entity `{code}`")
        except NotFound:
            request = Request("GET", self._wire.target(path))
            return Fetched(BillingEntity(code=code), (request,), self._clock.now(), 0.0)

    def version(self) -> str | None:
        """What `GET /health` says of the server's version, or None. Raises Unreachable."""
        body = self._wire.read_root("/health").body
        return str(body["version"]) if isinstance(body, Mapping) and body.get("version") else None

    # Reads of several things

    def get_subscriptions(self, external_customer_id: str, wanted: Sequence[str]) -> Fetched[Subscriptions]:
        """The customer's subscriptions of every status; one of `wanted` that the list lacks is asked for singly.

        Raises KeyRefused, Unreachable. A wanted one that Lago does not show at all is left out.
        """
        query = [("external_customer_id", external_customer_id), *(("status[]", status) for status in ALL_STATUSES)]
        pages = list(self._pages("/subscriptions", query, "subscriptions"))
        found = [self._model(Subscription, row, "subscription") for page in pages for row in page.rows]
        found = [one for one in found if one.external_customer_id in (None, external_customer_id)]
        requests, seconds = [page.request for page in pages], sum(page.seconds for page in pages)
        for external_id in wanted:
            if any(one.external_id == external_id for one in found):
                continue
            for query_text in ("", "?status=terminated"):
                try:
                    path = f"/subscriptions/{_name(external_id)}{query_text}"
                    single = self._one(path, "subscription", Subscription, f"subscription `{external_id}`")
                except NotFound:
                    continue
                found.append(single.value)
                requests += single.requests
                seconds += single.seconds
                break
        return Fetched(Subscriptions(items=tuple(found)), tuple(requests), self._clock.now(), seconds)

    def get_credits(self, external_customer_id: str) -> Fetched[Credits]:
        """Active coupons, credit notes and wallets of the customer. Raises KeyRefused, Unreachable."""
        owner = ("external_customer_id", external_customer_id)
        lists = (
            ("applied_coupons", [owner, ("status", "active")], AppliedCoupon),
            ("credit_notes", [owner], CreditNote),
            ("wallets", [owner], Wallet),
        )
        found: dict[str, Any] = {}
        requests: list[Request] = []
        seconds = 0.0
        for name, query, model in lists:
            pages = list(self._pages(f"/{name}", query, name))
            found[name] = tuple(self._model(model, row, name) for page in pages for row in page.rows)
            requests += [page.request for page in pages]
            seconds += sum(page.seconds for page in pages)
        return Fetched(Credits(**found), tuple(requests), self._clock.now(), seconds)

    def list_invoices(self, external_customer_id: str, status: str) -> Fetched[tuple[ListedInvoice, ...]]:
        """The customer's invoices of one status, every page, rows that the filter should have kept out left out.

        Raises KeyRefused, Unreachable.
        """
        query = [("external_customer_id", external_customer_id), ("status", status)]
        listed = self._listed(query)
        rows = tuple(
            row for row in listed.value if row.status == status and row.customer.external_id == external_customer_id
        )
        return Fetched(rows, listed.requests, listed.at, listed.seconds)

    def drafts(self, external_customer_id: str | None = None) -> Fetched[tuple[ListedInvoice, ...]]:
        """Every draft, or every draft of one customer, each once. Raises KeyRefused, Unreachable."""
        if external_customer_id is not None:
            return self.list_invoices(external_customer_id, "draft")
        listed = self._listed([("status", "draft"), ("per_page", str(PER_PAGE)), ("page", "1")])
        rows = {row.lago_id: row for row in listed.value if row.status == "draft"}
        return Fetched(tuple(rows.values()), listed.requests, listed.at, listed.seconds)

    # Writes

    def refresh_request(self, lago_id: str) -> Request:
        """The request that `refresh` sends."""
        return Request("PUT", self._wire.target(f"/invoices/{_id(lago_id)}/refresh"))

    def finalize_request(self, lago_id: str) -> Request:
        """The request that `finalize` sends."""
        return Request("PUT", self._wire.target(f"/invoices/{_id(lago_id)}/finalize"))

    def refresh(self, lago_id: str, request_id: str, deadline: float) -> Answer:
        """Recompute a draft: one `PUT`, never again, with so many seconds for the whole answer."""
        return self._wire.write("PUT", f"/invoices/{_id(lago_id)}/refresh", request_id, deadline)

    def finalize(self, lago_id: str, request_id: str, deadline: float) -> Answer:
        """Finalize a draft: one `PUT`, never again, with so many seconds for the whole answer. A body is ignored: none."""
        return self._wire.write("PUT", f"/invoices/{_id(lago_id)}/finalize", request_id, deadline)

    # How reads are done

    def _one(self, path: str, key: str, model: type[F], what: str) -> Fetched[F]:
        reply = self._wire.read(path)
        body = self._body(reply, what)
        if not isinstance(body.get(key), Mapping):
            raise Unreachable(f"{self._wire.place} answered, but not with {what}", hint="Is this Lago's address?")
        request = Request("GET", self._wire.target(path))
        return Fetched(self._model(model, body[key], what), (request,), self._clock.now(), reply.seconds)

    def _listed(self, query: list[tuple[str, str]]) -> Fetched[tuple[ListedInvoice, ...]]:
        pages = list(self._pages("/invoices", query, "invoices"))
        rows = tuple(self._model(ListedInvoice, row, "invoices") for page in pages for row in page.rows)
        requests, seconds = tuple(page.request for page in pages), sum(page.seconds for page in pages)
        return Fetched(rows, requests, self._clock.now(), seconds)

    def _pages(self, path: str, query: list[tuple[str, str]], key: str) -> Iterator[_Page]:
        """Page after page until one is not full, or empty, or says that none follows."""
        number = 1
        while number <= MOST_PAGES:
            asked = [(name, str(number) if name == "page" else value) for name, value in query]
            if number > 1 and "page" not in dict(query):
                asked.append(("page", str(number)))
            page = self._page(f"{path}?{urlencode(asked)}", key)
            yield page
            if len(page.rows) < PER_PAGE or page.next_page is None:
                return
            number += 1
        raise Unreachable(f"the list {path} of {self._wire.place} has no end")

    def _page(self, path: str, key: str) -> _Page:
        request = Request("GET", self._wire.target(path))
        reply = self._wire.read(path)
        if reply.status == 404 and key == "wallets":
            # GET /wallets of a customer that Lago does not know is a 404, where other lists are empty.
            return _Page([], None, request, reply.seconds)
        body = self._body(reply, f"the list of {key.replace('_', ' ')}")
        rows, meta = body.get(key), body.get("meta")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unreachable(f"{self._wire.place} answered, but not with a list", hint="Is this Lago's address?")
        next_page = meta.get("next_page") if isinstance(meta, Mapping) else None
        return _Page(rows, next_page, request, reply.seconds)

    def _body(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The JSON of a 200. Raises NotFound, KeyRefused, Unreachable."""
        place, body = self._wire.place, reply.body
        said = body if isinstance(body, Mapping) and is_error(reply.status, body) else None
        code = str((said or {}).get("code") or (said or {}).get("error") or "")[:200]
        if reply.status == 200 and isinstance(body, Mapping):
            return body
        if reply.status in (401, 403):
            raise KeyRefused(
                f"{place} refused the key ({reply.status} {code})".rstrip(),
                hint="Check LAGO_API_KEY: it may be wrong, expired, of another organization, or not allowed to read this.",
            )
        if reply.status == 404 and said is not None:
            raise NotFound(
                f"Lago at {place} has no {what}", code, hint="Check the id, and the organization of the key."
            )
        shape = "not in JSON" if body is None else f"{code}".strip() or "not as Lago does"
        raise Unreachable(f"{place} answered {reply.status} for {what}, {shape}", hint="Is this Lago's address?")

    def _model(self, model: type[F], row: Mapping[str, Any], what: str) -> F:
        try:
            return model.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Unreachable(f"{what} from {self._wire.place} cannot be read: `{place}`: {first['msg']}") from error


def _reads_and_refreshes(method: str, path: str) -> bool:
    return reads_only(method, path) or (method == "PUT" and path.endswith("/refresh"))


def _id(lago_id: str) -> str:
    """An id as it may stand in a path. `PUT /invoices//finalize` reaches another route, so nothing unchecked does."""
    try:
        return parse_lago_id(lago_id)
    except ValueError as error:
        raise Bug(f"`{lago_id}` was about to go into a path: {error}") from error


def _name(name: str) -> str:
    if name in ("", ".", ".."):
        raise Denied(f"`{name}` cannot be asked for by name")
    return quote(name, safe="")
