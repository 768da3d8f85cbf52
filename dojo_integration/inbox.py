"""The work on what Dojo told of: ask Dojo outside any transaction, then bring the books in line inside one.

Whoever works here may die at any line. What was claimed lapses, what was applied is applied again to no effect, and
an event is marked as handled last of all.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from dojo_integration.backoff import wait_after
from dojo_integration.dojo_api.client import api_of
from dojo_integration.dojo_api.errors import DojoError, NotFound, Refused, Unavailable
from dojo_integration.dojo_api.results import PaymentIntent as Found
from dojo_integration.models import DojoEvent
from dojo_integration.nudging import nudge
from dojo_integration.reconciling import Unusable, facts_of
from dojo_integration.services.inbox import claim_events, mark_handled, note_failure
from orders.services.intents import IntentOutcome, apply_payment_intent
from orders.services.looking import claim_looks, put_off_look
from pos.errors import PosError
from pos.events import Event, EventKept, OrderTaken
from pos.models import Venue
from pos.permissions import Actor, Requester

log = structlog.get_logger(__name__)

# So few that a worker is done with them long before its claim lapses, also when each answer comes at the last moment.
BATCH = 4
# With the batch that was begun before, well within CELERY_TASK_TIME_LIMIT.
LONGEST_RUN = 25.0
PATIENCE = timedelta(hours=24)
# An intent that Dojo tells of is there at once, or was never there.
PATIENCE_WITH_UNKNOWN = timedelta(hours=1)
AT_ONCE = timedelta(0)

# Who has work once this has happened.
_TASKS: Mapping[type[Event], str] = {
    EventKept: "dojo_integration.tasks.handle_dojo_events",
    OrderTaken: "dojo_integration.tasks.look_at_payment_intents",
}


class Dojo(Protocol):
    """Where a payment intent is looked up."""

    def payment_intent(self, intent_id: str, *, with_canceled: bool) -> Found: ...


class Work(Protocol):
    """Something to do for a venue until a moment of ``time.monotonic()``; what was claimed before it is finished."""

    def __call__(self, venue: Venue, dojo: Dojo, *, until: float) -> int: ...


def nudge_workers(events: Sequence[Event]) -> None:
    """Have what was published looked into soon; one of AFTER_COMMIT_SUBSCRIBERS. Where it is lost a sweep finds it."""
    for event in events:
        if (task := _TASKS.get(type(event))) is not None:
            nudge(event.venue_id, task)


def work_with_dojo(venues: Iterable[Venue], work: Work) -> int:
    """Do some work for venues that have an account, as long as one run may take; returns how much was done."""
    until = time.monotonic() + LONGEST_RUN
    waiting = list(venues)
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


def handle_events(venue: Venue, dojo: Dojo, *, until: float) -> int:
    """Look up what a venue's due events are about, until none is left or it is time; returns how many are done."""
    actor = Actor.system(venue)
    done = 0
    while time.monotonic() < until and (claimed := claim_events(actor=actor, most=BATCH)):
        done += _work_off(actor, dojo, claimed)
    return done


def look_at_intents(venue: Venue, dojo: Dojo, *, until: float) -> int:
    """Ask about a venue's payments that are not at their end, as long; returns of how many Dojo told."""
    actor = Actor.system(venue)
    told = 0
    while time.monotonic() < until and (claimed := claim_looks(actor=actor, most=BATCH)):
        told += _look_at(actor, dojo, claimed)
    return told


def reconcile(venue: Venue, dojo: Dojo, intent_id: str) -> IntentOutcome:
    """Ask Dojo how a payment stands, and bring the books in line. Raises DojoError, Unusable, PosError."""
    found = dojo.payment_intent(intent_id, with_canceled=True)
    if found.id != intent_id:
        raise Unusable(f"Dojo was asked about {intent_id} and told of another payment.")
    # Whoever stood at the machine is kept with the payment.
    actor = Actor.dojo(venue, Requester(waiter_id=found.waiter_id))
    return apply_payment_intent(actor=actor, facts=facts_of(found))


def _work_off(actor: Actor, dojo: Dojo, claimed: Sequence[DojoEvent]) -> int:
    by_intent: dict[str, list[int]] = defaultdict(list)
    for event in claimed:
        by_intent[event.payment_intent_id].append(event.pk)
    done = 0
    while by_intent:
        # Several events of one payment are one question, asked after the last of them came.
        intent_id = next(iter(by_intent))
        event_ids = by_intent.pop(intent_id)
        try:
            outcome = reconcile(actor.venue, dojo, intent_id)
        except Exception as error:
            _tell(actor.venue, intent_id, error)
            if _is_about_all(error):
                event_ids = [*event_ids, *(pk for others in by_intent.values() for pk in others)]
                by_intent.clear()
            note_failure(
                actor=actor,
                event_ids=event_ids,
                error=_in_words(error),
                wait=_wait(error),
                given_up_after=_patience(error),
            )
        else:
            done += mark_handled(actor=actor, event_ids=event_ids, outcome=outcome)
    return done


def _look_at(actor: Actor, dojo: Dojo, claimed: Sequence[str]) -> int:
    told = 0
    waiting = list(claimed)
    while waiting:
        intent_ids = [waiting.pop(0)]
        try:
            reconcile(actor.venue, dojo, intent_ids[0])
        except Exception as error:
            _tell(actor.venue, intent_ids[0], error)
            if _is_about_all(error):
                intent_ids, waiting = [*intent_ids, *waiting], []
            # What Dojo does not know, or refuses to speak of, is asked about for a day; all else until it answers.
            is_strange = isinstance(error, NotFound | Refused)
            wait, given_up_after = (_long_wait, PATIENCE) if is_strange else (_wait(error), None)
            for intent_id in intent_ids:
                put_off_look(actor=actor, intent_id=intent_id, wait=wait, given_up_after=given_up_after)
        else:
            told += 1
    return told


def _is_about_all(error: Exception) -> bool:
    """Dojo does not answer, or not us: asking about the next payment would only make it wait longer."""
    return isinstance(error, DojoError) and not isinstance(error, NotFound | Refused)


def _wait(error: Exception) -> Callable[[int], timedelta]:
    return partial(wait_after, asked_for=error.retry_after if isinstance(error, Unavailable) else None)


def _long_wait(attempts: int) -> timedelta:
    """A minute, and up to six hours: what Dojo did not know yesterday it hardly learns in a minute."""
    return 12 * wait_after(attempts)


def _patience(error: Exception) -> timedelta:
    if isinstance(error, Refused):
        return AT_ONCE
    return PATIENCE_WITH_UNKNOWN if isinstance(error, NotFound) else PATIENCE


def _in_words(error: Exception) -> str:
    if isinstance(error, DojoError | Unusable | PosError):
        return str(error)
    return "Something went wrong here; it is in the log."


def _tell(venue: Venue, intent_id: str, error: Exception) -> None:
    if isinstance(error, DojoError | Unusable | PosError):
        log.warning("a payment could not be looked up", venue=venue.slug, intent_id=intent_id, error=str(error))
    else:
        log.exception("a payment could not be brought in line", venue=venue.slug, intent_id=intent_id)
