"""How many queries the four busy capabilities cost, part by part: what a venue is asked for all day stays lean."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from tests.bills import a_bill, add_line, settled
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, an_order, pounds
from tests.capabilities.roads import ROADS
from tests.factories import WorkingVenue
from tests.tally import Tally


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
