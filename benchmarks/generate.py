"""A venue with years behind it: closed history by the day, and a hall full of bills that are still to be paid.

`orders.demo.history` writes two weeks of books by rules of its own; this writes what today's services would have
written (`benchmarks.recording`), and a test makes the same orders through them to prove it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count, cycle
from random import Random

from benchmarks.clock import Clock
from benchmarks.house import House
from benchmarks.recording import Pattern, record
from benchmarks.stamping import Sitting
from benchmarks.stories import Until
from floorplan.models import Table
from orders.demo.building import SECTIONS
from orders.demo.guests import GUEST_NAMES, Event, Kind, Menu, Tender, Visit, day_of_visits
from orders.demo.history import DAYS
from orders.services.trading import close_period
from pos.permissions import Actor

ORDERS_A_DAY = 150
# Telling one takes half a second.
KINDS, OPEN_KINDS = 24, 8
# A Friday with everything that happens in a pub, and the day on which somebody ran.
_FRIDAY, _THE_RUNNERS_DAY = 12, 9
_DOORS_OPEN, _Z = time(10, 30), time(23, 55)
_LONGEST_LUCK = 15 * 60
# To have eaten and asked for the bill.
_LONG_ENOUGH = timedelta(hours=3)
# A bill in three has been paid in part.
_OPEN_ENDS = (Until.BILLED, Until.BILLED, Until.HALF_PAID)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Kinds of visits that are over, and of bills that are open."""

    closed: list[Pattern]
    weights: list[float]
    """How often each of them comes."""
    still_open: list[Pattern]


def usual_visits(most: int = KINDS) -> list[Visit]:
    """What comes again and again: a busy Friday of the demo pub and a guest who ran, no two alike while they last."""
    runner = next(visit for visit in _day(_THE_RUNNERS_DAY) if visit.event is Event.WALKED_OUT)
    visits = [runner, *_day(_FRIDAY)]
    firsts = {kind_of(visit): visit for visit in reversed(visits)}
    rare = [visit for visit in visits if visit in firsts.values()]
    return [*rare, *(visit for visit in visits if visit not in rare)][:most]


def record_patterns(house: House, visits: Sequence[Visit], *, on: date) -> Patterns:
    """Tell each visit once to its end, and some of those at a table once more until their bill is there."""
    closed = [record(house, visit, at=_moment(house, on, visit.arrives)) for visit in visits]
    still_open = [
        record(house, visit, at=_moment(house, on, visit.arrives), until=until)
        for visit, until in zip(visits_that_stay(visits), cycle(_OPEN_ENDS))
    ]
    alike = Counter(map(kind_of, visits))
    how_often = Counter(map(kind_of, two_weeks()))
    weights = [how_often[kind_of(visit)] / alike[kind_of(visit)] for visit in visits]
    return Patterns(closed=closed, weights=weights, still_open=still_open)


def two_weeks() -> list[Visit]:
    """Every visit of the demo pub's history."""
    return [visit for day in range(1, DAYS + 1) for visit in _day(day)]


def visits_that_stay(visits: Sequence[Visit]) -> list[Visit]:
    """Of these, the ones that are told until their bill is there."""
    return [visit for visit in visits if visit.place is not None and visit.event is Event.NONE][:OPEN_KINDS]


def kind_of(visit: Visit) -> tuple[Kind, Event, tuple[Tender, ...]]:
    return (visit.kind, visit.event, visit.tenders)


def _day(number: int) -> list[Visit]:
    return day_of_visits(Menu(SECTIONS), number=number, weekday=(number - 1) % 7)


def days_of_history(orders: int, *, today: date, a_day: int = ORDERS_A_DAY) -> list[date]:
    """The days, ending yesterday, on which so many orders were taken."""
    return [today - timedelta(days=ago) for ago in range(-(-orders // a_day), 0, -1)]


def opening_of(day: date, zone: tzinfo) -> datetime:
    """When the doors opened for the first time."""
    return datetime.combine(day, _DOORS_OPEN, tzinfo=zone)


def plan_history(house: House, patterns: Patterns, days: Sequence[date], orders: int) -> Iterator[Sitting]:
    """Who came on each of these days; the same house, days and number are the same plan."""
    random = Random("the guests of the benchmark")
    number = count(1)
    # Everything that can happen does, before anything happens twice.
    every = range(len(patterns.closed))
    kinds = [*every, *random.choices(every, patterns.weights, k=max(0, orders - len(every)))][:orders]
    for index, day in enumerate(days):
        of_the_day = kinds[orders * index // len(days) : orders * (index + 1) // len(days)]
        early = [timedelta(seconds=random.randrange(_LONGEST_LUCK)) for _ in of_the_day]
        arrivals = [
            _moment(house, day, patterns.closed[kind].minutes) - luck
            for kind, luck in zip(of_the_day, early, strict=True)
        ]
        for starts, kind in sorted(zip(arrivals, of_the_day, strict=True)):
            yield _sitting(house, kind, starts, random.choice(house.pub), f"h{next(number):07d}", random)


def plan_open_bills(
    house: House, patterns: Patterns, tables: Sequence[Table], *, at: datetime, series: str
) -> Iterator[Sitting]:
    """At each of these tables guests who came hours before ``at``, a second apart, and have not paid yet."""
    random = Random(f"the hall, {series}")
    for index, table in enumerate(tables):
        starts = at - _LONG_ENOUGH - timedelta(seconds=len(tables) - index)
        yield _sitting(house, index % len(patterns.still_open), starts, table, f"{series}{index:05d}", random)


def close_days(house: House, days: Sequence[date]) -> None:
    """Close a trading period per day, by the service that does it every night."""
    for day in days:
        close_day(house, day)


def close_day(house: House, day: date) -> None:
    with Clock(datetime.combine(day, _Z, tzinfo=house.venue.zone).astimezone(UTC)).running():
        close_period(actor=Actor.staff(house.manager, house.till))


def _sitting(house: House, kind: int, starts: datetime, table: Table, mark: str, random: Random) -> Sitting:
    return Sitting(
        pattern=kind,
        starts=starts,
        table=table,
        waiter=random.choice(house.waiters),
        guest=random.choice(GUEST_NAMES),
        mark=mark,
    )


def _moment(house: House, day: date, minutes: int) -> datetime:
    midnight = datetime.combine(day, time(), tzinfo=house.venue.zone)
    return (midnight + timedelta(minutes=minutes)).astimezone(UTC)
