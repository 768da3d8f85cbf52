"""Private steps that find, and hold, what a waiter means: a table, a party, an order, or one still to be opened.

Nothing is opened by looking: the party of an empty table and the order of new lines come with the first line that is
good, so that a refused tap leaves nothing behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from bookings.models import Party, PartyTable
from floorplan.models import Table
from orders.models import Eaten, Order, OrderType, SeatAllergy
from orders.row_locks import Held, hold_company, hold_nothing_yet
from orders.services.billing import needs_handing_over
from orders.services.opening import new_order, open_for_party, open_order_of, order_for_new_lines, save_new_order
from orders.services.seating import adopt_orders, sit_down
from orders.services.tenders import refuse_if_closed
from pos.errors import Conflict, InvalidRequest, NotFound, OrderClosed
from pos.ids import ORDER, is_id
from pos.models import Venue
from pos.permissions import Actor
from pos.service import StartAgain, retry_on_race
from pos.statements import Slot, Statement

# Two deliveries of one new tab: the second finds the order of the first.
retry_on_race("orders_order_pkey")


@dataclass(frozen=True, slots=True)
class AtTable:
    """Whoever sits there; nobody yet: a party is seated with the first line."""

    code: str


@dataclass(frozen=True, slots=True)
class OfParty:
    party_id: str


@dataclass(frozen=True, slots=True)
class OnOrder:
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTab:
    """A bar tab, born with its first line; with an id made by the till, the same tab is opened once."""

    name: str = ""
    description: str = ""
    limit: int | None = None
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCollection:
    """Something to be collected, born with its first line."""

    name: str = ""
    phone: str = ""
    collect_at: datetime | None = None
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCounter:
    """An order over the counter: paid before it is made."""

    eaten: Eaten = Eaten.IN
    order_id: str = ""


Unopened = NewTab | NewCollection | NewCounter
Target = AtTable | OfParty | OnOrder | Unopened


def type_if_eaten(eaten: Eaten) -> OrderType:
    """What is taken away over the counter is a collection."""
    return OrderType.COLLECTION if eaten == Eaten.OUT else OrderType.DINE_IN


@dataclass(slots=True)
class Place:
    """Where a waiter is working, with everything locked: the whole party, or one order and what waits to join it."""

    actor: Actor
    held: Held
    target: Target
    table: Table | None = None
    party: Party | None = None
    order: Order | None = None
    opened: list[Order] = field(default_factory=list)

    def orders_in_view(self) -> list[Order]:
        """The open bills on the waiter's screen: of the table, or the one order with what waits to join it."""
        if self.order is not None:
            return [self.order, *self.held.followers_of(self.order)]
        return [order for order in self.company() if not order.is_prepaid]

    def company(self) -> list[Order]:
        """Every open order of the people meant: they eat, and must not eat, together whatever the bills."""
        party_id = self.party.pk if self.party is not None else self.order.party_id if self.order is not None else None
        if party_id is None:
            return [order for order in self.orders_in_view() if order.is_open] if self.order is not None else []
        ours = (order for order in self.held.orders.values() if order.is_open and order.party_id == party_id)
        return sorted(ours, key=lambda order: order.pk)

    def order_for_lines(self) -> Order:
        """The order that takes a new line now, opened if need be. Raises OrderClosed."""
        known = set(self.held.orders)
        order = self._bring_order()
        if order.pk not in known:
            self.opened.append(order)
            carry_allergies(self.held, order)
        return order

    def _bring_order(self) -> Order:
        if self.order is not None:
            return self._follow(self.order)
        if isinstance(self.target, Unopened):
            self.order = _open(self.held, self.actor, self.target)
            return self.order
        if self.party is None and self.table is not None:
            self.party = self._seat(self.table)
        if self.party is None:
            raise NotFound("Nobody is there.")
        order = open_order_of(self.held, self.party)
        if order is None:
            waiter = self.party.waiter or self.actor.membership
            return open_for_party(self.held, self.party, waiter=waiter, table=self.table)
        return order_for_new_lines(self.held, order)

    def _follow(self, order: Order) -> Order:
        refuse_if_closed(order)
        if needs_handing_over(order) and order.paid_amount and not order.outstanding:
            party = self.held.party_of(order)
            bill = open_order_of(self.held, party) if party is not None else None
            raise OrderClosed(f"{order.display_name} is already paid.", next_order=bill.pk if bill else None)
        return order_for_new_lines(self.held, order)

    def _seat(self, table: Table) -> Party:
        party = sit_down(self.held, self.actor, [table], covers=None, name="", waiter=self.actor.membership)
        adopt_orders(self.held, party)
        return party


def find_place(actor: Actor, target: Target, *, also_orders: Iterable[str] = ()) -> Place:
    """Lock what the target names, with these orders too. Raises NotFound, InvalidRequest, Conflict."""
    match target:
        case OnOrder(order_id=order_id):
            return _on_order(actor, target, order_id, also_orders)
        case OfParty(party_id=party_id):
            held = hold_company(actor.venue, party_ids=[party_id], order_ids=also_orders)
            return Place(actor, held, target, party=_present(held, party_id))
        case AtTable(code=code):
            return _at_table(actor, target, code, also_orders)
    if target.order_id:
        return _opened_before(actor, target, also_orders)
    held = hold_company(actor.venue, order_ids=also_orders) if also_orders else hold_nothing_yet(actor.venue)
    return Place(actor, held, target)


def party_order(place: Place) -> Order:
    """The one bill that a place stands for. Raises NotFound where there is none yet."""
    order = place.order
    if order is None and place.party is not None:
        order = open_order_of(place.held, place.party)
    if order is None:
        raise NotFound("There is no bill yet.")
    return order


_SITTING_AT: Statement[tuple[str]] = Statement(
    lambda: (
        Party.objects.filter(
            venue=Slot("venue"), end_time__isnull=True, needs_seating=False, table_links__table=Slot("table")
        )
        .order_by("start_time", "pk")
        .values_list("pk")[:1]
    )
)


def party_at(table: Table) -> str | None:
    """Who sits at a table: the oldest party there, unless its bill only came back to life."""
    found = _SITTING_AT.first(venue=table.venue_id, table=table.pk)
    return found[0] if found else None


def merged_last(venue: Venue, order_id: str) -> str:
    """A merged order's id keeps answering: follow it to the order that has its lines now. Raises NotFound."""
    for _ in range(20):
        found = Order.objects.filter(venue=venue, pk=order_id).values_list("merged_into", flat=True)[:1]
        if not found:
            raise NotFound("That order does not exist.")
        if found[0] is None:
            return order_id
        order_id = found[0]
    raise Conflict("That order was merged too often to follow.")


def _on_order(actor: Actor, target: Target, order_id: str, also_orders: Iterable[str]) -> Place:
    order_id = merged_last(actor.venue, order_id)
    held = hold_company(actor.venue, order_ids={order_id, *also_orders})
    order = held.orders[order_id]
    if order.merged_into_id:
        raise StartAgain
    return Place(actor, held, target, order=order)


def _present(held: Held, party_id: str) -> Party:
    party = held.parties.get(party_id)
    if party is None:
        raise NotFound("That party does not exist.")
    if not party.is_here:
        raise Conflict(f"{party} has left.", party=party_id)
    return party


def _at_table(actor: Actor, target: Target, code: str, also_orders: Iterable[str]) -> Place:
    table = Table.objects.filter(venue=actor.venue, code=code, is_active=True).first()
    if table is None:
        raise NotFound(f"There is no table “{code}”.")
    party_id = party_at(table)
    if party_id is None:
        return _at_free_table(actor, target, table, also_orders)
    held = hold_company(actor.venue, party_ids=[party_id], order_ids=also_orders)
    party = held.parties[party_id]
    if not party.is_here or not PartyTable.objects.filter(party=party, table=table).exists():
        raise StartAgain
    return Place(actor, held, target, table=table, party=party)


def _at_free_table(actor: Actor, target: Target, table: Table, also_orders: Iterable[str]) -> Place:
    # Under the table's lock nobody else can sit down: two waiters who start it together start it once.
    held = hold_company(actor.venue, table_ids=[table.pk], order_ids=also_orders)
    if party_at(table) is not None:
        raise StartAgain
    return Place(actor, held, target, table=table)


def _opened_before(actor: Actor, target: Unopened, also_orders: Iterable[str]) -> Place:
    if not is_id(ORDER, target.order_id):
        raise InvalidRequest("That is not the id of an order.", field="order_id")
    known = Order.objects.filter(pk=target.order_id).values_list("venue", flat=True).first()
    if known is None:
        held = hold_company(actor.venue, order_ids=also_orders) if also_orders else hold_nothing_yet(actor.venue)
        return Place(actor, held, target)
    if known != actor.venue.pk:
        raise Conflict("That id is taken.")
    return _on_order(actor, target, target.order_id, also_orders)


def _open(held: Held, actor: Actor, target: Unopened) -> Order:
    order = new_order(held)
    order.pk = target.order_id or order.pk
    order.waiter = actor.membership
    match target:
        case NewTab():
            order.is_tab = True
            order.customer_name = target.name.strip()[:120]
            order.tab_description = target.description.strip()[:80]
            order.tab_limit = target.limit
        case NewCollection():
            order.order_type = OrderType.COLLECTION
            order.customer_name = target.name.strip()[:120]
            order.customer_phone = target.phone.strip()[:50]
            order.collect_at = target.collect_at
            order.collect_asap = target.collect_at is None
        case NewCounter():
            order.is_prepaid = True
            order.order_type = type_if_eaten(target.eaten)
    return save_new_order(held, order)


def carry_allergies(held: Held, order: Order) -> None:
    """What a guest must not eat holds for the party's next order too; its stations have to see it anew."""
    if order.party_id is None and order.follows_id is None:
        return
    which = Q(order__party=order.party_id) if order.party_id else Q(order=order.follows_id)
    by_seat = {row.seat: row for row in SeatAllergy.objects.filter(which).order_by("noted_at", "pk")}
    SeatAllergy.objects.bulk_create(
        SeatAllergy(
            order=order,
            seat=row.seat,
            allergens=row.allergens,
            note=row.note,
            noted_by_id=row.noted_by_id,
            noted_at=held.now,
        )
        for row in by_seat.values()
    )
