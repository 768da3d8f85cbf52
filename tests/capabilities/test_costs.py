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
from tests.factories import DiscountFactory, LineModifierFactory, LineSubItemFactory, TableFactory, WorkingVenue

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
