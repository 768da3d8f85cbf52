"""JSON-RPC, text in and text out: every frame is answered with its own id, or left alone where nobody waits."""

import json
import uuid
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from dojo_integration import rpc
from dojo_integration.parsers import MAX_BYTES
from orders.models import Order, OrderLock, Payment
from pos.errors import Busy
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, an_order, in_minutes
from tests.factories import WorkingVenue

NOBODYS_VENUE = 0


def request(method: str = "ListAreasV1", params: Any = None, **fields: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "method": method, "params": params or {}} | fields


def ask(venue_id: int, frame: Any) -> Any:
    """The parsed answer; None where there is none."""
    body = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    answer = rpc.answer(rpc.read(body), venue_id)
    return None if answer is None else json.loads(answer)


def refusal(answer: dict[str, Any], code: int, error_type: str = "InvalidRequest") -> str:
    """Check that an answer is a refusal as both JSON-RPC and Dojo know it, and return what it says."""
    assert answer.keys() == {"jsonrpc", "id", "method", "error"}
    error = answer["error"]
    assert error.keys() == {"code", "message", "errorType", "debugMessage", "traceId"}
    assert (error["code"], error["errorType"]) == (code, error_type), error
    assert error["message"] == error["debugMessage"] != ""
    assert uuid.UUID(error["traceId"])
    return error["message"]


# --- what is answered ------------------------------------------------------------------------------------------------


def test_an_answer_carries_the_id_the_method_and_the_result_alone(uk: WorkingVenue) -> None:
    assert ask(uk.venue.pk, request()) == {
        "jsonrpc": "2.0",
        "id": "1",
        "method": "ListAreasV1",
        "result": [{"id": uk.area.code, "name": uk.area.name}],
    }


@pytest.mark.parametrize("id_", ["1", "", "é🍷", "x" * 10_000, 0, -1, 5, 2**63 - 1, 1.5, 1e300, None])
def test_an_id_comes_back_as_it_was_sent(uk: WorkingVenue, id_: object) -> None:
    for method in ("ListAreasV1", "NoSuchThingV1"):
        answer = ask(uk.venue.pk, request(method, id=id_))
        assert (answer["id"], type(answer["id"])) == (id_, type(id_))


@pytest.mark.parametrize("id_", [True, False, [], ["1"], {}, {"id": "1"}])
def test_an_id_that_is_none_is_refused(id_: object) -> None:
    answer = ask(NOBODYS_VENUE, request(id=id_))
    assert refusal(answer, rpc.INVALID_REQUEST).startswith("id: ")
    assert (answer["id"], answer["method"]) == (None, "ListAreasV1")


@pytest.mark.parametrize("method", ["RecordOrderPaymentByIdV1", "RecordOrderPaymentV1", "RecordOrderPaymentById"])
def test_former_and_plain_names_are_understood_and_echoed(uk: WorkingVenue, method: str) -> None:
    order = a_bill(uk)
    answer = ask(uk.venue.pk, request(method, a_payment(order.pk, 1000)))
    assert (answer["method"], answer["result"]["paidAmount"]["value"]) == (method, 1000)


@pytest.mark.parametrize("fields", [{"params": None}, {"params": {}}, {"params": {"headers": {}}}, {"more": 1}])
def test_params_may_be_left_out(uk: WorkingVenue, fields: dict[str, Any]) -> None:
    assert "result" in ask(uk.venue.pk, request() | fields)
    bare = request()
    del bare["params"]
    assert "result" in ask(uk.venue.pk, bare)


def test_the_headers_say_who_stands_at_the_machine(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    headers = {
        "waiterId": " w9\n",
        "deviceId": 12,
        "dojoRequestingProduct": "PayAtTable",
        "deviceType": ["odd"],
        "trace": "x",
    }
    params = {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5), "headers": headers}
    assert "result" in ask(uk.venue.pk, request("CreateOrderLockV1", params))
    lease = OrderLock.objects.get()
    assert (lease.holder_waiter_id, lease.holder_device) == ("w9", "12")


@pytest.mark.parametrize("headers", [None, "waiter", 5, [], [1], True])
def test_headers_that_are_none_are_no_reason_to_refuse(uk: WorkingVenue, headers: object) -> None:
    assert "result" in ask(uk.venue.pk, request(params={"headers": headers}))


def test_the_venue_is_as_it_is_at_that_moment(uk: WorkingVenue) -> None:
    a_bill(uk)
    search = request("SearchOrdersV1", {"headers": {"waiterId": "nobody"}})
    assert len(ask(uk.venue.pk, search)["result"]["data"]) == 1
    uk.venue.own_orders_only = True
    uk.venue.save()
    assert ask(uk.venue.pk, search)["result"]["data"] == []


def test_another_venues_order_does_not_exist(uk: WorkingVenue, irish: WorkingVenue) -> None:
    answer = ask(irish.venue.pk, request("GetOrderByIdV1", {"orderId": a_bill(uk).pk}))
    refusal(answer, rpc.NOT_FOUND, "NotFound")


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"nonsense", b'{"id": "1",}', b"\xff\xfe", b"\x00\x01\x02", '{"id": "1"}'.encode("utf-16")],
)
def test_what_is_no_json_is_a_parse_error_without_an_id(body: bytes) -> None:
    answer = ask(NOBODYS_VENUE, body)
    refusal(answer, rpc.PARSE_ERROR)
    assert (answer["id"], answer["method"]) == (None, "")


@pytest.mark.parametrize("frame", [1, "text", None, True, 1.5])
def test_json_that_is_no_request_is_refused(frame: object) -> None:
    answer = ask(NOBODYS_VENUE, frame)
    refusal(answer, rpc.INVALID_REQUEST)
    assert answer["id"] is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"jsonrpc": "1.0"}, "jsonrpc"),
        ({"jsonrpc": 2.0}, "jsonrpc"),
        ({"jsonrpc": None}, "jsonrpc"),
        ({"jsonrpc": ["2.0"]}, "jsonrpc"),
        ({"method": None}, "method"),
        ({"method": 5}, "method"),
        ({"method": {}}, "method"),
    ],
)
def test_another_protocol_is_refused_under_the_same_id(fields: dict[str, Any], name: str) -> None:
    answer = ask(NOBODYS_VENUE, request() | fields)
    assert refusal(answer, rpc.INVALID_REQUEST).startswith(f"{name}: ")
    assert answer["id"] == "1"


@pytest.mark.parametrize("method", ["", "V1", "listAreasV1", "ListAreasV2", "rpc.discover", "🍷", "x" * 5_000])
def test_an_unknown_method_is_named(method: str) -> None:
    answer = ask(NOBODYS_VENUE, request(method))
    assert refusal(answer, rpc.METHOD_NOT_FOUND).startswith(method[:100])
    assert (answer["id"], answer["method"]) == ("1", method)


def test_a_preview_says_that_it_is_one() -> None:
    assert "preview" in refusal(ask(NOBODYS_VENUE, request("CalculateOrderV1")), rpc.METHOD_NOT_FOUND)


@pytest.mark.parametrize("params", [[], [1], "x", 5, True])
def test_params_without_names_are_refused(params: object) -> None:
    answer = ask(NOBODYS_VENUE, request() | {"params": params})
    assert refusal(answer, rpc.INVALID_PARAMS).startswith("params: ")


@pytest.mark.parametrize(
    ("params", "place"),
    [
        (b'{"note": "a\\u0000b"}', "note"),
        (b'{"note": "\\ud800"}', "note"),
        (b'{"amount": NaN}', "amount"),
        (b'{"amount": 1e400}', "amount"),
        (b'{"amount": 9223372036854775808}', "amount"),
        (b'{"a": 1, "a": 2}', "a"),
    ],
)
def test_what_the_guard_does_not_take_is_named_under_the_same_id(params: bytes, place: str) -> None:
    body = b'{"jsonrpc": "2.0", "params": %s, "id": "7", "method": "CreateOrderV1"}' % params
    answer = ask(NOBODYS_VENUE, body)
    assert refusal(answer, rpc.INVALID_REQUEST).startswith(f"{place}: ")
    assert (answer["id"], answer["method"]) == ("7", "CreateOrderV1")


@pytest.mark.parametrize("id_", [b'"a\\u0000"', b'"\\udc00"', b"1e400", b"9223372036854775808", b'1, "id": 1'])
def test_an_id_that_the_guard_does_not_take_is_not_echoed(id_: bytes) -> None:
    answer = ask(NOBODYS_VENUE, b'{"jsonrpc": "2.0", "id": %s, "method": "ListAreasV1"}' % id_)
    refusal(answer, rpc.INVALID_REQUEST)
    assert (answer["id"], answer["method"]) == (None, "ListAreasV1")


@pytest.mark.parametrize("size", [MAX_BYTES, 3 * MAX_BYTES])
def test_a_frame_that_is_too_large_is_refused_under_its_id(size: int) -> None:
    answer = ask(NOBODYS_VENUE, request("CreateOrderV1", {"note": "x" * size}, id=9))
    assert "larger than" in refusal(answer, rpc.INVALID_REQUEST)
    assert (answer["id"], answer["method"]) == (9, "CreateOrderV1")


@pytest.mark.parametrize("depth", [65, 500, 100_000])
def test_a_nesting_bomb_is_refused(depth: int) -> None:
    body = b'{"jsonrpc": "2.0", "id": "1", "method": "ListAreasV1", "params": %s}' % (b"[" * depth + b"]" * depth)
    answer = ask(NOBODYS_VENUE, body)
    assert "nested" in refusal(answer, rpc.INVALID_REQUEST)
    # what no parser can walk has no id either
    assert answer["id"] == ("1" if depth < 1_000 else None)


def test_a_refusal_of_the_domain_says_what_and_changes_nothing(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=1000)
    answer = ask(uk.venue.pk, request("RecordOrderPaymentByIdV1", a_payment(order.pk, 1001)))
    assert "too much" in refusal(answer, rpc.CONFLICT, "Conflict")
    answer = ask(uk.venue.pk, request("RecordOrderPaymentByIdV1", a_payment(order.pk, 0)))
    assert refusal(answer, rpc.INVALID_PARAMS).startswith("paidAmount.value: ")
    assert not Payment.objects.exists()


# --- what is left alone ----------------------------------------------------------------------------------------------


def test_a_notification_is_done_and_not_answered(uk: WorkingVenue) -> None:
    told = request("CreateOrderV1", an_order())
    del told["id"]
    assert ask(uk.venue.pk, told) is None
    assert Order.objects.count() == 1


@pytest.mark.parametrize("fields", [{"method": "NoSuchThingV1"}, {"params": []}, {"method": "GetOrderByIdV1"}])
def test_a_notification_that_goes_wrong_is_not_answered_either(uk: WorkingVenue, fields: dict[str, Any]) -> None:
    told = request() | fields
    del told["id"]
    assert ask(uk.venue.pk, told) is None


@pytest.mark.parametrize("fields", [{"result": {}}, {"error": {"code": -32600}}, {"result": None, "error": None}])
def test_an_answer_to_nothing_is_not_answered(fields: dict[str, Any]) -> None:
    assert ask(NOBODYS_VENUE, {"jsonrpc": "2.0", "id": "1"} | fields) is None


# --- batches ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_answered_request_by_request(uk: WorkingVenue) -> None:
    quiet = request()
    del quiet["id"]
    batch = [request(id=1), quiet, request("NoSuchThingV1", id=2), 5, {"jsonrpc": "2.0", "id": 3, "result": 1}]
    answers = ask(uk.venue.pk, batch)
    assert [(answer["id"], "result" in answer) for answer in answers] == [(1, True), (2, False), (None, False)]


def test_a_batch_of_notifications_is_not_answered(uk: WorkingVenue) -> None:
    quiet = request()
    del quiet["id"]
    assert ask(uk.venue.pk, [quiet, quiet]) is None


@pytest.mark.parametrize("size", [0, rpc.MOST_IN_A_BATCH + 1])
def test_a_batch_of_nothing_or_too_many_is_refused_as_one(size: int) -> None:
    assert "batch" in refusal(ask(NOBODYS_VENUE, [request()] * size), rpc.INVALID_REQUEST)


def test_a_batch_changes_something_when_one_of_it_does() -> None:
    reads, writes = request("GetOrderByIdV1"), request("CreateOrderV1")
    for frame, expected in (
        (reads, False),
        ([reads, reads], False),
        (writes, True),
        ([reads, writes], True),
        ([5], False),
    ):
        assert rpc.read(json.dumps(frame).encode()).has_side_effects is expected


# --- what goes wrong here --------------------------------------------------------------------------------------------


def test_the_unexpected_is_told_without_our_insides(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("secret insides")

    monkeypatch.setattr(rpc.capabilities, "call", broken)
    message = refusal(ask(uk.venue.pk, request()), rpc.INTERNAL_ERROR, "UnexpectedError")
    assert "insides" not in message


def test_a_venue_that_is_gone_is_never_an_order_that_does_not_exist(db: None) -> None:
    refusal(ask(NOBODYS_VENUE, request("GetOrderByIdV1", {"orderId": "x"})), rpc.INTERNAL_ERROR, "UnexpectedError")


def test_busy_is_unexpected_and_worth_another_try(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: object, **options: object) -> None:
        raise Busy("The till is busy with this order. Try again.")

    monkeypatch.setattr(rpc.capabilities, "call", busy)
    refusal(ask(uk.venue.pk, request()), rpc.BUSY, "UnexpectedError")


def test_whoever_cannot_be_served_now_is_told_so() -> None:
    quiet = request()
    del quiet["id"]
    frame = rpc.read(json.dumps([request(id=1), quiet, request("NoSuchThingV1", id=2)]).encode())
    served, unknown = json.loads(rpc.busy(frame, "Too much at once. Try again.") or b"")
    assert (served["id"], refusal(served, rpc.BUSY, "UnexpectedError")) == (1, "Too much at once. Try again.")
    assert (unknown["id"], unknown["error"]["code"]) == (2, rpc.METHOD_NOT_FOUND)
    assert rpc.busy(rpc.read(json.dumps(quiet).encode()), "Try again.") is None


def test_the_trace_id_is_in_answer_and_log(uk: WorkingVenue) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = ask(uk.venue.pk, request("GetOrderByIdV1", {"orderId": "order_1"}))
    (line,) = logs
    assert line["trace_id"] == answer["error"]["traceId"]
    assert (line["capability"], line["road"], line["outcome"]) == ("GetOrderById", "ws", "NotFound")
    assert line["venue"] == uk.venue.slug
    assert line["duration_ms"] >= 0


def test_logs_hold_no_names_or_bodies(uk: WorkingVenue) -> None:
    order = an_order(customer={"name": "Quentin Quill", "phoneNumber": "07700900123"})
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        ask(uk.venue.pk, request("CreateOrderV1", order))
        ask(uk.venue.pk, request("CreateOrderV1", order | {"dojoOrderId": 5}))
    assert [line["outcome"] for line in logs] == ["ok", "InvalidRequest"]
    assert "Quentin" not in repr(logs)
    assert "07700900123" not in repr(logs)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | json_values,
        "id": json_values,
        "method": st.sampled_from(["NoSuchThingV1", ""]) | json_values,
        "params": json_values,
    },
)


@given(
    st.binary(max_size=200) | (envelopes | st.lists(envelopes, max_size=3)).map(lambda one: json.dumps(one).encode())
)
def test_no_frame_whatsoever_is_too_much(body: bytes) -> None:
    answer = ask(NOBODYS_VENUE, body)
    for one in answer if isinstance(answer, list) else [answer] if answer else []:
        assert one["jsonrpc"] == "2.0"
        assert one["error"]["errorType"] == "InvalidRequest"


# --- several at once -------------------------------------------------------------------------------------------------


def frames_of(*requests: dict[str, Any]) -> list[rpc.Frame]:
    return [rpc.read(json.dumps(one).encode()) for one in requests]


def test_orders_asked_for_together_are_read_with_two_queries_and_answered_alone(
    uk: WorkingVenue, django_assert_num_queries: Any
) -> None:
    # given
    orders = [a_bill(uk, table=f"t{number}") for number in range(1, 7)]
    frames = frames_of(
        *(request("GetOrderByIdV1", {"orderId": order.pk}, id=number) for number, order in enumerate(orders))
    )
    # when
    with django_assert_num_queries(2):
        answers = rpc.answer_together(frames, uk.venue.pk)
    # then
    told = [json.loads(answer or b"") for answer in answers]
    assert [(one["id"], one["result"]["id"]) for one in told] == [(i, order.pk) for i, order in enumerate(orders)]
    assert answers == [rpc.answer(frame, uk.venue.pk) for frame in frames]


def test_a_bad_one_among_them_spoils_no_other(uk: WorkingVenue, irish: WorkingVenue) -> None:
    # given
    ours, theirs = a_bill(uk), a_bill(irish)
    frames = frames_of(
        request("GetOrderByIdV1", {"orderId": theirs.pk}),
        request("GetOrderByIdV1", {"orderId": "order_of_nobody"}),
        request("GetOrderByIdV1", {"orderId": 7}),
        request("GetOrderByIdV1", {}),
        {"jsonrpc": "2.0", "method": "GetOrderByIdV1", "params": {"orderId": ours.pk}},
        request("GetOrderByIdV1", {"orderId": ours.pk}),
    )
    assert all(frame.is_quick_read for frame in frames)
    # when
    *refused, notified, answered = rpc.answer_together(frames, uk.venue.pk)
    # then
    errors = [json.loads(answer or b"")["error"]["errorType"] for answer in refused]
    assert errors == ["NotFound", "NotFound", "InvalidRequest", "InvalidRequest"]
    assert notified is None
    assert json.loads(answered or b"")["result"]["id"] == ours.pk


def test_in_a_venue_that_is_gone_each_hears_so(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    frames = frames_of(*[request("GetOrderByIdV1", {"orderId": order.pk})] * 2)
    answers = [json.loads(answer or b"")["error"] for answer in rpc.answer_together(frames, NOBODYS_VENUE)]
    assert [error["errorType"] for error in answers] == ["UnexpectedError"] * 2
    assert len({error["traceId"] for error in answers}) == 2


@pytest.mark.parametrize(
    "frame",
    [
        request("GetOrderBillByIdV1", {"orderId": "order_1"}),
        request("RecordOrderPaymentByIdV1", {"orderId": "order_1"}),
        request("NoSuchThingV1"),
        [request("GetOrderByIdV1", {"orderId": "order_1"})],
        {"jsonrpc": "2.0", "result": {}},
    ],
    ids=["bill", "payment", "unknown", "batch", "an answer"],
)
def test_nothing_else_is_asked_together(frame: Any) -> None:
    assert not rpc.read(json.dumps(frame).encode()).is_quick_read
