"""Every capability of the table: one answer and one refusal, held against Dojo's own schema."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dojo_integration.capabilities import TABLE
from orders.models import OrderLock, Payment
from tests.bills import a_bill
from tests.capabilities import contract
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, an_order, in_minutes, pounds
from tests.factories import WorkingVenue

UNKNOWN = "order_01h2xcejqtf2nbrexx3vqjhp41"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A call that succeeds and one that is refused."""

    succeeds: Callable[[Dojo, WorkingVenue], Any]
    is_refused: Callable[[Dojo, WorkingVenue], str | None]


def _locked(dojo: Dojo, shop: WorkingVenue, name: str, **more: Any) -> Any:
    order = a_bill(shop)
    dojo.get("CreateOrderLock", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)})
    return dojo.get(name, {"orderId": order.pk, "lockId": "lock-1", **more})


def _refused(name: str, **params: Any) -> Callable[[Dojo, WorkingVenue], str | None]:
    return lambda dojo, shop: dojo.refused(name, params).error_type


SCENARIOS = {
    "ListAreas": Scenario(
        lambda dojo, shop: dojo.get("ListAreas"),
        lambda dojo, shop: dojo.call_as_stranger("ListAreas").error_type,
    ),
    "SearchTables": Scenario(
        lambda dojo, shop: dojo.get("SearchTables", {"areaId": shop.area.code}),
        _refused("SearchTables", areaId=5),
    ),
    "SearchOrders": Scenario(
        lambda dojo, shop: (a_bill(shop), dojo.get("SearchOrders", {"payableOnly": True})),
        _refused("SearchOrders", payableOnly="true"),
    ),
    "GetOrderById": Scenario(
        lambda dojo, shop: dojo.get("GetOrderById", {"orderId": a_bill(shop).pk}),
        _refused("GetOrderById", orderId=UNKNOWN),
    ),
    "CreateOrder": Scenario(
        lambda dojo, shop: dojo.get("CreateOrder", an_order()),
        _refused("CreateOrder", **an_order(totalAmount=pounds(-1))),
    ),
    "CancelOrderById": Scenario(
        lambda dojo, shop: dojo.get("CancelOrderById", {"orderId": dojo.get("CreateOrder", an_order())["id"]}),
        _refused("CancelOrderById", orderId=UNKNOWN),
    ),
    "RecordOrderPaymentById": Scenario(
        lambda dojo, shop: dojo.get("RecordOrderPaymentById", a_payment(a_bill(shop).pk, 5000)),
        _refused("RecordOrderPaymentById", **a_payment(UNKNOWN, 0)),
    ),
    "GetOrderBillById": Scenario(
        lambda dojo, shop: dojo.get("GetOrderBillById", {"orderId": a_bill(shop).pk}),
        _refused("GetOrderBillById", orderId=UNKNOWN),
    ),
    "CreateOrderLock": Scenario(
        lambda dojo, shop: dojo.get(
            "CreateOrderLock", {"orderId": a_bill(shop).pk, "lockId": "lock-1", "expiry": in_minutes(5)}
        ),
        _refused("CreateOrderLock", orderId=UNKNOWN, lockId="lock-1", expiry="soon"),
    ),
    "ExtendOrderLock": Scenario(
        lambda dojo, shop: _locked(dojo, shop, "ExtendOrderLock", expiry=in_minutes(10)),
        _refused("ExtendOrderLock", orderId=UNKNOWN, lockId="lock-1", expiry="2500-01-01T00:00:00Z"),
    ),
    "DeleteOrderLock": Scenario(
        lambda dojo, shop: _locked(dojo, shop, "DeleteOrderLock"),
        _refused("DeleteOrderLock", orderId=UNKNOWN, lockId="lock-1"),
    ),
}


@pytest.mark.contract
@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_answers_and_refuses_as_the_contract_says(capability, dojo: Dojo, uk: WorkingVenue) -> None:
    # given the two calls that every row of the table needs; a row without them fails here
    scenario = SCENARIOS[capability.name]
    # when
    scenario.succeeds(dojo, uk)
    payments, locks = Payment.objects.count(), OrderLock.objects.count()
    refusal = scenario.is_refused(dojo, uk)
    # then
    assert refusal in ("InvalidRequest", "NotFound")
    assert (Payment.objects.count(), OrderLock.objects.count()) == (payments, locks)
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    assert dojo.tally.counts["contract:done"] >= 2


def test_paths_and_verbs_are_the_contracts() -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    paths = contract._openapi()["paths"]
    assert [c.name for c in TABLE if c.verb.lower() not in paths.get(c.path, {})] == []


def test_methods_are_the_contracts() -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    channels = contract._asyncapi()["channels"]
    assert [c.ws_method for c in TABLE if c.ws_method not in channels] == []
