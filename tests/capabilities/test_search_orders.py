"""SearchOrders: which orders a card machine lists, page by page."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from dojo_integration.models import OrderDocument
from orders.models import LineState
from pos.ids import ORDER, new_id
from pos.models import Venue
from pos.permissions import Requester
from tests.bills import a_bill, settled
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, an_order
from tests.factories import MembershipFactory, OrderFactory, ReservationFactory, WorkingVenue


def ids(dojo: Dojo, *, waiter: str = "", **params: object) -> list[str]:
    page = dojo.get("SearchOrders", params, Requester(waiter_id=waiter))
    return [order["id"] for order in page["data"]]


def test_lists_every_order_newest_first(dojo: Dojo, uk: WorkingVenue) -> None:
    # given an open, a paid and a cancelled order
    bill = a_bill(uk, table="t1")
    paid = a_bill(uk, table="t2")
    dojo.get("RecordOrderPaymentById", a_payment(paid.pk, 5000))
    cancelled = dojo.get("CancelOrderById", {"orderId": dojo.get("CreateOrder", an_order(payments=[]))["id"]})
    # then
    assert ids(dojo) == [cancelled["id"], paid.pk, bill.pk]
    assert ids(dojo, payableOnly=False) == [cancelled["id"], paid.pk, bill.pk]
    assert ids(dojo, payableOnly=True) == [bill.pk]


def test_a_till_with_a_wrong_clock_changes_nothing_of_the_order(dojo: Dojo, uk: WorkingVenue) -> None:
    # given an order whose id, made by a till, is years older than the one before it
    first = settled(OrderFactory(venue=uk.venue))
    late = settled(OrderFactory(venue=uk.venue, id=new_id(ORDER, datetime(2020, 1, 1, tzinfo=UTC))))
    # then
    assert late.pk < first.pk
    assert ids(dojo) == [late.pk, first.pk]


def test_payable_means_open_with_something_outstanding(dojo: Dojo, uk: WorkingVenue) -> None:
    unsent = a_bill(uk, table="t1", state=LineState.UNSENT)
    part_paid = a_bill(uk, table="t2")
    dojo.get("RecordOrderPaymentById", a_payment(part_paid.pk, 4999))
    empty = settled(OrderFactory(venue=uk.venue, table=uk.tables["t3"]))
    assert ids(dojo, payableOnly=True) == [part_paid.pk, unsent.pk]
    assert empty.pk in ids(dojo)
    for order in dojo.get("SearchOrders")["data"]:
        assert order["payable"] is (order["id"] != empty.pk)


def test_filters_combine(dojo: Dojo, uk: WorkingVenue) -> None:
    # given two tables, two waiters, and one order that is a reservation's
    other = MembershipFactory(venue=uk.venue, waiter_id="77")
    booked = ReservationFactory(venue=uk.venue)
    first = a_bill(uk, table="t1")
    second = a_bill(uk, table="t2", reservation=booked)
    OrderDocument.objects.all().delete()
    second.waiter = other
    second.save()
    first, second = settled(first), settled(second)
    # then
    assert ids(dojo, dineIn={"tableId": "t1"}) == [first.pk]
    assert ids(dojo, dineIn={"tableId": "t2"}) == [second.pk]
    assert ids(dojo, dineIn={"waiterId": "77"}) == [second.pk]
    assert ids(dojo, dineIn={"partyId": first.party_id}) == [first.pk]
    assert ids(dojo, dineIn={"reservationId": booked.pk}) == [second.pk]
    assert ids(dojo, dineIn={"tableId": "t2", "waiterId": "77"}, payableOnly=True) == [second.pk]
    assert ids(dojo, dineIn={"tableId": "t1", "waiterId": "77"}) == []
    assert ids(dojo, dineIn={}) == [second.pk, first.pk]


@pytest.mark.parametrize("name", ["tableId", "waiterId", "partyId", "reservationId"])
@pytest.mark.parametrize("value", ["nobody", "", " ", "x" * 5000, "' OR 1=1 --", "🍷"])
def test_a_value_nobody_knows_matches_nothing(dojo: Dojo, uk: WorkingVenue, name: str, value: str) -> None:
    # given an order with a table, and one without anything to filter by
    a_bill(uk)
    settled(OrderFactory(venue=uk.venue))
    assert ids(dojo, dineIn={name: value}) == []


def test_the_requesters_waiter_restricts_only_where_the_venue_says_so(dojo: Dojo, uk: WorkingVenue) -> None:
    mine = a_bill(uk, table="t1")
    nobodys = a_bill(uk, table="t2")
    nobodys.waiter = None
    nobodys.save()
    settled(nobodys)
    me = uk.waiter.waiter_id

    assert ids(dojo, waiter=me) == ids(dojo, waiter="nobody") == [nobodys.pk, mine.pk]

    uk.venue.own_orders_only = True
    uk.venue.save()
    assert ids(dojo, waiter=me) == [mine.pk]
    assert ids(dojo, waiter=me, dineIn={"tableId": "t2"}) == []
    assert ids(dojo, waiter="nobody") == []
    assert ids(dojo) == [nobodys.pk, mine.pk]


def test_pages_lead_on_and_back(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    orders = [settled(OrderFactory(venue=uk.venue)).pk for _ in range(5)][::-1]
    # when
    first = dojo.get("SearchOrders", {"cursor": {"limit": 2}})
    second = dojo.get("SearchOrders", {"cursor": {"limit": 2, "after": first["after"]}})
    third = dojo.get("SearchOrders", {"cursor": {"limit": 2, "after": second["after"]}})
    # then
    assert [[order["id"] for order in page["data"]] for page in (first, second, third)] == [
        orders[:2],
        orders[2:4],
        orders[4:],
    ]
    assert [page.keys() - {"data"} for page in (first, second, third)] == [{"after"}, {"before", "after"}, {"before"}]
    # and back again, with a new order on top
    newest = settled(OrderFactory(venue=uk.venue)).pk
    assert ids(dojo, cursor={"limit": 2, "before": third["before"]}) == orders[2:4]
    back = dojo.get("SearchOrders", {"cursor": {"limit": 2, "before": second["before"]}})
    assert [order["id"] for order in back["data"]] == orders[:2]
    assert ids(dojo, cursor={"limit": 2, "before": back["before"]}) == [newest]


def test_a_hundred_is_the_page_unless_asked_otherwise(dojo: Dojo, uk: WorkingVenue) -> None:
    # given one order's document a hundred and one times
    order_id = a_bill(uk).pk
    body = OrderDocument.objects.get(order_id=order_id).body
    OrderDocument.objects.all().delete()
    for number in range(101):
        OrderDocument.objects.create(
            order_id=f"order_{number:026d}",
            venue_id=uk.venue.pk,
            number=number,
            payable=True,
            body=body.replace(order_id, str(number)),
        )
    page = dojo.get("SearchOrders")
    assert [order["id"] for order in page["data"]] == [str(number) for number in range(100, 0, -1)]
    assert len(ids(dojo, cursor={"after": page["after"]})) == 1


def test_a_cursor_of_another_venue_or_search_is_refused(
    dojo: Dojo, dojo_of: Callable[[Venue], Dojo], uk: WorkingVenue, irish: WorkingVenue
) -> None:
    # given real cursors from elsewhere
    for _ in range(2):
        settled(OrderFactory(venue=irish.venue))
    foreign = dojo_of(irish.venue).get("SearchOrders", {"cursor": {"limit": 1}})["after"]
    tables = dojo.get("SearchTables", {"cursor": {"limit": 1}})
    of_tables = (tables[0] if isinstance(tables, list) else tables)["after"]
    # then
    for text in (foreign, of_tables, foreign[:-1], "", "x"):
        for name in ("after", "before"):
            answer = dojo.refused("SearchOrders", {"cursor": {name: text}})
            assert (answer.error_type, answer.message.split(":")[0]) == ("InvalidRequest", f"cursor.{name}")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cursor": {"limit": 0}}, "cursor.limit"),
        ({"cursor": {"limit": 101}}, "cursor.limit"),
        ({"cursor": {"limit": -1}}, "cursor.limit"),
        ({"cursor": {"limit": "10"}}, "cursor.limit"),
        ({"cursor": {"limit": 10.0}}, "cursor.limit"),
        ({"cursor": {"limit": True}}, "cursor.limit"),
        ({"cursor": {"before": "x", "after": "x"}}, "cursor.before"),
        ({"cursor": {"after": 5}}, "cursor.after"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": []}, "cursor"),
        ({"payableOnly": "true"}, "payableOnly"),
        ({"payableOnly": 1}, "payableOnly"),
        ({"dineIn": []}, "dineIn"),
        ({"dineIn": "t1"}, "dineIn"),
        ({"dineIn": {"tableId": 5}}, "dineIn.tableId"),
        ({"dineIn": {"waiterId": ["1"]}}, "dineIn.waiterId"),
        ({"dineIn": {"partyId": {}}}, "dineIn.partyId"),
        ({"dineIn": {"reservationId": False}}, "dineIn.reservationId"),
    ],
)
def test_wrong_types_are_named(dojo: Dojo, params: dict, field: str) -> None:
    answer = dojo.refused("SearchOrders", params)
    assert answer.error_type == "InvalidRequest"
    assert answer.message.startswith(f"{field}: ")


def test_what_is_unknown_or_null_is_left_alone(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk)
    assert ids(dojo, dineIn=None, cursor=None, payableOnly=None, more={"x": 1}) == [order.pk]
    assert ids(dojo, dineIn={"tableId": None, "color": "red"}, cursor={"limit": None, "after": None}) == [order.pk]


@pytest.mark.parametrize("count", [1, 30])
def test_reading_costs_the_same_for_one_order_and_for_thirty(
    dojo: Dojo, uk: WorkingVenue, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    # given
    orders = [settled(OrderFactory(venue=uk.venue)) for _ in range(count + 1)]
    page = dojo.get("SearchOrders", {"cursor": {"limit": 1}})
    # then: one query for the credentials, one for the orders, one more for a page in the middle
    with django_assert_num_queries(2):
        dojo.get("SearchOrders", {"payableOnly": False})
    with django_assert_num_queries(2):
        dojo.get("GetOrderById", {"orderId": orders[0].pk})
    with django_assert_num_queries(3):
        dojo.get("SearchOrders", {"cursor": {"after": page["after"]}})
