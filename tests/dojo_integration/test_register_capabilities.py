"""The commands that tell Dojo what it can ask of a venue, with Dojo there: registered, read back, and told apart."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dojo_integration.auth import NotAuthenticated, venue_of
from dojo_integration.models import DojoConnection, RestCredential, Road
from dojo_integration.registration import IMPLEMENTED, former_names
from dojo_integration.sandbox.models import Integration
from dojo_integration.services.credentials import issue_credential
from dojo_integration.services.registration import register
from pos.errors import NotPermitted
from pos.models import AuditEntry
from pos.sealed import Sealed
from tests.bills import a_bill
from tests.capabilities.roads import basic
from tests.dojo_integration.dojo_api import NOBODY
from tests.factories import WorkingVenue, a_venue
from tests.live_stack import LiveStack
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://pos.example.com"


@pytest.fixture
def shop(sandbox: Sandbox, settings: Settings) -> WorkingVenue:
    """A venue with an account at that Dojo, which finds it from outside."""
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    settings.EPOS_PUBLIC_URL = URL
    return a_venue()


def run(command: str = "register_capabilities", *names: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *names, stdout=out, **options)
    return out.getvalue()


def registered(sandbox: Sandbox, road: str) -> list[str]:
    found = sandbox.do("GET", f"/epos/integrations/{road}")
    return [capability["name"] for one in found for capability in one["capabilities"]]


def known_to_dojo() -> tuple[str, str]:
    """What Dojo would show us now."""
    row = Integration.objects.get(road="rest")
    return row.username, row.password


def opens(username: str, password: str) -> bool:
    try:
        venue_of(basic(username, password))
    except NotAuthenticated:
        return False
    return True


def puts(sandbox: Sandbox) -> list[str]:
    return [call["name"] for call in sandbox.calls("api") if call["name"].startswith("PUT")]


def test_both_roads_are_registered_in_full_and_read_back(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # when
    said = run()

    # then
    assert registered(sandbox, "ws") == registered(sandbox, "rest") == list(IMPLEMENTED)
    (rest,) = sandbox.do("GET", "/epos/integrations/rest")
    assert rest["url"] == URL
    assert {one["version"] for one in rest["capabilities"]} == {"v1"}
    assert opens(*known_to_dojo())
    assert f"{shop.venue.slug}: 23 capabilities are registered, over WebSocket and REST." in said
    assert known_to_dojo()[1] not in said
    entries = AuditEntry.objects.filter(subject="dojo").order_by("pk")
    assert [(entry.act, entry.detail) for entry in entries] == [
        ("register_capabilities", {"roads": ["ws", "rest"], "url": URL, "capabilities": 23}),
        ("registered_capabilities", {"as_asked": True, "faults": []}),
    ]


def test_dojo_then_calls_us_at_that_address(
    sandbox: Sandbox, live_stack: LiveStack, settings: Settings, shop: WorkingVenue
) -> None:
    settings.EPOS_PUBLIC_URL = live_stack.base_url
    order = a_bill(shop)
    run(road="rest")
    assert sandbox.ask_pos("GetOrderById", {"orderId": order.pk}, road="rest")["id"] == order.pk


def test_without_a_public_address_only_the_socket_is_registered(
    shop: WorkingVenue, sandbox: Sandbox, settings: Settings
) -> None:
    settings.EPOS_PUBLIC_URL = ""
    run()
    assert (registered(sandbox, "ws"), registered(sandbox, "rest")) == (list(IMPLEMENTED), [])
    with pytest.raises(CommandError, match="its public address is not known: set EPOS_PUBLIC_URL"):
        run(road="both")
    assert puts(sandbox) == ["PUT /epos/integrations/ws"]
    assert not RestCredential.objects.exists()


def test_the_venues_own_address_goes_before_the_environments(shop: WorkingVenue, sandbox: Sandbox) -> None:
    DojoConnection.objects.create(venue=shop.venue, public_url="https://blue.example.com")
    run(road="rest")
    assert sandbox.do("GET", "/epos/integrations/rest")[0]["url"] == "https://blue.example.com"


def test_a_dojo_that_knows_only_the_names_of_before_is_told_those(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given
    sandbox.fault("PUT /epos/integrations/ws", "status", status=400, count=1)

    # when
    said = run()

    # then
    assert registered(sandbox, "ws") == list(former_names(IMPLEMENTED))
    assert registered(sandbox, "rest") == list(IMPLEMENTED)
    assert "WebSocket: Dojo took the names of before, and none of today's." in said
    assert "WebSocket: by its former name" in said


@pytest.mark.parametrize(("status", "tries"), [(400, 2), (409, 1)])
def test_what_dojo_refuses_either_way_is_told_and_leaves_no_password(
    shop: WorkingVenue, sandbox: Sandbox, status: int, tries: int
) -> None:
    # given
    before = issue_credential(actor=shop.by_manager)
    sandbox.fault("PUT /epos/integrations/rest", "status", status=status)

    # when
    with pytest.raises(CommandError) as refused:
        run(road="rest")

    # then
    assert f"Dojo refused PUT /epos/integrations/rest (status {status}" in str(refused.value)
    assert "The sandbox was told to answer so." in str(refused.value)
    assert len(puts(sandbox)) == tries
    assert list(RestCredential.objects.filter(revoked_at=None)) == [before.credential]
    last = AuditEntry.objects.order_by("pk").last()
    assert last is not None
    assert (last.act, last.detail["as_asked"]) == ("registered_capabilities", False)


def test_a_password_ends_when_dojo_was_seen_to_have_the_next(shop: WorkingVenue, sandbox: Sandbox) -> None:
    # given one for a person, and Dojo's own
    persons = issue_credential(actor=shop.by_manager)
    run(road="rest")
    first = known_to_dojo()

    # when Dojo says yes and notes nothing down
    sandbox.fault("PUT /epos/integrations/rest", "status", status=200, count=1)
    with pytest.raises(CommandError, match=f"REST: the user name is {first[0]} instead of dojo-"):
        run(road="rest")

    # then what it has goes on being good
    assert known_to_dojo() == first
    assert opens(*first)
    assert RestCredential.objects.filter(revoked_at=None).count() == 3

    # when it does
    run(road="rest")

    # then only that one is left, beside the person's
    second = known_to_dojo()
    assert second[0] != first[0]
    assert (opens(*second), opens(*first), opens(persons.credential.username, persons.secret)) == (True, False, True)
    assert RestCredential.objects.filter(revoked_at=None).count() == 2


@pytest.mark.parametrize("after", [False, True])
def test_an_answer_that_is_lost_costs_dojo_no_password(shop: WorkingVenue, sandbox: Sandbox, after: bool) -> None:
    # given
    run(road="rest")
    first = known_to_dojo()
    sandbox.fault("PUT /epos/integrations/rest", "drop", after=after)

    # when
    with pytest.raises(CommandError, match="Dojo gave no usable answer to PUT /epos/integrations/rest"):
        run(road="rest")

    # then whichever it has is good
    assert (known_to_dojo() == first) is not after
    assert opens(*known_to_dojo())


def test_the_environments_password_is_the_one_and_stays(
    shop: WorkingVenue, sandbox: Sandbox, settings: Settings
) -> None:
    # given
    run(road="rest")
    made = known_to_dojo()
    settings.EPOS_REST_USERNAME, settings.EPOS_REST_PASSWORD = "dojo", "from the environment"

    # then
    for _ in range(2):
        run(road="rest")
        assert known_to_dojo() == ("dojo", "from the environment")
        assert (opens(*known_to_dojo()), opens(*made)) == (True, False)
    sandbox.fault("PUT /epos/integrations/rest", "status", status=409)
    with pytest.raises(CommandError):
        run(road="rest")
    assert opens("dojo", "from the environment")


def test_the_environments_password_is_the_oldest_venues(
    shop: WorkingVenue, sandbox: Sandbox, settings: Settings
) -> None:
    settings.EPOS_REST_USERNAME, settings.EPOS_REST_PASSWORD = "dojo", "from the environment"
    sandbox.open_account("sk_sandbox_other")
    other = a_venue(slug="other")
    DojoConnection.objects.create(venue=other.venue, api_key=Sealed.of("sk_sandbox_other"))
    run(road="rest", venue="other")
    assert known_to_dojo()[0].startswith("dojo-other-")
    assert venue_of(basic(*known_to_dojo())) == other.venue


def test_a_dry_run_sends_nothing_and_makes_nothing(shop: WorkingVenue, sandbox: Sandbox) -> None:
    said = run(dry_run=True)
    assert f"REST at {URL}: 23 capabilities would be registered." in said
    assert "  RecordOrderPaymentById v1\n" in said
    assert sandbox.calls("api") == []
    assert (RestCredential.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_some_by_name_and_never_a_preview(shop: WorkingVenue, sandbox: Sandbox) -> None:
    run("register_capabilities", "GetOrderById", "RecordOrderPayment", road="ws")
    assert registered(sandbox, "ws") == ["GetOrderById", "RecordOrderPaymentById"]
    with pytest.raises(CommandError, match="SearchMenus is a preview of Dojo's without a published contract"):
        run("register_capabilities", "SearchMenus", road="ws")
    assert len(puts(sandbox)) == 1


def test_one_sentence_where_there_is_no_account_no_answer_or_no_right(shop: WorkingVenue, settings: Settings) -> None:
    settings.DOJO_API_KEY = "sk_sandbox_strange"
    with pytest.raises(CommandError, match="Dojo does not accept this venue's key for PUT /epos/integrations/ws"):
        run()
    settings.DOJO_API_URL = NOBODY
    with pytest.raises(CommandError, match="Dojo gave no usable answer to GET /epos/integrations"):
        run("show_capabilities")
    settings.DOJO_API_KEY = ""
    for command in ("register_capabilities", "show_capabilities"):
        with pytest.raises(CommandError, match="has no Dojo account: enter its API key in the back office"):
            run(command)
    with pytest.raises(CommandError, match="There is no venue “nowhere”"):
        run(venue="nowhere")
    assert not RestCredential.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize("who", ["by_waiter", "by_supervisor"])
def test_only_a_manager_registers(shop: WorkingVenue, sandbox: Sandbox, who: str) -> None:
    with pytest.raises(NotPermitted):
        register(actor=getattr(shop, who), roads=[Road.WEBSOCKET])
    assert (sandbox.calls("api"), AuditEntry.objects.count()) == ([], 0)
    assert register(actor=shop.by_manager, roads=[Road.WEBSOCKET]).is_as_asked
    assert AuditEntry.objects.filter(membership=shop.manager, act="register_capabilities").count() == 1


def test_what_is_registered_is_shown_and_a_difference_is_no_failure(shop: WorkingVenue, sandbox: Sandbox) -> None:
    assert "This is not all that we implement" in run("show_capabilities")
    sandbox.register("ws", "GetOrderById", "SearchMenus")
    said = run("show_capabilities")
    assert "This is not all that we implement" in said
    line = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert line["GetOrderById"] == ["GetOrderById", "yes", "-", "yes"]
    assert line["ListAreas"] == ["ListAreas", "yes", "-", "-", "WebSocket:", "not", "registered"]
    assert line["SearchMenus"][:4] == ["SearchMenus", "-", "-", "yes"]
    run()
    said = run("show_capabilities")
    assert "Everything that we implement is registered." in said
    assert f"REST: Dojo calls {URL} as {known_to_dojo()[0]}." in said
