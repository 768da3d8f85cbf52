"""The API's page in a real browser: it is drawn, it calls, it asks nobody else, and its policy has nothing to stop."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pos.models import Venue
from tests.browser.conftest import DESKTOP, HANDHELD, TABLET, scrolls_sideways
from tests.factories import RestCredentialFactory, WorkingVenue
from tests.live_stack import LiveStack

pytestmark = pytest.mark.browser_full

CREATE_ORDER = "#operations-Orders-CreateOrder"
LIST_AREAS = "#operations-Areas-ListAreas"


@pytest.fixture
def docs(request: pytest.FixtureRequest, live_stack: LiveStack, chromium: Browser) -> Iterator[Page]:
    """The page, open; at its end nothing may have been asked of another host, refused or complained of."""
    width, height, scheme = getattr(request, "param", (*DESKTOP, "light"))
    context = chromium.new_context(
        base_url=live_stack.base_url, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.complaints = complaints = []  # type: ignore[attr-defined]
    # What the policy stops is told to the console as an error.
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    foreign: list[str] = []
    here = (live_stack.base_url, "data:")
    page.on("request", lambda sent: None if sent.url.startswith(here) else foreign.append(sent.url))
    page.goto("/v1/docs/")
    expect(page.locator(CREATE_ORDER)).to_be_visible()
    yield page
    assert not scrolls_sideways(page)
    assert complaints == []
    assert foreign == []
    context.close()


SIZES = [(*size, scheme) for size in (HANDHELD, TABLET, DESKTOP) for scheme in ("light", "dark")]


@pytest.mark.parametrize("docs", SIZES, indirect=True, ids=lambda size: f"{size[0]}-{size[2]}")
def test_everything_opens_at_every_size(docs: Page) -> None:
    # when
    docs.locator(f"{CREATE_ORDER} .opblock-summary-control").click()
    docs.locator(".models-control").click()
    # then
    expect(docs.locator(f"{CREATE_ORDER} .opblock-description")).to_contain_text("CreateOrderV1")
    expect(docs.get_by_text("EPOSError", exact=True).first).to_be_visible()
    docs.locator(".btn.authorize").click()
    expect(docs.get_by_label("Username")).to_be_visible()


@pytest.mark.parametrize("docs", [(*TABLET, "light"), (*TABLET, "dark")], indirect=True, ids=["light", "dark"])
def test_it_is_dark_where_the_browser_is(docs: Page, request: pytest.FixtureRequest) -> None:
    dark = request.node.callspec.id == "dark"
    brightness = docs.evaluate("getComputedStyle(document.querySelector('.swagger-ui .info .title')).color")
    channels = [int(part) for part in brightness.strip("rgba()").split(",")[:3]]
    assert (sum(channels) > 3 * 128) is dark


def test_a_call_can_be_made_from_it(house: WorkingVenue, docs: Page) -> None:
    # given
    venue: Venue = house.venue
    RestCredentialFactory(venue=venue, username="dojo-old-mill", secret="s3cret")
    # when
    docs.locator(".btn.authorize").click()
    docs.get_by_label("Username").fill("dojo-old-mill")
    docs.get_by_label("Password").fill("s3cret")
    docs.locator(".auth-btn-wrapper .authorize").click()
    docs.locator(".btn-done").click()
    docs.locator(f"{LIST_AREAS} .opblock-summary-control").click()
    docs.locator(f"{LIST_AREAS} .try-out__btn").click()
    docs.locator(f"{LIST_AREAS} .execute").click()
    # then
    answer = docs.locator(f"{LIST_AREAS} .live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    shown = json.loads(answer.locator(".highlight-code pre").first.inner_text())
    assert house.area.code in [area["id"] for area in shown]


def test_what_the_policy_stops_would_be_noticed(docs: Page) -> None:
    # given: the control, without which the tests above would prove nothing of the policy
    docs.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))")
    docs.evaluate("document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click()")
    # then
    assert docs.evaluate("window.ran") is None
    assert len(docs.complaints) == 2
    docs.complaints.clear()
