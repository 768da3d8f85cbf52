"""Live push: each group once, soon, and never at the cost of whoever caused it."""

import asyncio
import os
import signal
import time

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from redis import Redis

from pos import live
from pos.events import LeaseChanged, MenuChanged, OrderChanged, PartyChanged, StationChanged, TillChanged
from pos.ids import ORDER, new_id


def _listen(*groups):
    """Join the groups in an event loop of our own; returns a function that reads what came."""
    loop = asyncio.new_event_loop()
    layer = get_channel_layer()

    async def join():
        names = {}
        for group in groups:
            names[group] = await layer.new_channel()
            await layer.group_add(group, names[group])
        return names

    names = loop.run_until_complete(join())

    def read(group, seconds=1.0):
        async def one():
            return await asyncio.wait_for(layer.receive(names[group]), seconds)

        try:
            return loop.run_until_complete(one())
        except TimeoutError:
            return None

    return read


def test_each_group_hears_once_what_changed():
    # given
    order = new_id(ORDER)
    read = _listen("venue.1.floor", f"venue.1.order.{order}", "venue.1.station.5", "venue.1.menu")
    # when
    live.push(
        [
            LeaseChanged(venue_id=1, order_id=order),
            MenuChanged(venue_id=1),
            OrderChanged(venue_id=1, order_id=order),
            PartyChanged(venue_id=1, party_id="party_x"),
            StationChanged(venue_id=1, station_id=5),
        ]
    )
    # then
    assert read("venue.1.floor") == {"type": "changed", "what": [f"order:{order}", "party:party_x"]}
    assert read("venue.1.floor", 0.1) is None
    assert read(f"venue.1.order.{order}") == {"type": "changed", "what": [f"order:{order}"]}
    assert read("venue.1.station.5") == {"type": "changed", "what": ["station:5"]}
    assert read("venue.1.menu") == {"type": "changed", "what": ["menu"]}


def test_another_venue_hears_nothing():
    # given
    read = _listen("venue.2.floor")
    # when
    live.push([PartyChanged(venue_id=1, party_id="party_x")])
    # then
    assert live.flush()
    assert read("venue.2.floor", 0.1) is None


def test_what_no_screen_shows_wakes_nobody():
    # when
    live.push([TillChanged(venue_id=1, till_id=1)])
    # then
    assert live.flush(0.01)


def test_a_frozen_redis_costs_the_caller_nothing_and_is_forgotten_when_it_comes_back():
    # given
    pid = Redis.from_url(settings.REDIS).info()["process_id"]
    read = _listen("venue.3.floor")
    os.kill(pid, signal.SIGSTOP)
    try:
        # when
        began = time.monotonic()
        for number in range(live.QUEUE_SIZE * 2):
            live.push([PartyChanged(venue_id=3, party_id=f"party_{number}")])
        took = time.monotonic() - began
        # then
        assert took < 1
        assert not live.flush(0.2)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert live.flush(live.SEND_TIMEOUT * 3)
    while read("venue.3.floor", 0.2) is not None:
        pass
    live.push([PartyChanged(venue_id=3, party_id="party_after")])
    assert read("venue.3.floor") == {"type": "changed", "what": ["party:party_after"]}


def test_a_redis_that_refuses_is_logged_once_and_raises_nowhere(settings, monkeypatch, caplog):
    # given
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": ["unix:///nowhere/redis.sock"]},
        }
    }
    monkeypatch.setattr(live, "_current", None)
    # when
    for _ in range(3):
        live.push([MenuChanged(venue_id=1)])
        assert live.flush()
    # then
    complaints = [record.getMessage() for record in caplog.records if record.name == "pos.live"]
    assert len(complaints) == 1
    assert complaints[0].startswith("screens were not told of 1 changes: ")


def test_a_forked_process_pushes_with_a_thread_of_its_own():
    # given
    read = _listen("venue.4.floor")
    live.push([MenuChanged(venue_id=4)])
    assert live.flush()
    # when
    child = os.fork()
    if child == 0:
        live.push([PartyChanged(venue_id=4, party_id="party_child")])
        os._exit(0 if live.flush() else 1)
    # then
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read("venue.4.floor") == {"type": "changed", "what": ["party:party_child"]}


@pytest.mark.parametrize("group", ["venue.1.floor", "venue.1.order.order_01m7y7wnkme2t89yyh10sradwb"])
def test_group_names_are_ones_that_channels_takes(group):
    assert async_to_sync(get_channel_layer().group_add)(group, "specific.abc!def") is None
