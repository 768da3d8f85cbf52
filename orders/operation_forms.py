"""Reading a till's operations: strict about types, tolerant of fields it does not know, and exact about what is wrong.

Every operation::

    {"op_id": "…", "sequence": 7, "kind": "add_line", "target": {"table": "t12"}, …}

``target`` is one of ``{"table": code}``, ``{"party": id}``, ``{"order": id}``, or one still to be opened by its first
line: ``{"tab": {"order": id, "name", "description", "limit"}}``, ``{"collection": {"order": id, "name", "phone",
"collect_at"}}``, ``{"counter": {"order": id, "eaten"}}``; its order id is made by the till, so that it is opened once.

============ ========================================================================================================
add_line     line (made by the till), plu, quantity, modifiers [{plu, quantity}], sub_items [{plu, modifiers, note}],
             note, seats, course, eaten
set_quantity line, quantity
set_note     line, note
set_seats    line, seats
set_course   line, course (null: none)
set_eaten    eaten ("in", "out"), line (without one: all that is not sent)
remove_line  line
send         lines (without: all that is unsent), hold (these later), now (these now, whatever their course)
fire         course
allergy      seat (null: the whole party), allergens, note
============ ========================================================================================================
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from orders import operation_acts as acts
from orders.models import Eaten
from orders.services.lines import MOST_OF_ONE, MOST_SEATS, Choice, ChosenPart, NewLine
from orders.services.targets import AtTable, NewCollection, NewCounter, NewTab, OfParty, OnOrder, Target
from pos.errors import InvalidRequest, PosError
from pos.ids import LINE, ORDER, is_id

MOST_OPERATIONS = 200
MOST_ITEMS = 100
BIGGEST = 2**31 - 1
_OP_ID = re.compile(r"^[A-Za-z0-9_.:-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Operation:
    """One tap, as it arrived; what cannot be read carries its error and is refused in its turn."""

    op_id: str
    sequence: int
    kind: str
    body_hash: str
    line_id: str = ""
    target: Target | None = None
    act: acts.TillAct | None = None
    error: PosError | None = None


class Fields:
    """A JSON object being read; ``at`` is where it stands, for the message."""

    def __init__(self, value: object, at: str = "") -> None:
        if not isinstance(value, dict):
            raise InvalidRequest("An object is needed here.", field=at)
        self._values = value
        self._at = at

    def path(self, name: str) -> str:
        return f"{self._at}.{name}" if self._at else name

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def raw(self, name: str) -> Any:
        return self._values.get(name)

    def text(self, name: str, *, most: int = 500, default: str | None = None) -> str:
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        return check_text(value, self.path(name), most=most)

    def number(self, name: str, *, least: int = 0, most: int = BIGGEST, default: int | None = None) -> int:
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        return check_number(value, self.path(name), least=least, most=most)

    def number_or_none(self, name: str, *, least: int = 0, most: int = BIGGEST) -> int | None:
        return self.number(name, least=least, most=most) if self.has(name) else None

    def id(self, name: str, prefix: str, *, default: str | None = None) -> str:
        value = self.text(name, most=60, default=default)
        if value and not is_id(prefix, value):
            raise InvalidRequest(f"That is not the id of {_A[prefix]}.", field=self.path(name))
        return value

    def items(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise InvalidRequest(f"A list of at most {MOST_ITEMS} is needed here.", field=self.path(name))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(
            check_text(value, f"{self.path(name)}.{index}", most=60) for index, value in enumerate(self.items(name))
        )

    def numbers(self, name: str, *, least: int, most: int) -> tuple[int, ...]:
        return tuple(
            check_number(value, f"{self.path(name)}.{index}", least=least, most=most)
            for index, value in enumerate(self.items(name))
        )

    def objects(self, name: str) -> list["Fields"]:
        return [Fields(value, f"{self.path(name)}.{index}") for index, value in enumerate(self.items(name))]

    def eaten(self, name: str) -> Eaten:
        value = self.text(name, most=4)
        if value not in Eaten.values:
            raise InvalidRequest("Eaten “in” or “out”.", field=self.path(name))
        return Eaten(value)

    def moment(self, name: str) -> datetime | None:
        if not self.has(name):
            return None
        try:
            moment = parse_datetime(self.text(name, most=40))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise InvalidRequest("A date and time with a zone is needed here.", field=self.path(name))
        return moment


_A = {LINE: "a line", ORDER: "an order"}


def check_text(value: object, at: str, *, most: int) -> str:
    """Raises InvalidRequest for what PostgreSQL could not keep either."""
    if not isinstance(value, str) or len(value) > most:
        raise InvalidRequest(f"A text of at most {most} characters is needed here.", field=at)
    if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise InvalidRequest("That text has signs that are none.", field=at)
    return value


def check_number(value: object, at: str, *, least: int, most: int) -> int:
    """Raises InvalidRequest; true is no number, and neither is 5.0."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidRequest(f"A whole number from {least} to {most} is needed here.", field=at)
    return value


def read_batch(ops: object) -> list[Operation]:
    """Read a batch into the sequence the till made it in.

    Raises InvalidRequest when an operation cannot even be answered, because it has no id or sequence: then nothing of
    the batch is applied.
    """
    if not isinstance(ops, list) or not 1 <= len(ops) <= MOST_OPERATIONS:
        raise InvalidRequest(f"From 1 to {MOST_OPERATIONS} operations are needed.", field="ops")
    read = [_operation(raw, f"ops.{index}") for index, raw in enumerate(ops)]
    return sorted(read, key=lambda operation: operation.sequence)


def _operation(raw: object, at: str) -> Operation:
    head = Fields(raw, at)
    op_id = head.text("op_id", most=64)
    if not _OP_ID.match(op_id):
        raise InvalidRequest("An op id is letters, digits and _ . : -", field=head.path("op_id"))
    sequence = head.number("sequence", most=2**63 - 1)
    body = Fields(raw)
    kind = body.raw("kind")
    line_id = body.raw("line")
    operation = Operation(
        op_id=op_id,
        sequence=sequence,
        kind=kind if isinstance(kind, str) and kind in _KINDS else "unknown",
        body_hash=hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest(),
        line_id=line_id if isinstance(line_id, str) and is_id(LINE, line_id) else "",
    )
    return _with_meaning(operation, body)


def _with_meaning(operation: Operation, body: Fields) -> Operation:
    named = {
        "op_id": operation.op_id,
        "sequence": operation.sequence,
        "kind": operation.kind,
        "body_hash": operation.body_hash,
        "line_id": operation.line_id,
    }
    try:
        if operation.kind not in _KINDS:
            raise InvalidRequest(f"A kind is one of {', '.join(_KINDS)}.", field="kind")
        act = _KINDS[operation.kind](body)
        return Operation(**named, target=_target(body), act=act)  # type: ignore[arg-type]
    except InvalidRequest as error:
        return Operation(**named, error=error)  # type: ignore[arg-type]


def _target(body: Fields) -> Target:
    if not body.has("target"):
        raise InvalidRequest("A target is needed: a table, a party, an order …", field="target")
    target = Fields(body.raw("target"), "target")
    named = [kind for kind in _TARGETS if target.has(kind)]
    if len(named) != 1:
        raise InvalidRequest(f"A target is one of {', '.join(_TARGETS)}.", field="target")
    return _TARGETS[named[0]](target)


def _tab(target: Fields) -> NewTab:
    tab = Fields(target.raw("tab"), "target.tab")
    return NewTab(
        name=tab.text("name", most=120, default=""),
        description=tab.text("description", most=80, default=""),
        limit=tab.number_or_none("limit"),
        order_id=tab.id("order", ORDER),
    )


def _collection(target: Fields) -> NewCollection:
    collection = Fields(target.raw("collection"), "target.collection")
    return NewCollection(
        name=collection.text("name", most=120, default=""),
        phone=collection.text("phone", most=50, default=""),
        collect_at=collection.moment("collect_at"),
        order_id=collection.id("order", ORDER),
    )


def _counter(target: Fields) -> NewCounter:
    counter = Fields(target.raw("counter"), "target.counter")
    eaten = counter.eaten("eaten") if counter.has("eaten") else Eaten.IN
    return NewCounter(eaten=eaten, order_id=counter.id("order", ORDER))


_TARGETS: dict[str, Callable[[Fields], Target]] = {
    "table": lambda target: AtTable(target.text("table", most=40)),
    "party": lambda target: OfParty(target.text("party", most=60)),
    "order": lambda target: OnOrder(target.text("order", most=60)),
    "tab": _tab,
    "collection": _collection,
    "counter": _counter,
}


def _choices(owner: Fields) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            plu=choice.text("plu", most=120), quantity=choice.number("quantity", least=1, most=MOST_OF_ONE, default=1)
        )
        for choice in owner.objects("modifiers")
    )


def _add_line(body: Fields) -> acts.AddLine:
    return acts.AddLine(
        NewLine(
            line_id=body.id("line", LINE),
            plu=body.text("plu", most=120),
            quantity=body.number("quantity", least=1, most=MOST_OF_ONE, default=1),
            modifiers=_choices(body),
            sub_items=tuple(
                ChosenPart(plu=part.text("plu", most=120), modifiers=_choices(part), note=part.text("note", default=""))
                for part in body.objects("sub_items")
            ),
            note=body.text("note", default=""),
            seats=body.numbers("seats", least=1, most=MOST_SEATS),
            course_id=body.number_or_none("course", least=1),
            eaten=body.eaten("eaten") if body.has("eaten") else None,
        )
    )


def _line(body: Fields) -> str:
    return body.id("line", LINE)


_KINDS: dict[str, Callable[[Fields], acts.TillAct]] = {
    "add_line": _add_line,
    "set_quantity": lambda body: acts.SetQuantity(_line(body), body.number("quantity", least=1, most=MOST_OF_ONE)),
    "set_note": lambda body: acts.SetNote(_line(body), body.text("note")),
    "set_seats": lambda body: acts.SetSeats(_line(body), body.numbers("seats", least=1, most=MOST_SEATS)),
    "set_course": lambda body: acts.SetCourse(_line(body), body.number_or_none("course", least=1)),
    "set_eaten": lambda body: acts.SetEaten(body.id("line", LINE, default=""), body.eaten("eaten")),
    "remove_line": lambda body: acts.RemoveLine(_line(body)),
    "send": lambda body: acts.Send(
        lines=body.texts("lines") if body.has("lines") else None, hold=body.texts("hold"), now=body.texts("now")
    ),
    "fire": lambda body: acts.Fire(body.number("course", least=1)),
    "allergy": lambda body: acts.NoteAllergy(
        seat=body.number_or_none("seat", least=1, most=MOST_SEATS),
        allergens=body.texts("allergens"),
        note=body.text("note", most=200, default=""),
    ),
}
