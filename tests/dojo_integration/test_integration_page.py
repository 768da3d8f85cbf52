"""The Integration page as requests: who sees it, what stands on it, what a manager can do there."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from dojo_integration import call_log, dojo_clock, urls_staff
from dojo_integration.call_list import last_calls
from dojo_integration.models import DojoSocket, OutboundEvent, ParkedFor, SendingState, SocketCommand, SocketState
from dojo_integration.registration import IMPLEMENTED
from dojo_integration.services.sockets import SILENT_AFTER
from pos.models import AuditEntry
from tests.factories import (
    DojoEventFactory,
    DojoSendingFactory,
    DojoSocketFactory,
    OrderExceptionFactory,
    OrderFactory,
    OutboundEventFactory,
    WorkingVenue,
    a_venue,
)
from tests.orders.test_screens import at_a_till
from tests.sandbox import Sandbox

PAGE = "/old-mill/integration"
HTMX = {"HX-Request": "true"}
TOKEN = "5f1c"


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    house = a_venue("GB", slug="old-mill")
    # A rolled back venue's number may have been used before.
    call_log.redis_at(settings.REDIS).delete(call_log.key_of(house.venue.pk))
    cache.delete(f"dojo_clock:{house.venue.pk}")
    return house


@pytest.fixture
def manager(uk: WorkingVenue) -> Client:
    return at_a_till(uk, uk.manager)


def shown(client: Client) -> str:
    """What the part that changes says, without its markup's line breaks."""
    answer = client.get(PAGE, headers=HTMX)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def note_call(house: WorkingVenue, **fields) -> None:
    raw = {
        "venue_id": house.venue.pk,
        "road": "rest",
        "capability": "ListAreas",
        "where": "GET /v1/areas",
        "status": 200,
        "outcome": call_log.OK,
        "at": timezone.now().timestamp(),
        "seconds": 0.004,
        "trace_id": TOKEN,
        "request": b"",
        "answer": b'{"areas": []}',
    }
    call_log.note(call_log.RawCall(**raw | fields))
    assert call_log.flush()


def parked(house: WorkingVenue) -> OutboundEvent:
    return OutboundEventFactory(
        venue=house.venue, parked_at=timezone.now(), reason=ParkedFor.REFUSED, last_error="Dojo refused it.", attempts=3
    )


# --- who -------------------------------------------------------------------------------------------------------------


def every_page(house: WorkingVenue) -> list[str]:
    path = {"venue": house.venue.slug, "call_id": "abc", "event_id": parked(house).pk}
    pages = []
    for pattern in urls_staff.urlpatterns:
        assert isinstance(pattern, URLPattern)
        pages.append(reverse(str(pattern.name), kwargs={name: path[name] for name in pattern.pattern.converters}))
    assert len(pages) >= 9
    return pages


def test_another_venues_pages_do_not_exist_for_its_neighbours_manager(uk: WorkingVenue, manager: Client) -> None:
    # given
    other = a_venue("GB", slug="new-mill")
    for page in every_page(other):
        for answer in (manager.get(page), manager.post(page, {"command": "stop"})):
            # then: not found, or a method that the page does not have
            assert answer.status_code in (404, 405), page
    # then: nothing happened
    assert OutboundEvent.objects.get(venue=other.venue).parked_at is not None
    assert not DojoSocket.objects.exists()


def test_waiters_and_supervisors_are_sent_back_to_the_floor_and_have_no_link(uk: WorkingVenue) -> None:
    for member in (uk.waiter, uk.supervisor):
        person = at_a_till(uk, member)
        for page in every_page(uk):
            for answer in (person.get(page), person.post(page, {"command": "stop"})):
                assert (answer.status_code, answer.headers.get("Location")) in (
                    (302, "/old-mill/floor"),
                    (405, None),
                ), page
        assert PAGE not in person.get("/old-mill/floor").content.decode()
        OutboundEvent.objects.all().delete()
    assert not DojoSocket.objects.exists()
    assert not AuditEntry.objects.filter(act__contains="retry").exists()


def test_rows_and_calls_of_another_venue_are_not_found(uk: WorkingVenue, manager: Client) -> None:
    # given
    other = a_venue("GB", slug="new-mill")
    event, told = parked(other), DojoEventFactory(venue=other.venue, parked_at=timezone.now())
    note_call(other)
    (call,) = last_calls(other.venue) or []
    # then
    assert manager.post(f"{PAGE}/outbox/{event.pk}/retry").status_code == 404
    assert manager.post(f"{PAGE}/inbox/{told.pk}/retry").status_code == 404
    assert manager.get(f"{PAGE}/calls/{call.id}").status_code == 404
    assert manager.post(f"{PAGE}/outbox/{10**30}/retry").status_code == 404
    page = manager.get(PAGE).content.decode()
    assert "Nothing was said yet" in page
    assert event.entity_id not in page
    event.refresh_from_db()
    told.refresh_from_db()
    assert None not in (event.parked_at, told.parked_at)


def test_a_manager_finds_it_in_the_menu_and_it_takes_no_inline_code(uk: WorkingVenue, manager: Client) -> None:
    assert f'href="{PAGE}"' in manager.get("/old-mill/floor").content.decode()
    answer = manager.get(PAGE)
    page = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert " style=" not in page
    assert " onclick=" not in page
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


# --- the socket ------------------------------------------------------------------------------------------------------


def test_a_venue_that_no_process_ever_served_says_so(manager: Client) -> None:
    page = shown(manager)
    assert "Not running" in page
    assert "No process holds this line." in page
    assert "Connect again" not in page


@pytest.mark.parametrize(
    ("state", "words", "buttons"),
    [
        (SocketState.CONNECTED, "Connected", ["reconnect", "drain", "stop"]),
        (SocketState.CONNECTING, "Connecting", ["reconnect", "drain", "stop"]),
        (SocketState.REFUSED, "Refused by Dojo", ["reconnect", "drain", "stop"]),
        (SocketState.STOPPED, "Stopped", ["reconnect"]),
        (SocketState.NO_KEY, "No key", []),
    ],
)
def test_the_socket_is_shown_as_its_process_tells(
    uk: WorkingVenue, manager: Client, state: SocketState, words: str, buttons: list[str]
) -> None:
    # given
    DojoSocketFactory(
        venue=uk.venue, state=state, host="till-box", pid=812, served=1204, last_error="The connection was lost.",
        last_error_at=timezone.now(),
    )  # fmt: skip
    # when
    page = shown(manager)
    # then
    assert f'id="socket-state">{words}</span>' in page
    assert "till-box · process 812" in page
    assert "1204 requests" in page
    assert "The connection was lost." in page
    assert re.findall(r'name="command" value="(\w+)"', page) == buttons


def test_a_process_that_fell_silent_is_not_believed_to_be_connected(uk: WorkingVenue, manager: Client) -> None:
    # given
    DojoSocketFactory(
        venue=uk.venue, state=SocketState.CONNECTED, seen_at=timezone.now() - SILENT_AFTER - timedelta(seconds=2)
    )
    # then
    page = shown(manager)
    assert 'id="socket-state">Not running</span>' in page
    assert "Last heard of" in page


@pytest.mark.parametrize("command", list(SocketCommand))
def test_a_manager_asks_the_socket_and_the_page_says_what_was_asked(
    uk: WorkingVenue, manager: Client, command: SocketCommand
) -> None:
    # given
    DojoSocketFactory(venue=uk.venue, state=SocketState.CONNECTED)
    # when
    answer = manager.post(f"{PAGE}/socket", {"command": command}, headers=HTMX)
    # then
    assert answer.status_code == 204
    assert "in a moment" in answer.headers["HX-Trigger"]
    assert DojoSocket.objects.get(venue=uk.venue).command == command
    assert f"Asked for: {command.label.lower()}." in shown(manager)
    assert AuditEntry.objects.get(act="command_socket").membership == uk.manager


def test_no_other_word_is_a_command(uk: WorkingVenue, manager: Client) -> None:
    DojoSocketFactory(venue=uk.venue, state=SocketState.CONNECTED)
    answer = manager.post(f"{PAGE}/socket", {"command": "explode"}, headers=HTMX)
    assert "connected again, handed over or stopped" in answer.headers["HX-Trigger"]
    assert DojoSocket.objects.get(venue=uk.venue).command == ""


# --- outbox, inbox, exceptions, clock --------------------------------------------------------------------------------


def test_the_outbox_says_how_much_waits_and_since_when(uk: WorkingVenue, manager: Client) -> None:
    assert "all told" in shown(manager)
    # given
    OutboundEventFactory(venue=uk.venue, changed_at=timezone.now() - timedelta(minutes=7))
    OutboundEventFactory(venue=uk.venue)
    OutboundEventFactory(venue=uk.venue, sent=1)
    # then
    page = shown(manager)
    assert "2 waiting" in page
    assert ">7′</span>" in page
    assert "Given up" not in page


def test_a_parked_event_is_named_with_its_reason_and_sent_again(uk: WorkingVenue, manager: Client) -> None:
    # given
    event = parked(uk)
    page = shown(manager)
    assert event.entity_id in page
    assert "Dojo refused it for good" in page
    assert "Dojo refused it." in page
    # when
    answer = manager.post(f"{PAGE}/outbox/{event.pk}/retry", headers=HTMX)
    # then
    assert answer.status_code == 204
    event.refresh_from_db()
    assert (event.parked_at, event.attempts) == (None, 0)
    assert "Given up" not in shown(manager)


def test_all_that_is_parked_is_sent_again_at_once_and_a_resting_venue_tries(uk: WorkingVenue, manager: Client) -> None:
    # given
    sending = DojoSendingFactory(
        venue=uk.venue, state=SendingState.REFUSED, rests_until=timezone.now() + timedelta(minutes=4),
        last_error="Dojo does not accept this venue's key.",
    )  # fmt: skip
    assert "Try now" in shown(manager)
    events = [parked(uk) for _ in range(22)]
    page = shown(manager)
    assert "Dojo refuses the API key since" in page
    assert "And 2 more." in page
    # when
    manager.post(f"{PAGE}/outbox/retry", headers=HTMX)
    # then
    assert not OutboundEvent.objects.filter(pk__in=[event.pk for event in events], parked_at__isnull=False).exists()
    sending.refresh_from_db()
    assert sending.rests_until is None


def test_the_inbox_says_what_is_open_and_tries_again_what_was_given_up(uk: WorkingVenue, manager: Client) -> None:
    # given
    assert "all looked into" in shown(manager)
    DojoEventFactory(venue=uk.venue)
    given_up = DojoEventFactory(
        venue=uk.venue, parked_at=timezone.now(), attempts=9, last_error="Dojo knows nothing of that."
    )
    page = shown(manager)
    assert "1 given up" in page
    assert "<dt>To look into</dt><dd>1</dd>" in page
    assert given_up.payment_intent_id in page
    assert "Dojo knows nothing of that." in page
    # when
    answer = manager.post(f"{PAGE}/inbox/{given_up.pk}/retry", headers=HTMX)
    # then
    assert answer.status_code == 204
    given_up.refresh_from_db()
    assert (given_up.parked_at, given_up.attempts) == (None, 0)
    assert "2 to look into" in shown(manager)


def test_open_exceptions_lead_to_their_page_of_the_back_office(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = OrderFactory(venue=uk.venue)
    row = OrderExceptionFactory(order=order, message="Table 4 paid £12.00 too much", amount=1200)
    OrderExceptionFactory(order=order, message="An old one", resolved_at=timezone.now())
    # then
    page = shown(manager)
    assert "Table 4 paid £12.00 too much" in page
    assert "An old one" not in page
    # when: the button is pressed
    there = f"/admin/orders/orderexception/{row.pk}/change/"
    assert f'name="next" value="{there}"' in page
    answer = manager.post("/admin/venue/", {"venue": "old-mill", "next": there}, follow=True)
    # then
    assert answer.redirect_chain == [(there, 302)]
    assert "Table 4 paid £12.00 too much" in answer.content.decode()


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 seconds behind Dojo"), (-40, "40 seconds ahead of Dojo")])
def test_a_clock_that_is_off_by_more_than_five_seconds_is_told(
    uk: WorkingVenue, manager: Client, seconds: int, words: str
) -> None:
    assert "clock-panel" not in shown(manager)
    now = timezone.now()
    dojo_clock.note(uk.venue, now + timedelta(seconds=4), now=now)
    assert "clock-panel" not in shown(manager)
    # when
    dojo_clock.note(uk.venue, now + timedelta(seconds=seconds), now=now)
    # then
    assert words in shown(manager)


# --- what is registered ----------------------------------------------------------------------------------------------


def test_without_an_account_nothing_can_be_registered(uk: WorkingVenue, manager: Client) -> None:
    page = manager.get(f"{PAGE}/capabilities").content.decode()
    assert f"{uk.venue.name} has no Dojo account" in page
    assert "Register" not in page
    assert f"{uk.venue.name} has no Dojo account" in manager.post(f"{PAGE}/register", headers=HTMX).content.decode()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_manager_registers_all_that_we_implement(sandbox: Sandbox, settings) -> None:
    # given: a venue whose Dojo knows nothing of it
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    house = a_venue(slug="old-mill")
    manager = at_a_till(house, house.manager)
    page = manager.get(f"{PAGE}/capabilities").content.decode()
    assert "not all registered" in page
    assert "<dt>WebSocket</dt><dd>not registered</dd>" in page
    # when
    page = manager.post(f"{PAGE}/register", headers=HTMX).content.decode()
    # then
    assert ">all registered<" in page
    assert f"<dt>WebSocket</dt><dd>{len(IMPLEMENTED)} registered</dd>" in page
    assert "<dt>REST</dt><dd>not registered</dd>" in page
    for name in IMPLEMENTED:
        assert f'<th scope="row">{name}<' in page
    (registered,) = sandbox.do("GET", "/epos/integrations/ws")
    assert {one["name"] for one in registered["capabilities"]} == set(IMPLEMENTED)
    # then: each of those calls is on the list
    assert call_log.flush()
    listed = [call.where for call in last_calls(house.venue) or []]
    assert "PUT /epos/integrations/ws" in listed
    assert listed.count("GET /epos/integrations") == 2


@pytest.mark.django_db(transaction=True)
def test_a_dojo_that_refuses_the_key_is_told_in_words(sandbox: Sandbox, settings) -> None:
    # given
    settings.DOJO_API_KEY, settings.DOJO_API_URL = "sk_sandbox_wrong", sandbox.url
    house = a_venue(slug="old-mill")
    manager = at_a_till(house, house.manager)
    # then
    for answer in (manager.get(f"{PAGE}/capabilities"), manager.post(f"{PAGE}/register", headers=HTMX)):
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "Dojo does not accept this venue&#x27;s key" in page
        assert ">not known<" in page
        assert "sk_sandbox_wrong" not in page


# --- the calls -------------------------------------------------------------------------------------------------------


def test_calls_stand_newest_first_and_what_was_said_opens(uk: WorkingVenue, manager: Client) -> None:
    # given
    note_call(uk, at=timezone.now().timestamp() - 60)
    note_call(
        uk, capability="CreateOrderLock", road="ws", where="CreateOrderLockV1", status=None, outcome="Conflict",
        request={"orderId": "order_1", "customerName": "Ines"}, answer=b'{"error": {"code": -32009}}',
    )  # fmt: skip
    # when
    page = manager.get(f"{PAGE}/calls").content.decode()
    # then
    assert page.index("CreateOrderLock") < page.index("ListAreas")
    assert "Conflict" in page
    assert "From Dojo · WebSocket" in page
    assert "order_1" not in page
    # when
    newest = (last_calls(uk.venue) or [])[0]
    said = manager.get(f"{PAGE}/calls/{newest.id}").content.decode()
    # then
    for words in ("CreateOrderLockV1", "order_1", "-32009", TOKEN):
        assert words in said
    assert "Ines" not in said


def test_without_redis_the_page_says_so_and_shows_the_rest(
    uk: WorkingVenue, manager: Client, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS = "unix:///nowhere/redis.sock"
    page = manager.get(PAGE).content.decode()
    assert "The list cannot be read at the moment" in page
    assert "Line to Dojo" in page


def test_the_page_costs_the_same_however_much_is_on_it(
    uk: WorkingVenue, manager: Client, django_assert_num_queries: Callable, django_assert_max_num_queries: Callable
) -> None:
    # given
    DojoSocketFactory(venue=uk.venue)
    with django_assert_max_num_queries(14) as few:
        manager.get(PAGE)
    for _ in range(15):
        parked(uk)
        DojoEventFactory(venue=uk.venue, parked_at=timezone.now())
        OrderExceptionFactory(order=OrderFactory(venue=uk.venue))
    # then
    with django_assert_num_queries(len(few)):
        manager.get(PAGE)
