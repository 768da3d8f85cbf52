"""The sender: takes what is due from the outbox, calls Dojo outside any transaction, and writes down what came of it.

Several calls of one batch go side by side, each on a line of its own that all batches of a run use, because most of a
call is waiting for Dojo. What the outbox makes of their outcomes is the business of ``services.outbox``; here is only
told apart what went wrong:

* nobody there, no usable answer, Dojo is ill: try this event again later; three in a row end the batch;
* Dojo says when to come back: so all of the venue's events do;
* the key is refused: nothing is sent, slowly tried again, and no event is to blame;
* anything else that Dojo refuses is refused for good.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone

from dojo_integration.accounts import connection_of
from dojo_integration.dojo_api.client import line_of
from dojo_integration.dojo_api.errors import DojoError, NotFound, Refused, Unauthorized, Unavailable
from dojo_integration.models import DojoConnection, DojoSending, OutboundEvent, SendingState
from dojo_integration.services.outbox import (
    BATCH,
    CLAIM_FOR,
    REST_WITHOUT_KEY,
    STRIKES,
    Claim,
    Outcome,
    Trouble,
    Verdict,
    claim_events,
    note_outcomes,
    note_trouble,
    skip_events,
)
from pos.models import Venue
from pos.permissions import Actor

log = structlog.get_logger(__name__)

SIDE_BY_SIDE = 8
# What is not begun by then is left to the next batch: a claim must outlast its sender.
BATCH_FOR = 20.0
# The worker has other things to do; the clock sends the next one in a moment.
RUN_FOR = 5.0
# One sender at a time does for a venue. Who is busy for longer is slow or dead, and gets help.
ALONE_FOR = timedelta(seconds=5)


class EventApi(Protocol):
    """What the sender asks of a line to Dojo's API, which one thread uses at a time."""

    def send_event(self, *, event_type: str, entity_id: str) -> object:
        """Say that something changed. Raises DojoError."""


OpenLine = Callable[[], AbstractContextManager[EventApi]]
Connect = Callable[[Venue], OpenLine | None]


def connect_to_dojo(venue: Venue) -> OpenLine | None:
    """How to open lines to Dojo for a venue; None where nobody has given it a key that can be read."""
    account = connection_of(venue)
    return None if account is None else partial(line_of, venue, account)


def venues_to_send() -> list[int]:
    """The venues that have something due, do not rest, and nobody is busy with."""
    now = timezone.now()
    resting = DojoSending.objects.filter(rests_until__gt=now).values("venue")
    due = _waiting().filter(next_attempt_at__lte=now).exclude(venue__in=resting).exclude(claimed_until__gt=now)
    found = due.order_by().values_list("venue_id", flat=True).distinct()
    return [venue_id for venue_id in found if not is_being_sent(venue_id, now)]


def is_being_sent(venue_id: int, now: datetime) -> bool:
    """Whether somebody has just begun with a batch of this venue's."""
    return _waiting().filter(venue=venue_id, claimed_until__gt=now + CLAIM_FOR - ALONE_FOR).exists()


def send_due(venue: Venue, *, connect: Connect = connect_to_dojo) -> int:
    """Send what is due, batch by batch and for a few seconds; says of how many events Dojo was told."""
    if is_being_sent(venue.pk, timezone.now()):
        return 0
    open_line = connect(venue)
    if open_line is None:
        _note_no_account(venue)
        return 0
    actor = Actor.system(venue)
    told, ends_at = 0, time.monotonic() + RUN_FOR
    lines: list[EventApi] = []
    with ExitStack() as stack:
        while time.monotonic() < ends_at and (claims := claim_events(actor=actor)):
            for _ in range(len(lines), min(SIDE_BY_SIDE, len(claims))):
                lines.append(stack.enter_context(open_line()))
            batch = _Batch(claims)
            batch.send(lines)
            note_outcomes(actor=actor, outcomes=batch.outcomes, trouble=batch.trouble)
            told += sum(outcome.verdict is Verdict.SENT for outcome in batch.outcomes)
            if batch.complaint:
                log.warning("Dojo was not told", venue=venue.slug, error=batch.complaint)
    return told


def _waiting() -> "QuerySet[OutboundEvent]":
    return OutboundEvent.objects.filter(sent__lt=F("wanted"), parked_at__isnull=True)


def _note_no_account(venue: Venue) -> None:
    actor = Actor.system(venue)
    entered = DojoConnection.objects.filter(venue=venue).first()
    if entered is not None and entered.api_key:
        error = "The API key of this venue cannot be read any more. Enter it again."
        note_trouble(actor=actor, trouble=Trouble(SendingState.NO_KEY, error, REST_WITHOUT_KEY))
        return
    while skip_events(actor=actor) >= BATCH:
        pass


class _Batch:
    """Some claims on their way to Dojo, and what came of each, in the order in which it came."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.outcomes: list[Outcome] = []
        self.trouble: Trouble | None = None
        self.complaint = ""
        self._waiting = deque(claims)
        self._ends_at = time.monotonic() + BATCH_FOR
        self._strikes = 0
        self._lock = threading.Lock()

    def send(self, lines: Sequence[EventApi]) -> None:
        wanted = lines[: len(self._waiting)]
        with ThreadPoolExecutor(len(wanted), thread_name_prefix="outbox") as pool:
            for line in wanted:
                pool.submit(self._work, line)
        self.outcomes += (Outcome(claim, Verdict.UNTRIED) for claim in self._waiting)

    def _work(self, line: EventApi) -> None:
        while (claim := self._next()) is not None:
            self._send_one(line, claim)

    def _next(self) -> Claim | None:
        with self._lock:
            is_over = self.trouble is not None or self._strikes >= STRIKES or time.monotonic() > self._ends_at
            return None if is_over or not self._waiting else self._waiting.popleft()

    def _send_one(self, line: EventApi, claim: Claim) -> None:
        try:
            line.send_event(event_type=claim.kind, entity_id=claim.entity_id)
        except Unauthorized as error:
            self._note(claim, Verdict.UNTRIED, error, Trouble(SendingState.REFUSED, str(error), REST_WITHOUT_KEY))
        except Unavailable as error:
            self._note(claim, Verdict.AGAIN, error, _wait(error))
        except (NotFound, Refused) as error:
            self._note(claim, Verdict.REFUSED, error)
        except DojoError as error:
            self._note(claim, Verdict.AGAIN, error)
        except Exception as error:
            # Whatever it was, the others of this batch are to be written off, and this one is tried again.
            log.exception("an event could not be sent", entity=claim.entity_id)
            self._note(claim, Verdict.AGAIN, error)
        else:
            self._note(claim, Verdict.SENT)

    def _note(
        self, claim: Claim, verdict: Verdict, error: Exception | None = None, trouble: Trouble | None = None
    ) -> None:
        words = (str(error) or type(error).__name__) if error is not None else ""
        with self._lock:
            self.outcomes.append(Outcome(claim, verdict, words))
            self._strikes = self._strikes + 1 if verdict is Verdict.AGAIN else 0
            self.trouble = self.trouble or trouble
            self.complaint = words or self.complaint


def _wait(error: Unavailable) -> Trouble | None:
    if error.retry_after is None:
        return None
    return Trouble(SendingState.BUSY, str(error), timedelta(seconds=error.retry_after))
