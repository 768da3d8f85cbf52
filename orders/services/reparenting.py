"""Private steps that put a bill somewhere else: under another table, name or party. Nothing is sent again.

A name is taken after every row is locked, and never before an order number is drawn (``opening``): two tills that take
each other's names would wait for ever.
"""

from collections.abc import Iterable

from django.utils import timezone

from bookings.models import Party
from floorplan.models import Table
from orders.models import CLOSED_STATUSES, LineState, Order, OrderLine, OrderStatus, Origin, PaymentKind
from orders.models.order_line import KITCHEN_STATES
from orders.row_locks import Held, orders_for_update
from orders.services.allergies import forget_who_has_seen, keep_warnings
from orders.services.billing import follow_party, settle
from orders.services.locking import give_back, refuse_if_lent
from orders.services.merging import tell_stations
from orders.services.naming import base_name_of, save_under_free_name, shortened
from orders.services.opening import open_order_of
from orders.services.tenders import refuse_if_closed
from pos.errors import Conflict
from pos.events import OrderChanged, publish
from pos.money import format_money
from pos.permissions import Actor


def ready_to_move(held: Held, order: Order, actor: Actor) -> Order:
    """Nothing moves under a lease; one that ran out is given back first, with what waited for it.

    Raises OrderClosed, Locked.
    """
    refuse_if_closed(order)
    lapsed = held.leases.get(order.pk)
    if lapsed is not None and not lapsed.is_live(held.now):
        give_back(held, order, lapsed, actor, reason="lapsed")
    refuse_if_lent(held, order)
    return order


def own_orders(held: Held, party: Party) -> list[Order]:
    """The party's open bills that are held, oldest first."""
    mine = (order for order in held.orders.values() if order.party_id == party.pk and order.is_open)
    return sorted(mine, key=lambda order: order.pk)


def is_named_by_place(order: Order) -> bool:
    """Unless Dojo gave it a name of its own; a table that was renamed since is a place all the same."""
    return order.origin == Origin.STAFF or order.display_base == base_name_of(order)


def refuse_with_deposit(order: Order) -> None:
    """A deposit pays the bills of its own party: under another it would be there twice, or gone. Raises Conflict."""
    used = sum(order.payments.filter(kind=PaymentKind.DEPOSIT).values_list("amount", flat=True))
    if used:
        paid = format_money(used, order.currency)
        raise Conflict(f"{paid} of {order.display_name} is paid by its party's deposit. Take that off first.")


def put_on_table(held: Held, order: Order, table: Table) -> None:
    """Give the bill another table, and the name of it unless Dojo named it; its cards in the kitchen follow."""
    named_by_place = is_named_by_place(order)
    order.is_tab = False
    order.table = table
    order.updated_at = held.now
    if order.is_open and named_by_place:
        _name_by_place(order)
    else:
        order.save()
    publish(OrderChanged(venue_id=held.venue.pk, order_id=order.pk))
    tell_kitchen(held, [order])


def follow_table_name(table: Table, *, before: str) -> None:
    """The place is called something else now, and so are its open bills, unless Dojo named them.

    The caller holds the tills.
    """
    now = timezone.now()
    at_table = Order.objects.filter(table=table).exclude(status__in=CLOSED_STATUSES).values_list("pk", flat=True)
    for order in orders_for_update(table.venue, at_table):
        if order.origin == Origin.STAFF or order.display_base == shortened(before):
            order.updated_at = now
            _name_by_place(order)


def put_on_tab(held: Held, order: Order) -> None:
    """Take the bill off its table: from now on it goes by its guest's name. The caller settles."""
    party = held.party_of(order)
    if party is not None:
        keep_warnings(held, order, party)
    order.is_tab = True
    order.table = order.party = None
    order.is_separate_bill = order.joins_back = False
    order.follows = None
    _name_by_place(order)
    tell_kitchen(held, [order])


def join_party(held: Held, order: Order, party: Party, table: Table, actor: Actor) -> None:
    """Hang a bill under the party at another table; beside a bill that is there already it is one of its own."""
    before = held.party_of(order)
    if before is not None and before.pk != party.pk:
        refuse_with_deposit(order)
        keep_warnings(held, order, before)
    if party.allergens or party.allergy_note:
        forget_who_has_seen([order])
    bill = open_order_of(held, party)
    named_by_place = is_named_by_place(order)
    order.is_tab = order.joins_back = False
    order.follows = None
    order.party = party
    order.reservation_id = party.reservation_id
    order.is_separate_bill = bill is not None and bill.pk != order.pk and not order.is_prepaid
    order.covers = party.covers if not order.is_prepaid else order.covers
    order.table = table
    if named_by_place:
        _name_by_place(order)
    settle(held, order, actor)
    tell_kitchen(held, [order])
    if before is not None and before.pk != party.pk:
        follow_party(held, before)


def tell_kitchen(held: Held, orders: Iterable[Order]) -> None:
    """Cards that are on a station's screen show another table from now on."""
    shown = (*KITCHEN_STATES, LineState.VOIDED)
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders], state__in=shown, sent_at__isnull=False)
    tell_stations(held, list(lines))


def _name_by_place(order: Order) -> None:
    base = base_name_of(order)
    if base == order.display_base:
        order.save()
        return
    order.display_base = base
    save_under_free_name(order, first=_place_in_evening(order))


def _place_in_evening(order: Order) -> int:
    """The second bill of a party is ``Table 12 · 2`` also when the first is paid."""
    if order.party_id is None or order.is_prepaid:
        return 1
    earlier = Order.objects.filter(party=order.party_id, is_prepaid=False, merged_into__isnull=True, pk__lt=order.pk)
    return 1 + earlier.exclude(status=OrderStatus.CANCELED).count()
