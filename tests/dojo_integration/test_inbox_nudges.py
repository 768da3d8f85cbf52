"""Nudges of the inbox: said soon, once for many, and never at the cost of whoever answers Dojo."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from dojo_integration import inbox, nudging
from dojo_integration.capabilities import find
from dojo_integration.tasks import handle_dojo_events, look_at_payment_intents
from pos.celery import app
from pos.events import EventKept, MenuChanged, OrderTaken
from tests.capabilities.requests import an_event, an_order
from tests.capabilities.roads import ROADS
from tests.dojo_integration import test_nudging
from tests.dojo_integration.test_nudging import QUEUE
from tests.factories import WorkingVenue, a_venue

HANDLE = "dojo_integration.tasks.handle_dojo_events"
LOOK = "dojo_integration.tasks.look_at_payment_intents"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """The queue, empty, and a thread that nobody has kept busy yet."""
    test_nudging.let_finish(nudging._current)
    monkeypatch.setattr(nudging, "_current", None)
    redis = Redis.from_url(settings.REDIS)
    redis.delete(QUEUE)
    yield redis
    redis.delete(QUEUE)


def said(queue: Redis, least: int = 0) -> list[tuple[str, int]]:
    """What the inbox has said, with the venues; once there is so much."""
    until = time.monotonic() + 20
    while len(found := _ours(queue)) < least and time.monotonic() < until:
        time.sleep(0.02)
    return found


def _ours(queue: Redis) -> list[tuple[str, int]]:
    return [(task, args[0]) for task, args in test_nudging.said(queue) if task in (HANDLE, LOOK)]


def test_a_nudge_names_a_task_that_there_is(queue: Redis) -> None:
    # when
    inbox.nudge_workers([EventKept(venue_id=1), EventKept(venue_id=1), MenuChanged(venue_id=1), OrderTaken(venue_id=2)])
    # then: one for many
    assert said(queue, 2) == [(HANDLE, 1), (LOOK, 2)]
    assert {handle_dojo_events.name, look_at_payment_intents.name} == {HANDLE, LOOK} <= set(app.tasks)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_kept_is_a_nudge_and_the_same_again_is_none(queue: Redis, road: str) -> None:
    # given
    shop = a_venue()
    # when
    for _ in range(2):
        assert ROADS[road](shop.venue).call(find("HandleEvent"), an_event()).ok
        said(queue, 1)
    # then
    time.sleep(2 * nudging.PAUSE)
    assert said(queue) == [(HANDLE, shop.venue.pk)]


@pytest.mark.django_db(transaction=True)
def test_an_order_that_was_taken_is_a_nudge_for_payments_that_wait_for_it(queue: Redis) -> None:
    shop = a_venue()
    assert ROADS["rest"](shop.venue).call(find("CreateOrder"), an_order()).ok
    assert said(queue, 1) == [(LOOK, shop.venue.pk)]


def test_what_is_not_committed_is_no_nudge(queue: Redis, uk: WorkingVenue) -> None:
    # given: the test's own transaction, which never commits
    assert ROADS["rest"](uk.venue).call(find("HandleEvent"), an_event()).ok
    # then
    time.sleep(2 * nudging.PAUSE)
    assert said(queue) == []


@pytest.mark.django_db(transaction=True)
def test_a_frozen_queue_costs_dojo_nothing_and_is_nudged_again_when_it_comes_back(queue: Redis) -> None:
    # given
    shop = a_venue()
    dojo = ROADS["rest"](shop.venue)
    pid = queue.info()["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        # when
        began = time.monotonic()
        for number in range(20):
            assert dojo.call(find("HandleEvent"), an_event(f"event-{number}")).ok
        took = time.monotonic() - began
        # then: not once as long as the queue makes its users wait
        assert took < 5
    finally:
        os.kill(pid, signal.SIGCONT)
    # and what waited is said as one, or lost
    inbox.nudge_workers([EventKept(venue_id=0)])
    found = said(queue, 2)
    assert (HANDLE, 0) in found
    assert found.count((HANDLE, shop.venue.pk)) <= 2
