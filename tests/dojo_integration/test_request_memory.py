"""The same request over the WebSocket again: the first answer, and nothing done a second time."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dojo_integration import capabilities, rpc
from dojo_integration.capabilities import TABLE, find
from dojo_integration.models import AnsweredRequest
from dojo_integration.request_memory import KEPT_FOR, RequestKey, request_key
from dojo_integration.tasks import forget_old_requests
from orders.models import Order, OrderLock, Payment, PaymentIntent
from pos.permissions import Requester
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, in_minutes
from tests.factories import WorkingVenue


def ask(shop: WorkingVenue, method: str, params: dict[str, Any], id_: object = "1", **headers: str) -> dict[str, Any]:
    request = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params | {"headers": headers}}
    return json.loads(rpc.answer(rpc.read(json.dumps(request).encode()), shop.venue.pk) or b"")


def a_lock(order: Order, lock_id: str = "lock-1") -> dict[str, Any]:
    return {"orderId": order.pk, "lockId": lock_id, "expiry": "2199-01-01T00:00:00Z"}


def is_lent(order: Order) -> bool:
    return OrderLock.objects.filter(order=order, ended_at=None).exists()


def test_a_late_copy_of_a_lock_does_not_lock_again(uk: WorkingVenue) -> None:
    # given a lock that was given back
    order = a_bill(uk)
    first = ask(uk, "CreateOrderLockV1", a_lock(order))
    assert is_lent(order)
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "2")
    # when the first request arrives once more
    again = ask(uk, "CreateOrderLockV1", a_lock(order))
    # then
    assert again == first
    assert not is_lent(order)
    # and the control: under an id of its own it is a new request, which the domain's keys let through
    ask(uk, "CreateOrderLockV1", a_lock(order), "3")
    assert is_lent(order)


def test_a_repeat_gets_the_first_answer_although_the_order_went_on(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    first = ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 2000))
    ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 3000, "pi-2"), "2")
    assert ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 2000)) == first
    assert first["result"]["paidAmount"]["value"] == 2000
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"id_": "2"},
        {"id_": 1},
        {"id_": 1.5},
        {"waiterId": "w2"},
        {"deviceId": "tm_2"},
    ],
)
def test_another_request_is_done(uk: WorkingVenue, other: dict[str, Any]) -> None:
    order = a_bill(uk)
    ask(uk, "CreateOrderLockV1", a_lock(order))
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "gone")
    ask(uk, "CreateOrderLockV1", a_lock(order), **other)
    assert is_lent(order)


def test_the_same_id_for_something_else_is_a_new_request(uk: WorkingVenue, irish: WorkingVenue) -> None:
    here, there, abroad = a_bill(uk, table="t1"), a_bill(uk, table="t2"), a_bill(irish)
    ask(uk, "CreateOrderLockV1", a_lock(here))
    ask(uk, "CreateOrderLockV1", a_lock(there))
    ask(irish, "CreateOrderLockV1", a_lock(abroad))
    assert [is_lent(order) for order in (here, there, abroad)] == [True] * 3
    ask(uk, "DeleteOrderLockV1", {"orderId": here.pk, "lockId": "lock-1"})
    assert [is_lent(order) for order in (here, there, abroad)] == [False, True, True]


def test_the_order_of_the_params_and_what_traces_a_delivery_make_no_difference(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    first = ask(uk, "CreateOrderLockV1", a_lock(order), waiterId="w1", traceparent="00-1")
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "2")
    turned = dict(reversed(a_lock(order).items()))
    assert ask(uk, "CreateOrderLockV1", turned, waiterId="w1", traceparent="00-2") == first
    assert not is_lent(order)


def test_former_names_of_a_method_are_the_same_method(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    first = ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 2000))
    again = ask(uk, "RecordOrderPaymentV1", a_payment(order.pk, 2000))
    assert again == first | {"method": "RecordOrderPaymentV1"}
    assert AnsweredRequest.objects.count() == 1


def test_long_ids_are_told_apart(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    ask(uk, "CreateOrderLockV1", a_lock(order), "x" * 500 + "1")
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "gone")
    ask(uk, "CreateOrderLockV1", a_lock(order), "x" * 500 + "1")
    assert not is_lent(order)
    ask(uk, "CreateOrderLockV1", a_lock(order), "x" * 500 + "2")
    assert is_lent(order)


def test_without_an_id_nothing_is_recognised(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    ask(uk, "CreateOrderLockV1", a_lock(order), None)
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, None)
    ask(uk, "CreateOrderLockV1", a_lock(order), None)
    assert is_lent(order)
    assert not AnsweredRequest.objects.exists()


def test_a_refusal_is_not_kept(uk: WorkingVenue) -> None:
    # given a bill that somebody else has
    order = a_bill(uk)
    ask(uk, "CreateOrderLockV1", a_lock(order, "theirs"), "0")
    assert ask(uk, "CreateOrderLockV1", a_lock(order))["error"]["errorType"] == "Conflict"
    # when they give it back
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "theirs"}, "2")
    # then the same request succeeds
    assert "result" in ask(uk, "CreateOrderLockV1", a_lock(order))
    assert set(AnsweredRequest.objects.values_list("rpc_id", flat=True)) == {'"0"', '"1"', '"2"'}


def test_a_payment_that_does_not_fit_is_kept_as_refused_and_asked_afresh(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=1000)
    for _ in range(2):
        refused = ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 1001))
        assert refused["error"]["errorType"] == "Conflict"
    assert PaymentIntent.objects.get().refused_at is not None
    assert not AnsweredRequest.objects.exists()


def test_what_is_read_is_read_as_it_is_now(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    assert {c.name for c in TABLE if c.has_side_effects and not c.is_remembered} == {"GetOrderBillById"}
    for method in ("GetOrderBillByIdV1", "GetOrderByIdV1", "SearchOrdersV1"):
        before = ask(uk, method, {"orderId": order.pk})
        ask(uk, "RecordOrderPaymentByIdV1", a_payment(order.pk, 100, method), method)
        assert ask(uk, method, {"orderId": order.pk}) != before


def test_what_cannot_be_answered_has_not_happened(uk: WorkingVenue) -> None:
    def broken(*args: object) -> bytes:
        raise RuntimeError("no words for it")

    order = a_bill(uk)
    capability = dataclasses.replace(find("CreateOrderLock"), render=broken)
    key = RequestKey(venue_id=uk.venue.pk, rpc_id='"1"', method="CreateOrderLock", params_hash="x")
    with pytest.raises(RuntimeError):
        capabilities.call(capability, a_lock(order), uk.by_dojo, request=key)
    assert not is_lent(order)
    assert not AnsweredRequest.objects.exists()


def test_an_unreadable_request_is_not_kept(uk: WorkingVenue) -> None:
    assert ask(uk, "CreateOrderLockV1", {"orderId": "order_1", "lockId": 5})["error"]["errorType"] == "InvalidRequest"
    assert not AnsweredRequest.objects.exists()


def test_an_answer_is_kept_for_a_day(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    ask(uk, "CreateOrderLockV1", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)}, "old")
    AnsweredRequest.objects.update(at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    ask(uk, "DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "new")
    assert forget_old_requests() == 1
    assert AnsweredRequest.objects.get().rpc_id == '"new"'


def test_a_key_differs_wherever_a_request_does() -> None:
    def key(**changes: Any) -> RequestKey:
        same = {"venue_id": 1, "rpc_id": b'"1"', "method": "M", "params": {"a": 1}, "requester": Requester()}
        return request_key(**{**same, **changes})

    assert key() == key()
    others = [
        key(venue_id=2),
        key(rpc_id=b"1"),
        key(method="N"),
        key(params={"a": 2}),
        key(params={"a": "1"}),
        key(params={"a": True}),
        key(params={"a": 1, "b": None}),
        key(requester=Requester(waiter_id="1")),
        key(requester=Requester(device_id="1")),
    ]
    assert len({key(), *others}) == 1 + len(others)
