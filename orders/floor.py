"""What a table looks like at a glance, decided from facts alone: its state, the words on it, what it needs.

Pure: no database, no clock of its own. Calm states are told in pastel, those that want a person are solid, one at a
time by priority: attention, paying, food ready, bill printed; then paid, in service, seated, reserved soon, free.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

DEFAULT_MINUTES: Mapping[str, int] = {
    "nothing_sent": 8,
    "ready_not_taken": 3,
    "nothing_ready": 25,
    "bill_printed": 10,
    "not_accepted": 2,
    "not_with_station": 1,
}
RESERVED_AHEAD = timedelta(minutes=30)
# A booking nobody has come for stays on its table this long.
RESERVED_LATE = timedelta(minutes=60)


class State(StrEnum):
    ATTENTION = "attention"
    PAYING = "paying"
    READY = "ready"
    BILL = "bill"
    PAID = "paid"
    SERVICE = "service"
    SEATED = "seated"
    RESERVED = "reserved"
    FREE = "free"


# Most urgent first: what a waiter sorts the room by.
URGENCY = {state: place for place, state in enumerate(State)}
PASSES_WITH_TIME = frozenset({State.ATTENTION, State.READY, State.BILL, State.PAID, State.SERVICE, State.SEATED})


@dataclass(frozen=True, slots=True)
class LineFacts:
    state: str
    course: str
    course_position: int
    has_station: bool
    sent_at: datetime | None
    ready_at: datetime | None
    station_has_it_at: datetime | None

    @property
    def is_stranded(self) -> bool:
        """Sent, and no screen of its station has said that it is there."""
        return self.state == "sent" and self.has_station and self.station_has_it_at is None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    pk: str
    name: str
    status: str
    is_open: bool
    is_prepaid: bool
    is_from_dojo: bool
    total: int
    paid: int
    outstanding: int
    opened_at: datetime
    bill_printed_at: datetime | None
    closed_at: datetime | None
    lease_until: datetime | None = None
    lease_holder: str = ""
    reversed_amount: int | None = None
    lines: Sequence[LineFacts] = ()

    @property
    def is_part_paid(self) -> bool:
        return self.is_open and self.paid > 0 and self.outstanding > 0

    @property
    def share_paid(self) -> int:
        """Percent of the bill that is paid."""
        return min(100, self.paid * 100 // self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class Need:
    """Something that wants a person, in words; minutes are counted from ``since``."""

    kind: str
    state: State
    words: str
    since: datetime | None
    order: str = ""
    amount: int | None = None


@dataclass(slots=True)
class Clock:
    """Now, the venue's minutes, and the next moment at which anything would look different."""

    now: datetime
    minutes: Mapping[str, int]
    next_change: datetime | None = None

    def is_due(self, kind: str, since: datetime | None) -> bool:
        if since is None:
            return False
        return self.has_come(since + timedelta(minutes=self.minutes.get(kind, DEFAULT_MINUTES[kind])))

    def has_come(self, moment: datetime) -> bool:
        if moment <= self.now:
            return True
        if self.next_change is None or moment < self.next_change:
            self.next_change = moment
        return False


@dataclass(slots=True)
class Glance:
    """What one tile says: a state, a word with minutes or an amount, and everything it needs."""

    state: State
    word: str
    since: datetime | None = None
    amount: int | None = None
    share_paid: int = 0
    order: str = ""
    needs: list[Need] = field(default_factory=list)


def glance_at_table(
    clock: Clock, *, seated_since: datetime | None, orders: Sequence[OrderFacts], seats: int, booking: Glance | None
) -> Glance:
    """Decide what a table shows; ``seated_since`` is None when no party sits there."""
    live = [order for order in orders if order.is_open]
    if seated_since is None and not live:
        return booking or Glance(state=State.FREE, word=str(seats))
    needs = [need for order in orders for need in needs_of_order(clock, order)]
    if seated_since is not None and not any(line.sent_at for order in orders for line in order.lines):
        has_paid = any(order.status == "Finalized" for order in orders)
        if not has_paid and clock.is_due("nothing_sent", seated_since):
            needs.append(Need("nothing_sent", State.ATTENTION, "Nothing sent", seated_since))
    needs.sort(key=lambda need: URGENCY[need.state])
    glance = _calm_or_busy(clock, seated_since, orders, live)
    glance.needs = needs
    if needs and URGENCY[needs[0].state] < URGENCY[glance.state]:
        first = needs[0]
        glance.state, glance.word, glance.since = first.state, first.words, first.since
        glance.amount = first.amount
        glance.order = first.order or glance.order
    return glance


def needs_of_order(clock: Clock, order: OrderFacts) -> list[Need]:
    """Everything an open order wants somebody to do, most pressing kind first."""
    needs = _needs_of_production(clock, order)
    if not order.is_open:
        # A paid table may still wait for its coffee.
        return needs
    if order.reversed_amount is not None and order.outstanding:
        needs.append(
            Need("reversed", State.ATTENTION, "Card payment reversed", None, order.pk, amount=order.outstanding)
        )
    if order.status == "Submitted":
        due = clock.is_due("not_accepted", order.opened_at)
        state = State.ATTENTION if due else State.READY
        needs.append(Need("not_accepted", state, "Order & Pay waits", order.opened_at, order.pk))
    if order.bill_printed_at is not None and order.outstanding and not _is_being_paid(clock, order):
        due = clock.is_due("bill_printed", order.bill_printed_at)
        # Who pays in parts is at it already, and wants nobody before long.
        if due or not order.is_part_paid:
            needs.append(Need("bill", State.ATTENTION if due else State.BILL, "Bill", order.bill_printed_at, order.pk))
    return needs


def _needs_of_production(clock: Clock, order: OrderFacts) -> list[Need]:
    needs = []
    late = [line for line in order.lines if line.is_stranded and clock.is_due("not_with_station", line.sent_at)]
    if late:
        words = "1 line not with the kitchen" if len(late) == 1 else f"{len(late)} lines not with the kitchen"
        needs.append(Need("not_with_station", State.ATTENTION, words, _earliest(late), order.pk))
    for course, lines in _in_kitchen_by_course(order.lines).items():
        name = course or "Food"
        if any(line.state == "ready" for line in lines) and all(line.state in ("ready", "served") for line in lines):
            since = max(line.ready_at for line in lines if line.state == "ready" and line.ready_at)
            due = clock.is_due("ready_not_taken", since)
            needs.append(Need("ready", State.ATTENTION if due else State.READY, f"{name} ready", since, order.pk))
        elif all(line.state in ("sent", "started") for line in lines):
            since = _earliest(lines)
            if clock.is_due("nothing_ready", since):
                needs.append(Need("nothing_ready", State.ATTENTION, f"{name} not ready", since, order.pk))
    return needs


def _calm_or_busy(
    clock: Clock, seated_since: datetime | None, orders: Sequence[OrderFacts], live: Sequence[OrderFacts]
) -> Glance:
    for order in live:
        if order.outstanding and (
            _is_being_paid(clock, order) or (order.is_part_paid and order.reversed_amount is None)
        ):
            return Glance(
                state=State.PAYING,
                word="Paying",
                amount=order.outstanding,
                share_paid=order.share_paid,
                order=order.pk,
            )
    bill = next((order.pk for order in live if not order.is_prepaid), "")
    if not any(order.outstanding or not order.is_prepaid for order in live):
        closed = [order.closed_at for order in orders if order.status == "Finalized" and order.closed_at]
        if closed:
            return Glance(state=State.PAID, word="Paid", since=max(closed))
    sent = [line for order in live for line in order.lines if line.sent_at]
    if sent:
        latest = max(sent, key=lambda line: (line.sent_at, line.course_position))
        return Glance(state=State.SERVICE, word=latest.course or "In service", since=latest.sent_at, order=bill)
    since = seated_since or min(order.opened_at for order in live)
    return Glance(state=State.SEATED, word="Seated", since=since, order=bill)


def _is_being_paid(clock: Clock, order: OrderFacts) -> bool:
    return order.lease_until is not None and not clock.has_come(order.lease_until)


def _in_kitchen_by_course(lines: Iterable[LineFacts]) -> dict[str, list[LineFacts]]:
    """Lines that went out, by course; a course that was served wholly is nobody's business any more."""
    courses: dict[str, list[LineFacts]] = defaultdict(list)
    for line in lines:
        if line.sent_at is not None and line.has_station:
            courses[line.course].append(line)
    return {course: lines for course, lines in courses.items() if any(line.state != "served" for line in lines)}


def _earliest(lines: Iterable[LineFacts]) -> datetime:
    return min(line.sent_at for line in lines if line.sent_at)
