"""How an answer of Lago to a read becomes facts, page after page, or a reason in plain words why it does not. Floor 2.

Counts in a list's `meta` are never believed (they are cached for half an hour since v1.44, and not by customer), and
every row is held against the filter that it was asked for with (older servers drop filters that they do not know).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from engine.clock import Clock
from engine.errors import Denied, Unreachable
from engine.facts import Fact
from engine.http.answers import is_error
from engine.http.exchange import Fetched, Request
from engine.http.wire import READ_BUDGET, Reply, Wire
from engine.plain import dataclass

PER_PAGE = 100
MOST_PAGES = 1_000
NOT_LAGO = "Is this Lago's address?"

F = TypeVar("F", bound=Fact)


class NotFound(Denied):
    """Lago has no such thing, or does not show it: closed and deleted invoices read like unknown ones.

    `lago_code` is Lago's own word for it, as `invoice_not_found`.
    """

    def __init__(self, message: str, code: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.lago_code = code


class KeyRefused(Unreachable):
    """Lago does not take the key, or the key may not do this."""


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[dict[str, Any]]
    is_last: bool
    request: Request
    seconds: float


@dataclass(frozen=True, slots=True)
class Listed(Generic[F]):
    """The rows of a list, with the requests for its pages and the seconds that they took."""

    rows: tuple[F, ...]
    requests: tuple[Request, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads over one wire. What stands in the way is Denied (NotFound), KeyRefused or Unreachable."""

    wire: Wire
    clock: Clock

    def one(self, path: str, key: str, model: type[F], what: str, within: float = READ_BUDGET) -> Fetched[F]:
        """The one thing under `key`, tried for `within` seconds; `what` names it in a message."""
        reply = self.wire.read(path, within)
        body = self._body(reply, what)
        if not isinstance(body.get(key), Mapping):
            raise Unreachable(f"{self.wire.place} answered, but not with {what}", hint=NOT_LAGO)
        request = Request("GET", self.wire.target(path))
        return Fetched(self._model(model, body[key], what), (request,), self.clock.now(), reply.seconds)

    def every(
        self,
        path: str,
        query: list[tuple[str, str]],
        model: type[F],
        belongs: Callable[[Mapping[str, Any]], bool],
    ) -> Listed[F]:
        """Every row of every page that belongs, each once. Rows that the filter should have kept out are left out."""
        for _, value in query:
            path_name(value)
        rows: dict[str, dict[str, Any]] = {}
        pages = []
        for page in self._pages(path, query):
            pages.append(page)
            rows |= {row["lago_id"]: row for row in page.rows}
        what = _words(path)
        return Listed(
            tuple(self._model(model, row, what) for row in rows.values() if belongs(row)),
            tuple(page.request for page in pages),
            sum(page.seconds for page in pages),
        )

    def _pages(self, path: str, query: list[tuple[str, str]]) -> Iterator[_Page]:
        """Page after page until one is not full, is the last by its own word, or brings nothing new."""
        seen: set[str] = set()
        for number in range(1, MOST_PAGES + 1):
            asked = [(name, value) for name, value in query if name != "page"]
            if number > 1 or ("page", "1") in query:
                asked.append(("page", str(number)))
            page = self._page(path, asked)
            yield page
            ids = {row["lago_id"] for row in page.rows}
            if len(page.rows) < PER_PAGE or page.is_last or ids <= seen:
                return
            seen |= ids
        raise Unreachable(f"the list of {_words(path)} of {self.wire.place} has no end")

    def _page(self, path: str, query: list[tuple[str, str]]) -> _Page:
        key = path.removeprefix("/")
        asked = f"{path}?{urlencode(query)}"
        request = Request("GET", self.wire.target(asked))
        reply = self.wire.read(asked)
        try:
            body = self._body(reply, f"list of {_words(path)}")
        except NotFound:
            if key != "wallets":
                raise
            # GET /wallets of a customer that Lago does not know is a 404, where other lists are empty.
            return _Page([], True, request, reply.seconds)
        rows, meta = body.get(key), body.get("meta")
        if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
            raise Unreachable(f"{self.wire.place} answered, but not with a list of {_words(path)}", hint=NOT_LAGO)
        # A null is always fresh; a number, and every count, may be half an hour old and another customer's.
        is_last = isinstance(meta, Mapping) and "next_page" in meta and meta["next_page"] is None
        return _Page(rows, is_last, request, reply.seconds)

    def _body(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The JSON of a 200. Raises NotFound, KeyRefused, Unreachable."""
        place, body = self.wire.place, reply.body
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
        if 300 <= reply.status < 400:
            shape = "which leads elsewhere, and the key is not sent on"
        elif body is None:
            shape = "not in JSON"
        else:
            shape = code or "not as Lago does"
        raise Unreachable(
            f"{place} answered {reply.status} for {what}, {shape} (request id {reply.request_id})", hint=NOT_LAGO
        )

    def _model(self, model: type[F], row: Mapping[str, Any], what: str) -> F:
        try:
            return model.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Unreachable(f"{what} from {self.wire.place} cannot be read: `{place}`: {first['msg']}") from error


def path_name(name: str) -> str:
    """A name as it may stand in a path. Raises Denied for one that would be a path of its own, or is no text."""
    try:
        if name not in ("", ".", ".."):
            return quote(name, safe="")
    except UnicodeEncodeError:
        pass
    raise Denied(f"Lago cannot be asked for {name!a}", hint="That is no name in Lago.")


def owner(row: Mapping[str, Any]) -> Any:
    """The external id of the customer whose row it is: said by the row, or by the customer in it; else None."""
    customer = row.get("customer")
    return row.get("external_customer_id") or (customer.get("external_id") if isinstance(customer, Mapping) else None)


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("lago_id"), str)


def _words(path: str) -> str:
    return path.removeprefix("/").replace("_", " ")
