"""Dojo's clock: learned from its answers, kept for the venue, and what Dojo's leases end by."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import redis
import responses
from django.core.cache import cache
from django.utils import timezone

from dojo_integration import dojo_clock
from dojo_integration.capabilities import find
from dojo_integration.dojo_api.client import api_of
from orders.models import OrderLock
from pos.models import Venue
from pos.permissions import Actor
from tests.bills import a_bill
from tests.dojo_integration.dojo_api import an_intent
from tests.factories import VenueFactory, a_venue

pytestmark = pytest.mark.django_db

NOW = datetime(2031, 7, 4, 19, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_read_yet() -> Iterator[None]:
    dojo_clock._read.clear()
    yield
    dojo_clock._read.clear()


@pytest.fixture
def venue() -> Venue:
    return VenueFactory(bare=True)


def another_process() -> None:
    """Remembers nothing of what this one has read."""
    dojo_clock._read.clear()


def test_where_nothing_was_heard_the_clocks_agree(venue: Venue) -> None:
    assert dojo_clock.offset(venue) == timedelta(0)
    assert dojo_clock.on_our_clock(venue, NOW) == NOW


@pytest.mark.parametrize("seconds", [40, -40])
def test_what_an_answer_says_is_kept_for_every_process(venue: Venue, seconds: int) -> None:
    dojo_clock.note(venue, NOW + timedelta(seconds=seconds), NOW)
    for _ in range(2):
        # Half of the second that the header leaves out has passed, on the average.
        assert dojo_clock.offset(venue) == timedelta(seconds=seconds + 0.5)
        assert dojo_clock.on_our_clock(venue, NOW) == NOW - timedelta(seconds=seconds + 0.5)
        another_process()
    assert dojo_clock.offset(VenueFactory(bare=True)) == timedelta(0)


@pytest.mark.parametrize("seconds", [0, 1, -1, -2, 3 * 3600, -3 * 3600])
def test_less_than_the_header_can_say_and_more_than_any_clock_is_off_is_nothing(venue: Venue, seconds: int) -> None:
    dojo_clock.note(venue, NOW + timedelta(seconds=seconds), NOW)
    assert dojo_clock.offset(venue) == timedelta(0)
    another_process()
    assert dojo_clock.offset(venue) == timedelta(0)


def test_the_cache_is_asked_once_in_a_while(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(cache, "get", lambda key: asked.append(key))
    for _ in range(50):
        dojo_clock.offset(venue)
    assert len(asked) == 1
    monkeypatch.setattr(dojo_clock, "TRUSTED", -1.0)
    dojo_clock.offset(venue)
    assert len(asked) == 2


def test_what_is_known_already_is_not_written_again(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []
    monkeypatch.setattr(cache, "set", lambda key, value, timeout: written.append(value))
    for seconds in (40, 40, 41, 39, 50, 50):
        dojo_clock.note(venue, NOW + timedelta(seconds=seconds), NOW)
    assert written == [40.5, 50.5]


def test_a_cache_that_is_gone_is_no_error(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(cache, "get", gone)
    monkeypatch.setattr(cache, "set", gone)
    dojo_clock.note(venue, NOW + timedelta(seconds=40), NOW)
    another_process()
    assert dojo_clock.offset(venue) == timedelta(0)


def test_every_answer_of_dojos_api_is_heard(venue: Venue, settings: Any) -> None:
    # given
    settings.DOJO_API_KEY, settings.DOJO_API_URL = "sk_sandbox_abc", "https://dojo.example"
    theirs = datetime.now(UTC) + timedelta(minutes=3)
    with responses.RequestsMock() as dojo:
        dojo.add(
            "GET",
            "https://dojo.example/payment-intents/pi_1",
            json=an_intent(),
            headers={"Date": format_datetime(theirs, usegmt=True)},
        )
        api = api_of(venue)
        assert api is not None
        # when
        with api:
            api.payment_intent("pi_1")
    # then
    assert abs(dojo_clock.offset(venue) - timedelta(minutes=3)) < timedelta(seconds=5)


@pytest.mark.parametrize("minutes", [3, -3])
def test_a_lease_ends_when_it_does_on_dojos_clock(minutes: int) -> None:
    # given
    shop = a_venue()
    order = a_bill(shop)
    dojo_clock.note(shop.venue, timezone.now() + timedelta(minutes=minutes), timezone.now())
    apart = dojo_clock.offset(shop.venue)
    actor = Actor.system(shop.venue)
    until = timezone.now() + timedelta(minutes=10)

    # when
    find("CreateOrderLock").run(actor=actor, order_id=order.pk, lock_id="lock-1", expiry=until)
    # then
    assert OrderLock.objects.get().expiry == until - apart

    # when
    find("ExtendOrderLock").run(actor=actor, order_id=order.pk, lock_id="lock-1", expiry=until + timedelta(minutes=1))
    # then
    assert OrderLock.objects.get().expiry == until + timedelta(minutes=1) - apart


def test_an_expiry_at_the_end_of_time_stays_there(venue: Venue) -> None:
    dojo_clock.note(venue, NOW - timedelta(minutes=1), NOW)
    end = datetime.max.replace(tzinfo=UTC)
    assert dojo_clock.on_our_clock(venue, end) == end
