"""What Dojo has to hear, as a manager sees it: what was refused is named and sent again, and a new key is tried."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from dojo_integration.dojo_api.errors import Refused, Unauthorized
from dojo_integration.models import DojoConnection, DojoSending, OutboundEvent
from dojo_integration.sending import send_due
from tests.back_office.browsing import text_of
from tests.back_office.conftest import SignedIn
from tests.back_office.test_admin_acts import act, said
from tests.back_office.test_admin_dojo import KEY, OTHER, connect
from tests.dojo_errors import failing
from tests.factories import DojoSendingFactory, OutboundEventFactory, WorkingVenue
from tests.listening import Listener, always

pytestmark = pytest.mark.django_db

PAGE = "dojo_integration/outboundevent"


def refused(shop: WorkingVenue) -> OutboundEvent:
    row = OutboundEventFactory(venue=shop.venue)
    send_due(shop.venue, connect=Listener(always(failing(Refused, status=422))))
    row.refresh_from_db()
    assert row.parked_at is not None
    return row


def test_what_dojo_refused_is_named_and_sent_again(uk: WorkingVenue, manager: Client) -> None:
    # given
    row, other = refused(uk), OutboundEventFactory(venue=uk.venue)
    page = text_of(manager.get(f"/admin/{PAGE}/{row.pk}/change/"))
    assert "Dojo refused it for good" in page
    assert "Dojo refused POST /epos/events (status 422)." in page
    assert "Send again" in page
    assert "Send again" not in text_of(manager.get(f"/admin/{PAGE}/{other.pk}/change/"))
    # when
    answer = act(manager, PAGE, "retry", row)
    # then
    assert f"Order {row.entity_id}: on its way." in said(manager, answer)
    row.refresh_from_db()
    assert (row.parked_at, row.attempts) == (None, 0)


def test_the_first_page_counts_what_dojo_was_not_told(uk: WorkingVenue, manager: Client) -> None:
    words = "changes Dojo was not told of"
    OutboundEventFactory(venue=uk.venue)
    assert words not in text_of(manager.get("/admin/"))
    refused(uk)
    assert words in text_of(manager.get("/admin/"))


def test_the_connection_says_loudly_that_nothing_gets_through(uk: WorkingVenue, manager: Client) -> None:
    # given
    connect(manager, new_api_key=KEY)
    row = DojoConnection.objects.get()
    page = f"/admin/dojo_integration/dojoconnection/{row.pk}/change/"
    assert "Dojo hears of every change." in text_of(manager.get(page))
    OutboundEventFactory(venue=uk.venue)
    # when
    with time_machine.travel("2031-07-04T19:30:00+00:00", tick=False):
        send_due(uk.venue, connect=Listener(always(failing(Unauthorized, status=401))))
    # then
    told = text_of(manager.get(page))
    assert "Dojo refuses the API key, since 04 July, 20:30." in told
    assert "Dojo does not accept this venue's key for POST /epos/events (status 401)." in told


def test_another_venues_events_are_not_there(uk: WorkingVenue, irish: WorkingVenue, manager: Client) -> None:
    theirs = refused(irish)
    assert theirs.entity_id not in text_of(manager.get(f"/admin/{PAGE}/"))
    act(manager, PAGE, "retry", theirs)
    theirs.refresh_from_db()
    assert theirs.parked_at is not None


def test_a_supervisor_sees_no_such_page(uk: WorkingVenue, signed_in: SignedIn) -> None:
    uk.supervisor.staff.is_staff = True
    uk.supervisor.staff.save()
    answer = signed_in(uk.supervisor).get(f"/admin/{PAGE}/")
    assert answer.status_code in (302, 403)


def test_a_new_key_is_tried_at_once(uk: WorkingVenue, manager: Client) -> None:
    # given a key that Dojo refuses
    connect(manager, new_api_key=KEY)
    later = timezone.now() + timedelta(minutes=4)
    DojoSendingFactory(venue=uk.venue, state="refused", rests_until=later)
    # what has nothing to do with the key changes nothing
    connect(manager, reseller_id="reseller1")
    assert DojoSending.objects.get().rests_until == later
    # when
    connect(manager, new_api_key=OTHER)
    # then
    assert DojoSending.objects.get().rests_until is None
    OutboundEventFactory(venue=uk.venue)
    assert send_due(uk.venue, connect=Listener()) == 1
    assert DojoSending.objects.get().state == "running"
