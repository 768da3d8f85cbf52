"""Pay at the table as a card machine does it: find, lock, pay, unlock, print."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from orders.models import LineState, Order, OrderLock, OrderStatus, Payment, PaymentIntent, ServiceChoice
from orders.services.moving import merge_orders
from pos.permissions import Requester
from tests.bills import a_bill
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, in_minutes, pounds
from tests.factories import PartyFactory, WorkingVenue

MACHINE = Requester(waiter_id="w9", device_id="tm_1", product="PayAtTable", device_type="Dojo Terminal")


def lock(order: Order, lock_id: str = "lock-1", minutes: float = 5) -> dict[str, Any]:
    return {"orderId": order.pk, "lockId": lock_id, "expiry": in_minutes(minutes)}


# --- paying ----------------------------------------------------------------------------------------------------------


def test_two_guests_split_a_bill(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    order = a_bill(uk, total=5000)
    (listed,) = dojo.get("SearchOrders", {"payableOnly": True})["data"]
    assert dojo.get("GetOrderById", {"orderId": listed["id"]}) == listed
    # when
    first = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 2000, "pi-1", tipsAmount=pounds(250)), MACHINE)
    second = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 3000, "pi-2"), MACHINE)
    # then
    assert (first["status"], first["payable"], first["paidAmount"]) == ("Preparing", True, pounds(2000))
    assert first["payments"] == [
        {"paymentIntentId": "pi-1", "paidAmount": pounds(2000), "tipsAmount": pounds(250)},
    ]
    assert (second["status"], second["payable"], second["paidAmount"]) == ("Finalized", False, pounds(5000))
    assert second["tipsAmount"] == pounds(250)
    assert dojo.get("SearchOrders", {"payableOnly": True})["data"] == []
    assert dojo.get("GetOrderById", {"orderId": order.pk}) == second
    assert {payment.waiter_id for payment in Payment.objects.all()} == {"w9"}


def test_the_same_payment_again_gets_the_order_as_it_is_now(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    payment = a_payment(order.pk, 2000, "pi-1")
    dojo.get("RecordOrderPaymentById", payment)
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 3000, "pi-2"))
    assert dojo.get("RecordOrderPaymentById", payment) == paid
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "error_type", "starts"),
    [
        ({"paidAmount": pounds(5001)}, "Conflict", ""),
        ({"paidAmount": {"value": 5000, "currencyCode": "EUR"}}, "Conflict", ""),
        ({"paidAmount": {"value": 5000, "currencyCode": "gbp"}}, "Conflict", ""),
        ({"tipsAmount": {"value": 5, "currencyCode": "EUR"}}, "Conflict", ""),
        ({"paidAmount": pounds(0)}, "InvalidRequest", "paidAmount.value: "),
        ({"paidAmount": pounds(-5)}, "InvalidRequest", "paidAmount.value: "),
        ({"paidAmount": {"value": "5", "currencyCode": "GBP"}}, "InvalidRequest", "paidAmount.value: "),
        ({"paidAmount": {"value": 5.0, "currencyCode": "GBP"}}, "InvalidRequest", "paidAmount.value: "),
        ({"paidAmount": {"value": 5}}, "InvalidRequest", "paidAmount.currencyCode: "),
        ({"paidAmount": 5000}, "InvalidRequest", "paidAmount: "),
        ({"paidAmount": None}, "InvalidRequest", "paidAmount: "),
        ({"tipsAmount": pounds(-1)}, "InvalidRequest", "tipsAmount.value: "),
        ({"paymentIntentId": ""}, "InvalidRequest", "paymentIntentId: "),
        ({"paymentIntentId": 5}, "InvalidRequest", "paymentIntentId: "),
        ({"paymentIntentId": "x" * 121}, "InvalidRequest", "paymentIntentId: "),
        ({"lockId": 5}, "InvalidRequest", "lockId: "),
        ({"lockId": "x" * 121}, "InvalidRequest", "lockId: "),
    ],
)
def test_a_payment_that_does_not_fit_is_refused_and_changes_nothing(
    dojo: Dojo, uk: WorkingVenue, changes: dict[str, Any], error_type: str, starts: str
) -> None:
    order = a_bill(uk, total=5000)
    before = dojo.get("GetOrderById", {"orderId": order.pk})
    answer = dojo.refused("RecordOrderPaymentById", a_payment(order.pk, 5000) | changes)
    assert answer.error_type == error_type
    assert answer.message.startswith(starts)
    assert dojo.get("GetOrderById", {"orderId": order.pk}) == before
    assert not Payment.objects.exists()
    # only what was a real payment is looked after until Dojo has given it back
    assert PaymentIntent.objects.filter(refused_at__isnull=False).exists() is (error_type == "Conflict")


def test_paying_a_closed_order_is_a_conflict(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000))
    assert dojo.refused("RecordOrderPaymentById", a_payment(order.pk, 1, "pi-2")).error_type == "Conflict"
    assert Payment.objects.count() == 1


def test_null_and_empty_options_count_as_left_out(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000, lockId="", tipsAmount=None, more={"x": 1}))
    assert paid["status"] == "Finalized"


# --- locking ---------------------------------------------------------------------------------------------------------


def test_lock_extend_pay_unlock(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    locked = dojo.get("CreateOrderLock", lock(order), MACHINE)
    assert (locked["id"], locked["payable"]) == (order.pk, True)
    assert dojo.get("ExtendOrderLock", lock(order, minutes=9)) == {}
    lease = OrderLock.objects.get()
    assert (lease.holder_waiter_id, lease.holder_device) == ("w9", "tm_1")
    assert 8 * 60 < (lease.expiry - timezone.now()).total_seconds() <= 9 * 60
    # a locked order still answers and is still listed
    assert dojo.get("GetOrderById", {"orderId": order.pk})["payable"] is True
    assert len(dojo.get("SearchOrders", {"payableOnly": True})["data"]) == 1
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000, lockId="lock-1"))
    assert paid["status"] == "Finalized"
    unlocked = dojo.get("DeleteOrderLock", {"orderId": order.pk, "lockId": "lock-1"})
    assert unlocked == paid
    assert dojo.get("DeleteOrderLock", {"orderId": order.pk, "lockId": "lock-1"}) == paid


def test_the_same_lock_again_is_the_same_answer_and_another_a_conflict(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk)
    first = dojo.get("CreateOrderLock", lock(order), MACHINE)
    assert dojo.get("CreateOrderLock", lock(order)) == first
    answer = dojo.refused("CreateOrderLock", lock(order, "lock-2"))
    assert answer.error_type == "Conflict"
    assert "waiter w9 on tm_1" in answer.message
    assert dojo.refused("ExtendOrderLock", lock(order, "lock-2")).error_type == "Conflict"
    assert dojo.refused("DeleteOrderLock", {"orderId": order.pk, "lockId": "lock-2"}).error_type == "Conflict"
    assert dojo.refused("RecordOrderPaymentById", a_payment(order.pk, 1, lockId="lock-2")).error_type == "Conflict"
    assert [lease.lock_id for lease in OrderLock.objects.filter(ended_at=None)] == ["lock-1"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lockId": 5}, "lockId"),
        ({"lockId": ""}, "lockId"),
        ({"lockId": "x" * 121}, "lockId"),
        ({"lockId": None}, "lockId"),
        ({"expiry": None}, "expiry"),
        ({"expiry": "soon"}, "expiry"),
        ({"expiry": 1767225600}, "expiry"),
        ({"expiry": "2020-01-01T00:00:00Z"}, "expiry"),
        ({"expiry": "9999-12-31T23:59:59Z"}, "expiry"),
        ({"expiry": "2026-13-01T00:00:00Z"}, "expiry"),
    ],
)
def test_a_lock_that_is_none_is_refused_by_name(
    dojo: Dojo, uk: WorkingVenue, changes: dict[str, Any], field: str
) -> None:
    answer = dojo.refused("CreateOrderLock", lock(a_bill(uk)) | changes)
    assert (answer.error_type, answer.message.split(":")[0]) == ("InvalidRequest", field)
    assert not OrderLock.objects.exists()


def test_a_lapsed_lock_counts_as_none(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        dojo.get("CreateOrderLock", lock(order, "lock-1", minutes=1))
        clock.shift(61)
        dojo.get("CreateOrderLock", lock(order, "lock-2"))
        assert dojo.get("RecordOrderPaymentById", a_payment(order.pk, 1, lockId="lock-2"))["paidAmount"] == pounds(1)


# --- the bill --------------------------------------------------------------------------------------------------------


def _texts(section: dict[str, Any]) -> list[str]:
    return [line["text"]["value"] for line in section["lines"] if line["lineType"] == "Text"]


def _of(section: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(line for line in section["lines"] if line["lineType"] == kind)


def test_a_bill_as_it_is_printed(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    venue = uk.venue
    venue.address_lines, venue.postcode = ["1 High Street", "Leeds"], "LS1 1AA"
    venue.phone, venue.email, venue.website = "0113 496 0000", "hello@example.com", "https://example.com"
    venue.vat_number, venue.time_zone = "GB 123 4567 89", "Europe/London"
    venue.save()
    with time_machine.travel("2026-07-01T19:05:00Z", tick=False):
        order = a_bill(uk, total=4000, service_choice=ServiceChoice.ON)
        dojo.get("RecordOrderPaymentById", a_payment(order.pk, 1000))
        # when
        bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
    # then
    assert bill["order"] == dojo.get("GetOrderById", {"orderId": order.pk})
    assert [line["lineType"] for line in bill["header"]["lines"]][:4] == [
        "MerchantName",
        "MerchantAddress",
        "MerchantPhoneNumber",
        "MerchantEmailAddress",
    ]
    assert _of(bill["header"], "MerchantName")["merchantName"] == {"name": venue.name}
    assert _of(bill["header"], "MerchantAddress")["merchantAddress"] == {
        "addressLines": ["1 High Street", "Leeds"],
        "postcode": "LS1 1AA",
    }
    assert _texts(bill["header"]) == [
        "Table 1",
        f"Order {order.number}",
        "2 covers",
        f"Served by {uk.waiter.staff.name}",
        # British summer time
        "01/07/2026 20:05",
    ]
    assert _texts(bill["footer"]) == [
        "A service charge of £5.00 is included. It is discretionary: ask us to take it off.",
        "VAT 20% in £40.00: £6.67",
        "Total £45.00",
        "Paid £10.00",
        "To pay £35.00",
        "Thank you",
    ]
    assert _of(bill["footer"], "TaxNumber")["taxNumber"] == {"name": "VAT", "number": "GB 123 4567 89"}
    assert _of(bill["footer"], "URL")["url"] == {
        "url": "https://example.com",
        "showQr": True,
        "showQR": True,
        "showUrl": True,
        "showURL": True,
    }
    assert Order.objects.get(pk=order.pk).bill_printed_at is not None


def test_a_bare_venue_prints_a_bare_bill(dojo: Dojo, uk: WorkingVenue) -> None:
    uk.venue.bill_footer = ""
    uk.venue.save()
    order = a_bill(uk, party=PartyFactory(venue=uk.venue), name="Tab · Ana")
    bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
    assert [line["lineType"] for line in bill["header"]["lines"]][:2] == ["MerchantName", "HorizontalLine"]
    assert "Table 1" in _texts(bill["header"])
    assert _texts(bill["footer"])[0] == "Service is not included."
    assert {line["lineType"] for line in bill["footer"]["lines"]} == {"Text", "HorizontalLine"}


def test_compulsory_service_is_not_called_discretionary(dojo: Dojo, uk: WorkingVenue) -> None:
    uk.venue.service_kind = "compulsory"
    uk.venue.save()
    order = a_bill(uk, total=4000, service_choice=ServiceChoice.AUTOMATIC)
    bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
    assert _texts(bill["footer"])[0] == "A service charge of £5.00 is included."


def test_a_paid_bill_can_still_be_printed(dojo: Dojo, uk: WorkingVenue) -> None:
    order = a_bill(uk, total=5000)
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000))
    bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
    assert bill["order"] == paid
    assert paid["status"] == OrderStatus.FINALIZED
    assert "To pay £0.00" in _texts(bill["footer"])


def test_a_cancelled_and_a_merged_order_keep_answering(dojo: Dojo, uk: WorkingVenue) -> None:
    # given an order that joined another, and one that was cancelled
    source, target = a_bill(uk), a_bill(uk, table="t2", total=700)
    merge_orders(actor=uk.by_waiter, source_id=source.pk, target_id=target.pk)
    cancelled = a_bill(uk, table="t3", state=LineState.SENT)
    dojo.get("CancelOrderById", {"orderId": cancelled.pk})
    for order in (source, cancelled):
        # when
        read = dojo.get("GetOrderById", {"orderId": order.pk})
        bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
        # then
        assert (read["id"], read["status"], read["payable"], read["items"]) == (order.pk, "Canceled", False, [])
        assert bill["order"] == read
        assert dojo.refused("RecordOrderPaymentById", a_payment(order.pk, 100)).error_type == "Conflict"
    assert not Payment.objects.exists()
