"""Many senders and many changes at once: nothing is sent by two at a time, nothing is lost, nobody deadlocks."""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from dojo_integration import sending
from dojo_integration.models import OutboundEvent
from dojo_integration.sending import send_due
from dojo_integration.services import outbox
from dojo_integration.services.outbox import CLAIM_FOR, claim_events
from pos.models import Venue
from tests.bills import a_bill, settled
from tests.factories import OutboundEventFactory, WorkingVenue
from tests.listening import Listener
from tests.races.crowd import all_at_once, deadlocks

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

EVENTS, SENDERS, EACH = 120, 6, 30
CHANGE = "UPDATE dojo_integration_outboundevent SET wanted = wanted + 1 WHERE entity_id = %s"


def take_at_once(shop: WorkingVenue) -> list[int]:
    """Which events were claimed by many who came at the same moment, one name per claim."""
    for _ in range(EVENTS):
        OutboundEventFactory(venue=shop.venue)
    results = all_at_once([partial(claim_events, actor=shop.by_system, most=EACH)] * SENDERS)
    assert all(isinstance(result, list) for result in results), results
    return [claim.event_id for claims in results for claim in claims]  # type: ignore[attr-defined]


def test_nobody_claims_what_another_has(uk: WorkingVenue) -> None:
    claimed = take_at_once(uk)
    assert len(claimed) == len(set(claimed))
    assert len(claimed) <= EVENTS


def test_without_the_lock_several_claim_the_same(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # the control
    together = threading.Barrier(SENDERS)

    def unlocked(venue: Venue, now: object, most: int) -> list[OutboundEvent]:
        due: QuerySet[OutboundEvent] = OutboundEvent.objects.filter(
            venue=venue, sent__lt=F("wanted"), claimed_until=None
        )
        rows = list(due.order_by("next_attempt_at")[:most])
        together.wait(10)
        return rows

    monkeypatch.setattr(outbox, "due_for_update", unlocked)
    claimed = take_at_once(uk)
    assert len(claimed) > len(set(claimed))


# --- changed while it is being sent ----------------------------------------------------------------------------------


def changed_in_the_middle(shop: WorkingVenue, *, times: int = 2) -> tuple[str, Listener]:
    """Send an order's event once; while Dojo listens, a till changes the order some times more."""
    order = a_bill(shop)
    assert send_due(shop.venue, connect=Listener()) == 2
    settled(order)

    def till_goes_on(entity_id: str) -> None:
        for _ in range(times):
            settled(order)
        connection.close()

    dojo = Listener(till_goes_on)
    with pytest.MonkeyPatch.context() as patch:
        # one batch
        patch.setattr(sending, "RUN_FOR", 0.001)
        assert send_due(shop.venue, connect=dojo) == 1
    dojo.answer = lambda entity_id: None
    return order.pk, dojo


def test_what_changes_while_it_is_sent_is_sent_again_once(uk: WorkingVenue) -> None:
    order_id, dojo = changed_in_the_middle(uk)
    row = OutboundEvent.objects.get(entity_id=order_id)
    assert (row.sent, row.wanted) == (2, 4)
    assert send_due(uk.venue, connect=dojo) == 1
    assert send_due(uk.venue, connect=dojo) == 0
    assert dojo.heard == [("OrderUpdated", order_id)] * 2


def test_without_the_claims_own_count_a_change_is_lost(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # the control: what is wanted by now is written off, sent or not
    monkeypatch.setattr(outbox, "_WRITE_OFF", outbox._WRITE_OFF.replace("greatest(e.sent, c.wanted)", "e.wanted"))
    changed_in_the_middle(uk)
    assert send_due(uk.venue, connect=Listener()) == 0


# --- a sender dies ---------------------------------------------------------------------------------------------------


def test_what_a_killed_sender_had_is_sent_by_the_next(uk: WorkingVenue) -> None:
    # given
    for _ in range(5):
        OutboundEventFactory(venue=uk.venue)
    reading, writing = os.pipe()
    connection.close()
    child = os.fork()
    if child == 0:
        # a sender that hangs in its calls
        def hang(entity_id: str) -> None:
            os.write(writing, b"!")
            time.sleep(60)

        send_due(uk.venue, connect=Listener(hang))
        os._exit(0)
    os.read(reading, 1)
    # when
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    # then: as long as it might live its events are its own
    dojo = Listener()
    assert OutboundEvent.objects.filter(claimed_until__gt=timezone.now()).count() == 5
    assert send_due(uk.venue, connect=dojo) == 0
    with time_machine.travel(timezone.now() + CLAIM_FOR):
        assert send_due(uk.venue, connect=dojo) == 5
    assert not OutboundEvent.objects.filter(sent=0).exists()


def test_who_comes_back_late_takes_nothing_from_whoever_followed(uk: WorkingVenue) -> None:
    # given a sender so slow that another has its event by now
    row = OutboundEventFactory(venue=uk.venue)
    (late,) = claim_events(actor=uk.by_system)
    with time_machine.travel(timezone.now() + CLAIM_FOR):
        (current,) = claim_events(actor=uk.by_system)
        # when
        failed = outbox.Outcome(late, outbox.Verdict.AGAIN, "too late")
        outbox.note_outcomes(actor=uk.by_system, outcomes=[failed])
        # then
        row.refresh_from_db()
        assert (row.claimed_until, row.attempts) == (current.until, 0)
        # what did get through counts, whoever sent it
        outbox.note_outcomes(actor=uk.by_system, outcomes=[outbox.Outcome(late, outbox.Verdict.SENT)])
        row.refresh_from_db()
        assert (row.claimed_until, row.sent) == (current.until, 1)


# --- all of it at once -----------------------------------------------------------------------------------------------


def test_tills_and_senders_side_by_side_lose_nothing(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: small batches, so that rows are fought over
    monkeypatch.setattr(outbox, "BATCH", 3)
    monkeypatch.setattr(sending, "ALONE_FOR", timedelta(0))
    orders = [a_bill(uk, table=f"t{number}", name=f"Bill {number}") for number in range(1, 9)]
    dojo = Listener()
    before = deadlocks()
    is_over = threading.Event()

    def till(turn: int) -> None:
        for _ in range(12):
            for order in orders[::turn]:
                settled(order)

    def sender() -> None:
        while not is_over.is_set():
            send_due(uk.venue, connect=dojo)

    def tills() -> None:
        try:
            calls: list[Callable[[], object]] = [partial(till, 1), partial(till, -1)]
            assert all_at_once(calls) == [None, None]
        finally:
            is_over.set()

    # when
    results = all_at_once([tills, sender, sender, sender])
    # then
    assert results == [None] * 4
    send_due(uk.venue, connect=dojo)
    rows = list(OutboundEvent.objects.filter(kind="OrderUpdated"))
    assert {row.entity_id for row in rows} == {order.pk for order in orders}
    assert [(row.sent, row.claimed_until, row.attempts) for row in rows] == [(row.wanted, None, 0) for row in rows]
    assert {row.wanted for row in rows} == {1 + 2 * 12}
    assert deadlocks() == before


@pytest.fixture
def out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that locks its rows in another order than every change does."""
    before = outbox.events_for_update

    def backwards(venue: Venue, event_ids: list[int]) -> dict[int, OutboundEvent]:
        rows: dict[int, OutboundEvent] = {}
        for event_id in sorted(event_ids, reverse=True):
            rows |= before(venue, [event_id])
            time.sleep(0.2)
        return rows

    monkeypatch.setattr(outbox, "events_for_update", backwards)


def both_at_once(shop: WorkingVenue) -> tuple[list[object], int]:
    """Write off two events while a change of both is written; what came of it, and how many deadlocks that were."""
    orders = sorted((a_bill(shop, table=f"t{number}", name=f"Bill {number}") for number in (1, 2)), key=lambda o: o.pk)
    OutboundEvent.objects.exclude(entity_id__in=[order.pk for order in orders]).delete()
    claims = claim_events(actor=shop.by_system)
    before = deadlocks()

    def write_off() -> None:
        outcomes = [outbox.Outcome(claim, outbox.Verdict.SENT) for claim in claims]
        outbox.note_outcomes(actor=shop.by_system, outcomes=outcomes)

    results = all_at_once([write_off, partial(change_slowly, shop, [order.pk for order in orders])])
    return results, deadlocks() - before


def change_slowly(shop: WorkingVenue, order_ids: list[str]) -> None:
    """What one flush does to several rows, with a pause between them."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for order_id in order_ids:
            cursor.execute(CHANGE, [order_id])
            time.sleep(0.2)
        cursor.execute("COMMIT")


def test_a_sender_and_a_change_of_the_same_rows_wait_for_each_other(uk: WorkingVenue) -> None:
    assert both_at_once(uk) == ([None, None], 0)


def test_in_another_order_they_would_deadlock(uk: WorkingVenue, out_of_order: None) -> None:
    # the control, whichever of the two was broken off
    _, broken = both_at_once(uk)
    assert broken > 0
