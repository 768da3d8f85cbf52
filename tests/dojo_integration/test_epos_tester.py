"""The command that has Dojo's tester play with a venue: what it lists, what it prints, and how it ends."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dojo_integration import tester
from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.errors import Unavailable
from dojo_integration.dojo_api.results import Flow
from pos.errors import InvalidRequest
from tests.bills import a_bill
from tests.dojo_integration.dojo_api import an_account
from tests.dojo_processes import dojo_processes
from tests.factories import WorkingVenue, a_venue
from tests.sandbox import Sandbox, until

START = 60.0

FLOW = Flow.read(
    {
        "name": "Get Order",
        "params": [
            {"name": "orderId", "type": "string", "required": True, "description": ""},
            {"name": "times", "type": "number", "required": True, "description": "", "default": "1"},
            {"name": "locked", "type": "boolean", "required": False, "description": ""},
        ],
    }
)


@pytest.fixture
def shop(sandbox: Sandbox, settings: Settings) -> WorkingVenue:
    """A venue with an account at that Dojo."""
    settings.DOJO_API_KEY, settings.DOJO_API_URL = sandbox.api_key, sandbox.url
    return a_venue()


@pytest.fixture
def connected(shop: WorkingVenue, sandbox: Sandbox, tmp_path: Path) -> Iterator[None]:
    """The venue's own process has dialled that Dojo."""
    with dojo_processes(tmp_path / "var", DOJO_API_KEY=sandbox.api_key, DOJO_WS_URL=sandbox.ws_url) as processes:
        processes.start()
        until(sandbox.connections, START)
        yield


def run(*arguments: str, out: StringIO | None = None, **options: Any) -> str:
    out = out or StringIO()
    call_command("epos_tester", *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_flow_that_goes_well_and_one_that_fails_step_by_step(
    shop: WorkingVenue, sandbox: Sandbox, connected: None
) -> None:
    # given
    order = a_bill(shop)
    call_command("register_capabilities", stdout=StringIO())

    # then
    assert run("get order", param=[f"orderId={order.pk}"]).splitlines() == [
        "SUCCESS    Check whether GetOrder has been registered",
        "SUCCESS    Call GetOrder over ws",
        "SUCCESS    Check the order that GetOrder has returned",
        "Get Order: SUCCESS",
    ]

    # and
    out = StringIO()
    with pytest.raises(CommandError, match="Get Order: FAILURE"):
        run("Get Order", param=["orderId=order_nobody_knows"], out=out)
    said = out.getvalue().splitlines()
    assert said[:3] == [
        "SUCCESS    Check whether GetOrder has been registered",
        "FAILURE    Call GetOrder over ws",
        "           GetOrder failed",
    ]
    assert said[3].strip().startswith("NotFound: ")


@pytest.mark.django_db(transaction=True)
def test_a_venue_that_is_not_connected_times_out(shop: WorkingVenue, sandbox: Sandbox) -> None:
    call_command("register_capabilities", stdout=StringIO())
    with pytest.raises(CommandError, match="Get Order: TIMED_OUT"):
        run("Get Order", param=["orderId=order_1"])


@pytest.mark.django_db(transaction=True)
def test_flows_are_listed_with_what_they_need(shop: WorkingVenue) -> None:
    assert run().splitlines() == [
        "Get Order",
        "  --param orderId=…  string, needed. The id of an order that the POS has.",
    ]


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_wrongly_is_named_and_starts_nothing(
    shop: WorkingVenue, sandbox: Sandbox, settings: Settings
) -> None:
    with pytest.raises(CommandError, match="The tester has no flow “Pay”; it has “Get Order”"):
        run("Pay")
    with pytest.raises(CommandError, match="“Get Order” needs --param orderId=…"):
        run("Get Order")
    assert {call["name"].split()[0] for call in sandbox.calls("api")} == {"GET"}
    settings.DOJO_API_KEY = ""
    with pytest.raises(CommandError, match="has no Dojo account"):
        run("Get Order", param=["orderId=order_1"])


@pytest.mark.django_db(transaction=True)
def test_a_moment_without_dojo_ends_no_flow_and_a_long_one_does(sandbox: Sandbox) -> None:
    with DojoApi(an_account(sandbox.url, api_key=sandbox.api_key)) as api:
        # given
        flow = api.tester_flows()[0]
        sandbox.fault("GET /epos-tester-tool/flows/*", "status", status=503, count=4)
        # then
        *_, last = tester.play(api, flow, {"orderId": "order_1"}, pause=0.1)
        assert last.status == "FAILURE"
        # and
        sandbox.fault("GET /epos-tester-tool/flows/*", "status", status=503)
        with pytest.raises(Unavailable):
            list(tester.play(api, flow, {"orderId": "order_1"}, pause=0.1, patience=0.3))


def test_params_are_what_the_flow_calls_them() -> None:
    assert tester.params_of(FLOW, ["orderId=a=b", "times=2", "locked=True"]) == {
        "orderId": "a=b", "times": 2, "locked": True,
    }  # fmt: skip
    assert tester.params_of(FLOW, ["orderId=a"]) == {"orderId": "a"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "“Get Order” needs --param orderId=…"),
        (["orderId"], "“orderId” is not NAME=VALUE"),
        (["orderID=1"], "“orderID=1” is not NAME=VALUE with a name that “Get Order” has: orderId, times, locked."),
        (["orderId=a", "times=two"], "times has to be a whole number."),
        (["orderId=a", "locked=maybe"], "locked has to be true or false."),
    ],
)
def test_params_that_will_not_do_are_named(given: list[str], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        tester.params_of(FLOW, given)
