"""A storm of news about payments: Dojo's books move on, its events come five times over, late, shuffled or not at all.

A dice throws it. Workers come and go in between, one of them slow: what it read at Dojo long ago it writes now.
"""

import random
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from dojo_integration.dojo_api.results import PaymentIntent as Found
from dojo_integration.inbox import handle_events, look_at_intents
from dojo_integration.models import EventName, Road
from dojo_integration.reconciling import facts_of
from dojo_integration.services.inbox import NewEvent, handle_event
from orders.models import Order
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.payments import record_order_payment_by_id
from pos.errors import Conflict
from pos.permissions import Actor
from tests.bills import a_bill
from tests.factories import WorkingVenue
from tests.ledger import Ledger, an_intent

BILLS = 8
COPIES = 5
TAKEN = ("Captured", "Refunded")


@dataclass
class Storm:
    """A venue, a dice, a clock, Dojo's books, and what is still on its way from there."""

    shop: WorkingVenue
    dice: random.Random
    clock: time_machine.Traveller
    dojo: Ledger = field(default_factory=Ledger)
    ahead: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What will happen to each payment, in its order."""
    on_the_way: list[tuple[float, NewEvent]] = field(default_factory=list)
    """Events with the moment at which they arrive."""
    slow: list[IntentFacts] = field(default_factory=list)
    happened: int = 0
    told: int = 0
    recorded_by_request: int = 0
    refused: int = 0

    def begin(self, events: int) -> None:
        """Bills that guests pay in parts, so many that now and then one is paid too much."""
        orders = [
            a_bill(self.shop, total=3000 + 500 * number, name=f"Bill {number}", dojo_order_id=f"dojo-{number}")
            for number in range(BILLS)
        ]
        expected = 0
        while expected < events:
            number = len(self.dojo.intents)
            history = self._history()
            expected += len(history) + 1
            self._start(f"pi-{number}", self.dice.choice(orders), history)

    def blow(self) -> None:
        """Everything that is ahead happens, and everything on the way arrives, with workers at it all the time."""
        while self.ahead or self.on_the_way:
            if self.ahead:
                self._something_happens()
            self._what_arrives_by(self.happened if self.ahead else float("inf"))
            if self.dice.random() < 0.2:
                self._somebody_reads_and_dawdles()
            if self.dice.random() < 0.1:
                self._work()
                self.clock.shift(timedelta(seconds=self.dice.choice([1, 20, 130])))

    def calm_down(self) -> None:
        """Nothing new for two days: what is open is asked about, and comes to its end."""
        self._work()
        for facts in self.slow:
            self._write(facts)
        for _ in range(48):
            self.clock.shift(timedelta(hours=1))
            self._work()

    def ours(self) -> dict[str, int]:
        """What Dojo has of each payment in the end: taken, less what went back."""
        return {intent_id: _left(found) for intent_id, found in self.dojo.intents.items()}

    # ---- what happens at Dojo

    def _history(self) -> list[dict[str, Any]]:
        captured, part = {"status": "Captured"}, self.dice.randint(1, 300)
        tipped = {"status": "Captured", "tips_amount": self.dice.choice([50, 200]), "total_amount": None}
        given_back = {"status": "Refunded", "refunded_amount": -1}
        return self.dice.choice(
            [
                [captured],
                [captured],
                [{"status": "Authorized"}, captured],
                [{"status": "Authorized"}, tipped],
                [{"status": "Authorized"}, {"status": "Reversed"}],
                [captured, {"status": "Reversed"}],
                [{"status": "Canceled"}],
                [captured, {"refunded_amount": part}],
                [captured, {"refunded_amount": part}, {"refunded_amount": part + 50}],
                [captured, {"refunded_amount": part}, given_back],
                [captured, given_back],
            ]
        )

    def _start(self, intent_id: str, order: Order, history: list[dict[str, Any]]) -> None:
        named = self.dice.choice(
            [{"order": order.pk}, {"dojo_order": order.dojo_order_id}, {"order": order.dojo_order_id}]
        )
        parts = {"serviceChargeAmount": self.dice.choice([0, 0, 100]), "tipsAmount": self.dice.choice([0, 0, 150])}
        self.dojo.has(an_intent(intent_id, "Created", self.dice.randint(300, 1500), **named, **parts))
        # What Dojo records itself does not change its amounts afterwards.
        if self.dice.random() < 0.4 and not any("total_amount" in change for change in history):
            history = [{**change, "asks": order.pk} if change.get("status") in TAKEN else change for change in history]
        self.ahead[intent_id] = history
        self._tell(intent_id, EventName.INTENT_CREATED, can_be_lost=False)

    def _something_happens(self) -> None:
        intent_id = self.dice.choice(list(self.ahead))
        change = dict(self.ahead[intent_id].pop(0))
        asks = change.pop("asks", None)
        if change.get("refunded_amount") == -1:
            change["refunded_amount"] = _taken(self.dojo.intents[intent_id])
        # A payment that was captured is at its end for us: what becomes of it later, Dojo has to tell.
        was_taken = self.dojo.intents[intent_id].status in TAKEN
        self.dojo.change(intent_id, **change)
        self.happened += 1
        self._tell(intent_id, EventName.INTENT_STATUS_UPDATED, can_be_lost=not was_taken)
        if asks and self.dojo.intents[intent_id].status == "Captured" and not self._is_recorded(intent_id, asks):
            # Refused: Dojo gives it back, or, now and then, fails to.
            self.ahead[intent_id] = [{"status": "Reversed"}] if self.dice.random() < 0.8 else []
        if not self.ahead[intent_id]:
            del self.ahead[intent_id]

    def _is_recorded(self, intent_id: str, order_id: str) -> bool:
        found = self.dojo.intents[intent_id]
        facts = facts_of(found)
        try:
            for _ in range(self.dice.choice([1, 1, 2])):
                record_order_payment_by_id(
                    actor=self.shop.by_dojo,
                    order_id=order_id,
                    payment_intent_id=intent_id,
                    paid_amount=facts.amount,
                    tips_amount=facts.tips,
                    currency="GBP",
                )
        except Conflict:
            self.refused += 1
            return False
        self.recorded_by_request += 1
        return True

    # ---- what comes of it

    def _tell(self, intent_id: str, name: EventName, *, can_be_lost: bool = True) -> None:
        if can_be_lost and self.dice.random() < 0.15:
            return
        self.told += 1
        now, found = timezone.now(), self.dojo.intents[intent_id]
        event = NewEvent(
            event_id=f"event-{self.told}",
            name=name,
            account_id="account-1",
            payment_intent_id=intent_id,
            payment_status=found.status,
            capture_mode="Auto",
            created_at=now,
            body={},
        )
        late = self.dice.choice([3, 30, 3_000])
        self.on_the_way += [(self.happened + late * self.dice.random(), event) for _ in range(COPIES)]

    def _what_arrives_by(self, moment: float) -> None:
        arriving = [event for at, event in self.on_the_way if at <= moment]
        self.on_the_way = [(at, event) for at, event in self.on_the_way if at > moment]
        self.dice.shuffle(arriving)
        for event in arriving:
            handle_event(actor=Actor.dojo(self.shop.venue, road=self.dice.choice(Road.values)), event=event)

    def _somebody_reads_and_dawdles(self) -> None:
        intent_id = self.dice.choice(list(self.dojo.intents))
        self.slow.append(facts_of(self.dojo.intents[intent_id]))
        if len(self.slow) > 20:
            self._write(self.slow.pop(self.dice.randrange(len(self.slow))))

    def _write(self, facts: IntentFacts) -> None:
        apply_payment_intent(actor=self.shop.by_system, facts=facts)

    def _work(self) -> None:
        until = time.monotonic() + 60
        handle_events(self.shop.venue, self.dojo, until=until)
        look_at_intents(self.shop.venue, self.dojo, until=until)


def _taken(found: Found) -> int:
    facts = facts_of(replace(found, status="Captured"))
    return facts.amount + facts.tips


def _left(found: Found) -> int:
    return _taken(found) - (found.refunded_amount) if found.status in TAKEN else 0
