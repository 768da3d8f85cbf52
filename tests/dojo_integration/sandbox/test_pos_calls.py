"""Asking the POS over REST: where it was registered, with what was registered."""

import base64
import json
from collections.abc import Iterator

import pytest

from dojo_integration.sandbox.pos_calls import REST
from tests.dojo_integration.sandbox.a_pos import ORDER, Pos, listening
from tests.sandbox import Sandbox, gbp


@pytest.fixture
def pos(sandbox: Sandbox) -> Iterator[Pos]:
    with listening() as made:
        sandbox.register("rest", "GetOrderById", url=f"{made.url}/base/", username="dojo", password="pässword")
        yield made


def test_it_is_asked_at_its_base_with_its_credentials(sandbox: Sandbox, pos: Pos) -> None:
    # when
    asked = {"orderId": "a/b", "headers": {"waiterId": "7", "deviceId": "d"}}
    answer = sandbox.ask("GetOrderById", asked, road="rest")

    # then
    assert answer == {"isOk": True, "body": ORDER, "status": 200}
    ((method, path, headers, body),) = pos.heard
    assert (method, path, body) == ("GET", "/base/v1/orders/a%2Fb", b"")
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode("utf-8") == "dojo:pässword"
    assert (headers["waiter-id"], headers["device-id"]) == ("7", "d")


def test_what_the_path_names_is_not_in_the_body(sandbox: Sandbox, pos: Pos) -> None:
    # when
    params = {"orderId": "o1", "lockId": "l1", "expiry": "2026-03-01T12:00:00Z"}
    sandbox.ask("ExtendOrderLock", params, road="rest")

    # then
    ((method, path, _, body),) = pos.heard
    assert (method, path) == ("PUT", "/base/v1/orders/o1/locks/l1")
    assert json.loads(body) == {"expiry": "2026-03-01T12:00:00Z"}


def test_an_error_is_an_answer(sandbox: Sandbox, pos: Pos) -> None:
    # given
    pos.statuses = [409]

    # then
    answer = sandbox.ask("GetOrderById", {"orderId": "o1"}, road="rest")
    assert (answer["isOk"], answer["status"], answer["body"]["errorType"]) == (False, 409, "Conflict")


def test_an_address_with_a_capabilitys_own_path_has_its_base_in_front(sandbox: Sandbox, pos: Pos) -> None:
    # given
    url = f"{pos.url}/some/path/v1/orders/{{orderID}}"
    sandbox.register("rest", "GetOrderById", url=url, username="a", password="b")

    # when
    sandbox.ask("ListAreas", road="rest")

    # then
    assert pos.heard[0][1] == "/some/path/v1/areas"


def test_an_address_may_be_found_elsewhere(sandbox: Sandbox, pos: Pos) -> None:
    # given
    sandbox.register("rest", "GetOrderById", url="https://pos.example.com", username="a", password="b")
    sandbox.route("https://pos.example.com", pos.url)

    # then
    assert sandbox.ask_pos("GetOrderById", {"orderId": "o1"}, road="rest") == ORDER


@pytest.mark.parametrize(
    ("registered", "detail"),
    [(False, "No REST integration is registered."), (True, "The POS cannot be reached at http://127.0.0.1:9/v1/areas")],
)
def test_who_is_not_there_is_said_so(sandbox: Sandbox, registered: bool, detail: str) -> None:
    if registered:
        sandbox.register("rest", "ListAreas", url="http://127.0.0.1:9", username="a", password="b")
    answer = sandbox.call("POST", "/_control/ask", {"capability": "ListAreas", "params": {}, "road": "rest"})
    assert (answer.status, answer.body["detail"].startswith(detail)) == (504, True), answer.body


def test_an_unknown_capability_is_refused(sandbox: Sandbox) -> None:
    body = {"capability": "Guess", "params": {}, "road": "rest"}
    assert list(sandbox.call("POST", "/_control/ask", body).body["errors"]) == ["Capability"]


def test_a_request_is_sent_twice_and_its_answer_lost_when_told_to(sandbox: Sandbox, pos: Pos) -> None:
    # given
    sandbox.fault("CALL RecordOrderPaymentById", "duplicate", count=1)
    sandbox.fault("CALL RecordOrderPaymentById", "drop", count=1)

    # when
    params = {"orderId": "o1", "paymentIntentId": "pi_1", "paidAmount": gbp(5)}
    body = {"capability": "RecordOrderPaymentById", "params": params, "road": "rest"}
    answer = sandbox.call("POST", "/_control/ask", body)

    # then
    assert answer.status == 504
    assert [(method, path) for method, path, _, _ in pos.heard] == [("POST", "/base/v1/orders/o1/record-payment")] * 2


def test_every_capability_has_its_address_there() -> None:
    assert len(REST) == 22
    assert len(set(REST.values())) == 22
