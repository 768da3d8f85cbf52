"""A payment settles less than a change of the bill does, and leaves the same rows: settling in full finds nothing."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
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
from orders.services.adjusting import comp_line, void_line
from orders.services.billing import settle
from orders.services.discounting import give_discount, set_service
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.kitchen import move_line
from orders.services.lines import Choice, NewLine
from orders.services.locking import create_order_lock
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.sending import send
from orders.services.sharing import drop_plan, equally, plan_shares, remove_share_service, share_by_seat
from orders.services.targets import AtTable
from orders.services.tenders import refund_payment, reverse_payment, take_payment, use_deposit
from pos.errors import PosError
from pos.models import Venue
from pos.permissions import Actor
from pos.service import service
from tests.bills import a_bill, add_line, settled
from tests.factories import DiscountFactory, WorkingVenue
from tests.properties import seeds


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


# --- and whatever else happens to the bills meanwhile -----------------------------------------------------------------


@dataclass
class Night:
    """Three tables and a dice."""

    shop: WorkingVenue
    dice: random.Random

    def order(self) -> Order:
        return self.dice.choice(list(Order.objects.order_by("pk")))

    def line(self) -> OrderLine:
        return self.dice.choice(list(OrderLine.objects.exclude(state=LineState.VOIDED).order_by("pk")))

    def owed(self, order: Order) -> int:
        return order.outstanding if self.dice.random() < 0.4 else self.dice.randint(1, order.outstanding + 10)

    def intent(self) -> str:
        return f"pi-{self.dice.randint(1, 30)}"


def orders_more(n: Night) -> None:
    plus = n.dice.choices(["coffee", "ribeye", "voucher", "sandwich"], k=2)
    lines = [NewLine(plu=plu, modifiers=(Choice(plu="rare"),) if plu == "ribeye" else ()) for plu in plus]
    add_lines(actor=n.shop.by_waiter, target=AtTable(f"t{n.dice.randint(1, 3)}"), lines=lines)


def sends(n: Night) -> None:
    send(actor=n.shop.by_waiter, order_id=n.order().pk)


def cooks(n: Night) -> None:
    move_line(actor=n.shop.by_waiter, line_id=n.line().pk, state=n.dice.choice([LineState.STARTED, LineState.SERVED]))


def gives_away(n: Night) -> None:
    n.dice.choice(
        [
            lambda: void_line(actor=n.shop.by_manager, line_id=n.line().pk, reason="dropped", was_made=True),
            lambda: comp_line(actor=n.shop.by_manager, line_id=n.line().pk, reason="long wait"),
            lambda: give_discount(actor=n.shop.by_manager, order_id=n.order().pk, name="Off", percent=1500),
            lambda: give_discount(actor=n.shop.by_manager, order_id=n.order().pk, name="Off", fixed_amount=250),
        ]
    )()


def wants_service(n: Night) -> None:
    choice = n.dice.choice([ServiceChoice.ON, ServiceChoice.OFF, ServiceChoice.AUTOMATIC])
    set_service(actor=n.shop.by_manager, order_id=n.order().pk, choice=choice)


def splits(n: Night) -> None:
    order_id = n.order().pk
    n.dice.choice(
        [
            lambda: plan_shares(actor=n.shop.by_manager, order_id=order_id, shares=equally(n.dice.randint(1, 4))),
            lambda: share_by_seat(actor=n.shop.by_manager, order_id=order_id),
            lambda: remove_share_service(actor=n.shop.by_manager, order_id=order_id, share_number=n.dice.randint(1, 3)),
            lambda: drop_plan(actor=n.shop.by_manager, order_id=order_id),
        ]
    )()


def pays_a_share(n: Night) -> None:
    share = n.dice.choice([None, *OrderShare.objects.filter(total_amount__gt=0, is_paid=False).order_by("pk")])
    if share is not None:
        pay(n.shop, share.order, share.total_amount, n.intent())


def pays_by_card(n: Night) -> None:
    order = n.order()
    pay(n.shop, order, n.owed(order), n.intent(), tips=n.dice.choice([0, 100]))


def pays_cash(n: Night) -> None:
    order = n.order()
    take_payment(actor=n.shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=n.owed(order))


def gets_money_back(n: Night) -> None:
    payment = n.dice.choice([None, *Payment.objects.filter(entry="payment", kind="cash").order_by("pk")])
    if payment is not None:
        back = n.dice.choice([reverse_payment, partial(refund_payment, amount=n.dice.randint(1, payment.amount))])
        back(actor=n.shop.by_manager, payment_id=payment.pk, reason="cold")


def dojo_says(n: Night) -> None:
    order = n.order()
    facts = IntentFacts(
        intent_id=n.intent(),
        status=n.dice.choice([IntentStatus.CAPTURED, IntentStatus.CAPTURED, IntentStatus.REVERSED]),
        currency="GBP",
        amount=n.owed(order),
        refunded=n.dice.choice([0, 0, 100]),
        order_names=(order.pk,),
    )
    apply_payment_intent(actor=n.shop.by_dojo, facts=facts)


ACTS: list[Callable[[Night], None]] = [
    orders_more, orders_more, sends, sends, cooks, cooks, gives_away, wants_service, splits, splits, pays_a_share,
    pays_a_share, pays_by_card, pays_by_card, pays_by_card, pays_cash, gets_money_back, dojo_says,
]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(2))
def test_whatever_a_night_brings(uk: WorkingVenue, seed: int) -> None:
    night = Night(uk, random.Random(seed))
    for number in (1, 2, 3):
        a_full_bill(uk, table=f"t{number}", name=f"Bill {number}", state=LineState.SENT)
    done: Counter[str] = Counter()
    for _ in range(60):
        act = night.dice.choice(ACTS)
        try:
            act(night)
        except PosError:
            done["refused"] += 1
        else:
            done[act.__name__] += 1
        nothing_is_left_to_settle(uk)
    # A night in which everything is refused would prove nothing.
    assert done["refused"] < 40, done
    assert len(done) > 9, done
