"""The judge: our books beside Dojo's, when everything has come to rest."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dojo_integration.sandbox.models import Delivery, Intent, ReceivedEvent
from tests.faults.evening import ACKNOWLEDGED, REFUSED, Evening
from tests.faults.restaurant import Restaurant

_RECORDED = """
    SELECT i.intent_id, count(*) FILTER (WHERE p.entry = 'payment'), sum(p.amount + p.tips)::bigint
    FROM orders_payment p JOIN orders_paymentintent i ON i.id = p.intent_id GROUP BY i.intent_id
"""
_BILLS = """
    SELECT o.id, o.total_amount, o.paid_amount, o.overpaid, coalesce(sum(p.amount), 0)::bigint
    FROM orders_order o LEFT JOIN orders_payment p ON p.order_id = o.id GROUP BY o.id
"""
_GUESTS = {
    "OrderUpdated": "SELECT dojo_order_id, 0 FROM orders_order WHERE dojo_order_id IS NOT NULL",
    "ReservationUpdated": "SELECT dojo_reservation_id, covers FROM bookings_reservation",
    "PartyUpdated": "SELECT dojo_party_id, covers FROM bookings_party",
}
_TOLD_OF_TOO_MUCH = "SELECT DISTINCT order_id FROM orders_orderexception WHERE kind = 'overpaid'"
_UNSENT = "SELECT kind, entity_id FROM dojo_integration_outboundevent WHERE sent < wanted OR parked_at IS NOT NULL"
_UNHANDLED = "SELECT event_id FROM dojo_integration_dojoevent WHERE handled_at IS NULL"


@dataclass
class Verdict:
    """What is not as it should be, in words; nothing where all is well."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def unfinished(restaurant: Restaurant) -> list[tuple[str, ...]]:
    """What Dojo was not told yet, and what Dojo told that nobody has looked into."""
    return [*restaurant.ask(_UNSENT), *restaurant.ask(_UNHANDLED)]


def untold() -> Iterator[str]:
    """Payments whose last news Dojo has given up to bring, on every road."""
    arrived: dict[str, bool] = {}
    for body, has_arrived, due_at in Delivery.objects.order_by("pk").values_list("body", "arrived", "due_at"):
        key = (body["data"]["paymentIntentId"], body["data"]["paymentStatus"])
        arrived[key] = arrived.get(key, False) or has_arrived or due_at is not None
    for intent_id, status in Intent.objects.values_list("pk", "status"):
        if not arrived.get((intent_id, status), True):
            yield intent_id


def judge(restaurant: Restaurant, evening: Evening) -> Verdict:
    verdict = Verdict(wrong=list(evening.problems))
    ledger = dict(_ledger())
    recorded = {intent_id: (times, net) for intent_id, times, net in restaurant.ask(_RECORDED)}
    for intent_id in ledger.keys() | recorded.keys():
        times, net = recorded.get(intent_id, (0, 0))
        if times > 1:
            verdict.doubled.append(f"{intent_id} is recorded {times} times")
        elif net < ledger.get(intent_id, 0):
            verdict.lost.append(f"{intent_id} is {ledger[intent_id]} at Dojo and {net} here")
        elif net != ledger.get(intent_id, 0):
            verdict.wrong.append(f"{intent_id} is {ledger.get(intent_id)} at Dojo and {net} here")
    _judge_answers(verdict, evening, recorded)
    _judge_sums(verdict, restaurant, evening, ledger)
    _judge_guests(verdict, restaurant, evening)
    _judge_news(verdict, restaurant, evening, recorded)
    return verdict


def _ledger() -> Iterator[tuple[str, int]]:
    """What Dojo has of each payment: captured, less what was reversed or refunded."""
    for intent_id, status, document in Intent.objects.values_list("pk", "status", "document"):
        is_taken = status in ("Captured", "Refunded")
        yield intent_id, document["totalAmount"]["value"] - document["refundedAmount"] if is_taken else 0


def _judge_answers(verdict: Verdict, evening: Evening, recorded: dict[str, tuple[int, int]]) -> None:
    for one in evening.paid:
        times, net = recorded.get(one.intent_id, (0, 0))
        if one.outcome == ACKNOWLEDGED and times == 0:
            verdict.lost.append(f"{one.intent_id} was acknowledged and is not there")
        if one.outcome == REFUSED and net != 0:
            verdict.wrong.append(f"{one.intent_id} was refused and is there with {net}")


def _judge_sums(verdict: Verdict, restaurant: Restaurant, evening: Evening, ledger: dict[str, int]) -> None:
    due: dict[str, int] = defaultdict(int)
    for one in evening.paid:
        # Whoever gets money back gets the tip back, too.
        due[one.order_id] += one.amount if ledger.get(one.intent_id) else 0
    bills = restaurant.ask(_BILLS)
    told = {order_id for (order_id,) in restaurant.ask(_TOLD_OF_TOO_MUCH)} & {evening.orders[0]}
    for order_id, total, paid, overpaid, payments in bills:
        if not (paid == payments == due[order_id]) or (max(overpaid, paid - total) > 0 and order_id not in told):
            verdict.wrong.append(f"{order_id} of {total}: {paid} paid, {payments} in payments, {due[order_id]} at Dojo")
    if (ours := sum(paid for _, _, paid, _, _ in bills)) != (theirs := sum(due.values())):
        verdict.wrong.append(f"in all {ours} here and {theirs} at Dojo")


def _judge_guests(verdict: Verdict, restaurant: Restaurant, evening: Evening) -> None:
    for kind, statement in _GUESTS.items():
        found: dict[str, list[int]] = defaultdict(list)
        for dojo_id, covers in restaurant.ask(statement):
            found[dojo_id].append(covers)
        wanted = {one.dojo_id: one.covers for one in evening.changed if one.kind == kind}
        for dojo_id, covers in wanted.items():
            if not found[dojo_id]:
                verdict.lost.append(f"{dojo_id} is not there")
            elif len(found[dojo_id]) > 1:
                verdict.doubled.append(f"{dojo_id} is there {len(found[dojo_id])} times")
            elif found[dojo_id] != [covers]:
                verdict.lost.append(f"{dojo_id} has {found[dojo_id]} covers and not {covers}")


def _judge_news(
    verdict: Verdict, restaurant: Restaurant, evening: Evening, recorded: dict[str, tuple[int, int]]
) -> None:
    """Of every change Dojo has heard, not before it was made."""
    heard: dict[tuple[str, str], datetime] = {}
    for kind, entity_id, at in ReceivedEvent.objects.order_by("pk").values_list(
        "event_type", "entity_id", "created_at"
    ):
        heard[kind, entity_id] = at
    changes = [(one.kind, one.entity_id, one.began) for one in evening.changed]
    changes += [("OrderUpdated", one.order_id, one.began) for one in evening.paid if one.intent_id in recorded]
    for kind, entity_id, began in changes:
        at = heard.get((kind, entity_id))
        if at is None or at < began:
            verdict.lost.append(f"{kind} of {entity_id} was not told after {began:%H:%M:%S.%f}: {at}")
    verdict.lost += [f"not finished: {' '.join(row)}" for row in unfinished(restaurant)]
    rebuilt = restaurant.run("manage.py", "rebuild_documents")
    if not re.search(r" 0 documents changed, 0 removed", rebuilt):
        verdict.wrong.append(f"documents were not what the rows say: {rebuilt.strip()}")
