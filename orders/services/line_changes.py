"""Private steps on a pad: what a waiter does with lines before they are sent.

Each step checks everything before it changes anything, so that one refused tap does not spoil the others.
"""

from collections.abc import Sequence

from orders.models import Eaten, Order, OrderLine, Origin, TakenOff
from orders.models.order_line import KITCHEN_STATES, TAKEN_OFF_FIELDS
from orders.services.lines import (
    NewLine,
    build_line,
    check_note,
    check_quantity,
    check_seats,
    follow_rates,
    is_waiting,
    says_the_same,
)
from orders.services.pad import Pad
from orders.services.targets import type_if_eaten
from pos.errors import Conflict
from pos.events import StationChanged, publish


def put_line(pad: Pad, new: NewLine) -> OrderLine:
    """Add a line. Raises InvalidRequest, OrderClosed, Conflict for what is sold out or an id with other content."""
    if new.line_id and new.line_id in pad.lines:
        return _there_already(pad, new)
    rows = build_line(new, pad.card, pad.actor, pad.held.now)
    if new.course_id is not None:
        pad.course(new.course_id)
    pad.stock.check(rows.uses)
    order = pad.place.order_for_lines()
    rows.put_on(order, position=pad.next_position(order), eaten=new.eaten, rates=pad.rates())
    pad.stock.take(rows.uses)
    # The bill on the table is not the bill any more.
    order.bill_printed_at = None
    pad.add(rows)
    return rows.line


def _there_already(pad: Pad, new: NewLine) -> OrderLine:
    line = pad.lines[new.line_id]
    if line.venue_id != pad.held.venue.pk or not says_the_same(new, pad.rows_of(line)):
        raise Conflict("There is another line with that id.", line=new.line_id)
    return line


def alter_quantity(pad: Pad, line: OrderLine, quantity: int) -> None:
    """Raises InvalidRequest, OrderClosed, Locked, Conflict."""
    check_quantity(quantity)
    order = pad.order_to_lower(line)
    _refuse_if_sent(line)
    more = quantity - line.quantity
    uses = pad.uses_of(line, more)
    if more > 0:
        pad.stock.check(uses)
        order.bill_printed_at = None
    pad.stock.take(uses)
    line.quantity = quantity
    pad.change(line, "quantity")


def alter_note(pad: Pad, line: OrderLine, note: str) -> None:
    """Raises InvalidRequest, OrderClosed, Conflict."""
    note = check_note(note)
    pad.order_of(line)
    _refuse_if_sent(line)
    line.note = note
    pad.change(line, "note")


def alter_seats(pad: Pad, line: OrderLine, seats: Sequence[int]) -> None:
    """Raises InvalidRequest, OrderClosed, Conflict."""
    wanted = check_seats(seats)
    pad.order_of(line)
    if not line.is_on_bill:
        raise _off(line)
    line.seats = wanted
    pad.change(line, "seats")
    if line.station_id is not None and line.state in KITCHEN_STATES:
        publish(StationChanged(venue_id=pad.held.venue.pk, station_id=line.station_id))


def alter_course(pad: Pad, line: OrderLine, course_id: int | None) -> None:
    """Raises InvalidRequest, OrderClosed, Conflict."""
    course = pad.course(course_id) if course_id is not None else None
    pad.order_of(line)
    _refuse_if_sent(line)
    line.course = course
    pad.change(line, "course")


def alter_eaten(pad: Pad, line: OrderLine, eaten: Eaten) -> None:
    """Raises OrderClosed, Locked, Conflict."""
    pad.order_to_lower(line)
    _refuse_if_sent(line)
    parts = pad.rows_of(line).parts
    line.eaten = eaten
    follow_rates(line, parts, pad.rates())
    pad.change(line, "eaten", "vat_rate")
    pad.change_parts(parts)


def flip_order(pad: Pad, order: Order, eaten: Eaten) -> None:
    """Flip every line that is not sent. A counter order is of the other type from then on, until it is sent."""
    for line in pad.waiting_lines(order):
        alter_eaten(pad, line, eaten)
    at_counter = order.table_id is None and order.party_id is None and not order.is_tab
    if at_counter and order.origin == Origin.STAFF and order.first_sent_at is None:
        order.order_type = type_if_eaten(eaten)
    pad.touch(order)


def take_off_unsent(pad: Pad, line: OrderLine) -> None:
    """Raises OrderClosed, Locked, Conflict."""
    if line.taken_off == TakenOff.REMOVE:
        return
    pad.order_to_lower(line)
    _refuse_if_sent(line)
    pad.stock.give_back(pad.uses_of(line, line.quantity))
    line.take_off(TakenOff.REMOVE, by=pad.actor.membership, at=pad.held.now)
    pad.change(line, *TAKEN_OFF_FIELDS)


def _refuse_if_sent(line: OrderLine) -> None:
    if not line.is_on_bill:
        raise _off(line)
    if not is_waiting(line):
        raise Conflict(f"{line.name} is already with the kitchen. Correct or void it.", line=line.pk)


def _off(line: OrderLine) -> Conflict:
    return Conflict(f"{line.name} is not on the bill any more.", line=line.pk)
