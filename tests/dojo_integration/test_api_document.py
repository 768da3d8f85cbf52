"""Our API document: complete, true, and the same promise as Dojo's own."""

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from rest_framework import serializers

from dojo_integration import api_document
from dojo_integration.capabilities import TABLE, Capability, find
from dojo_integration.wire.create_order import CreateOrderIn
from dojo_integration.wire.fields import RequestSerializer
from tests.bills import a_bill
from tests.capabilities import contract, own_contract
from tests.capabilities.roads import Answer, RestRoad
from tests.factories import WorkingVenue

Schema = dict[str, Any]

each_capability = pytest.mark.parametrize("capability", TABLE, ids=lambda capability: capability.name)


def operation(document: Schema, capability: Capability) -> Schema:
    found: Schema = document["paths"][capability.path][capability.verb.lower()]
    return found


def resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        step: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            step = step[name.replace("~1", "/")]
        schema = {**{key: value for key, value in schema.items() if key != "$ref"}, **step}
    return schema


def places(document: Schema, schema: Schema, path: str = "") -> Iterator[str]:
    """Every property in a schema and inside it: items[].amountPerItem.value."""
    schema = resolved(document, schema)
    for part in schema.get("allOf", ()):
        yield from places(document, part, path)
    if "items" in schema:
        yield from places(document, schema["items"], f"{path}[]")
    for name, inner in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield place
        yield from places(document, inner, place)


def places_of_request(document: Schema, capability: Capability) -> set[str]:
    body = operation(document, capability).get("requestBody")
    return set(places(document, body["content"]["application/json"]["schema"])) if body else set()


def places_of_answer(document: Schema, capability: Capability) -> set[str]:
    answer = operation(document, capability)["responses"]["200"]
    return set(places(document, answer["content"]["application/json"]["schema"])) if "content" in answer else set()


# --- complete --------------------------------------------------------------------------------------------------------


def test_it_is_an_openapi_document() -> None:
    document = own_contract.document()
    validate_schema(document)
    assert document["components"]["securitySchemes"] == {"basic": {"type": "http", "scheme": "basic"}}
    assert document["security"] == [{"basic": []}]
    # Every reference leads somewhere, or resolved() raises.
    for capability in TABLE:
        for part in operation(document, capability)["parameters"]:
            assert resolved(document, part)["description"]
        for answer in operation(document, capability)["responses"].values():
            assert resolved(document, answer)["description"]


@each_capability
def test_every_capability_says_what_it_answers(capability: Capability) -> None:
    assert capability.response is not None, f"say in the capability table what {capability.name} answers"


@each_capability
def test_every_capability_is_in_it(capability: Capability) -> None:
    found = operation(own_contract.document(), capability)
    assert found["operationId"] == capability.name
    assert found["summary"]
    assert not found["summary"].endswith(".")
    assert capability.ws_method in found["description"]
    in_path = [part["name"] for part in found["parameters"] if part.get("in") == "path"]
    assert "".join(f"{{{name}}}" for name in in_path) == "".join(
        part for part in capability.path.split("/") if part.startswith("{")
    )
    assert ("requestBody" in found) == (capability.verb in ("POST", "PUT"))
    assert {"200", "400", "401", "500", "503"} <= found["responses"].keys()
    assert ("404" in found["responses"]) == bool(in_path)
    assert ("409" in found["responses"]) == capability.has_side_effects


def test_a_capability_that_does_not_say_what_it_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    silent = dataclasses.replace(find("GetOrderById"), name="Mystery", response=None)
    monkeypatch.setattr(api_document, "TABLE", (*TABLE, silent))
    # then
    with pytest.raises(LookupError, match="Mystery"):
        api_document.build_document()


def test_the_words_of_a_row() -> None:
    found = operation(own_contract.document(), find("CreateOrderLock"))
    assert found["summary"] == "Lend the bill to a card machine until expiry"
    assert found["description"] == (
        "Lend the bill to a card machine until expiry; the same lock id again gets the same answer.\n\n"
        "Refuses with NotFound, InvalidRequest for an expiry that has passed, Conflict when it is lent to another or "
        "has ended.\n\nCapability `CreateOrderLock`; over the WebSocket `CreateOrderLockV1`."
    )
    formerly = operation(own_contract.document(), find("RecordOrderPaymentById"))["description"]
    assert "formerly `RecordOrderPayment`" in formerly
    assert (
        "`POST /v1/tables` is answered too" in operation(own_contract.document(), find("SearchTables"))["description"]
    )


def test_a_request_with_its_limits_and_its_words() -> None:
    document = own_contract.document()
    lock = document["components"]["schemas"]["CreateOrderLockRequest"]
    # The order's id stands in the path, and only there.
    assert lock["properties"].keys() == {"lockId", "expiry"}
    assert lock["required"] == ["expiry", "lockId"]
    assert lock["properties"]["lockId"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 120,
        "description": "Dojo's id of the lock; the same one again changes nothing.",
    }
    items = document["components"]["schemas"]["CreateOrderRequest"]["properties"]["items"]
    assert items["maxItems"] == 500
    (order_id, *headers) = operation(document, find("CreateOrderLock"))["parameters"]
    assert order_id == {
        "name": "orderId",
        "in": "path",
        "required": True,
        "description": "The order's id.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 120},
    }
    assert [resolved(document, header)["name"] for header in headers] == [
        "waiter-id",
        "dojo-requesting-product",
        "device-id",
        "device-type",
    ]


def _fields(serializer: RequestSerializer, path: str) -> Iterator[tuple[str, serializers.Field[Any, Any, Any, Any]]]:
    for name, field in serializer.fields.items():
        yield f"{path}.{name}", field
        inner = field.child if isinstance(field, serializers.ListSerializer) else field
        if isinstance(inner, RequestSerializer):
            yield from _fields(inner, f"{path}.{name}")


@each_capability
def test_every_field_of_a_request_says_what_it_is(capability: Capability) -> None:
    assert [path for path, field in _fields(capability.request(), capability.name) if not field.help_text] == []


def test_that_walk_goes_all_the_way_in() -> None:
    paths = [path for path, _ in _fields(CreateOrderIn(), "")]
    assert ".items.subItems.modifiers.amountPerModifier.currencyCode" in paths


def test_the_page_of_tables_is_described_as_it_is_sent(settings) -> None:
    own = own_contract.document(True)
    settings.EPOS_TABLES_IN_ARRAY = False
    bare = api_document.build_document()
    where = [operation(one, find("SearchTables"))["responses"]["200"]["content"] for one in (own, bare)]
    page = {"$ref": "#/components/schemas/TablesPage"}
    assert [one["application/json"]["schema"] for one in where] == [
        {"type": "array", "items": page, "minItems": 1, "maxItems": 1},
        page,
    ]


# --- true ------------------------------------------------------------------------------------------------------------


def without(name: str) -> Any:
    def change(order: Schema) -> None:
        del order[name]

    return change


def with_(path: str, value: Any) -> Any:
    def change(order: Schema) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        holder: Any = order
        for step in way:
            holder = holder[step]
        holder[last] = value

    return change


BREAKAGES = {
    "a field is gone": without("payable"),
    "a list is gone": without("payments"),
    "a field too many": with_("table", 1),
    "a field too many inside": with_("details.dineIn.color", "red"),
    "null": with_("note", None),
    "a number as text": with_("totalAmount.value", "5000"),
    "a fraction": with_("totalAmount.value", 50.5),
    "a status that nobody knows": with_("status", "Seated"),
    "a currency that nobody takes": with_("totalAmount.currencyCode", "USD"),
    "a time that is none": with_("createdAt", "yesterday"),
    "a time without a zone": with_("createdAt", "2026-02-27T19:30:00.000"),
    "an empty id": with_("id", ""),
    "a name too long for a card machine": with_("displayName", "x" * 25),
    "a broken item": with_("items.0.quantity", 0),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_answer_is_caught(uk: WorkingVenue, name: str) -> None:
    # given an answer that is fine
    order = a_bill(uk)
    answer = RestRoad(uk.venue).call(find("GetOrderById"), {"orderId": order.pk})
    assert own_contract.problems(find("GetOrderById"), answer) == []
    # when
    broken = copy.deepcopy(answer.body)
    BREAKAGES[name](broken)
    # then
    assert len(own_contract.problems(find("GetOrderById"), dataclasses.replace(answer, body=broken))) == 1


@pytest.mark.parametrize(
    ("capability", "answer"),
    [
        ("GetOrderById", Answer(body={"errorType": "NotFound", "debugMessage": "?", "traceId": "t"}, status=409)),
        ("GetOrderById", Answer(body={"errorType": "NotFound", "debugMessage": "?"}, status=404)),
        ("GetOrderById", Answer(body={"errorType": "Gone", "debugMessage": "?", "traceId": "t"}, status=404)),
        ("ExtendOrderLock", Answer(body={"id": "order_1"}, status=200)),
        ("DeletePartyById", Answer(body={"id": "party_1"}, status=200)),
        ("ListAreas", Answer(body={}, status=200)),
        ("SearchTables", Answer(body={"data": []}, status=200)),
        # Another road has no statuses, and no shapes of REST's own.
        ("SearchTables", Answer(body=[{"data": []}])),
        ("DeletePartyById", Answer(body={"id": "party_1"})),
        ("GetOrderById", Answer(body={"errorType": "Gone"}, error_type="Gone")),
    ],
)
def test_an_answer_that_was_not_announced_is_caught(capability: str, answer: Answer) -> None:
    assert own_contract.problems(find(capability), answer) != []


@pytest.mark.parametrize(
    ("capability", "answer"),
    [
        ("SearchTables", Answer(body=[{"data": []}], status=200)),
        ("SearchTables", Answer(body={"data": []})),
        ("DeletePartyById", Answer(body={})),
        ("DeletePartyById", Answer(body={}, status=200)),
    ],
)
def test_what_was_announced_is_fine(capability: str, answer: Answer) -> None:
    assert own_contract.problems(find(capability), answer) == []


# --- the same promise as Dojo's --------------------------------------------------------------------------------------

# The WebSocket's contract and Dojo's own samples write these so; every reader finds its spelling.
OURS_ALONE = {f"{part}.lines[].url.{name}" for part in ("header", "footer") for name in ("showQR", "showURL")}


@pytest.fixture
def official() -> Schema:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    return contract._openapi()


@pytest.mark.contract
def test_paths_and_verbs_are_dojos(official: Schema) -> None:
    ours = {(path, verb) for path, verbs in own_contract.document()["paths"].items() for verb in verbs}
    theirs = {(path, verb) for path, verbs in official["paths"].items() for verb in verbs if verb != "parameters"}
    # Events are in Dojo's documentation and in the WebSocket's contract, not in this one.
    assert ours - theirs == {("/v1/events", "post")}
    assert theirs - ours == set()


@pytest.mark.contract
@each_capability
def test_the_rest_is_dojos_too(official: Schema, capability: Capability) -> None:
    if capability.path not in official["paths"]:
        pytest.skip(f"{capability.path} is not in Dojo's REST contract")
    own = own_contract.document()
    # What Dojo may send is known to us, and what we answer is known to Dojo.
    assert places_of_request(official, capability) - places_of_request(own, capability) == set()
    assert places_of_answer(own, capability) - places_of_answer(official, capability) - OURS_ALONE == set()
    # What Dojo may rely on is never left out.
    assert required(official, capability) - required(own, capability) == set()
    assert parameters(own, capability) == parameters(official, capability)


def required(document: Schema, capability: Capability) -> set[str]:
    answer = operation(document, capability)["responses"]["200"].get("content")
    schema = resolved(document, answer["application/json"]["schema"]) if answer else {}
    return set(schema.get("required", ()))


def parameters(document: Schema, capability: Capability) -> set[tuple[str, str]]:
    shared = document["paths"][capability.path].get("parameters", [])
    found = (resolved(document, part) for part in [*shared, *operation(document, capability).get("parameters", [])])
    return {(part["in"], part["name"]) for part in found}


@pytest.mark.contract
def test_that_comparison_reads_the_whole_contract(official: Schema) -> None:
    deep = "items[].subItems[].modifiers[].amountPerModifier.currencyCode"
    assert deep in places_of_request(official, find("CreateOrder"))
    assert f"data[].{deep}" in places_of_answer(official, find("SearchOrders"))
    assert "header.lines[].merchantAddress.postcode" in places_of_answer(official, find("GetOrderBillById"))
