"""Closing the day: one trading period ends and the next begins, in one step, numbered without gaps."""

from django.utils import timezone

from orders.models import CLOSED_STATUSES, Order, OrderStatus, TradingPeriod
from orders.models.order_line import WAITING_STATES
from orders.row_locks import hold_orders, period_for_update
from orders.services.billing import end_order, needs_handing_over, settle
from pos import audit
from pos.errors import Conflict
from pos.permissions import Act, Actor, require
from pos.service import service


@service
def close_period(*, actor: Actor, period_id: int | None = None) -> TradingPeriod:
    """Z: end the open trading period and begin the next; prepaid orders nobody called for end with it.

    What is unpaid stays open and counts where it will close. Whoever names the period they mean ends that one or none:
    a second tap must not end the day that has just begun. Raises NotPermitted, Conflict when it is not the open one.
    """
    require(actor, Act.CLOSE_PERIOD)
    period = period_for_update(actor.venue)
    if period_id not in (None, period.pk):
        raise Conflict("That day is closed already.")
    finished = _finish_prepaid(actor)
    still_open = Order.objects.filter(venue=actor.venue).exclude(status__in=CLOSED_STATUSES).count()
    opened = _next_period(actor, period)
    audit.record(actor, "close_period", f"z_{period.number}", finished=finished, still_open=still_open)
    return opened


def _finish_prepaid(actor: Actor) -> list[str]:
    """End what is paid in full and was never handed over: in the period that is being closed."""
    paid = Order.objects.filter(venue=actor.venue, outstanding=0, total_amount__gt=0)
    waiting = paid.exclude(status__in=CLOSED_STATUSES).exclude(lines__state__in=WAITING_STATES)
    held = hold_orders(actor.venue, waiting.values_list("pk", flat=True))
    finished = []
    for order in held.orders.values():
        if not order.is_open or order.outstanding or not needs_handing_over(order):
            continue
        order.handed_over_at = held.now
        end_order(held, order, OrderStatus.FINALIZED)
        settle(held, order, actor)
        finished.append(order.pk)
    return finished


def _next_period(actor: Actor, period: TradingPeriod) -> TradingPeriod:
    now = timezone.now()
    period.closed_at = now
    period.closed_by = actor.membership
    period.save(update_fields=["closed_at", "closed_by"])
    return TradingPeriod.objects.create(venue=actor.venue, number=period.number + 1, opened_at=now)
