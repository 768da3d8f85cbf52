"""The back office in a browser: its pages work under their policy, at every size, and complain of nothing."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from dojo_integration.models import DojoConnection
from orders.models import Modifier, ModifierGroup, Portion, Product
from pos.models import Membership
from tests.bills import a_bill
from tests.browser.conftest import DESKTOP, HANDHELD, TABLET, scrolls_sideways
from tests.factories import OrderExceptionFactory, OrderLockFactory, PaymentFactory, ReservationFactory


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("successfully")).to_be_visible()


@pytest.mark.browser
def test_a_manager_goes_from_the_floor_to_the_back_office_and_puts_something_on_the_menu(house, open_till):
    # given
    page = open_till(house.manager, size=DESKTOP)
    page.locator("summary.me").click()
    page.get_by_role("button", name="Set-up").click()
    expect(page.get_by_role("heading", name="From nothing to the first order")).to_be_visible()

    # when: a question with two answers; the empty row below them is none
    page.get_by_role("link", name="Choices & extras").click()
    page.get_by_title("Add question").click()
    page.get_by_label("Name").first.fill("Glass")
    page.locator("[name=modifiers-0-name]").fill("Handle")
    page.get_by_text("Add another Choice").click()
    page.locator("[name=modifiers-1-name]").fill("Straight")
    page.get_by_text("Add another Choice").click()
    save(page)
    # then
    glass = ModifierGroup.objects.get(name="Glass")
    assert list(Modifier.objects.filter(group=glass).values_list("plu", "price")) == [("handle", 0), ("straight", 0)]

    # when: a product in two sizes that asks it
    page.goto("/admin/orders/product/add/")
    page.locator("[name=name]").fill("Pale ale")
    page.locator("[name=category]").select_option(label="Drinks")
    page.locator("[name=portions-0-name]").fill("pint")
    page.locator("[name=portions-0-price]").fill("6.20")
    page.locator("[name=portions-0-is_default]").check()
    page.get_by_text("Add another Size").click()
    page.locator("[name=portions-1-name]").fill("half")
    page.locator("[name=portions-1-price]").fill("£3.10")
    page.get_by_role("link", name="Choices & extras").last.click()
    page.get_by_role("link", name="Add another Question").click()
    page.locator("[name=group_links-0-group]").select_option(label="Glass")
    save(page)
    # then
    ale = Product.objects.get(name="Pale ale")
    assert list(ale.portions.values_list("plu", "price", "is_default", "position")) == [
        ("pale-ale-pint", 620, True, 0),
        ("pale-ale-half", 310, False, 1),
    ]
    assert list(ale.modifier_groups.all()) == [glass]

    # when: found again by a few letters, and back to the floor
    page.get_by_role("button", name="Find anything").click()
    page.locator("#search-input-command").press_sequentially("pale")
    page.locator("#command-results-list").get_by_text("Pale ale").click()
    expect(page).to_have_url(re.compile(f"/admin/orders/product/{ale.pk}/change/"))
    page.get_by_role("link", name="Back to the floor").first.click()
    expect(page).to_have_url(re.compile("/old-mill/floor"))
    assert Portion.objects.filter(plu="pale-ale-half").exists()


@pytest.mark.browser_full
def test_an_act_asks_and_is_done(house, open_till):
    # given
    order = a_bill(house)
    page = open_till(house.manager, size=DESKTOP)
    # when
    page.goto(f"/admin/orders/order/{order.pk.replace('_', '_5F')}/change/")
    page.get_by_role("button", name="Walk-out").click()
    page.get_by_label("Reason").fill("Ran for the bus")
    page.get_by_role("button", name="Walk-out").click()
    # then
    expect(page.get_by_text("closed as left without paying")).to_be_visible()
    order.refresh_from_db()
    assert order.status == "Finalized"


@pytest.mark.browser_full
def test_a_table_is_given_its_waiters_by_a_few_letters(house, open_till):
    # given
    page = open_till(house.manager, size=DESKTOP)
    table, waiter = house.tables["t3"], Membership.objects.get(pk=house.waiter.pk)
    # when
    page.goto(f"/admin/floorplan/table/{table.pk}/change/")
    page.locator(".select2-search__field").press_sequentially(waiter.staff.name)
    page.locator(".select2-results__option", has_text=waiter.staff.name).first.click()
    save(page)
    # then
    assert waiter in table.waiters.all()


@pytest.mark.browser_full
@pytest.mark.parametrize(
    ("size", "scheme"),
    [(HANDHELD, "dark"), (TABLET, "light"), (DESKTOP, "dark")],
    ids=["handheld", "tablet", "desktop"],
)
def test_every_page_fits_and_complains_of_nothing(house, open_till, size, scheme):
    # given: something on every page
    order = a_bill(house)
    PaymentFactory(order=order)
    OrderLockFactory(order=order)
    OrderExceptionFactory(order=order)
    ReservationFactory(venue=house.venue)
    DojoConnection.objects.create(venue=house.venue)
    page = open_till(house.manager, size=size)
    page.emulate_media(color_scheme=scheme)
    paths = ["/admin/", "/admin/password_change/", "/admin/venue/", "/admin/dojo_integration/restcredential/make/"]
    for one in admin.site._registry.values():
        paths.append(one.address())
        row = one.model._default_manager.filter(**{one.venue_path: house.venue.pk}).first()
        if row is not None:
            paths.append(one.address(row))
        if one.may_add and one.model is not DojoConnection:
            paths.append(reverse(f"admin:{one.opts.app_label}_{one.opts.model_name}_add"))
    for path in paths:
        # when
        page.goto(path)
        page.wait_for_load_state("load")
        # then
        assert not scrolls_sideways(page), path
        assert page.complaints == [], path
