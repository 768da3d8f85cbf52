"""The EPOS tester tool: which step failed, and why."""

from typing import Any

import pytest

from tests.dojo_integration.sandbox.a_pos import ORDER, Pos, connected, listening
from tests.sandbox import Json, Sandbox, until

FLOWS = "/epos-tester-tool/flows"
IS_REGISTERED = "Check whether GetOrder has been registered"
CALL_WS = "Call GetOrder over ws"
CHECK = "Check the order that GetOrder has returned"


def flow(sandbox: Sandbox, order_id: str = "order_1") -> Json:
    """A run of it, when it is over."""
    started = sandbox.do("POST", FLOWS, {"flow": "Get Order", "params": {"orderId": order_id}})
    until(lambda: sandbox.do("GET", f"{FLOWS}/{started}")["status"] != "IN_PROGRESS", 20)
    return dict(sandbox.do("GET", f"{FLOWS}/{started}"))


def steps(of: Json) -> list[tuple[str, str]]:
    return [(step["name"], step["status"]) for step in of["steps"]]


def test_an_order_is_got_over_the_road_that_is_registered(sandbox: Sandbox) -> None:
    with listening() as pos:
        sandbox.register("rest", "GetOrderById", url=pos.url, username="a", password="b")
        ran = flow(sandbox)
    assert steps(ran) == [(IS_REGISTERED, "SUCCESS"), ("Call GetOrder over rest", "SUCCESS"), (CHECK, "SUCCESS")]
    assert (ran["status"], ran["flowName"]) == ("SUCCESS", "Get Order through EPOS Data API")
    assert ran["startedAt"] <= ran["steps"][0]["startedAt"] <= ran["steps"][2]["finishedAt"] <= ran["finishedAt"]


@pytest.mark.parametrize(
    ("pos", "failed", "status", "words"),
    [
        (Pos(errors={"GetOrderByIdV1": "NotFound"}), CALL_WS, "FAILURE", ["GetOrder failed", "NotFound: because"]),
        (Pos(results={"GetOrderByIdV1": [1]}), CALL_WS, "FAILURE", ["GetOrder has not returned an object"]),
        (Pos(results={"GetOrderByIdV1": {}}), CHECK, "FAILURE", ["The order is without id, status, details, items"]),
        (Pos(results={"GetOrderByIdV1": ORDER | {"id": "o"}}), CHECK, "FAILURE", ["Another order was returned: o"]),
    ],
)
def test_the_step_that_failed_is_named(sandbox: Sandbox, pos: Pos, failed: str, status: str, words: Any) -> None:
    sandbox.register("ws", "GetOrderById")
    with connected(sandbox, pos):
        ran = flow(sandbox)
    assert ran["status"] == status
    assert steps(ran)[-1] == (failed, status)
    assert ran["steps"][-1]["additionalInformation"] == words


def test_what_is_not_registered_is_not_called(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        ran = flow(sandbox)
    assert pos.heard == []
    assert (ran["status"], steps(ran)) == ("FAILURE", [(IS_REGISTERED, "FAILURE")])
    assert ran["steps"][0]["additionalInformation"] == [
        "GetOrder method not found",
        "Please register the GetOrder method on an EPOS Data API adapter",
    ]


def test_who_does_not_answer_is_timed_out(sandbox: Sandbox) -> None:
    sandbox.register("ws", "GetOrderById")
    ran = flow(sandbox)
    assert (ran["status"], steps(ran)[-1]) == ("TIMED_OUT", (CALL_WS, "TIMED_OUT"))
