"""The order page: taps that are on screen at once, and on the server for certain."""

import re

import pytest
from playwright.sync_api import Page, expect

from orders.models import LineState, Order, OrderLine, OrderStatus, PaymentKind
from tests.browser.conftest import AT_ONCE, HANDHELD, TABLET


def item(page: Page, name: str):
    return page.locator(".shelf[data-ui-shown] .item", has_text=name)


def line(page: Page, name: str):
    return page.locator(".line", has_text=name)


def shelf(page: Page, name: str) -> None:
    page.locator(".shelves").get_by_role("button", name=name).click()


def seat(page: Page, table: str, covers: int) -> None:
    page.locator(f"#tile-{table}").click()
    page.locator("#seat-sheet").get_by_role("button", name=str(covers), exact=True).click()
    page.wait_for_url(f"**/tables/{table}")


@pytest.mark.browser
def test_a_round_is_seated_ordered_sent_and_paid_in_cash(house, open_till):
    # given
    page = open_till(size=TABLET)
    seat(page, "t3", 2)
    # when: a plain thing, one with a required choice, one with a note
    shelf(page, "Food")
    item(page, "Soup of the day").click()
    expect(line(page, "Soup of the day")).to_be_visible(timeout=AT_ONCE)
    item(page, "Ribeye").click()
    page.locator("#choices").get_by_role("button", name="Medium").click()
    expect(page.locator("#choices")).to_be_hidden()
    shelf(page, "Drinks")
    item(page, "Lager").click()
    item(page, "Lager").click()
    # then: all of it is on the server, priced there
    expect(page.locator("#ticket-total")).to_contain_text("£55.01")
    expect(page.locator(".line[data-ui-pending]")).to_have_count(0)
    # when: drinks and starters go, the main waits
    expect(page.locator("#send")).to_have_text("Send 3 · hold 1")
    page.locator("#send").click()
    expect(page.locator("#fire")).to_contain_text("Fire mains")
    expect(line(page, "Ribeye")).to_have_attribute("data-state", "held")
    assert OrderLine.objects.filter(venue=house.venue, state=LineState.SENT).count() == 3
    page.locator("#fire").click()
    expect(line(page, "Ribeye")).to_have_attribute("data-state", "sent")
    # when: cash, more than is due
    page.locator("#pay").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("£55.01")
    sheet.get_by_role("button", name="£50").click()
    sheet.get_by_role("button", name="£10").click()
    sheet.get_by_role("button", name="Take £60.00 cash · change £4.99").click()
    # then
    expect(sheet).to_contain_text("Change £4.99")
    order = Order.objects.get(venue=house.venue)
    assert (order.status, order.outstanding) == (OrderStatus.FINALIZED, 0)
    payment = order.payments.get()
    assert (payment.kind, payment.amount, payment.tendered, payment.change) == (PaymentKind.CASH, 5501, 6000, 499)
    # and: clear, and the table is free
    sheet.get_by_role("button", name="Clear the table").click()
    expect(page.locator("#tile-t3")).to_have_class(re.compile("is-free"))


@pytest.mark.browser_full
def test_the_strip_changes_quantity_note_and_takes_off(house, open_till):
    # given
    house.products["lager-pint"].note_presets = ["no head", "lime"]
    house.products["lager-pint"].save()
    page = open_till()
    page.goto("/old-mill/tables/t1")
    shelf(page, "Drinks")
    item(page, "Lager").click()
    # when
    strip = page.locator("#strip")
    strip.get_by_label("One more").click()
    strip.get_by_label("One more").click()
    strip.get_by_label("One less").click()
    strip.get_by_role("button", name="lime").click()
    # then
    expect(line(page, "Lager").locator(".qty")).to_have_text("2")
    expect(line(page, "Lager")).to_contain_text("lime")
    expect(page.locator(".line[data-ui-pending]")).to_have_count(0)
    row = OrderLine.objects.get(venue=house.venue)
    assert (row.quantity, row.note) == (2, "lime")
    # when
    strip.get_by_label("Take off").click()
    # then
    expect(page.locator(".line")).to_have_count(0)
    expect(page.locator("#ticket-empty")).to_be_visible()
    row.refresh_from_db()
    assert row.taken_off == "remove"


@pytest.mark.browser_full
def test_portions_and_combos_ask_and_close_on_the_last_choice(house, open_till):
    # given
    page = open_till()
    page.goto("/old-mill/tables/t2")
    # when: a long press asks for the size
    shelf(page, "Drinks")
    item(page, "House red").click(delay=700)
    page.locator("#choices").get_by_role("button", name="250").click()
    expect(page.locator("#choices")).to_be_hidden()
    # and a combo asks for each part
    shelf(page, "Food")
    item(page, "Burger and a pint").click()
    page.locator("#choices").get_by_role("button", name="Burger", exact=True).click()
    page.locator("#choices").get_by_role("button", name="House red 175").click()
    expect(page.locator("#choices")).to_be_hidden()
    # then
    expect(page.locator(".line[data-ui-pending]")).to_have_count(0)
    expect(page.locator(".line")).to_have_count(2)
    red, combo = OrderLine.objects.filter(venue=house.venue).order_by("position")
    assert (red.plu, red.unit_price) == ("red-250", 1040)
    assert [(part.plu, part.price) for part in combo.sub_items.all()] == [("burger", 0), ("red-175", 150)]


@pytest.mark.browser_full
def test_what_was_tapped_without_a_network_survives_a_reload_and_goes_out_once(house, open_till):
    # given: the server cannot be reached
    page = open_till()
    page.goto("/old-mill/tables/t4")
    page.route("**/operations", lambda route: route.abort())
    shelf(page, "Drinks")
    for _ in range(3):
        item(page, "Lemonade").click()
    # then: on the ticket, marked as only here; sending says so
    expect(line(page, "Lemonade")).to_have_count(3)
    expect(page.locator(".line.is-ghost")).to_have_count(3)
    page.locator("#send").click()
    expect(page.locator("#send")).to_contain_text("not with the kitchen")
    # when: reloaded, still without it
    page.reload()
    expect(line(page, "Lemonade")).to_have_count(3)
    assert not OrderLine.objects.filter(venue=house.venue).exists()
    # and the network comes back
    page.unroute("**/operations")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    # then: three lines, sent once
    expect(page.locator(".line.is-ghost")).to_have_count(0)
    expect(page.locator(".line.is-sent")).to_have_count(3)
    assert OrderLine.objects.filter(venue=house.venue, state=LineState.SENT).count() == 3
    page.complaints.clear()


@pytest.mark.browser_full
def test_a_refused_tap_says_why_and_leaves_nothing_behind(house, open_till):
    # given: the kitchen has run out since the page was opened, and the page has not heard of it
    page = open_till()
    page.goto("/old-mill/tables/t5")
    shelf(page, "Food")
    expect(item(page, "Brownie")).to_be_visible()
    house.products["brownie"].sold_out = True
    house.products["brownie"].save()
    # when
    item(page, "Brownie").click()
    # then
    expect(page.locator("#notes")).to_contain_text("Brownie is sold out.")
    expect(page.locator(".line")).to_have_count(0)
    assert not Order.objects.filter(venue=house.venue).exists()


@pytest.mark.browser_full
def test_two_waiters_on_one_table_see_each_other(house, open_till):
    # given
    mine, other = open_till(), open_till(house.supervisor)
    for page in (mine, other):
        page.goto("/old-mill/tables/t6")
        expect(page.locator("body")).to_have_attribute("data-line", "up")
        shelf(page, "Drinks")
    # when
    item(mine, "Lemonade").click()
    item(other, "Coffee").click()
    # then
    for page in (mine, other):
        expect(line(page, "Lemonade")).to_have_count(1)
        expect(line(page, "Coffee")).to_have_count(1)
    assert Order.objects.filter(venue=house.venue).count() == 1


@pytest.mark.browser_full
def test_sold_out_from_a_long_press_is_on_every_till_at_once(house, open_till):
    # given
    mine, other = open_till(), open_till()
    for page in (mine, other):
        page.goto("/old-mill/tables/t7")
        expect(page.locator("body")).to_have_attribute("data-line", "up")
        shelf(page, "Drinks")
    # when: long press, sold out
    item(mine, "Coffee").click(delay=700)
    mine.locator("#choices").get_by_role("button", name="Sold out").click()
    # then
    expect(item(other, "Coffee")).to_have_class(re.compile("is-out"), timeout=AT_ONCE)
    expect(item(other, "Coffee")).to_contain_text("sold out")


@pytest.mark.browser_full
def test_a_void_takes_a_supervisors_pin_here(house, open_till):
    # given: a line that is already being made
    page = open_till()
    page.goto("/old-mill/tables/t8")
    shelf(page, "Food")
    item(page, "Chips").first.click()
    page.locator("#send").click()
    expect(page.locator(".line.is-sent")).to_have_count(1)
    OrderLine.objects.filter(venue=house.venue).update(state=LineState.STARTED, started_at="2026-01-01T12:00Z")
    page.reload()
    # when
    page.locator(".line").click()
    page.locator("#strip").get_by_role("button", name="Take off").click()
    sheet = page.locator("#sheet")
    sheet.get_by_text("Not as expected").click()
    sheet.get_by_role("button", name="Take it off").click()
    expect(sheet).to_contain_text("A supervisor has to approve")
    sheet.get_by_text(house.supervisor.staff.name).click()
    for digit in "1357":
        sheet.get_by_role("button", name=digit, exact=True).click()
    sheet.get_by_role("button", name="Approve").click()
    expect(page.locator("#notes")).to_contain_text("That PIN is not right.")
    for digit in "2468":
        sheet.get_by_role("button", name=digit, exact=True).click()
    sheet.get_by_role("button", name="Approve").click()
    # then
    expect(page.locator(".line")).to_have_count(0)
    expect(sheet).to_be_hidden()
    row = OrderLine.objects.get(venue=house.venue)
    assert (row.taken_off, row.taken_off_reason) == ("void", "Not as expected")


@pytest.mark.browser_full
def test_on_a_handheld_a_round_is_ordered_with_the_ticket_folded(house, open_till):
    # given
    page = open_till(size=HANDHELD)
    page.goto("/old-mill/tables/t9")
    shelf(page, "Drinks")
    # when
    item(page, "Coffee").click()
    expect(page.locator("#unfold-count")).to_have_text("1")
    page.locator("#send").click()
    # then: with nothing unsent the right half is Pay
    expect(page.locator("#pay")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    page.locator("#unfold").click()
    expect(page.locator(".line", has_text="Coffee")).to_be_visible()
