"""Where Dojo's contracts, samples and pages contradict each other: what is read, and the one thing that is written.

What its own subject tests already by name is not here again: the samples' spellings of an order (test_create_order),
the alias paths and the array of tables (test_rest), the filters of searches.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bookings.models import Party
from dojo_integration import capabilities
from dojo_integration.capabilities import TABLE, find
from orders.models import PaymentKind, ServiceChoice
from orders.services.tenders import take_payment
from pos.permissions import Actor, Requester
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
from tests.factories import OrderFactory, WorkingVenue

MONEY = {"value", "currencyCode"}
TAX_LINE = {"id", "name", "affectedPlu", "amountPercentage", "amountTotal"}
CUSTOMER = {"id", "name", "emailAddress", "phoneNumber"}


def places_of(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every place in an answer with what stands there."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places_of(child, f"{path}.{key}")


# --- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("create", "update", "write", "id_name"),
    [
        ("CreateParty", "UpdateParty", a_party, "partyId"),
        ("CreateReservation", "UpdateReservation", a_reservation, "reservationId"),
    ],
)
def test_an_update_says_id_over_the_websocket_and_its_long_name_in_the_path_which_wins(
    dojo: Dojo, uk: WorkingVenue, create: str, update: str, write: Any, id_name: str
) -> None:
    # given
    first = dojo.get(create, write("first"))["id"]
    second = dojo.get(create, write("second"))["id"]
    # when both are there, the one of the path is meant
    assert dojo.get(update, write("second", **{id_name: second, "id": first}, name="By path"))["id"] == second
    # when only the WebSocket's name is there
    for name in (id_name, "id"):
        answer = capabilities.call(
            find(update), write("second", **{name: second}, name=f"By {name}"), Actor.dojo(uk.venue)
        )
        read = json.loads(answer)
        assert (read["id"], read["name"]) == (second, f"By {name}")
    # then the other is as it was
    assert dojo.get(create.replace("Create", "Get") + "ById", {id_name: first})["name"] == write()["name"]


def test_the_former_names_of_the_bookings_are_the_same_capabilities(dojo: Dojo, uk: WorkingVenue) -> None:
    party = dojo.get("CreateParty", a_party())
    booked = dojo.get("CreateReservation", a_reservation())
    assert dojo.get("UpdatePartyById", a_party(partyId=party["id"])) == party
    assert dojo.get("UpdateReservationById", a_reservation(reservationId=booked["id"])) == booked


# --- parties and reservations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, "", " "])
def test_a_party_without_a_status_is_seated(dojo: Dojo, uk: WorkingVenue, status: str | None) -> None:
    assert dojo.get("CreateParty", a_party(status=status))["status"] == "Seated"


def test_an_update_that_cannot_carry_the_reservation_preserves_it(dojo: Dojo, uk: WorkingVenue) -> None:
    booked = dojo.get("CreateReservation", a_reservation())["id"]
    party = dojo.get("CreateParty", a_party(reservationId=booked))["id"]
    for more in ({}, {"reservationId": None}, {"reservationId": "another"}):
        assert dojo.get("UpdateParty", a_party(partyId=party, **more))["reservationId"] == booked


def test_a_reservation_may_have_no_table_yet_and_a_party_may_not(dojo: Dojo, uk: WorkingVenue) -> None:
    booked = dojo.get("CreateReservation", a_reservation(tableIds=[]))
    assert booked["tableIds"] == []
    assert dojo.get("UpdateReservation", a_reservation(reservationId=booked["id"]))["tableIds"] == ["t4"]
    assert dojo.get("UpdateReservation", a_reservation(reservationId=booked["id"], tableIds=[]))["tableIds"] == []
    assert dojo.refused("CreateParty", a_party(tableIds=[])).error_type == "InvalidRequest"
    assert not Party.objects.exists()


@pytest.mark.parametrize("name", ["DeletePartyById", "DeleteReservationById", "ExtendOrderLock", "HandleEvent"])
def test_what_succeeds_without_a_word_answers_exactly_nothing(dojo: Dojo, uk: WorkingVenue, name: str) -> None:
    lock = {"orderId": a_bill(uk).pk, "lockId": "lock-1", "expiry": in_minutes(5)}
    dojo.get("CreateOrderLock", lock)
    params = {
        "DeletePartyById": {"partyId": dojo.get("CreateParty", a_party())["id"]},
        "DeleteReservationById": {"reservationId": dojo.get("CreateReservation", a_reservation())["id"]},
        "ExtendOrderLock": lock,
        "HandleEvent": an_event(),
    }
    assert dojo.get(name, params[name]) == {}


# --- what is always written, and what never --------------------------------------------------------------------------


@pytest.mark.parametrize("search", ["SearchOrders", "SearchTables", "SearchParties", "SearchReservations"])
def test_a_page_always_has_its_rows_also_when_there_are_none(dojo: Dojo, uk: WorkingVenue, search: str) -> None:
    filters = {"SearchOrders": {"dineIn": {"tableId": "nowhere"}}, "SearchTables": {"areaId": "nowhere"}}
    body = dojo.get(search, filters.get(search, {"tableId": "nowhere"}))
    assert (body[0] if isinstance(body, list) else body) == {"data": []}


def test_nothing_is_null_and_no_row_lacks_its_id(dojo: Dojo, uk: WorkingVenue) -> None:
    # given the least and the most there can be of everything
    dojo.get("CreateOrder", an_order("least", details={"orderType": "Collection"}, items=an_order()["items"]))
    dojo.get("CreateOrder", an_order("most", customer={"name": "Sam", "phoneNumber": 448000443550}, note="N"))
    bare = OrderFactory(venue=uk.venue)
    bill = a_bill(uk, service_choice=ServiceChoice.ON)
    dojo.get("CreateParty", {"dojoPartyId": "least", "tableIds": ["t2"], "startTime": at(19)})
    dojo.get("CreateParty", a_party(deposit=a_deposit(100), expectedEndTime=at(21)))
    dojo.get("CreateReservation", a_reservation(tableIds=[]))
    # when
    answers = [
        dojo.get("ListAreas"),
        dojo.get("SearchTables"),
        dojo.get("SearchOrders"),
        dojo.get("SearchParties"),
        dojo.get("SearchReservations"),
        dojo.get("GetOrderById", {"orderId": bare.pk}),
        dojo.get("GetOrderBillById", {"orderId": bill.pk}),
    ]
    # then
    assert [path for answer in answers for path, value in places_of(answer) if value is None] == []
    pages = [answer for answer in answers if isinstance(answer, dict) and "data" in answer]
    assert all(row["id"] for page in pages for row in page["data"])
    assert dojo.get("GetOrderById", {"orderId": bare.pk})["details"] == {"orderType": "DineIn", "dineIn": {}}


def test_money_tax_lines_and_customers_hold_what_their_schemas_know_and_no_more(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    customer = {
        "id": "c-1",
        "name": "Sam",
        "emailAddress": "sam@example.com",
        "phoneNumber": 448000443550,
        "loyal": True,
    }
    tax = {"id": "VAT", "name": "VAT", "amountPercentage": 20, "amountTotal": pounds(600), "rate": "20%"}
    # when
    created = dojo.get("CreateOrder", an_order(customer=customer, taxLines=[tax]))
    # then
    assert created["customer"].keys() == CUSTOMER
    assert created["customer"]["phoneNumber"] == "448000443550"
    assert created["taxLines"]
    assert all(line.keys() <= TAX_LINE and line["amountPercentage"] == 2000 for line in created["taxLines"])
    assert {frozenset(value) for path, value in places_of(created) if path.endswith("Amount")} == {frozenset(MONEY)}


def test_an_orders_status_in_a_request_is_none_of_the_contracts_and_is_let_be(dojo: Dojo, uk: WorkingVenue) -> None:
    assert dojo.get("CreateOrder", an_order(status="Created", id="theirs"))["status"] == "Confirmed"


def test_a_collection_time_is_read_by_either_name_the_contracts_first(dojo: Dojo, uk: WorkingVenue) -> None:
    both = {"collectAt": at(20), "collectionTime": at(21)}
    for number, (sent, read) in enumerate([({"collectionTime": at(21)}, at(21)), (both, at(20))]):
        details = {"orderType": "Collection", "collection": sent}
        created = dojo.get("CreateOrder", an_order(f"dojo-{number}", details=details))
        assert created["details"]["collection"] == {"collectAt": read}


# --- the bill --------------------------------------------------------------------------------------------------------


def test_a_bill_is_written_in_the_schemas_words_not_in_the_samples(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    uk.venue.website = "https://example.com"
    uk.venue.save()
    # when
    bill = dojo.get("GetOrderBillById", {"orderId": a_bill(uk).pk})
    lines = bill["header"]["lines"] + bill["footer"]["lines"]
    of = {kind: [line for line in lines if line["lineType"] == kind] for kind in ("Text", "HorizontalLine", "URL")}
    # then: bold not emphasisBold, one word for align not a list, an object for the rule not a word
    assert all(line["text"].keys() == {"value", "size", "align", "bold"} for line in of["Text"])
    assert {line["text"]["align"] for line in of["Text"]} <= {"Left", "Center", "Right"}
    assert {line["text"]["size"] for line in of["Text"]} <= {"Body", "Header1", "Header2"}
    assert [line["horizontalLine"] for line in of["HorizontalLine"]] == [{"line": "Single"}] * 4
    # and both spellings of what a URL shows
    (url,) = of["URL"]
    assert {name: url["url"][name] for name in ("showQr", "showQR", "showUrl", "showURL")} == dict.fromkeys(
        ("showQr", "showQR", "showUrl", "showURL"), True
    )


# --- paying ----------------------------------------------------------------------------------------------------------


def test_the_paid_amount_of_an_order_is_the_sum_of_its_payments_without_tips(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    dojo.get("RecordOrderPaymentById", a_payment(order.pk, 2000, "pi-1", tipsAmount=pounds(300)))
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 1500, "pi-2"))
    assert [payment["paidAmount"] for payment in paid["payments"]] == [pounds(2000), pounds(1500)]
    assert (paid["paidAmount"], paid["tipsAmount"]) == (pounds(3500), pounds(300))


def test_cash_has_a_payment_intent_id_of_our_own(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    cash = take_payment(actor=uk.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=2000, tendered=2000)
    shown = dojo.get("GetOrderById", {"orderId": order.pk})
    assert shown["payments"] == [{"paymentIntentId": f"cash_{cash.pk}", "paidAmount": pounds(2000)}]
    assert shown["paidAmount"] == pounds(2000)


def test_a_payment_needs_no_lock_id_although_the_order_is_locked(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    dojo.get("CreateOrderLock", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)})
    assert dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000))["status"] == "Finalized"


def test_a_payment_is_recorded_while_its_intent_is_only_authorized(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    for name, number in (("payment_intent.created", 1), ("payment_intent.status_updated", 2)):
        data = {"paymentIntentId": "pi-1", "paymentStatus": "Authorized", "captureMode": "Manual"}
        dojo.get(f"HandleEvent:{name}", an_event(f"event-{number}", event=name, data=data))
    assert dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000, "pi-1"))["status"] == "Finalized"


# --- names and waiters -----------------------------------------------------------------------------------------------


def test_every_open_order_has_a_name_of_its_own_that_a_card_machine_can_show(dojo: Dojo, uk: WorkingVenue) -> None:
    # given the same place three times, the same long name three times, the same guest twice
    a_bill(uk, table="t3")
    long = "The annual dinner of the Leeds philatelists"
    for number in range(3):
        dojo.get("CreateOrder", an_order(f"table-{number}", payments=[]))
        dojo.get("CreateOrder", an_order(f"long-{number}", payments=[], displayName=long))
        collection = {"orderType": "Collection"}
        dojo.get("CreateOrder", an_order(f"away-{number}", payments=[], details=collection, customer={"name": "Sam"}))
    # when
    names = [order["displayName"] for order in dojo.get("SearchOrders", {"payableOnly": True})["data"]]
    # then
    assert len(names) == len(set(names)) == 10
    assert all(0 < len(name) <= 24 for name in names)


def test_a_waiter_is_read_from_the_header_for_the_record_and_from_the_filter_for_the_search(
    dojo: Dojo, uk: WorkingVenue
) -> None:
    # given
    order = a_bill(uk)
    me, stranger = uk.waiter.waiter_id, "nobody-knows"
    # then the header restricts nothing, the filter does
    for header in (me, stranger):
        page = dojo.get("SearchOrders", {"dineIn": {"waiterId": me}}, Requester(waiter_id=header))
        assert [found["id"] for found in page["data"]] == [order.pk]
    assert dojo.get("SearchOrders", {"dineIn": {"waiterId": stranger}})["data"] == []
    # and a party is the waiter's whom the header names, or nobody's
    for waiter_id, number in ((me, 1), (stranger, 2)):
        dojo.get("CreateParty", a_party(f"party-{number}"), Requester(waiter_id=waiter_id))
    parties = Party.objects.filter(dojo_party_id__isnull=False).order_by("dojo_party_id")
    assert [party.waiter for party in parties] == [uk.waiter, None]


# --- events ----------------------------------------------------------------------------------------------------------


def test_events_are_answered_although_the_rest_contract_leaves_them_out(dojo: Dojo, uk: WorkingVenue) -> None:
    (events,) = (capability for capability in TABLE if capability.name == "HandleEvent")
    assert (events.verb, events.path) == ("POST", "/v1/events")
    for number, name in enumerate(events.registration_names):
        topic = name.partition(":")[2]
        assert dojo.get(name, an_event(f"event-{number}", event=topic)) == {}
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    assert "/v1/events" not in contract._openapi()["paths"]
