"""From a tap on a till to Dojo's own list of what it was told, on the real road; and through its bad days."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from bookings.services.reservations import Contact, ReservationDetails, book, cancel_booking
from dojo_integration.models import DojoSending, OutboundEvent, SendingState
from dojo_integration.services.outbox import REST_WITHOUT_KEY
from dojo_integration.tasks import send_events
from orders.services.seating import clear_table, seat_party
from tests.bills import a_bill, settled
from tests.factories import WorkingVenue, a_venue
from tests.sandbox import EventReceived, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(sandbox: Sandbox, settings: Settings) -> WorkingVenue:
    """A venue with an account at that Dojo."""
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    return a_venue()


def test_what_happens_in_the_house_is_heard_at_dojo(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given
    order = a_bill(shop)
    party = seat_party(actor=shop.by_waiter, table_ids=[shop.tables["t5"].pk])
    begins = timezone.now() + timedelta(hours=2)
    details = ReservationDetails(name="Kim", covers=4, start_time=begins, end_time=begins + timedelta(hours=2))
    booking = book(actor=shop.by_waiter, details=details, contact=Contact())
    # when
    assert send_events(shop.venue.pk) == 4
    # then
    heard = sandbox.received_events()
    assert {(event.event_type, event.entity_id) for event in heard} == {
        ("OrderUpdated", order.pk),
        ("PartyUpdated", order.party_id),
        ("PartyUpdated", party.pk),
        ("ReservationUpdated", booking.pk),
    }
    # and what is over is told, too
    clear_table(actor=shop.by_waiter, party_id=party.pk)
    cancel_booking(actor=shop.by_waiter, reservation_id=booking.pk)
    assert send_events(shop.venue.pk) == 2
    assert {event.entity_id for event in sandbox.received_events()[4:]} == {party.pk, booking.pk}
    assert send_events(shop.venue.pk) == 0


def test_dojo_is_away_and_comes_back(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given
    order = a_bill(shop)
    sandbox.kill()
    # when
    assert send_events(shop.venue.pk) == 0
    # then
    assert set(OutboundEvent.objects.values_list("attempts", flat=True)) == {1}
    assert OutboundEvent.objects.filter(last_error__startswith="Dojo gave no usable answer").count() == 2
    # and when it is back, the next look finds it
    sandbox.start()
    sandbox.reset()
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        assert send_events(shop.venue.pk) == 2
    assert EventReceived("OrderUpdated", order.pk) in sandbox.received_events()


def test_a_key_that_dojo_does_not_know(shop: WorkingVenue, sandbox: Sandbox, settings: Settings) -> None:
    a_bill(shop)
    settings.DOJO_API_KEY = "sk_sandbox_somebody-elses"
    assert send_events(shop.venue.pk) == 0
    assert DojoSending.objects.get().state == SendingState.REFUSED
    assert OutboundEvent.objects.filter(attempts=0, parked_at=None, claimed_until=None).count() == 2
    settings.DOJO_API_KEY = sandbox.api_key
    with time_machine.travel(timezone.now() + REST_WITHOUT_KEY + timedelta(seconds=1)):
        assert send_events(shop.venue.pk) == 2
    assert DojoSending.objects.get().state == SendingState.RUNNING


def test_dojo_asks_to_be_left_alone_for_a_while(shop: WorkingVenue, sandbox: Sandbox) -> None:
    order = a_bill(shop)
    sandbox.fault("POST /epos/events", "status", status=429, retryAfter=120)
    assert send_events(shop.venue.pk) == 0
    state = DojoSending.objects.get()
    assert state.state == SendingState.BUSY
    assert state.rests_until is not None
    assert timedelta(seconds=100) < state.rests_until - timezone.now() < timedelta(seconds=121)
    sandbox.reset()
    with time_machine.travel(timezone.now() + timedelta(seconds=122)):
        assert send_events(shop.venue.pk) == 2
    settled(order)
    assert send_events(shop.venue.pk) == 1
