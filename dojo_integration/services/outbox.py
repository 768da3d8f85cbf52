"""The outbox, where it is emptied: what is due is claimed, sent by somebody who holds no transaction, and written off.

A claim lapses, so that what a dead sender had is due again. Written off is what was claimed, not what is wanted by
then: a change in the middle of a sending is sent after it. What fails waits longer each time, and after a day for a
manager; when nothing gets through at all, a venue's events rest together and one of them finds out when that is over.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import takewhile

from django.db import connection
from django.db.models import F
from django.utils import timezone

from dojo_integration.models import DojoSending, OutboundEvent, ParkedFor, SendingState
from dojo_integration.row_locks import due_for_update, events_for_update, sending_for_update, untold_for_update
from pos import audit
from pos.errors import NotFound
from pos.events import OutboxChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import service

BATCH = 100
# Longer than any sender is busy with what it claimed at once (sending.BATCH_FOR and one call's deadline).
CLAIM_FOR = timedelta(seconds=45)

FIRST_PAUSE = timedelta(seconds=2)
# Short enough that after an outage everything is sent within five minutes.
LONGEST_PAUSE = timedelta(minutes=4)
GIVE_UP_AFTER = timedelta(hours=24)

# So many failures in a row are no longer about one event.
STRIKES = 3
FIRST_REST = timedelta(seconds=1)
LONGEST_REST = timedelta(seconds=30)
# A key that is refused needs a manager; it is tried now and then because they may have mended it at Dojo's end.
REST_WITHOUT_KEY = timedelta(minutes=5)
# What Dojo asks for is done, up to here.
LONGEST_WAIT = timedelta(hours=6)

KEPT_FOR = timedelta(days=30)

_WRITE_OFF = """
    UPDATE dojo_integration_outboundevent e SET
        sent = greatest(e.sent, c.wanted), sent_at = %s, attempts = 0, failing_since = NULL, parked_at = NULL,
        reason = '', last_error = '', claimed_until = nullif(e.claimed_until, c.until)
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS c(id, wanted, until) WHERE e.id = c.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One event that a sender has to itself until then, and up to which change it speaks for."""

    event_id: int
    kind: str
    entity_id: str
    wanted: int
    until: datetime


class Verdict(Enum):
    """What came of sending one event."""

    SENT = "sent"
    AGAIN = "again"
    REFUSED = "refused"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Outcome:
    claim: Claim
    verdict: Verdict
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong with all of a venue's sending: until it is tried again, nothing is."""

    state: SendingState
    error: str
    rest: timedelta


@service
def claim_events(*, actor: Actor, most: int = BATCH) -> list[Claim]:
    """Take some of what the venue's Dojo has to hear; nobody else gets it meanwhile. Nothing while the venue rests.

    After trouble it is a single event, to see whether it gets through.
    """
    now = timezone.now()
    sending = DojoSending.objects.filter(venue=actor.venue).exclude(state=SendingState.RUNNING).first()
    if sending is not None:
        sending = sending_for_update(actor.venue, now)
        if sending.rests_until is not None and sending.rests_until > now:
            return []
        most = 1
    rows = due_for_update(actor.venue, now, most)
    if not rows:
        return []
    until = now + CLAIM_FOR
    OutboundEvent.objects.filter(pk__in=[row.pk for row in rows]).update(claimed_until=until)
    if sending is not None:
        # The others wait for what this one finds out.
        sending.rests_until = until
        sending.save(update_fields=["rests_until"])
    return [Claim(row.pk, row.kind, row.entity_id, row.wanted, until) for row in rows]


@service
def note_outcomes(*, actor: Actor, outcomes: Sequence[Outcome], trouble: Trouble | None = None) -> None:
    """Write down what came of the claims of one batch, in the order in which it came."""
    now = timezone.now()
    sending = sending_for_update(actor.venue, now)
    rows = events_for_update(actor.venue, [outcome.claim.event_id for outcome in outcomes])
    known = [(rows[outcome.claim.event_id], outcome) for outcome in outcomes if outcome.claim.event_id in rows]
    told = [(row, outcome.claim) for row, outcome in known if outcome.verdict is Verdict.SENT]
    _write_off(told, now)
    parked = [row for row, outcome in known if outcome.verdict is not Verdict.SENT and _keep(row, outcome, now)]
    state_before = sending.state
    _note_state(sending, outcomes, trouble, now)
    if parked or sending.state != state_before or any(row.reason for row, _ in told):
        publish(OutboxChanged(venue_id=actor.venue.pk))


@service
def note_trouble(*, actor: Actor, trouble: Trouble) -> None:
    """Write down that nothing can be sent at all."""
    now = timezone.now()
    sending = sending_for_update(actor.venue, now)
    state_before = sending.state
    _note_state(sending, [], trouble, now)
    if sending.state != state_before:
        publish(OutboxChanged(venue_id=actor.venue.pk))


@service
def skip_events(*, actor: Actor, most: int = 10 * BATCH) -> int:
    """A venue without an account has nobody to tell: what was wanted counts as sent; says how many there were.

    Whoever connects it later reads everything as it is then, and is not told of all that ever changed.
    """
    rows = untold_for_update(actor.venue, most)
    OutboundEvent.objects.filter(pk__in=[row.pk for row in rows]).update(
        sent=F("wanted"), parked_at=None, reason="", last_error="", attempts=0, failing_since=None, claimed_until=None
    )
    DojoSending.objects.filter(venue=actor.venue).delete()
    return len(rows)


@service
def retry_event(*, actor: Actor, event_id: int) -> OutboundEvent:
    """Send a parked event again; one that is not parked is left as it is. Raises NotPermitted, NotFound."""
    require(actor, Act.INTEGRATION)
    row = events_for_update(actor.venue, [event_id]).get(event_id)
    if row is None:
        raise NotFound("That event does not exist.")
    if row.parked_at is not None:
        _take_up([row], timezone.now())
        audit.record(actor, "retry_outbound_event", row.entity_id, kind=row.kind)
        publish(OutboxChanged(venue_id=actor.venue.pk))
    return row


@service
def retry_parked_events(*, actor: Actor) -> int:
    """Send all again that is parked, and try at once where the venue rests; says how many. Raises NotPermitted."""
    require(actor, Act.INTEGRATION)
    now = timezone.now()
    resume_sending(actor)
    parked = OutboundEvent.objects.filter(venue=actor.venue, parked_at__isnull=False).values_list("pk", flat=True)
    held = events_for_update(actor.venue, list(parked)).values()
    rows = [row for row in held if row.parked_at is not None]
    _take_up(rows, now)
    audit.record(actor, "retry_outbound_events", f"dojo_sending_{actor.venue.pk}", count=len(rows))
    publish(OutboxChanged(venue_id=actor.venue.pk))
    return len(rows)


@service
def forget_sent_events() -> int:
    """Forget what Dojo was told of long ago and what has not changed since; says how many."""
    long_ago = timezone.now() - KEPT_FOR
    return OutboundEvent.objects.filter(sent=F("wanted"), changed_at__lt=long_ago).delete()[0]


def resume_sending(actor: Actor) -> None:
    """The step after a new key: whatever it was that the venue waits for, try now."""
    DojoSending.objects.filter(venue=actor.venue).update(rests_until=None)


def pause_after(attempts: int) -> timedelta:
    """How long an event waits that failed so often: longer each time, and never all at one moment."""
    return _stretched(FIRST_PAUSE, attempts - 1, LONGEST_PAUSE)


def rest_after(failures: int) -> timedelta:
    """The same for a venue that gets nothing through."""
    return _stretched(FIRST_REST, failures - STRIKES, LONGEST_REST)


def _stretched(first: timedelta, doublings: int, longest: timedelta) -> timedelta:
    # Past some thirty doublings there is nothing left to double.
    full = min(longest, first * 2 ** min(max(0, doublings), 30))
    return full * random.uniform(0.5, 1.0)


def _write_off(told: Sequence[tuple[OutboundEvent, Claim]], now: datetime) -> None:
    if not told:
        return
    claims = [claim for _, claim in told]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE_OFF,
            [
                now,
                [claim.event_id for claim in claims],
                [claim.wanted for claim in claims],
                [claim.until for claim in claims],
            ],
        )


def _keep(row: OutboundEvent, outcome: Outcome, now: datetime) -> bool:
    """Note on a row that Dojo was not told; says whether it is parked. Who lost the claim meanwhile has no say."""
    if row.claimed_until != outcome.claim.until:
        return False
    row.claimed_until = None
    if outcome.verdict is not Verdict.UNTRIED:
        row.last_error = outcome.error[:200]
        row.failing_since = row.failing_since or now
        row.attempts += 1
        row.next_attempt_at = now + pause_after(row.attempts)
    changed_meanwhile = row.wanted > outcome.claim.wanted
    if outcome.verdict is Verdict.REFUSED and not changed_meanwhile:
        row.parked_at, row.reason = now, ParkedFor.REFUSED
    elif row.failing_since is not None and now - row.failing_since >= GIVE_UP_AFTER:
        row.parked_at, row.reason = now, ParkedFor.GIVEN_UP
    row.save()
    return row.parked_at is not None


def _note_state(sending: DojoSending, outcomes: Sequence[Outcome], trouble: Trouble | None, now: datetime) -> None:
    streak = list(takewhile(lambda outcome: outcome.verdict is not Verdict.SENT, _tried_last_first(outcomes)))
    got_through = any(outcome.verdict in (Verdict.SENT, Verdict.REFUSED) for outcome in outcomes)
    failed = [outcome for outcome in streak if outcome.verdict is Verdict.AGAIN]
    before = (sending.state, sending.failures, sending.rests_until)
    sending.failures = len(failed) + (0 if got_through else sending.failures)
    if trouble is not None:
        _set_state(sending, trouble.state, now)
        sending.rests_until = now + min(trouble.rest, LONGEST_WAIT)
        sending.last_error, sending.last_error_at = trouble.error[:200], now
    elif sending.failures >= STRIKES:
        _set_state(sending, SendingState.DOWN, now)
        sending.rests_until = now + rest_after(sending.failures)
    elif got_through:
        _set_state(sending, SendingState.RUNNING, now)
        sending.rests_until = None
    elif sending.state != SendingState.RUNNING:
        # Still the same trouble, or nobody got as far as trying.
        sending.rests_until = now + rest_after(sending.failures)
    if failed and trouble is None:
        sending.last_error, sending.last_error_at = failed[0].error[:200], now
    if failed or trouble is not None or before != (sending.state, sending.failures, sending.rests_until):
        sending.save()


def _tried_last_first(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    return (outcome for outcome in reversed(outcomes) if outcome.verdict is not Verdict.UNTRIED)


def _set_state(sending: DojoSending, state: SendingState, now: datetime) -> None:
    if sending.state != state:
        sending.state, sending.since = state, now


def _take_up(rows: Sequence[OutboundEvent], now: datetime) -> None:
    """Due at once, as if it had never failed; why it was parked is told until it is sent."""
    for row in rows:
        row.parked_at = row.failing_since = None
        row.attempts = 0
        row.next_attempt_at = now
    OutboundEvent.objects.filter(pk__in=[row.pk for row in rows]).update(
        parked_at=None, failing_since=None, attempts=0, next_attempt_at=now
    )
