"""What becomes of an event: Dojo is asked, the books follow, and whatever fails in between is made up for."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dojo_integration import backoff, inbox
from dojo_integration.dojo_api.errors import DojoError, Refused, Unauthorized, Unavailable, Unreachable
from dojo_integration.dojo_api.transport import DEADLINE
from dojo_integration.inbox import BATCH, handle_events, look_at_intents, reconcile
from dojo_integration.inbox_state import parked_events, read_inbox
from dojo_integration.models import DojoEvent
from dojo_integration.services.inbox import (
    CLAIM,
    claim_events,
    mark_handled,
    retry_event,
    venues_with_events_due,
)
from dojo_integration.tasks import forget_old_events
from orders.models import ExceptionKind, Order, OrderException, Payment, PaymentIntent
from orders.services import looking
from orders.services.looking import venues_with_looks_due
from orders.services.payments import record_order_payment_by_id
from pos.errors import Conflict, NotFound, NotPermitted
from pos.models import AuditEntry
from tests.bills import a_bill
from tests.factories import DojoEventFactory, WorkingVenue
from tests.ledger import Ledger, an_intent, not_found

pytestmark = pytest.mark.django_db


@pytest.fixture
def dojo() -> Ledger:
    return Ledger()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that moves only when it is told to."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def tell(shop: WorkingVenue, intent_id: str = "pi-1", **fields: Any) -> DojoEvent:
    return DojoEventFactory(venue=shop.venue, payment_intent_id=intent_id, **fields)


def handle(shop: WorkingVenue, dojo: Ledger) -> int:
    return handle_events(shop.venue, dojo, until=time.monotonic() + 60)


def look(shop: WorkingVenue, dojo: Ledger) -> int:
    return look_at_intents(shop.venue, dojo, until=time.monotonic() + 60)


def rows(order: Order) -> list[tuple[str, int, int]]:
    return list(Payment.objects.filter(order=order).values_list("entry", "amount", "tips"))


def unreachable() -> DojoError:
    return Unreachable("GET", "/payment-intents")


# --- the way it goes -------------------------------------------------------------------------------------------------


def test_an_event_is_looked_up_and_the_payment_recorded(uk: WorkingVenue, dojo: Ledger) -> None:
    # given
    order = a_bill(uk, total=5000)
    event = tell(uk, payment_status="Created")
    dojo.has(an_intent(order=order.pk, amount=2000, tipsAmount=300, waiter_id="7"))
    # when
    assert handle(uk, dojo) == 1
    # then: what Dojo says when it is asked counts, not what the event said
    assert rows(order) == [("payment", 2000, 300)]
    payment = Payment.objects.get()
    assert (payment.intent.recorded_by, payment.waiter_id) == ("event", "7")
    event.refresh_from_db()
    assert (event.outcome, event.handled_at is None, event.claimed_until) == ("recorded", False, None)
    assert handle(uk, dojo) == 0
    assert dojo.asked == ["pi-1"]


def test_several_events_of_one_payment_are_one_question(uk: WorkingVenue, dojo: Ledger) -> None:
    # given
    order = a_bill(uk, total=5000)
    for number in range(BATCH):
        tell(uk, f"pi-{number % 2}")
    for number in range(2):
        dojo.has(an_intent(f"pi-{number}", order=order.pk, amount=1000))
    # when / then
    assert handle(uk, dojo) == BATCH
    assert sorted(dojo.asked) == ["pi-0", "pi-1"]
    assert len(rows(order)) == 2


def test_more_than_a_batch_is_worked_off_and_no_more_than_the_time_allows(uk: WorkingVenue, dojo: Ledger) -> None:
    # given
    for number in range(3 * BATCH):
        tell(uk, f"pi-{number}")
        dojo.has(an_intent(f"pi-{number}"))
    # when / then
    assert handle_events(uk.venue, dojo, until=time.monotonic()) == 0
    assert dojo.asked == []
    assert handle(uk, dojo) == 3 * BATCH


def test_each_venue_is_its_own(uk: WorkingVenue, irish: WorkingVenue, dojo: Ledger) -> None:
    # given: the same intent in two accounts
    order = a_bill(uk, total=5000)
    tell(uk)
    theirs = tell(irish)
    dojo.has(an_intent(order=order.pk))
    assert set(venues_with_events_due()) == {uk.venue, irish.venue}
    # when
    handle(uk, dojo)
    # then
    theirs.refresh_from_db()
    assert theirs.handled_at is None
    assert list(venues_with_events_due()) == [irish.venue]
    # and an order of ours is no order of theirs
    handle(irish, dojo)
    assert [row.order for row in PaymentIntent.objects.filter(venue=irish.venue)] == [None]
    assert len(rows(order)) == 1


@pytest.mark.parametrize("status", ["Reversed", "Canceled"])
def test_money_that_did_not_stay_is_taken_back(uk: WorkingVenue, dojo: Ledger, status: str) -> None:
    # given
    order = a_bill(uk, total=2000)
    dojo.has(an_intent(order=order.pk))
    tell(uk)
    handle(uk, dojo)
    # when
    dojo.change("pi-1", status=status)
    tell(uk)
    handle(uk, dojo)
    # then: also what Dojo hides unless it is asked for
    assert rows(order) == [("payment", 2000, 0), ("reversal", -2000, 0)]
    assert DojoEvent.objects.filter(outcome="reversed").count() == 1


# --- claims ----------------------------------------------------------------------------------------------------------


def test_what_is_claimed_is_nobody_elses_until_that_lapses(uk: WorkingVenue, clock: time_machine.Traveller) -> None:
    # given
    first, second = tell(uk, "pi-1"), tell(uk, "pi-2")
    # when / then
    claim = {"actor": uk.by_system, "most": 1}
    assert [claim_events(**claim), claim_events(**claim), claim_events(**claim)] == [[first], [second], []]
    clock.shift(CLAIM - timedelta(seconds=1))
    assert claim_events(**claim) == []
    clock.shift(timedelta(seconds=1))
    assert claim_events(**claim) == [first]


def test_a_claim_outlasts_its_worker_and_a_dead_one_holds_nothing_up_for_a_minute() -> None:
    for claim in (CLAIM, looking.CLAIM):
        assert BATCH * timedelta(seconds=DEADLINE) < claim
        # With the sweep that comes every ten seconds.
        assert claim + timedelta(seconds=10) < timedelta(minutes=1)


def test_a_worker_that_dies_before_the_books_follow_loses_nothing(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given: killed as it asks Dojo, and as it writes
    order = a_bill(uk, total=5000)
    tell(uk)
    dojo.has(an_intent(order=order.pk))
    dojo.sick = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        handle(uk, dojo)
    dojo.sick = None
    assert (rows(order), handle(uk, dojo)) == ([], 0)
    # when
    clock.shift(CLAIM)
    # then
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]


def test_a_worker_that_dies_before_the_event_is_marked_records_nothing_twice(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=5000)
    event = tell(uk)
    dojo.has(an_intent(order=order.pk))
    assert claim_events(actor=uk.by_system, most=1) == [event]
    assert reconcile(uk.venue, dojo, "pi-1") == "recorded"
    # when
    clock.shift(CLAIM)
    assert handle(uk, dojo) == 1
    # then
    event.refresh_from_db()
    assert (rows(order), event.outcome) == ([("payment", 2000, 0)], "nothing")
    # and the first, should it still be alive after all, marks nothing anew
    assert mark_handled(actor=uk.by_system, event_ids=[event.pk], outcome="recorded") == 0


# --- Dojo fails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        unreachable(),
        Unavailable("GET", "/payment-intents", 503),
        Unauthorized("GET", "/payment-intents", 401),
    ],
    ids=lambda error: type(error).__name__,
)
def test_where_dojo_does_not_answer_it_is_asked_once_for_all(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller, error: DojoError
) -> None:
    # given
    order = a_bill(uk, total=5000)
    for number in range(4):
        tell(uk, f"pi-{number}")
        dojo.has(an_intent(f"pi-{number}", order=order.pk, amount=1000))
    dojo.sick = error
    # when / then: nothing is lost, and Dojo is left alone
    assert (handle(uk, dojo), handle(uk, dojo)) == (0, 0)
    assert dojo.asked == ["pi-0"]
    assert set(DojoEvent.objects.values_list("attempts", "last_error", "claimed_until")) == {(1, str(error), None)}
    assert all(
        backoff.FIRST_WAIT / 2 <= event.next_attempt_at - timezone.now() <= backoff.FIRST_WAIT
        for event in DojoEvent.objects.all()
    )
    # when it is well again
    dojo.sick = None
    clock.shift(backoff.FIRST_WAIT)
    # then
    assert handle(uk, dojo) == 4
    assert len(rows(order)) == 4
    assert set(DojoEvent.objects.values_list("attempts", "last_error", "failing_since")) == {(0, "", None)}


def test_dojo_down_for_a_day_costs_no_payment(uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller) -> None:
    # given
    order = a_bill(uk, total=5000)
    tell(uk)
    dojo.has(an_intent(order=order.pk))
    dojo.sick = unreachable()
    # when: beat comes every ten seconds, of which each tenth is enough here
    for _ in range(23 * 36):
        assert handle(uk, dojo) == 0
        clock.shift(timedelta(seconds=100))
    asked = len(dojo.asked)
    dojo.sick = None
    clock.shift(backoff.LONGEST_WAIT)
    # then: it was asked often enough, and not more
    assert 46 <= asked <= 110
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]


def test_after_a_day_in_vain_an_event_is_parked_and_a_manager_has_it_tried_again(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=5000)
    event = tell(uk)
    dojo.has(an_intent(order=order.pk))
    dojo.sick = unreachable()
    for _ in range(25):
        handle(uk, dojo)
        clock.shift(timedelta(hours=1))
    asked = len(dojo.asked)
    assert asked == 25
    # then: given up, where a manager sees it
    assert (list(parked_events(uk.venue)), handle(uk, dojo), len(dojo.asked)) == ([event], 0, asked)
    state = read_inbox(uk.venue)
    assert (state.unhandled, state.oldest_at, state.parked) == (0, None, 1)
    # when it is tried again, in vain and then not
    retry_event(actor=uk.by_manager, event_id=event.pk)
    assert (handle(uk, dojo), read_inbox(uk.venue).failing) == (0, 1)
    assert not parked_events(uk.venue)
    dojo.sick = None
    clock.shift(backoff.FIRST_WAIT)
    # then
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.subject, entry.membership) == ("retry_dojo_event", event.event_id, uk.manager)


@pytest.mark.parametrize(("asked_for", "waited"), [(60.0, 60), (600.0, 600), (6 * 3600.0, 3600), (0.0, 0)])
def test_dojo_says_how_long_it_wants_to_be_left_alone(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller, asked_for: float, waited: int
) -> None:
    # given
    event = tell(uk)
    dojo.sick = busy(asked_for)
    # when
    handle(uk, dojo)
    # then: never for hours on end, because money is open
    event.refresh_from_db()
    least = max(timedelta(seconds=waited), backoff.FIRST_WAIT / 2)
    assert least <= event.next_attempt_at - timezone.now() <= max(least, backoff.FIRST_WAIT)


def busy(seconds: float) -> Unavailable:
    return Unavailable("GET", "/payment-intents", 429, retry_after=seconds)


def test_a_payment_that_dojo_does_not_know_keeps_nobody_waiting(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=5000)
    unknown = tell(uk, "pi-unknown")
    tell(uk, "pi-1")
    dojo.has(an_intent(order=order.pk))
    # when / then
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]
    # when it is still unknown after an hour
    clock.shift(timedelta(minutes=59))
    handle(uk, dojo)
    assert not parked_events(uk.venue)
    clock.shift(timedelta(hours=1))
    handle(uk, dojo)
    # then
    assert list(parked_events(uk.venue)) == [unknown]
    assert parked_events(uk.venue)[0].last_error == str(not_found())


def test_a_payment_that_dojo_knows_a_moment_later_is_recorded(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=5000)
    tell(uk)
    handle(uk, dojo)
    # when
    dojo.has(an_intent(order=order.pk))
    clock.shift(backoff.FIRST_WAIT)
    # then
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]


def test_what_dojo_refuses_for_good_is_parked_at_once(uk: WorkingVenue, dojo: Ledger) -> None:
    # given
    event = tell(uk)
    dojo.sick = Refused("GET", "/payment-intents", 400)
    # when
    handle(uk, dojo)
    # then
    assert list(parked_events(uk.venue)) == [event]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "Declined"},
        {"amount": None, "total_amount": None},
        {"id": "pi-another"},
    ],
)
def test_an_answer_that_nobody_can_use_moves_no_money_and_is_asked_for_again(
    uk: WorkingVenue, dojo: Ledger, answer: dict[str, Any]
) -> None:
    # given
    order = a_bill(uk, total=5000)
    event = tell(uk)
    dojo.has(an_intent(order=order.pk))
    dojo.change("pi-1", **answer)
    # when
    assert handle(uk, dojo) == 0
    # then
    event.refresh_from_db()
    assert (rows(order), event.attempts, event.parked_at) == ([], 1, None)
    assert event.last_error.startswith("Dojo ")


def test_trouble_of_our_own_with_one_payment_is_not_the_others(
    uk: WorkingVenue, dojo: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    order = a_bill(uk, total=5000)
    for number in range(3):
        tell(uk, f"pi-{number}")
        dojo.has(an_intent(f"pi-{number}", order=order.pk, amount=1000))
    facts_of = inbox.facts_of
    monkeypatch.setattr(inbox, "facts_of", lambda found: facts_of(found) if found.id != "pi-1" else 1 // 0)
    # when
    assert handle(uk, dojo) == 2
    # then: nothing of our insides is kept where people read it
    (left,) = DojoEvent.objects.filter(handled_at__isnull=True)
    assert (left.payment_intent_id, left.attempts) == ("pi-1", 1)
    assert left.last_error == "Something went wrong here; it is in the log."
    assert len(rows(order)) == 2


def test_what_cannot_be_booked_at_the_moment_is_booked_later(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given: the day is being closed
    order = a_bill(uk, total=5000)
    event = tell(uk)
    dojo.has(an_intent(order=order.pk))
    uk.period.closed_at = timezone.now()
    uk.period.save()
    assert handle(uk, dojo) == 0
    event.refresh_from_db()
    assert event.last_error == "The day is being closed. Try again in a moment."
    # when
    uk.period.closed_at = None
    uk.period.save()
    clock.shift(backoff.FIRST_WAIT)
    # then
    assert handle(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]


# --- trying again ----------------------------------------------------------------------------------------------------


def test_trying_again_what_is_done_changes_nothing(uk: WorkingVenue, dojo: Ledger) -> None:
    # given
    event = tell(uk)
    dojo.has(an_intent())
    handle(uk, dojo)
    event.refresh_from_db()
    before = event.handled_at
    # when
    retry_event(actor=uk.by_manager, event_id=event.pk)
    # then
    event.refresh_from_db()
    assert (event.handled_at, handle(uk, dojo), AuditEntry.objects.count()) == (before, 0, 0)


@pytest.mark.parametrize("who", ["by_waiter", "by_supervisor"])
def test_only_a_manager_may_have_it_tried_again(uk: WorkingVenue, who: str) -> None:
    event = tell(uk, parked_at=timezone.now())
    with pytest.raises(NotPermitted):
        retry_event(actor=getattr(uk, who), event_id=event.pk)
    assert list(parked_events(uk.venue)) == [event]


def test_another_venues_event_does_not_exist(uk: WorkingVenue, irish: WorkingVenue) -> None:
    event = tell(irish, parked_at=timezone.now())
    with pytest.raises(NotFound):
        retry_event(actor=uk.by_manager, event_id=event.pk)
    assert (list(parked_events(irish.venue)), list(parked_events(uk.venue))) == ([event], [])


# --- events that never come ------------------------------------------------------------------------------------------


def pay(shop: WorkingVenue, order: Order, amount: int, intent_id: str = "pi-1") -> Order:
    return record_order_payment_by_id(
        actor=shop.by_dojo, order_id=order.pk, payment_intent_id=intent_id, paid_amount=amount, currency="GBP"
    )


def test_a_lost_event_heals(uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller) -> None:
    # given: recorded while it was only authorized, and reversed without a word
    order = a_bill(uk, total=2000)
    pay(uk, order, 2000)
    dojo.has(an_intent(order=order.pk, status="Authorized"))
    # when / then: it is asked about until it has come to its end
    assert look(uk, dojo) == 0
    for _ in range(5):
        clock.shift(timedelta(minutes=5))
        assert look(uk, dojo) == 1
    dojo.change("pi-1", status="Reversed")
    clock.shift(timedelta(minutes=10))
    assert look(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0), ("reversal", -2000, 0)]
    clock.shift(timedelta(days=1))
    assert look(uk, dojo) == 0


def test_a_payment_of_which_we_only_heard_that_it_was_begun_heals(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given: its creation was told, its capture never was
    order = a_bill(uk, total=2000)
    tell(uk, name="payment_intent.created")
    dojo.has(an_intent(order=order.pk, status="Created"))
    handle(uk, dojo)
    # when
    dojo.change("pi-1", status="Captured")
    clock.shift(timedelta(minutes=2))
    # then
    assert look(uk, dojo) == 1
    assert rows(order) == [("payment", 2000, 0)]


def test_a_refused_payment_is_looked_at_after_two_ten_and_thirty_minutes_and_then_recorded(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given: refused, and Dojo never gave it back
    order = a_bill(uk, total=2000)
    with pytest.raises(Conflict):
        pay(uk, order, 2500)
    dojo.has(an_intent(order=order.pk, amount=2500))
    # when
    looks = []
    for minute in range(1, 61):
        clock.shift(timedelta(minutes=1))
        if look(uk, dojo):
            looks.append(minute)
    # then
    assert looks == [2, 12, 42]
    assert rows(order) == [("payment", 2500, 0)]
    assert [(row.kind, row.amount) for row in OrderException.objects.all()] == [(ExceptionKind.OVERPAID, 500)]


def test_a_refused_payment_that_dojo_gives_back_leaves_no_trace(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=2000)
    with pytest.raises(Conflict):
        pay(uk, order, 2500)
    dojo.has(an_intent(order=order.pk, amount=2500, status="Reversed"))
    # when
    for _ in range(60):
        clock.shift(timedelta(minutes=1))
        look(uk, dojo)
    # then
    assert (rows(order), dojo.asked) == ([], ["pi-1"])
    assert not OrderException.objects.exists()


def test_a_payment_for_an_order_that_never_comes_is_asked_about_for_a_day(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    tell(uk)
    dojo.has(an_intent(dojo_order="dojo-1"))
    handle(uk, dojo)
    assert DojoEvent.objects.get().outcome == "unknown_order"
    # when
    for _ in range(26 * 60):
        clock.shift(timedelta(minutes=1))
        look(uk, dojo)
    # then: often at first, then every half an hour, and once it is a day old a manager is told
    assert 50 <= len(dojo.asked) <= 70
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.ORPHAN_PAYMENT]
    assert PaymentIntent.objects.get().next_look_at is None


def test_dojo_down_while_payments_are_open_is_asked_once_for_all_and_made_up_for(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller
) -> None:
    # given
    order = a_bill(uk, total=5000)
    for number in range(4):
        pay(uk, order, 1000, f"pi-{number}")
        dojo.has(an_intent(f"pi-{number}", order=order.pk, amount=1000, status="Reversed"))
    dojo.sick = unreachable()
    clock.shift(timedelta(minutes=3))
    # when: for two days
    assert look(uk, dojo) == 0
    assert dojo.asked == ["pi-0"]
    for _ in range(2 * 24 * 6):
        assert look(uk, dojo) == 0
        clock.shift(timedelta(minutes=10))
    asked = len(dojo.asked)
    # then: however long it was, what happened meanwhile is found out
    assert asked < 4 * 150
    dojo.sick = None
    clock.shift(backoff.LONGEST_WAIT)
    assert look(uk, dojo) == 4
    assert sum(amount for _, amount, _ in rows(order)) == 0
    assert not PaymentIntent.objects.filter(failed_looks__gt=0).exists()


@pytest.mark.parametrize("error", [not_found(), Refused("GET", "/payment-intents", 400)], ids=["404", "400"])
def test_a_recorded_payment_that_dojo_does_not_speak_of_is_asked_about_for_a_day(
    uk: WorkingVenue, dojo: Ledger, clock: time_machine.Traveller, error: DojoError
) -> None:
    # given
    order = a_bill(uk, total=5000)
    pay(uk, order, 1000)
    pay(uk, order, 1000, "pi-2")
    dojo.has(an_intent("pi-2", order=order.pk, amount=1000))
    if not isinstance(error, type(not_found())):
        dojo.sick = error
    # when: for a day, and as long as the last pause may be
    for _ in range(31 * 2):
        clock.shift(timedelta(minutes=30))
        look(uk, dojo)
    # then: what was recorded stays, and the other one was not kept waiting
    assert PaymentIntent.objects.get(intent_id="pi-1").next_look_at is None
    assert len(rows(order)) == 2
    if dojo.sick is None:
        assert PaymentIntent.objects.get(intent_id="pi-2").status == "Captured"
    assert len(dojo.asked) < 2 * 20


def test_a_sweep_finds_every_venue_and_a_nudge_its_own(uk: WorkingVenue, irish: WorkingVenue) -> None:
    # given
    for shop in (uk, irish):
        tell(shop)
        PaymentIntent.objects.create(venue=shop.venue, intent_id="pi-1", next_look_at=timezone.now())
    # when / then
    for due in (venues_with_events_due, venues_with_looks_due):
        assert set(due()) == {uk.venue, irish.venue}
        assert list(due(irish.venue.pk)) == [irish.venue]
        assert not due(0)


def test_what_is_done_with_is_forgotten_after_a_season_and_what_is_open_never(
    uk: WorkingVenue, clock: time_machine.Traveller
) -> None:
    # given
    now = timezone.now()
    _done, waiting, parked = tell(uk, handled_at=now), tell(uk), tell(uk, parked_at=now)
    clock.shift(timedelta(days=90))
    recent = tell(uk, handled_at=now + timedelta(minutes=1))
    assert forget_old_events() == 0
    # when
    clock.shift(timedelta(seconds=1))
    assert forget_old_events() == 1
    # then
    assert set(DojoEvent.objects.all()) == {waiting, parked, recent}


# --- the figures -----------------------------------------------------------------------------------------------------


def test_the_state_of_the_inbox_counts_what_is_open(uk: WorkingVenue, irish: WorkingVenue) -> None:
    # given
    now = timezone.now()
    oldest = tell(uk, received_at=now - timedelta(hours=1), failing_since=now)
    tell(uk)
    tell(uk, handled_at=now)
    tell(uk, parked_at=now)
    tell(irish, received_at=now - timedelta(hours=2))
    PaymentIntent.objects.create(venue=uk.venue, intent_id="pi-late", next_look_at=now)
    PaymentIntent.objects.create(venue=uk.venue, intent_id="pi-later", next_look_at=now + timedelta(minutes=1))
    # when
    state = read_inbox(uk.venue)
    # then
    assert (state.unhandled, state.failing, state.parked, state.looks_overdue) == (2, 1, 1, 1)
    assert state.oldest_at == oldest.received_at


@pytest.mark.parametrize("attempts", [1, 2, 5, 9, 10, 50, 5_000])
def test_the_pause_grows_to_half_an_hour_and_is_never_the_same_for_all(attempts: int) -> None:
    waits = {backoff.wait_after(attempts) for _ in range(50)}
    longest = min(backoff.FIRST_WAIT * 2 ** min(attempts - 1, 20), backoff.LONGEST_WAIT)
    assert len(waits) > 40
    assert longest / 2 <= min(waits) <= max(waits) <= longest
