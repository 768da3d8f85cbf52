"""The truth table of payments, row by row: what we know of an intent × what arrives."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from orders.models import (
    ExceptionKind,
    IntentPurpose,
    IntentSource,
    IntentStatus,
    Order,
    OrderException,
    OrderStatus,
    Payment,
    PaymentIntent,
)
from orders.selectors.floor import read_floor
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, NewPayment, cancel_order_by_id, create_order
from orders.services.intents import IntentFacts, IntentOutcome, apply_payment_intent
from orders.services.locking import create_order_lock, delete_order_lock, release_lease
from orders.services.payments import record_order_payment_by_id
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.permissions import Actor, Requester
from tests.bills import a_bill, add_line, settled
from tests.factories import OrderLockFactory, a_venue

pytestmark = pytest.mark.django_db


def record(shop, order, amount, *, intent="pi_1", tips=0, currency="GBP", lock_id=None):
    return record_order_payment_by_id(
        actor=Actor.dojo(shop.venue, Requester(waiter_id="7", device_id="Machine 3")),
        order_id=order.pk,
        payment_intent_id=intent,
        paid_amount=amount,
        currency=currency,
        tips_amount=tips,
        lock_id=lock_id,
    )


def says(shop, order, status, amount, *, intent="pi_1", tips=0, refunded=0, currency="GBP", names=None, references=()):
    return apply_payment_intent(
        actor=Actor.system(shop.venue),
        facts=IntentFacts(
            intent_id=intent,
            status=IntentStatus(status),
            currency=currency,
            amount=amount,
            tips=tips,
            refunded=refunded,
            order_names=(order.pk,) if names is None else names,
            references=references,
        ),
    )


def rows(order):
    return list(Payment.objects.filter(order=order).values_list("entry", "amount", "tips"))


def money(order):
    order = Order.objects.get(pk=order.pk)
    return order.status, order.paid_amount, order.tips_amount, order.outstanding, order.overpaid


# --- nothing known ---------------------------------------------------------------------------------------------------


def test_unknown_intent_that_fits_is_recorded(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    answer = record(uk, order, 2000, tips=300)

    # then
    assert (answer.paid_amount, answer.outstanding, answer.tips_amount) == (2000, 3000, 300)
    assert rows(order) == [("payment", 2000, 300)]
    intent = PaymentIntent.objects.get()
    assert (intent.recorded_by, intent.order_id) == (IntentSource.RECORD, order.pk)
    payment = Payment.objects.get()
    assert payment.trading_period == uk.period
    assert payment.business_date == uk.venue.business_date(timezone.now())
    assert payment.waiter_id == "7"


def test_the_last_payment_finalizes(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000)

    # when
    answer = record(uk, order, 3000, intent="pi_2")

    # then
    assert answer.status == OrderStatus.FINALIZED
    assert money(order) == (OrderStatus.FINALIZED, 5000, 0, 0, 0)
    order.refresh_from_db()
    assert (order.trading_period, order.party.status) == (uk.period, "Paid")


@pytest.mark.parametrize("state", ["unsent", "held"])
def test_lines_that_wait_keep_a_paid_order_open(uk, state):
    # given
    order = a_bill(uk, total=5000, state=state)

    # when
    answer = record(uk, order, 5000)

    # then
    assert answer.is_open
    assert not answer.payable


def test_event_that_fits_is_recorded_with_its_source(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Captured", 5000, tips=200)

    # then
    assert outcome == IntentOutcome.RECORDED
    assert PaymentIntent.objects.get().recorded_by == IntentSource.EVENT
    assert money(order) == (OrderStatus.FINALIZED, 5000, 200, 0, 0)


@pytest.mark.parametrize("name", ["pk", "dojo_order_id"])
def test_event_finds_the_order_by_each_of_its_names(uk, name):
    # given
    order = a_bill(uk, total=5000, dojo_order_id="dojo_1")

    # when
    outcome = says(uk, order, "Captured", 5000, names=("something else", getattr(order, name)))

    # then
    assert outcome == IntentOutcome.RECORDED


def test_a_reference_names_an_order_where_nothing_better_does(uk):
    # given
    first, second = a_bill(uk, total=5000), a_bill(uk, total=5000, table="t2")

    # when
    outcomes = [
        says(uk, None, "Captured", 2000, names=(second.pk,), references=(first.pk,)),
        says(uk, None, "Captured", 2000, intent="pi_2", names=("nobody's",), references=("a till's own", first.pk)),
    ]

    # then
    assert outcomes == [IntentOutcome.RECORDED] * 2
    assert (len(rows(first)), len(rows(second))) == (1, 1)


def test_our_id_goes_before_dojos_and_the_intents_own_order_before_both(uk):
    # given: the id that one order has at Dojo, and another order of ours
    first = a_bill(uk, total=5000, dojo_order_id="dojo_1")
    second = a_bill(uk, total=5000, table="t2")
    says(uk, second, "Captured", 2000, names=(second.pk, "dojo_1"))
    assert (len(rows(first)), len(rows(second))) == (0, 1)

    # when: looked up again it names nothing, or something else
    outcomes = [
        says(uk, None, "Captured", 2000, refunded=back, names=names) for back, names in ((500, ()), (700, ("dojo_1",)))
    ]

    # then
    assert outcomes == [IntentOutcome.REFUNDED] * 2
    assert rows(first) == []
    assert rows(second) == [("payment", 2000, 0), ("refund", -500, 0), ("refund", -200, 0)]


# --- recorded by record/create, same amounts -------------------------------------------------------------------------


def test_true_repeat_gets_the_order_as_it_is_now(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000)

    # when
    answer = record(uk, order, 2000)

    # then
    assert answer.paid_amount == 2000
    assert len(rows(order)) == 1


def test_true_repeat_is_answered_also_when_the_order_has_closed(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000)

    # when
    answer = record(uk, order, 5000)

    # then
    assert answer.status == OrderStatus.FINALIZED
    assert rows(order) == [("payment", 5000, 0)]


def test_event_after_the_record_changes_nothing(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000, tips=100)

    # when
    outcomes = [says(uk, order, "Captured", 2000, tips=100) for _ in range(3)]

    # then
    assert outcomes == [IntentOutcome.NOTHING] * 3
    assert rows(order) == [("payment", 2000, 100)]
    assert not OrderException.objects.exists()


def test_event_with_another_amount_goes_to_the_manager_once(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000)

    # when
    outcomes = [says(uk, order, "Captured", 2100) for _ in range(2)]

    # then
    assert outcomes == [IntentOutcome.DIFFERENT, IntentOutcome.NOTHING]
    assert rows(order) == [("payment", 2000, 0)]
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.AMOUNTS_DIFFER]


def an_order_by_phone(shop, paid=1500, tips=100):
    """An order that brought its payment, pi_1, with it."""
    return create_order(
        actor=shop.by_dojo,
        request=NewDojoOrder(
            dojo_order_id="dojo_1",
            order_type="Collection",
            items=(NewItem(name="Soup", plu="soup", quantity=2, unit_price=750),),
            total_amount=1500,
            currency="GBP",
            payments=(NewPayment(payment_intent_id="pi_1", paid_amount=paid, tips_amount=tips),),
        ),
    )


def test_what_came_with_the_order_is_not_recorded_again(uk):
    # given
    order = an_order_by_phone(uk)

    # when
    answer = record(uk, order, 1500, tips=100)
    outcome = says(uk, order, "Captured", 1500, tips=100)

    # then
    assert (answer.paid_amount, answer.tips_amount, outcome) == (1500, 100, IntentOutcome.NOTHING)
    assert rows(order) == [("payment", 1500, 100)]
    assert PaymentIntent.objects.get().recorded_by == IntentSource.CREATE


def test_what_came_with_the_order_stays_when_another_amount_is_said(uk):
    # given
    order = an_order_by_phone(uk, paid=1000)

    # when
    with pytest.raises(Conflict):
        record(uk, order, 1500, tips=100)
    outcome = says(uk, order, "Captured", 1500, tips=100)

    # then
    assert outcome == IntentOutcome.DIFFERENT
    assert rows(order) == [("payment", 1000, 100)]
    row = OrderException.objects.get()
    assert (row.kind, row.amount) == (ExceptionKind.AMOUNTS_DIFFER, 500)


def test_an_event_before_the_order_is_the_orders_payment(uk):
    # given: Dojo captured before it told us of the order
    first = says(uk, None, "Captured", 1500, tips=100, names=("dojo_1",))

    # when
    order = an_order_by_phone(uk)
    again = says(uk, order, "Captured", 1500, tips=100, names=("dojo_1",))

    # then
    assert (first, again) == (IntentOutcome.UNKNOWN_ORDER, IntentOutcome.NOTHING)
    assert rows(order) == [("payment", 1500, 100)]


# --- recorded by event, other amounts --------------------------------------------------------------------------------


def test_dojos_request_wins_over_what_an_event_said(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 2000, tips=0)

    # when
    answer = record(uk, order, 1900, tips=100)

    # then
    assert (answer.paid_amount, answer.tips_amount) == (1900, 100)
    assert rows(order) == [("payment", 2000, 0), ("correction", -100, 100)]
    assert PaymentIntent.objects.get().recorded_by == IntentSource.RECORD


def test_a_bill_that_an_event_had_paid_is_owed_again_when_the_machine_took_less(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 5000)
    assert money(order)[0] == OrderStatus.FINALIZED

    # when
    answer = record(uk, order, 4000)

    # then
    assert (answer.is_open, answer.payable) == (True, True)
    assert money(order) == (OrderStatus.PREPARING, 4000, 0, 1000, 0)
    assert rows(order) == [("payment", 5000, 0), ("correction", -1000, 0)]


def test_a_bill_that_the_machine_took_more_for_than_an_event_said_is_overpaid_and_told(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 2000)

    # when
    answer = record(uk, order, 6000)

    # then
    assert answer.status == OrderStatus.FINALIZED
    assert money(order) == (OrderStatus.FINALIZED, 6000, 0, 0, 1000)
    row = OrderException.objects.get()
    assert (row.kind, row.amount) == (ExceptionKind.OVERPAID, 1000)


def test_request_with_the_events_amounts_adds_nothing(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 2000, tips=50)

    # when
    answer = record(uk, order, 2000, tips=50)

    # then
    assert answer.paid_amount == 2000
    assert len(rows(order)) == 1


def test_what_an_event_recorded_as_authorized_is_corrected_to_what_was_taken(uk):
    # given: a bill held on a card, to which the guest adds a tip
    order = a_bill(uk, total=5000)
    says(uk, order, "Authorized", 5000)

    # when
    outcomes = [says(uk, order, "Captured", 4800, tips=500) for _ in range(2)]

    # then
    assert outcomes == [IntentOutcome.CORRECTED, IntentOutcome.NOTHING]
    assert rows(order) == [("payment", 5000, 0), ("correction", -200, 500)]
    assert money(order) == (OrderStatus.PREPARING, 4800, 500, 200, 0)
    assert not OrderException.objects.exists()
    assert PaymentIntent.objects.get().recorded_by == IntentSource.EVENT


def test_more_taken_than_an_event_recorded_is_overpaid_and_told(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Authorized", 5000)

    # when
    outcome = says(uk, order, "Captured", 5600)

    # then
    assert outcome == IntentOutcome.CORRECTED
    assert money(order) == (OrderStatus.FINALIZED, 5600, 0, 0, 600)
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.OVERPAID]


@pytest.mark.parametrize("status", ["Captured", "Refunded"])
def test_corrected_and_given_back_in_one_look_leaves_what_dojo_has(uk, status):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Authorized", 4000)

    # when: taken with a tip, and all of it given back before we looked again
    outcomes = [says(uk, order, status, 5000, tips=500, refunded=5500) for _ in range(2)]

    # then
    assert outcomes == [IntentOutcome.REFUNDED, IntentOutcome.NOTHING]
    assert rows(order) == [("payment", 4000, 0), ("correction", 1000, 500), ("refund", -5000, -500)]


def test_a_full_refund_without_an_amount_takes_a_correction_into_account(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Authorized", 4000)
    says(uk, order, "Captured", 5000)

    # when
    says(uk, order, "Refunded", 5000)

    # then
    assert [amount for _, amount, _ in rows(order)] == [4000, 1000, -5000]


def test_a_correction_leaves_what_was_given_back_given_back(uk):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 5000, refunded=1000)

    # when
    record(uk, order, 4500)

    # then
    assert rows(order) == [("payment", 5000, 0), ("refund", -1000, 0), ("correction", -500, 0)]


# --- recorded by record/create, other amounts or another order -------------------------------------------------------


def test_other_amounts_conflict_and_the_first_stays(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000)

    # when
    with pytest.raises(Conflict):
        record(uk, order, 2500)

    # then
    assert rows(order) == [("payment", 2000, 0)]
    assert PaymentIntent.objects.get().refused_at is None


def test_other_tips_conflict_too(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000, tips=100)

    # when / then
    with pytest.raises(Conflict):
        record(uk, order, 2000, tips=200)
    assert rows(order) == [("payment", 2000, 100)]


def test_another_order_conflicts_and_the_first_stays(uk):
    # given
    first, second = a_bill(uk, total=5000), a_bill(uk, total=5000, table="t2")
    record(uk, first, 2000)

    # when
    with pytest.raises(Conflict):
        record(uk, second, 2000)

    # then
    assert rows(first) == [("payment", 2000, 0)]
    assert rows(second) == []


# --- does not fit ----------------------------------------------------------------------------------------------------


def test_more_than_outstanding_conflicts_and_the_refusal_is_kept(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    with pytest.raises(Conflict, match="owes £50"):
        record(uk, order, 5001)

    # then
    assert rows(order) == []
    assert money(order) == (OrderStatus.PREPARING, 0, 0, 5000, 0)
    intent = PaymentIntent.objects.get()
    assert intent.refused_at is not None
    assert intent.next_look_at - intent.refused_at == timedelta(minutes=2)


def test_closed_order_conflicts(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000)

    # when / then
    with pytest.raises(Conflict):
        record(uk, order, 100, intent="pi_2")
    assert rows(order) == [("payment", 5000, 0)]


def test_a_cancelled_order_conflicts(uk):
    # given
    order = a_bill(uk, total=5000, state="sent")
    cancel_order_by_id(actor=uk.by_dojo, order_id=order.pk)

    # when / then
    with pytest.raises(Conflict, match="canceled"):
        record(uk, order, 1000)
    assert rows(order) == []
    assert PaymentIntent.objects.get().refused_at is not None


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_another_currency_conflicts(uk, currency):
    # given
    order = a_bill(uk, total=5000)

    # when / then
    with pytest.raises(Conflict):
        record(uk, order, 1000, currency=currency)
    assert rows(order) == []


def test_refused_payment_that_dojo_reverses_leaves_no_trace_in_the_money(uk):
    # given
    order = a_bill(uk, total=5000)
    with pytest.raises(Conflict):
        record(uk, order, 6000)

    # when
    outcomes = [says(uk, order, "Captured", 6000), says(uk, order, "Reversed", 6000)]

    # then
    assert outcomes == [IntentOutcome.WAITING, IntentOutcome.NOTHING]
    assert rows(order) == []
    assert PaymentIntent.objects.get().next_look_at is None


def test_refused_payment_still_captured_after_the_last_look_is_recorded_as_overpaid(uk):
    # given
    order = a_bill(uk, total=5000)
    start = timezone.now()
    with time_machine.travel(start, tick=False), pytest.raises(Conflict):
        record(uk, order, 6000)

    # when
    outcomes = []
    for minutes in (1, 2, 3, 12, 13, 42):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            outcomes.append(says(uk, order, "Captured", 6000))

    # then: looks count after 2, 10 and 30 more minutes, nudges in between do not
    assert outcomes == [IntentOutcome.WAITING] * 5 + [IntentOutcome.OVERPAID]
    assert rows(order) == [("payment", 6000, 0)]
    assert money(order) == (OrderStatus.FINALIZED, 6000, 0, 0, 1000)
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.OVERPAID]


def test_refused_intent_that_fits_when_dojo_asks_again_is_recorded(uk):
    # given
    order = a_bill(uk, total=5000)
    with pytest.raises(Conflict):
        record(uk, order, 6000)
    add_line(uk, order, 1000)
    settled(order)

    # when
    answer = record(uk, order, 6000)

    # then
    assert answer.status == OrderStatus.FINALIZED
    assert PaymentIntent.objects.get().refused_at is None


def test_a_refused_payment_that_is_only_authorized_is_never_ours_to_record(uk):
    # given
    order = a_bill(uk, total=5000)
    start = timezone.now()
    with time_machine.travel(start, tick=False), pytest.raises(Conflict):
        record(uk, order, 6000)

    # when
    outcomes = []
    for hours in range(6):
        with time_machine.travel(start + timedelta(hours=hours, minutes=5), tick=False):
            outcomes.append(says(uk, order, "Authorized", 6000))

    # then: looked at again until it is let go, or taken
    assert outcomes == [IntentOutcome.NOTHING] * 6
    assert rows(order) == []
    intent = PaymentIntent.objects.get()
    assert (intent.looks_after_refusal, intent.next_look_at is None) == (0, False)


def test_authorized_for_more_than_is_owed_waits_for_dojo_to_ask(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Authorized", 6000)

    # then: nothing is recorded that Dojo lets go of once we refuse it
    assert outcome == IntentOutcome.NOTHING
    assert rows(order) == []
    assert PaymentIntent.objects.get().next_look_at is not None
    with pytest.raises(Conflict):
        record(uk, order, 6000)
    # and when it is taken without asking
    assert says(uk, order, "Captured", 6000) == IntentOutcome.WAITING


@pytest.mark.parametrize("old", ["Created", "Authorized"])
def test_an_old_answer_that_somebody_slow_brings_does_not_end_the_looks(uk, old):
    # given: refused, and known to be taken
    order = a_bill(uk, total=5000)
    with pytest.raises(Conflict):
        record(uk, order, 6000)
    says(uk, order, "Captured", 6000)
    before = PaymentIntent.objects.get()

    # when
    outcome = says(uk, order, old, 5000)

    # then
    after = PaymentIntent.objects.get()
    assert outcome == IntentOutcome.NOTHING
    assert (after.status, after.next_look_at, after.seen_amount) == ("Captured", before.next_look_at, 6000)
    assert after.next_look_at is not None


def test_what_was_too_much_and_went_back_in_part_is_both(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000)

    # when
    outcome = says(uk, order, "Captured", 4000, intent="pi_2", refunded=1500)

    # then
    assert outcome == IntentOutcome.OVERPAID
    assert rows(order)[1:] == [("payment", 4000, 0), ("refund", -1500, 0)]
    assert money(order) == (OrderStatus.FINALIZED, 7500, 0, 0, 2500)


def test_captured_without_ever_asking_us_is_recorded_and_marked_overpaid(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000)

    # when
    outcome = says(uk, order, "Captured", 4000, intent="pi_2")

    # then
    assert outcome == IntentOutcome.OVERPAID
    assert money(order) == (OrderStatus.FINALIZED, 9000, 0, 0, 4000)
    exception = OrderException.objects.get()
    assert (exception.kind, exception.amount) == (ExceptionKind.OVERPAID, 4000)


# --- reversed, cancelled, refunded -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Reversed", "Canceled"])
def test_reversal_reopens_the_order_and_brings_the_party_back(uk, status):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000, tips=500)
    party = order.party
    party.end_time = timezone.now()
    party.save()

    # when
    outcomes = [says(uk, order, status, 5000, tips=500) for _ in range(2)]

    # then
    assert outcomes == [IntentOutcome.REVERSED, IntentOutcome.NOTHING]
    assert rows(order) == [("payment", 5000, 500), ("reversal", -5000, -500)]
    assert money(order) == (OrderStatus.PREPARING, 0, 0, 5000, 0)
    party.refresh_from_db()
    assert (party.end_time, party.needs_seating) == (None, False)
    exception = OrderException.objects.get()
    assert exception.kind == ExceptionKind.PAYMENT_REVERSED
    assert exception.message == "Card payment of £50.00 on Table 1 was reversed, £50.00 due."
    # and the floor wants somebody to go there
    tile = next(tile for tile in read_floor(uk.venue, uk.waiter).rooms[0].tiles if tile.table.code == "t1")
    assert (tile.glance.state, tile.glance.word, tile.glance.amount) == ("attention", "Card payment reversed", 5000)


def test_a_reversal_of_one_of_two_payments_leaves_the_other(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 2000)
    record(uk, order, 3000, intent="pi_2")

    # when
    says(uk, order, "Reversed", 3000, intent="pi_2")

    # then
    assert money(order) == (OrderStatus.PREPARING, 2000, 0, 3000, 0)
    assert Order.objects.get(pk=order.pk).payable


def test_refunded_before_we_ever_heard_of_it_records_nothing(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Refunded", 5000)

    # then
    assert outcome == IntentOutcome.NOTHING
    assert rows(order) == []
    with pytest.raises(Conflict, match="refunded"):
        record(uk, order, 5000)
    assert rows(order) == []


def test_what_was_partly_given_back_before_we_heard_of_it_is_a_payment_and_a_refund(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Captured", 5000, refunded=2000)

    # then
    assert outcome == IntentOutcome.RECORDED
    assert rows(order) == [("payment", 5000, 0), ("refund", -2000, 0)]


def test_reversal_after_the_table_was_given_away_flags_the_party_and_finds_a_free_name(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000)
    order.party.end_time = timezone.now()
    order.party.save()
    others = a_bill(uk, total=1000)

    # when
    says(uk, order, "Reversed", 5000)

    # then
    order.refresh_from_db()
    assert order.party.needs_seating
    assert (others.display_name, order.display_name) == ("Table 1", "Table 1 · 2")


@pytest.mark.parametrize("status", ["Reversed", "Canceled"])
def test_recording_an_intent_that_is_gone_conflicts(uk, status):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, status, 2000)

    # when / then
    with pytest.raises(Conflict):
        record(uk, order, 2000)
    assert rows(order) == []
    assert PaymentIntent.objects.get().refused_at is None


def test_reversed_before_captured_records_nothing(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcomes = [says(uk, order, "Reversed", 5000), says(uk, order, "Captured", 5000)]

    # then
    assert outcomes == [IntentOutcome.NOTHING, IntentOutcome.NOTHING]
    assert rows(order) == []


def test_refunds_are_rows_by_the_difference_and_reopen_nothing(uk):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 5000, tips=500)

    # when
    outcomes = [
        says(uk, order, "Captured", 5000, tips=500, refunded=2000),
        says(uk, order, "Captured", 5000, tips=500, refunded=2000),
        says(uk, order, "Captured", 5000, tips=500, refunded=2500),
        says(uk, order, "Refunded", 5000, tips=500),
    ]

    # then
    assert outcomes == [
        IntentOutcome.REFUNDED,
        IntentOutcome.NOTHING,
        IntentOutcome.REFUNDED,
        IntentOutcome.REFUNDED,
    ]
    assert rows(order)[1:] == [("refund", -2000, 0), ("refund", -500, 0), ("refund", -2500, -500)]
    assert money(order) == (OrderStatus.FINALIZED, 0, 0, 5000, 0)
    assert not Order.objects.get(pk=order.pk).payable


# --- authorized, holds, unknown orders -------------------------------------------------------------------------------


def test_authorized_on_dojos_own_intent_is_recorded_and_looked_at_again(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Authorized", 5000)

    # then
    assert outcome == IntentOutcome.RECORDED
    assert PaymentIntent.objects.get().next_look_at is not None


def test_authorized_on_a_hold_is_no_payment(uk):
    # given
    order = a_bill(uk, total=5000)
    PaymentIntent.objects.create(
        venue=uk.venue, intent_id="pi_1", order=order, made_here=True, purpose=IntentPurpose.HOLD
    )

    # when
    outcome = says(uk, order, "Authorized", 5000)

    # then
    assert outcome == IntentOutcome.HELD
    assert rows(order) == []


def test_an_intent_that_is_only_created_is_nothing_yet(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcome = says(uk, order, "Created", 5000)

    # then
    assert outcome == IntentOutcome.NOTHING
    assert rows(order) == []
    assert PaymentIntent.objects.get().next_look_at is not None


def test_authorized_then_captured_is_one_payment(uk):
    # given
    order = a_bill(uk, total=5000)

    # when: in any order, any number of times
    outcomes = [says(uk, order, status, 5000) for status in ("Authorized", "Captured", "Authorized", "Created")]

    # then
    assert outcomes == [IntentOutcome.RECORDED] + [IntentOutcome.NOTHING] * 3
    assert rows(order) == [("payment", 5000, 0)]
    intent = PaymentIntent.objects.get()
    assert (intent.status, intent.next_look_at) == ("Captured", None)


def test_a_hold_that_is_captured_is_a_payment(uk):
    # given
    order = a_bill(uk, total=5000)
    PaymentIntent.objects.create(
        venue=uk.venue, intent_id="pi_1", order=order, made_here=True, purpose=IntentPurpose.HOLD
    )
    says(uk, order, "Authorized", 5000)

    # when
    outcome = says(uk, order, "Captured", 5000)

    # then
    assert outcome == IntentOutcome.RECORDED
    assert rows(order) == [("payment", 5000, 0)]


def test_a_payment_in_another_currency_is_told_once_and_not_recorded(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    outcomes = [says(uk, order, "Captured", 5000, currency="EUR") for _ in range(2)]

    # then
    assert outcomes == [IntentOutcome.NOTHING] * 2
    assert rows(order) == []
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.ORPHAN_PAYMENT]


def test_intent_of_no_order_is_retried_for_a_day_and_then_told_once(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    first = says(uk, order, "Captured", 5000, names=("nobody",))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        later = [says(uk, order, "Captured", 5000, names=("nobody",)) for _ in range(2)]

    # then
    assert [first, *later] == [IntentOutcome.UNKNOWN_ORDER] * 3
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.ORPHAN_PAYMENT]
    assert PaymentIntent.objects.get().next_look_at is None
    assert rows(order) == []


@pytest.mark.parametrize("references", [(), ("a till of another maker",)])
def test_intent_that_names_nothing_is_dropped_silently(uk, references):
    # given
    order = a_bill(uk, total=5000)
    says(uk, order, "Captured", 5000, names=(), references=references)

    # when
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        says(uk, order, "Captured", 5000, names=(), references=references)

    # then
    assert not OrderException.objects.exists()
    assert PaymentIntent.objects.get().next_look_at is None


# --- amounts, locks, other venues ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "tips", "field"), [(0, 0, "paidAmount"), (-5, 0, "paidAmount"), (5, -1, "tips")])
def test_nothing_and_less_than_nothing_are_invalid(uk, amount, tips, field):
    # given
    order = a_bill(uk, total=5000)

    # when
    with pytest.raises(InvalidRequest) as refused:
        record(uk, order, amount, tips=tips)

    # then
    assert refused.value.field.startswith(field)
    assert not PaymentIntent.objects.exists()


def test_a_live_lease_with_another_id_conflicts(uk):
    # given
    order = a_bill(uk, total=5000)
    OrderLockFactory(venue=uk.venue, order=order, lock_id="theirs", expiry=timezone.now() + timedelta(minutes=5))

    # when / then
    with pytest.raises(Conflict, match="already locked"):
        record(uk, order, 2000, lock_id="mine")
    assert rows(order) == []


@pytest.mark.parametrize("lock_id", ["theirs", None])
def test_the_leases_own_id_and_no_id_at_all_are_taken(uk, lock_id):
    # given
    order = a_bill(uk, total=5000)
    OrderLockFactory(venue=uk.venue, order=order, lock_id="theirs", expiry=timezone.now() + timedelta(minutes=5))

    # when
    record(uk, order, 2000, lock_id=lock_id)

    # then
    assert rows(order) == [("payment", 2000, 0)]


def test_a_lapsed_lease_counts_as_none(uk):
    # given
    order = a_bill(uk, total=5000)
    OrderLockFactory(venue=uk.venue, order=order, lock_id="theirs", expiry=timezone.now() - timedelta(seconds=1))

    # when
    record(uk, order, 2000, lock_id="mine")

    # then
    assert rows(order) == [("payment", 2000, 0)]


@pytest.mark.parametrize("end", [delete_order_lock, release_lease])
def test_the_id_of_a_lock_that_has_ended_counts_as_none(uk, end):
    # given
    order = a_bill(uk, total=5000)
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="mine", expiry=expiry)
    if end is delete_order_lock:
        delete_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="mine")
    else:
        release_lease(actor=uk.by_manager, order_id=order.pk)

    # when
    record(uk, order, 2000, lock_id="mine")

    # then
    assert rows(order) == [("payment", 2000, 0)]

    # when: another machine has the bill now
    create_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="theirs", expiry=expiry)
    with pytest.raises(Conflict, match="already locked"):
        record(uk, order, 1000, intent="pi_2", lock_id="mine")

    # then
    assert rows(order) == [("payment", 2000, 0)]


def test_another_venues_order_does_not_exist(uk):
    # given
    order = a_bill(uk, total=5000)
    other = a_venue("IE")

    # when / then
    with pytest.raises(NotFound):
        record(other, order, 1000)
    assert rows(order) == []


def test_the_same_intent_id_in_two_venues_is_two_intents(uk):
    # given
    here, elsewhere = a_bill(uk, total=5000), a_venue("GB")
    there = a_bill(elsewhere, total=5000)

    # when
    record(uk, here, 1000)
    record(elsewhere, there, 1000)

    # then
    assert (rows(here), rows(there)) == ([("payment", 1000, 0)], [("payment", 1000, 0)])


@pytest.mark.parametrize("change", [lambda rows: rows.update(amount=1), lambda rows: rows.delete()])
def test_a_payment_is_never_changed_or_deleted(uk, change):
    # given
    order = a_bill(uk, total=5000)
    record(uk, order, 1000)

    # when / then
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(Payment.objects.all())
    assert rows(order) == [("payment", 1000, 0)]
