"""The sender: what is due reaches Dojo, what goes wrong is told apart, and nothing is lost or sent for ever."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dojo_integration.dojo_api.errors import (
    DojoError,
    NotFound,
    Refused,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from dojo_integration.models import DojoSending, OutboundEvent, ParkedFor, SendingState
from dojo_integration.sending import SIDE_BY_SIDE, send_due, venues_to_send
from dojo_integration.services.outbox import (
    CLAIM_FOR,
    GIVE_UP_AFTER,
    KEPT_FOR,
    LONGEST_PAUSE,
    LONGEST_REST,
    LONGEST_WAIT,
    REST_WITHOUT_KEY,
    claim_events,
    forget_sent_events,
    pause_after,
    rest_after,
    retry_event,
    retry_parked_events,
    skip_events,
)
from pos import events
from pos.errors import NotFound as NotFoundHere
from pos.errors import NotPermitted
from pos.events import OutboxChanged
from pos.models import AuditEntry
from pos.sealed import Sealed
from tests.bills import a_bill, settled
from tests.dojo_errors import failing
from tests.factories import DojoConnectionFactory, OutboundEventFactory, WorkingVenue
from tests.listening import Listener, always

NOW = datetime.fromisoformat("2031-07-04T19:00:00+00:00")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[events.Event]:
    """What the screens would be told, in order."""
    heard: list[events.Event] = []
    before = events.tell_before_commit

    def listen_in(published: list[events.Event]) -> None:
        heard.extend(published)
        before(published)

    monkeypatch.setattr(events, "tell_before_commit", listen_in)
    return heard


def due(shop: WorkingVenue, count: int = 1, **fields: object) -> list[OutboundEvent]:
    return [OutboundEventFactory(venue=shop.venue, **fields) for _ in range(count)]


def again(row: OutboundEvent) -> OutboundEvent:
    return OutboundEvent.objects.get(pk=row.pk)


def sending(shop: WorkingVenue) -> DojoSending:
    return DojoSending.objects.get(venue=shop.venue)


# --- sent ------------------------------------------------------------------------------------------------------------


def test_what_is_due_is_sent_once(uk: WorkingVenue) -> None:
    # given
    order = a_bill(uk)
    dojo = Listener()
    # when
    assert send_due(uk.venue, connect=dojo) == 2
    # then
    assert sorted(dojo.heard) == [("OrderUpdated", order.pk), ("PartyUpdated", order.party_id)]
    for row in OutboundEvent.objects.all():
        assert (row.sent, row.wanted, row.attempts, row.claimed_until) == (1, 1, 0, None)
        assert row.sent_at is not None
    assert send_due(uk.venue, connect=dojo) == 0
    # changed again, it is sent again
    settled(order)
    assert send_due(uk.venue, connect=dojo) == 1
    assert dojo.heard[2:] == [("OrderUpdated", order.pk)]


def test_many_go_side_by_side_on_a_few_lines_and_cost_few_queries(uk: WorkingVenue) -> None:
    # given
    due(uk, 250)
    dojo = Listener()
    # when
    with CaptureQueriesContext(connection) as queries:
        assert send_due(uk.venue, connect=dojo) == 250
    # then: three batches and one that is empty, a dozen queries each, however many events
    assert (dojo.opened, len(set(dojo.heard))) == (SIDE_BY_SIDE, 250)
    assert len(queries) < 60


def test_a_venue_tells_of_its_own(uk: WorkingVenue, irish: WorkingVenue) -> None:
    mine, theirs = due(uk)[0], due(irish)[0]
    dojo = Listener()
    send_due(uk.venue, connect=dojo)
    assert dojo.heard == [("OrderUpdated", mine.entity_id)]
    assert again(theirs).sent == 0
    assert venues_to_send() == [irish.venue.pk]


def test_what_is_not_due_waits(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    later = NOW + timedelta(minutes=2)
    due(uk, next_attempt_at=later)
    dojo = Listener()
    assert venues_to_send() == []
    assert send_due(uk.venue, connect=dojo) == 0
    clock.move_to(later)
    assert venues_to_send() == [uk.venue.pk]
    assert send_due(uk.venue, connect=dojo) == 1


# --- claims ----------------------------------------------------------------------------------------------------------


def test_a_claim_lapses_when_its_sender_is_gone(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    # given somebody who claimed and never came back
    row = due(uk)[0]
    assert [claim.event_id for claim in claim_events(actor=uk.by_system)] == [row.pk]
    dojo = Listener()
    for seconds in (0, 44):
        clock.move_to(NOW + timedelta(seconds=seconds))
        assert venues_to_send() == []
        assert send_due(uk.venue, connect=dojo) == 0
    # when
    clock.move_to(NOW + CLAIM_FOR)
    # then
    assert venues_to_send() == [uk.venue.pk]
    assert send_due(uk.venue, connect=dojo) == 1
    assert again(row).sent == 1


def test_one_sender_does_for_a_venue_until_it_is_slow(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    # given somebody who has begun with one of two
    due(uk, 2)
    claim_events(actor=uk.by_system, most=1)
    dojo = Listener()
    # when / then
    clock.shift(timedelta(seconds=4))
    assert send_due(uk.venue, connect=dojo) == 0
    clock.shift(timedelta(seconds=2))
    assert venues_to_send() == [uk.venue.pk]
    assert send_due(uk.venue, connect=dojo) == 1


# --- what goes wrong with one event ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        failing(Unreachable),
        failing(Unavailable, status=500),
        failing(Unavailable, status=503),
        failing(Unavailable, status=429),
        failing(Unavailable, status=408),
        RuntimeError("something that nobody thought of"),
    ],
    ids=repr,
)
def test_what_may_get_better_is_tried_again(uk: WorkingVenue, clock: time_machine.Traveller, error: Exception) -> None:
    row = due(uk)[0]
    assert send_due(uk.venue, connect=Listener(always(error))) == 0
    row = again(row)
    assert (row.sent, row.attempts, row.parked_at, row.claimed_until) == (0, 1, None, None)
    assert row.failing_since == NOW
    assert timedelta(seconds=1) <= row.next_attempt_at - NOW <= timedelta(seconds=2)
    assert row.last_error == str(error)
    # and then it works
    clock.shift(timedelta(seconds=2))
    assert send_due(uk.venue, connect=Listener()) == 1
    row = again(row)
    assert (row.sent, row.attempts, row.failing_since, row.last_error) == (1, 0, None, "")


@pytest.mark.parametrize(
    "error",
    [failing(NotFound, status=404), failing(Refused, status=400), failing(Refused, status=422)],
    ids=repr,
)
def test_what_dojo_refuses_for_good_is_parked(
    uk: WorkingVenue, clock: time_machine.Traveller, told: list[events.Event], error: DojoError
) -> None:
    # given one that is refused among others
    row = due(uk, 4)[0]
    dojo = Listener(lambda entity_id: error if entity_id == row.entity_id else None)
    # when
    assert send_due(uk.venue, connect=dojo) == 3
    # then
    row = again(row)
    assert (row.sent, row.parked_at, row.reason) == (0, NOW, ParkedFor.REFUSED)
    assert row.last_error == str(error)
    assert told == [OutboxChanged(venue_id=uk.venue.pk)]
    assert sending(uk).state == SendingState.RUNNING
    clock.shift(timedelta(days=2))
    assert venues_to_send() == []
    assert send_due(uk.venue, connect=Listener()) == 0


def test_a_change_sends_what_was_parked_and_that_is_told(uk: WorkingVenue, told: list[events.Event]) -> None:
    order = a_bill(uk)
    send_due(uk.venue, connect=Listener(always(failing(Refused, status=400))))
    assert OutboundEvent.objects.filter(parked_at__isnull=False).count() == 2
    settled(order)
    told.clear()
    assert send_due(uk.venue, connect=Listener()) == 1
    row = OutboundEvent.objects.get(entity_id=order.pk)
    assert (row.sent, row.reason, row.last_error) == (2, "", "")
    assert told == [OutboxChanged(venue_id=uk.venue.pk)]


def test_the_pauses_of_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    # with the dice at their highest, and at their lowest
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    assert [pause_after(attempt).total_seconds() for attempt in range(1, 11)] == [
        2, 4, 8, 16, 32, 64, 128, 240, 240, 240,
    ]  # fmt: skip
    assert pause_after(100_000) == LONGEST_PAUSE
    assert [rest_after(failures).total_seconds() for failures in range(3, 10)] == [1, 2, 4, 8, 16, 30, 30]
    assert rest_after(100_000) == LONGEST_REST
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert pause_after(8) == LONGEST_PAUSE / 2


def test_those_who_fail_together_do_not_come_back_together() -> None:
    assert len({pause_after(8) for _ in range(50)}) == 50


def test_after_a_day_an_event_is_given_up_and_not_before(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    # given one event that never gets through, while others do
    row = due(uk)[0]
    dojo = Listener(lambda entity_id: failing(Unavailable, status=500) if entity_id == row.entity_id else None)
    tried_at = []
    # when the clock looks only three times an hour, so that this ends today
    while again(row).parked_at is None:
        due(uk)
        send_due(uk.venue, connect=dojo)
        tried_at.append(timezone.now() - NOW)
        clock.move_to(max(again(row).next_attempt_at, timezone.now() + timedelta(minutes=20)))
    # then
    parked = again(row)
    assert parked.reason == ParkedFor.GIVEN_UP
    assert tried_at[-2] < GIVE_UP_AFTER <= tried_at[-1]
    assert parked.attempts == len(tried_at) == 73
    assert sending(uk).state == SendingState.RUNNING


# --- what goes wrong with all of them --------------------------------------------------------------------------------


def test_three_failures_in_a_row_end_a_batch_and_the_venue_rests(
    uk: WorkingVenue, clock: time_machine.Traveller, told: list[events.Event]
) -> None:
    # given
    due(uk, 50)
    dojo = Listener(always(failing(Unreachable)))
    # when
    send_due(uk.venue, connect=dojo)
    # then: hardly anything was tried, and most is as if nobody had
    assert 3 <= len(dojo.asked) <= 3 + SIDE_BY_SIDE
    assert OutboundEvent.objects.filter(attempts=0, claimed_until=None).count() == 50 - len(dojo.asked)
    state = sending(uk)
    assert (state.state, state.since, state.last_error) == (SendingState.DOWN, NOW, str(failing(Unreachable)))
    assert told == [OutboxChanged(venue_id=uk.venue.pk)]
    assert venues_to_send() == []
    # when it is over, one goes first
    clock.move_to(state.rests_until)
    tried = len(dojo.asked)
    send_due(uk.venue, connect=dojo)
    assert len(dojo.asked) == tried + 1
    assert sending(uk).since == NOW
    assert len(told) == 1
    # then all of them
    clock.shift(LONGEST_PAUSE)
    assert send_due(uk.venue, connect=Listener()) == 50
    assert (sending(uk).state, sending(uk).rests_until, sending(uk).failures) == (SendingState.RUNNING, None, 0)
    assert len(told) == 2


def test_while_one_finds_out_the_others_wait(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    due(uk, 20)
    send_due(uk.venue, connect=Listener(always(failing(Unreachable))))
    clock.move_to(sending(uk).rests_until)
    assert len(claim_events(actor=uk.by_system)) == 1
    assert claim_events(actor=uk.by_system) == []
    clock.shift(CLAIM_FOR)
    assert len(claim_events(actor=uk.by_system)) == 1


@pytest.mark.parametrize(
    ("asked_for", "rests"),
    [(90.0, timedelta(seconds=90)), (6 * 3600.0, timedelta(hours=6)), (7 * 24 * 3600.0, LONGEST_WAIT)],
)
def test_dojo_says_when_to_come_back(
    uk: WorkingVenue, clock: time_machine.Traveller, asked_for: float, rests: timedelta
) -> None:
    # given
    due(uk, 30)
    dojo = Listener(always(failing(Unavailable, status=429, retry_after=asked_for)))
    # when
    send_due(uk.venue, connect=dojo)
    # then
    assert len(dojo.asked) <= SIDE_BY_SIDE
    assert (sending(uk).state, sending(uk).rests_until) == (SendingState.BUSY, NOW + rests)
    calm = Listener()
    due(uk)
    clock.move_to(NOW + rests - timedelta(seconds=1))
    assert venues_to_send() == []
    assert send_due(uk.venue, connect=calm) == 0
    clock.move_to(NOW + rests)
    assert venues_to_send() == [uk.venue.pk]
    assert send_due(uk.venue, connect=calm) == 31


def test_a_key_that_is_refused_is_nobodys_fault_but_the_keys(
    uk: WorkingVenue, clock: time_machine.Traveller, told: list[events.Event]
) -> None:
    # given
    due(uk, 30)
    dojo = Listener(always(failing(Unauthorized, status=401)))
    # when it goes on for two days, and the clock looks every hour
    while timezone.now() < NOW + timedelta(days=2):
        send_due(uk.venue, connect=dojo)
        assert sending(uk).rests_until == timezone.now() + REST_WITHOUT_KEY
        clock.shift(timedelta(hours=1))
    # then: slowly tried, loudly said, once, and no event has failed
    assert sending(uk).state == SendingState.REFUSED
    assert sending(uk).since == NOW
    assert told == [OutboxChanged(venue_id=uk.venue.pk)]
    assert 47 < len(dojo.asked) <= 47 + SIDE_BY_SIDE
    assert OutboundEvent.objects.filter(attempts=0, parked_at=None, claimed_until=None, sent=0).count() == 30
    assert send_due(uk.venue, connect=Listener()) == 30
    assert sending(uk).state == SendingState.RUNNING


# --- without an account ----------------------------------------------------------------------------------------------


def nobody(venue: object) -> None:
    return None


def test_a_venue_without_an_account_has_nothing_due(uk: WorkingVenue) -> None:
    # given more than one go
    due(uk, 5)
    due(uk, next_attempt_at=timezone.now() + timedelta(minutes=30))
    # when
    assert send_due(uk.venue, connect=nobody) == 0
    # then
    assert OutboundEvent.objects.filter(sent=1).count() == 6
    assert venues_to_send() == []
    # and whoever connects it later hears of what happens from then on
    dojo = Listener()
    assert send_due(uk.venue, connect=dojo) == 0
    order = a_bill(uk)
    assert send_due(uk.venue, connect=dojo) == 2
    assert ("OrderUpdated", order.pk) in dojo.heard


def test_skipping_goes_on_past_one_go(uk: WorkingVenue) -> None:
    due(uk, 5)
    assert [skip_events(actor=uk.by_system, most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_key_that_cannot_be_read_is_no_reason_to_forget(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    # given
    DojoConnectionFactory(venue=uk.venue, api_key=Sealed("sealed by another key"))
    row = due(uk)[0]
    # when
    send_due(uk.venue, connect=nobody)
    # then
    assert again(row).sent == 0
    assert (sending(uk).state, sending(uk).rests_until) == (SendingState.NO_KEY, NOW + REST_WITHOUT_KEY)
    assert venues_to_send() == []


# --- by hand ---------------------------------------------------------------------------------------------------------


def parked(shop: WorkingVenue) -> OutboundEvent:
    row = due(shop)[0]
    send_due(shop.venue, connect=Listener(always(failing(Refused, status=400))))
    return again(row)


def test_a_manager_sends_a_parked_event_again(uk: WorkingVenue, told: list[events.Event]) -> None:
    # given
    row = parked(uk)
    told.clear()
    # when
    retry_event(actor=uk.by_manager, event_id=row.pk)
    # then
    assert told == [OutboxChanged(venue_id=uk.venue.pk)]
    entry = AuditEntry.objects.get(act="retry_outbound_event")
    assert (entry.subject, entry.detail) == (row.entity_id, {"kind": "OrderUpdated"})
    assert send_due(uk.venue, connect=Listener()) == 1
    assert again(row).sent == 1
    # once more is nothing
    retry_event(actor=uk.by_manager, event_id=row.pk)
    assert AuditEntry.objects.filter(act="retry_outbound_event").count() == 1


def test_a_manager_sends_all_of_them_again_and_at_once(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    rows = [parked(uk), parked(uk)]
    waiting = due(uk)[0]
    send_due(uk.venue, connect=Listener(always(failing(Unauthorized, status=401))))
    assert retry_parked_events(actor=uk.by_manager) == 2
    assert send_due(uk.venue, connect=Listener()) == 3
    assert [again(row).sent for row in (*rows, waiting)] == [1, 1, 1]
    assert AuditEntry.objects.get(act="retry_outbound_events").detail == {"count": 2}


def test_nobody_else_does(uk: WorkingVenue, irish: WorkingVenue) -> None:
    row = parked(uk)
    for actor in (uk.by_waiter, uk.by_supervisor):
        with pytest.raises(NotPermitted):
            retry_event(actor=actor, event_id=row.pk)
        with pytest.raises(NotPermitted):
            retry_parked_events(actor=actor)
    with pytest.raises(NotFoundHere):
        retry_event(actor=irish.by_manager, event_id=row.pk)
    assert again(row).parked_at is not None
    assert not AuditEntry.objects.filter(act__startswith="retry_outbound").exists()


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_what_was_told_a_month_ago_is_forgotten(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    long_ago, lately = NOW - KEPT_FOR - timedelta(hours=1), NOW - KEPT_FOR + timedelta(hours=1)
    old = due(uk, sent=1, changed_at=long_ago)[0]
    kept = [
        due(uk, sent=1, changed_at=lately)[0],
        due(uk, sent=0, changed_at=long_ago)[0],
        due(uk, sent=0, changed_at=long_ago, parked_at=long_ago)[0],
    ]
    assert forget_sent_events() == 1
    assert set(OutboundEvent.objects.values_list("pk", flat=True)) == {row.pk for row in kept}
    assert old not in kept


# --- an hour without Dojo --------------------------------------------------------------------------------------------


def test_an_hour_without_dojo_loses_nothing_and_is_made_up_for_in_minutes(
    uk: WorkingVenue, clock: time_machine.Traveller
) -> None:
    # given an evening in which something changes all the time, and the clock looks every five seconds
    orders = [a_bill(uk, table=f"t{number}", name=f"Bill {number}") for number in range(1, 6)]
    down, up = Listener(always(failing(Unreachable))), Listener()

    def run_for(duration: timedelta, dojo: Listener, each: Callable[[], object] | None = None) -> None:
        until = timezone.now() + duration
        while timezone.now() < until:
            for venue_id in venues_to_send():
                assert venue_id == uk.venue.pk
                send_due(uk.venue, connect=dojo)
            if each is not None:
                each()
            clock.shift(timedelta(seconds=5))

    dice = random.Random(1)

    def something_changes() -> None:
        if dice.random() < 0.2:
            settled(dice.choice(orders))

    run_for(timedelta(minutes=1), up, something_changes)
    # when Dojo is away for an hour
    run_for(timedelta(hours=1), down, something_changes)
    due(uk, 100)
    # then it is asked now and then, not for ever more often
    assert 100 < len(down.asked) < 400
    assert not OutboundEvent.objects.filter(parked_at__isnull=False).exists()
    # and it hears of everything within five minutes of its return
    run_for(timedelta(minutes=5), up)
    assert not OutboundEvent.objects.exclude(sent=F("wanted")).exists()
    heard = {entity_id for _, entity_id in up.heard}
    assert heard >= set(OutboundEvent.objects.values_list("entity_id", flat=True))
