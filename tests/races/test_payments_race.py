"""Money under concurrency: exactly what is owed, exactly once; and the same without the lock, which must fail."""

import threading
import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from bookings.models import Party
from orders import row_locks
from orders.models import Order, OrderStatus, OrderType, Payment, PaymentIntent
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, NewPayment, create_order
from orders.services.locking import create_order_lock
from orders.services.payments import record_order_payment_by_id
from pos import service
from pos.errors import Conflict
from tests.bills import a_bill
from tests.factories import a_venue
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def pay(shop, order, intent, amount=1000):
    return record_order_payment_by_id(
        actor=shop.by_dojo, order_id=order.pk, payment_intent_id=intent, paid_amount=amount, currency="GBP"
    )


def test_fifty_guests_pay_the_last_ten_pounds_and_one_wins():
    # given
    shop = a_venue()
    order = a_bill(shop, total=1000)

    # when
    results = all_at_once([partial(pay, shop, order, f"pi_{n}") for n in range(50)])

    # then
    won = [result for result in results if isinstance(result, Order)]
    assert len(won) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 49
    assert Payment.objects.filter(order=order).count() == 1
    order.refresh_from_db()
    assert (order.status, order.paid_amount, order.overpaid) == (OrderStatus.FINALIZED, 1000, 0)
    assert PaymentIntent.objects.filter(refused_at__isnull=False).count() == 49


def test_without_the_row_locks_the_same_ten_pounds_are_paid_more_than_once(monkeypatch):
    # given: the control, which shows that the test above tests something
    shop = a_venue()
    order = a_bill(shop, total=1000)
    monkeypatch.setattr(row_locks, "_orders", lambda: Order.objects.select_related("table", "waiter__staff"))
    monkeypatch.setattr(
        row_locks,
        "parties_for_update",
        lambda venue, ids: {party.pk: party for party in Party.objects.filter(venue=venue, pk__in=filter(None, ids))},
    )

    # when
    all_at_once([partial(pay, shop, order, f"pi_{n}") for n in range(50)])

    # then
    assert Payment.objects.filter(order=order).count() > 1


def test_the_same_payment_twenty_times_at_once_is_one_row_and_one_answer():
    # given
    shop = a_venue()
    order = a_bill(shop, total=5000)

    # when
    results = all_at_once([partial(pay, shop, order, "pi_same", 2000)] * 20)

    # then
    assert {(result.pk, result.paid_amount, result.outstanding) for result in results} == {(order.pk, 2000, 3000)}
    assert Payment.objects.filter(order=order).count() == 1


def pay_two_bills_with_one_intent(shop):
    """The second bill's payment waits for the first one's intent, which is written but not committed yet."""
    first, second = (a_bill(shop, total=1000, table=table) for table in ("t1", "t2"))
    written = threading.Event()

    def pay_slowly():
        with transaction.atomic():
            PaymentIntent.objects.create(
                venue=shop.venue, intent_id="pi_same", order=first, recorded_by="record", recorded_amount=1000
            )
            written.set()
            wait_until_somebody_waits()

    def pay_meanwhile():
        written.wait(timeout=30)
        return pay(shop, second, "pi_same")

    return all_at_once([pay_slowly, pay_meanwhile])[1]


def wait_until_somebody_waits():
    """For a lock, in this database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        found = 0
        while not found and time.monotonic() < until:
            time.sleep(0.01)
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            (found,) = cursor.fetchone()


def test_one_intent_brought_by_two_bills_at_once_pays_the_first():
    # given / when: each bill is held by its own payment, so that they only meet at the intent
    result = pay_two_bills_with_one_intent(a_venue())

    # then
    assert isinstance(result, Conflict)
    assert result.message == "This payment is recorded on another order."
    assert (PaymentIntent.objects.count(), Payment.objects.count()) == (1, 0)


def test_without_a_second_run_the_slower_one_fails(monkeypatch):
    # given: the control
    monkeypatch.setattr(service, "_race_constraints", service._race_constraints - {"payment_intent_id_unique"})

    # when / then
    assert isinstance(pay_two_bills_with_one_intent(a_venue()), IntegrityError)


def test_the_same_order_twenty_times_at_once_is_one_order_and_one_answer():
    # given
    shop = a_venue()
    request = NewDojoOrder(
        dojo_order_id="dojo_1",
        order_type=OrderType.DINE_IN,
        items=(NewItem(name="Soup", plu="soup", quantity=2, unit_price=750),),
        total_amount=1500,
        currency="GBP",
        payments=(NewPayment(payment_intent_id="pi_1", paid_amount=1500),),
        table_code="t3",
    )

    # when
    results = all_at_once([partial(create_order, actor=shop.by_dojo, request=request)] * 20)

    # then
    assert {(result.pk, result.paid_amount, result.display_name) for result in results} == {
        (Order.objects.get().pk, 1500, "Table 3")
    }
    assert Payment.objects.count() == 1


def test_two_card_machines_ask_for_one_bill_and_one_gets_it():
    # given
    shop = a_venue()
    order = a_bill(shop, total=5000)
    expiry = timezone.now() + timedelta(minutes=5)

    # when
    results = all_at_once(
        [
            partial(create_order_lock, actor=shop.by_dojo, order_id=order.pk, lock_id=f"lock_{n}", expiry=expiry)
            for n in range(12)
        ]
    )

    # then
    assert sum(isinstance(result, Order) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 11


def test_twelve_orders_for_one_table_get_twelve_names():
    # given
    shop = a_venue()

    def request(n):
        return NewDojoOrder(
            dojo_order_id=f"dojo_{n}",
            order_type=OrderType.COLLECTION,
            items=(NewItem(name="Soup", plu="soup", quantity=1, unit_price=750),),
            total_amount=750,
            currency="GBP",
            display_name="Sam",
        )

    # when
    results = all_at_once([partial(create_order, actor=shop.by_dojo, request=request(n)) for n in range(12)])

    # then
    assert sorted(result.display_name for result in results) == sorted(["Sam", *(f"Sam · {n}" for n in range(2, 13))])
    assert sorted(result.number for result in results) == list(range(1, 13))
