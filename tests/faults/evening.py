"""Dojo's side of the drill: cards that pay, guests who book and order, by both roads, from one dice.

It behaves as Dojo does where an answer does not come: it asks again, on another road, or leaves it to the events; what
is refused goes back to the card. It keeps its own notes of what it was answered, which the judge compares.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.capabilities.requests import a_party, a_payment, a_reservation, an_order, in_minutes, pounds
from tests.sandbox import Json, Sandbox

ROADS = ("rest", "ws")
BILL = 10_000
# As many as there are card machines and phones busy at one time.
HANDS = 6
PATIENCE = 5
GIVE_UP_AFTER = 120.0

ACKNOWLEDGED, REFUSED, UNKNOWN, NOT_TOLD = "acknowledged", "refused", "unknown", "not told"

# How a payment reaches us, and how often of a hundred.
WAYS = {
    "asked": 40,
    "asked on both roads at once": 20,
    "only an event tells": 15,
    "locked first": 10,
    "too much": 5,
    "reversed later": 5,
    "refunded later": 5,
}


@dataclass
class Paid:
    """A card payment, and what we answered. ``began`` is when it was first spoken of."""

    order_id: str
    amount: int
    tips: int
    way: str
    road: str
    dice: random.Random
    intent_id: str = ""
    outcome: str = UNKNOWN
    began: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Changed:
    """Something that Dojo changed at our end, once it was answered that it is."""

    kind: str
    dojo_id: str
    entity_id: str
    covers: int
    began: datetime


@dataclass
class Evening:
    """Everything that Dojo does in one drill; ``problems`` are answers that should never be given.

    The first of the orders is the one for which too much is paid: where the event is faster than the request, the
    money is there, and kept for a manager to see.
    """

    sandbox: Sandbox
    seed: int
    orders: Sequence[str]
    payments: int
    changes: int
    ways: Sequence[str] = tuple(WAYS)
    paid: list[Paid] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    begun: int = 0
    _all: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, may_begin: Callable[[float], bool]) -> None:
        """Everything that is to happen; ``may_begin`` says whether the share that is begun may grow to this."""
        jobs = [*self._payments(), *self._changes()]
        random.Random(f"{self.seed} jobs").shuffle(jobs)
        self._all = len(jobs)
        waiting = list(jobs)

        def work() -> None:
            while True:
                with self._lock:
                    if not waiting:
                        return
                    job = waiting.pop()
                    self.begun += 1
                    share = self.begun / self._all
                while not may_begin(share):
                    time.sleep(0.02)
                try:
                    job()
                except Exception as error:
                    self._complain(f"{job}: {type(error).__name__} {error}")

        with ThreadPoolExecutor(HANDS) as hands:
            for _ in range(HANDS):
                hands.submit(work)

    def progress(self) -> float:
        return self.begun / self._all

    def _complain(self, words: str) -> None:
        with self._lock:
            self.problems.append(words)

    # ---- cards

    def _payments(self) -> list[Callable[[], None]]:
        """Payments that fit their bills all together, so that none is ever too much but those that mean to be."""
        dice = random.Random(f"{self.seed} payments")
        left = dict.fromkeys(self.orders[1:], BILL)
        weights = [WAYS[way] for way in self.ways]
        for number in range(self.payments):
            way = dice.choices(self.ways, weights)[0]
            amount, tips = dice.randint(100, 900), dice.choice([0, 0, 50, 120])
            if way == "too much":
                order_id, amount = self.orders[0], BILL + 1
            else:
                order_id = dice.choice([order_id for order_id, rest in left.items() if rest > 900])
                # Now and then somebody pays all that is left.
                amount = left[order_id] if left[order_id] < 2500 else amount
                left[order_id] -= amount
            own_dice = random.Random(f"{self.seed} payment {number}")
            self.paid.append(Paid(order_id, amount, tips, way, dice.choice(ROADS), own_dice))
        return [partial(self.pay, one) for one in self.paid]

    def pay(self, one: Paid) -> None:
        """One card payment from end to end."""
        one.began = datetime.now(UTC)
        made = self.sandbox.take_payment(one.order_id, one.amount, record=False, **_tips(one))
        one.intent_id = made["paymentIntent"]["id"]
        if one.way == "only an event tells":
            one.outcome = NOT_TOLD
            return
        lock_id = self._lock_bill(one) if one.way == "locked first" else None
        more = {"lockId": lock_id} if lock_id else {}
        params = a_payment(one.order_id, one.amount, one.intent_id, **more)
        if one.tips:
            params["tipsAmount"] = pounds(one.tips)
        one.outcome = self._record(one, params)
        if one.outcome == REFUSED:
            self.sandbox.reverse(one.intent_id)
        elif one.outcome == ACKNOWLEDGED:
            self._afterwards(one, params)
        if lock_id:
            self._ask("DeleteOrderLock", {"orderId": one.order_id, "lockId": lock_id}, one.road)

    def _record(self, one: Paid, params: Json) -> str:
        if one.way == "asked on both roads at once":
            with ThreadPoolExecutor(2) as both:
                outcomes = [*both.map(lambda road: self._record_on(params, road), ROADS)]
        else:
            outcomes = [self._record_on(params, one.road)]
        tries = 0
        # Half of those that are not answered are left to their events, as a card machine that was switched off does.
        while ACKNOWLEDGED not in outcomes and UNKNOWN in outcomes and tries < 8 and one.dice.random() < 0.8:
            tries += 1
            time.sleep(one.dice.uniform(0.2, 2))
            outcomes = [self._record_on(params, one.dice.choice(ROADS))]
        for outcome in (ACKNOWLEDGED, UNKNOWN):
            if outcome in outcomes:
                return outcome
        return REFUSED

    def _record_on(self, params: Json, road: str) -> str:
        answer = self._ask("RecordOrderPaymentById", params, road)
        if answer is None:
            return UNKNOWN
        return ACKNOWLEDGED if answer["isOk"] else REFUSED

    def _afterwards(self, one: Paid, params: Json) -> None:
        if one.dice.random() < 0.2:
            # A repeat whose first answer was lost on its way: what was said stands, or nothing is said.
            other = ROADS[1 - ROADS.index(one.road)]
            answer = self._ask("RecordOrderPaymentById", params, other)
            if answer is not None and not answer["isOk"] and answer["body"].get("errorType") != "UnexpectedError":
                self._complain(f"{one.intent_id} was taken, and then refused: {answer['body']}")
        if one.way == "reversed later":
            self.sandbox.reverse(one.intent_id)
        elif one.way == "refunded later":
            self.sandbox.refund(one.intent_id, one.amount + one.tips)

    def _lock_bill(self, one: Paid) -> str | None:
        lock_id = f"lock-{one.intent_id}"
        params = {"orderId": one.order_id, "lockId": lock_id, "expiry": in_minutes(2)}
        answer = self._ask("CreateOrderLock", params, one.road)
        return lock_id if answer is not None and answer["isOk"] else None

    # ---- guests

    def _changes(self) -> list[Callable[[], None]]:
        dice = random.Random(f"{self.seed} changes")
        jobs: list[Callable[[], None]] = []
        number = left = 0
        while (left := self.changes - number) > 0:
            kind = dice.choice(["order", "reservation", "party"]) if left > 1 else "order"
            own_dice = random.Random(f"{self.seed} change {number}")
            if kind == "order":
                jobs.append(partial(self.order, number, own_dice))
                number += 1
            else:
                # Made, and later changed: two.
                jobs.append(partial(self.reservation if kind == "reservation" else self.party, number, own_dice))
                number += 2
        return jobs

    def order(self, number: int, dice: random.Random) -> None:
        dojo_id = f"order-{self.seed}-{number}"
        details = {"orderType": "Collection", "collection": {"asap": True}}
        sent = an_order(dojo_id, details=details, payments=[], customer={"name": f"Guest {number}"})
        self._change("OrderUpdated", "CreateOrder", sent, dojo_id, 0, dice)

    def reservation(self, number: int, dice: random.Random) -> None:
        sent = a_reservation(f"reservation-{self.seed}-{number}", tableIds=[])
        self._made_and_changed("Reservation", sent, sent["dojoReservationId"], dice)

    def party(self, number: int, dice: random.Random) -> None:
        sent = a_party(f"party-{self.seed}-{number}", tableIds=[f"d{number}"])
        self._made_and_changed("Party", sent, sent["dojoPartyId"], dice)

    def _made_and_changed(self, noun: str, sent: Json, dojo_id: str, dice: random.Random) -> None:
        kind = f"{noun}Updated"
        entity_id = self._change(kind, f"Create{noun}", sent, dojo_id, sent["covers"], dice)
        if entity_id:
            time.sleep(dice.uniform(0, 1))
            covers = sent["covers"] + dice.randint(1, 4)
            self._change(kind, f"Update{noun}", {**sent, "id": entity_id, "covers": covers}, dojo_id, covers, dice)

    def _change(
        self, kind: str, capability: str, params: Json, dojo_id: str, covers: int, dice: random.Random
    ) -> str | None:
        """Ask until there is an answer; returns the id of what was changed."""
        began, until = datetime.now(UTC), time.monotonic() + GIVE_UP_AFTER
        while time.monotonic() < until:
            answer = self._ask(capability, params, dice.choice(ROADS))
            if answer is not None and answer["isOk"]:
                entity_id = answer["body"]["id"]
                self.changed.append(Changed(kind, dojo_id, entity_id, covers, began))
                return str(entity_id)
            if answer is not None and answer["body"].get("errorType") != "UnexpectedError":
                self._complain(f"{capability} {dojo_id}: {answer['body']}")
                return None
            time.sleep(dice.uniform(0.2, 1.5))
        self._complain(f"{capability} {dojo_id} was never answered")
        return None

    # ---- the line

    def _ask(self, capability: str, params: Json, road: str) -> Json | None:
        """The answer of the restaurant, None where there is none."""
        body: dict[str, Any] = {"capability": capability, "params": params, "road": road, "seconds": PATIENCE}
        answer = self.sandbox.call("POST", "/_control/ask", body)
        if answer.status == 504:
            return None
        assert answer.status == 200, answer
        return dict(answer.body)


def _tips(one: Paid) -> dict[str, int]:
    return {"tipsAmount": one.tips} if one.tips else {}
