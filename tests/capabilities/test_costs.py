"""No capability asks the database more often because there is more to answer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dojo_integration.capabilities import TABLE
from orders.models import LineState, Order
from tests.bills import a_bill, add_line, settled
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, an_order, in_minutes, pounds
from tests.capabilities.roads import ROADS
from tests.factories import DiscountFactory, LineModifierFactory, LineSubItemFactory, TableFactory, WorkingVenue
from tests.tally import Tally

TABLES = {1: "t1", 30: "t2"}


def a_big_bill(shop: WorkingVenue, size: int, state: LineState = LineState.SENT) -> Order:
    """So many lines with all that can hang on them, at a table of its own."""
    order = a_bill(shop, total=1000, table=TABLES[size], state=state)
    for _ in range(size):
        line = add_line(shop, order, 1000, state=state)
        part = LineSubItemFactory(line=line)
        LineModifierFactory(line=line, price=10)
        LineModifierFactory(line=line, sub_item=part, price=10)
        DiscountFactory(order=order, line=line, percent=100)
    return settled(order)


def _locked(dojo: Dojo, shop: WorkingVenue, size: int) -> dict[str, Any]:
    params = {"orderId": a_big_bill(shop, size).pk, "lockId": "lock-1", "expiry": in_minutes(5)}
    dojo.get("CreateOrderLock", params)
    return params


def _large_order(dojo: Dojo, shop: WorkingVenue, size: int) -> dict[str, Any]:
    item = an_order()["items"][0] | {"subItems": [an_order()["items"][0] | {"plu": "lager-pint"}]}
    return an_order(f"dojo-{size}", items=[item] * size, totalAmount=pounds(7200 * size), payments=[])


def _room(dojo: Dojo, shop: WorkingVenue, size: int) -> dict[str, Any]:
    for number in range(size):
        name = f"more-{size}-{number}"
        TableFactory(venue=shop.venue, area=shop.area, code=name, name=name).waiters.add(shop.waiter)
    return {}


def _orders(dojo: Dojo, shop: WorkingVenue, size: int) -> dict[str, Any]:
    for _ in range(size):
        add_line(shop, a_bill(shop, name=f"Bill {Order.objects.count()}"), 100)
    return {}


# What is asked where there is so much of it; each row of the table needs one.
LOADS: dict[str, Callable[[Dojo, WorkingVenue, int], dict[str, Any]]] = {
    "ListAreas": _room,
    "SearchTables": _room,
    "SearchOrders": _orders,
    "GetOrderById": lambda dojo, shop, size: {"orderId": a_big_bill(shop, size).pk},
    "CreateOrder": _large_order,
    "CancelOrderById": lambda dojo, shop, size: {"orderId": a_big_bill(shop, size).pk},
    "RecordOrderPaymentById": lambda dojo, shop, size: a_payment(a_big_bill(shop, size).pk, 500, f"pi-{size}"),
    "GetOrderBillById": lambda dojo, shop, size: {"orderId": a_big_bill(shop, size).pk},
    "CreateOrderLock": lambda dojo, shop, size: {
        "orderId": a_big_bill(shop, size).pk,
        "lockId": "lock-1",
        "expiry": in_minutes(5),
    },
    "ExtendOrderLock": _locked,
    "DeleteOrderLock": _locked,
}


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_thirty_cost_what_one_costs(capability, dojo: Dojo, uk: WorkingVenue) -> None:
    counts = {}
    for size in (1, 30):
        params = LOADS[capability.name](dojo, uk, size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            dojo.get(capability.name, params)
        counts[size] = len(queries)
    assert counts[1] == counts[30]


# --- the four that a venue is asked for all day -----------------------------------------------------------------------


def _ten_lines(shop: WorkingVenue) -> Order:
    order = a_bill(shop, total=1000)
    for _ in range(9):
        add_line(shop, order, 1000)
    return settled(order)


def _phone_order(**details: Any) -> dict[str, Any]:
    """Ten lines with a choice each, paid."""
    items = an_order()["items"] * 10
    payments = [{"paymentIntentId": "pi-1", "paidAmount": pounds(36_000)}]
    return an_order(items=items, totalAmount=pounds(36_000), payments=payments, details=details)


# Whose credentials these are, in every call.
CREDENTIALS = 1
# One order by its id, or a page of them: what is asked for is stored as it is sent.
STORED = 1
# Its beginning, its end, and how long it waits for a lock.
TRANSACTION = 3
# Whose order it is, the period, the party, the order with those that wait to join it, the leases on them.
HELD_ORDER = 5
# The intent, its row, the share that it pays, the payment.
CARD_PAYMENT = 4
# Whether there is a plan of shares, what is paid, whether all is sent and served, the order's money.
MONEY_SETTLED = 4
# The other bills at the table.
PARTY_FOLLOWED = 1
# What the floor calls it from now on, where that is another word.
PARTY_RENAMED = 1
# What Dojo sees of it, and how that is written.
DOCUMENT = 2
# Seen before? The period; what the menu knows; a number, a free name, and the order under it, whatever happens to it.
NEW_ORDER = 8
# The round, lines, and choices, each kind at once.
ITS_ROWS = 3
# Which table that is, its lock, and who sits there.
AT_A_TABLE = 3
# The party with its open orders and their leases, held; whether it still sits there, and what nobody there may eat.
UNDER_A_PARTY = 5

RECORD_PAYMENT = (
    CREDENTIALS + TRANSACTION + HELD_ORDER + CARD_PAYMENT + MONEY_SETTLED + PARTY_FOLLOWED + PARTY_RENAMED + DOCUMENT
)
CREATE_ORDER = CREDENTIALS + TRANSACTION + NEW_ORDER + ITS_ROWS + CARD_PAYMENT + MONEY_SETTLED + DOCUMENT

MOST: dict[str, tuple[str, int, Callable[[WorkingVenue], dict[str, Any]]]] = {
    "an order": ("GetOrderById", CREDENTIALS + STORED, lambda shop: {"orderId": _ten_lines(shop).pk}),
    "a page of orders": ("SearchOrders", CREDENTIALS + STORED, lambda shop: {"payableOnly": True}),
    "a bill is paid": (
        "RecordOrderPaymentById",
        RECORD_PAYMENT,
        lambda shop: a_payment(_ten_lines(shop).pk, 10_000),
    ),
    "part of a bill is paid": (
        "RecordOrderPaymentById",
        # Nobody asks what is served before all is paid.
        RECORD_PAYMENT - 1,
        lambda shop: a_payment(_ten_lines(shop).pk, 4_000),
    ),
    "something to collect": (
        "CreateOrder",
        CREATE_ORDER,
        lambda shop: _phone_order(orderType="Collection", collection={"asap": True}),
    ),
    "something at a free table": (
        "CreateOrder",
        CREATE_ORDER + AT_A_TABLE,
        lambda shop: _phone_order(orderType="DineIn", dineIn={"tableId": "t3"}),
    ),
    "something at a table with guests": (
        "CreateOrder",
        CREATE_ORDER + AT_A_TABLE + UNDER_A_PARTY + PARTY_FOLLOWED,
        lambda shop: _phone_order(orderType="DineIn", dineIn={"tableId": _ten_lines(shop).table.code}),
    ),
}


# Committed in earnest: an answer whose document is only remembered at the commit would be read once more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", MOST)
def test_what_is_asked_all_day_costs_no_more_queries_than_this(uk: WorkingVenue, tally: Tally, what: str) -> None:
    # given: the road that remembers no requests
    name, most, load = MOST[what]
    params = load(uk)
    dojo = Dojo(ROADS["rest"](uk.venue), tally)
    # when
    with CaptureQueriesContext(connection) as queries:
        dojo.get(name, params)
    # then
    assert len(queries) <= most, "\n".join(query["sql"][:150] for query in queries)
