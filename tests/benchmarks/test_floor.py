"""The floor stays comparable: it inserts what ours inserts, and touches no table that ours leaves alone."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from benchmarks import operations
from benchmarks.operations import FLOOR, OURS, Ask, Client, Operation
from orders.models import LineState, Order
from tests.bills import a_bill, add_line, settled
from tests.factories import RestCredentialFactory, WorkingVenue

SECRET = "the secret that Dojo sends"


@dataclass(slots=True)
class Answer:
    """What came back, and which rows it took: inserted ones by table, and every table that was written to."""

    body: bytes
    inserted: dict[str, int] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


@pytest.fixture
def client(uk: WorkingVenue, settings: Settings) -> Client:
    settings.ROOT_URLCONF = "benchmarks.urls"
    RestCredentialFactory(venue=uk.venue, username="dojo", secret=SECRET)
    return Client("testserver", "dojo", SECRET)


def answer(ask: Ask) -> Answer:
    """Send the very bytes that the driver sends, as Django's test client takes them."""
    head, _, content = ask.request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    verb, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    content_type = headers.get("Content-Type", "")
    before = _written()
    response = Browser().generic(verb, path, content, content_type, headers=headers)
    after = _written()
    assert ask.wrong(response.status_code, response.content) is None
    changed = {
        table: [now - then for now, then in zip(rows, before[table], strict=True)] for table, rows in after.items()
    }
    return Answer(
        response.content,
        inserted={table: rows[0] for table, rows in changed.items() if rows[0]},
        touched={table for table, rows in changed.items() if any(rows)},
    )


def _written() -> dict[str, tuple[int, int, int]]:
    """By table: rows inserted, updated and deleted in this transaction, as PostgreSQL counts them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables")
        return {table: rows for table, *rows in cursor.fetchall()}


def both(operation: Operation) -> tuple[Answer, Answer]:
    asks = operation.ask(OURS), operation.ask(FLOOR)
    assert asks[0] is not None
    assert asks[1] is not None
    return answer(asks[0]), answer(asks[1])


def test_an_order_is_read_byte_by_byte(client: Client, uk: WorkingVenue) -> None:
    order = a_bill(uk)
    ours, floor = both(operations.get_order(client, [order.pk]))
    assert ours.body == floor.body
    assert ours.touched == floor.touched == set()


def test_a_page_is_the_same_page(client: Client, uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # given more than a page of open bills, and one that is paid
    monkeypatch.setattr("benchmarks.operations.PAGE", 3)
    monkeypatch.setattr("benchmarks.floor.PAGE", 3)
    for number in range(4):
        a_bill(uk, name=f"Bill {number}")
    settled(a_bill(uk, total=0, name="Nothing"))
    # when
    ours, floor = both(operations.search_orders(client))
    # then
    assert orjson.loads(ours.body)["data"] == orjson.loads(floor.body)["data"]
    assert ours.touched == floor.touched == set()


def test_a_payment_writes_as_many_rows(client: Client, uk: WorkingVenue) -> None:
    bills = {OURS: deque([_owing(uk, "t1")]), FLOOR: deque([_owing(uk, "t2")])}
    ours, floor = both(operations.record_payment(client, uk.venue, bills, series="test"))
    assert floor.inserted == ours.inserted == {"orders_paymentintent": 1, "orders_payment": 1}
    assert floor.touched == ours.touched
    assert ours.touched - ours.inserted.keys() == {
        "orders_order", "bookings_party", "dojo_integration_orderdocument", "dojo_integration_outboundevent",
    }  # fmt: skip
    assert _facts(ours) == _facts(floor)
    assert len(floor.body) == pytest.approx(len(ours.body), rel=0.1)
    assert [order.closed_at is None for order in Order.objects.all()] == [False, False]


def test_an_order_from_a_phone_writes_as_many_rows(client: Client, uk: WorkingVenue) -> None:
    ours, floor = both(operations.create_order(client, uk.venue, series="test"))
    assert floor.inserted == ours.inserted == {
        "orders_order": 1,
        "orders_orderline": 10,
        "orders_linemodifier": 3,
        "orders_round": 1,
        "orders_paymentintent": 1,
        "orders_payment": 1,
        "dojo_integration_orderdocument": 1,
        "dojo_integration_outboundevent": 1,
    }  # fmt: skip
    assert floor.touched == ours.touched == {*ours.inserted, "orders_ordernumber"}
    assert _facts(ours) == _facts(floor)
    assert len(floor.body) == pytest.approx(len(ours.body), rel=0.1)


def _owing(shop: WorkingVenue, table: str) -> tuple[str, int]:
    order = a_bill(shop, table=table)
    add_line(shop, order, 700, state=LineState.SERVED)
    order = settled(order)
    return order.pk, order.outstanding


def _facts(found: Answer) -> dict[str, Any]:
    """What of an answer does not depend on which order it is."""
    wire = orjson.loads(found.body)
    facts = {name: wire[name] for name in ("status", "totalAmount", "paidAmount", "payable")}
    facts["items"] = [(item["plu"], item["quantity"], item["amountPerItem"]) for item in wire["items"]]
    facts["payments"] = [(payment["paidAmount"], payment.keys()) for payment in wire["payments"]]
    return facts
