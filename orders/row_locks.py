"""The only SELECT … FOR UPDATE of this app, and the one order in which everything is locked.

Trading period (shared) → tables → reservation → parties → orders → payment intent → children; rows of one kind by
primary key. A service that starts from an order reads its party unlocked, locks party then order, and starts again
if the party changed in between. The clock is read after the locks: what waited must not act on an old now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

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
from pos.service import StartAgain, retry_on_race
from pos.statements import Slot, Statement

retry_on_race("payment_intent_id_unique")

# Orders that are named, those that wait to join them, those of parties, those at tables; and which of them are locked.
_STILL_OPEN = ~Q(status__in=CLOSED_STATUSES)
_NAMED = Q(pk__anyof=Slot("order_ids"))
_JOINING = Q(follows__anyof=Slot("order_ids"), joins_back=True) & _STILL_OPEN
_OF_PARTIES = Q(party__anyof=Slot("party_ids")) & _STILL_OPEN
_AT_TABLES = Q(table__anyof=Slot("table_ids"), party__isnull=True) & _STILL_OPEN
_BILLS = _NAMED | _JOINING
_PARTYS_BILLS = _OF_PARTIES | _NAMED
_COMPANYS_BILLS = _NAMED | _JOINING | _OF_PARTIES | _AT_TABLES


class Which(NamedTuple):
    """Orders meant: by a condition that is one of a few, with the ids of this moment."""

    condition: Q
    ids: Mapping[str, list[Any]]


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
    # Whoever waited for a Z sees the old row closed under a snapshot that lacks the new one; the second look finds it.
    for _ in range(2):
        period = _OPEN_PERIOD.first(venue=venue.pk)
        if period is not None:
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
    before = dict(_PARTIES_OF.all(venue=venue.pk, order_ids=list(wanted)))
    if wanted - before.keys():
        raise NotFound("That order does not exist.")
    held = Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())
    held.parties = parties_for_update(venue, before.values())
    _lock_orders(held, Which(_BILLS, {"order_ids": list(wanted)}))
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held


def hold_party(venue: Venue, party_id: str, *, also_orders: Iterable[str] = ()) -> tuple[Held, Party]:
    """Lock a party and all its open orders; no other till can open one meanwhile. Raises NotFound."""
    held = hold_nothing_yet(venue)
    return held, hold_party_too(held, party_id, also_orders=also_orders)


def hold_party_too(held: Held, party_id: str, *, also_orders: Iterable[str] = ()) -> Party:
    """The same for whoever has the period, and perhaps tables, already. Raises NotFound."""
    held.parties = parties_for_update(held.venue, [party_id])
    if party_id not in held.parties:
        raise NotFound("That party does not exist.")
    _lock_orders(held, Which(_PARTYS_BILLS, {"party_ids": [party_id], "order_ids": list(also_orders)}))
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held.parties[party_id]


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
    if at := set(table_ids):
        held.tables = {table.pk: table for table in tables_for_update(venue, at)}
        # Nobody can sit down there any more; who has just left is seen once the party is held.
        companies.update(sitting_at(held.tables))
    if reservation_id is not None:
        held.reservation = reservation_for_update(venue, reservation_id)
    held.parties = parties_for_update(venue, companies)
    ids: dict[str, list[Any]] = {
        "order_ids": list(wanted),
        "party_ids": list(companies),
        "table_ids": list(held.tables),
    }
    _lock_orders(held, Which(_COMPANYS_BILLS, ids))
    if any(order.party_id and order.party_id not in held.parties for order in held.orders.values()):
        raise StartAgain
    return held


def hold_nothing_yet(venue: Venue, *, table_ids: Iterable[int] = ()) -> Held:
    """Start from an empty hand, to open an order that has no party or none yet; nobody sits down at these tables."""
    held = Held(venue=venue, period=period_for_key_share(venue), now=timezone.now())
    if ids := set(table_ids):
        held.tables = {table.pk: table for table in tables_for_update(venue, ids)}
        held.now = timezone.now()
    return held


def orders_for_update(venue: Venue, order_ids: Iterable[str]) -> list[Order]:
    """Lock orders alone, in the order everyone locks them in; unknown ones are simply missing."""
    return list(_orders().filter(venue=venue, pk__in=set(order_ids)).order_by("pk"))


def intent_for_update(venue: Venue, intent_id: str) -> PaymentIntent:
    """Lock the row of one of Dojo's intents; of one that nobody heard of yet, a row that whoever asked has to write.

    Two who write the same one meet at its constraint, and the slower runs again.
    """
    found = _INTENTS.first(venue=venue.pk, intent_id=intent_id)
    return found if found is not None else PaymentIntent(venue=venue, intent_id=intent_id)


def intents_to_look_at(venue: Venue, now: datetime, most: int) -> list[PaymentIntent]:
    """Lock intents about which Dojo is to be asked now, the longest due first; what another has locked is passed by."""
    due = PaymentIntent.objects.filter(
        Q(looking_until__isnull=True) | Q(looking_until__lte=now), venue=venue, next_look_at__lte=now
    )
    rows = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(rows.order_by("next_look_at", "pk")[:most])


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


_OPEN_PERIOD = Statement(
    lambda: TradingPeriod.objects.filter(venue=Slot("venue"), closed_at__isnull=True).order_by(),
    ending="FOR KEY SHARE",
)
_INTENTS = Statement(
    lambda: PaymentIntent.objects.select_for_update(no_key=True, of=("self",)).filter(
        venue=Slot("venue"), intent_id=Slot("intent_id")
    )
)
_PARTIES_OF: Statement[tuple[str, str | None]] = Statement(
    lambda: Order.objects.filter(_BILLS, venue=Slot("venue")).order_by().values_list("pk", "party_id")
)
_LEASES = Statement(lambda: OrderLock.objects.filter(order__anyof=Slot("order_ids"), ended_at__isnull=True).order_by())


def _orders() -> QuerySet[Order]:
    # Joined to nothing: a row that was waited for comes in its newest version, but joined to what its old one named.
    return Order.objects.select_for_update(no_key=True, of=("self",))


@lru_cache(maxsize=64)
def _locking(rows: Callable[[], QuerySet[Order]], which: Q) -> Statement[Order]:
    return Statement(lambda: rows().filter(which, venue=Slot("venue")).order_by("pk"))


def _lock_orders(held: Held, which: Which | Q) -> None:
    condition, values = which if isinstance(which, Which) else Which(which, {})
    found = _locking(_orders, condition).all(venue=held.venue.pk, **values)
    held.orders = {order.pk: order for order in found}
    held.leases = {lease.order_id: lease for lease in _LEASES.all(order_ids=list(held.orders))}
    held.now = timezone.now()
