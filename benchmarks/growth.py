"""Whether a search grows with its table: the same pages of ten thousand orders and of a million, call by call in turns.

Only what SearchOrders reads is filled: a venue, and the table of order documents, twice (in schemas of one database,
so that it is the same code on the same connection). What is timed is the whole capability, from Dojo's params to the
answer's bytes.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from statistics import median
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import generate
from benchmarks.driver import WrongAnswer
from benchmarks.house import ZONE, build_house
from benchmarks.stamping import Stamper
from benchmarks.telling import Tell
from dojo_integration import capabilities
from dojo_integration.cursors import Place, write_cursor
from dojo_integration.models import OrderDocument
from orders.models import OrderNumber
from pos.permissions import Actor

GOAL = 1.2
DAYS, BILLS = 600, 400
_TABLE = OrderDocument._meta.db_table
_SMALL, _LARGE = "small", "public"

Params = dict[str, Any]


@dataclass(slots=True)
class Page:
    """One kind of page: what it costs, in milliseconds, of few orders and of many."""

    name: str
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.large) / median(self.small)

    @property
    def as_words(self) -> str:
        return f"{self.name}: {median(self.small):.2f} ms, {median(self.large):.2f} ms, {self.ratio:.2f} times as much"


@dataclass(frozen=True, slots=True)
class Growth:
    """What came of it; the goal holds for every kind of page."""

    small: int
    large: int
    pages: list[Page]

    @property
    def ratio(self) -> float:
        return max(page.ratio for page in self.pages)

    @property
    def is_met(self) -> bool:
        return self.ratio <= GOAL

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "op": "SearchOrders",
            "orders": [self.small, self.large],
            "pages": {
                page.name: {
                    "ms": [round(median(page.small), 2), round(median(page.large), 2)],
                    "ratio": round(page.ratio, 3),
                }
                for page in self.pages
            },
            "ratio": round(self.ratio, 3),
            "goal": GOAL,
            "met": self.is_met,
        }


class Comparison:
    """Two tables of documents of one venue, and the same questions to both."""

    def __init__(self, *, small: int, large: int, calls: int, kinds: int, tell: Tell) -> None:
        self.small, self.large, self.calls, self.kinds, self.tell = small, large, calls, kinds, tell
        self.random = Random("what is asked")
        self.search = capabilities.find("SearchOrders")
        self.parties: dict[str, list[str]] = {}

    def run(self) -> Growth:
        """Raises WrongAnswer where a page is not what it should be."""
        self._generate()
        pages = [Page(name) for name in self._questions(self.small, _SMALL)]
        gc.disable()
        try:
            for turn in range(self.calls):
                self._ask_everything(pages, _SMALL if turn % 2 else _LARGE)
        finally:
            gc.enable()
        return Growth(self.small, self.large, pages)

    # --- before -------------------------------------------------------------------------------------------------------

    def _generate(self) -> None:
        days = generate.days_of_history(DAYS, today=timezone.now().astimezone(ZONE).date(), a_day=1)
        self.house = build_house(opened_at=generate.opening_of(days[0], ZONE).astimezone(UTC), hall_tables=BILLS)
        self.actor = Actor.dojo(self.house.venue)
        patterns = generate.record_patterns(self.house, generate.usual_visits(self.kinds), on=days[-1])
        self.tell(f"{len(patterns.closed)} kinds of visits were told through the services.")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {_SMALL}")
            cursor.execute(f"CREATE TABLE {_SMALL}.{_TABLE} (LIKE {_LARGE}.{_TABLE} INCLUDING ALL)")
        for schema, orders in ((_SMALL, self.small), (_LARGE, self.large)):
            self._fill(schema, patterns, days, orders)
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {_SMALL}.{_TABLE}")
            cursor.execute(f"VACUUM (ANALYZE) {_LARGE}.{_TABLE}")
            cursor.execute("CHECKPOINT")
        self.tell("Vacuumed and analysed.")

    def _fill(self, schema: str, patterns: generate.Patterns, days: Sequence[date], orders: int) -> None:
        use(schema)
        OrderNumber.objects.filter(venue=self.house.venue).update(last=0)
        history = generate.plan_history(self.house, patterns, days, orders - BILLS)
        for done in Stamper(self.house, patterns.closed, only=_TABLE).stamp(history):
            if done % 100_000 == 0:
                self.tell(f"{done} documents.")
        bills = generate.plan_open_bills(self.house, patterns, self.house.hall, at=datetime.now(UTC), series="o")
        for _ in Stamper(self.house, patterns.still_open, only=_TABLE).stamp(bills):
            pass
        found = OrderDocument.objects.filter(venue_id=self.house.venue.pk)
        if found.count() != orders:
            raise WrongAnswer(f"{found.count()} documents are there instead of {orders}.")
        some = found.exclude(party_id="").order_by("order_id").values_list("party_id", flat=True)
        self.parties[schema] = list(some[: max(1, orders // 2) : max(1, orders // 1_000)])
        self.tell(f"{orders} documents.")

    # --- asking -------------------------------------------------------------------------------------------------------

    def _ask_everything(self, pages: list[Page], first: str) -> None:
        """Every kind of page once of each table; chance chooses the same for both."""
        chance = self.random.random()
        asked = {
            schema: self._questions(orders, schema, chance)
            for schema, orders in ((_SMALL, self.small), (_LARGE, self.large))
        }
        for page in pages:
            for schema in (first, _LARGE if first == _SMALL else _SMALL):
                took = self._ask(schema, asked[schema][page.name])
                (page.small if schema == _SMALL else page.large).append(took)

    def _questions(self, orders: int, schema: str, chance: float = 0.5) -> dict[str, Params]:
        """What may be asked, by name; ``chance`` says which table, waiter, party and place in the past."""
        table = self.house.pub[int(chance * len(self.house.pub))].code
        waiter = self.house.waiters[int(chance * 97) % len(self.house.waiters)].waiter_id
        party = self.parties[schema][int(chance * len(self.parties[schema]))]
        # Neither so near to an end that the page is not full.
        place = write_cursor(self.house.venue, "orders by number", Place(int(orders * (0.1 + 0.8 * chance))))
        return {
            "the newest": {},
            "what is payable": {"payableOnly": True},
            "a table": {"dineIn": {"tableId": table}},
            "a waiter": {"dineIn": {"waiterId": waiter}},
            # Of ten thousand orders, a hundred are none of theirs.
            "a waiter at a table": {"dineIn": {"tableId": table, "waiterId": waiter}, "cursor": {"limit": 40}},
            "what a waiter is owed": {"dineIn": {"waiterId": waiter}, "payableOnly": True},
            "a party": {"dineIn": {"partyId": party}},
            "deep in the past": {"cursor": {"after": place}},
            "back from there": {"cursor": {"before": place}},
        }

    def _ask(self, schema: str, params: Params) -> float:
        use(schema)
        started = time.perf_counter()
        answer = capabilities.call(self.search, params, self.actor)
        took = (time.perf_counter() - started) * 1000
        if not answer.startswith(b'{"data":[{"id":"order_'):
            raise WrongAnswer(f"{params} was answered {answer[:200].decode()}")
        return took


def use(schema: str) -> None:
    """From here on the table of documents is the one of this schema."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {schema}, public")
