"""Dojo at work while the floor is open: each step is on the page within a second, without touching it."""

import re

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order, OrderLine
from orders.services.adjusting import void_line
from pos.errors import Locked
from pos.ids import ORDER, is_id
from tests.browser.conftest import AT_ONCE
from tests.browser.test_stations import send
from tests.capabilities.requests import an_order, in_minutes, pounds

pytestmark = pytest.mark.browser_full


def tile(page: Page, code: str, state: str, words: str = "") -> None:
    """The table looks like this within a second."""
    found = page.locator(f"#tile-{code}")
    expect(found).to_have_class(re.compile(f"is-{state}"), timeout=AT_ONCE)
    if words:
        expect(found).to_contain_text(words, timeout=AT_ONCE)


def floor_of(open_till, member=None) -> Page:
    page = open_till(member)
    expect(page.locator("body")).to_have_attribute("data-line", "up")
    return page


def test_pay_at_table_without_a_lock(house, open_till, machine):
    # given: a table that has ordered, and the floor open
    send(house, "t12", "soup", "lemonade")
    page = floor_of(open_till)
    tile(page, "t12", "service")
    # when: the machine lists what can be paid, and takes the bill
    (listed,) = machine.ok("POST", "/orders/search", {"payableOnly": True})["data"]
    assert listed["displayName"] == "Table 12"
    bill = machine.ok("GET", f"/orders/{listed['id']}")
    total = bill["totalAmount"]["value"]
    # then: half of it paid is a table that is paying, with what is left
    machine.ok("POST", f"/orders/{listed['id']}/record-payment", payment("pi-1", 500))
    tile(page, "t12", "paying", f"£{(total - 500) / 100:.2f} left")
    machine.ok("POST", f"/orders/{listed['id']}/record-payment", payment("pi-2", total - 500))
    tile(page, "t12", "paid", "Paid")
    # when: a coffee after that opens the next bill without a question
    send(house, "t12", "coffee")
    tile(page, "t12", "service")
    (second,) = machine.ok("POST", "/orders/search", {"payableOnly": True})["data"]
    assert second["displayName"] == "Table 12 · 2"
    machine.ok("POST", f"/orders/{second['id']}/record-payment", payment("pi-3", second["totalAmount"]["value"]))
    tile(page, "t12", "paid")
    # when
    page.locator("#tile-t12").click()
    page.get_by_role("button", name="Clear the table").click()
    # then
    tile(page, "t12", "free")


def test_a_locked_bill_keeps_its_sum_while_the_kitchen_goes_on(house, open_till, machine):
    # given
    send(house, "t7", "soup")
    page, kitchen, till = floor_of(open_till), open_till(path="stations/kitchen"), open_till(path="tables/t7")
    expect(kitchen.locator("body")).to_have_attribute("data-line", "up")
    order = Order.objects.get(venue=house.venue)
    # when
    machine.ok("POST", f"/orders/{order.pk}/lock", {"lockId": "lock-1", "expiry": in_minutes(5)})
    # then: the floor says paying, and the table's page who has it
    tile(page, "t7", "paying", "left")
    expect(till.locator(".paying-banner")).to_contain_text("Machine 3", timeout=AT_ONCE)
    # when: a new round
    send(house, "t7", "chips")
    # then: in the kitchen at once, on the next bill
    expect(kitchen.locator(".card", has_text="Table 7 · 2")).to_contain_text("Chips", timeout=AT_ONCE)
    expect(till.locator(".next-bill")).to_contain_text("on the next bill", timeout=AT_ONCE)
    order.refresh_from_db()
    assert machine.ok("GET", f"/orders/{order.pk}")["totalAmount"]["value"] == order.total_amount == 844
    # when: a void meanwhile
    line = OrderLine.objects.get(venue=house.venue, plu="soup")
    with pytest.raises(Locked, match="Machine 3"):
        void_line(actor=house.by_supervisor, line_id=line.pk, reason="Wrong item", was_made=False)
    till.locator(".line", has_text="Soup").click()
    till.locator("#strip").get_by_role("button", name="Take off").click()
    till.locator("#sheet").get_by_role("button", name="Take it off").click()
    expect(till.locator("#notes")).to_contain_text("is being paid on")
    till.locator("#sheet").get_by_label("Close").click()
    # when: the machine gives the bill back unpaid
    machine.ok("DELETE", f"/orders/{order.pk}/locks/lock-1")
    # then: one bill again
    tile(page, "t7", "service")
    expect(till.locator(".bill")).to_have_count(1, timeout=AT_ONCE)
    expect(till.locator(".line", has_text="Chips")).to_be_visible()
    assert OrderLine.objects.filter(order=order).count() == 2


def test_order_and_pay_shows_in_the_rail(house, open_till, machine):
    # given
    page = floor_of(open_till)
    # when: a guest orders by phone, paid
    made = machine.ok("POST", "/orders", an_order())
    assert is_id(ORDER, made["id"])
    # then
    slip = page.locator("#qr-slips .slip")
    expect(slip).to_contain_text("£36.00", timeout=AT_ONCE)
    expect(slip).to_contain_text("Confirmed")
    expect(page.locator("#tile-t3")).to_contain_text("QR")
    # when: the kitchen starts it
    kitchen = open_till(path="stations/kitchen")
    kitchen.locator(".cook").first.click()
    expect(slip).to_contain_text("Preparing", timeout=AT_ONCE)
    # and has it ready
    kitchen.locator(".bump").click()
    expect(slip).to_contain_text("ready", timeout=AT_ONCE)
    assert machine.ok("GET", f"/orders/{made['id']}")["status"] in ("Prepared", "Ready")


def payment(intent: str, value: int) -> dict:
    return {"paymentIntentId": intent, "paidAmount": pounds(value)}
