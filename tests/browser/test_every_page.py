"""Every page at every size: nothing scrolls sideways, nothing complains, everything can be hit with a thumb."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order
from orders.services.allergies import note_allergy
from orders.services.targets import AtTable
from tests.browser.conftest import DESKTOP, HANDHELD, TABLET, scrolls_sideways
from tests.browser.test_order_page import item, line, shelf
from tests.browser.test_stations import send
from tests.factories import DojoEventFactory, DojoSocketFactory, OrderExceptionFactory, OutboundEventFactory

pytestmark = pytest.mark.browser_full

SMALLEST = 44

# What a thumb aims at; words in a sentence are no target.
TARGETS = "button, .button, .tile, .row, .key, .tab, .item, .cook, .need, .slip, .seat-key, summary, input.input"


def too_small(page: Page) -> list[str]:
    return page.evaluate(
        """([targets, smallest]) => [...document.querySelectorAll(targets)]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .map((one) => [one, one.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.height < smallest - 0.5 || box.width < smallest - 0.5))
            .map(([one, box]) => `${one.className} ${one.textContent.trim().slice(0, 20)} ${box.width}×${box.height}`)
        """,
        [TARGETS, SMALLEST],
    )


@pytest.mark.parametrize("size", [HANDHELD, TABLET, DESKTOP], ids=["handheld", "tablet", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_complains_of_nothing(house, open_till, machine, size, scheme):
    # given: a house with something on every page
    send(house, "t1", "soup", "chips", "lemonade")
    send(house, "t12", "coffee")
    note_allergy(actor=house.by_waiter, target=AtTable("t1"), seat=1, allergens=["nuts", "sesame"], note="pen in bag")
    order = Order.objects.get(venue=house.venue, table=house.tables["t12"])
    given_up = {"parked_at": timezone.now(), "last_error": "Dojo refused POST /epos/events (status 422)."}
    DojoSocketFactory(venue=house.venue, state="connected", host="a-machine-with-a-long-name.local", pid=812)
    OutboundEventFactory(venue=house.venue, reason="refused", **given_up)
    DojoEventFactory(venue=house.venue, **given_up)
    OrderExceptionFactory(order=order, message="Table 12 paid more than its bill", amount=1200)
    machine.call("GET", "/areas")
    machine.call("GET", f"/orders/{order.pk}")
    machine.call("GET", "/orders/order_of_somebody_else")
    page = open_till(house.manager, size=size)
    page.emulate_media(color_scheme=scheme)
    paths = [
        "floor",
        "tables/t1",
        "tables/t5",
        f"orders/{order.pk}",
        "tabs/new?name=Leo",
        "stations",
        "stations/kitchen",
    ]
    for path in [*paths, "stations/bar", "integration", "switch", "login"]:
        # when
        page.goto(f"/old-mill/{path}")
        page.wait_for_load_state("networkidle")
        # then
        assert not scrolls_sideways(page), path
        assert too_small(page) == [], path
        assert page.complaints == [], path


def test_a_tab_is_born_with_its_first_line(house, open_till):
    # given
    page = open_till()
    # when
    page.get_by_role("button", name="New tab").click()
    page.get_by_label("Whose is it?").fill("Leo red coat")
    page.get_by_role("button", name="Open the tab").click()
    expect(page.get_by_role("heading", name="Tab · Leo red coat")).to_be_visible()
    assert not Order.objects.filter(venue=house.venue).exists()
    shelf(page, "Drinks")
    item(page, "Coffee").click()
    item(page, "Coffee").click()
    # then: one order, and the page is its page
    expect(line(page, "Coffee")).to_have_count(2)
    expect(page.locator(".line[data-ui-pending]")).to_have_count(0)
    order = Order.objects.get(venue=house.venue)
    assert (order.is_tab, order.display_name) == (True, "Tab · Leo red coat")
    expect(page).to_have_url(re.compile(f"/orders/{order.pk}$"))
    page.reload()
    expect(line(page, "Coffee")).to_have_count(2)
    page.get_by_label("Back to the floor").click()
    expect(page.locator("#tab-slips")).to_contain_text("Leo red coat")


def test_everything_can_be_done_from_the_keyboard(house, open_till):
    # given
    page = open_till()
    # when
    page.locator("#tile-t3").focus()
    page.keyboard.press("Enter")
    page.locator("#seat-sheet").get_by_role("button", name="2", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tables/t3")
    page.locator(".item:visible").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(1)
    page.locator(".line").focus()
    page.keyboard.press("Enter")
    page.locator("#send").focus()
    page.keyboard.press("Enter")
    # then
    expect(page.locator(".line.is-sent, .line.is-served")).to_have_count(1)
