"""The floor: two taps seat a table, and what other tills do is on it by itself."""

import re

import pytest
from playwright.sync_api import expect

from bookings.models import Party
from tests.browser.conftest import AT_ONCE, HANDHELD


@pytest.mark.browser
def test_a_free_table_is_seated_in_two_taps_and_every_till_sees_it(house, open_till):
    # given: two tills with the floor open
    mine, other = open_till(), open_till(house.supervisor)
    expect(other.locator("#tile-t3")).to_have_class(re.compile("is-free"))
    # when
    mine.locator("#tile-t3").click()
    mine.locator("#seat-sheet").get_by_role("button", name="4", exact=True).click()
    # then: the order is open here, the table is seated there
    expect(mine).to_have_url(re.compile(r"/old-mill/tables/t3$"))
    expect(other.locator("#tile-t3")).to_have_class(re.compile("is-seated"), timeout=AT_ONCE)
    expect(other.locator("#tile-t3")).to_contain_text("Seated")
    assert Party.objects.get(venue=house.venue).covers == 4
    # and: a tap on it there opens its order, which knows the covers
    other.locator("#tile-t3").click()
    expect(other).to_have_url(re.compile(r"/old-mill/tables/t3$"))
    expect(other.locator("#seats")).to_be_visible()


@pytest.mark.browser_full
def test_on_a_handheld_the_floor_is_a_list_by_need(house, open_till):
    # given
    page = open_till(size=HANDHELD)
    expect(page.locator("#list .nothing")).to_be_visible()
    # when
    page.get_by_role("button", name="All").click()
    page.locator("#row-t5").click()
    page.locator("#seat-sheet").get_by_role("button", name="2", exact=True).click()
    page.get_by_label("Back to the floor").click()
    # then: "mine" has it now
    page.get_by_role("button", name="Mine").click()
    expect(page.locator("#row-t5")).to_contain_text("Seated")
    expect(page.locator("#row-t6")).to_be_hidden()


@pytest.mark.browser_full
def test_a_lost_line_says_so_quietly_and_heals_by_itself(house, open_till):
    # given
    mine, other = open_till(), open_till()
    expect(mine.locator("body")).to_have_attribute("data-line", "up")
    # when: the Wi-Fi is gone while another till seats a table
    mine.context.set_offline(True)
    mine.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(mine.locator("#offline")).to_be_visible(timeout=5000)
    other.locator("#tile-t8").click()
    other.locator("#seat-sheet").get_by_role("button", name="2", exact=True).click()
    expect(other).to_have_url(re.compile("t8$"))
    # then: back on line, the banner goes and the table is there
    mine.context.set_offline(False)
    expect(mine.locator("#tile-t8")).to_have_class(re.compile("is-seated"), timeout=10_000)
    expect(mine.locator("#offline")).to_be_hidden()
    # what the browser itself says of a missing network is no complaint of the page
    mine.complaints.clear()


@pytest.mark.browser_full
def test_focus_scroll_and_an_open_sheet_survive_what_others_do(house, open_till):
    # given: a sheet open over the floor, and somebody on the keyboard
    mine, other = open_till(), open_till()
    mine.locator("#tile-t6").focus()
    # when
    other.locator("#tile-t8").click()
    other.locator("#seat-sheet").get_by_role("button", name="2", exact=True).click()
    expect(mine.locator("#tile-t8")).to_have_class(re.compile("is-seated"), timeout=AT_ONCE)
    # then
    expect(mine.locator("#tile-t6")).to_be_focused()
    # when
    mine.locator("#tile-t6").click()
    expect(mine.locator("#seat-sheet")).to_be_visible()
    other.get_by_label("Back to the floor").click()
    other.locator("#tile-t9").click()
    other.locator("#seat-sheet").get_by_role("button", name="3", exact=True).click()
    expect(mine.locator("#tile-t9")).to_have_class(re.compile("is-seated"), timeout=AT_ONCE)
    # then
    expect(mine.locator("#seat-sheet")).to_be_visible()
    mine.keyboard.press("Escape")
    expect(mine.locator("#tile-t6")).to_be_focused()
