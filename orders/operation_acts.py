"""What one operation of a till does, as a step on a pad. Taking off what was sent is none of them: it never queues."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orders.models import Eaten
from orders.services.allergies import write_allergy
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
from orders.services.pad import Pad
from orders.services.sending import Sent, Wishes, fire_lines, send_lines
from orders.services.targets import party_order
from orders.services.tenders import refuse_if_closed


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the order it was about, the line, and what only this kind has to say."""

    order_id: str | None
    line_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddLine:
    new: NewLine

    @property
    def line_id(self) -> str:
        return self.new.line_id

    def apply(self, pad: Pad) -> Done:
        line = put_line(pad, self.new)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class SetQuantity:
    line_id: str
    quantity: int

    def apply(self, pad: Pad) -> Done:
        line = pad.line(self.line_id)
        alter_quantity(pad, line, self.quantity)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class SetNote:
    line_id: str
    note: str

    def apply(self, pad: Pad) -> Done:
        line = pad.line(self.line_id)
        alter_note(pad, line, self.note)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class SetSeats:
    line_id: str
    seats: tuple[int, ...]

    def apply(self, pad: Pad) -> Done:
        line = pad.line(self.line_id)
        alter_seats(pad, line, self.seats)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class SetCourse:
    line_id: str
    course_id: int | None

    def apply(self, pad: Pad) -> Done:
        line = pad.line(self.line_id)
        alter_course(pad, line, self.course_id)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class SetEaten:
    """Of one line; without one, of everything on the order that is not sent."""

    line_id: str
    eaten: Eaten

    def apply(self, pad: Pad) -> Done:
        if self.line_id:
            line = pad.line(self.line_id)
            alter_eaten(pad, line, self.eaten)
            return Done(line.order_id, line.pk)
        order = party_order(pad.place)
        refuse_if_closed(order)
        refuse_if_lent(pad.held, order)
        flip_order(pad, order, self.eaten)
        return Done(order.pk)


@dataclass(frozen=True, slots=True)
class RemoveLine:
    line_id: str

    def apply(self, pad: Pad) -> Done:
        line = pad.line(self.line_id)
        take_off_unsent(pad, line)
        return Done(line.order_id, line.pk)


@dataclass(frozen=True, slots=True)
class Send:
    """Everything unsent, or these lines; what is named twice goes by *later* before *now*."""

    lines: tuple[str, ...] | None
    hold: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    line_id: str = ""

    def apply(self, pad: Pad) -> Done:
        sent = send_lines(pad, line_ids=self.lines, wishes=Wishes(later=self.hold, now=self.now))
        return _told(pad, sent)


@dataclass(frozen=True, slots=True)
class Fire:
    course_id: int
    line_id: str = ""

    def apply(self, pad: Pad) -> Done:
        return _told(pad, fire_lines(pad, course_id=self.course_id))


@dataclass(frozen=True, slots=True)
class NoteAllergy:
    seat: int | None
    allergens: Sequence[str]
    note: str
    line_id: str = ""

    def apply(self, pad: Pad) -> Done:
        noted = write_allergy(pad, seat=self.seat, allergens=self.allergens, note=self.note)
        orders = pad.place.orders_in_view()
        return Done(orders[0].pk if orders else None, data={"allergens": noted})


TillAct = AddLine | SetQuantity | SetNote | SetSeats | SetCourse | SetEaten | RemoveLine | Send | Fire | NoteAllergy


def _told(pad: Pad, sent: Sent) -> Done:
    orders = pad.place.orders_in_view()
    return Done(orders[0].pk if orders else None, data={"sent": sent.sent, "held": sent.held})
