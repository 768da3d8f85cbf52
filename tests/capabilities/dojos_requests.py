"""Requests made of Dojo's official contract by a machine: right ones and wrong ones, about a house that is there."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from dojo_integration import capabilities
from dojo_integration.capabilities import find
from dojo_integration.models import EventName
from orders.models import CaptureMode, IntentStatus, LineState
from pos.permissions import Actor
from tests.bills import a_bill
from tests.capabilities import contract
from tests.capabilities.requests import a_party, a_payment, a_reservation, an_order, at, in_minutes, pounds
from tests.factories import MembershipFactory, WorkingVenue

RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE

# Of what the contract does not name, a text will do; a list of three is as good as one of fifty, and most want one.
_MORE = {"type": "string"}
_MOST = 3
# NUL in every place is tried by hand (hostile.py); in every third text it would hide all else.
_CONFIG = {"generation": {"allow-x00": False}}


@cache
def operations() -> dict[str, APIOperation]:
    """Every operation of the contract, by verb and path."""
    document = copy.deepcopy(contract._openapi())
    _add_events(document)
    for name, schema in list(document["components"]["schemas"].items()):
        document["components"]["schemas"][f"Sent{name}"] = _slim(schema)
    for path in document["paths"].values():
        for verb, operation in path.items():
            if verb != "parameters" and "requestBody" in operation:
                operation["requestBody"] = _slim(operation["requestBody"]) | {"required": True}
    loaded = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(_CONFIG))
    return {operation.label: operation for operation in (result.ok() for result in loaded.get_all_operations())}


def _add_events(document: dict[str, Any]) -> None:
    """HandleEvent is described in the WebSocket's contract alone; over REST it succeeds without a word."""
    theirs, ours = contract._asyncapi()["components"]["schemas"], document["components"]["schemas"]
    wanted = ["Event"]
    for name in wanted:
        ours.setdefault(name, theirs[name])
        wanted += re.findall(r"#/components/schemas/(\w+)", json.dumps(theirs[name]))
    operation = copy.deepcopy(document["paths"]["/v1/parties"]["post"])
    operation["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Event"}
    operation["responses"]["200"] = {"description": "."}
    document["paths"]["/v1/events"] = {"post": operation}


def _slim(schema: Any) -> Any:
    """The same schema, made for sending: answers keep theirs as it is."""
    if isinstance(schema, list):
        return [_slim(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    slim = {key: _slim(value) for key, value in schema.items() if key not in ("example", "x-examples")}
    if isinstance(slim.get("$ref"), str):
        slim["$ref"] = slim["$ref"].replace("/schemas/", "/schemas/Sent")
    if slim.get("type") == "array":
        slim = {"minItems": 1, "maxItems": _MOST, **slim}
    if isinstance(slim.get("properties"), dict) and "$ref" not in slim["properties"]:
        # Some of the contract's objects do not say that they are.
        slim = {"type": "object", "additionalProperties": _MORE, **slim}
    return slim


# --- a house to ask about --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class House:
    """What is there to be asked about: ids by the name that the contract gives them, and by what Dojo calls them."""

    ids: Mapping[str, list[str]]
    lent: list[str]
    dojos: Mapping[str, str]


def a_house(shop: WorkingVenue) -> House:
    """Bills open, paid and lent, an order by phone, guests at tables and guests to come."""
    dojo = Actor.dojo(shop.venue)

    def ask(name: str, params: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(capabilities.call(find(name), params, dojo))
        return answer

    states = [LineState.SERVED] * 2 + [LineState.SENT] * 4
    bills = [a_bill(shop, table=f"t{number}", state=state).pk for number, state in enumerate(states, start=1)]
    paid, *lent = bills[:3]
    ask("RecordOrderPaymentById", a_payment(paid, 5_000, "pi-paid"))
    for order_id in lent:
        ask("CreateOrderLock", {"orderId": order_id, "lockId": "lock-1", "expiry": in_minutes(60)})
    by_phone = ask("CreateOrder", an_order("dojo-order-0", payments=[]))["id"]
    parties = {}
    for number, table in enumerate(("t7", "t8", "t9")):
        party = a_party(f"dojo-party-{number}", tableIds=[table])
        parties[ask("CreateParty", party)["id"]] = party
    gone, party = next(iter(parties.items()))
    ask("UpdateParty", party | {"partyId": gone, "endTime": at(22)})
    bookings = {ask("CreateReservation", a_reservation(f"dojo-res-{n}", tableIds=["t10"]))["id"]: n for n in range(3)}
    return House(
        ids={
            "orderId": [*bills, by_phone],
            "partyId": list(parties),
            "reservationId": list(bookings),
            "tableId": list(shop.tables),
            "areaId": [shop.area.code],
            "waiterId": [shop.waiter.waiter_id, MembershipFactory(venue=shop.venue).waiter_id],
            "lockId": ["lock-1"],
        },
        lent=lent,
        dojos={
            **{party_id: party["dojoPartyId"] for party_id, party in parties.items()},
            **{reservation_id: f"dojo-res-{number}" for reservation_id, number in bookings.items()},
        },
    )


# --- cases -----------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: st.DrawFn, operation: APIOperation, mode: GenerationMode, house: House) -> Case:
    """A case of the operation: of the right ones most are about this house, the wrong ones keep what is wrong."""
    case = draw(operation.as_strategy(generation_mode=mode))
    path = case.path_parameters or {}
    for name in path:
        if draw(_mostly):
            path[name] = draw(
                st.sampled_from(house.lent if name == "orderId" and "lockId" in path else house.ids[name])
            )
    if mode is RIGHT and draw(_mostly):
        case.body = _at_home(draw, case.body, _known(house, path))
    return case


_mostly = st.sampled_from([True] * 7 + [False])
_new_id = st.uuids().map(str)


def _at_home(draw: st.DrawFn, value: Any, known: Mapping[str, st.SearchStrategy[Any]]) -> Any:
    if isinstance(value, list):
        return [_at_home(draw, part, known) for part in value]
    if isinstance(value, dict):
        return {
            name: draw(known[name]) if name in known else _at_home(draw, inner, known)
            for name, inner in value.items()
            if name not in _FROM_ANOTHER_PAGE
        }
    return value


# A cursor cannot be made up.
_FROM_ANOTHER_PAGE = frozenset({"before", "after"})


def _known(house: House, path: Mapping[str, str]) -> dict[str, st.SearchStrategy[Any]]:
    """What stands for something in this house, or is a sum, a number or a time that a restaurant means."""
    tables = st.sampled_from(house.ids["tableId"])
    text = st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=30)
    # What Dojo calls the thing that the path names, or else a thing that is new.
    dojos = [st.just(house.dojos[value]) for value in path.values() if value in house.dojos] or [_new_id]
    return {
        **{name: st.sampled_from(known) for name, known in house.ids.items()},
        "tableIds": st.lists(tables, min_size=1, max_size=3, unique=True),
        "dojoReservationId": st.one_of(st.just("dojo-res-0"), *dojos * 5),
        "dojoPartyId": st.one_of(st.just("dojo-party-1"), *dojos * 5),
        "dojoOrderId": st.one_of(st.just("dojo-order-0"), *[_new_id] * 5),
        "paymentIntentId": st.one_of(st.sampled_from(["pi-paid", "pi-1"]), *[_new_id] * 5),
        "event": st.sampled_from(EventName.values),
        "id": _new_id,
        "accountId": st.just("account-1"),
        "paymentStatus": st.sampled_from([status for status in IntentStatus.values if status]),
        "captureMode": st.sampled_from([mode for mode in CaptureMode.values if mode]),
        "paymentIntentIds": st.lists(_new_id, max_size=3),
        # What was paid is no more than this.
        "totalAmount": st.integers(10_000, 20_000).map(pounds),
        "currencyCode": st.just("GBP"),
        "value": st.integers(1, 2_500),
        "quantity": st.integers(1, 12),
        "covers": st.integers(1, 12),
        "limit": st.integers(1, 100),
        "amountPercentage": st.integers(0, 10_000),
        "readyAt": st.integers(20, 23).map(at),
        "collectAt": st.integers(20, 23).map(at),
        "expiry": st.integers(1, 90).map(in_minutes),
        "createdAt": st.integers(17, 19).map(at),
        "startTime": st.integers(17, 19).map(at),
        "fromTime": st.integers(17, 19).map(at),
        "endTime": st.integers(20, 23).map(at),
        "expectedEndTime": st.integers(20, 23).map(at),
        "toTime": st.integers(20, 23).map(at),
        "name": text,
        "status": text,
    }
