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
    ]


@pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)
def test_every_name_of_a_capability_finds_it(capability) -> None:
    for name in filter(None, (capability.name, capability.legacy_name, capability.ws_method)):
        assert find(name) is capability
    assert capability.ws_method == f"{capability.name}V1"


def test_former_names() -> None:
    assert find("RecordOrderPayment").name == "RecordOrderPaymentById"
    assert find("GetOrderBill").name == "GetOrderBillById"


@pytest.mark.parametrize("name", sorted(PREVIEW_NAMES))
def test_previews_are_known_and_named(name: str) -> None:
    for asked in (name, f"{name}V1"):
        with pytest.raises(InvalidRequest, match="preview"):
            find(asked)


@pytest.mark.parametrize("name", ["", "V1", "Nothing", "searchorders", "SearchOrdersV2", "SearchOrdersV1V1"])
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
