"""The service decorator: one transaction, retries that are worth it, and nothing told before the commit."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from pos import events
from pos.errors import Busy
from pos.models import Venue
from pos.service import StartAgain, accompanied_by, retry_on_race, service
from tests.factories import VenueFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch):
    """What the subscribers heard, and whether a transaction was open then."""
    heard = {"before": [], "after": []}

    def before(published):
        heard["before"].append((list(published), connection.in_atomic_block))

    def after(published):
        heard["after"].append((list(published), connection.in_atomic_block))

    monkeypatch.setattr(events, "tell_before_commit", before)
    monkeypatch.setattr(events, "tell_after_commit", after)
    return heard


def test_events_are_told_once_each_around_the_commit(told):
    # given
    @service
    def act():
        for _ in range(3):
            events.publish(events.OrderChanged(venue_id=1, order_id="b"))
        events.publish(events.OrderChanged(venue_id=1, order_id="a"))

    # when
    act()

    # then
    both = [events.OrderChanged(venue_id=1, order_id=order_id) for order_id in ("a", "b")]
    assert told == {"before": [(both, True)], "after": [(both, False)]}


def test_nothing_is_told_of_what_was_rolled_back(told):
    # given
    @service
    def act():
        events.publish(events.OrderChanged(venue_id=1, order_id="a"))
        raise ValueError("no")

    # when / then
    with pytest.raises(ValueError, match="no"):
        act()
    assert told == {"before": [], "after": []}


def test_publishing_outside_a_service_is_a_mistake():
    with pytest.raises(RuntimeError):
        events.publish(events.OrderChanged(venue_id=1, order_id="a"))


def test_a_service_inside_a_service_is_a_mistake():
    # given
    @service
    def inner():
        return 1

    @service
    def outer():
        return inner()

    # when / then
    with pytest.raises(RuntimeError, match="inside another"):
        outer()


def test_a_service_inside_a_transaction_is_a_mistake():
    # given
    @service
    def act():
        return 1

    # when / then
    with pytest.raises(RuntimeError), transaction.atomic():
        act()


def test_a_lost_race_on_a_named_constraint_runs_again():
    # given
    retry_on_race("pos_venue_slug_key")
    VenueFactory(slug="taken", bare=True)
    slugs = iter(["taken", "free"])

    @service
    def act():
        return VenueFactory(slug=next(slugs), bare=True).slug

    # when / then
    assert act() == "free"


def test_any_other_broken_constraint_is_an_error():
    # given
    calls = []

    @service
    def act():
        calls.append(1)
        VenueFactory(service_rate=20_000, bare=True)

    # when / then
    with pytest.raises(IntegrityError):
        act()
    assert len(calls) == 1
    assert not Venue.objects.exists()


def test_starting_again_has_an_end():
    # given
    @service
    def act():
        raise StartAgain

    # when / then
    with pytest.raises(Busy):
        act()


def test_a_row_that_is_held_too_long_is_busy(monkeypatch):
    # given
    monkeypatch.setattr("pos.service.LOCK_TIMEOUT_MS", 100)
    venue = VenueFactory(bare=True)
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Venue.objects.filter(pk=venue.pk).update(name="held")
            held.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)

    @service
    def act():
        Venue.objects.filter(pk=venue.pk).update(name="mine")

    # when / then
    try:
        with pytest.raises(Busy):
            act()
    finally:
        done.set()
        holder.join()
    assert Venue.objects.get().name == "held"


class Diary:
    """A companion that writes down what it saw."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.seen: list[object] = []
        self.refuses = refuses

    def begin(self) -> None:
        self.seen.append(("begin", connection.in_atomic_block))
        if self.refuses is not None:
            raise self.refuses

    def finish(self, result: object) -> None:
        self.seen.append((result, connection.in_atomic_block))


def test_a_companion_comes_first_and_last_in_the_transaction(told):
    # given
    diary = Diary()

    @service
    def act():
        diary.seen.append("act")
        events.publish(events.OrderChanged(venue_id=1, order_id="a"))
        return "done"

    # when
    with accompanied_by(diary):
        assert act() == "done"

    # then
    assert diary.seen == [("begin", True), "act", ("done", True)]
    assert (len(told["before"]), len(told["after"])) == (1, 1)


def test_a_companion_goes_along_with_each_attempt_and_with_one_service_only():
    # given
    diary = Diary()
    turns = iter([StartAgain, None])

    @service
    def act():
        if turn := next(turns, None):
            raise turn
        return "done"

    # when
    with accompanied_by(diary):
        act()
        act()
    act()

    # then
    assert diary.seen == [("begin", True), ("begin", True), ("done", True)]


def test_what_a_companion_raises_leaves_the_service_undone():
    # given
    calls = []

    @service
    def act():
        calls.append(1)

    # when / then
    with accompanied_by(Diary(ValueError("not again"))), pytest.raises(ValueError, match="not again"):
        act()
    assert calls == []


def test_what_a_companion_wrote_is_gone_with_the_service():
    # given
    class Writer(Diary):
        def begin(self) -> None:
            VenueFactory(slug="written", bare=True)

    @service
    def act():
        raise ValueError("no")

    # when / then
    with accompanied_by(Writer()), pytest.raises(ValueError, match="no"):
        act()
    assert not Venue.objects.exists()
