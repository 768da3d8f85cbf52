"""The table itself: names of then and now, and no path twice."""

import pytest
from django.urls import resolve

from dojo_integration.capabilities import PREVIEW_NAMES, TABLE, find
from pos.errors import InvalidRequest


def test_what_we_implement() -> None:
    assert [capability.name for capability in TABLE] == [
        "ListAreas",
        "SearchTables",
        "SearchOrders",
        "GetOrderById",
        "CreateOrder",
        "CancelOrderById",
        "RecordOrderPaymentById",
        "GetOrderBillById",
        "CreateOrderLock",
        "ExtendOrderLock",
        "DeleteOrderLock",
        "CreateParty",
        "GetPartyById",
        "UpdateParty",
        "DeletePartyById",
        "SearchParties",
        "CreateReservation",
        "GetReservationById",
        "UpdateReservation",
        "DeleteReservationById",
        "SearchReservations",
        "HandleEvent",
    ]


def test_what_is_registered_is_one_name_each_and_two_for_events() -> None:
    names = {capability.name: capability.registration_names for capability in TABLE}
    assert names.pop("HandleEvent") == (
        "HandleEvent:payment_intent.created",
        "HandleEvent:payment_intent.status_updated",
    )
    assert names == {name: (name,) for name in names}


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_every_name_of_a_capability_finds_it(capability) -> None:
    known = (capability.name, capability.legacy_name, capability.ws_method, *capability.registration_names)
    for name in filter(None, known):
        assert find(name) is capability
    assert capability.ws_method == f"{capability.name}V1"


def test_former_names() -> None:
    assert find("RecordOrderPayment").name == "RecordOrderPaymentById"
    assert find("GetOrderBill").name == "GetOrderBillById"
    assert find("UpdatePartyById").name == "UpdateParty"
    assert find("UpdateReservationById").name == "UpdateReservation"
    assert find("UpdatePartyByIdV1") is find("UpdatePartyV1")


def test_both_events_come_by_one_method() -> None:
    for name in find("HandleEvent").registration_names:
        assert find(name).ws_method == "HandleEventV1"


@pytest.mark.parametrize("name", sorted(PREVIEW_NAMES))
def test_previews_are_known_and_named(name: str) -> None:
    for asked in (name, f"{name}V1"):
        with pytest.raises(InvalidRequest, match="preview"):
            find(asked)


@pytest.mark.parametrize(
    "name",
    ["", "V1", "Nothing", "searchorders", "SearchOrdersV2", "SearchOrdersV1V1", "HandleEvent:payment_intent.other"],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="not a capability"):
        find(name)


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_every_path_leads_somewhere(capability) -> None:
    for path in (capability.path, *capability.other_paths):
        assert resolve(path.replace("{", "").replace("}", "")).func.__name__ == "view"


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_every_param_says_what_it_is(capability) -> None:
    fields = capability.request().fields
    assert [name for name, field in fields.items() if name != "cursor" and not field.help_text] == []
