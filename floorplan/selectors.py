"""Reading the plan: rooms and tables with who serves them, in a constant number of queries."""

from collections import defaultdict
from dataclasses import dataclass

from floorplan.models import Area, Table
from pos.models import Venue


@dataclass(frozen=True, slots=True)
class ServedArea:
    code: str
    name: str
    waiter_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedTable:
    """A table in use; ``place`` sorts tables as the plan does and never twice the same."""

    place: tuple[int, int, int, int]
    code: str
    name: str
    max_covers: int
    area_code: str
    waiter_ids: tuple[str, ...]


def list_areas(venue: Venue) -> list[ServedArea]:
    """The rooms in use, each with everybody who serves a table in it."""
    areas = Area.objects.filter(venue=venue, is_active=True).values_list("pk", "code", "name")
    waiters: dict[int, set[str]] = defaultdict(set)
    served = Table.waiters.through.objects.filter(
        table__venue=venue, table__is_active=True, membership__is_active=True
    ).values_list("table__area_id", "membership__waiter_id")
    for area_pk, waiter_id in served:
        waiters[area_pk].add(waiter_id)
    return [ServedArea(code=code, name=name, waiter_ids=tuple(sorted(waiters[pk]))) for pk, code, name in areas]


def search_tables(venue: Venue, *, area_code: str | None = None, waiter_id: str | None = None) -> list[ServedTable]:
    """The tables in use, in the plan's order; an area or a waiter nobody knows has none."""
    tables = Table.objects.filter(venue=venue, is_active=True, area__is_active=True)
    if area_code is not None:
        tables = tables.filter(area__code=area_code)
    if waiter_id is not None:
        tables = tables.filter(waiters__waiter_id=waiter_id, waiters__is_active=True)
    rows = tables.order_by("area__position", "area_id", "position", "pk").values_list(
        "area__position", "area_id", "position", "pk", "code", "name", "max_covers", "area__code"
    )
    found = list(rows)
    waiters: dict[int, list[str]] = defaultdict(list)
    served = Table.waiters.through.objects.filter(
        table__venue=venue, table__is_active=True, membership__is_active=True
    ).values_list("table_id", "membership__waiter_id")
    for table_pk, waiter in served:
        waiters[table_pk].append(waiter)
    return [
        ServedTable(
            place=(area_position, area_pk, position, pk),
            code=code,
            name=name,
            max_covers=max_covers,
            area_code=area,
            waiter_ids=tuple(sorted(waiters[pk])),
        )
        for area_position, area_pk, position, pk, code, name, max_covers, area in found
    ]
