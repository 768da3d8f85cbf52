"""The production shape, running: from an empty database to a live screen, and in an orderly way to its end."""

import json
import re
from collections.abc import Iterator

import psycopg
import pytest
import redis
from websockets.sync.client import ClientConnection, connect

from tests.policies import directives
from tests.production.browser import ADDRESS, BehindTheProxy, ask
from tests.production.stack import HOST_NAME, Stack, our_parts, production_stack, until

PASSWORD = "a password for tests"
PATIENCE = 60

ONE_TABLE = """
from floorplan.models import Area, Table
from pos.models import Venue
venue = Venue.objects.get()
area = Area.objects.create(venue=venue, code="room", name="Room")
Table.objects.create(venue=venue, area=area, code="t1", name="1")
"""


@pytest.fixture
def stack() -> Iterator[Stack]:
    with production_stack() as stack:
        yield stack


@pytest.fixture
def browser(stack: Stack) -> BehindTheProxy:
    return BehindTheProxy(stack.ports["web"], HOST_NAME)


def listen(stack: Stack, browser: BehindTheProxy) -> ClientConnection:
    """Open the floor's line, as the proxy passes it on."""
    return connect(
        f"ws://127.0.0.1:{stack.ports['live']}/ws/the-blue-door/floor",
        origin=f"https://{HOST_NAME}",
        additional_headers={"Cookie": browser.cookie_header, "X-Forwarded-Proto": "https"},
        open_timeout=PATIENCE,
        proxy=None,
    )


def test_from_an_empty_database_to_a_live_screen_and_to_an_orderly_end(stack: Stack, browser: BehindTheProxy) -> None:
    web = stack.ports["web"]

    # The schema first, and the static files that the image brings along.
    stack.finish(stack.start("prepare"), stack.start("web", "python", "manage.py", "collectstatic", "--no-input"))

    # Every part starts, while a first venue is made beside them; each says by its own health check that it is well.
    for part in our_parts():
        stack.start(part)
    venue = ("the-blue-door", "--name", "The Blue Door", "--manager", "robin")
    made = stack.start("web", "python", "manage.py", "create_venue", *venue, TABLESIDE_MANAGER_PASSWORD=PASSWORD)
    stack.finish(made)
    stack.finish(stack.start("web", "python", "manage.py", "shell", "--no-imports", "-c", ONE_TABLE))
    for part in our_parts():
        until(lambda part=part: stack.is_well(part), lambda: stack.log)
    until(lambda: ask(web, "GET", "/readyz").status == 200, lambda: stack.log)

    # Plain HTTP leads to HTTPS, and a name that is not ours nowhere.
    plain = ask(web, "GET", "/the-blue-door/login", headers={"Host": HOST_NAME})
    assert (plain.status, plain.headers["location"]) == (301, f"https://{HOST_NAME}/the-blue-door/login")
    assert ask(web, "GET", "/", headers={"Host": "evil.example", "X-Forwarded-Proto": "https"}).status == 400

    # Somebody logs in through the pages, names the till, and sees the floor.
    form = browser.get("/the-blue-door/login")
    assert browser.post("/the-blue-door/login", form, login="nobody", password=PASSWORD).status == 200
    inside = browser.post("/the-blue-door/login", form, login="robin", password=PASSWORD)
    assert (inside.status, inside.headers["location"]) == (302, "/the-blue-door/floor"), stack.log
    session = browser.cookies["tableside_session"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert all(cookie["secure"] for cookie in browser.cookies.values())
    asked = browser.get("/the-blue-door/floor")
    named = browser.post("/the-blue-door/till", asked, name="Bar till")
    floor = browser.get(named.headers["location"])
    assert floor.status == 200
    assert f'data-live="wss://{HOST_NAME}/ws/the-blue-door/floor"' in floor.text
    policy = directives({"Content-Security-Policy": floor.headers["content-security-policy"]})
    assert policy["connect-src"] == f"'self' wss://{HOST_NAME}"
    assert floor.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"

    # The wrong try is counted at the client's address, not at the proxy's.
    with psycopg.connect(stack.database_url) as connection:
        tries = connection.execute("SELECT username, host(ip_address) FROM axes_accessattempt").fetchall()
    assert tries == [("nobody", ADDRESS)]

    # A file has its fingerprint in its name, and may be kept for ever.
    css = re.search(r'href="(/static/css/floor\.[0-9a-f]{12}\.css)"', floor.text)
    assert css
    file = browser.ask("GET", css[1])
    assert file.status == 200
    assert file.headers["cache-control"] == "max-age=315360000, public, immutable"

    # What one till does, the others hear.
    with listen(stack, browser) as line:
        assert json.loads(line.recv(PATIENCE)) == {"type": "hello"}
        assert browser.post("/the-blue-door/tables/t1/seat", floor, covers="2").status == 302
        said = json.loads(line.recv(PATIENCE))
    assert said["type"] == "changed"
    assert said["what"][0].startswith("party:party_")

    # What beat sends, the worker takes.
    with redis.Redis.from_url(stack.redis_url, decode_responses=True) as queue:
        until(lambda: queue.info("commandstats").get("cmdstat_lpush", {}).get("calls", 0) > 0, lambda: stack.log)
        until(lambda: queue.llen("tableside-queue:celery") == 0, lambda: stack.log)

    # SIGTERM ends every part by itself.
    assert stack.stop(*our_parts()) == dict.fromkeys(our_parts(), 0), stack.log
