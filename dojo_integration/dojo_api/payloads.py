"""What is asked of Dojo's API: each renders the JSON that its contract wants. Raises InvalidRequest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from orders.models import CaptureMode
from pos.errors import InvalidRequest

LONGEST_REFERENCE = 60
LONGEST_DESCRIPTION = 4096
LONGEST_REASON = 1024
LONGEST_NOTES = 4096
LONGEST_ITEM_ID = 60
LONGEST_ITEM_NAME = 100
LONGEST_PLU = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemModifier:
    id: str
    name: str
    quantity: int
    amount: int  # each


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """A line of an itemised receipt."""

    id: str
    name: str
    quantity: int
    amount_total: int
    plu: str = ""
    category: str = ""
    modifiers: tuple[ItemModifier, ...] = ()

    def render(self, currency: str) -> Json:
        written = {
            "id": self.id[:LONGEST_ITEM_ID],
            "name": self.name[:LONGEST_ITEM_NAME],
            "quantity": self.quantity,
            "amountTotal": money(self.amount_total, currency),
            "plu": self.plu[:LONGEST_PLU],
            "category": self.category,
            "modifiers": [
                {
                    "id": modifier.id,
                    "name": modifier.name,
                    "quantity": modifier.quantity,
                    "amountPerModifier": money(modifier.amount, currency),
                }
                for modifier in self.modifiers
            ],
        }
        return without_blanks(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTax:
    """A line of the receipt's taxes."""

    id: str
    caption: str
    amount_total: int

    def render(self, currency: str) -> Json:
        return {
            "id": self.id[:LONGEST_ITEM_ID],
            "caption": self.caption[:LONGEST_ITEM_NAME],
            "amountTotal": money(self.amount_total, currency),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaymentIntent:
    """Money that somebody is to pay; ``amount`` leaves tips and service charge out."""

    amount: int
    currency: str
    reference: str
    description: str = ""
    capture_mode: CaptureMode = CaptureMode.AUTO
    order_external_id: str = ""  # ours
    waiter_id: str = ""
    tips_amount: int = 0
    service_charge_amount: int = 0
    tips_allowed: bool | None = None
    item_lines: tuple[ItemLine, ...] = ()
    tax_lines: tuple[ItemTax, ...] = ()
    expire_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> Json:
        """Raises InvalidRequest, naming the field."""
        if self.amount < 0:
            raise InvalidRequest("An amount to pay is never negative.", field="amount")
        if not 1 <= len(self.reference) <= LONGEST_REFERENCE:
            raise InvalidRequest(f"A reference has 1 to {LONGEST_REFERENCE} characters.", field="reference")
        metadata = {**self.metadata, **({"waiterId": self.waiter_id} if self.waiter_id else {})}
        written = {
            "amount": money(self.amount, self.currency),
            "reference": self.reference,
            "captureMode": self.capture_mode.value,
            "description": self.description[:LONGEST_DESCRIPTION],
            "tipsAmount": money(self.tips_amount, self.currency) if self.tips_amount else None,
            "serviceChargeAmount": (
                money(self.service_charge_amount, self.currency) if self.service_charge_amount else None
            ),
            "orderDetails": {"externalId": self.order_external_id} if self.order_external_id else None,
            "itemLines": [line.render(self.currency) for line in self.item_lines],
            "taxLines": [line.render(self.currency) for line in self.tax_lines],
            "expireAt": _moment(self.expire_at) if self.expire_at else None,
            "config": {"payment": {"tipsAllowed": self.tips_allowed}} if self.tips_allowed is not None else None,
            "metadata": metadata,
        }
        return without_blanks(written)


class SessionType(StrEnum):
    SALE = "Sale"
    MATCHED_REFUND = "MatchedRefund"
    UNLINKED_REFUND = "UnlinkedRefund"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerminalSession:
    """What a card machine is to do; made by one of the three below."""

    terminal_id: str
    session_type: SessionType
    payment_intent_id: str = ""
    amount: int | None = None
    currency: str = ""

    @classmethod
    def sale(cls, terminal_id: str, payment_intent_id: str) -> Self:
        return cls(terminal_id=terminal_id, session_type=SessionType.SALE, payment_intent_id=payment_intent_id)

    @classmethod
    def matched_refund(
        cls, terminal_id: str, payment_intent_id: str, *, amount: int | None = None, currency: str = ""
    ) -> Self:
        """Give back what that intent took, the original one; without an amount all of it. The card must be there."""
        return cls(
            terminal_id=terminal_id,
            session_type=SessionType.MATCHED_REFUND,
            payment_intent_id=payment_intent_id,
            amount=amount,
            currency=currency,
        )

    @classmethod
    def unlinked_refund(cls, terminal_id: str, *, amount: int, currency: str) -> Self:
        """Give money back that no intent of ours took."""
        return cls(terminal_id=terminal_id, session_type=SessionType.UNLINKED_REFUND, amount=amount, currency=currency)

    def render(self) -> Json:
        """Raises InvalidRequest, naming the field."""
        if self.amount is not None and self.amount <= 0:
            raise InvalidRequest("What is given back is more than nothing.", field="amount")
        about = without_blanks(
            {
                "paymentIntentId": self.payment_intent_id,
                "amount": None if self.amount is None else money(self.amount, self.currency),
            }
        )
        name = self.session_type.value[:1].lower() + self.session_type.value[1:]
        return {
            "terminalId": self.terminal_id,
            "details": {"sessionType": self.session_type.value, name: about},
        }


def capabilities(names: Iterable[str]) -> list[Json]:
    return [{"name": name, "version": "v1"} for name in names]


def money(value: int, currency: str) -> Json:
    return {"value": value, "currencyCode": currency}


def without_blanks(written: Json) -> Json:
    """Nothing of ours is null, and what there is none of is not said."""
    return {name: value for name, value in written.items() if value not in (None, "", [], {}, ())}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
