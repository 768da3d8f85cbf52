"""Whatever order the news comes in, and whatever is lost: in the end our books say of each payment what Dojo's say."""

import random
from collections import defaultdict

import pytest
import time_machine
from django.db.models import Sum
from django.utils import timezone

from dojo_integration.models import DojoEvent
from orders.models import Order, Payment, PaymentEntry, PaymentIntent
from tests.evenings.payment_storm import COPIES, Storm
from tests.factories import WorkingVenue
from tests.properties import seeds

EVENTS = 250


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(1))
def test_our_books_end_where_dojos_do(uk: WorkingVenue, seed: int) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        # given
        storm = Storm(uk, random.Random(seed), clock)
        storm.begin(EVENTS)
        # when
        storm.blow()
        storm.calm_down()
    # then: every payment is in our books exactly once, and as much of it as Dojo kept
    assert ours() == storm.ours()
    assert Payment.objects.filter(entry=PaymentEntry.PAYMENT).count() == len(recorded())
    # and every bill is the sum of what is on it
    for order in Order.objects.all():
        paid = Payment.objects.filter(order=order).aggregate(paid=Sum("amount", default=0))["paid"]
        assert (order.paid_amount, order.overpaid) == (paid, max(0, paid - order.total_amount))
    # and nothing is left to do
    assert DojoEvent.objects.count() == storm.told
    assert not DojoEvent.objects.filter(handled_at__isnull=True).exists()
    assert not PaymentIntent.objects.filter(next_look_at__isnull=False).exists()
    # and it was a storm
    assert storm.told >= EVENTS * 0.8
    assert COPIES * storm.told > len(storm.dojo.asked) > 0
    assert min(storm.recorded_by_request, storm.refused) > 0


def ours() -> dict[str, int]:
    found = defaultdict(int)
    for intent_id in PaymentIntent.objects.values_list("intent_id", flat=True):
        found[intent_id] += 0
    for intent_id, amount, tips in Payment.objects.values_list("intent__intent_id", "amount", "tips"):
        found[intent_id] += amount + tips
    return dict(found)


def recorded() -> set[str]:
    return set(PaymentIntent.objects.exclude(recorded_by="").values_list("intent_id", flat=True))
