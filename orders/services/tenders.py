"""Money taken at a till: cash, vouchers, deposits and other tenders; given back, reversed, or walked out on."""

from bookings.models import Party
from orders.models import ExceptionKind, Order, Payment, PaymentEntry, PaymentKind
from orders.row_locks import Held, hold_order
from orders.services.billing import owe_again, settle, settle_money
from orders.services.exceptions import tell_manager
from orders.services.locking import refuse_if_lent
from orders.services.money_rows import add_movement, add_payment, freeze_share, net_of, share_of, thaw_share
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound, OrderClosed
from pos.money import format_money
from pos.permissions import Act, Actor, require
from pos.service import service

BY_HAND = (PaymentKind.CASH, PaymentKind.VOUCHER, PaymentKind.OTHER)


@service
def take_payment(
    *,
    actor: Actor,
    order_id: str,
    kind: PaymentKind,
    amount: int,
    tendered: int | None = None,
    tips: int = 0,
    share_number: int | None = None,
    reference: str = "",
) -> Payment:
    """Take cash, a voucher or another tender for (part of) a bill, with change reckoned from what was given.

    Raises NotFound, InvalidRequest, Locked while a card machine has the bill, Conflict when more is paid than owed.
    """
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    _check_amounts(kind, amount, tendered, tips)
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    if amount > order.outstanding:
        raise Conflict(f"{order.display_name} owes {format_money(order.outstanding, order.currency)}.")
    share = share_of(order, share_number, amount) if share_number is not None else None
    payment = add_payment(
        held,
        order,
        actor,
        kind=kind,
        amount=amount,
        tips=tips,
        share=freeze_share(held, order, share) if share else None,
        tendered=tendered,
        change=tendered - amount - tips if tendered is not None else None,
        reference=reference,
    )
    settle_money(held, order, actor)
    return payment


@service
def reverse_payment(*, actor: Actor, payment_id: int, reason: str) -> Payment:
    """Undo a tender that never stayed (wrong key, wrong table); a finished order is owed again.

    Raises NotFound, NotPermitted or ApprovalRequired, Locked, Conflict for card payments, which only Dojo reverses.
    """
    _reason_given(reason)
    held, order, payment = _hold_payment(actor, payment_id)
    approval = require(actor, Act.CASH_REFUND, subject=order.pk, amount=payment.amount)
    refuse_if_lent(held, order)
    _refuse_card(payment)
    net = net_of(payment)
    if not net.amount and not net.tips:
        raise Conflict("That payment is already undone.")
    row = add_movement(
        held, payment, actor, entry=PaymentEntry.REVERSAL, amount=-net.amount, tips=-net.tips, reason=reason
    )
    thaw_share(payment)
    owe_again(held, order, actor)
    audit.record(actor, "reverse_payment", order.pk, approval=approval, payment=payment.pk, amount=net.amount)
    return row


@service
def refund_payment(*, actor: Actor, payment_id: int, amount: int, reason: str) -> Payment:
    """Give money back for a closed sale; the order stays closed, the refund is a row of its own.

    Raises NotFound, NotPermitted or ApprovalRequired, InvalidRequest, Conflict for card payments or an open order.
    """
    _reason_given(reason)
    held, order, payment = _hold_payment(actor, payment_id)
    approval = require(actor, Act.CASH_REFUND, subject=order.pk, amount=amount)
    _refuse_card(payment)
    if order.is_open:
        raise Conflict(f"{order.display_name} is still open: reverse the payment instead.")
    net = net_of(payment)
    if not 0 < amount <= net.amount:
        raise InvalidRequest(f"Between nothing and {format_money(net.amount, order.currency)}.", field="amount")
    row = add_movement(held, payment, actor, entry=PaymentEntry.REFUND, amount=-amount, tips=0, reason=reason)
    settle_money(held, order, actor)
    audit.record(actor, "refund_payment", order.pk, approval=approval, payment=payment.pk, amount=amount)
    return row


@service
def walk_out(*, actor: Actor, order_id: str, reason: str) -> Payment:
    """Close the balance of guests who left without paying; counted apart from payments, told to the manager.

    Raises NotFound, NotPermitted or ApprovalRequired, Locked, Conflict when nothing is owed.
    """
    _reason_given(reason)
    held, order = hold_order(actor.venue, order_id)
    approval = require(actor, Act.WALK_OUT, subject=order.pk)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    if not order.outstanding:
        raise Conflict(f"{order.display_name} owes nothing.")
    owed = order.outstanding
    row = add_payment(held, order, actor, kind=PaymentKind.WALK_OUT, amount=owed, reason=reason)
    settle(held, order, actor, lowered_by_right=True)
    audit.record(actor, "walk_out", order.pk, approval=approval, amount=owed, reason=reason)
    tell_manager(
        held.venue,
        ExceptionKind.WALK_OUT,
        f"{order.display_name} left without paying {format_money(owed, order.currency)}: {reason}",
        order=order,
        payment=row,
        amount=owed,
    )
    return row


@service
def use_deposit(*, actor: Actor, order_id: str) -> Payment:
    """Let the party's deposit pay what it can of this bill. Raises NotFound, Locked, Conflict when none is left."""
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    payment = apply_deposit(held, order, actor)
    if payment is None:
        raise Conflict(f"There is no deposit left for {order.display_name}.")
    settle_money(held, order, actor)
    return payment


@service
def undo_deposit(*, actor: Actor, payment_id: int) -> Payment:
    """Take a deposit off a bill again; any waiter may. Raises NotFound, Locked, Conflict when it is undone already."""
    require(actor, Act.TAKE_PAYMENT, subject=str(payment_id))
    held, order, payment = _hold_payment(actor, payment_id)
    refuse_if_lent(held, order)
    net = net_of(payment)
    if payment.kind != PaymentKind.DEPOSIT or not net.amount:
        raise Conflict("That is no deposit, or it is already off the bill.")
    row = add_movement(
        held, payment, actor, entry=PaymentEntry.REVERSAL, amount=-net.amount, tips=0, reason="Deposit taken off"
    )
    thaw_share(payment)
    owe_again(held, order, actor)
    return row


def apply_deposit(held: Held, order: Order, actor: Actor) -> Payment | None:
    """Pay with what is left of the party's deposit; each penny applies once. The caller settles."""
    party = held.party_of(order)
    left = deposit_left(party) if party is not None else 0
    amount = min(left, order.outstanding)
    if amount <= 0:
        return None
    return add_payment(held, order, actor, kind=PaymentKind.DEPOSIT, amount=amount, reference=order.party_id or "")


def apply_deposit_by_itself(held: Held, order: Order, actor: Actor) -> bool:
    """On the first bill that is printed or paid; never again once a waiter took it off."""
    party = held.party_of(order)
    if party is None or not party.deposit_amount or not order.is_open or held.lease_on(order) is not None:
        return False
    if Payment.objects.filter(order__party=party, kind=PaymentKind.DEPOSIT).exists():
        return False
    return apply_deposit(held, order, actor) is not None


def deposit_left(party: Party) -> int:
    """What no bill of the party has used yet."""
    rows = Payment.objects.filter(order__party=party, kind=PaymentKind.DEPOSIT).values_list("amount", flat=True)
    return max(0, (party.deposit_amount or 0) - sum(rows))


def refuse_if_closed(order: Order) -> None:
    """Raises OrderClosed, naming the party's next open order."""
    if order.is_open:
        return
    next_order = None
    if order.party_id:
        later = Order.objects.filter(party=order.party_id, venue=order.venue_id, closed_at__isnull=True)
        # An order from a phone, or somebody's own bill, takes no lines meant for the table.
        the_tables = later.filter(is_prepaid=False, is_separate_bill=False)
        next_order = the_tables.order_by("pk").values_list("pk", flat=True).first()
    raise OrderClosed(f"{order.display_name} is {order.get_status_display().lower()}.", next_order=next_order)


def _hold_payment(actor: Actor, payment_id: int) -> tuple[Held, Order, Payment]:
    found = Payment.objects.filter(venue=actor.venue, pk=payment_id, entry=PaymentEntry.PAYMENT).first()
    if found is None:
        raise NotFound("That payment does not exist.")
    held, order = hold_order(actor.venue, found.order_id)
    # Read again under the lock: its movements decide what is left of it.
    payment = Payment.objects.select_related("share", "intent").get(pk=payment_id)
    payment.order = order
    return held, order, payment


def _check_amounts(kind: PaymentKind, amount: int, tendered: int | None, tips: int) -> None:
    if kind not in BY_HAND:
        raise InvalidRequest("Cash, voucher or other.", field="kind")
    if amount <= 0:
        raise InvalidRequest("More than nothing, please.", field="amount")
    if tips < 0:
        raise InvalidRequest("A tip cannot be negative.", field="tips")
    if tendered is not None and tendered < amount + tips:
        raise InvalidRequest("That is less than the amount to pay.", field="tendered")


def _reason_given(reason: str) -> None:
    if not reason.strip():
        raise InvalidRequest("Say why.", field="reason")


def _refuse_card(payment: Payment) -> None:
    if payment.kind == PaymentKind.CARD:
        raise Conflict("Card money goes back through Dojo.")
