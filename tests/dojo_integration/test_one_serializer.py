"""One serializer serves every request of a process: nothing of one request may stay in it for the next."""

import threading
from typing import Any

import pytest
from rest_framework import serializers

from dojo_integration.capabilities import TABLE, Capability
from dojo_integration.wire.create_order import CreateOrderIn
from dojo_integration.wire.fields import RequestSerializer, validated
from pos.errors import InvalidRequest
from tests.capabilities.requests import a_payment, an_order, pounds

# Whatever a capability asks for is in here; what it does not know it lets be.
GOOD: dict[str, Any] = {
    **an_order(discounts=[{"name": "App", "amount": 100}], note=None),
    **a_payment("order_1", 500, tipsAmount=pounds(5)),
    "lockId": "lock-1",
    "expiry": "2026-03-01T12:00:00.000Z",
    "areaId": "main",
    "dineIn": {"tableId": "t1"},
    "cursor": {"limit": 5},
}
BAD: dict[str, Any] = {
    "orderId": 5,
    "items": [{}, 7],
    "paidAmount": {"value": "5"},
    "areaId": 1,
    "cursor": {"limit": 0},
}


def outcome(capability: Capability, params: dict[str, Any]) -> Any:
    try:
        return validated(capability.request, params)
    except InvalidRequest as error:
        return error.field, error.message


def fields_in(field: serializers.Field) -> list[serializers.Field]:
    inner = list(field.fields.values()) if isinstance(field, serializers.Serializer) else []
    inner += [field.child] if isinstance(field, serializers.ListSerializer) else []
    return [field, *(deeper for child in inner for deeper in fields_in(child))]


def state_of(serializer: RequestSerializer) -> list[dict[str, Any]]:
    return [dict(vars(field)) for field in fields_in(serializer)]


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_validating_changes_nothing_in_the_serializer(capability: Capability, monkeypatch) -> None:
    # given: one that has worked already, so that what DRF works out once is there
    serializer = capability.request()
    monkeypatch.setattr("dojo_integration.wire.fields._serializer", lambda _: serializer)
    first = outcome(capability, GOOD), outcome(capability, BAD)
    before = state_of(serializer)

    # when
    again = outcome(capability, GOOD), outcome(capability, BAD)

    # then
    assert again == first
    assert state_of(serializer) == before


def test_many_threads_each_get_their_own() -> None:
    # given
    requests = [
        an_order(f"dojo-{n}", items=[an_order()["items"][0] | {"name": f"Dish {n}", "quantity": n + 1}] * (n + 1))
        for n in range(8)
    ]
    wrong = []

    def ask_again_and_again(number: int) -> None:
        for _ in range(50):
            order = validated(CreateOrderIn, requests[number])["request"]
            found = (order.dojo_order_id, {(item.name, item.quantity) for item in order.items}, len(order.items))
            if found != (f"dojo-{number}", {(f"Dish {number}", number + 1)}, number + 1):
                wrong.append(found)

    # when
    threads = [threading.Thread(target=ask_again_and_again, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then
    assert wrong == []
