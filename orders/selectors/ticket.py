"""What was ordered at a table, on a tab, on an order: its bills and lines, in a constant number of queries."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from bookings.models import Party
from floorplan.models import Table
from orders.models import (
    CLOSED_STATUSES,
    LineState,
    Order,
    OrderLine,
    OrderLock,
    OrderStatus,
    OrderType,
    SeatAllergy,
)
from pos.errors import NotFound
from pos.models import Venue

NEW = "New"
SHOWN_PAID = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A line, and what to send for the same again."""

    line: OrderLine
    choices: str


@dataclass(slots=True)
class Section:
    """Lines of one course that are equally far: STARTERS · served 19:31."""

    title: str
    kind: str
    at: datetime | None
    rows: list[Row] = field(default_factory=list)
    position: int = 0
    course_id: int | None = None


@dataclass(slots=True)
class Bill:
    order: Order
    lease: OrderLock | None
    sections: list[Section]
    is_next: bool = False


@dataclass(slots=True)
class Ticket:
    """Everything that the order page shows about what was ordered."""

    now: datetime
    name: str
    table: Table | None
    party: Party | None
    order: Order | None
    bills: list[Bill]
    prepaid: list[Bill]
    paid: list[Order]
    allergies: list[str]
    fired: list[int]
    held: list[int]
    next_held: Section | None

    @property
    def target(self) -> dict[str, str]:
        """What the till's operations are meant for. A party once it sits: its table may be given to others later."""
        if self.order is not None:
            return {"order": self.order.pk}
        if self.party is not None:
            return {"party": self.party.pk}
        return {"table": self.table.code if self.table else ""}

    @property
    def watch(self) -> str:
        """The ids whose changes concern this page."""
        orders = [*(bill.order.pk for bill in (*self.bills, *self.prepaid)), *(order.pk for order in self.paid)]
        return " ".join([*orders, *([self.party.pk] if self.party else [])])

    @property
    def requests(self) -> list[str]:
        """The guests' own words: a banner, never read as anything else."""
        party = self.party or (self.order.party if self.order else None)
        notes = (bill.order.note for bill in (*self.bills, *self.prepaid))
        return [words for words in (party.guest_requests if party else "", *notes) if words]

    @property
    def main(self) -> Bill | None:
        return self.bills[0] if self.bills else None

    @property
    def outstanding(self) -> int:
        return sum(bill.order.outstanding for bill in self.bills)

    @property
    def total(self) -> int:
        return sum(bill.order.total_amount for bill in self.bills)

    @property
    def covers(self) -> int:
        order = self.main.order if self.main else None
        return (self.party.covers if self.party else None) or (order.covers if order else None) or 0

    @property
    def waiter(self) -> str:
        holder = self.main.order.waiter if self.main else (self.party.waiter if self.party else None)
        return holder.staff.name if holder else ""

    @property
    def since(self) -> datetime | None:
        if self.party is not None:
            return self.party.start_time
        return self.main.order.opened_at if self.main else None

    @property
    def may_be_cleared(self) -> bool:
        return self.party is not None and not self.bills and bool(self.paid)

    @property
    def goes_out(self) -> bool:
        """Nobody sits between the courses of something to take along: all of it goes at once."""
        order = self.main.order if self.main else self.order
        return order is not None and (order.is_prepaid or order.order_type == OrderType.COLLECTION)


def read_table_ticket(venue: Venue, code: str) -> Ticket:
    """The ticket of whoever sits at a table; an empty one for a free table. Raises NotFound."""
    table = Table.objects.filter(venue=venue, code=code, is_active=True).select_related("area").first()
    if table is None:
        raise NotFound("There is no such table.")
    party = (
        Party.objects.filter(venue=venue, end_time__isnull=True, needs_seating=False, table_links__table=table)
        .select_related("waiter__staff")
        .order_by("start_time", "pk")
        .first()
    )
    name = table.name
    if party is not None:
        names = list(party.table_links.values_list("table__name", flat=True))
        name = joined_names(names) or table.name
        mine = Q(party=party)
    else:
        mine = Q(table=table, party__isnull=True) & ~Q(status__in=CLOSED_STATUSES)
    return _ticket(venue, name, mine, table=table, party=party)


def read_order_ticket(venue: Venue, order_id: str) -> Ticket:
    """The ticket of one order, however it ended; a merged one's is that of the order it went to. Raises NotFound."""
    order = Order.objects.filter(venue=venue, pk=order_id).select_related("table", "party__waiter__staff").first()
    while order is not None and order.merged_into_id is not None:
        order = Order.objects.select_related("table", "party__waiter__staff").get(pk=order.merged_into_id)
    if order is None:
        raise NotFound("That order does not exist.")
    mine = Q(pk=order.pk) | (Q(follows=order.pk, joins_back=True) & ~Q(status__in=CLOSED_STATUSES))
    return _ticket(venue, order.display_name, mine, table=order.table, order=order)


def new_tab_ticket(name: str) -> Ticket:
    """A tab that nobody has ordered on yet: it is born with its first line."""
    return Ticket(
        now=timezone.now(), name=f"Tab · {name}", table=None, party=None, order=None, bills=[], prepaid=[], paid=[],
        allergies=[], fired=[], held=[], next_held=None,
    )  # fmt: skip


def joined_names(names: Sequence[str]) -> str:
    """``Table 3+4`` for a party that holds both."""
    if len(names) < 2:
        return names[0] if names else ""
    stem = names[0].rpartition(" ")[0]
    rest = [name.removeprefix(f"{stem} ") if stem else name for name in names[1:]]
    return "+".join([names[0], *rest])


def _ticket(
    venue: Venue,
    name: str,
    mine: Q,
    *,
    table: Table | None = None,
    party: Party | None = None,
    order: Order | None = None,
) -> Ticket:
    orders = list(Order.objects.filter(mine, venue=venue).select_related("waiter__staff").order_by("pk"))
    is_open = [other for other in orders if other.is_open]
    leases = _leases(is_open)
    lines = _lines([*is_open, *([order] if order is not None and not order.is_open else [])])
    bills = [
        Bill(other, leases.get(other.pk), _sections(lines[other.pk]), is_next=bool(place))
        for place, other in enumerate(row for row in is_open if order is not None or not row.is_prepaid)
    ]
    fired, held = _courses_under_way([line for bill in bills for line in lines[bill.order.pk]])
    closed = [other for other in orders if other.status == OrderStatus.FINALIZED]
    return Ticket(
        now=timezone.now(),
        name=name,
        table=table,
        party=party,
        order=order,
        bills=bills if order is None or order.is_open else [Bill(order, None, _sections(lines[order.pk]))],
        prepaid=[Bill(other, None, _sections(lines[other.pk])) for other in is_open if other.is_prepaid]
        if order is None
        else [],
        paid=closed[-SHOWN_PAID:] if order is None else [],
        allergies=_allergies(party or (order.party if order else None), [other.pk for other in is_open]),
        fired=sorted(fired),
        held=sorted(held),
        next_held=_next_held(bills),
    )


def _leases(orders: Iterable[Order]) -> dict[str, OrderLock]:
    now = timezone.now()
    held = OrderLock.objects.filter(order__in=[order.pk for order in orders], ended_at__isnull=True)
    return {lease.order_id: lease for lease in held if lease.is_live(now)}


def _lines(orders: Iterable[Order]) -> dict[str, list[OrderLine]]:
    found: dict[str, list[OrderLine]] = defaultdict(list)
    rows = (
        OrderLine.objects.filter(order__in=[order.pk for order in orders])
        .exclude(state=LineState.VOIDED)
        .select_related("course", "station", "product", "portion")
        .prefetch_related("modifiers", "sub_items__modifiers")
    )
    for line in rows.order_by("position", "pk"):
        found[line.order_id].append(line)
    return found


def _sections(lines: Sequence[OrderLine]) -> list[Section]:
    """Sent courses first, as they went; then what is held; then what is new."""
    sections: dict[tuple[int, int, str], Section] = {}
    for line in lines:
        position = line.course.position if line.course else 0
        course = line.course.name if line.course else ""
        if line.state == LineState.UNSENT:
            key, section = (2, 0, NEW), Section(NEW, "new", None)
        elif line.state == LineState.HELD:
            key, section = (1, position, course), Section(course or "Food", "held", None, course_id=line.course_id)
        else:
            key, section = (0, position, course), Section(course or "Ordered", "sent", None, course_id=line.course_id)
        section.position = position
        sections.setdefault(key, section).rows.append(Row(line, _choices(line)))
    for section in sections.values():
        if section.kind == "sent":
            _date(section)
    return [sections[key] for key in sorted(sections)]


def _date(section: Section) -> None:
    """Say how far a sent course is, and since when."""
    lines = [row.line for row in section.rows]
    states = {line.state for line in lines}
    if states == {LineState.SERVED}:
        section.kind, section.at = "served", max((x.served_at for x in lines if x.served_at), default=None)
    elif states <= {LineState.SERVED, LineState.READY}:
        section.kind, section.at = "ready", max((x.ready_at for x in lines if x.ready_at), default=None)
    else:
        section.kind, section.at = "away", max((x.sent_at for x in lines if x.sent_at), default=None)


def _choices(line: OrderLine) -> str:
    """The choices of a line as a till sends them."""
    parts = [
        {"plu": part.plu, "modifiers": [{"plu": one.plu, "quantity": one.quantity} for one in part.modifiers.all()]}
        for part in line.sub_items.all()
    ]
    own = [one for one in line.modifiers.all() if one.sub_item_id is None]
    modifiers = [{"plu": one.plu, "quantity": one.quantity} for one in own]
    return json.dumps({"modifiers": modifiers, "sub_items": parts}) if parts or modifiers else ""


def _courses_under_way(lines: Iterable[OrderLine]) -> tuple[set[int], set[int]]:
    """As sending reckons them: positions the kitchen has, and positions held back from it."""
    fired: set[int] = set()
    held: set[int] = set()
    for line in lines:
        if line.course is None or line.course.goes_at_once or line.state == LineState.UNSENT:
            continue
        (held if line.state == LineState.HELD else fired).add(line.course.position)
    return fired, held - fired


def _next_held(bills: Iterable[Bill]) -> Section | None:
    held = [section for bill in bills for section in bill.sections if section.kind == "held"]
    return min(held, key=lambda section: section.position, default=None)


def _allergies(party: Party | None, order_ids: list[str]) -> list[str]:
    found = []
    if party is not None and (party.allergens or party.allergy_note):
        found.append(", ".join([*party.allergens, *([party.allergy_note] if party.allergy_note else [])]))
    rows = SeatAllergy.objects.filter(order__in=order_ids).values_list("seat", "allergens", "note").order_by("seat")
    for seat, allergens, note in rows:
        what = ", ".join([*allergens, *([note] if note else [])])
        found.append(f"Seat {seat}: {what}" if seat else what)
    return list(dict.fromkeys(found))
