"""The sandbox and the venue as they stand beside each other in `make run`: real processes, real roads."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dojo_integration.services.credentials import issue_credential
from orders.models import Order, Payment
from pos.permissions import Actor
from tests.bills import a_bill
from tests.capabilities.requests import in_minutes
from tests.dojo_integration.sandbox.test_tester import CHECK, flow, steps
from tests.dojo_processes import dojo_processes
from tests.factories import WorkingVenue, a_venue
from tests.live_stack import LiveStack
from tests.sandbox import Sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ("GetOrderById", "SearchOrders", "RecordOrderPaymentById", "CreateOrderLock", "DeleteOrderLock")
START = 60.0


@pytest.fixture
def shop() -> WorkingVenue:
    return a_venue()


@pytest.fixture
def over_ws(shop: WorkingVenue, sandbox: Sandbox, tmp_path: Path) -> Iterator[str]:
    """The venue's own process has dialled the sandbox."""
    with dojo_processes(tmp_path / "var", DOJO_API_KEY=sandbox.api_key, DOJO_WS_URL=sandbox.ws_url) as processes:
        processes.start()
        until(sandbox.connections, START)
        sandbox.register("ws", *ALL)
        yield "ws"
        assert sandbox.api_key not in processes.said()


@pytest.fixture
def over_rest(shop: WorkingVenue, sandbox: Sandbox, live_stack: LiveStack) -> str:
    """The venue's web process is registered with the sandbox."""
    issued = issue_credential(actor=Actor.system(shop.venue))
    sandbox.register("rest", *ALL, url=live_stack.base_url, username=issued.credential.username, password=issued.secret)
    return "rest"


@pytest.fixture(params=["over_ws", "over_rest"])
def road(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def paid_amount(order: Order) -> int:
    order.refresh_from_db()
    return order.paid_amount


def test_the_tester_finds_an_order_and_names_the_step_where_there_is_none(
    shop: WorkingVenue, sandbox: Sandbox, road: str
) -> None:
    # given
    order = a_bill(shop)

    # then
    assert sandbox.ask_pos("GetOrderById", {"orderId": order.pk}, road=road)["id"] == order.pk
    ran = flow(sandbox, order.pk)
    assert (ran["status"], steps(ran)[1:]) == (
        "SUCCESS", [(f"Call GetOrder over {road}", "SUCCESS"), (CHECK, "SUCCESS")]
    )  # fmt: skip

    ran = flow(sandbox, "order_nobody_knows")
    assert (ran["status"], steps(ran)[1:]) == ("FAILURE", [(f"Call GetOrder over {road}", "FAILURE")])
    assert ran["steps"][1]["additionalInformation"][1].startswith("NotFound: ")


def test_a_card_pays_a_bill(shop: WorkingVenue, sandbox: Sandbox, road: str) -> None:
    # given a bill that a card machine has locked
    order = a_bill(shop, total=5000)
    sandbox.ask_pos("CreateOrderLock", {"orderId": order.pk, "lockId": "l1", "expiry": in_minutes(5)}, road=road)

    # when it pays a part, and then more than is left
    paid = sandbox.take_payment(order.pk, 3000, tipsAmount=300, lockId="l1", road=road)
    sandbox.fault("CALL RecordOrderPaymentById", "duplicate")
    again = sandbox.take_payment(order.pk, 2000, lockId="l1", road=road)

    # then each is recorded once, also the one that was asked for twice
    assert (paid["outcome"], again["outcome"]) == ("recorded", "recorded")
    assert paid_amount(order) == 5000
    intents = {one["paymentIntent"]["id"] for one in (paid, again)}
    assert {payment.intent.intent_id for payment in Payment.objects.filter(order=order)} == intents


def test_what_the_venue_refuses_is_given_back_to_the_card(shop: WorkingVenue, sandbox: Sandbox, road: str) -> None:
    # when
    paid = sandbox.take_payment("order_nobody_knows", 3000, road=road)

    # then
    assert (paid["outcome"], paid["answer"]["errorType"]) == ("refused", "NotFound")
    assert sandbox.intent(paid["paymentIntent"]["id"])["status"] == "Reversed"


@pytest.mark.faults
def test_the_venue_comes_back_after_the_sandbox_was_killed(
    shop: WorkingVenue, sandbox: Sandbox, over_ws: Callable[..., str]
) -> None:
    # given
    order = a_bill(shop)
    sandbox.kill()

    # when
    sandbox.start()
    until(sandbox.connections, 40)

    # then
    assert sandbox.ask_pos("GetOrderById", {"orderId": order.pk})["id"] == order.pk
    assert flow(sandbox, order.pk)["status"] == "SUCCESS"
