"""Patterns stamped into the database by COPY: as many visits as wanted, in seconds where services take hours."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice

from django.apps import apps
from django.db import connection, models, transaction

from benchmarks.house import House
from benchmarks.recording import Pattern, Slot
from floorplan.models import Table
from orders.models import OrderNumber, TradingPeriod
from orders.models.order import DISPLAY_NAME_LENGTH
from pos.ids import new_id
from pos.models import Membership

BATCH = 1_000
LONGEST_GUEST = DISPLAY_NAME_LENGTH - len("Collect · ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One visit of the plan: which pattern, when, where, served by whom."""

    pattern: int
    starts: datetime
    table: Table
    waiter: Membership
    guest: str
    mark: str


class Stamper:
    """Writes sittings after patterns; the venue does nothing else meanwhile."""

    def __init__(self, house: House, patterns: Sequence[Pattern], *, only: str | None = None) -> None:
        self.house = house
        self.patterns = patterns
        self.chunks = [[chunk for chunk in pattern.chunks if only in (None, chunk.table)] for pattern in patterns]
        # Also of tables that are left out: documents name payments by their keys.
        self.next_key = _next_keys({chunk.table for pattern in patterns for chunk in pattern.chunks})
        self.number = OrderNumber.objects.get(venue=house.venue).last
        self.open_period = str(house.open_period.pk)
        self.closed_periods = {
            house.venue.business_date(period.closed_at): str(period.pk)
            for period in TradingPeriod.objects.filter(venue=house.venue, closed_at__isnull=False)
            if period.closed_at
        }
        self._slots = [{slot for chunk in chunks for _, slot in chunk.slots} for chunks in self.chunks]
        self._columns = {chunk.table: chunk.columns for chunks in self.chunks for chunk in chunks}

    def stamp(self, sittings: Iterable[Sitting]) -> Iterator[int]:
        """Write the sittings, a transaction per thousand; says after each how many there are."""
        done = 0
        rest = iter(sittings)
        while some := list(islice(rest, BATCH)):
            with transaction.atomic():
                self._write(some)
            done += len(some)
            yield done

    def _write(self, sittings: Sequence[Sitting]) -> None:
        texts: dict[str, list[str]] = defaultdict(list)
        for sitting in sittings:
            self._fill(sitting, texts)
        with connection.cursor() as cursor:
            for table, parts in texts.items():
                columns = ", ".join(map(connection.ops.quote_name, self._columns[table]))
                with cursor.copy(f"COPY {connection.ops.quote_name(table)} ({columns}) FROM STDIN") as copy:
                    copy.write("".join(parts))
            for table in self.next_key:
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, self.next_key[table]]
                )
        OrderNumber.objects.filter(venue=self.house.venue).update(last=self.number)

    def _fill(self, sitting: Sitting, texts: dict[str, list[str]]) -> None:
        pattern = self.patterns[sitting.pattern]
        values = self._values(pattern, self._slots[sitting.pattern], sitting)
        for chunk in self.chunks[sitting.pattern]:
            parts = chunk.parts.copy()
            for place, slot in chunk.slots:
                parts[place] = values[slot]
            texts[chunk.table] += parts
        for chunk in pattern.chunks:
            if chunk.table in self.next_key:
                self.next_key[chunk.table] += chunk.rows
        self.number += pattern.numbers

    def _values(self, pattern: Pattern, slots: set[Slot], sitting: Sitting) -> dict[Slot, str]:
        later = sitting.starts - pattern.began
        day = self.house.venue.business_date(sitting.starts)
        own = {
            "table": str(sitting.table.pk),
            "table_code": sitting.table.code,
            "table_name": sitting.table.name,
            "waiter": str(sitting.waiter.pk),
            "waiter_id": sitting.waiter.waiter_id,
            "waiter_name": sitting.waiter.staff.name,
            "guest": sitting.guest,
            "mark": sitting.mark,
            "period": self.closed_periods.get(day, self.open_period),
            "day": day.isoformat(),
        }
        return {slot: own.get(slot.kind) or self._value(slot, later) for slot in slots}

    def _value(self, slot: Slot, later: timedelta) -> str:
        match slot.kind:
            case "key":
                table, index = slot.what
                return str(self.next_key[table] + index)
            case "number":
                return str(self.number + 1 + slot.what)
            case "id":
                return _later_id(slot.what, later)
        moment = slot.what.at + later
        if slot.what.on_the_wire:
            return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return moment.isoformat()


def _next_keys(tables: set[str]) -> dict[str, int]:
    """By table whose keys are counted, the first one that is free."""
    counted = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables and isinstance(model._meta.pk, models.AutoField)
    ]
    return {
        model._meta.db_table: (model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0) + 1
        for model in counted
    }


def _later_id(text: str, later: timedelta) -> str:
    """An id of the same kind for the moment that much later: ids sort by time."""
    prefix, made_at = _made_at(text)
    return new_id(prefix, made_at + later)


@cache
def _made_at(text: str) -> tuple[str, datetime]:
    prefix, _, digits = text.rpartition("_")
    number = 0
    for digit in digits:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    return prefix, datetime.fromtimestamp((number >> 80) / 1000, tz=UTC)
