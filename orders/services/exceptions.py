"""The manager's inbox: rows written inside the transaction that found the trouble, until somebody settles them."""

from typing import Any

from django.utils import timezone

from orders.models import ExceptionKind, Order, OrderException, Payment, PaymentIntent
from orders.row_locks import exception_for_update
from pos import audit
from pos.errors import InvalidRequest
from pos.events import ExceptionRaised, publish
from pos.models import Venue
from pos.permissions import Act, Actor, require
from pos.service import service

LONGEST_RESOLUTION = 200


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


@service
def resolve_exception(*, actor: Actor, exception_id: int, resolution: str) -> OrderException:
    """A manager has dealt with it, and says how; twice is once.

    Raises NotFound, NotPermitted, InvalidRequest without a word on how.
    """
    require(actor, Act.ADMIN)
    resolution = resolution.strip()
    if not 0 < len(resolution) <= LONGEST_RESOLUTION:
        raise InvalidRequest(f"Say what was done, in up to {LONGEST_RESOLUTION} letters.", field="resolution")
    row = exception_for_update(actor.venue, exception_id)
    if row.resolved_at is not None:
        return row
    row.resolved_at = timezone.now()
    row.resolved_by = actor.membership
    row.resolution = resolution
    row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    subject = row.order_id or f"exception_{row.pk}"
    audit.record(actor, "resolve_exception", subject, kind=row.kind, resolution=resolution)
    # The floor shows some of them: it looks again.
    publish(ExceptionRaised(venue_id=actor.venue.pk, exception_id=row.pk))
    return row
