"""Private steps that bring an order into being, and say which order new lines belong to."""

from django.db import connection

from bookings.models import Party
from floorplan.models import Table
from orders.models import Order, OrderStatus, OrderType, Origin, ServiceChoice
from orders.row_locks import Held
from orders.services.naming import base_name_of, save_under_free_name
from pos.ids import ORDER, new_id
from pos.models import Membership, Venue

_NEXT_NUMBER = """
    INSERT INTO orders_ordernumber AS n (venue_id, last) VALUES (%s, 1)
    ON CONFLICT (venue_id) DO UPDATE SET last = n.last + 1 RETURNING last
"""


def next_number(venue: Venue) -> int:
    """The venue's next order number; a lost transaction gives it back, so there are no gaps."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_NUMBER, [venue.pk])
        return int(cursor.fetchone()[0])


def new_order(held: Held, *, origin: Origin = Origin.STAFF, order_type: OrderType = OrderType.DINE_IN) -> Order:
    """An order not saved yet, with everything that each order has."""
    return Order(
        id=new_id(ORDER, held.now),
        venue=held.venue,
        origin=origin,
        order_type=order_type,
        status=OrderStatus.NEW,
        currency=held.venue.currency,
        opened_at=held.now,
        updated_at=held.now,
    )


def save_new_order(held: Held, order: Order, *, base: str = "", first: int = 1) -> Order:
    """Number it, name it, save it; from here on the service holds it like any other."""
    order.number = next_number(held.venue)
    order.display_base = base or base_name_of(order)
    save_under_free_name(order, first=first)
    held.orders[order.pk] = order
    return order


def open_for_party(
    held: Held,
    party: Party,
    *,
    waiter: Membership | None,
    table: Table | None = None,
    follows: Order | None = None,
) -> Order:
    """Open the party's next order; the second one of an evening is ``Table 12 · 2`` although the first is paid."""
    order = new_order(held)
    order.party = party
    order.table = table or _first_table(party)
    order.reservation_id = party.reservation_id
    order.waiter = waiter or party.waiter
    order.covers = party.covers
    if follows is not None:
        _wait_to_join(order, follows)
    earlier = party.orders.filter(is_prepaid=False, merged_into__isnull=True).exclude(status=OrderStatus.CANCELED)
    return save_new_order(held, order, first=1 + earlier.count())


def open_follow_on(held: Held, order: Order) -> Order:
    """Open the order that takes new lines while a card machine has this one."""
    party = held.party_of(order)
    if party is not None:
        return open_for_party(held, party, waiter=order.waiter, table=order.table, follows=order)
    follower = new_order(held, order_type=OrderType(order.order_type))
    follower.table = order.table
    follower.waiter = order.waiter
    follower.is_tab = order.is_tab
    follower.tab_description = order.tab_description
    follower.customer_name = order.customer_name
    _wait_to_join(follower, order)
    return save_new_order(held, follower, base=order.display_base, first=2)


def order_for_new_lines(held: Held, order: Order) -> Order:
    """Production never waits for money: while a card machine has the bill, new lines go on the next one."""
    if held.lease_on(order) is None:
        return order
    for follower in held.followers_of(order):
        if follower.is_open and held.lease_on(follower) is None:
            return follower
    return open_follow_on(held, order)


def open_order_of(held: Held, party: Party) -> Order | None:
    """The bill a waiter means by the table: the party's oldest open order that is its own."""
    for order in sorted(held.orders.values(), key=lambda order: order.pk):
        if order.party_id == party.pk and order.is_open and not order.is_prepaid and not order.is_separate_bill:
            return order
    return None


def _wait_to_join(order: Order, first: Order) -> None:
    """Born while a card machine has the first bill; merged into it afterwards if both are still unpaid."""
    order.follows = first
    order.joins_back = True
    # Guests who had service taken off one bill do not find it on the next; an amount Dojo stated was for one order.
    if first.service_choice != ServiceChoice.STATED:
        order.service_choice = first.service_choice


def _first_table(party: Party) -> Table | None:
    link = party.table_links.select_related("table").first()
    return link.table if link else None
