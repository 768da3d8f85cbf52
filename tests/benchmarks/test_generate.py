"""The generated database is the one that services would have left behind."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from itertools import cycle, groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from pytest_django import DjangoDbBlocker

from benchmarks import generate
from benchmarks.clock import Clock, undone
from benchmarks.generate import Patterns
from benchmarks.house import House, build_house
from benchmarks.recording import record
from benchmarks.stamping import Sitting, Stamper
from benchmarks.stories import Scene, Until, tell
from dojo_integration.models import OutboundEvent
from orders.demo.guests import Event, Kind, Visit
from orders.models import Order, OrderStatus
from tests.fixtures_venue import kept_for_module

CLOSED, OPEN = 44, 6
DAYS = generate.days_of_history(CLOSED, today=date(2026, 11, 25), a_day=15)
TONIGHT = datetime(2026, 11, 25, 19, 30, tzinfo=UTC)
ENDS = (Until.BILLED, Until.BILLED, Until.HALF_PAID)

TYPE_ID = re.compile(r"(?:order|line|party)_[0-7][0-9a-hjkmnp-tv-z]{25}")
PAYMENT = re.compile(r'(?<="cash_)\d+|(?<="walk_out_)\d+|(?<="payment": )\d+')

Row = dict[str, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Evening:
    """An empty house, what comes in it, and every row that services leave when it has come."""

    house: House
    visits: list[Visit]
    patterns: Patterns
    by_services: Rows

    def plan(self) -> list[Sitting]:
        return list(generate.plan_history(self.house, self.patterns, DAYS, CLOSED))

    def plan_of_tonight(self) -> list[Sitting]:
        tables = self.house.hall[:OPEN]
        return list(generate.plan_open_bills(self.house, self.patterns, tables, at=TONIGHT, series="o"))


@pytest.fixture(scope="module")
def evening(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Evening]:
    with kept_for_module(django_db_blocker):
        house = build_house(
            opened_at=generate.opening_of(DAYS[0], ZoneInfo("Europe/London")).astimezone(UTC), hall_tables=OPEN
        )
        visits = _the_shortest()
        patterns = generate.record_patterns(house, visits, on=DAYS[-1])
        evening = Evening(house, visits, patterns, {})
        with undone():
            _tell_everything(evening)
            # Patterns leave out what Dojo was told: it is forgotten after a month.
            OutboundEvent.objects.all().delete()
            evening.by_services.update(everything())
        yield evening


def _the_shortest() -> list[Visit]:
    """One of every kind of guest, of paying and of trouble: the one that services are done with soonest."""
    by_length = sorted(generate.two_weeks(), key=lambda visit: (len({w.after for w in visit.wants}), len(visit.wants)))
    kinds = {visit.event or (visit.kind, visit.tenders): visit for visit in reversed(by_length)}
    return list(kinds.values())


def _tell_everything(evening: Evening) -> None:
    """The plan, sitting by sitting, as tills and Dojo would have had it."""
    house, clock = evening.house, Clock(TONIGHT)
    with clock.running():
        for day, sittings in groupby(evening.plan(), key=lambda sitting: house.venue.business_date(sitting.starts)):
            for sitting in sittings:
                tell(evening.visits[sitting.pattern], _scene(house, sitting), clock)
            generate.close_day(house, day)
        stay = list(zip(generate.visits_that_stay(evening.visits), cycle(ENDS)))
        for sitting in evening.plan_of_tonight():
            visit, until = stay[sitting.pattern]
            tell(visit, _scene(house, sitting), clock, until=until)


def _scene(house: House, sitting: Sitting) -> Scene:
    return Scene(
        venue=house.venue,
        till=house.till,
        table=sitting.table,
        waiter=sitting.waiter,
        supervisor=house.supervisor,
        manager=house.manager,
        guest=sitting.guest,
        mark=sitting.mark,
        starts=sitting.starts,
    )


def stamp_everything(evening: Evening) -> None:
    generate.close_days(evening.house, DAYS)
    assert list(Stamper(evening.house, evening.patterns.closed).stamp(evening.plan())) == [CLOSED]
    assert list(Stamper(evening.house, evening.patterns.still_open).stamp(evening.plan_of_tonight())) == [OPEN]


# --- rows, told apart by what they are ------------------------------------------------------------------------------


def everything() -> Rows:
    """Every row of the database, each id replaced by which of its kind it is."""
    found = {model: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()}
    names = _names_of_ids(found)
    places = {
        (model, row[model._meta.pk.attname]): place
        for model, rows in found.items()
        if isinstance(model._meta.pk, models.AutoField)
        for place, row in enumerate(rows)
    }
    return {
        model._meta.db_table: sorted(
            ({one.attname: _plain(one, row[one.attname], names, places) for one in _fields(model)} for row in rows),
            key=repr,
        )
        for model, rows in found.items()
    }


def _fields(model: type[models.Model]) -> list[Any]:
    """The trail's own keys are left out: nothing points at them, and days are closed beforehand."""
    is_trail = model._meta.db_table == "pos_auditentry"
    return [one for one in model._meta.concrete_fields if not (is_trail and one.primary_key)]


def _names_of_ids(found: dict[type[models.Model], list[Row]]) -> dict[str, str]:
    rows = {model._meta.db_table: its for model, its in found.items()}
    numbers = {row["id"]: row["number"] for row in rows["orders_order"]}
    names = {order_id: f"order {number}" for order_id, number in numbers.items()}
    for row in rows["orders_order"]:
        if row["party_id"]:
            names[row["party_id"]] = f"party of {row['number']}"
    for row in rows["orders_orderline"]:
        names[row["id"]] = f"line {row['position']} of {numbers[row['order_id']]}"
    assert len(set(names.values())) == len(names)
    return names


def _plain(one: Any, value: Any, names: dict[str, str], places: dict[Any, int]) -> Any:
    target = one.remote_field.model if one.remote_field else one.model
    if (one.remote_field or one.primary_key) and (target, value) in places:
        return places[target, value]
    if isinstance(value, dict | list):
        value = json.dumps(value, default=str)
    if not isinstance(value, str):
        return value
    payment = apps.get_model("orders", "Payment")
    value = PAYMENT.sub(lambda found: f"payment {places[payment, int(found.group())]}", value)
    return TYPE_ID.sub(lambda found: names[found.group()], value)


# --- the same -------------------------------------------------------------------------------------------------------


def test_what_is_stamped_is_what_services_write(db: None, evening: Evening) -> None:
    # given
    assert {visit.kind for visit in evening.visits} == set(Kind)
    assert {visit.event for visit in evening.visits} == set(Event)
    assert len(evening.visits) < CLOSED
    # when
    stamp_everything(evening)
    # then
    stamped = everything()
    assert stamped.keys() == evening.by_services.keys()
    for table, rows in evening.by_services.items():
        assert stamped[table] == rows, table
    assert len(stamped["orders_order"]) == len(stamped["dojo_integration_orderdocument"]) == CLOSED + OPEN


def test_documents_are_what_a_fresh_rendering_says(db: None, evening: Evening) -> None:
    stamp_everything(evening)
    out = StringIO()
    call_command("rebuild_documents", stdout=out)
    slug = evening.house.venue.slug
    assert out.getvalue().strip() == f"{slug}: {CLOSED + OPEN} orders, 0 documents changed, 0 removed"


def test_history_is_over_and_the_hall_owes(db: None, evening: Evening) -> None:
    stamp_everything(evening)
    closed, still_open = (Order.objects.filter(closed_at__isnull=is_open) for is_open in (False, True))
    assert [order.status for order in closed] == [OrderStatus.FINALIZED] * CLOSED
    assert [order.payable for order in still_open] == [True] * OPEN
    assert {order.paid_amount > 0 for order in still_open} == {True, False}


# --- would a difference be found? -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "was", "becomes"),
    [
        ("orders_orderline", "\tserved\t", "\tready\t"),
        ("orders_payment", "\tGBP\t", "\tEUR\t"),
        ("dojo_integration_orderdocument", "Finalized", "Preparing"),
        ("pos_auditentry", "clear_table", "clear_tables"),
    ],
)
def test_one_wrong_word_is_found(db: None, evening: Evening, table: str, was: str, becomes: str) -> None:
    # given one pattern that says something else
    chunk = next(
        chunk
        for pattern in evening.patterns.closed
        for chunk in pattern.chunks
        if chunk.table == table and any(was in part for part in chunk.parts)
    )
    right = chunk.parts.copy()
    chunk.parts[:] = [part.replace(was, becomes) for part in chunk.parts]
    # when
    try:
        stamp_everything(evening)
    finally:
        chunk.parts[:] = right
    # then
    assert everything()[table] != evening.by_services[table]


def test_a_house_that_had_guests_is_no_place_to_record_in(db: None, evening: Evening) -> None:
    stamp_everything(evening)
    with pytest.raises(RuntimeError, match="had guests"):
        record(evening.house, evening.visits[0], at=TONIGHT)
