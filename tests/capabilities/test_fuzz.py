"""Requests as nobody should write them: never a 500, never an answer that the contract does not know.

Each seed changes valid requests in a few places; a failure names its seed and shows what was sent.
"""

import copy
import json
import random
from typing import Any

import pytest

from bookings.models import Party, Reservation
from dojo_integration.models import DojoEvent
from orders.models import Order, Payment
from tests.bills import a_bill
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

NASTY: list[Any] = [
    None, "", " ", "x" * 10_000, "5", "-1", "true", "null", "🍷" * 50, "\u202e\u0007\x1b[31m", "'; DROP TABLE x; --",
    0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 10**12, 0.5, -0.0, 1e308, True, False,
    [], {}, [[]], [None], {"": ""}, {"value": 1}, [{}] * 200, pounds(1), {"value": 1, "currencyCode": "XXX"},
    "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59", "2026-W09-1", "t1",
]  # fmt: skip

# What says which thing is meant; on a road where that is the path, it is a text.
MEANT = {"orderId", "partyId", "reservationId"}
# What makes a new thing of each request, so that not every one after the first is a replay.
NEW = {
    "CreateOrder": "dojoOrderId",
    "CreateParty": "dojoPartyId",
    "CreateReservation": "dojoReservationId",
    "HandleEvent": "id",
}
WRITTEN = (Order, Payment, Party, Reservation, DojoEvent)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a request."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


def spoil(dice: random.Random, request: dict[str, Any]) -> dict[str, Any]:
    """Change a few places: another value, nothing at all, something more."""
    spoilt = copy.deepcopy(request)
    for _ in range(dice.randint(1, 3)):
        places = [place for place in _places(spoilt) if place and place[0] not in MEANT]
        if not places:
            break
        *way, last = dice.choice(places)
        holder: Any = spoilt
        for step in way:
            holder = holder[step]
        match dice.randint(0, 4):
            case 0 if isinstance(holder, dict):
                del holder[last]
            case 1 if isinstance(holder, dict):
                holder[dice.choice(["unknown", "id", "amount", "__class__"])] = copy.deepcopy(dice.choice(NASTY))
            case _:
                holder[last] = copy.deepcopy(dice.choice(NASTY))
    return spoilt


@pytest.mark.parametrize("seed", range(6))
def test_spoilt_requests_are_answered_or_refused(dojo: Dojo, uk: WorkingVenue, seed: int) -> None:
    # given one valid request of each kind that takes a body
    dice = random.Random(seed)
    order = a_bill(uk)
    part = an_order()["items"][0] | {"note": "rare", "plu": "lager-pint"}
    full = an_order(
        items=[an_order()["items"][0] | {"subItems": [part]}],
        customer={"id": "c", "name": "Sam", "emailAddress": "sam@example.com", "phoneNumber": "1"},
        discounts=[{"name": "App", "amountTotal": pounds(5), "amountPercentage": 10, "affectedPlu": "burger"}],
        taxLines=[{"id": "VAT", "name": "VAT", "amountPercentage": 2000, "amountTotal": pounds(1)}],
        serviceChargeAmount=pounds(10),
        reference="R",
        displayName="D",
        note="N",
        details={
            "orderType": "DineIn",
            "dineIn": {"tableId": "t3", "waiterId": "1", "partyId": "p", "readyAt": in_minutes(5)},
            "collection": {"asap": True, "collectAt": in_minutes(5)},
        },
    )
    page = {"cursor": {"limit": 5}}
    words = {"hostNotes": "h", "guestRequests": "g"}
    guests = a_party("p", **words, expectedEndTime=at(21), deposit=a_deposit(500, "pi-1"), dojoReservationId="r")
    seated = dojo.get("CreateParty", a_party("seated"))["id"]
    booked = dojo.get("CreateReservation", a_reservation("booked"))["id"]
    requests = {
        "CreateOrder": full,
        "RecordOrderPaymentById": a_payment(order.pk, 100, tipsAmount=pounds(1), lockId="l"),
        "CreateOrderLock": {"orderId": order.pk, "lockId": "l", "expiry": in_minutes(5)},
        "SearchOrders": {"dineIn": {"tableId": "t1", "waiterId": "1"}, "payableOnly": True, **page},
        "SearchTables": {"areaId": "a", "waiterId": "1", **page},
        "CreateParty": guests,
        "UpdateParty": guests | {"partyId": seated, "dojoPartyId": "seated", "endTime": at(22)},
        "SearchParties": {"tableId": "t4", "completedOnly": False, **page},
        "CreateReservation": a_reservation(**words),
        "UpdateReservation": a_reservation("booked", reservationId=booked, **words),
        "SearchReservations": {"tableId": "t4", "fromTime": at(18), "toTime": at(22), **page},
        "HandleEvent": an_event(),
    }
    for turn in range(12):
        for name, request in requests.items():
            # when
            sent = spoil(dice, request | ({NEW[name]: f"{seed}-{turn}"} if name in NEW else {}))
            before = [model.objects.count() for model in WRITTEN]
            answer = dojo.call(name, sent)
            # then
            assert answer.error_type in (None, "InvalidRequest", "Conflict", "NotFound"), json.dumps(sent)
            if not answer.ok:
                assert answer.message
                assert [model.objects.count() for model in WRITTEN] == before, json.dumps(sent)
