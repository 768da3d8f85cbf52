"""Recording what a card machine or a phone was paid: RecordOrderPaymentById, exactly once per payment intent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.models import (
    ExceptionKind,
    IntentSource,
    IntentStatus,
    Order,
    PaymentEntry,
    PaymentIntent,
    PaymentKind,
)
from orders.row_locks import Held, hold_order, intent_for_update
from orders.services.billing import owe_again, settle_money
from orders.services.exceptions import tell_manager
from orders.services.locking import lent_to_another
from orders.services.money_rows import add_movement, add_payment
from pos.errors import Conflict, InvalidRequest
from pos.money import format_money
from pos.permissions import Actor
from pos.service import service

# Dojo is reversing a payment that we refused; when it is still captured after the last look, it is ours to record.
LOOKS_AFTER_REFUSAL = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
LOOK_AT_UNFINISHED = timedelta(minutes=2)
# Who has not finished paying after a while may never do: the older the intent, the longer we leave it alone.
LOOK_AT_UNFINISHED_AT_LAST = timedelta(hours=6)
# Dojo voids what nobody finished after thirty days.
UNFINISHED_FOR_GOOD = timedelta(days=31)
GONE = (IntentStatus.REVERSED, IntentStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payment we do not take; remembered, because Dojo now gives the money back and we look after that."""

    reason: str


def record_order_payment_by_id(
    *,
    actor: Actor,
    order_id: str,
    payment_intent_id: str,
    paid_amount: int,
    currency: str,
    tips_amount: int = 0,
    tips_currency: str | None = None,
    lock_id: str | None = None,
) -> Order:
    """Record a card payment against an order, once per payment intent; a true repeat gets the order as it is now.

    Raises NotFound, InvalidRequest for amounts that are none, Conflict when the payment does not fit: Dojo then gives
    the money back, so the refusal itself is kept.
    """
    if paid_amount <= 0:
        raise InvalidRequest("The amount paid must be more than nothing.", field="paidAmount.value")
    if tips_amount < 0:
        raise InvalidRequest("A tip cannot be negative.", field="tipsAmount.value")
    outcome = _record(
        actor=actor,
        order_id=order_id,
        intent_id=payment_intent_id,
        amount=paid_amount,
        tips=tips_amount,
        currencies={currency, tips_currency or currency},
        lock_id=lock_id,
    )
    # Raised out here, after the commit: rolled back, the refusal would be forgotten.
    if isinstance(outcome, Refusal):
        raise Conflict(outcome.reason)
    return outcome


@service
def _record(
    *, actor: Actor, order_id: str, intent_id: str, amount: int, tips: int, currencies: set[str], lock_id: str | None
) -> Order | Refusal:
    held, order = hold_order(actor.venue, order_id)
    intent = intent_for_update(actor.venue, intent_id)
    if intent.status in GONE:
        return refuse(held, intent, order, f"This payment was {intent.get_status_display().lower()}.")
    if intent.recorded_by:
        return _recorded_before(held, order, intent, actor, amount=amount, tips=tips)
    reason = why_not(held, order, amount=amount, currencies=currencies, lock_id=lock_id)
    if reason is None and intent.status == IntentStatus.REFUNDED:
        reason = "This payment was refunded."
    if reason is not None:
        return refuse(held, intent, order, reason)
    take_intent(held, order, intent, actor, source=IntentSource.RECORD, amount=amount, tips=tips)
    settle_money(held, order, actor)
    return order


def _recorded_before(
    held: Held, order: Order, intent: PaymentIntent, actor: Actor, *, amount: int, tips: int
) -> Order | Refusal:
    if intent.order_id != order.pk:
        return Refusal("This payment is recorded on another order.")
    if (intent.recorded_amount, intent.recorded_tips) == (amount, tips):
        return order
    if intent.recorded_by != IntentSource.EVENT:
        return Refusal(
            f"This payment is recorded with another amount, {format_money(intent.recorded_amount, order.currency)}."
        )
    intent.recorded_by = IntentSource.RECORD
    correct_intent(held, order, intent, actor, amount=amount, tips=tips)
    return order


def why_not(held: Held, order: Order, *, amount: int, currencies: set[str], lock_id: str | None) -> str | None:
    """Say why a payment does not fit the order, in words for the card machine; None when it does."""
    if currencies != {order.currency}:
        return f"{order.display_name} is in {order.currency}."
    if not order.is_open:
        return f"{order.display_name} is already {order.get_status_display().lower()}."
    if amount > order.outstanding:
        owed = format_money(order.outstanding, order.currency)
        return f"{order.display_name} owes {owed}, {format_money(amount, order.currency)} is too much."
    lease = held.lease_on(order)
    if lock_id and lease is not None and lease.lock_id != lock_id:
        return lent_to_another(order, lease).message
    return None


def take_intent(
    held: Held, order: Order, intent: PaymentIntent, actor: Actor, *, source: IntentSource, amount: int, tips: int
) -> None:
    """Write the intent's payment; the caller has checked that it fits, or decided that it must be kept anyhow."""
    intent.order = order
    intent.recorded_by = source
    intent.recorded_amount = amount
    intent.recorded_tips = tips
    intent.refused_at = None
    intent.refused_reason = ""
    intent.looks_after_refusal = 0
    intent.next_look_at = next_look(intent, held.now)
    intent.save()
    add_payment(held, order, actor, kind=PaymentKind.CARD, amount=amount, tips=tips, intent=intent)


def correct_intent(held: Held, order: Order, intent: PaymentIntent, actor: Actor, *, amount: int, tips: int) -> None:
    """What Dojo says last of a payment wins over what we heard of it by event: append the difference, and settle."""
    over = order.overpaid
    payment = intent.payments.select_related("order", "share", "intent").get(entry=PaymentEntry.PAYMENT)
    add_movement(
        held,
        payment,
        actor,
        entry=PaymentEntry.CORRECTION,
        amount=amount - intent.recorded_amount,
        tips=tips - intent.recorded_tips,
        reason="Dojo recorded another amount",
    )
    intent.recorded_amount = amount
    intent.recorded_tips = tips
    intent.save()
    # What the event said too much of never was there.
    owe_again(held, order, actor)
    if order.overpaid > over:
        tell_manager(
            held.venue,
            ExceptionKind.OVERPAID,
            f"{format_money(amount, order.currency)} was recorded for {order.display_name}, more than it owed.",
            order=order,
            intent=intent,
            amount=order.overpaid,
        )


def refuse(held: Held, intent: PaymentIntent, order: Order, reason: str) -> Refusal:
    """Remember the refusal and when to look whether the money really went back."""
    if not intent.recorded_by and intent.status not in GONE:
        intent.order = intent.order or order
        intent.refused_at = held.now
        intent.refused_reason = reason[:200]
        intent.looks_after_refusal = 0
        intent.next_look_at = held.now + LOOKS_AFTER_REFUSAL[0]
        intent.save()
    return Refusal(reason)


def next_look(intent: PaymentIntent, now: datetime) -> datetime | None:
    """When to ask Dojo about an intent again; never once it has reached its end."""
    final = (IntentStatus.CAPTURED, IntentStatus.REFUNDED, *GONE)
    age = now - (intent.created_at or now)
    if intent.status in final or age > UNFINISHED_FOR_GOOD:
        return None
    return now + min(max(age / 4, LOOK_AT_UNFINISHED), LOOK_AT_UNFINISHED_AT_LAST)
