"""CreateOrder: what a guest ordered and paid on a phone, in the contract's words and in the samples'."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from orders.models import CLOSED_STATUSES, ExceptionKind, Order, OrderException, Payment
from pos.permissions import Requester
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import an_order, pounds
from tests.factories import PartyFactory, WorkingVenue


def test_an_order_as_the_guest_sees_it(dojo: Dojo, uk: WorkingVenue) -> None:
    created = dojo.get("CreateOrder", an_order(note="Birthday", reference="OP-17", displayName="Sam's phone"))
    assert created["status"] == "Confirmed"
    assert created["displayName"] == "Sam's phone"
    assert created["reference"] == "OP-17"
    assert created["note"] == "Birthday"
    assert created["details"] == {"orderType": "DineIn", "dineIn": {"tableId": "t3"}}
    assert created["items"] == an_order()["items"]
    assert (created["totalAmount"], created["paidAmount"], created["payable"]) == (pounds(3600), pounds(3600), False)
    assert created["payments"] == an_order()["payments"]
    assert dojo.get("GetOrderById", {"orderId": created["id"]}) == created


def test_the_same_order_again_is_the_same_order(dojo: Dojo, uk: WorkingVenue) -> None:
    first = dojo.get("CreateOrder", an_order())
    again = dojo.get("CreateOrder", an_order())
    assert again == first
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_an_order_for_an_occupied_table_leaves_its_bill_alone(dojo: Dojo, uk: WorkingVenue) -> None:
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t3"]])
    created = dojo.get("CreateOrder", an_order())
    assert created["details"]["dineIn"]["partyId"] == party.pk


@pytest.mark.parametrize(
    ("named", "stood_there", "waiter"),
    [("2", "7", "2"), ("2", "", "2"), (None, "7", "7"), ("", "7", "7"), (None, "", None), ("nobody", "7", None)],
)
def test_the_waiter_is_who_the_order_names_else_who_stood_at_the_machine(
    dojo: Dojo, uk: WorkingVenue, named: str | None, stood_there: str, waiter: str | None
) -> None:
    details = {"orderType": "DineIn", "dineIn": {"tableId": "t3"} | ({} if named is None else {"waiterId": named})}
    answer = dojo.call("CreateOrder", an_order(details=details), Requester(waiter_id=stood_there))
    assert answer.body["details"]["dineIn"].get("waiterId") == waiter


def test_a_collection(dojo: Dojo, uk: WorkingVenue) -> None:
    at = "2026-03-01T12:30:00.000Z"
    details = {"orderType": "Collection", "collection": {"asap": False, "collectAt": at}}
    created = dojo.get("CreateOrder", an_order(details=details, customer={"name": "Sam"}))
    assert created["details"] == details
    assert created["displayName"] == "Collect · Sam"
    assert created["customer"] == {"name": "Sam"}


def test_the_guests_total_is_kept_and_the_difference_told(dojo: Dojo, uk: WorkingVenue) -> None:
    created = dojo.get("CreateOrder", an_order(totalAmount=pounds(3500), payments=[]))
    assert created["totalAmount"] == pounds(3500)
    assert OrderException.objects.get(kind=ExceptionKind.TOTAL_DIFFERS).amount == -100


# --- the samples' spellings ------------------------------------------------------------------------------------------


def test_the_samples_spellings_are_read_and_the_contracts_written(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    sent = an_order(
        details={
            "orderType": "Collection",
            "collection": {"collectionTime": "2024-02-21T14:39:21.6050276Z", "asap": False},
        },
        discounts=[
            {
                "isPercentage": True,
                "provider": "Order & Pay app",
                "name": "Spring Sale 25% off",
                "discountCode": "SPRING2023",
                "discountReference": "123456",
                "value": 2500,
                "amount": 900,
            },
            {"name": "Fiver", "value": 500},
        ],
        customer={"emailAddress": "guest@example.com", "phoneNumber": 448000443550, "name": 42},
        totalAmount=pounds(2200),
        payments=[{"paidAmount": pounds(2200)}],
        reference=12,
        note=7,
    )
    modifier = sent["items"][0]["modifiers"][0]
    modifier["amountPerItem"] = modifier.pop("amountPerModifier")
    # when
    created = dojo.get("CreateOrder", sent)
    # then
    assert created["details"]["collection"] == {"asap": False, "collectAt": "2024-02-21T14:39:21.605Z"}
    assert created["discounts"] == [
        {
            "name": "Spring Sale 25% off",
            "amountTotal": pounds(900),
            "amountPercentage": 2500,
            "code": "SPRING2023",
            "discountReference": "123456",
        },
        {"name": "Fiver", "amountTotal": pounds(500)},
    ]
    assert created["customer"] == {"name": "42", "emailAddress": "guest@example.com", "phoneNumber": "448000443550"}
    assert created["items"][0]["modifiers"][0]["amountPerModifier"] == pounds(150)
    assert (created["reference"], created["note"], created["totalAmount"]) == ("12", "7", pounds(2200))
    payment = Payment.objects.get()
    assert created["payments"] == [{"paymentIntentId": f"other_{payment.pk}", "paidAmount": pounds(2200)}]


@pytest.mark.parametrize("kind", ["DineIn", "Collection"])
def test_details_may_be_the_type_alone(dojo: Dojo, uk: WorkingVenue, kind: str) -> None:
    created = dojo.get("CreateOrder", an_order(details={"orderType": kind}))
    assert created["details"] == {"orderType": kind, {"DineIn": "dineIn"}.get(kind, "collection"): {}}


def test_what_is_unknown_or_null_is_left_alone(dojo: Dojo, uk: WorkingVenue) -> None:
    sent = an_order(color="red", note=None, customer=None, discounts=None, serviceChargeAmount=None, taxLines=None)
    sent["items"][0] |= {"note": None, "subItems": None, "color": {"deep": [1]}}
    sent["details"]["dineIn"] |= {"waiterId": None, "readyAt": None}
    sent["customer"] = {"name": "Sam", "loyalty": 5}
    assert dojo.get("CreateOrder", sent)["customer"] == {"name": "Sam"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-03-01T12:30:00Z", "2026-03-01T12:30:00.000Z"),
        ("2026-03-01T12:30:00.1234567+02:00", "2026-03-01T10:30:00.123Z"),
        ("2026-03-01T12:30:00+0100", "2026-03-01T11:30:00.000Z"),
        ("2026-03-01 12:30", "2026-03-01T12:30:00.000Z"),
        ("2026-03-01t12:30:00.5z", "2026-03-01T12:30:00.500Z"),
    ],
)
def test_moments_are_kept_in_utc(dojo: Dojo, uk: WorkingVenue, sent: str, kept: str) -> None:
    details = {"orderType": "DineIn", "dineIn": {"readyAt": sent}}
    assert dojo.get("CreateOrder", an_order(details=details))["details"]["dineIn"]["readyAt"] == kept


# --- refused by name -------------------------------------------------------------------------------------------------


def _item(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order["items"][0].update(changes)


def _modifier(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order["items"][0]["modifiers"][0].update(changes)


def _payment(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order["payments"][0].update(changes)


def _top(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order.update(changes)


def _without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda order: order.pop(name)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_without("items"), "items"),
        (_without("dojoOrderId"), "dojoOrderId"),
        (_without("details"), "details"),
        (_without("payments"), "payments"),
        (_without("totalAmount"), "totalAmount"),
        (_top(items={}), "items"),
        (_top(items=[]), "items"),
        (_top(items=["x"]), "items[0]"),
        (_top(items=[an_order()["items"][0]] * 501), "items"),
        (_top(dojoOrderId=5), "dojoOrderId"),
        (_top(dojoOrderId=""), "dojoOrderId"),
        (_top(dojoOrderId=None), "dojoOrderId"),
        (_top(dojoOrderId="x" * 121), "dojoOrderId"),
        (_top(details={"orderType": "dinein"}), "details.orderType"),
        (_top(details={"orderType": 5}), "details.orderType"),
        (_top(details={"orderType": ["DineIn"]}), "details.orderType"),
        (_top(details={"orderType": {}}), "details.orderType"),
        (_top(details={}), "details.orderType"),
        (_top(details={"orderType": "DineIn", "dineIn": {"readyAt": "today"}}), "details.dineIn.readyAt"),
        (_top(details={"orderType": "DineIn", "dineIn": {"readyAt": 1767225600}}), "details.dineIn.readyAt"),
        (
            _top(details={"orderType": "DineIn", "dineIn": {"readyAt": "2026-02-30T00:00:00Z"}}),
            "details.dineIn.readyAt",
        ),
        (_top(details={"orderType": "DineIn", "dineIn": {"readyAt": "2026-01-01"}}), "details.dineIn.readyAt"),
        (
            _top(details={"orderType": "DineIn", "dineIn": {"readyAt": "1969-12-31T23:59:59Z"}}),
            "details.dineIn.readyAt",
        ),
        (
            _top(details={"orderType": "DineIn", "dineIn": {"readyAt": "2200-01-01T00:00:00Z"}}),
            "details.dineIn.readyAt",
        ),
        (
            _top(details={"orderType": "DineIn", "dineIn": {"readyAt": "0001-01-01T00:00:00+14:00"}}),
            "details.dineIn.readyAt",
        ),
        (_top(details={"orderType": "DineIn", "dineIn": {"tableId": 3}}), "details.dineIn.tableId"),
        (_top(details={"orderType": "Collection", "collection": {"asap": "yes"}}), "details.collection.asap"),
        (_top(details={"orderType": "Collection", "collection": []}), "details.collection"),
        (_top(totalAmount=3600), "totalAmount"),
        (_top(totalAmount={"value": "3600", "currencyCode": "GBP"}), "totalAmount.value"),
        (_top(totalAmount={"value": 3600.0, "currencyCode": "GBP"}), "totalAmount.value"),
        (_top(totalAmount={"value": True, "currencyCode": "GBP"}), "totalAmount.value"),
        (_top(totalAmount={"value": -1, "currencyCode": "GBP"}), "totalAmount.value"),
        (_top(totalAmount={"value": 2**63 - 1, "currencyCode": "GBP"}), "totalAmount.value"),
        (_top(totalAmount={"value": 3600}), "totalAmount.currencyCode"),
        (_top(totalAmount={"value": 3600, "currencyCode": 826}), "totalAmount.currencyCode"),
        (_top(totalAmount={"value": 3600, "currencyCode": ""}), "totalAmount.currencyCode"),
        (_top(totalAmount={"value": 3600, "currencyCode": "X" * 11}), "totalAmount.currencyCode"),
        (_top(serviceChargeAmount=pounds(-1)), "serviceChargeAmount.value"),
        (_top(serviceChargeAmount={"value": 1, "currencyCode": "EUR"}), "serviceChargeAmount"),
        (_top(discounts=[{"name": "Ten off"}]), "discounts[0].amountTotal"),
        (_top(discounts=[{"name": "x", "amountTotal": pounds(-5)}]), "discounts[0].amountTotal.value"),
        (
            _top(discounts=[{"name": "x", "amountTotal": pounds(5), "amountPercentage": 10.5}]),
            "discounts[0].amountPercentage",
        ),
        (_top(taxLines=[{"name": "VAT"}]), "taxLines[0].amountTotal"),
        (_top(customer="Sam"), "customer"),
        (_top(customer={"emailAddress": "x" * 255}), "customer.emailAddress"),
        (_top(customer={"phoneNumber": True}), "customer.phoneNumber"),
        (_top(note=["x"]), "note"),
        (_top(note=7.5), "note"),
        (_top(note=True), "note"),
        (_item(quantity=0), "items[0].quantity"),
        (_item(quantity=-2), "items[0].quantity"),
        (_item(quantity="2"), "items[0].quantity"),
        (_item(quantity=2.0), "items[0].quantity"),
        (_item(quantity=True), "items[0].quantity"),
        (_item(quantity=10_001), "items[0].quantity"),
        (_item(plu=5), "items[0].plu"),
        (_item(plu="x" * 121), "items[0].plu"),
        (_item(name="x" * 201), "items[0].name"),
        (_item(name={"en": "Burger"}), "items[0].name"),
        (_item(note="x" * 501), "items[0].note"),
        (_item(amountPerItem=pounds(-5)), "items[0].amountPerItem.value"),
        (_item(amountPerItem=pounds(10**12), quantity=10_000), "items"),
        (_item(modifiers="cheese"), "items[0].modifiers"),
        (_modifier(amountPerModifier=None), "items[0].modifiers[0].amountPerModifier"),
        (_modifier(quantity=0), "items[0].modifiers[0].quantity"),
        (_modifier(amountPerModifier={"value": 1, "currencyCode": "EUR"}), "items[0].modifiers[0].amountPerModifier"),
        (_item(subItems=[{"plu": "x"}]), "items[0].subItems[0].name"),
        (_payment(paidAmount=pounds(0)), "payments[0].paidAmount.value"),
        (_payment(paidAmount=pounds(-1)), "payments[0].paidAmount.value"),
        (_payment(paidAmount={"value": 1, "currencyCode": "EUR"}), "payments[0].paidAmount"),
        (_payment(tipsAmount=pounds(-1)), "payments[0].tipsAmount.value"),
        (_payment(paymentIntentId=7), "payments[0].paymentIntentId"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    dojo: Dojo, uk: WorkingVenue, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    sent = copy.deepcopy(an_order())
    change(sent)
    answer = dojo.refused("CreateOrder", sent)
    assert answer.error_type == "InvalidRequest"
    assert answer.message.split(": ")[0] == field
    assert not Order.objects.exists()
    assert not Payment.objects.exists()
    assert not OrderException.objects.exists()


def test_another_currency_than_the_venues_is_refused(dojo: Dojo, irish: WorkingVenue, uk: WorkingVenue) -> None:
    def in_euros(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: "EUR" if name == "currencyCode" else in_euros(inner) for name, inner in value.items()}
        return [in_euros(inner) for inner in value] if isinstance(value, list) else value

    answer = dojo.refused("CreateOrder", in_euros(an_order()))
    assert (answer.error_type, answer.message.split(":")[0]) == ("InvalidRequest", "totalAmount.currencyCode")
    assert not Order.objects.exists()


def test_a_payment_that_was_made_for_another_order_is_a_conflict(dojo: Dojo, uk: WorkingVenue) -> None:
    dojo.get("CreateOrder", an_order("one"))
    answer = dojo.refused("CreateOrder", an_order("two", payments=an_order("one")["payments"]))
    assert answer.error_type == "Conflict"
    assert Order.objects.count() == Payment.objects.count() == 1


def test_large_but_sane_is_taken(dojo: Dojo, uk: WorkingVenue) -> None:
    item = an_order()["items"][0] | {"quantity": 10_000, "amountPerItem": pounds(10_000_000), "modifiers": []}
    created = dojo.get("CreateOrder", an_order(items=[item], totalAmount=pounds(10**11), payments=[]))
    assert created["totalAmount"] == pounds(10**11)


def test_five_hundred_unknown_things_are_sold_and_told(dojo: Dojo, uk: WorkingVenue) -> None:
    items = [
        {
            "name": f"Special number {n} of a long list 🍷",
            "plu": f"nobody-{n}",
            "quantity": 1,
            "amountPerItem": pounds(n),
        }
        for n in range(500)
    ]
    total = sum(range(500))
    created = dojo.get("CreateOrder", an_order(items=items, totalAmount=pounds(total), payments=[]))
    assert len(created["items"]) == 500
    assert OrderException.objects.filter(kind=ExceptionKind.UNKNOWN_PLU).count() == 1


def test_cancelling_before_anything_is_started(dojo: Dojo, uk: WorkingVenue) -> None:
    created = dojo.get("CreateOrder", an_order(payments=[]))
    cancelled = dojo.get("CancelOrderById", {"orderId": created["id"]})
    assert (cancelled["status"], cancelled["payable"]) == ("Canceled", False)
    assert dojo.get("CancelOrderById", {"orderId": created["id"]})["status"] == "Canceled"
    assert dojo.get("GetOrderById", {"orderId": created["id"]})["status"] == "Canceled"
    assert Order.objects.get().status in CLOSED_STATUSES
