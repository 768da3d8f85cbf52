"""Every capability of the table: one answer and one refusal, held against Dojo's own schema."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bookings.models import Party, Reservation
from dojo_integration.capabilities import TABLE, find
from dojo_integration.models import DojoEvent
from orders.models import OrderLock, Payment
from tests.bills import a_bill
from tests.capabilities import contract
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import (
    a_deposit,
    a_party,
    a_payment,
    a_reservation,
    an_event,
    an_order,
    at,
    in_minutes,
    pounds,
)
from tests.factories import WorkingVenue

UNKNOWN = "order_01h2xcejqtf2nbrexx3vqjhp41"
FULL_PARTY = a_party(
    expectedEndTime=at(21),
    hostNotes="Called ahead",
    guestRequests="nut allergy; please could we have a table next to a window?",
    deposit=a_deposit(5000, "pi-1", "pi-2"),
)
FULL_RESERVATION = a_reservation(hostNotes="Dog may be given little snacks", guestRequests="We'll be bringing our dog")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A call that succeeds and one that is refused."""

    succeeds: Callable[[Dojo, WorkingVenue], Any]
    is_refused: Callable[[Dojo, WorkingVenue], str | None]


def _locked(dojo: Dojo, shop: WorkingVenue, name: str, **more: Any) -> Any:
    order = a_bill(shop)
    dojo.get("CreateOrderLock", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)})
    return dojo.get(name, {"orderId": order.pk, "lockId": "lock-1", **more})


def _refused(name: str, /, **params: Any) -> Callable[[Dojo, WorkingVenue], str | None]:
    return lambda dojo, shop: dojo.refused(name, params).error_type


def _party(dojo: Dojo) -> str:
    return str(dojo.get("CreateParty", FULL_PARTY)["id"])


def _reservation(dojo: Dojo) -> str:
    return str(dojo.get("CreateReservation", FULL_RESERVATION)["id"])


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
    "CreateParty": Scenario(
        lambda dojo, shop: dojo.get("CreateParty", FULL_PARTY | {"reservationId": _reservation(dojo)}),
        _refused("CreateParty", **a_party("dojo-party-2", tableIds=["nowhere"])),
    ),
    "GetPartyById": Scenario(
        lambda dojo, shop: dojo.get("GetPartyById", {"partyId": _party(dojo)}),
        _refused("GetPartyById", partyId=UNKNOWN),
    ),
    "UpdateParty": Scenario(
        lambda dojo, shop: dojo.get("UpdateParty", FULL_PARTY | {"partyId": _party(dojo), "endTime": at(22)}),
        _refused("UpdateParty", **a_party("dojo-party-2", partyId=UNKNOWN)),
    ),
    "DeletePartyById": Scenario(
        lambda dojo, shop: dojo.get("DeletePartyById", {"partyId": _party(dojo)}),
        _refused("DeletePartyById", partyId=UNKNOWN),
    ),
    "SearchParties": Scenario(
        lambda dojo, shop: (_party(dojo), dojo.get("SearchParties", {"tableId": "t4"})),
        _refused("SearchParties", completedOnly="yes"),
    ),
    "CreateReservation": Scenario(
        lambda dojo, shop: dojo.get("CreateReservation", FULL_RESERVATION),
        _refused("CreateReservation", **a_reservation("dojo-res-2", endTime=at(18))),
    ),
    "GetReservationById": Scenario(
        lambda dojo, shop: dojo.get("GetReservationById", {"reservationId": _reservation(dojo)}),
        _refused("GetReservationById", reservationId=UNKNOWN),
    ),
    "UpdateReservation": Scenario(
        lambda dojo, shop: dojo.get(
            "UpdateReservation", FULL_RESERVATION | {"reservationId": _reservation(dojo), "tableIds": []}
        ),
        _refused("UpdateReservation", **a_reservation("dojo-res-2", reservationId=UNKNOWN)),
    ),
    "DeleteReservationById": Scenario(
        lambda dojo, shop: dojo.get("DeleteReservationById", {"reservationId": _reservation(dojo)}),
        _refused("DeleteReservationById", reservationId=UNKNOWN),
    ),
    "SearchReservations": Scenario(
        lambda dojo, shop: (_reservation(dojo), dojo.get("SearchReservations", {"fromTime": at(18), "toTime": at(20)})),
        _refused("SearchReservations", fromTime="tonight"),
    ),
    **{
        f"HandleEvent:{name}": Scenario(
            lambda dojo, shop, name=name: dojo.get(f"HandleEvent:{name}", an_event(event=name)),
            _refused(f"HandleEvent:{name}", **an_event("event-2", event=name, createdAt="just now")),
        )
        for name in ("payment_intent.created", "payment_intent.status_updated")
    },
}
NAMES = [name for capability in TABLE for name in capability.registration_names]


def _rows() -> list[int]:
    """How many there are of everything that a capability may add to."""
    return [model.objects.count() for model in (Payment, OrderLock, Party, Reservation, DojoEvent)]


@pytest.mark.contract
@pytest.mark.parametrize("name", NAMES)
def test_answers_and_refuses_as_the_contract_says(name: str, dojo: Dojo, uk: WorkingVenue) -> None:
    # given the two calls that every registered name needs; one without them fails here
    scenario = SCENARIOS[name]
    # when
    scenario.succeeds(dojo, uk)
    before = _rows()
    refusal = scenario.is_refused(dojo, uk)
    # then
    assert refusal in ("InvalidRequest", "NotFound")
    assert _rows() == before
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    assert dojo.tally.counts["contract:done"] >= 2


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("CreateOrder", an_order()),
        ("CreateParty", FULL_PARTY),
        ("UpdateParty", FULL_PARTY | {"endTime": at(22)}),
        ("CreateReservation", FULL_RESERVATION),
        ("UpdateReservation", FULL_RESERVATION),
        ("SearchParties", {"tableId": "t4", "completedOnly": True, "cursor": {"limit": 5}}),
        ("SearchReservations", {"tableId": "t4", "fromTime": at(18), "toTime": at(20)}),
        ("HandleEvent", an_event()),
        ("HandleEvent", an_event(event="payment_intent.created")),
    ],
)
def test_what_the_tests_send_is_what_dojo_sends(name: str, sent: dict[str, Any]) -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    assert contract.request_problems(find(name), sent) == []


def test_paths_and_verbs_are_the_contracts() -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    paths = contract._openapi()["paths"]
    # Of all that Dojo asks, only events are left out of the REST contract.
    assert [c.name for c in TABLE if c.verb.lower() not in paths.get(c.path, {})] == ["HandleEvent"]
    ours = {(c.path, c.verb.lower()) for c in TABLE}
    assert {(path, verb) for path in paths for verb in paths[path] if verb != "parameters"} <= ours


def test_every_method_of_the_websockets_contract_is_ours() -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    assert {capability.ws_method for capability in TABLE} == set(contract._asyncapi()["channels"])
