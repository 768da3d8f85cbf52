"""Private steps that write money rows; the caller holds the order, and settles it afterwards."""

from dataclasses import dataclass

from django.db.models import Sum

from orders import shares
from orders.models import (
    Order,
    OrderShare,
    Payment,
    PaymentEntry,
    PaymentIntent,
    PaymentKind,
)
from orders.row_locks import Held
from orders.services.billing import read_payments
from orders.services.charging import price_order
from orders.services.share_plan import allocate, keep_amounts
from pos.errors import InvalidRequest, NotFound
from pos.permissions import Actor
from pos.statements import Slot, Statement

_UNPAID_SHARES = Statement(
    lambda: OrderShare.objects.filter(order=Slot("order"), is_paid=False, total_amount=Slot("amount"))
)
_PAID_SERVICE: Statement[tuple[int]] = Statement(
    lambda: (
        Payment.objects.filter(order=Slot("order"))
        .order_by()
        .values("order")
        .annotate(part=Sum("service_part"))
        .values_list("part")
    )
)


def add_payment(
    held: Held,
    order: Order,
    actor: Actor,
    *,
    kind: PaymentKind,
    amount: int,
    tips: int = 0,
    intent: PaymentIntent | None = None,
    share: OrderShare | None = None,
    tendered: int | None = None,
    change: int | None = None,
    reference: str = "",
    reason: str = "",
) -> Payment:
    """Record money once: with its service part, its share, the open period and the business day."""
    share = share or share_paid_by(held, order, amount)
    payment = Payment.objects.create(
        **_stamp(held, order, actor),
        kind=kind,
        entry=PaymentEntry.PAYMENT,
        intent=intent,
        share=share,
        amount=amount,
        service_part=_service_part(order, amount, share),
        tips=tips,
        tendered=tendered,
        change=change,
        reference=reference[:120],
        reason=reason[:200],
    )
    # What a guest has paid on is a bill they have seen.
    order.bill_shown_amount = max(order.total_amount, order.bill_shown_amount or 0)
    return payment


def add_movement(
    held: Held,
    payment: Payment,
    actor: Actor,
    *,
    entry: PaymentEntry,
    amount: int,
    tips: int,
    reason: str = "",
) -> Payment:
    """Append a reversal, refund or correction to a payment; the service part moves in proportion."""
    before = net_of(payment)
    if amount == -before.amount:
        service_part = -before.service_part
    else:
        service_part = shares.service_within(
            abs(amount), outstanding=abs(before.amount), service_outstanding=before.service_part
        ) * (1 if amount >= 0 else -1)
    return Payment.objects.create(
        **_stamp(held, payment.order, actor),
        kind=payment.kind,
        entry=entry,
        about=payment,
        intent=payment.intent,
        share=payment.share,
        amount=amount,
        service_part=service_part,
        tips=tips,
        reference=payment.reference,
        reason=reason[:200],
    )


@dataclass(frozen=True, slots=True)
class NetPayment:
    """What is left of a payment after its reversals, refunds and corrections."""

    amount: int
    tips: int
    service_part: int


def net_of(payment: Payment) -> NetPayment:
    """Add a payment's movements to it."""
    moved = payment.movements.aggregate(
        amount=Sum("amount", default=0), tips=Sum("tips", default=0), service=Sum("service_part", default=0)
    )
    return NetPayment(
        amount=payment.amount + moved["amount"],
        tips=payment.tips + moved["tips"],
        service_part=payment.service_part + moved["service"],
    )


def share_of(order: Order, number: int, amount: int) -> OrderShare | None:
    """The unpaid share a till names; None when the amount is not the share's. Raises NotFound, InvalidRequest."""
    row = order.shares.filter(number=number).first()
    if row is None:
        raise NotFound("That share does not exist.")
    if row.is_paid:
        raise InvalidRequest("That share is already paid.", field="share")
    return row if row.total_amount == amount else None


def share_paid_by(held: Held, order: Order, amount: int) -> OrderShare | None:
    """Find the unpaid share that this amount pays to the penny, and freeze it: card machines name no share."""
    row = _UNPAID_SHARES.first(order=order.pk, amount=amount) if amount > 0 else None
    return freeze_share(held, order, row) if row is not None else None


def freeze_share(held: Held, order: Order, row: OrderShare) -> OrderShare:
    """Mark a share paid with its lines and amounts as they are now."""
    bill = price_order(held, order)
    read_payments(order)
    rows = list(order.shares.prefetch_related("share_lines"))
    allocation = allocate(order, bill.lines, bill.totals, rows)
    for planned in rows:
        if planned.pk == row.pk:
            planned.is_paid = True
            keep_amounts(planned, allocation.shares[str(planned.pk)])
            return planned
    raise NotFound("That share does not exist.")


def thaw_share(payment: Payment) -> None:
    """A reversed payment leaves its share unpaid again."""
    if payment.share is not None and payment.share.is_paid:
        payment.share.is_paid = False
        payment.share.save(update_fields=["is_paid"])


def _service_part(order: Order, amount: int, share: OrderShare | None) -> int:
    if share is not None:
        return share.service_amount
    if not order.service_amount:
        return 0
    (paid_service,) = _PAID_SERVICE.first(order=order.pk) or (0,)
    return shares.service_within(
        amount,
        outstanding=order.outstanding,
        service_outstanding=max(0, min(order.service_amount - paid_service, order.outstanding)),
    )


def _stamp(held: Held, order: Order, actor: Actor) -> dict[str, object]:
    return {
        "venue": held.venue,
        "order": order,
        "currency": order.currency,
        "at": held.now,
        "trading_period": held.period,
        "business_date": held.venue.business_date(held.now),
        "taken_by": actor.membership,
        "till": actor.till,
        "waiter_id": actor.requester.waiter_id[:60],
    }
