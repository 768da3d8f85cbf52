"""The only SELECT … FOR UPDATE of this app, and the one order in which everything is locked.

Trading period (shared) → tables → reservation → parties → orders → payment intent → children; rows of one kind by
primary key. A service that starts from an order reads its party unlocked, locks party then order, and starts again
if the party changed in between. The clock is read after the locks: what waited must not act on an old now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from bookings.models import Party, Reservation
from bookings.row_locks import parties_for_update, reservation_for_update
from bookings.selectors import sitting_at
from floorplan.models import Table
from floorplan.row_locks import tables_for_update
from orders.models import CLOSED_STATUSES, Order, OrderException, OrderLock, PaymentIntent, Product, TradingPeriod
from pos.errors import Conflict, NotFound
from pos.models import Venue
from pos.service import StartAgain


@dataclass(slots=True)
class Held:
    """What a service holds: the open period, tables, a reservation, parties, orders, the leases on them, and the
    moment it got them.
    """

    venue: Venue
    period: TradingPeriod
    now: datetime
    tables: dict[int, Table] = field(default_factory=dict)
    reservation: Reservation | None = None
    parties: dict[str, Party] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    leases: dict[str, OrderLock] = field(default_factory=dict)

    def party_of(self, order: Order) -> Party | None:
        return self.parties[order.party_id] if order.party_id else None

    def lease_on(self, order: Order) -> OrderLock | None:
        """The card machine that has this bill now; a lease past its expiry does not exist."""
        lease = self.leases.get(order.pk)
        return lease if lease is not None and lease.is_live(self.now) else None

    def followers_of(self, order: Order) -> list[Order]:
        """Open orders born while this one was locked, oldest first."""
        return [other for other in self.orders.values() if other.follows_id == order.pk and other.joins_back]


def period_for_key_share(venue: Venue) -> TradingPeriod:
    """Keep the open period open until we are done. Raises Conflict where none is open."""
    # Django knows no FOR KEY SHARE. Whoever waited for a Z sees the old row closed under a snapshot that lacks the
    # new one; the second statement sees it.
    for _ in range(2):
        for period in TradingPeriod.objects.raw(
            "SELECT * FROM orders_tradingperiod WHERE venue_id = %s AND closed_at IS NULL FOR KEY SHARE", [venue.pk]
        ):
            return period
    raise Conflict("The day is being closed. Try again in a moment.")


def period_for_update(venue: Venue) -> TradingPeriod:
    """Lock the open period against everybody, for Z. Raises Conflict where none is open."""
    period = TradingPeriod.objects.select_for_update(of=("self",)).filter(venue=venue, closed_at__isnull=True).first()
    if period is None:
        raise Conflict("There is no open trading period.")
    return period


def hold_tills(venue: Venue) -> None:
    """Let the tills finish what they are doing, and then wait: for a change of what stands on many bills at once."""
    list(TradingPeriod.objects.select_for_update(of=("self",)).filter(venue=venue, closed_at__isnull=True))


def hold_order(venue: Venue, order_id: str) -> tuple[Held, Order]:
    """Lock one order with its party and the orders that wait to join it. Raises NotFound."""
    held = hold_orders(venue, [order_id])
    return held, held.orders[order_id]


def hold_orders(venue: Venue, order_ids: Iterable[str]) -> Held:
    """Lock several orders, their parties and the orders that wait to join them. Raises NotFound."""
    wanted = set(order_ids)
    which = Q(pk__in=wanted) | (Q(follows__in=wanted, joins_back=True) & ~Q(status__in=CLOSED_STATUSES))
    before = dict(Order.objects.filter(which, venue=venue).values_list("pk", "party_id"))
    if wanted - before.keys():
        raise NotFound("That order does not exist.")
    held = Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())
    held.parties = parties_for_update(venue, before.values())
    _lock_orders(held, which)
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held


def hold_party(venue: Venue, party_id: str, *, also_orders: Iterable[str] = ()) -> tuple[Held, Party]:
    """Lock a party and all its open orders; no other till can open one meanwhile. Raises NotFound."""
    held = Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())
    held.parties = parties_for_update(venue, [party_id])
    if party_id not in held.parties:
        raise NotFound("That party does not exist.")
    mine = Q(party=party_id) & ~Q(status__in=CLOSED_STATUSES)
    _lock_orders(held, mine | Q(pk__in=set(also_orders)))
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held, held.parties[party_id]


def hold_company(
    venue: Venue,
    *,
    party_ids: Iterable[str | None] = (),
    order_ids: Iterable[str] = (),
    table_ids: Iterable[int] = (),
    reservation_id: str | None = None,
) -> Held:
    """Lock parties with all their open orders, orders with their whole parties, and tables with whoever sits there.

    A table brings its parties and the open orders on it that have none. Raises NotFound for an order or a reservation.
    """
    wanted = set(order_ids)
    before = dict(Order.objects.filter(pk__in=wanted, venue=venue).values_list("pk", "party_id")) if wanted else {}
    if wanted - before.keys():
        raise NotFound("That order does not exist.")
    companies = {party_id for party_id in (*party_ids, *before.values()) if party_id}
    held = Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())
    if ids := set(table_ids):
        held.tables = {table.pk: table for table in tables_for_update(venue, ids)}
        # Nobody can sit down there any more; who has just left is seen once the party is held.
        companies.update(sitting_at(held.tables))
    if reservation_id is not None:
        held.reservation = reservation_for_update(venue, reservation_id)
    held.parties = parties_for_update(venue, companies)
    still_open = ~Q(status__in=CLOSED_STATUSES)
    joining = Q(follows__in=wanted, joins_back=True) & still_open
    which = Q(pk__in=wanted) | (Q(party__in=companies) & still_open) | joining
    if held.tables:
        which |= Q(table__in=held.tables, party__isnull=True) & still_open
    _lock_orders(held, which)
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held


def hold_nothing_yet(venue: Venue) -> Held:
    """Start from an empty hand, to open an order that has no party."""
    return Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())


def orders_for_update(venue: Venue, order_ids: Iterable[str]) -> list[Order]:
    """Lock orders alone, in the order everyone locks them in; unknown ones are simply missing."""
    return list(_orders().filter(venue=venue, pk__in=set(order_ids)).order_by("pk"))


def intent_for_update(venue: Venue, intent_id: str) -> PaymentIntent:
    """Lock the row of one of Dojo's intents, making it on first hearing."""
    # ON CONFLICT DO NOTHING waits for a racing insert instead of failing, then the lock finds the winner's row.
    PaymentIntent.objects.bulk_create([PaymentIntent(venue=venue, intent_id=intent_id)], ignore_conflicts=True)
    return PaymentIntent.objects.select_for_update(no_key=True, of=("self",)).get(venue=venue, intent_id=intent_id)


def exception_for_update(venue: Venue, exception_id: int) -> OrderException:
    """Lock one row of the manager's inbox. Raises NotFound."""
    rows = OrderException.objects.select_for_update(no_key=True, of=("self",))
    found = rows.filter(venue=venue, pk=exception_id).first()
    if found is None:
        raise NotFound("That does not exist.")
    return found


def counted_products_for_update(product_ids: Iterable[int]) -> dict[int, Product]:
    """Lock those products that are counted down, to take from what is left; others are simply missing."""
    rows = Product.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk__in=set(product_ids), portions_left__isnull=False
    )
    return {product.pk: product for product in rows.order_by("pk")}


def product_for_update(venue: Venue, product_id: int) -> Product:
    """Lock one product. Raises NotFound."""
    found = Product.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue, pk=product_id).first()
    if found is None:
        raise NotFound("That product does not exist.")
    return found


def _orders() -> QuerySet[Order]:
    return Order.objects.select_for_update(no_key=True, of=("self",)).select_related("table", "waiter__staff")


def _lock_orders(held: Held, which: Q) -> None:
    held.orders = {order.pk: order for order in _orders().filter(which, venue=held.venue).order_by("pk")}
    for order in held.orders.values():
        _forget_what_was_joined_before(order)
    held.leases = {
        lease.order_id: lease
        for lease in OrderLock.objects.filter(order__in=held.orders, ended_at__isnull=True).select_related(
            "membership__staff"
        )
    }
    held.now = timezone.now()


def _forget_what_was_joined_before(order: Order) -> None:
    """A row that was waited for comes in its newest version, but joined to what its old one pointed at."""
    for name, now in (("table", order.table_id), ("waiter", order.waiter_id)):
        joined = order._state.fields_cache.get(name)
        if (joined.pk if joined is not None else None) != now:
            order._state.fields_cache.pop(name, None)
