"""Nudges: said soon, once for many, and never at the cost of whoever made the change."""

import json
import logging
import os
import signal
import threading
import time
from base64 import b64decode
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from dojo_integration import nudging
from dojo_integration.capabilities import find
from dojo_integration.models import OutboundEvent
from dojo_integration.tasks import forget_old_events, send_events, sweep_outbox
from orders.services.seating import seat_party
from pos.celery import app
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, an_order
from tests.capabilities.roads import ROADS
from tests.factories import OutboundEventFactory, WorkingVenue

QUEUE = "tableside-queue:celery"


@pytest.fixture
def queue() -> Iterator[Redis]:
    redis = Redis.from_url(settings.REDIS)
    redis.delete(QUEUE)
    yield redis
    redis.delete(QUEUE)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that nobody has kept busy yet."""
    let_finish(nudging._current)
    monkeypatch.setattr(nudging, "_current", None)


def let_finish(nudger: nudging.Nudger | None) -> None:
    """What the test before has caused is said before this one listens."""
    while nudger is not None and nudger._waiting:
        time.sleep(0.02)
    time.sleep(0.05)


def said(queue: Redis) -> list[tuple[str, list[int]]]:
    """The tasks that wait in the queue with what they are for, oldest first."""
    messages = [json.loads(message) for message in reversed(queue.lrange(QUEUE, 0, -1))]
    return [(message["headers"]["task"], json.loads(b64decode(message["body"]))[0]) for message in messages]


def heard(queue: Redis, count: int) -> list[tuple[str, list[int]]]:
    until = time.monotonic() + 5
    while len(found := said(queue)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return found


def test_a_nudge_is_for_a_task_that_there_is() -> None:
    assert send_events.name == nudging.TASK
    assert nudging.TASK in app.tasks
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {sweep_outbox.name, forget_old_events.name} <= tasks


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("road", ROADS)
def test_a_change_nudges_for_its_venue_once(uk: WorkingVenue, queue: Redis, road: str) -> None:
    # given
    dojo = ROADS[road](uk.venue)
    assert dojo.call(find("CreateOrder"), an_order()).ok
    # A payment may have come before its order, so that the inbox has a look, too.
    looks = "dojo_integration.tasks.look_at_payment_intents"
    assert sorted(heard(queue, 2)) == [(looks, [uk.venue.pk]), (nudging.TASK, [uk.venue.pk])]
    queue.delete(QUEUE)
    # what changes nothing nudges nobody
    assert dojo.call(find("CreateOrder"), an_order()).ok
    time.sleep(2 * nudging.PAUSE)
    assert said(queue) == []


def test_what_is_not_committed_nudges_nobody(uk: WorkingVenue, queue: Redis) -> None:
    # given: the test's own transaction, which never commits
    seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t1"].pk])
    assert OutboundEvent.objects.count() == 1
    time.sleep(2 * nudging.PAUSE)
    assert said(queue) == []


def test_many_nudges_melt_into_one_a_venue(queue: Redis) -> None:
    # given venues of this test alone: the thread of the one before may still have something to say
    ours = [1_000_001], [1_000_002]
    for _ in range(1000):
        for [venue_id] in ours:
            nudging.nudge(venue_id)
    time.sleep(3 * nudging.PAUSE)
    found = [args for _, args in heard(queue, 2) if args in ours]
    assert all(args in found for args in ours)
    assert len(found) <= 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("road", ROADS)
def test_a_frozen_redis_keeps_nobody_waiting_and_loses_nothing(uk: WorkingVenue, queue: Redis, road: str) -> None:
    # given
    dojo = ROADS[road](uk.venue)
    bills = [a_bill(uk, table=f"t{number}") for number in range(1, 9)]
    pid = Redis.from_url(settings.REDIS).info()["process_id"]
    slowest = 0.0
    os.kill(pid, signal.SIGSTOP)
    try:
        # when bills are paid while the queue is frozen
        for number, bill in enumerate(bills):
            began = time.monotonic()
            assert dojo.call(find("RecordOrderPaymentById"), a_payment(bill.pk, 5000, f"pi-{number}")).ok
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(nudging.PAUSE / 2)
    finally:
        os.kill(pid, signal.SIGCONT)
    # then
    assert slowest < 1
    due = {row.entity_id for row in OutboundEvent.objects.filter(sent=0)}
    assert {bill.pk for bill in bills} <= due
    # and the clock finds it
    queue.delete(QUEUE)
    sweep_outbox()
    assert (nudging.TASK, [uk.venue.pk]) in said(queue)


def test_whoever_named_it_to_the_queue_himself_would_wait(queue: Redis) -> None:
    # the control
    pid = Redis.from_url(settings.REDIS).info()["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        himself = threading.Thread(target=nudging.Nudger()._publish, args=(1,))
        himself.start()
        himself.join(1.5)
        assert himself.is_alive()
    finally:
        os.kill(pid, signal.SIGCONT)
    himself.join()


def test_a_redis_that_is_gone_is_logged_once_and_raises_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(app, "send_task", refuse)
    with caplog.at_level(logging.WARNING, logger=nudging.logger.name):
        for venue_id in range(5):
            nudging.nudge(venue_id)
        time.sleep(2 * nudging.PAUSE)
    complaints = [record.getMessage() for record in caplog.records if record.name == nudging.logger.name]
    assert complaints == ["a worker was not nudged: ConnectionRefusedError nobody there"]


def test_a_forked_process_nudges_with_a_thread_of_its_own(queue: Redis) -> None:
    nudging.nudge(1)
    heard(queue, 1)
    child = os.fork()
    if child == 0:
        nudging.nudge(2)
        time.sleep(2 * nudging.PAUSE)
        os._exit(0)
    os.waitpid(child, 0)
    assert (nudging.TASK, [2]) in heard(queue, 2)


def test_the_clock_sends_a_sender_to_each_venue_that_needs_one(
    uk: WorkingVenue, irish: WorkingVenue, queue: Redis
) -> None:
    # given one venue that has something due, and one that has not
    OutboundEventFactory(venue=uk.venue)
    OutboundEventFactory(venue=irish.venue, sent=1)
    # when
    sweep_outbox()
    # then
    assert said(queue) == [(nudging.TASK, [uk.venue.pk])]
    # who has no account has nothing due any more
    assert send_events(uk.venue.pk) == 0
    assert OutboundEvent.objects.filter(venue=uk.venue).get().sent == 1
    # and a venue that is gone by then is no error
    assert send_events(0) == 0
