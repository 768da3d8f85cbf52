"""A payment settles less than a change of the bill does, and leaves the same rows: settling in full finds nothing."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from bookings.models import Party
from orders.models import (
    Discount,
    IntentStatus,
    LineState,
    Order,
    OrderLine,
    OrderShare,
    OrderType,
    Payment,
    PaymentKind,
    ServiceChoice,
    ShareLine,
)
from orders.row_locks import hold_order
from orders.services import billing
from orders.services.billing import settle
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.locking import create_order_lock
from orders.services.payments import record_order_payment_by_id
from orders.services.sharing import drop_plan, equally, plan_shares, remove_share_service, share_by_seat
from orders.services.tenders import refund_payment, reverse_payment, take_payment, use_deposit
from pos.errors import PosError
from pos.models import Venue
from pos.permissions import Actor
from pos.service import service
from tests.bills import a_bill, add_line, settled
from tests.dojo_integration.test_history import ALL_ACTS, Evening
from tests.factories import DiscountFactory, WorkingVenue

ACTS = 50


@service
def settle_in_full(*, actor: Actor, order_id: str) -> None:
    held, order = hold_order(actor.venue, order_id)
    settle(held, order, actor)


def rows_of(model: type[Model]) -> list[dict[str, Any]]:
    rows = list(model.objects.order_by("pk").values())
    for row in rows:
        row.pop("updated_at", None)
    return rows


def everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: rows_of(model) for model in (Order, OrderLine, Discount, OrderShare, ShareLine)}


def nothing_is_left_to_settle(shop: WorkingVenue) -> None:
    left = everything()
    for order_id in Order.objects.values_list("pk", flat=True):
        settle_in_full(actor=shop.by_manager, order_id=order_id)
    assert everything() == left


def pay(shop: WorkingVenue, order: Order, amount: int, intent: str = "pi-1", tips: int = 0) -> Order:
    return record_order_payment_by_id(
        actor=shop.by_dojo,
        order_id=order.pk,
        payment_intent_id=intent,
        paid_amount=amount,
        tips_amount=tips,
        currency="GBP",
    )


def in_part(shop: WorkingVenue, order: Order) -> None:
    pay(shop, order, 700, tips=50)


def in_full(shop: WorkingVenue, order: Order) -> None:
    pay(shop, order, order.outstanding)


def twice(shop: WorkingVenue, order: Order) -> None:
    pay(shop, order, 700)
    pay(shop, order, 700)


def in_cash(shop: WorkingVenue, order: Order) -> None:
    take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=order.outstanding)


def and_something_back(shop: WorkingVenue, order: Order) -> None:
    payment = take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=order.outstanding)
    if Order.objects.get(pk=order.pk).is_open:
        reverse_payment(actor=shop.by_manager, payment_id=payment.pk, reason="cold")
    else:
        refund_payment(actor=shop.by_manager, payment_id=payment.pk, amount=300, reason="cold")


def by_lookup(shop: WorkingVenue, order: Order) -> None:
    facts = IntentFacts(
        intent_id="pi-1",
        status=IntentStatus.CAPTURED,
        currency="GBP",
        amount=order.outstanding + 500,
        refunded=200,
        order_names=(order.pk,),
    )
    apply_payment_intent(actor=shop.by_dojo, facts=facts)


def under_a_lock(shop: WorkingVenue, order: Order) -> None:
    create_order_lock(
        actor=shop.by_dojo, order_id=order.pk, lock_id="lock-1", expiry=timezone.now() + timedelta(minutes=5)
    )
    pay(shop, order, 700)


def with_the_deposit(shop: WorkingVenue, order: Order) -> None:
    Party.objects.filter(pk=order.party_id).update(deposit_amount=1000)
    use_deposit(actor=shop.by_waiter, order_id=order.pk)


def a_share_without_service(shop: WorkingVenue, order: Order) -> None:
    plan_shares(actor=shop.by_waiter, order_id=order.pk, shares=equally(3))
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    pay(shop, order, OrderShare.objects.get(order=order, number=1).total_amount)


def a_sum_that_is_no_share(shop: WorkingVenue, order: Order) -> None:
    plan_shares(actor=shop.by_waiter, order_id=order.pk, shares=equally(3))
    pay(shop, order, 701)


WAYS_TO_PAY = [
    in_part, in_full, twice, in_cash, and_something_back, by_lookup, under_a_lock, with_the_deposit,
    a_share_without_service, a_sum_that_is_no_share,
]  # fmt: skip

BILLS: dict[str, dict[str, Any]] = {
    "served": {},
    "cooking": {"state": LineState.STARTED},
    "not all sent": {"state": LineState.UNSENT},
    "prepaid": {"is_prepaid": True, "state": LineState.STARTED},
    "prepaid and served": {"is_prepaid": True},
    "collected": {"order_type": OrderType.COLLECTION},
}


def a_full_bill(shop: WorkingVenue, **fields: Any) -> Order:
    """With service, a discount, and a line that came before the others."""
    order = a_bill(shop, total=4000, service_choice=ServiceChoice.AUTOMATIC, **fields)
    add_line(shop, order, 1250, seats=[1])
    DiscountFactory(order=order, percent=1000)
    return settled(order)


@pytest.mark.parametrize("way", WAYS_TO_PAY, ids=lambda way: way.__name__)
@pytest.mark.parametrize("bill", BILLS)
def test_paying(uk: WorkingVenue, bill: str, way: Callable[[WorkingVenue, Order], None]) -> None:
    # given
    order = a_full_bill(uk, **BILLS[bill])
    # when
    way(uk, order)
    # then
    assert Payment.objects.exists()
    nothing_is_left_to_settle(uk)


def test_without_a_look_for_a_plan_its_shares_are_left_to_settle(uk: WorkingVenue, monkeypatch) -> None:
    # given: the control
    order = a_full_bill(uk)
    monkeypatch.setattr(billing, "moves_with_money", lambda order: False)
    # when
    a_sum_that_is_no_share(uk, order)
    # then
    with pytest.raises(AssertionError):
        nothing_is_left_to_settle(uk)


def test_what_the_guest_has_seen_is_what_they_pay(uk: WorkingVenue) -> None:
    # given: the venue's service charge changes while a bill is on the table
    order = a_full_bill(uk)
    assert order.service_amount == 591
    Venue.objects.filter(pk=uk.venue.pk).update(service_rate=1500)
    uk.venue.refresh_from_db()
    # when
    paid = pay(uk, order, order.outstanding)
    # then
    assert (paid.status, paid.total_amount, paid.service_amount) == ("Finalized", order.total_amount, 591)


def splits(e: Evening) -> None:
    order_id = e.order()
    e.dice.choice(
        [
            lambda: plan_shares(actor=e.boss, order_id=order_id, shares=equally(e.dice.randint(1, 4))),
            lambda: share_by_seat(actor=e.boss, order_id=order_id),
            lambda: remove_share_service(actor=e.boss, order_id=order_id, share_number=e.dice.randint(1, 3)),
            lambda: drop_plan(actor=e.boss, order_id=order_id),
        ]
    )()


def pays_a_share(e: Evening) -> None:
    share = e.dice.choice(list(OrderShare.objects.filter(total_amount__gt=0, is_paid=False)) or [None])
    if share is not None:
        number = e.dice.randint(100, 10_000)
        pay(e.shop, share.order, share.total_amount, f"pi-{number}")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_an_evening_brings(uk: WorkingVenue, seed: int) -> None:
    evening = Evening(uk, random.Random(1000 + seed))
    acts = [*ALL_ACTS, *[splits] * 3, *[pays_a_share] * 4]
    for _ in range(ACTS):
        act = evening.dice.choice(acts)
        try:
            act(evening)
        except PosError:
            name = "refused"
        else:
            name = act.__name__
        evening.done[name] = evening.done.get(name, 0) + 1
        nothing_is_left_to_settle(uk)
    assert evening.done["refused"] < ACTS * 0.85, evening.done
    assert len(evening.done) > 8, evening.done
