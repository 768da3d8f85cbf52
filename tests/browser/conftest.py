"""A venue with people at its tills, and the card machine beside them."""

import base64
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pos.models import Membership
from tests.factories import PASSWORD, RestCredentialFactory, WorkingVenue, a_venue
from tests.live_stack import LiveStack

# What "visible at once" means, in milliseconds: the promise is one second.
AT_ONCE = 1000

TABLET = (1024, 768)
HANDHELD = (390, 844)
DESKTOP = (1440, 900)

OpenTill = Callable[..., Page]


@pytest.fixture
def house(live_stack: LiveStack) -> WorkingVenue:
    """An open venue in the database that the pages are served from."""
    return a_venue(slug="old-mill", name="The Old Mill")


@pytest.fixture
def open_till(house: WorkingVenue, live_stack: LiveStack, chromium: Browser) -> Iterator[OpenTill]:
    """Sign somebody in on a new till; at the end no page may have complained or scroll sideways."""
    contexts, pages, numbers = [], [], itertools.count(1)

    def open_one(member: Membership | None = None, *, size: tuple[int, int] = TABLET, path: str = "floor") -> Page:
        context = chromium.new_context(
            base_url=live_stack.base_url,
            viewport={"width": size[0], "height": size[1]},
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        pages.append(page)
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        sign_in(page, house, member or house.waiter, till=f"Till of the test {next(numbers)}", path=path)
        return page

    yield open_one
    for page in pages:
        assert not scrolls_sideways(page)
        assert page.complaints == []
    for context in contexts:
        context.close()


def sign_in(page: Page, house: WorkingVenue, member: Membership, *, till: str, path: str = "floor") -> None:
    """The way in of a browser that is no till yet."""
    slug = house.venue.slug
    page.goto(f"/{slug}/login?next=/{slug}/{path}")
    page.get_by_label("Login").fill(member.staff.login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name").fill(till)
    page.get_by_role("button", name="Open the floor").click()
    page.wait_for_url(f"**/{slug}/{path}")


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@dataclass(frozen=True, slots=True)
class Machine:
    """A card machine: Dojo's requests, as they come to /v1."""

    base_url: str
    authorization: str

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"{self.base_url}/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": self.authorization,
                "Content-Type": "application/json",
                "device-id": "Machine 3",
                "waiter-id": "7",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, _body(response.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, _body(refusal.read())

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.call(method, path, body)
        assert status in (200, 201, 204), (status, answer)
        return answer


def _body(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


@pytest.fixture
def machine(house: WorkingVenue, live_stack: LiveStack) -> Machine:
    credential = RestCredentialFactory(venue=house.venue, username="dojo-old-mill")
    pair = base64.b64encode(f"{credential.username}:the secret that Dojo sends".encode()).decode()
    return Machine(live_stack.base_url, f"Basic {pair}")
