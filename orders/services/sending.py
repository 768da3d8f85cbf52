"""Sending: drinks and the first course go, later courses wait for *Fire*; nothing is sent twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects

from orders.models import Course, LineState, Order, OrderLine, OrderStatus
from orders.services.billing import needs_handing_over
from orders.services.lines import is_waiting
from orders.services.pad import Pad, open_pad
from orders.services.rounds import send_to_stations
from orders.services.targets import OnOrder
from orders.services.tenders import refuse_if_closed
from pos.errors import Conflict
from pos.events import StationChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import service


@dataclass(frozen=True, slots=True)
class Sent:
    """What one press of Send (or Fire) did."""

    sent: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the waiter said about single lines: *later*, *now*; without words the course decides."""

    later: Collection[str] = ()
    now: Collection[str] = ()


@service
def send(
    *,
    actor: Actor,
    order_id: str,
    line_ids: Collection[str] | None = None,
    hold_line_ids: Collection[str] = (),
    now_line_ids: Collection[str] = (),
) -> Order:
    """Send what is unsent (or these lines) to the stations; sent once is sent, however often it is pressed.

    Lines that a card machine's lease put on the next bill go with it. Raises NotFound, OrderClosed, Conflict for an
    order from a phone that nobody accepted yet.
    """
    require(actor, Act.SEND, subject=order_id)
    pad = open_pad(actor, OnOrder(order_id))
    send_lines(pad, line_ids=line_ids, wishes=Wishes(later=hold_line_ids, now=now_line_ids))
    pad.settle()
    return pad.place.orders_in_view()[0]


@service
def fire_course(*, actor: Actor, order_id: str, course_id: int) -> Order:
    """Call a held course away: the kitchen gets its lines now. Twice is once. Raises NotFound, OrderClosed."""
    require(actor, Act.SEND, subject=order_id)
    pad = open_pad(actor, OnOrder(order_id))
    fire_lines(pad, course_id=course_id)
    pad.settle()
    return pad.place.orders_in_view()[0]


def send_lines(pad: Pad, *, line_ids: Collection[str] | None, wishes: Wishes) -> Sent:
    """The step itself, for every bill in view. Raises OrderClosed, Conflict."""
    done = Sent()
    orders = _orders(pad)
    pad.flush()
    waiting = {order.pk: pad.waiting_lines(order) for order in orders}
    fired, held = _courses_under_way(pad)
    for order in orders:
        lines = [
            line
            for line in waiting[order.pk]
            if line.pk in wishes.now or (line.state == LineState.UNSENT and (line_ids is None or line.pk in line_ids))
        ]
        away = _that_go(pad, order, lines, wishes, fired=fired, held=held)
        _hold(pad, [line for line in lines if line not in away and line.state == LineState.UNSENT], done)
        _send(pad, order, away, done)
    return done


def fire_lines(pad: Pad, *, course_id: int) -> Sent:
    """The step itself. Raises InvalidRequest for a course that is none of ours, OrderClosed."""
    course = pad.course(course_id)
    done = Sent()
    orders = _orders(pad)
    pad.flush()
    for order in orders:
        lines = [line for line in pad.waiting_lines(order) if line.state == LineState.HELD]
        _send(pad, order, [line for line in lines if line.course_id == course.pk], done)
    return done


def _orders(pad: Pad) -> list[Order]:
    orders = pad.place.orders_in_view()
    if pad.place.order is not None:
        refuse_if_closed(pad.place.order)
        if pad.place.order.status == OrderStatus.SUBMITTED:
            raise Conflict(f"Accept {pad.place.order.display_name} first.")
    return [order for order in orders if order.is_open]


def _courses_under_way(pad: Pad) -> tuple[set[int], set[int]]:
    """Positions of the courses that this company's kitchen has already, and of those that it still holds."""
    company = [order.pk for order in pad.place.company() if not order.is_prepaid]
    rows = OrderLine.objects.filter(order__in=company, course__goes_at_once=False).exclude(
        state__in=(LineState.UNSENT, LineState.VOIDED)
    )
    found = set(rows.values_list("course__position", "state").order_by("course__position"))
    fired = {position for position, state in found if state != LineState.HELD}
    # A late guest's starter, held by hand, holds nobody else's.
    return fired, {position for position, _ in found} - fired


def _that_go(
    pad: Pad, order: Order, lines: Sequence[OrderLine], wishes: Wishes, *, fired: set[int], held: set[int]
) -> list[OrderLine]:
    if needs_handing_over(order):
        # Nobody sits between the courses of something to take along.
        return [line for line in lines if line.pk not in wishes.later]
    courses = {line.pk: pad.course(line.course_id) for line in lines if line.course_id is not None}
    first = first_to_go([course for pk, course in courses.items() if pk not in wishes.later], held)
    return [
        line
        for line in lines
        if line.pk in wishes.now
        or (line.pk not in wishes.later and goes_now(courses.get(line.pk), first=first, fired=fired, held=held))
    ]


def first_to_go(courses: Collection[Course], held: set[int]) -> int | None:
    """The course that the table eats next, of those that wait."""
    positions = {course.position for course in courses if not course.goes_at_once} | held
    return min(positions) if positions else None


def goes_now(course: Course | None, *, first: int | None, fired: set[int], held: set[int]) -> bool:
    """Whether a line of this course goes with Send: not when its course, or an earlier one, is being held back."""
    if course is None or course.goes_at_once:
        return True
    return course.position in fired or (course.position not in held and course.position == first)


def _hold(pad: Pad, lines: Sequence[OrderLine], done: Sent) -> None:
    for line in lines:
        line.move(LineState.HELD)
        pad.change(line, "state")
        done.held.append(line.pk)
        if line.station_id is not None:
            # The kitchen sees what comes next.
            publish(StationChanged(venue_id=pad.held.venue.pk, station_id=line.station_id))


def _send(pad: Pad, order: Order, lines: list[OrderLine], done: Sent) -> None:
    if not lines or not all(is_waiting(line) for line in lines):
        return
    pad.flush()
    prefetch_related_objects(lines, "sub_items")
    send_to_stations(pad.held, order, lines, pad.actor)
    pad.touch(order)
    done.sent.extend(line.pk for line in lines)
