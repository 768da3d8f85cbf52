"""Leases and the clock: what waited for a row must not act on the moment at which it began to wait."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from orders import row_locks
from orders.models import Order, OrderLock
from orders.services.locking import create_order_lock
from orders.services.tenders import take_payment
from pos.errors import Conflict
from tests.bills import a_bill
from tests.factories import WorkingVenue, a_venue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

LEASE = timedelta(seconds=1.5)


def a_lent_bill(shop: WorkingVenue) -> Order:
    order = a_bill(shop)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="first", expiry=timezone.now() + LEASE)
    return order


@contextmanager
def somebody_busy_with(order: Order) -> Iterator[None]:
    """Another till has the row until the lease on it has run out."""
    holding = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Order.objects.select_for_update().get(pk=order.pk)
                holding.set()
                time.sleep(LEASE.total_seconds() + 0.2)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(timeout=10)
    yield
    thread.join(timeout=10)


def test_a_lease_that_ran_out_while_we_waited_is_no_lease():
    # given
    shop = a_venue()
    order = a_lent_bill(shop)

    # when: the next machine asks while the first still has it, and gets the row once it has not
    with somebody_busy_with(order):
        create_order_lock(
            actor=shop.by_dojo, order_id=order.pk, lock_id="second", expiry=timezone.now() + timedelta(minutes=5)
        )

    # then
    assert {lease.lock_id: lease.end_reason for lease in OrderLock.objects.all()} == {"first": "lapsed", "second": ""}


def test_money_is_stamped_with_the_moment_it_was_recorded():
    # given
    shop = a_venue()
    order = a_lent_bill(shop)

    # when
    began = timezone.now()
    with somebody_busy_with(order):
        payment = take_payment(actor=shop.by_waiter, order_id=order.pk, kind="cash", amount=1000)

    # then
    assert payment.at - began >= LEASE


def test_with_the_clock_read_before_the_lock_the_lease_still_seems_to_live(monkeypatch):
    # given: the control, which shows that the tests above test something
    shop = a_venue()
    order = a_lent_bill(shop)
    lock_orders = row_locks._lock_orders

    def with_an_old_clock(held, which):
        before = timezone.now()
        lock_orders(held, which)
        held.now = before

    monkeypatch.setattr(row_locks, "_lock_orders", with_an_old_clock)

    # when
    with somebody_busy_with(order), pytest.raises(Conflict, match="already locked"):
        create_order_lock(
            actor=shop.by_dojo, order_id=order.pk, lock_id="second", expiry=timezone.now() + timedelta(minutes=5)
        )

    # then
    assert [lease.lock_id for lease in OrderLock.objects.all()] == ["first"]
