"""The webhook at Dojo and its secret, with Dojo there: made once, changed while events come in, and none is refused."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dojo_integration.models import DojoEvent, WebhookSecret
from dojo_integration.sandbox.models import Secret
from dojo_integration.services.webhooks import keep_webhook, rotate_webhook_secret
from pos.errors import NotPermitted
from pos.models import AuditEntry
from tests.factories import WorkingVenue, a_venue
from tests.live_stack import LiveStack
from tests.sandbox import Json, Sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://pos.example.com"
BOTH = ["payment_intent.created", "payment_intent.status_updated"]


@pytest.fixture
def shop(sandbox: Sandbox, settings: Settings) -> WorkingVenue:
    """A venue with an account at that Dojo, which finds it from outside."""
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    settings.EPOS_PUBLIC_URL = URL
    return a_venue(slug="blue")


def run(**options: Any) -> str:
    out = StringIO()
    call_command("register_webhook", stdout=out, **options)
    return out.getvalue()


def at_dojo(sandbox: Sandbox) -> Json:
    (found,) = sandbox.do("GET", "/webhooks")
    return dict(found)


def good_here() -> list[tuple[str, str]]:
    rows = WebhookSecret.objects.filter(retired_at=None).order_by("pk")
    return [(row.secret_id, row.secret.reveal()) for row in rows]


def active_at_dojo(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(one["id"], one["value"]) for one in at_dojo(sandbox)["secrets"] if one["isActive"]]


def changes(sandbox: Sandbox) -> list[str]:
    return [call["name"].split()[0] for call in sandbox.calls("api") if not call["name"].startswith("GET")]


@contextmanager
def events_coming_in(sandbox: Sandbox) -> Iterator[list[bool]]:
    """One after the other without a pause, each noted as taken or not."""
    intent = sandbox.make_intent()
    taken: list[bool] = []
    is_over = threading.Event()

    def post() -> None:
        while not is_over.is_set():
            tries = sandbox.deliver(intent["id"], road="webhook", id=f"evt_{len(taken)}")["tries"]
            taken.extend(one["arrived"] for one in tries)

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield taken
    finally:
        is_over.set()
        thread.join(30)


def test_a_webhook_is_made_once_with_a_secret_that_is_known_here(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # when
    said = run()

    # then
    made = at_dojo(sandbox)
    assert (made["url"], made["events"]) == (f"{URL}/webhooks/dojo/blue", BOTH)
    assert good_here() == active_at_dojo(sandbox)
    assert f"Dojo posts {' and '.join(BOTH)} to {URL}/webhooks/dojo/blue." in said
    assert good_here()[0][1] not in said

    # and a second time changes nothing
    assert changes(sandbox) == ["POST"]
    run()
    assert (at_dojo(sandbox), changes(sandbox), WebhookSecret.objects.count()) == (made, ["POST"], 1)
    assert AuditEntry.objects.filter(act="register_webhook").count() == 2


def test_what_dojo_posts_then_is_taken(sandbox: Sandbox, live_stack: LiveStack, shop: WorkingVenue) -> None:
    # given
    sandbox.route(URL, live_stack.base_url)
    run()
    intent = sandbox.make_intent()

    # then
    assert sandbox.deliver(intent["id"], road="webhook")["tries"] == [{"arrived": True, "outcome": "HTTP 200"}]
    assert {event.payment_intent_id for event in DojoEvent.objects.filter(venue=shop.venue)} == {intent["id"]}

    # and what a secret signs that is not kept here would not be
    made = at_dojo(sandbox)["id"]
    unknown = sandbox.do("POST", f"/webhooks/{made}/secrets")["secrets"][-1]["id"]
    sandbox.call("PUT", f"/webhooks/{made}/secrets/{unknown}/activate")
    assert sandbox.deliver(intent["id"], road="webhook")["tries"][0]["arrived"] is False
    run()
    assert sandbox.deliver(intent["id"], road="webhook")["tries"][0]["arrived"] is True


def test_no_event_is_refused_while_one_secret_replaces_another(
    sandbox: Sandbox, live_stack: LiveStack, shop: WorkingVenue
) -> None:
    # given
    sandbox.route(URL, live_stack.base_url)
    run()
    first = good_here()
    # Dojo signs with the new one for a while before it says so.
    sandbox.fault("PUT /webhooks/*/activate", "delay", seconds=3, count=1)

    # when
    with events_coming_in(sandbox) as taken:
        until(lambda: taken, 30)
        outcome = rotate_webhook_secret(actor=shop.by_manager, on_its_way=0.5)

    # then
    assert outcome.is_as_asked
    assert set(taken) == {True}
    # and some came just then
    names = [call["name"].partition(" ")[0] for call in sandbox.calls()]
    assert BOTH[1] in names[names.index("PUT") : names.index("DELETE")]
    assert good_here() == active_at_dojo(sandbox) != first
    assert [len(good_here()), len(at_dojo(sandbox)["secrets"])] == [1, 1]
    assert AuditEntry.objects.filter(act="rotate_webhook_secret", membership=shop.manager).count() == 1


def test_a_rotation_that_broke_off_is_finished_by_the_next(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given one that came as far as the new secret
    run()
    first = good_here()
    sandbox.fault("PUT /webhooks/*/activate", "drop", count=1)
    with pytest.raises(CommandError, match="Dojo gave no usable answer to PUT"):
        run(rotate=True)
    assert (len(good_here()), good_here()[0], active_at_dojo(sandbox)) == (2, first[0], first)
    # and one that came as far as the old secret's end
    sandbox.fault("DELETE /webhooks/*", "drop", count=1)
    with pytest.raises(CommandError, match="Dojo gave no usable answer to DELETE"):
        run(rotate=True)
    assert good_here() == active_at_dojo(sandbox)
    assert len(good_here()) == 2

    # when
    rotate_webhook_secret(actor=shop.by_manager, on_its_way=0)

    # then
    assert good_here() == active_at_dojo(sandbox)
    assert len(at_dojo(sandbox)["secrets"]) == 1
    assert WebhookSecret.objects.count() == 3


def test_a_secret_that_dojo_has_dropped_is_dropped_here(shop: WorkingVenue, sandbox: Sandbox) -> None:
    run()
    first = good_here()
    sandbox.fault("DELETE /webhooks/*", "drop", count=1, after=True)
    with pytest.raises(CommandError):
        run(rotate=True)
    assert len(good_here()) == 2
    run()
    assert good_here() == active_at_dojo(sandbox) != first


def test_events_that_are_missing_are_added(shop: WorkingVenue, sandbox: Sandbox) -> None:
    sandbox.do("POST", "/webhooks", {"events": BOTH[:1], "url": f"{URL}/webhooks/dojo/blue"})
    sandbox.do("POST", "/webhooks", {"events": BOTH, "url": "https://other.example.com"})
    assert "Events of this account also go to https://other.example.com." in run()
    ours = sandbox.do("GET", "/webhooks")[0]
    assert ours["events"] == BOTH
    assert good_here() == [(one["id"], one["value"]) for one in ours["secrets"]]


def test_a_webhook_that_nothing_signs_is_told(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given a Dojo that says yes, and activates nothing
    run()
    Secret.objects.update(is_active=False)
    sandbox.fault("PUT /webhooks/*/activate", "status", status=200, count=2)

    # then
    with pytest.raises(CommandError, match="Dojo has noted down something else.\nNo secret signs it."):
        run()
    with pytest.raises(CommandError, match="Dojo has noted down something else.\nDojo does not sign with the new"):
        run(rotate=True)
    run()
    assert active_at_dojo(sandbox) == good_here()


def test_one_sentence_where_there_is_no_address_for_it(
    shop: WorkingVenue, sandbox: Sandbox, settings: Settings
) -> None:
    settings.EPOS_PUBLIC_URL = "http://127.0.0.1:8000"
    with pytest.raises(CommandError, match=r"https addresses alone, and this venue's is http://127\.0\.0\.1:8000\."):
        run()
    settings.EPOS_PUBLIC_URL = ""
    with pytest.raises(CommandError, match="its public address is not known: set EPOS_PUBLIC_URL"):
        run(rotate=True)
    settings.EPOS_PUBLIC_URL, settings.DOJO_API_KEY = URL, ""
    with pytest.raises(CommandError, match="has no Dojo account"):
        run()
    assert (sandbox.calls("api"), AuditEntry.objects.count()) == ([], 0)


def test_only_a_manager_may(shop: WorkingVenue, sandbox: Sandbox) -> None:
    for act in (keep_webhook, rotate_webhook_secret):
        with pytest.raises(NotPermitted):
            act(actor=shop.by_supervisor)
    assert (sandbox.calls("api"), WebhookSecret.objects.count()) == ([], 0)
