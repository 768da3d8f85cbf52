"""Dojo's own books of payment intents, as a lookup reads them: what really happened to the money.

It stands in for the network alone, where a test looks up thousands of payments, or wants Dojo to fail at one moment.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from dojo_integration.dojo_api.errors import NotFound
from dojo_integration.dojo_api.results import PaymentIntent as Found


def an_intent(intent_id: str = "pi-1", status: str = "Captured", amount: int | None = 2000, **fields: Any) -> Found:
    """A payment in pounds as Dojo tells of it; ``order`` is our id, ``dojo_order`` Dojo's."""
    named = {"order_external_id": fields.pop("order", ""), "order_id": fields.pop("dojo_order", "")}
    defaults = {
        "capture_mode": "Auto", "tips_amount": 0, "service_charge_amount": 0, "cashback_amount": 0,
        "refunded_amount": 0, "currency": "GBP", "reference": "Order 236", "waiter_id": "",
    }  # fmt: skip
    known = {**defaults, **named, **fields}
    parts = (amount, known["tips_amount"], known["service_charge_amount"], known["cashback_amount"])
    return Found(
        id=intent_id, status=status, amount=amount, **{"total_amount": sum(part or 0 for part in parts), **known}
    )


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
