"""Dojo's own books of payment intents, as a lookup reads them: what really happened to the money.

It stands in for the network alone, where a test looks up thousands of payments, or wants Dojo to fail at one moment.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from dojo_integration.dojo_api.errors import NotFound
from dojo_integration.dojo_api.results import PaymentIntent as Found


def an_intent(
    intent_id: str = "pi-1",
    status: str = "Captured",
    amount: int | None = 2000,
    *,
    currency: str = "GBP",
    order: str = "",
    dojo_order: str = "",
    waiter_id: str = "",
    **fields: Any,
) -> Found:
    """A payment as the client reads it; ``order`` is our id, ``dojo_order`` Dojo's, ``fields`` Dojo's own."""
    parts = {"amount": amount, "tipsAmount": 0, "serviceChargeAmount": 0, "cashbackAmount": 0}
    parts |= {name: value for name, value in fields.items() if name in parts}
    total = fields.pop("totalAmount", sum(part or 0 for part in parts.values()))
    money = {name: value for name, value in {**parts, "totalAmount": total}.items() if value is not None}
    body = {
        "id": intent_id,
        "status": status,
        "captureMode": "Auto",
        "refundedAmount": 0,
        "reference": "Order 236",
        "orderDetails": {"externalId": order, "id": dojo_order},
        "metadata": {"waiterId": waiter_id},
        **fields,
        **{name: {"value": value, "currencyCode": currency} for name, value in money.items()},
    }
    return Found.read(body)


@dataclass
class Ledger:
    """What Dojo knows, and whom it was asked about. ``sick`` is raised instead of an answer."""

    intents: dict[str, Found] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sick: BaseException | None = None

    def has(self, intent: Found) -> None:
        self.intents[intent.id] = intent

    def change(self, intent_id: str, **fields: Any) -> None:
        self.intents[intent_id] = replace(self.intents[intent_id], **fields)

    def payment_intent(self, intent_id: str, *, with_canceled: bool) -> Found:
        self.asked.append(intent_id)
        if self.sick is not None:
            raise self.sick
        found = self.intents.get(intent_id)
        if found is None or (found.status == "Canceled" and not with_canceled):
            raise not_found()
        return found


def not_found() -> NotFound:
    return NotFound("GET", "/payment-intents", 404)
