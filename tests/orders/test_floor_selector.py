"""The floor as it is read: nothing that is open is ever missing from it."""

import pytest

from bookings.models import Party
from floorplan.models import Table
from orders.models import LineState, Order
from orders.selectors.floor import read_floor
from orders.services.lines import NewLine
from orders.services.ordering import add_lines
from orders.services.targets import NewCollection, NewCounter, NewTab
from tests.bills import a_bill
from tests.factories import OrderFactory

pytestmark = pytest.mark.django_db


def rail(shop):
    """What stands in the rail, list by list."""
    floor = read_floor(shop.venue, shop.waiter)
    return [[slip.order.display_name for slip in slips] for slips in (floor.tabs, floor.collections, floor.qr_orders)]


def on_tiles(shop):
    rooms = read_floor(shop.venue, shop.waiter).rooms
    return {fact.name for room in rooms for tile in room.tiles for fact in tile.orders}


def test_what_has_no_table_stands_in_the_rail(uk):
    # given
    for target in (NewTab(name="Ana"), NewCollection(name="Sam"), NewCounter()):
        add_lines(actor=uk.by_waiter, target=target, lines=[NewLine(plu="coffee")])
    OrderFactory(venue=uk.venue, origin="dojo", is_prepaid=True, display_base="Sam's phone")
    counter = Order.objects.get(is_prepaid=True, origin="staff")

    # then: also what is eaten here, paid or not
    assert rail(uk) == [["Tab · Ana"], ["Collect · Sam", counter.display_name], ["Sam's phone"]]
    assert on_tiles(uk) == set()


def test_a_phones_order_is_on_its_table_and_in_the_rail(uk):
    # given
    bill = a_bill(uk, state=LineState.SENT)
    OrderFactory(
        venue=uk.venue, origin="dojo", is_prepaid=True, display_base="Phone", table=bill.table, party=bill.party
    )

    # then
    assert rail(uk) == [[], [], ["Phone"]]
    assert on_tiles(uk) == {"Table 1", "Phone"}


def test_a_bill_at_a_table_that_was_put_away_is_not_lost(uk):
    # given: the guests still sit on the terrace that was closed, others have left theirs unpaid
    here, left = a_bill(uk), a_bill(uk, table="t2")
    Party.objects.filter(pk=left.party_id).update(end_time=left.opened_at)
    assert (on_tiles(uk), rail(uk)) == ({"Table 1", "Table 2"}, [[], [], []])

    # when
    Table.objects.filter(pk__in=[here.table_id, left.table_id]).update(is_active=False)

    # then
    assert (on_tiles(uk), rail(uk)) == (set(), [[], ["Table 1", "Table 2"], []])
