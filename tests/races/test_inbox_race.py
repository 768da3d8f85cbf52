"""Workers, a card machine and a power cut at the same payment: one effect; without what sees to that, more."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from bookings.models import Party
from dojo_integration.dojo_api.results import PaymentIntent as Found
from dojo_integration.inbox import handle_events, look_at_intents, reconcile
from dojo_integration.models import DojoEvent
from dojo_integration.services import inbox as inbox_services
from dojo_integration.services.inbox import CLAIM, claim_events
from orders import row_locks
from orders.models import Order, Payment, PaymentIntent
from orders.services import looking
from orders.services.payments import record_order_payment_by_id
from tests.bills import a_bill
from tests.factories import DojoEventFactory, PaymentIntentFactory, WorkingVenue, a_venue
from tests.ledger import Ledger, an_intent
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WORKERS = 6
PAYMENTS = 30


class SlowLedger(Ledger):
    """An answer takes a moment, in which others are at work too."""

    def payment_intent(self, intent_id: str, *, with_canceled: bool) -> Found:
        found = super().payment_intent(intent_id, with_canceled=with_canceled)
        time.sleep(0.002)
        return found


def soon() -> float:
    return time.monotonic() + 60


# --- many workers ----------------------------------------------------------------------------------------------------


def many_payments(shop: WorkingVenue) -> tuple[Order, Ledger]:
    order, dojo = a_bill(shop, total=1000 * PAYMENTS), SlowLedger()
    for number in range(PAYMENTS):
        dojo.has(an_intent(f"pi-{number}", order=order.pk, amount=1000))
    return order, dojo


def paid_once(order: Order) -> bool:
    order.refresh_from_db()
    return (Payment.objects.count(), order.paid_amount, order.overpaid) == (PAYMENTS, 1000 * PAYMENTS, 0)


def handle_together(shop: WorkingVenue) -> tuple[Order, Ledger]:
    order, dojo = many_payments(shop)
    for number in range(PAYMENTS):
        DojoEventFactory(venue=shop.venue, payment_intent_id=f"pi-{number}")
    results = all_at_once([partial(handle_events, shop.venue, dojo, until=soon())] * WORKERS)
    assert all(isinstance(result, int) for result in results), results
    return order, dojo


def test_workers_share_the_events_among_them() -> None:
    order, dojo = handle_together(a_venue())
    assert sorted(dojo.asked) == sorted(dojo.intents)
    assert paid_once(order)
    assert not DojoEvent.objects.filter(handled_at__isnull=True).exists()


def test_without_the_claims_each_asks_about_all_and_the_money_is_right_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the control
    def unclaimed(venue, now, most):
        return list(DojoEvent.objects.filter(venue=venue, handled_at__isnull=True).order_by("pk")[:most])

    monkeypatch.setattr(inbox_services, "dojo_events_to_handle", unclaimed)
    order, dojo = handle_together(a_venue())
    assert len(dojo.asked) > PAYMENTS
    assert paid_once(order)


def look_together(shop: WorkingVenue) -> tuple[Order, Ledger]:
    order, dojo = many_payments(shop)
    for intent_id in dojo.intents:
        PaymentIntentFactory(venue=shop.venue, intent_id=intent_id, next_look_at=timezone.now())
    results = all_at_once([partial(look_at_intents, shop.venue, dojo, until=soon())] * WORKERS)
    assert all(isinstance(result, int) for result in results), results
    return order, dojo


def test_two_beats_do_not_ask_twice() -> None:
    order, dojo = look_together(a_venue())
    assert sorted(dojo.asked) == sorted(dojo.intents)
    assert paid_once(order)


def test_without_the_claims_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # the control
    def unclaimed(venue, now, most):
        return list(PaymentIntent.objects.filter(venue=venue, next_look_at__lte=now).order_by("pk")[:most])

    monkeypatch.setattr(looking, "intents_to_look_at", unclaimed)
    order, dojo = look_together(a_venue())
    assert len(dojo.asked) > PAYMENTS
    assert paid_once(order)


# --- a worker and the card machine -----------------------------------------------------------------------------------


def meet(shop: WorkingVenue, *, heard_of_before: bool) -> list[object]:
    """Workers and the machine's own request bring the same payment at the same moment."""
    order, dojo = a_bill(shop, total=5000), SlowLedger()
    dojo.has(an_intent(order=order.pk, amount=2000))
    if heard_of_before:
        PaymentIntentFactory(venue=shop.venue, intent_id="pi-1")
    record = partial(
        record_order_payment_by_id,
        actor=shop.by_dojo, order_id=order.pk, payment_intent_id="pi-1", paid_amount=2000, currency="GBP",
    )  # fmt: skip
    return all_at_once([record, partial(reconcile, shop.venue, dojo, "pi-1")] * WORKERS)


@pytest.mark.parametrize("heard_of_before", [True, False])
def test_an_event_and_the_machines_request_are_one_payment(heard_of_before: bool) -> None:
    results = meet(a_venue(), heard_of_before=heard_of_before)
    assert {result.paid_amount for result in results[::2]} == {2000}
    assert sorted(set(results[1::2])) in (["nothing"], ["nothing", "recorded"])
    assert [(payment.entry, payment.amount) for payment in Payment.objects.all()] == [("payment", 2000)]


@pytest.fixture
def nothing_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_locks, "_orders", lambda: Order.objects.select_related("table", "waiter__staff"))
    monkeypatch.setattr(
        row_locks,
        "parties_for_update",
        lambda venue, ids: {party.pk: party for party in Party.objects.filter(venue=venue, pk__in=filter(None, ids))},
    )
    monkeypatch.setattr(row_locks, "_INTENTS", ReadAtOnce())


class ReadAtOnce:
    """The intent without its lock, and time enough for everybody to have read it."""

    def first(self, **which: object) -> PaymentIntent | None:
        found = PaymentIntent.objects.filter(**which).first()
        time.sleep(0.1)
        return found


@pytest.fixture
def no_key(db: None) -> Iterator[None]:
    once = next(one for one in Payment._meta.constraints if one.name == "payment_once_per_intent")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Payment, once)
    yield
    with connection.cursor() as cursor:
        # Payments are append-only; what a control has spoilt goes with all the rest.
        cursor.execute("TRUNCATE orders_payment CASCADE")
    with connection.schema_editor() as editor:
        editor.add_constraint(Payment, once)


def test_without_locks_the_key_alone_makes_somebody_fail(nothing_is_locked: None) -> None:
    # the control: what is locked is what spares the others an error, after which Dojo would give the money back
    results = meet(a_venue(), heard_of_before=True)
    assert any(isinstance(result, Exception) for result in results)
    assert Payment.objects.count() == 1


def test_without_locks_and_key_it_is_paid_more_than_once(nothing_is_locked: None, no_key: None) -> None:
    # the control
    meet(a_venue(), heard_of_before=True)
    assert Payment.objects.count() > 1


# --- a power cut -----------------------------------------------------------------------------------------------------


def dies(work: Callable[[Callable[[], None]], object]) -> None:
    """Do the work in a process of its own, which is killed the moment it says so."""
    connection.close()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:

        def hang() -> None:
            os.write(told, b"now")
            time.sleep(60)

        try:
            work(hang)
        finally:
            os._exit(1)
    assert os.read(heard, 3) == b"now"
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    for end in (heard, told):
        os.close(end)


@pytest.mark.parametrize("moment", ["asking", "booked"])
def test_a_worker_that_is_killed_leaves_the_event_to_the_next(moment: str) -> None:
    # given
    shop = a_venue()
    order, dojo = a_bill(shop, total=5000), Ledger()
    dojo.has(an_intent(order=order.pk, amount=2000))
    DojoEventFactory(venue=shop.venue, payment_intent_id="pi-1")

    def work(hang: Callable[[], None]) -> None:
        if moment == "asking":
            dojo.payment_intent = lambda *_, **__: hang()
            handle_events(shop.venue, dojo, until=soon())
        claim_events(actor=shop.by_system, most=1)
        reconcile(shop.venue, dojo, "pi-1")
        hang()

    # when
    dies(work)
    # then: nobody touches it while the dead one may still be alive
    assert Payment.objects.count() == (1 if moment == "booked" else 0)
    assert handle_events(shop.venue, dojo, until=soon()) == 0
    with time_machine.travel(timezone.now() + CLAIM + timedelta(seconds=1)):
        assert handle_events(shop.venue, dojo, until=soon()) == 1
    assert [(payment.entry, payment.amount) for payment in Payment.objects.all()] == [("payment", 2000)]
    assert DojoEvent.objects.get().handled_at is not None
