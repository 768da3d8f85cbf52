"""What the clock, or a nudge, does for the conversation with Dojo."""

import random
import time
from collections.abc import Callable

from celery import shared_task
from django.db.models import QuerySet

from dojo_integration.dojo_api.client import api_of
from dojo_integration.inbox import handle_events, look_at_intents
from dojo_integration.services.forgetting import forget_answered_requests
from dojo_integration.services.inbox import venues_with_events_due
from orders.services.looking import venues_with_looks_due, wake_looks_for_orders
from pos.models import Venue

# With the batch that was begun before, well within CELERY_TASK_TIME_LIMIT.
LONGEST_RUN = 25.0


@shared_task
def forget_old_requests() -> int:
    """Dojo sends a request again within minutes, never after a day."""
    return forget_answered_requests()


@shared_task
def handle_dojo_events(venue_id: int | None = None) -> int:
    """What Dojo told of, a venue or all of them, is looked up at Dojo, and the books are brought in line."""
    return _with_dojo(venues_with_events_due(), venue_id, handle_events)


@shared_task
def look_at_payment_intents(venue_id: int | None = None) -> int:
    """Payments that are not at their end are asked about again, so that an event that was lost is made up for."""
    wake_looks_for_orders()
    return _with_dojo(venues_with_looks_due(), venue_id, look_at_intents)


def _with_dojo(venues: "QuerySet[Venue]", venue_id: int | None, work: Callable[..., int]) -> int:
    until = time.monotonic() + LONGEST_RUN
    waiting = list(venues if venue_id is None else venues.filter(pk=venue_id))
    # Where there is more than one run can do, each venue has its turn sooner or later.
    random.shuffle(waiting)
    done = 0
    for venue in waiting:
        if time.monotonic() >= until:
            break
        api = api_of(venue)
        if api is not None:
            with api as dojo:
                done += work(venue, dojo, until=until)
    return done
