"""Nudges: said soon, once for many, and never at the cost of whoever answers Dojo."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from dojo_integration import nudges
from dojo_integration.capabilities import find
from pos.celery import app
from pos.events import EventKept, MenuChanged, OrderTaken
from tests.capabilities.requests import an_event
from tests.capabilities.roads import ROADS
from tests.factories import WorkingVenue, a_venue

QUEUE = "tableside-queue:celery"


@pytest.fixture
def queue() -> Iterator[Redis]:
    redis = Redis.from_url(settings.REDIS)
    redis.delete(QUEUE)
    yield redis
    redis.delete(QUEUE)


def said(queue: Redis) -> list[str]:
    """The tasks that wait in the queue, oldest first."""
    return [json.loads(message)["headers"]["task"] for message in reversed(queue.lrange(QUEUE, 0, -1))]


def test_a_nudge_names_a_task_that_there_is(queue: Redis) -> None:
    # when
    nudges.after_commit([EventKept(venue_id=1), EventKept(venue_id=2), MenuChanged(venue_id=1), OrderTaken(venue_id=1)])
    # then: one for many
    assert nudges.flush()
    app.loader.import_default_modules()
    assert said(queue) == [nudges.HANDLE_EVENTS, nudges.LOOK_AT_INTENTS]
    assert set(said(queue)) <= set(app.tasks)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_kept_is_a_nudge_and_the_same_again_is_none(queue: Redis, road: str) -> None:
    # given
    shop = a_venue()
    # when
    for _ in range(2):
        assert ROADS[road](shop.venue).call(find("HandleEvent"), an_event()).ok
    # then
    assert nudges.flush()
    assert said(queue) == [nudges.HANDLE_EVENTS]


def test_what_is_not_committed_is_no_nudge(queue: Redis, uk: WorkingVenue) -> None:
    # given: the test's own transaction, which never commits
    assert ROADS["rest"](uk.venue).call(find("HandleEvent"), an_event()).ok
    # then
    assert nudges.flush()
    assert said(queue) == []


@pytest.mark.django_db(transaction=True)
def test_a_frozen_queue_costs_dojo_nothing_and_is_nudged_again_when_it_comes_back(queue: Redis) -> None:
    # given
    shop = a_venue()
    dojo = ROADS["rest"](shop.venue)
    nudges.nudge("before")
    assert nudges.flush()
    pid = queue.info()["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        # when
        nudges.nudge("stuck")
        time.sleep(0.1)
        began = time.monotonic()
        for number in range(20):
            assert dojo.call(find("HandleEvent"), an_event(f"event-{number}")).ok
        took = time.monotonic() - began
        # then: all twenty wait as one
        assert not nudges.flush(0.1)
        assert took < 5
    finally:
        os.kill(pid, signal.SIGCONT)
    assert nudges.flush(30)
    nudges.nudge("after")
    assert nudges.flush(30)
    assert said(queue)[-1] == "after"
    assert said(queue).count(nudges.HANDLE_EVENTS) <= 1


def test_a_queue_that_hung_up_on_us_is_nudged_again(queue: Redis) -> None:
    # given
    nudges.nudge("before")
    assert nudges.flush()
    queue.client_kill_filter(_type="normal", skipme=True)
    # when: one may be lost
    for name in ("lost perhaps", "after"):
        nudges.nudge(name)
        assert nudges.flush(10)
    # then
    assert said(queue)[-1] == "after"


def test_a_queue_that_is_gone_is_logged_once_and_raises_nowhere(monkeypatch, caplog) -> None:
    # given
    monkeypatch.setattr(nudges, "_current", None)
    monkeypatch.setattr(nudges.app, "send_task", _refuse)
    # when
    for _ in range(3):
        nudges.nudge("somebody")
        assert nudges.flush()
    # then
    complaints = [record for record in caplog.records if record.name == "dojo_integration.nudges"]
    assert len(complaints) == 1
    monkeypatch.setattr(nudges, "_current", None)


def _refuse(*args: object, **kwargs: object) -> None:
    raise ConnectionError("no queue")


def test_a_name_waits_once_and_there_is_an_end_to_waiting(monkeypatch) -> None:
    # given: a queue that does not come back from the first
    monkeypatch.setattr(nudges, "_current", None)
    stuck, told = threading.Event(), []
    monkeypatch.setattr(nudges.app, "send_task", lambda name, **kwargs: (told.append(name), stuck.wait(10)))
    nudges.nudge("first")
    while not told:
        time.sleep(0.01)
    # when
    for number in range(nudges.MOST_WAITING * 2):
        nudges.nudge("second")
        nudges.nudge(f"more {number}")
    stuck.set()
    # then
    assert nudges.flush(10)
    assert len(told) == nudges.MOST_WAITING + 1
    assert told.count("second") == 1
    monkeypatch.setattr(nudges, "_current", None)


def test_a_forked_process_nudges_with_a_thread_of_its_own(queue: Redis) -> None:
    # given
    nudges.nudge("parent")
    assert nudges.flush()
    # when
    child = os.fork()
    if child == 0:
        nudges.nudge("child")
        os._exit(0 if nudges.flush() else 1)
    # then
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert said(queue) == ["parent", "child"]
