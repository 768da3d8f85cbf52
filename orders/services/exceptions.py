"""Rows for the manager's inbox, written inside the transaction that found the trouble."""

from typing import Any

from django.utils import timezone

from orders.models import ExceptionKind, Order, OrderException, Payment, PaymentIntent
from pos.events import ExceptionRaised, publish
from pos.models import Venue


def tell_manager(
    venue: Venue,
    kind: ExceptionKind,
    message: str,
    *,
    order: Order | None = None,
    payment: Payment | None = None,
    intent: PaymentIntent | None = None,
    subject: str = "",
    amount: int | None = None,
    **detail: Any,
) -> OrderException:
    """Put something before the manager that no till can settle by itself."""
    row = OrderException.objects.create(
        venue=venue,
        kind=kind,
        order=order,
        payment=payment,
        intent=intent,
        subject=subject[:120],
        amount=amount,
        message=message[:300],
        detail=detail,
        raised_at=timezone.now(),
    )
    publish(ExceptionRaised(venue_id=venue.pk, exception_id=row.pk))
    return row
