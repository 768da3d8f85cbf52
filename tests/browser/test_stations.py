"""A station: tickets arrive by themselves, the page says that it has them, taps move them on."""

import re

import pytest
from playwright.sync_api import expect

from orders.models import LineState, OrderLine
from orders.operations import apply_operations
from orders.services.adjusting import void_line
from orders.services.allergies import note_allergy
from orders.services.targets import AtTable
from pos.ids import LINE, new_id
from tests.browser.conftest import AT_ONCE


def send(house, table: str, *plus: str) -> None:
    """Another till orders and sends."""
    target = {"table": table}
    ops = [{"kind": "add_line", "line": new_id(LINE), "plu": plu, "target": target} for plu in plus]
    ops.append({"kind": "send", "target": target})
    for sequence, operation in enumerate(ops, start=1):
        operation |= {"op_id": new_id("op"), "sequence": sequence}
    results = apply_operations(actor=house.by_waiter, ops=ops)
    assert all(result["ok"] for result in results), results


@pytest.mark.browser
def test_a_round_arrives_is_acknowledged_made_and_taken(house, open_till):
    # given: the kitchen's screen, and a till on the table
    kitchen = open_till(house.supervisor, path="stations/kitchen")
    till = open_till(path="tables/t2")
    for page in (kitchen, till):
        expect(page.locator("body")).to_have_attribute("data-line", "up")
    expect(kitchen.locator("#no-cards")).to_be_visible()
    # when
    till.locator(".shelves").get_by_role("button", name="Food").click()
    till.locator(".shelf[data-ui-shown] .item", has_text="Soup").click()
    till.locator("#send").click()
    # then: on the station at once, and the till knows that it is there
    card = kitchen.locator(".card", has_text="Table 2")
    expect(card).to_contain_text("Soup of the day", timeout=2 * AT_ONCE)
    expect(till.locator(".line .has-it")).to_be_visible(timeout=2 * AT_ONCE)
    assert OrderLine.objects.get(venue=house.venue).station_has_it_at is not None
    # when: tapped on, step by step
    for state in ("started", "ready", "served"):
        card.locator(".cook").click()
        if state != "served":
            expect(card.locator(".cook")).to_have_class(re.compile(f"is-{state}"), timeout=AT_ONCE)
    # then: gone from the screen, served on the till, and it can be called back
    expect(kitchen.locator(".card")).to_have_count(0)
    expect(till.locator(".course")).to_contain_text("served")
    kitchen.locator("#recent summary").click()
    kitchen.get_by_role("button", name="Recall").click()
    expect(card.locator(".cook")).to_have_class(re.compile("is-ready"))
    assert OrderLine.objects.get(venue=house.venue).state == LineState.READY


@pytest.mark.browser_full
def test_allergies_are_seen_before_the_first_bump_and_struck_lines_until_acknowledged(house, open_till):
    # given
    send(house, "t4", "soup", "soup")
    note_allergy(actor=house.by_waiter, target=AtTable("t4"), seat=2, allergens=["nuts"])
    kitchen = open_till(path="stations/kitchen")
    card = kitchen.locator(".card", has_text="Table 4").first
    expect(card.locator(".allergies")).to_contain_text("Seat 2: nuts")
    # when: bumped unseen
    card.locator(".bump").click()
    # then
    expect(kitchen.locator("#notes")).to_contain_text("has an allergy")
    card.get_by_role("button", name="Seen").click()
    expect(card.get_by_role("button", name="Seen")).to_be_hidden()
    card.locator(".bump").click()
    expect(card.locator(".cook.is-ready").first).to_be_visible()
    # when: a till takes a line off
    soup = OrderLine.objects.filter(venue=house.venue).first()
    void_line(actor=house.by_supervisor, line_id=soup.pk, reason="Changed their mind", was_made=True)
    # then: struck through until somebody has seen it
    struck = card.locator(".cook.is-struck")
    expect(struck).to_contain_text("CANCELLED · Changed their mind", timeout=AT_ONCE)
    struck.click()
    expect(struck).to_have_count(0)
