"""Closing the day: Z, and the next period begins with it."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from orders.models import CLOSED_STATUSES, Order, OrderType, TradingPeriod
from orders.models.order_line import WAITING_STATES
from orders.row_locks import hold_orders, period_for_update
from orders.services.billing import settle
from pos import audit
from pos.permissions import Act, Actor, require
from pos.service import service


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """What a Z did: the period it closed, the one it opened, what it finished and what goes on."""

    closed: TradingPeriod
    opened: TradingPeriod
    finished: tuple[Order, ...]
    still_open: tuple[Order, ...]


@service
def close_period(*, actor: Actor) -> ClosedDay:
    """Close the trading period and open the next; what was paid before it was made is finished in the old one.

    Whatever writes money waits, then counts in the new period. Raises NotPermitted, Conflict where none is open.
    """
    approval = require(actor, Act.CLOSE_PERIOD)
    venue = actor.venue
    period = period_for_update(venue)
    finished = _finish_prepaid(actor)
    still_open = tuple(Order.objects.filter(venue=venue).exclude(status__in=CLOSED_STATUSES).order_by("pk"))
    now = timezone.now()
    period.closed_at = now
    period.closed_by = actor.membership
    period.save(update_fields=["closed_at", "closed_by"])
    opened = TradingPeriod.objects.create(venue=venue, number=period.number + 1, opened_at=now)
    audit.record(
        actor,
        "close_period",
        str(period.number),
        approval=approval,
        finished=[order.pk for order in finished],
        still_open=[order.pk for order in still_open],
        owed=sum(order.outstanding for order in still_open),
    )
    return ClosedDay(closed=period, opened=opened, finished=finished, still_open=still_open)


def _finish_prepaid(actor: Actor) -> tuple[Order, ...]:
    """Orders that were paid before they were handed over, and that nobody ticked off, are sold today.

    What is to be collected on another day waits for it.
    """
    handed_out = Q(is_prepaid=True) | Q(order_type=OrderType.COLLECTION)
    due = Q(collect_at__isnull=True) | Q(collect_at__lte=timezone.now())
    paid = Order.objects.filter(handed_out, due, venue=actor.venue, outstanding=0, total_amount__gt=0)
    waiting = paid.filter(lines__state__in=WAITING_STATES)
    ready = paid.exclude(status__in=CLOSED_STATUSES).exclude(pk__in=waiting.values("pk"))
    order_ids = list(ready.values_list("pk", flat=True))
    if not order_ids:
        return ()
    held = hold_orders(actor.venue, order_ids)
    orders = [held.orders[pk] for pk in sorted(order_ids)]
    for order in orders:
        order.handed_over_at = order.handed_over_at or held.now
        settle(held, order, actor)
    return tuple(order for order in orders if not order.is_open)
