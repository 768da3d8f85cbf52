"""A real browser in front of real processes: ``live_stack``, ``chromium`` and ``page``.

The browser is the system's own Chromium; nothing is downloaded. Without one, browser tests skip and say so; with
REQUIRE_BROWSER=1 that is a failure.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from pos.embedded import DataFolder
from tests.live_stack import LiveStack
from tests.live_stack import live_stack as run_live_stack

NO_BROWSER = "No Chromium here: `apt-get install chromium` (or your system's package) brings one"


@pytest.fixture(scope="session")
def _live_stack(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveStack]:
    folder = DataFolder(settings.RUN_FOLDER / f"stack-{settings.WORKER}")
    with django_db_blocker.unblock(), run_live_stack(folder) as stack:
        yield stack


@pytest.fixture
def live_stack(transactional_db: None, _live_stack: LiveStack) -> LiveStack:
    """Web and live on this test's database; what the test commits, the pages show."""
    return _live_stack


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    # Playwright keeps an event loop in this thread, and Django takes that for async code at work. It ends with the
    # module: no other test may meet that loop.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser_context(live_stack: LiveStack, chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of its own, as on a till that nobody has used yet."""
    context = chromium.new_context(base_url=live_stack.base_url, locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """An empty page; what the browser console complains of is in ``page.complaints``."""
    page = browser_context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints  # type: ignore[attr-defined]
    return page
