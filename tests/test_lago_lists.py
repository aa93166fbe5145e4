"""Lists of Lago, as servers of every age answer them: counts that lie, filters that are dropped, pages that move."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from peers import Patient, Peer, answer, peer
from recorded import answers

from engine.errors import Unreachable
from engine.lago import KeyRefused, Lago
from engine.values import Secret

Row = dict[str, Any]
Said = Callable[[str, Mapping[str, str]], tuple[int, Any]]


def row_of(key: str, name: str, stage: str = "draft") -> Row:
    """The first row of a recorded list."""
    for _, _, status, body in answers(name, stage):
        if status == 200 and body.get(key):
            found: Row = body[key][0]
            return found
    raise AssertionError(f"no {key} in {name}/{stage}")


INVOICE = row_of("invoices", "finalize_ok")
CUSTOMER = INVOICE["customer"]["external_id"]
LISTS = "/api/v1/invoices"


def invoice(number: int, **changes: Any) -> Row:
    return INVOICE | {"lago_id": str(uuid.UUID(int=number))} | changes


def ids(rows: Sequence[Any]) -> list[int]:
    return [uuid.UUID(row.lago_id).int for row in rows]


@contextmanager
def serving(said: Said) -> Iterator[tuple[Lago, Peer]]:
    """A Lago that answers path and query as told, and the client at it."""

    def talk(connection: Any, number: int) -> None:
        url = urlsplit(found.lines[number - 1].split(" ")[1])
        status, body = said(url.path, dict(parse_qsl(url.query)))
        connection.sendall(answer(json.dumps(body, default=float).encode(), status))

    with peer(talk) as found:
        yield Lago(f"{found.url}/api/v1", Secret("the-key"), clock=Patient()), found


def pages(*given: Sequence[Row], meta: Mapping[str, Any] | None = None) -> Said:
    """A list of these pages and then empty ones. Without `meta`, every page claims that another one follows."""

    def said(path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        at = int(query.get("page", "1")) - 1
        rows = given[at] if at < len(given) else []
        claimed = {"current_page": at + 1, "next_page": at + 2, "total_pages": 99, "total_count": 132}
        return 200, {"invoices": list(rows), "meta": claimed if meta is None else dict(meta)}

    return said


def full(first: int) -> list[Row]:
    return [invoice(number) for number in range(first, first + 100)]


def asked(found: Peer) -> list[str]:
    return [line.split(" ")[1].removeprefix(LISTS) for line in found.lines]


PLAIN = f"?external_customer_id={CUSTOMER}&status=draft"


@pytest.mark.parametrize(
    ("said", "numbers", "queries"),
    [
        (pages([]), [], [PLAIN]),
        (pages([invoice(1)]), [1], [PLAIN]),
        (pages(full(0)[:99]), list(range(99)), [PLAIN]),
        (pages(full(0)), list(range(100)), [PLAIN, f"{PLAIN}&page=2"]),
        (pages(full(0), meta={"next_page": None}), list(range(100)), [PLAIN]),
        (pages(full(0), meta={}), list(range(100)), [PLAIN, f"{PLAIN}&page=2"]),
        (pages(full(0), full(100), [invoice(200)]), list(range(201)), [PLAIN, f"{PLAIN}&page=2", f"{PLAIN}&page=3"]),
        (pages(full(0), full(50), meta={}), list(range(150)), [PLAIN, f"{PLAIN}&page=2", f"{PLAIN}&page=3"]),
        (pages(*[full(0)] * 9), list(range(100)), [PLAIN, f"{PLAIN}&page=2"]),
    ],
    ids=[
        "empty",
        "a stale count claims more",
        "not full",
        "full, then empty",
        "full and the last",
        "no word about the next",
        "three pages",
        "a page that moved",
        "a server that knows no pages",
    ],
)
def test_a_list_is_read_to_its_end_and_each_row_once(said: Said, numbers: list[int], queries: list[str]) -> None:
    with serving(said) as (client, found):
        fetched = client.list_invoices(CUSTOMER, "draft")
    assert ids(fetched.value) == numbers
    assert asked(found) == queries
    assert [str(request) for request in fetched.requests] == [f"GET {LISTS}{query}" for query in queries]


def test_rows_that_the_filter_should_have_kept_out_are_left_out() -> None:
    another = INVOICE["customer"] | {"external_id": "another"}
    rows = [
        invoice(1),
        invoice(2, status="finalized"),
        invoice(3, customer=another),
        invoice(4, status="a newer word"),
        invoice(5, customer=None, fees="odd"),
        invoice(6),
    ]
    with serving(pages(rows)) as (client, _):
        assert ids(client.list_invoices(CUSTOMER, "draft").value) == [1, 6]


def test_all_drafts_are_asked_for_page_by_page() -> None:
    another = INVOICE["customer"] | {"external_id": "another"}
    said = pages(full(0), [invoice(100, customer=another), invoice(101, status="finalized"), invoice(7)])
    with serving(said) as (client, found):
        assert ids(client.drafts().value) == list(range(101))
    assert asked(found) == ["?status=draft&per_page=100&page=1", "?status=draft&per_page=100&page=2"]


def test_one_customers_drafts_are_that_customers_list() -> None:
    with serving(pages([invoice(1)])) as (client, found):
        assert ids(client.drafts(CUSTOMER).value) == [1]
    assert asked(found) == [PLAIN]


def test_a_list_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lago_reading.MOST_PAGES", 3)
    said = pages(full(0), full(100), full(200), full(300))
    with serving(said) as (client, found), pytest.raises(Unreachable, match=r"list of invoices .* has no end"):
        client.drafts()
    assert len(found.requests) == 3


@pytest.mark.parametrize(
    "body",
    [{}, {"invoices": None}, {"invoices": {}}, {"invoices": [1]}, {"invoices": [{}]}, {"invoices": [{"lago_id": {}}]}],
    ids=repr,
)
def test_a_list_of_another_shape_is_no_list(body: Any) -> None:
    with (
        serving(lambda path, query: (200, body)) as (client, _),
        pytest.raises(Unreachable, match="not with a list of invoices"),
    ):
        client.list_invoices(CUSTOMER, "draft")


def test_a_row_that_cannot_be_read_is_named() -> None:
    with (
        serving(pages([invoice(1, total_amount_cents=1.5)])) as (client, _),
        pytest.raises(Unreachable, match=r"invoices from .* cannot be read: `total_amount_cents`"),
    ):
        client.list_invoices(CUSTOMER, "draft")


# Subscriptions

SUBSCRIPTION = row_of("subscriptions", "finalize_ok")
OWNER = SUBSCRIPTION["external_customer_id"]
GONE = {"status": 404, "error": "Not Found", "code": "subscription_not_found"}


def subscription(name: str, **changes: Any) -> Row:
    return SUBSCRIPTION | {"external_id": name, "lago_id": str(uuid.uuid5(uuid.NAMESPACE_URL, name))} | changes


def customer_with(listed: Sequence[Row], singles: Mapping[str, Row]) -> Said:
    """A server with this list; a subscription shows singly under its name, or its name and `?terminated`."""

    def said(path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        if path == "/api/v1/subscriptions":
            return 200, {"subscriptions": list(listed), "meta": {"next_page": None}}
        name = path.rpartition("/")[2] + ("?terminated" if query.get("status") == "terminated" else "")
        return (200, {"subscription": singles[name]}) if name in singles else (404, GONE)

    return said


def found_by(said: Said, *wanted: str) -> tuple[list[str], list[str]]:
    with serving(said) as (client, found):
        items = client.get_subscriptions(OWNER, wanted).value.items
    singles = [line.split(" ")[1].removeprefix("/api/v1/subscriptions/") for line in found.lines[1:]]
    return [f"{one.external_id} {one.status}" for one in items], singles


def test_every_status_is_asked_for_at_once() -> None:
    said = customer_with([subscription("a"), subscription("b", status="terminated")], {})
    with serving(said) as (client, found):
        client.get_subscriptions(OWNER, ["a", "b"])
    statuses = "".join(f"&status%5B%5D={one}" for one in ("active", "terminated", "pending", "canceled"))
    assert found.lines == [f"GET /api/v1/subscriptions?external_customer_id={OWNER}{statuses} HTTP/1.1"]


def test_one_that_the_list_lacks_is_asked_for_singly() -> None:
    ended = subscription("b", status="terminated")
    assert found_by(customer_with([subscription("a")], {"b": subscription("b")}), "a", "b") == (
        ["a active", "b active"],
        ["b"],
    )
    assert found_by(customer_with([], {"b?terminated": ended}), "b") == (["b terminated"], ["b", "b?status=terminated"])
    assert found_by(customer_with([], {}), "b") == ([], ["b", "b?status=terminated"])


def test_others_subscriptions_are_left_out() -> None:
    listed = [subscription("a"), subscription("b", external_customer_id="another"), subscription("c", status="odd")]
    assert found_by(customer_with(listed, {})) == (["a active"], [])
    theirs = {"b": subscription("b", external_customer_id="another")}
    assert found_by(customer_with([], theirs), "b") == ([], ["b"])


def test_another_subscription_than_the_one_asked_for_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="another subscription than `b`"):
        found_by(customer_with([], {"b": subscription("a")}), "b")


# Credits

COUPON = row_of("applied_coupons", "coupon_at_finalize")
NOTE = row_of("credit_notes", "credit_note_at_finalize")
WALLET = row_of("wallets", "wallet_at_finalize")


def credits(coupons: Sequence[Row] = (), notes: Sequence[Row] = (), wallets: Sequence[Row] | None = ()) -> Said:
    """The three lists; wallets None is what Lago says of a customer whom it does not know."""
    lists = {"applied_coupons": coupons, "credit_notes": notes, "wallets": wallets}

    def said(path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        key = path.rpartition("/")[2]
        rows = lists[key]
        if rows is None:
            return 404, {"status": 404, "error": "Not Found", "code": "customer_not_found"}
        return 200, {key: list(rows), "meta": {"next_page": None}}

    return said


def test_credits_are_the_customers_own_and_coupons_active_ones() -> None:
    mine = {"external_customer_id": "me"}
    note = NOTE | {"customer": NOTE["customer"] | {"external_id": "me"}}
    said = credits(
        [COUPON | mine, COUPON | mine | {"lago_id": "2", "status": "terminated"}, COUPON | {"lago_id": "3"}],
        [note, NOTE | {"lago_id": "4"}],
        [WALLET | mine, WALLET | {"lago_id": "5"}],
    )
    with serving(said) as (client, found):
        value = client.get_credits("me").value
    got = [[one.lago_id for one in rows] for rows in (value.applied_coupons, value.credit_notes, value.wallets)]
    assert got == [[COUPON["lago_id"]], [NOTE["lago_id"]], [WALLET["lago_id"]]]
    assert sorted(line.split(" ")[1] for line in found.lines) == [
        "/api/v1/applied_coupons?external_customer_id=me&status=active",
        "/api/v1/credit_notes?external_customer_id=me",
        "/api/v1/wallets?external_customer_id=me",
    ]


def test_a_customer_without_wallets_may_read_as_unknown() -> None:
    with serving(credits(wallets=None)) as (client, _):
        assert client.get_credits("me").value.wallets == ()


@pytest.mark.parametrize(("status", "error"), [(404, Unreachable), (401, KeyRefused)])
def test_another_error_for_wallets_is_one(status: int, error: type[Exception]) -> None:
    def said(path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        return (status, {"message": "no"}) if path.endswith("wallets") else credits()(path, query)

    with serving(said) as (client, _), pytest.raises(error):
        client.get_credits("me")
