"""The Integration page: the line's state changes by itself, calls arrive, and buttons do what they say."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from dojo_integration import call_log
from dojo_integration.models import DojoSocket, OutboundEvent, SocketCommand, SocketState
from dojo_integration.services.sockets import Process, SocketReport, report_socket
from tests.browser.conftest import AT_ONCE, HANDHELD, Machine
from tests.factories import (
    DojoEventFactory,
    DojoSocketFactory,
    OrderExceptionFactory,
    OrderFactory,
    OutboundEventFactory,
    WorkingVenue,
)


def tell(house: WorkingVenue, state: SocketState, error: str = "") -> str:
    """What the process that holds the socket would write down."""
    now = timezone.now()
    report = SocketReport(state=state, since=now, last_error=error, last_error_at=now if error else None, served=3)
    return report_socket(actor=house.by_system, process=Process("till-box", 812), report=report)


@pytest.mark.browser
def test_the_state_of_the_line_changes_on_the_page_by_itself_and_a_stop_is_asked_for(house, open_till):
    # given
    tell(house, SocketState.CONNECTED)
    page = open_till(house.manager, path="integration")
    state = page.locator("#socket-state")
    expect(page.locator("body")).to_have_attribute("data-line", "up")
    expect(state).to_have_text("Connected")
    # when
    tell(house, SocketState.REFUSED, "Dojo refuses the key (HTTP 401).")
    # then
    expect(state).to_have_text("Refused by Dojo", timeout=2 * AT_ONCE)
    expect(page.locator("#socket-panel")).to_contain_text("Dojo refuses the key (HTTP 401).")
    # when: the manager stops it, and the process hears of that
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#notes")).to_contain_text("The line stops in a moment")
    expect(page.locator("#socket-asked")).to_contain_text("Asked for: stop.")
    assert tell(house, SocketState.STOPPED) == SocketCommand.STOP
    # then
    expect(state).to_have_text("Stopped", timeout=2 * AT_ONCE)
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#socket-asked")).to_contain_text("Asked for: connect again.")
    assert DojoSocket.objects.get(venue=house.venue).command == SocketCommand.RECONNECT


@pytest.mark.browser_full
def test_calls_arrive_by_themselves_and_stay_open_while_others_come(house, open_till, machine: Machine):
    # given
    page = open_till(house.manager, path="integration", size=HANDHELD)
    expect(page.locator("body")).to_have_attribute("data-line", "up")
    expect(page.locator("#no-calls")).to_be_visible()
    # when
    machine.ok("GET", "/areas")
    # then
    first = page.locator(".call", has_text="ListAreas")
    expect(first).to_contain_text("200", timeout=5 * AT_ONCE)
    first.locator("summary").click()
    expect(first.locator("pre")).to_contain_text('"id": "main"')
    # when: another one comes while it is open
    status, _ = machine.call("GET", "/orders/order_x")
    # then
    expect(page.locator(".call.is-bad", has_text="GetOrderById")).to_contain_text(str(status), timeout=5 * AT_ONCE)
    expect(page.locator(".call").first).to_contain_text("GetOrderById")
    expect(first.locator("pre")).to_be_visible()
    # when: one is opened that is no longer kept
    call_log.redis_at(settings.REDIS).delete(call_log.key_of(house.venue.pk))
    page.locator(".call.is-bad summary").click()
    expect(page.locator(".call.is-bad .said")).to_contain_text("It is no longer kept.")
    # the browser itself says that something was not found
    page.complaints.clear()


@pytest.mark.browser_full
def test_what_was_given_up_is_tried_again_and_an_exception_opens_in_the_back_office(house, open_till):
    # given
    now = timezone.now()
    DojoSocketFactory(venue=house.venue, state=SocketState.CONNECTED)
    event = OutboundEventFactory(venue=house.venue, parked_at=now, reason="refused", last_error="Dojo refused it.")
    told = DojoEventFactory(venue=house.venue, parked_at=now - timedelta(hours=30), last_error="Dojo knows nothing.")
    OrderExceptionFactory(order=OrderFactory(venue=house.venue), message="Table 4 paid too much", amount=1200)
    page = open_till(house.manager, path="integration")
    # when
    page.get_by_role("button", name=f"Send {event.entity_id} again").click()
    # then
    expect(page.locator("#notes")).to_contain_text("On its way to Dojo.")
    expect(page.locator(f"#parked-{event.pk}")).to_have_count(0)
    assert OutboundEvent.objects.get(pk=event.pk).parked_at is None
    # when
    page.get_by_role("button", name=f"Look into {told.payment_intent_id} again").click()
    # then
    expect(page.locator(f"#told-{told.pk}")).to_have_count(0)
    expect(page.locator("#inbox-depth")).to_have_text("1 to look into")
    # when
    page.get_by_role("button", name="Open: Table 4 paid too much").click()
    # then
    page.wait_for_url("**/admin/orders/orderexception/**")
    expect(page.locator("body")).to_contain_text("Table 4 paid too much")


@pytest.mark.browser_full
def test_a_manager_comes_from_the_menu_and_a_waiter_is_sent_back(house, open_till):
    page = open_till(house.manager)
    page.locator("details.menu summary").click()
    page.get_by_role("link", name="Integration").click()
    expect(page.get_by_role("heading", name="Line to Dojo")).to_be_visible()
    expect(page.locator("#capabilities")).to_contain_text("has no Dojo account")
    waiter = open_till()
    waiter.goto("/old-mill/integration")
    waiter.wait_for_url("**/old-mill/floor")
    expect(waiter.locator("#notes")).to_contain_text("may not do this here")
