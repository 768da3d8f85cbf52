"""Requests as Dojo writes them, to be changed by the test that needs them different."""

from datetime import UTC, datetime, timedelta
from typing import Any


def pounds(value: int) -> dict[str, Any]:
    return {"value": value, "currencyCode": "GBP"}


def in_minutes(minutes: float) -> str:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
