"""Patterns: what the services write for one visit, as text that can be stamped out again and again.

A visit is told once, in a transaction that is taken back, at a table, by a waiter and for a guest that exist only in
it. Whatever rows it left are read as PostgreSQL would copy them, and every place is marked that another visit of the
same kind would have filled differently: ids, numbers, moments, names. So the rows of the generated database are what
the services of today write, whatever those are; no table or column is spelled out here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, models

from benchmarks.clock import Clock, undone
from benchmarks.house import House
from benchmarks.stories import Scene, Until, tell
from dojo_integration.models import OutboundEvent
from floorplan.models import Table
from orders.demo.guests import Visit
from orders.models import Order, OrderNumber, TradingPeriod
from pos.models import Membership, Role, Staff

# What stands in a pattern for what each visit has of its own; none of it occurs in a menu.
_TABLE_CODE, _TABLE_NAME, _GUEST, _MARK = "zz-table-zz", "ZzTablezZ", "ZzGuestzZ", "zzmarkzz"
_WAITER_ID, _WAITER_NAME = "zzwaiterzz", "ZzWaiterzZ"
_FIRST_NUMBER = 987_650_001

_VISITS_OWN = re.compile(
    r"(?P<id>(?:order|line|party|rsv)_[0-7][0-9a-hjkmnp-tv-z]{25})"
    r"|(?P<wire>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
    # Cash has no id of Dojo's: its row's own key stands in the document, as a refund's does in the trail.
    r'|(?P<payment>(?<="cash_)\d+|(?<="walk_out_)\d+|(?<="payment": )\d+)'
    rf"|(?P<number>98765\d{{4}})|(?P<table_code>{_TABLE_CODE})|(?P<table_name>{_TABLE_NAME})|(?P<guest>{_GUEST})"
    rf"|(?P<mark>{_MARK})|(?P<waiter_id>{_WAITER_ID})|(?P<waiter_name>{_WAITER_NAME})"
)
_NULL = r"\N"


class Slot(NamedTuple):
    """A place that each visit fills by itself; ``what`` says with which of its several ids or moments."""

    kind: str
    what: Any = None


class Moment(NamedTuple):
    """A point in time of the visit, and whether it is written as the database or as Dojo reads it."""

    at: datetime
    on_the_wire: bool = False


@dataclass(slots=True)
class Chunk:
    """The rows of one table: text and slots in turns."""

    table: str
    columns: list[str]
    rows: int
    parts: list[str] = field(default_factory=list)
    slots: list[tuple[int, Slot]] = field(default_factory=list)

    def add(self, part: str | Slot) -> None:
        if isinstance(part, Slot):
            self.slots.append((len(self.parts), part))
            self.parts.append("")
        else:
            self.parts.append(part)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of visit, told once; ``minutes`` is when in the day it began."""

    minutes: int
    at_a_table: bool
    began: datetime
    numbers: int
    chunks: list[Chunk]

    @property
    def slots(self) -> set[Slot]:
        return {slot for chunk in self.chunks for _, slot in chunk.slots}


def record(house: House, visit: Visit, *, at: datetime, until: Until = Until.GONE) -> Pattern:
    """Tell one visit in a house that had no guests yet, and read what it left. Raises RuntimeError where it had."""
    if Order.objects.exists():
        raise RuntimeError("This house had guests: what they left could not be told from what a new one leaves.")
    clock = Clock(at)
    with undone(), clock.running():
        table, waiter = _stand_ins(house)
        OrderNumber.objects.filter(venue=house.venue).update(last=_FIRST_NUMBER - 1)
        before = _newest_rows()
        scene = Scene(
            venue=house.venue,
            till=house.till,
            table=table,
            waiter=waiter,
            supervisor=house.supervisor,
            manager=house.manager,
            guest=_GUEST,
            mark=_MARK,
            starts=at,
        )
        tell(visit, scene, clock, until=until)
        # Dojo was told long ago, and that is forgotten after a month.
        OutboundEvent.objects.all().delete()
        numbers = OrderNumber.objects.get(venue=house.venue).last - _FIRST_NUMBER + 1
        reader = _Reader(before, table=table, waiter=waiter, period=house.open_period)
        return Pattern(
            minutes=visit.arrives,
            at_a_table=visit.place is not None,
            began=at,
            numbers=numbers,
            chunks=reader.read(),
        )


def _stand_ins(house: House) -> tuple[Table, Membership]:
    table = Table.objects.create(venue=house.venue, area=house.pub[0].area, code=_TABLE_CODE, name=_TABLE_NAME)
    staff = Staff.objects.create(login=_MARK, name=_WAITER_NAME)
    waiter = Membership.objects.create(venue=house.venue, staff=staff, role=Role.WAITER, waiter_id=_WAITER_ID)
    return table, waiter


def _tables() -> Iterator[type[models.Model]]:
    return (model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy)


def _newest_rows() -> dict[str, str | None]:
    """By table, the last key there is."""
    quote = connection.ops.quote_name
    selects = " UNION ALL ".join(
        f"SELECT '{model._meta.db_table}', max({quote(_column(_key(model)))})::text FROM {quote(model._meta.db_table)}"
        for model in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(selects)
        return dict(cursor.fetchall())


def _key(model: type[models.Model]) -> "models.Field[Any, Any]":
    assert model._meta.pk is not None
    return model._meta.pk


class _Reader:
    """Reads the rows that are newer than those before, and finds in them what is the visit's own."""

    def __init__(
        self, before: dict[str, str | None], *, table: Table, waiter: Membership, period: TradingPeriod
    ) -> None:
        self.before = before
        self.stand_ins = {
            (Table, str(table.pk)): Slot("table"),
            (Membership, str(waiter.pk)): Slot("waiter"),
            (TradingPeriod, str(period.pk)): Slot("period"),
        }
        self.rows: dict[type[models.Model], list[list[str]]] = {}
        self.keys: dict[tuple[type[models.Model], str], Slot] = {}

    def read(self) -> list[Chunk]:
        for model in _tables():
            rows = self._new_rows(model)
            if rows:
                self.rows[model] = rows
                self._note_keys(model)
        return [self._chunk(model) for model in self.rows]

    def _new_rows(self, model: type[models.Model]) -> list[list[str]]:
        quote = connection.ops.quote_name
        key = quote(_column(_key(model)))
        table, columns = quote(model._meta.db_table), ", ".join(quote(_column(one)) for one in _fields(model))
        newest = self.before[model._meta.db_table]
        newer = "" if newest is None else f"WHERE {key} > '{newest}'"
        with connection.cursor() as cursor:
            copy = cursor.copy(f"COPY (SELECT {columns} FROM {table} {newer} ORDER BY {key}) TO STDOUT")
            with copy as rows:
                text = b"".join(rows).decode()
        return [row.split("\t") for row in text.split("\n")[:-1]]

    def _note_keys(self, model: type[models.Model]) -> None:
        if isinstance(_key(model), models.AutoField):
            place = _fields(model).index(_key(model))
            for index, row in enumerate(self.rows[model]):
                self.keys[model, row[place]] = Slot("key", (model._meta.db_table, index))

    def _chunk(self, model: type[models.Model]) -> Chunk:
        fields, rows = _fields(model), self.rows[model]
        chunk = Chunk(model._meta.db_table, [_column(one) for one in fields], len(rows))
        for row in rows:
            for index, (one, value) in enumerate(zip(fields, row, strict=True)):
                if index:
                    chunk.add("\t")
                for part in self._parts(one, value):
                    chunk.add(part)
            chunk.add("\n")
        return _joined(chunk)

    def _parts(self, one: "models.Field[Any, Any]", value: str) -> Iterator[str | Slot]:
        target = one.remote_field.model if one.remote_field else one.model
        if value == _NULL:
            yield value
        elif (one.remote_field or one.primary_key) and (target, value) in self.keys:
            yield self.keys[target, value]
        elif (target, value) in self.stand_ins and one.remote_field:
            yield self.stand_ins[target, value]
        elif isinstance(one, models.DateTimeField):
            yield Slot("moment", Moment(datetime.fromisoformat(value)))
        elif isinstance(one, models.DateField):
            yield Slot("day")
        else:
            yield from self._parts_of_text(value)

    def _parts_of_text(self, value: str) -> Iterator[str | Slot]:
        end = 0
        for found in _VISITS_OWN.finditer(value):
            yield value[end : found.start()]
            yield self._slot(str(found.lastgroup), found.group())
            end = found.end()
        yield value[end:]

    def _slot(self, kind: str, text: str) -> Slot:
        match kind:
            case "id":
                return Slot("id", text)
            case "wire":
                return Slot("moment", Moment(datetime.fromisoformat(text), on_the_wire=True))
            case "payment":
                return self.keys[apps.get_model("orders", "Payment"), text]
            case "number":
                return Slot("number", int(text) - _FIRST_NUMBER)
        return Slot(kind)


def _fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return list(model._meta.local_concrete_fields)


def _column(one: "models.Field[Any, Any]") -> str:
    assert one.column is not None
    return one.column


def _joined(chunk: Chunk) -> Chunk:
    """The same chunk with neighbouring texts as one."""
    slots = dict(chunk.slots)
    joined = Chunk(chunk.table, chunk.columns, chunk.rows)
    text: list[str] = []
    for index, part in enumerate(chunk.parts):
        if index in slots:
            joined.add("".join(text))
            joined.add(slots[index])
            text = []
        else:
            text.append(part)
    joined.add("".join(text))
    return joined
