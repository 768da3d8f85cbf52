"""Requests as Dojo writes them, to be changed by the test that needs them different."""

from datetime import UTC, datetime, timedelta
from typing import Any


def pounds(value: int) -> dict[str, Any]:
    return {"value": value, "currencyCode": "GBP"}


def in_minutes(minutes: float) -> str:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at(hour: int, minute: int = 0) -> str:
    """A time of the evening that these bookings are for."""
    return f"2031-07-04T{hour:02d}:{minute:02d}:00.000Z"


def an_order(dojo_order_id: str = "dojo-order-1", **fields: Any) -> dict[str, Any]:
    """Two burgers, one with cheese on each, for £36.00, paid by phone at table 3."""
    return {
        "dojoOrderId": dojo_order_id,
        "details": {"orderType": "DineIn", "dineIn": {"tableId": "t3"}},
        "items": [
            {
                "name": "Burger",
                "plu": "burger",
                "quantity": 2,
                "amountPerItem": pounds(1650),
                "modifiers": [{"name": "Cheese", "plu": "cheese", "quantity": 1, "amountPerModifier": pounds(150)}],
            }
        ],
        "totalAmount": pounds(3600),
        "payments": [{"paymentIntentId": f"pi-{dojo_order_id}", "paidAmount": pounds(3600)}],
    } | fields


def a_payment(order_id: str, value: int, intent: str = "pi-1", **fields: Any) -> dict[str, Any]:
    return {"orderId": order_id, "paymentIntentId": intent, "paidAmount": pounds(value)} | fields


def a_party(dojo_party_id: str = "dojo-party-1", **fields: Any) -> dict[str, Any]:
    """Four guests who sat down at table 4 at seven."""
    return {
        "dojoPartyId": dojo_party_id,
        "name": "Martin B.",
        "covers": 4,
        "tableIds": ["t4"],
        "status": "Seated",
        "startTime": at(19),
    } | fields


def a_reservation(dojo_reservation_id: str = "dojo-res-1", **fields: Any) -> dict[str, Any]:
    """Three guests who want table 4 from seven to nine."""
    return {
        "dojoReservationId": dojo_reservation_id,
        "name": "Sasha J.",
        "covers": 3,
        "startTime": at(19),
        "endTime": at(21),
        "tableIds": ["t4"],
    } | fields


def a_deposit(value: int, *intents: str) -> dict[str, Any]:
    return {
        "totalAmount": pounds(value),
        "description": "Friday deposit - 4 covers",
        "paymentIntentIds": list(intents),
    }


def an_event(event_id: str = "event-1", **fields: Any) -> dict[str, Any]:
    """A payment was captured."""
    return {
        "id": event_id,
        "accountId": "account-1",
        "event": "payment_intent.status_updated",
        "data": {"paymentIntentId": "pi-1", "paymentStatus": "Captured", "captureMode": "Auto"},
        "createdAt": at(20),
    } | fields
