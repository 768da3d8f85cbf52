"""Dojo's gateway on the desk: who gets in, who is asked, and what comes of an answer."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.dojo_integration.sandbox.a_pos import ORDER, Pos, connected, dial
from tests.sandbox import Refused, Sandbox, until


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Basic sk_sandbox_unknown"}, 401),
        ({"Authorization": "Bearer KEY"}, 401),
        ({"software_house_id": ""}, 403),
    ],
)
def test_a_stranger_is_refused_with_a_status(sandbox: Sandbox, headers: dict[str, str], status: int) -> None:
    # when
    with (
        pytest.raises(InvalidStatus) as caught,
        dial(sandbox, **{name: value.replace("KEY", sandbox.api_key) for name, value in headers.items()}),
    ):
        pass

    # then
    assert caught.value.response.status_code == status
    assert sandbox.connections() == []
    assert [call["status"] for call in sandbox.calls("gateway")] == [status]


def test_the_pos_is_asked_and_its_answer_is_matched(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        # when
        answer = sandbox.ask_pos("GetOrderById", {"orderId": "order_1", "headers": {"waiterId": "7"}})

        # then
        assert answer == ORDER
        (frame,) = pos.heard
        assert (frame["jsonrpc"], frame["method"]) == ("2.0", "GetOrderByIdV1")
        assert frame["params"] == {"orderId": "order_1", "headers": {"waiterId": "7"}}
        assert [(call["name"], call["response"]) for call in sandbox.calls("ws")] == [("GetOrderById", ORDER)]
    until(lambda: sandbox.connections() == [])


def test_many_are_asked_side_by_side(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos, ThreadPoolExecutor(10) as threads:
        asked = [threads.submit(sandbox.ask_pos, "GetOrderById", {"orderId": str(number)}) for number in range(50)]
        assert [one.result() for one in asked] == [ORDER] * 50
        assert {frame["params"]["orderId"] for frame in pos.heard} == {str(number) for number in range(50)}
        assert len({frame["id"] for frame in pos.heard}) == 50


def test_who_waits_for_the_pos_keeps_the_pos_not_from_asking(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(is_silent=True)) as pos, ThreadPoolExecutor(40) as threads:
        asked = [threads.submit(sandbox.ask_pos, "ListAreas", seconds=5) for _ in range(40)]
        until(lambda: len(pos.heard) == 40)
        began = time.monotonic()
        sandbox.make_intent()
        assert time.monotonic() - began < 3
        assert {type(one.exception()) for one in asked} == {Refused}


@pytest.mark.parametrize("odd", ["\0", "\ud800", float("nan")])
def test_an_odd_answer_is_handed_over_although_it_cannot_be_kept(sandbox: Sandbox, odd: object) -> None:
    with connected(sandbox, Pos(results={"ListAreasV1": [odd]})):
        answer = sandbox.ask_pos("ListAreas")
    assert repr(answer) == repr([odd])
    assert list(sandbox.calls("ws")[0]["response"]) == ["cannot be kept"]


def test_an_error_is_an_answer(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(errors={"GetOrderByIdV1": "NotFound"})):
        answer = sandbox.ask("GetOrderById", {"orderId": "order_1"})
    assert (answer["isOk"], answer["body"]["errorType"]) == (False, "NotFound")


def test_who_does_not_answer_in_time_is_not_waited_for(sandbox: Sandbox) -> None:
    ask = {"capability": "ListAreas", "params": {}, "seconds": 0.3}
    with connected(sandbox, Pos(is_silent=True)):
        answer = sandbox.call("POST", "/_control/ask", ask)
    assert (answer.status, answer.body["detail"]) == (504, "The POS has not answered within 0.3 s.")


def test_the_process_ends_at_once_whoever_it_waits_for(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(is_silent=True)) as pos, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(sandbox.ask, "ListAreas")
        until(lambda: pos.heard)
        began = time.monotonic()
        assert sandbox.stop() == 0
        assert time.monotonic() - began < 4
        assert isinstance(asked.exception(10), OSError)


def test_nobody_is_there(sandbox: Sandbox) -> None:
    answer = sandbox.call("POST", "/_control/ask", {"capability": "ListAreas", "params": {}})
    assert (answer.status, answer.body["detail"]) == (504, "No POS is connected to the gateway.")


def test_only_the_newest_connection_is_asked(sandbox: Sandbox) -> None:
    with connected(sandbox) as first:
        with connected(sandbox) as second:
            assert len(sandbox.connections()) == 2
            sandbox.ask_pos("GetOrderById", {"orderId": "order_1"})
            assert (len(first.heard), len(second.heard)) == (0, 1)
        until(lambda: len(sandbox.connections()) == 1)
        sandbox.ask_pos("GetOrderById", {"orderId": "order_1"})
        assert (len(first.heard), len(second.heard)) == (1, 1)


def test_another_accounts_pos_is_not_asked(sandbox: Sandbox) -> None:
    sandbox.open_account("sk_sandbox_other")
    with connected(sandbox) as ours, dial(sandbox, Authorization="Basic sk_sandbox_other"):
        assert sandbox.ask_pos("GetOrderById", {"orderId": "order_1"}) == ORDER
        assert len(ours.heard) == 1


def test_a_connection_that_is_lost_answers_nothing(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(is_silent=True)):
        sandbox.fault("CALL ListAreas", "hang_up")
        answer = sandbox.call("POST", "/_control/ask", {"capability": "ListAreas", "params": {}})
    assert (answer.status, answer.body["detail"]) == (504, "The connection was lost before an answer came.")


def test_a_frame_that_is_no_answer_disturbs_nobody(sandbox: Sandbox) -> None:
    with dial(sandbox) as socket, ThreadPoolExecutor(1) as threads:
        for frame in ("{", "5", "[]", '{"jsonrpc": "2.0"}', '{"id": "unknown"}', '{"id": {}}', b"\xff"):
            socket.send(frame)
        until(lambda: len(sandbox.connections()) == 1)
        asked = threads.submit(sandbox.ask, "ListAreas")
        socket.send(json.dumps(Pos(results={"ListAreasV1": []}).answer(json.loads(socket.recv(10)))))
        assert asked.result(10)["body"] == []


@pytest.mark.parametrize(("status", "retry"), [(401, None), (403, None), (429, "7"), (503, None)])
def test_the_gateway_refuses_when_told_to(sandbox: Sandbox, status: int, retry: str | None) -> None:
    # given
    sandbox.fault("GATEWAY /epos", "status", status=status, count=1, **({"retryAfter": retry} if retry else {}))

    # when
    with pytest.raises(InvalidStatus) as caught, dial(sandbox):
        pass

    # then
    assert caught.value.response.status_code == status
    assert caught.value.response.headers.get("Retry-After") == retry
    with dial(sandbox):
        until(lambda: len(sandbox.connections()) == 1)


def test_the_gateway_is_down_when_told_to(sandbox: Sandbox) -> None:
    sandbox.fault("GATEWAY *", "drop", count=1)
    with pytest.raises((InvalidMessage, OSError, EOFError)), dial(sandbox):
        pass
    with dial(sandbox):
        until(lambda: len(sandbox.connections()) == 1)


def test_the_gateway_hangs_up_at_once_when_told_to(sandbox: Sandbox) -> None:
    sandbox.fault("GATEWAY *", "hang_up", code=1013)
    with dial(sandbox) as socket, pytest.raises(ConnectionClosed) as caught:
        socket.recv(10)
    assert (caught.value.rcvd and caught.value.rcvd.code) == 1013
    assert sandbox.connections() == []


@pytest.mark.parametrize(("is_cut", "code"), [(False, 1001), (True, None)])
def test_connections_are_closed_and_cut(sandbox: Sandbox, is_cut: bool, code: int | None) -> None:
    with dial(sandbox) as socket:
        until(lambda: len(sandbox.connections()) == 1)
        sandbox.cut() if is_cut else sandbox.hang_up()
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(10)
    assert (caught.value.rcvd and caught.value.rcvd.code) == code
    until(lambda: sandbox.connections() == [])
