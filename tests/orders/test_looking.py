"""When Dojo is asked about a payment again, and that one asks at a time."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orders.models import IntentStatus, PaymentIntent
from orders.services.intents import IntentFacts, IntentOutcome, apply_payment_intent
from orders.services.looking import (
    CLAIM,
    claim_looks,
    put_off_look,
    venues_with_looks_due,
    wake_looks_for_orders,
)
from tests.bills import a_bill
from tests.factories import PaymentIntentFactory

pytestmark = pytest.mark.django_db


def says(shop, status, *, intent="pi_1", names=()):
    return apply_payment_intent(
        actor=shop.by_system,
        facts=IntentFacts(
            intent_id=intent, status=IntentStatus(status), currency="GBP", amount=2000, order_names=names
        ),
    )


def claim(shop, most=10):
    return claim_looks(actor=shop.by_system, most=most)


def due(shop, intent_id, ago=0, **fields):
    return PaymentIntentFactory(
        venue=shop.venue, intent_id=intent_id, next_look_at=timezone.now() - timedelta(seconds=ago), **fields
    )


# --- who asks --------------------------------------------------------------------------------------------------------


def test_what_is_due_is_taken_once_the_longest_due_first(uk, irish):
    # given
    for number, ago in enumerate((5, 50, 20)):
        due(uk, f"pi_{number}", ago)
    due(irish, "pi_theirs")
    due(uk, "pi_later", -60)
    due(uk, "pi_somebodys", 60, looking_until=timezone.now() + timedelta(minutes=1))
    PaymentIntentFactory(venue=uk.venue, intent_id="pi_done")

    # when / then
    assert set(venues_with_looks_due()) == {uk.venue, irish.venue}
    assert [claim(uk, 2), claim(uk, 2), claim(uk, 2)] == [["pi_1", "pi_2"], ["pi_0"], []]


def test_a_claim_lapses(uk):
    # given
    due(uk, "pi_1")
    assert claim(uk) == ["pi_1"]

    # when / then
    for after, claimed in ((CLAIM - timedelta(seconds=5), []), (CLAIM, ["pi_1"])):
        with time_machine.travel(timezone.now() + after, tick=False):
            assert claim(uk) == claimed


def test_an_answer_ends_the_claim(uk):
    # given
    order = a_bill(uk)
    due(uk, "pi_1", failed_looks=3)
    claim(uk)

    # when
    says(uk, "Created", names=(order.pk,))

    # then
    intent = PaymentIntent.objects.get()
    assert (intent.looking_until, intent.failed_looks, intent.next_look_at > timezone.now()) == (None, 0, True)


# --- when again ------------------------------------------------------------------------------------------------------


def test_the_older_an_unfinished_payment_the_longer_it_is_left_alone_and_after_a_month_for_good(uk):
    # given
    order = a_bill(uk)
    start = timezone.now()

    # when
    waits = []
    for age in (timedelta(0), timedelta(hours=1), timedelta(days=2), timedelta(days=32)):
        with time_machine.travel(start + age, tick=False):
            says(uk, "Created", names=(order.pk,))
            next_look_at = PaymentIntent.objects.get().next_look_at
            waits.append(next_look_at and round((next_look_at - timezone.now()) / timedelta(minutes=1)))

    # then
    assert waits == [2, 15, 360, None]


@pytest.mark.parametrize(("names", "minutes"), [(("dojo_1",), 30), ((), 120)])
def test_a_payment_without_its_order_is_asked_about_at_once_and_then_less_and_less(uk, names, minutes):
    # given
    start = timezone.now()

    # when
    with time_machine.travel(start, tick=False):
        assert says(uk, "Captured", names=names) == IntentOutcome.UNKNOWN_ORDER
        first = PaymentIntent.objects.get().next_look_at
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        says(uk, "Captured", names=names)
        later = PaymentIntent.objects.get().next_look_at - timezone.now()

    # then
    assert first - start == timedelta(seconds=10)
    assert round(later / timedelta(minutes=1)) == minutes


def test_asked_in_vain_is_asked_again_later_and_later(uk):
    # given
    due(uk, "pi_1")
    start = timezone.now()
    waited = []

    def wait(attempts):
        waited.append(attempts)
        return timedelta(minutes=attempts)

    # when
    for minutes in (0, 1, 3):
        with time_machine.travel(start + timedelta(minutes=minutes, seconds=1), tick=False):
            assert claim(uk) == ["pi_1"]
            again = put_off_look(actor=uk.by_system, intent_id="pi_1", wait=wait)
            assert again == timezone.now() + timedelta(minutes=waited[-1])
            assert claim(uk) == []

    # then
    assert waited == [1, 2, 3]


def test_what_was_answered_meanwhile_is_not_put_off(uk):
    # given: an event came while we waited for an answer that never came
    order = a_bill(uk)
    due(uk, "pi_1")
    claim(uk)
    says(uk, "Captured", names=(order.pk,))

    # when / then
    assert put_off_look(actor=uk.by_system, intent_id="pi_1", wait=lambda _: timedelta(minutes=1)) is None
    assert PaymentIntent.objects.get().next_look_at is None


def test_what_dojo_does_not_know_is_given_up_once_it_is_old(uk):
    # given
    due(uk, "pi_1")

    def put_off():
        return put_off_look(
            actor=uk.by_system,
            intent_id="pi_1",
            wait=lambda _: timedelta(minutes=1),
            given_up_after=timedelta(hours=24),
        )

    # when / then
    assert put_off() is not None
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert put_off() is None


def test_nobodys_intent_is_not_put_off(uk):
    assert put_off_look(actor=uk.by_system, intent_id="pi_1", wait=lambda _: timedelta(0)) is None
    assert not PaymentIntent.objects.exists()


# --- payments that came before their order ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pk", "dojo_order_id"])
def test_a_payment_that_came_before_its_order_is_due_as_soon_as_that_is_there(uk, irish, name):
    # given
    says(uk, "Captured", names=("nothing of ours", "dojo_1"))
    says(uk, "Captured", intent="pi_2", names=("dojo_2",))
    says(irish, "Captured", names=("dojo_1",))
    assert (wake_looks_for_orders(), claim(uk)) == (0, [])

    # when
    order = a_bill(uk, dojo_order_id="dojo_1")
    if name == "pk":
        PaymentIntent.objects.filter(intent_id="pi_1", venue=uk.venue).update(order_names=[order.pk])

    # then
    assert wake_looks_for_orders() == 1
    assert (claim(uk), claim(irish)) == (["pi_1"], [])

    # when it is looked at
    assert says(uk, "Captured", names=("dojo_1",)) == IntentOutcome.RECORDED

    # then
    intent = PaymentIntent.objects.get(intent_id="pi_1", venue=uk.venue)
    assert (intent.order, intent.order_names, intent.next_look_at) == (order, [], None)
    assert wake_looks_for_orders() == 0


def test_where_nothing_waits_nothing_is_asked_of_the_orders(uk, django_assert_num_queries):
    with django_assert_num_queries(4):  # the transaction's two, its patience, and the one question
        assert wake_looks_for_orders() == 0
