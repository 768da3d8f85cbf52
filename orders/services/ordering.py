"""Taking an order: lines on, changed and off again before they are sent.

Each act is a step on a pad (``line_changes``, shared with the till's operations) and a service around it.
"""

from collections.abc import Sequence

from orders.models import Eaten, Order, OrderLine
from orders.services.line_changes import (
    alter_course,
    alter_eaten,
    alter_note,
    alter_quantity,
    alter_seats,
    flip_order,
    put_line,
    take_off_unsent,
)
from orders.services.lines import NewLine
from orders.services.locking import refuse_if_lent
from orders.services.pad import open_pad, pad_of_line
from orders.services.targets import OnOrder, Target
from orders.services.tenders import refuse_if_closed
from pos.errors import InvalidRequest
from pos.permissions import Act, Actor, require
from pos.service import service


@service
def add_lines(*, actor: Actor, target: Target, lines: Sequence[NewLine]) -> list[OrderLine]:
    """Put things on the bill of a table, party, tab or order; the first line seats the party and opens the order.

    While a card machine has the bill they go on the next one; a line id that is there already is not added twice.
    Raises NotFound, InvalidRequest naming the field, OrderClosed, Conflict for what is sold out.
    """
    require(actor, Act.ADD)
    if not lines:
        raise InvalidRequest("There is nothing to add.", field="lines")
    pad = open_pad(actor, target, new_lines=lines)
    added = [put_line(pad, new) for new in lines]
    pad.settle()
    return added


@service
def change_quantity(*, actor: Actor, line_id: str, quantity: int) -> OrderLine:
    """Make it two instead of one, while it is not sent.

    Raises NotFound, InvalidRequest, OrderClosed, Locked, Conflict.
    """
    require(actor, Act.ADD, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    alter_quantity(pad, line, quantity)
    pad.settle()
    return line


@service
def set_note(*, actor: Actor, line_id: str, note: str) -> OrderLine:
    """Tell the kitchen how, while the line is not sent. Raises NotFound, InvalidRequest, OrderClosed, Conflict."""
    require(actor, Act.ADD, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    alter_note(pad, line, note)
    pad.settle()
    return line


@service
def set_seats(*, actor: Actor, line_id: str, seats: Sequence[int]) -> OrderLine:
    """Say who has it; no seat is everyone. Raises NotFound, InvalidRequest, OrderClosed, Conflict when it is off."""
    require(actor, Act.ADD, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    alter_seats(pad, line, seats)
    pad.settle()
    return line


@service
def set_course(*, actor: Actor, line_id: str, course_id: int | None) -> OrderLine:
    """Serve it with another course, while it is not sent. Raises NotFound, InvalidRequest, OrderClosed, Conflict."""
    require(actor, Act.ADD, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    alter_course(pad, line, course_id)
    pad.settle()
    return line


@service
def set_eaten(*, actor: Actor, line_id: str, eaten: Eaten) -> OrderLine:
    """Eat it here or take it away, while it is not sent. Raises NotFound, OrderClosed, Locked, Conflict."""
    require(actor, Act.ADD, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    alter_eaten(pad, line, eaten)
    pad.settle()
    return line


@service
def set_order_eaten(*, actor: Actor, order_id: str, eaten: Eaten) -> Order:
    """Flip everything not sent yet to eat in or take away; a counter order as a whole changes its type with it.

    Raises NotFound, OrderClosed, Locked.
    """
    require(actor, Act.ADD, subject=order_id)
    pad = open_pad(actor, OnOrder(order_id))
    order = pad.place.orders_in_view()[0]
    refuse_if_closed(order)
    refuse_if_lent(pad.held, order)
    flip_order(pad, order, eaten)
    pad.settle()
    return order


@service
def remove_line(*, actor: Actor, line_id: str) -> OrderLine:
    """Take off what was never sent: no question. Removing twice is once.

    Raises NotFound, OrderClosed, Locked, Conflict when it was sent, ApprovalRequired below a bill the guest has seen.
    """
    require(actor, Act.REMOVE_UNSENT, subject=line_id)
    pad, line = pad_of_line(actor, line_id)
    take_off_unsent(pad, line)
    pad.settle()
    return line
