"""The way in: login and password once, a name for the till, then faces and PINs."""

import re

import pytest
from playwright.sync_api import expect

from pos.models import Till
from tests.browser.conftest import sign_in
from tests.factories import PIN

pytestmark = pytest.mark.browser


def test_a_browser_becomes_a_till_and_is_remembered(house, page):
    # when: the first login asks for the till's name
    sign_in(page, house, house.waiter, till="Bar till")
    # then
    expect(page.get_by_role("tab", name="Main room")).to_be_visible()
    assert Till.objects.get(venue=house.venue, name="Bar till").last_used_by == house.waiter
    # when: signed out, the till shows faces; one tap and a PIN is enough
    page.get_by_label(f"{house.waiter.staff.name}: menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Who is it?")).to_be_visible()
    page.get_by_role("button", name=house.supervisor.staff.name).click()
    for digit in "9999":
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Sign in", exact=True).click()
    # then: a wrong PIN is said, and the same face asks again
    expect(page.locator("#notes")).to_contain_text("That PIN is not right.")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/old-mill/floor$"))
    expect(page.get_by_label(f"{house.supervisor.staff.name}: menu")).to_be_visible()
    assert Till.objects.filter(venue=house.venue, name="Bar till").count() == 1
    # and: / leads to the last venue
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/old-mill/floor$"))
    assert page.complaints == []
