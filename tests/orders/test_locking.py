"""Leases: one card machine at a time, given back or lapsed, and what was ordered meanwhile finds its way back."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orders.models import LineState, Order, OrderException, OrderLock, OrderStatus
from orders.row_locks import hold_order
from orders.services.billing import settle
from orders.services.closing import get_order_bill_by_id, open_pay
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.locking import (
    create_order_lock,
    delete_order_lock,
    end_lapsed_leases,
    extend_order_lock,
    release_lease,
)
from orders.services.opening import order_for_new_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.sharing import equally, plan_shares
from orders.services.tenders import reverse_payment, take_payment, use_deposit
from orders.tasks import give_back_lapsed_leases
from pos.errors import Conflict, InvalidRequest, Locked, NotFound, NotPermitted
from pos.permissions import Actor, Requester
from pos.service import service
from tests.bills import a_bill, add_line
from tests.factories import a_venue

pytestmark = pytest.mark.django_db


def in_minutes(minutes):
    return timezone.now() + timedelta(minutes=minutes)


def machine(shop, device="Machine 3"):
    return Actor.dojo(shop.venue, Requester(waiter_id="7", device_id=device))


def lock(shop, order, lock_id="lock_1", minutes=5, device="Machine 3"):
    return create_order_lock(
        actor=machine(shop, device), order_id=order.pk, lock_id=lock_id, expiry=in_minutes(minutes)
    )


@service
def order_meanwhile(*, actor, order_id, shop, price):
    held, order = hold_order(actor.venue, order_id)
    target = order_for_new_lines(held, order)
    add_line(shop, target, price, state=LineState.SENT)
    settle(held, target, actor)
    return target


def test_lock_names_its_holder_and_shows_the_party_paying(uk):
    # given
    order = a_bill(uk)

    # when
    answer = lock(uk, order)

    # then
    lease = OrderLock.objects.get()
    assert (answer.pk, lease.holder, lease.kind) == (order.pk, "waiter 7 on Machine 3", "dojo")
    order.party.refresh_from_db()
    assert order.party.status == "Paying"
    assert answer.payable


def test_the_same_lock_again_is_the_same_answer(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when
    again = lock(uk, order, minutes=9)

    # then
    assert again.pk == order.pk
    assert OrderLock.objects.count() == 1


def test_a_second_machine_is_told_who_has_the_bill(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when
    with pytest.raises(Conflict) as refused:
        lock(uk, order, "lock_2", device="Machine 5")

    # then
    assert refused.value.message == "Table 1 is already locked by waiter 7 on Machine 3."
    assert [lease.lock_id for lease in OrderLock.objects.all()] == ["lock_1"]


def test_expiry_in_the_past_is_invalid(uk):
    # given
    order = a_bill(uk)

    # when
    with pytest.raises(InvalidRequest) as refused:
        lock(uk, order, minutes=-1)

    # then
    assert refused.value.field == "expiry"
    assert not OrderLock.objects.exists()


def test_no_lease_is_longer_than_two_hours(uk):
    # given
    order = a_bill(uk)

    # when
    lock(uk, order, minutes=60 * 24)

    # then
    assert OrderLock.objects.get().expiry <= in_minutes(121)


def test_a_lease_is_not_extended_beyond_two_hours_either(uk):
    # given
    order = a_bill(uk)
    lock(uk, order, minutes=1)

    # when
    extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(60 * 24))
    with pytest.raises(InvalidRequest) as refused:
        extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(-1))

    # then
    assert refused.value.field == "expiry"
    assert in_minutes(119) < OrderLock.objects.get().expiry <= in_minutes(120)


def test_a_closed_order_cannot_be_lent(uk):
    # given
    order = a_bill(uk, total=1000)
    record_order_payment_by_id(
        actor=machine(uk), order_id=order.pk, payment_intent_id="pi", paid_amount=1000, currency="GBP"
    )

    # when / then
    with pytest.raises(Conflict):
        lock(uk, order)
    assert not OrderLock.objects.exists()


def test_lapsed_lease_does_not_exist_for_the_next_machine(uk):
    # given
    order = a_bill(uk)
    lock(uk, order, minutes=1)

    # when
    with time_machine.travel(in_minutes(2)):
        lock(uk, order, "lock_2", device="Machine 5")

    # then
    held = {lease.lock_id: lease.end_reason for lease in OrderLock.objects.all()}
    assert held == {"lock_1": "lapsed", "lock_2": ""}


def test_extending_moves_the_expiry(uk):
    # given
    order = a_bill(uk)
    lock(uk, order, minutes=1)

    # when
    extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(10))

    # then
    assert OrderLock.objects.get().expiry > in_minutes(9)


def test_extending_a_lapsed_lease_that_nobody_took_revives_it(uk):
    # given
    order = a_bill(uk)
    lock(uk, order, minutes=1)

    # when
    with time_machine.travel(in_minutes(2)):
        end_lapsed_leases(venue=uk.venue)
        extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(10))

        # then
        lease = OrderLock.objects.get()
        assert lease.is_live(timezone.now())


def test_extending_after_somebody_else_took_the_bill_conflicts(uk):
    # given
    order = a_bill(uk)
    lock(uk, order, minutes=1)

    # when
    with time_machine.travel(in_minutes(2)):
        lock(uk, order, "lock_2", device="Machine 5")
        with pytest.raises(Conflict):
            extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(10))

        # then
        assert OrderLock.objects.get(ended_at=None).lock_id == "lock_2"


def test_extending_what_never_was_is_not_found(uk):
    # given
    order = a_bill(uk)

    # when / then
    with pytest.raises(NotFound):
        extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="nothing", expiry=in_minutes(1))


def test_extending_a_deleted_lock_conflicts(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)
    delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1")

    # when / then
    with pytest.raises(Conflict):
        extend_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1", expiry=in_minutes(1))
    assert not OrderLock.objects.filter(ended_at=None).exists()


def test_deleting_twice_is_once(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when
    answers = [delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1") for _ in range(2)]

    # then
    assert [answer.pk for answer in answers] == [order.pk] * 2
    assert OrderLock.objects.get().end_reason == "deleted"


def test_deleting_somebody_elses_lock_conflicts(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when / then
    with pytest.raises(Conflict):
        delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_2")
    assert OrderLock.objects.get().ended_at is None


@pytest.mark.parametrize("lent", [False, True])
def test_looking_at_a_bill_takes_no_lease_and_waits_for_none(uk, lent):
    # given
    order = a_bill(uk, total=5000)
    if lent:
        lock(uk, order)

    # when
    open_pay(actor=uk.by_waiter, order_id=order.pk)
    printed = get_order_bill_by_id(actor=uk.by_waiter, order_id=order.pk)
    plan_shares(actor=uk.by_waiter, order_id=order.pk, shares=equally(2))

    # then: the sum is as it was, and nobody else was given the bill
    order.refresh_from_db()
    assert (order.total_amount, order.payable, printed.bill_printed_at is not None) == (5000, True, True)
    assert [lease.lock_id for lease in OrderLock.objects.all()] == (["lock_1"] if lent else [])


def test_taking_cash_takes_no_lease(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    take_payment(actor=uk.by_waiter, order_id=order.pk, kind="cash", amount=2000)

    # then
    assert not OrderLock.objects.exists()


def test_a_lent_bill_waits_for_its_deposit(uk):
    # given
    order = a_bill(uk, total=5000)
    order.party.deposit_amount = 2000
    order.party.save()
    lock(uk, order)

    # when
    open_pay(actor=uk.by_waiter, order_id=order.pk)
    with pytest.raises(Locked):
        use_deposit(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert (order.outstanding, order.payments.count()) == (5000, 0)


def test_cash_waits_while_a_machine_has_the_bill(uk):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when
    with pytest.raises(Locked) as refused:
        take_payment(actor=uk.by_waiter, order_id=order.pk, kind="cash", amount=5000)

    # then
    lease = OrderLock.objects.get()
    assert refused.value.message.startswith("Table 1 is being paid on waiter 7 on Machine 3 until ")
    assert refused.value.data == {"by": "waiter 7 on Machine 3", "until": lease.expiry.isoformat()}
    assert not order.payments.exists()


def test_a_round_during_the_lease_goes_on_the_next_bill_and_joins_afterwards(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)

    # when
    next_bill = order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)

    # then: the locked sum stays what the machine read
    order.refresh_from_db()
    assert (next_bill.display_name, next_bill.total_amount, order.total_amount) == ("Table 1 · 2", 1140, 5000)

    # when
    answer = delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1")

    # then
    next_bill.refresh_from_db()
    assert (answer.total_amount, answer.lines.count()) == (6140, 2)
    assert (next_bill.status, next_bill.merged_into_id) == (OrderStatus.CANCELED, order.pk)


def test_a_round_during_the_lease_stays_apart_when_the_first_bill_was_paid(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)
    next_bill = order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)

    # when
    record_order_payment_by_id(
        actor=machine(uk),
        order_id=order.pk,
        payment_intent_id="pi",
        paid_amount=5000,
        currency="GBP",
        lock_id="lock_1",
    )
    delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1")

    # then
    order.refresh_from_db()
    next_bill.refresh_from_db()
    assert order.status == OrderStatus.FINALIZED
    assert (next_bill.is_open, next_bill.outstanding, next_bill.joins_back) == (True, 1140, False)


def test_a_round_joins_a_first_bill_that_was_paid_in_part(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)
    next_bill = order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)
    record_order_payment_by_id(
        actor=machine(uk),
        order_id=order.pk,
        payment_intent_id="pi",
        paid_amount=2000,
        currency="GBP",
        lock_id="lock_1",
    )

    # when
    delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1")

    # then
    order.refresh_from_db()
    next_bill.refresh_from_db()
    assert (order.total_amount, order.outstanding, next_bill.merged_into_id) == (6140, 4140, order.pk)


@pytest.mark.parametrize("how", ["paid on", "paid on by mistake", "lent"])
def test_a_round_that_is_being_paid_itself_stays_a_bill_of_its_own(uk, how):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)
    next_bill = order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)
    if how == "lent":
        lock(uk, next_bill, "lock_2")
    else:
        payment = take_payment(actor=uk.by_waiter, order_id=next_bill.pk, kind="cash", amount=40)
    if how == "paid on by mistake":
        # Undone, but a payment never moves to another bill.
        reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="wrong key")

    # when
    delete_order_lock(actor=machine(uk), order_id=order.pk, lock_id="lock_1")

    # then
    order.refresh_from_db()
    next_bill.refresh_from_db()
    assert order.total_amount == 5000
    assert (next_bill.is_open, next_bill.total_amount, next_bill.joins_back) == (True, 1140, False)


def test_a_second_round_during_the_lease_joins_the_first(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)

    # when
    bills = [order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=500) for _ in range(2)]

    # then
    assert bills[0].pk == bills[1].pk
    assert bills[1].total_amount == 1000


def test_the_clock_gives_back_what_a_silent_machine_holds(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order, minutes=1)
    order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)

    # when
    early = give_back_lapsed_leases()
    with time_machine.travel(in_minutes(2)):
        late = give_back_lapsed_leases()

    # then
    assert (early, late) == (0, 1)
    order.refresh_from_db()
    assert (order.total_amount, OrderLock.objects.get().end_reason) == (6140, "lapsed")


def test_a_manager_takes_a_bill_back_and_is_reminded_of_it(uk):
    # given
    order = a_bill(uk, total=5000)
    lock(uk, order)
    order_meanwhile(actor=uk.by_waiter, order_id=order.pk, shop=uk, price=1140)

    # when
    release_lease(actor=uk.by_manager, order_id=order.pk)

    # then: with what was ordered meanwhile
    order.refresh_from_db()
    assert (order.total_amount, OrderLock.objects.get().end_reason) == (6140, "released")
    row = OrderException.objects.get()
    assert (row.kind, row.message.endswith("Money may still arrive.")) == ("lease_released", True)

    # when: it does, for what the machine had read and more
    outcome = apply_payment_intent(
        actor=uk.by_system,
        facts=IntentFacts(intent_id="pi", status="Captured", currency="GBP", amount=7000, order_names=(order.pk,)),
    )

    # then
    order.refresh_from_db()
    assert (outcome, order.overpaid) == ("overpaid", 860)


@pytest.mark.parametrize("who", ["by_waiter", "by_supervisor"])
def test_only_a_manager_takes_a_bill_back(uk, who):
    # given
    order = a_bill(uk)
    lock(uk, order)

    # when / then
    with pytest.raises(NotPermitted):
        release_lease(actor=getattr(uk, who), order_id=order.pk)
    assert OrderLock.objects.get().ended_at is None


def test_locks_of_another_venue_do_not_exist(uk):
    # given
    order = a_bill(uk)
    other = a_venue("IE")

    # when / then
    with pytest.raises(NotFound):
        lock(other, order)
    assert not Order.objects.get(pk=order.pk).locks.exists()
