"""What Dojo says of a payment intent, brought in line with what we recorded; safe in any order, any number of times.

This is the right half of the truth table of payments: event, webhook and lookup all end here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from orders.models import (
    CaptureMode,
    ExceptionKind,
    IntentPurpose,
    IntentSource,
    IntentStatus,
    Order,
    Payment,
    PaymentEntry,
    PaymentIntent,
)
from orders.row_locks import Held, hold_nothing_yet, hold_order, intent_for_update
from orders.services.billing import owe_again, settle_money
from orders.services.exceptions import tell_manager
from orders.services.money_rows import add_movement, net_of, thaw_share
from orders.services.payments import GONE, LOOKS_AFTER_REFUSAL, correct_intent, next_look, take_intent, why_not
from pos.money import format_money
from pos.permissions import Actor
from pos.service import StartAgain, service

GIVE_UP_ON_UNKNOWN_ORDER = timedelta(hours=24)
# An order of Dojo's comes seconds after its payment, or before it; later looks are for what went wrong.
FIRST_LOOK_FOR_ORDER = timedelta(seconds=10)
LAST_LOOKS_FOR_ORDER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentFacts:
    """An intent as looked up at Dojo. Amounts in minor units; ``amount`` includes service and excludes tips."""

    intent_id: str
    status: IntentStatus
    currency: str
    amount: int
    tips: int = 0
    refunded: int = 0
    capture_mode: CaptureMode = CaptureMode.UNKNOWN
    # What it says of its order, best first: our id, Dojo's.
    order_names: tuple[str, ...] = ()
    # What else may name an order, and of most payments does not.
    references: tuple[str, ...] = ()


class IntentOutcome(StrEnum):
    RECORDED = "recorded"
    NOTHING = "nothing"
    HELD = "held"
    WAITING = "waiting"
    OVERPAID = "overpaid"
    CORRECTED = "corrected"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    DIFFERENT = "different"
    UNKNOWN_ORDER = "unknown_order"


@service
def apply_payment_intent(*, actor: Actor, facts: IntentFacts) -> IntentOutcome:
    """Bring our books in line with what Dojo says of a payment intent; the same facts twice change nothing twice."""
    order_id = _order_id(actor, facts)
    if order_id is None:
        return _unknown_order(actor, facts)
    held, order = hold_order(actor.venue, order_id)
    intent = _heard_of(actor, facts)
    if intent.order_id not in (None, order.pk):
        # Recorded on another order since we looked: that one is to be held.
        raise StartAgain
    intent.looking_until, intent.failed_looks = None, 0
    if _RANK[facts.status] < _RANK[IntentStatus(intent.status)]:
        # Read at Dojo before what we know already, by somebody slow: when to look again is not theirs to say.
        intent.save(update_fields=["looking_until", "failed_looks", "updated_at"])
        return IntentOutcome.NOTHING
    intent.order, intent.order_names = order, []
    if facts.capture_mode:
        intent.capture_mode = facts.capture_mode
    outcome = _apply(held, order, intent, actor, facts)
    intent.status = facts.status
    intent.seen_amount, intent.seen_tips = facts.amount, facts.tips
    intent.seen_refunded = max(intent.seen_refunded, facts.refunded)
    if outcome is not IntentOutcome.WAITING:
        intent.next_look_at = next_look(intent, held.now)
    intent.save()
    return outcome


def _heard_of(actor: Actor, facts: IntentFacts) -> PaymentIntent:
    """The intent's row, written already: what we tell a manager of it points there."""
    intent = intent_for_update(actor.venue, facts.intent_id)
    if intent.pk is None:
        intent.save()
    return intent


def _apply(held: Held, order: Order, intent: PaymentIntent, actor: Actor, facts: IntentFacts) -> IntentOutcome:
    if facts.status in GONE:
        return _reverse(held, order, intent, actor)
    if facts.status == IntentStatus.CREATED or intent.status in GONE:
        return IntentOutcome.NOTHING
    if facts.status == IntentStatus.AUTHORIZED and intent.purpose == IntentPurpose.HOLD:
        return IntentOutcome.HELD
    if not intent.recorded_by:
        if facts.status == IntentStatus.REFUNDED:
            # Taken and given back before we ever heard of it: nothing of it is left to record.
            return IntentOutcome.NOTHING
        return _record(held, order, intent, actor, facts)
    corrected = _correct(held, order, intent, actor, facts)
    if facts.status == IntentStatus.REFUNDED or facts.refunded:
        refunded = _refund(held, order, intent, actor, facts)
        return corrected if refunded is IntentOutcome.NOTHING and corrected is not None else refunded
    return corrected or _compare(held, order, intent, facts)


def _record(held: Held, order: Order, intent: PaymentIntent, actor: Actor, facts: IntentFacts) -> IntentOutcome:
    if facts.amount <= 0:
        return IntentOutcome.NOTHING
    if facts.currency != order.currency:
        return _wrong_currency(held, order, intent, facts)
    misfit = why_not(held, order, amount=facts.amount, currencies={facts.currency}, lock_id=None)
    if facts.status == IntentStatus.AUTHORIZED and (misfit is not None or intent.refused_at is not None):
        # Nothing was taken yet: Dojo lets go of what we refused, and of what does not fit once it asks us.
        return IntentOutcome.NOTHING
    if intent.refused_at is not None and not _looked_long_enough(held, intent):
        return IntentOutcome.WAITING
    take_intent(held, order, intent, actor, source=IntentSource.EVENT, amount=facts.amount, tips=facts.tips)
    settle_money(held, order, actor)
    if misfit is not None:
        _tell_of_too_much(held, order, intent, facts, misfit)
    if facts.refunded:
        # Some of it went back before we heard of it.
        _refund(held, order, intent, actor, facts)
    return IntentOutcome.RECORDED if misfit is None else IntentOutcome.OVERPAID


def _tell_of_too_much(held: Held, order: Order, intent: PaymentIntent, facts: IntentFacts, misfit: str) -> None:
    tell_manager(
        held.venue,
        ExceptionKind.OVERPAID,
        f"{format_money(facts.amount, order.currency)} was taken by card for {order.display_name}: {misfit}",
        order=order,
        intent=intent,
        amount=order.overpaid,
    )


def _looked_long_enough(held: Held, intent: PaymentIntent) -> bool:
    """Count the looks after a refusal; events in between are nudges and count for nothing."""
    if intent.next_look_at is not None and held.now < intent.next_look_at:
        return False
    intent.looks_after_refusal += 1
    if intent.looks_after_refusal >= len(LOOKS_AFTER_REFUSAL):
        return True
    intent.next_look_at = held.now + LOOKS_AFTER_REFUSAL[intent.looks_after_refusal]
    return False


def _correct(held: Held, order: Order, intent: PaymentIntent, actor: Actor, facts: IntentFacts) -> IntentOutcome | None:
    """What we recorded by event was taken otherwise in the end: with a tip, or less than was authorized."""
    is_taken = facts.status in (IntentStatus.CAPTURED, IntentStatus.REFUNDED) and facts.amount > 0
    is_same = (facts.amount, facts.tips) == (intent.recorded_amount, intent.recorded_tips)
    if intent.recorded_by != IntentSource.EVENT or is_same or not is_taken:
        return None
    correct_intent(held, order, intent, actor, amount=facts.amount, tips=facts.tips)
    return IntentOutcome.CORRECTED


def _compare(held: Held, order: Order, intent: PaymentIntent, facts: IntentFacts) -> IntentOutcome:
    if facts.status != IntentStatus.CAPTURED:
        return IntentOutcome.NOTHING
    if (facts.amount, facts.tips) == (intent.recorded_amount, intent.recorded_tips):
        return IntentOutcome.NOTHING
    if (facts.amount, facts.tips) == (intent.seen_amount, intent.seen_tips):
        # The manager was told when this amount was first seen.
        return IntentOutcome.NOTHING
    tell_manager(
        held.venue,
        ExceptionKind.AMOUNTS_DIFFER,
        f"Dojo captured {format_money(facts.amount, order.currency)} on {order.display_name}, "
        f"{format_money(intent.recorded_amount, order.currency)} is recorded.",
        order=order,
        intent=intent,
        amount=facts.amount - intent.recorded_amount,
        captured_tips=facts.tips,
        recorded_tips=intent.recorded_tips,
    )
    return IntentOutcome.DIFFERENT


def _reverse(held: Held, order: Order, intent: PaymentIntent, actor: Actor) -> IntentOutcome:
    if intent.status in GONE or not intent.recorded_by:
        return IntentOutcome.NOTHING
    payment = _payment_of(intent)
    net = net_of(payment)
    if net.amount == 0 and net.tips == 0:
        return IntentOutcome.NOTHING
    add_movement(
        held,
        payment,
        actor,
        entry=PaymentEntry.REVERSAL,
        amount=-net.amount,
        tips=-net.tips,
        reason="Reversed by Dojo",
    )
    thaw_share(payment)
    owe_again(held, order, actor)
    tell_manager(
        held.venue,
        ExceptionKind.PAYMENT_REVERSED,
        f"Card payment of {format_money(net.amount, order.currency)} on {order.display_name} was reversed, "
        f"{format_money(order.outstanding, order.currency)} due.",
        order=order,
        payment=payment,
        intent=intent,
        amount=net.amount,
    )
    return IntentOutcome.REVERSED


def _refund(held: Held, order: Order, intent: PaymentIntent, actor: Actor, facts: IntentFacts) -> IntentOutcome:
    payment = _payment_of(intent)
    net = net_of(payment)
    wanted = facts.refunded
    if facts.status == IntentStatus.REFUNDED:
        wanted = wanted or intent.recorded_amount + intent.recorded_tips
    already = sum(-(row.amount + row.tips) for row in payment.movements.all() if row.entry == PaymentEntry.REFUND)
    more = min(wanted - already, net.amount + net.tips)
    if more <= 0:
        return IntentOutcome.NOTHING
    from_bill = min(more, net.amount)
    add_movement(
        held,
        payment,
        actor,
        entry=PaymentEntry.REFUND,
        amount=-from_bill,
        tips=-(more - from_bill),
        reason="Refunded by Dojo",
    )
    settle_money(held, order, actor)
    return IntentOutcome.REFUNDED


def _wrong_currency(held: Held, order: Order, intent: PaymentIntent, facts: IntentFacts) -> IntentOutcome:
    if intent.seen_amount is None:
        tell_manager(
            held.venue,
            ExceptionKind.ORPHAN_PAYMENT,
            f"A card payment in {facts.currency} names {order.display_name}, which is in {order.currency}.",
            order=order,
            intent=intent,
            amount=facts.amount,
        )
    return IntentOutcome.NOTHING


def _unknown_order(actor: Actor, facts: IntentFacts) -> IntentOutcome:
    held = hold_nothing_yet(actor.venue)
    intent = _heard_of(actor, facts)
    if intent.order_id is not None:
        raise StartAgain
    age = held.now - intent.created_at
    intent.status = _later_status(intent, facts)
    intent.seen_amount, intent.seen_tips, intent.seen_refunded = facts.amount, facts.tips, facts.refunded
    intent.looking_until, intent.failed_looks, intent.order_names = None, 0, list(facts.order_names)
    if age < GIVE_UP_ON_UNKNOWN_ORDER:
        intent.next_look_at = _next_look_for_order(facts, age, held.now)
    elif intent.next_look_at is not None:
        intent.next_look_at = None
        if facts.order_names and facts.status == IntentStatus.CAPTURED:
            tell_manager(
                actor.venue,
                ExceptionKind.ORPHAN_PAYMENT,
                f"A card payment of {format_money(facts.amount, facts.currency)} names an order we do not have.",
                intent=intent,
                subject=facts.order_names[0],
                amount=facts.amount,
            )
    intent.save()
    return IntentOutcome.UNKNOWN_ORDER


def _next_look_for_order(facts: IntentFacts, age: timedelta, now: datetime) -> datetime:
    wait = max(age, FIRST_LOOK_FOR_ORDER)
    # Most payments that name no order have nothing to do with us: those are asked about less and less.
    return now + (min(wait, LAST_LOOKS_FOR_ORDER) if facts.order_names else wait)


def _order_id(actor: Actor, facts: IntentFacts) -> str | None:
    known = PaymentIntent.objects.filter(venue=actor.venue, intent_id=facts.intent_id).values_list(
        "order_id", flat=True
    )
    if known and known[0]:
        return known[0]
    names = [name for name in (*facts.order_names, *facts.references) if name]
    if not names:
        return None
    rows = Order.objects.filter(Q(pk__in=names) | Q(dojo_order_id__in=names), venue=actor.venue)
    by_name = {name: pk for pk, dojo_id in rows.values_list("pk", "dojo_order_id") for name in (pk, dojo_id) if name}
    return next((by_name[name] for name in names if name in by_name), None)


def _payment_of(intent: PaymentIntent) -> Payment:
    return intent.payments.select_related("order", "share", "intent").get(entry=PaymentEntry.PAYMENT)


_RANK = {
    IntentStatus.UNKNOWN: 0,
    IntentStatus.CREATED: 1,
    IntentStatus.AUTHORIZED: 2,
    IntentStatus.CAPTURED: 3,
    IntentStatus.REFUNDED: 4,
    IntentStatus.CANCELED: 5,
    IntentStatus.REVERSED: 5,
}


def _later_status(intent: PaymentIntent, facts: IntentFacts) -> IntentStatus:
    """Events arrive in any order: a status never goes back to an earlier one."""
    known = IntentStatus(intent.status)
    return facts.status if _RANK[facts.status] >= _RANK[known] else known
