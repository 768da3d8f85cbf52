"""The benchmark itself: a generated venue, four operations, ours and the floor in turns, then a look at the books."""

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from django.db import connection
from django.db.models import F
from django.utils import timezone

from benchmarks import calling, generate, operations
from benchmarks.driver import Phase, WrongAnswer, close, drive, open_evenly
from benchmarks.house import HALL, ZONE, build_house
from benchmarks.machine import Usage, describe
from benchmarks.operations import FLOOR, LINES, OURS, Bills, Client, Operation
from benchmarks.pushing import Pushed, measure_pushes
from benchmarks.results import Result
from benchmarks.stamping import Stamper
from benchmarks.telling import Tell
from dojo_integration import documents
from dojo_integration.models import OrderDocument
from dojo_integration.services.credentials import issue_credential
from floorplan.models import Table
from orders.models import Order, OrderLine, OrderNumber, Payment
from pos.permissions import Actor

CONNECTIONS, WORKERS = 8, 2
# What is open in the hall on an evening; more is opened where payments are measured.
BILLS = 400
_SOCKET_GOAL = 0.5
_CREATED, _PAID = "created", "paid"
# Nobody has recorded payments faster yet; from then on, what was measured.
_FIRST_GUESS, _RESERVE = 400, 1.5
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is generated, and how long it is measured."""

    orders: int
    seconds: float
    rounds: int
    kinds: int = generate.KINDS
    events: int = 5_000


class Bench:
    """A server with a generated venue behind it, and what it has answered."""

    def __init__(self, *, host: str, port: int, size: Size, tell: Tell) -> None:
        self.host, self.port, self.size, self.tell = host, port, size, tell
        self.bills: Bills = {OURS: deque(), FLOOR: deque()}
        self.answered: Counter[tuple[str, str]] = Counter()
        # Payments in a second.
        self.fastest = float(_FIRST_GUESS)

    def run(self) -> list[Result]:
        """Everything, in order. Raises WrongAnswer."""
        self.generate()
        before = Usage.now(os.getppid())
        results = [self.measure(operation) for operation in self._operations()]
        results += self.measure_socket()
        self.tell(describe(before, Usage.now(os.getppid())))
        self.check_books()
        return results

    # --- before -------------------------------------------------------------------------------------------------------

    def generate(self) -> None:
        days = generate.days_of_history(self.size.orders, today=timezone.now().astimezone(ZONE).date())
        # Each road may need as many bills at once, and all of them stand at tables of their own.
        tables = BILLS + 2 * self._bills_for(self.size.seconds)
        self.house = build_house(opened_at=generate.opening_of(days[0], ZONE).astimezone(UTC), hall_tables=tables)
        self.tell(f"{self.house.venue.name} is there, and its hall.")
        self.patterns = generate.record_patterns(self.house, generate.usual_visits(self.size.kinds), on=days[-1])
        self.tell(f"{len(self.patterns.closed)} kinds of visits were told through the services.")
        self._write_history(days)
        self._open_bills(BILLS // 2)
        issued = issue_credential(actor=Actor.system(self.house.venue))
        self.client = Client(f"{self.host}:{self.port}", issued.credential.username, issued.secret)
        with connection.cursor() as cursor:
            # As autovacuum and the background writer would have left it after a quiet night.
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")
        self.tell(f"{Order.objects.count()} orders, {OrderLine.objects.count()} lines, vacuumed and analysed.")

    def _write_history(self, days: list[date]) -> None:
        generate.close_days(self.house, days)
        plan = generate.plan_history(self.house, self.patterns, days, self.size.orders)
        for done in Stamper(self.house, self.patterns.closed).stamp(plan):
            if done % 10_000 == 0 or done == self.size.orders:
                self.tell(f"{done} orders.")

    def _open_bills(self, wanted: int) -> None:
        """Open bills at free tables of the hall until so many wait for each road, or no table is free."""
        taken = Order.objects.filter(closed_at=None, table__isnull=False).values("table")
        missing = sum(max(0, wanted - len(waiting)) for waiting in self.bills.values())
        free = list(Table.objects.filter(area__code=HALL).exclude(pk__in=taken).order_by("pk")[:missing])
        last = OrderNumber.objects.get(venue=self.house.venue).last
        plan = generate.plan_open_bills(self.house, self.patterns, free, at=datetime.now(UTC), series=f"o{last}_")
        for _ in Stamper(self.house, self.patterns.still_open).stamp(plan):
            pass
        opened = Order.objects.filter(number__gt=last).order_by("number").values_list("pk", "outstanding")
        kinds = len(self.patterns.still_open)
        for index, bill in enumerate(opened):
            # Dealt so that each road gets as many of every kind.
            self.bills[OURS if index // kinds % 2 else FLOOR].append(bill)

    def _operations(self) -> Iterator[Operation]:
        venue = self.house.venue
        yield operations.get_order(self.client, self._some_orders())
        yield operations.search_orders(self.client)
        yield operations.create_order(self.client, venue, series=_CREATED)
        yield operations.record_payment(self.client, venue, self.bills, series=_PAID)

    def _some_orders(self) -> list[str]:
        """Some thousand orders from everywhere in the past, in no order."""
        every = max(1, self.size.orders // 5_000)
        some = Order.objects.annotate(turn=F("number") % every).filter(turn=0)
        return sorted(some.values_list("pk", flat=True), key=lambda order_id: order_id[::-1])

    # --- measuring ----------------------------------------------------------------------------------------------------

    def measure(self, operation: Operation) -> Result:
        """Ours, the floor; the floor, ours …: a phase of each per round, on the same connections."""
        result = Result(operation.name, operation.goal, CONNECTIONS)
        # Caches fill, and the first phase is nobody's.
        self._round(operation, (OURS, FLOOR), self.size.seconds / 4)
        for turn in range(self.size.rounds):
            phases = self._round(operation, (OURS, FLOOR) if turn % 2 == 0 else (FLOOR, OURS), self.size.seconds)
            result.ours.append(phases[OURS])
            result.floor.append(phases[FLOOR])
        self.tell(f"{result.as_words} The driver took {result.driver_share:.0%} of one core.")
        return result

    def measure_socket(self) -> list[Result]:
        """GetOrderById through the client that Dojo's WebSocket has, beside an echo through the same client."""
        asked = calling.questions(self._some_orders())
        results = []
        with calling.both_clients(self.house.venue) as gateway:
            for in_flight in calling.IN_FLIGHT:
                result = Result("GetOrderById", _SOCKET_GOAL, in_flight, road="ws")
                for turn in range(-1, self.size.rounds):
                    # Caches fill, and the first phases are nobody's.
                    seconds = self.size.seconds / 4 if turn < 0 else self.size.seconds
                    roads = (calling.OURS, calling.FLOOR) if turn % 2 == 0 else (calling.FLOOR, calling.OURS)
                    phases = {
                        road: gateway.phase(road, asked[road], in_flight=in_flight, seconds=seconds) for road in roads
                    }
                    if turn >= 0:
                        result.ours.append(phases[calling.OURS])
                        result.floor.append(phases[calling.FLOOR])
                self.tell(f"{result.as_words} The driver took {result.driver_share:.0%} of one core.")
                results.append(result)
        return results

    def _round(self, operation: Operation, roads: tuple[str, str], seconds: float) -> dict[str, Phase]:
        if operation.uses_up_bills:
            self._open_bills(self._bills_for(seconds))
        lines = open_evenly(
            self.host, self.port, operations.worker(self.client), connections=CONNECTIONS, workers=WORKERS
        )
        phases = {}
        try:
            for road in roads:
                phase = drive(lines, partial(operation.ask, road), seconds=seconds)
                phases[road] = phase
                self.answered[operation.name, road] += len(phase.latencies)
                if operation.uses_up_bills:
                    self.fastest = max(self.fastest, phase.rate)
        finally:
            close(lines)
        return phases

    def _bills_for(self, seconds: float) -> int:
        """How many bills a road cannot use up in that time."""
        return int(seconds * self.fastest * _RESERVE) + CONNECTIONS

    # --- after --------------------------------------------------------------------------------------------------------

    def push(self) -> Pushed:
        """What the worker does after an hour without Dojo. Raises WrongAnswer."""
        return measure_pushes(self.house.venue, events=self.size.events)

    def check_books(self) -> None:
        """See that what was answered is what is written down. Raises WrongAnswer."""
        for road in (OURS, FLOOR):
            name = road.strip("/")
            created = Order.objects.filter(dojo_order_id__startswith=f"dojo_{_CREATED}_{name}_")
            paid = Payment.objects.filter(intent__intent_id__startswith=f"pi_{_PAID}_{name}_")
            closed = Order.objects.filter(payments__in=paid, outstanding=0, closed_at__isnull=False)
            asked, bills = self.answered["CreateOrder", road], self.answered["RecordOrderPaymentById", road]
            _agree(road, "orders", asked, created.count())
            _agree(road, "lines", asked * LINES, OrderLine.objects.filter(order__in=created).count())
            _agree(road, "payments", bills, paid.count())
            _agree(road, "closed orders", bills, closed.distinct().count())
            if road == OURS:
                _check_documents([*created.order_by("-pk")[:_LOOKED_AT], *closed.order_by("-pk")[:_LOOKED_AT]])
        self.tell("The database agrees with every answer.")


def _agree(road: str, what: str, answered: int, written: int) -> None:
    if answered != written:
        raise WrongAnswer(f"{road}: {answered} {what} were answered, {written} are written down.")


def _check_documents(orders: Iterable[Order]) -> None:
    ids = {order.pk for order in orders}
    stored = dict(OrderDocument.objects.filter(pk__in=ids).values_list("order_id", "body"))
    for fresh in documents.render_documents(ids):
        if stored.get(fresh.order_id) != fresh.body:
            raise WrongAnswer(f"The document of {fresh.order_id} is not what its rows say.")
