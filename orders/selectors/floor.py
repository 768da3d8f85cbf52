"""The live floor, read in a constant number of queries however full the room is."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Prefetch, Q
from django.utils import timezone

from bookings.models import Party, PartyTable, Reservation, ReservationStatus
from floorplan.models import Area, Table
from orders.floor import (
    RESERVED_AHEAD,
    RESERVED_LATE,
    URGENCY,
    Clock,
    Glance,
    LineFacts,
    Need,
    OrderFacts,
    State,
    glance_at_table,
)
from orders.models import (
    CLOSED_STATUSES,
    ExceptionKind,
    LineState,
    Order,
    OrderException,
    OrderLine,
    OrderLock,
    OrderStatus,
    Origin,
    SeatAllergy,
)
from orders.selectors.ticket import joined_names
from pos.models import Membership, Venue

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DueBooking:
    """A reservation that a free table waits for."""

    pk: str
    name: str
    covers: int
    at: datetime


@dataclass(slots=True)
class Tile:
    """One table as the floor shows it."""

    table: Table
    glance: Glance
    party: Party | None = None
    joined: str = ""
    balance: int = 0
    allergy: str = ""
    has_qr: bool = False
    is_mine: bool = False
    booking: DueBooking | None = None
    orders: list[OrderFacts] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        return self.glance.state in (State.FREE, State.RESERVED)


@dataclass(slots=True)
class Room:
    area: Area
    tiles: list[Tile]


@dataclass(slots=True)
class Slip:
    """An order without a table in the rail: a tab, a collection, an Order & Pay order."""

    order: Order
    glance: Glance

    @property
    def word(self) -> str:
        """What wants a person, else how far the order is."""
        urgent = URGENCY[self.glance.state] <= URGENCY[State.BILL]
        return self.glance.word if urgent else self.order.get_status_display()


@dataclass(slots=True)
class Wanted:
    """A row of *needs you*: which table or order, and what."""

    name: str
    need: Need
    is_mine: bool
    table: Table | None = None
    order: str = ""

    @property
    def key(self) -> str:
        """The same row keeps its place on the page while its minutes pass."""
        place = self.order or (self.table.code if self.table else self.name.lower().replace(" ", "-"))
        return f"{place}-{self.need.kind}-{self.need.words[:12].lower().replace(' ', '-')}"


@dataclass(slots=True)
class Floor:
    now: datetime
    next_change: datetime | None
    rooms: list[Room]
    needs: list[Wanted]
    tabs: list[Slip]
    collections: list[Slip]
    qr_orders: list[Slip]

    @property
    def by_need(self) -> list[Tile]:
        """The most urgent table first, a party that holds several tables once; for a handheld."""
        tiles: dict[str, Tile] = {}
        for room in self.rooms:
            for tile in room.tiles:
                tiles.setdefault(tile.party.pk if tile.party else tile.table.code, tile)
        return sorted(tiles.values(), key=lambda tile: (URGENCY[tile.glance.state], tile.glance.since or self.now))


def read_floor(venue: Venue, member: Membership | None) -> Floor:
    """Every table with what it says, and the rail; thirteen queries."""
    now = timezone.now()
    clock = Clock(now=now, minutes=venue.attention_minutes)
    parties = {
        party.pk: party for party in Party.objects.filter(venue=venue, end_time__isnull=True).select_related("waiter")
    }
    orders = _orders(venue, list(parties))
    facts = {fact.pk: fact for fact in _facts(venue, orders)}
    room_of_facts = _Room(venue, parties, orders, facts, _allergies(list(orders)))
    bookings = _bookings(venue, clock)
    mine = set(Table.waiters.through.objects.filter(membership=member).values_list("table_id", flat=True))
    rooms = [
        Room(
            area=area,
            tiles=[
                room_of_facts.tile(clock, table, bookings.get(table.pk), is_mine=table.pk in mine, member=member)
                for table in area.tables.all()
            ],
        )
        for area in Area.objects.filter(venue=venue, is_active=True).prefetch_related(
            Prefetch("tables", Table.objects.filter(is_active=True))
        )
    ]
    shown = {fact.pk for room in rooms for tile in room.tiles for fact in tile.orders}
    slips = room_of_facts.slips(clock, shown)
    return Floor(
        now=now,
        next_change=clock.next_change,
        rooms=rooms,
        needs=_wanted(rooms, slips, parties.values()),
        tabs=[slip for slip in slips if slip.order.is_tab],
        # Over the counter, or left behind at a table that is out of use: everything else is called out by its name.
        collections=[slip for slip in slips if not slip.order.is_tab and slip.order.origin == Origin.STAFF],
        qr_orders=[slip for slip in slips if slip.order.origin == Origin.DOJO],
    )


@dataclass(slots=True)
class _Room:
    """The facts of the whole venue, sorted by table."""

    venue: Venue
    parties: dict[str, Party]
    orders: dict[str, Order]
    facts: dict[str, OrderFacts]
    allergies: dict[str, str]
    parties_at: dict[int, list[Party]] = field(init=False)
    tables_of: dict[str, list[Table]] = field(init=False)
    orders_at: dict[int, list[Order]] = field(init=False)
    orders_of: dict[str, list[Order]] = field(init=False)

    def __post_init__(self) -> None:
        self.parties_at, self.tables_of = defaultdict(list), defaultdict(list)
        links = PartyTable.objects.filter(party__in=self.parties).select_related("table").order_by("position", "pk")
        for link in links:
            self.parties_at[link.table_id].append(self.parties[link.party_id])
            self.tables_of[link.party_id].append(link.table)
        self.orders_at, self.orders_of = defaultdict(list), defaultdict(list)
        for order in self.orders.values():
            if order.party_id in self.parties:
                self.orders_of[order.party_id or ""].append(order)
            elif order.table_id is not None and order.is_open:
                self.orders_at[order.table_id].append(order)

    def tile(
        self, clock: Clock, table: Table, booking: DueBooking | None, *, is_mine: bool, member: Membership | None
    ) -> Tile:
        parties = sorted(self.parties_at.get(table.pk, []), key=lambda party: party.start_time)
        orders = [*self.orders_at.get(table.pk, []), *(o for party in parties for o in self.orders_of[party.pk])]
        facts = [self.facts[order.pk] for order in orders]
        party = parties[0] if parties else None
        glance = glance_at_table(
            clock,
            seated_since=party.start_time if party else None,
            orders=facts,
            seats=table.max_covers,
            booking=_booked(booking) if booking else None,
        )
        return Tile(
            table=table,
            glance=glance,
            party=party,
            joined=joined_names([one.name for one in self.tables_of[party.pk]]) if party else "",
            balance=sum(fact.outstanding for fact in facts if fact.is_open),
            allergy=self._allergy(party, orders),
            has_qr=any(order.origin == Origin.DOJO and order.is_open for order in orders),
            is_mine=is_mine or bool(member and party and party.waiter_id == member.pk),
            booking=booking,
            orders=facts,
        )

    def slips(self, clock: Clock, shown: Collection[str]) -> list[Slip]:
        """Open orders that no tile stands for, and Order & Pay orders wherever they are."""
        found = []
        for order in self.orders.values():
            if order.is_open and (order.pk not in shown or order.origin == Origin.DOJO):
                found.append(Slip(order=order, glance=_glance_at_slip(clock, self.facts[order.pk])))
        return sorted(found, key=lambda slip: (URGENCY[slip.glance.state], slip.order.pk))

    def _allergy(self, party: Party | None, orders: Sequence[Order]) -> str:
        words = [*(party.allergens if party else []), *(self.allergies.get(order.pk, "") for order in orders)]
        if party and party.allergy_note and not party.allergens:
            words.append(party.allergy_note)
        return ", ".join(dict.fromkeys(word for word in words if word))


def _orders(venue: Venue, party_ids: list[str]) -> dict[str, Order]:
    """Everything open, and what the parties here have paid already; oldest first."""
    here = Q(party__in=party_ids) & Q(status=OrderStatus.FINALIZED)
    rows = (
        Order.objects.filter(~Q(status__in=CLOSED_STATUSES) | here, venue=venue)
        .select_related("waiter__staff")
        .defer("tax_lines", "note")
        .order_by("pk")
    )
    return {order.pk: order for order in rows}


def _facts(venue: Venue, orders: dict[str, Order]) -> Iterable[OrderFacts]:
    lines = lines_by_order(list(orders))
    leases = {lease.order_id: lease for lease in OrderLock.objects.filter(order__in=orders, ended_at__isnull=True)}
    reversals = dict(
        OrderException.objects.filter(
            venue=venue, kind=ExceptionKind.PAYMENT_REVERSED, resolved_at__isnull=True, order__in=orders
        ).values_list("order_id", "amount")
    )
    for order in orders.values():
        yield facts_of(order, lines[order.pk], leases.get(order.pk), reversals.get(order.pk))


def facts_of(
    order: Order, lines: Sequence[LineFacts], lease: OrderLock | None = None, reversed_amount: int | None = None
) -> OrderFacts:
    return OrderFacts(
        pk=order.pk,
        name=order.display_name,
        status=order.status,
        is_open=order.is_open,
        is_prepaid=order.is_prepaid,
        is_from_dojo=order.origin == Origin.DOJO,
        total=order.total_amount,
        paid=order.paid_amount,
        outstanding=order.outstanding,
        opened_at=order.opened_at,
        bill_printed_at=order.bill_printed_at,
        closed_at=order.closed_at,
        lease_until=lease.expiry if lease else None,
        lease_holder=lease.holder if lease else "",
        reversed_amount=reversed_amount,
        lines=lines,
    )


def lines_by_order(order_ids: list[str]) -> dict[str, list[LineFacts]]:
    """The lines on these bills, as little of them as the floor needs."""
    found: dict[str, list[LineFacts]] = defaultdict(list)
    rows = (
        OrderLine.objects.filter(order__in=order_ids)
        .exclude(state=LineState.VOIDED)
        .values_list(
            "order_id", "state", "course__name", "course__position", "station_id", "sent_at", "ready_at",
            "station_has_it_at",
        )
    )  # fmt: skip
    for order_id, state, course, position, station, sent_at, ready_at, has_it_at in rows:
        found[order_id].append(
            LineFacts(
                state=state,
                course=course or "",
                course_position=position or 0,
                has_station=station is not None,
                sent_at=sent_at,
                ready_at=ready_at,
                station_has_it_at=has_it_at,
            )
        )
    return found


def _allergies(order_ids: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = SeatAllergy.objects.filter(order__in=order_ids).values_list("order_id", "allergens", "note")
    for order_id, allergens, note in rows:
        found[order_id].extend(allergens or [note])
    return {order_id: ", ".join(dict.fromkeys(words)) for order_id, words in found.items()}


def _bookings(venue: Venue, clock: Clock) -> dict[int, DueBooking]:
    """By table: the booking it waits for now. Later ones tell the clock when to look again."""
    found: dict[int, DueBooking] = {}
    soon = Reservation.objects.filter(
        venue=venue,
        status=ReservationStatus.BOOKED,
        start_time__gt=clock.now - RESERVED_LATE,
        # Two hours of bookings are enough to know when the next one shows.
        start_time__lt=clock.now + 4 * RESERVED_AHEAD,
    ).prefetch_related("table_links")
    for row in soon.order_by("start_time"):
        if not clock.has_come(row.start_time - RESERVED_AHEAD):
            continue
        due = DueBooking(pk=row.pk, name=row.name, covers=row.covers, at=row.start_time)
        for link in row.table_links.all():
            found.setdefault(link.table_id, due)
    return found


def _booked(booking: DueBooking) -> Glance:
    return Glance(state=State.RESERVED, word=booking.name)


def _glance_at_slip(clock: Clock, facts: OrderFacts) -> Glance:
    return glance_at_table(clock, seated_since=None, orders=[facts], seats=0, booking=None)


def _wanted(rooms: Sequence[Room], slips: Sequence[Slip], parties: Iterable[Party]) -> list[Wanted]:
    rows: list[Wanted] = []
    told: set[tuple[str, str]] = set()
    for room in rooms:
        for tile in room.tiles:
            for need in tile.glance.needs:
                subject = (need.kind + need.words, need.order or (tile.party.pk if tile.party else tile.table.code))
                if subject not in told:
                    told.add(subject)
                    rows.append(
                        Wanted(tile.joined or tile.table.name, need, tile.is_mine, table=tile.table, order=need.order)
                    )
    for slip in slips:
        for need in slip.glance.needs:
            if (need.kind + need.words, need.order) not in told:
                rows.append(Wanted(slip.order.display_name, need, is_mine=True, order=slip.order.pk))
    homeless = (party for party in parties if party.needs_seating)
    rows.extend(
        Wanted(party.name or "A party", Need("needs_seating", State.ATTENTION, "Owes money, has no table", None), True)
        for party in homeless
    )
    return sorted(rows, key=lambda row: (URGENCY[row.need.state], not row.is_mine, row.need.since or _LONG_AGO))
