"""Payment intents and what is done with them, as Dojo's API answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dojo_integration.dojo_api.reading import Body, amount, currency, moment, needed, part, parts, text

_YEAR_FIRST = re.compile(r"(?:\d\d)?(\d\d)-(\d\d)(?:-\d\d.*)?")


@dataclass(frozen=True, slots=True)
class Card:
    """The card that paid, as far as a receipt may show it."""

    scheme: str
    last_four: str
    expiry: str  # MM/YY
    entry_mode: str
    verification: str

    @classmethod
    def read(cls, body: Body) -> Self:
        digits = re.sub(r"\D", "", text(body, "last4PAN", "last4Pan", "cardNumber"))
        written = text(body, "expiryDate")
        year_first = _YEAR_FIRST.fullmatch(written)
        return cls(
            scheme=text(body, "cardType"),
            last_four=digits[-4:],
            expiry=f"{year_first[2]}/{year_first[1]}" if year_first else written,
            entry_mode=text(body, "entryMode"),
            verification=text(body, "verificationMethod", "verificationMode"),
        )


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    transaction_id: str
    auth_code: str
    message: str
    at: datetime | None
    card: Card

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            transaction_id=text(body, "transactionId"),
            auth_code=text(body, "authCode"),
            message=text(body, "message"),
            at=moment(body, "transactionDateTime"),
            card=Card.read(part(body, "card")),
        )


@dataclass(frozen=True, slots=True)
class CaptureDetails:
    """One of the captures of an intent."""

    id: str
    amount: int
    tips_amount: int
    status: str
    created_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=text(body, "id", "captureId"),
            amount=amount(body, "amount") or 0,
            tips_amount=amount(body, "tipsAmount") or 0,
            status=text(body, "status"),
            created_at=moment(body, "createdAt"),
        )


@dataclass(frozen=True, slots=True)
class PastSession:
    """A card machine's attempt at an intent."""

    id: str
    terminal_id: str
    status: str
    card: Card

    @classmethod
    def read(cls, body: Body) -> Self:
        session = part(body, "terminalSession")
        return cls(
            id=text(session, "id"),
            terminal_id=text(session, "terminalId"),
            status=text(session, "status"),
            card=Card.read(part(body, "payment")),
        )


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment as Dojo has it. ``amount`` leaves tips, service charge and cashback out; None: not said."""

    id: str
    status: str
    capture_mode: str
    amount: int | None
    tips_amount: int
    service_charge_amount: int
    cashback_amount: int
    total_amount: int | None
    requested_amount: int | None
    refunded_amount: int
    currency: str
    reference: str
    description: str
    order_id: str  # Dojo's
    order_external_id: str  # ours
    waiter_id: str
    captures: tuple[CaptureDetails, ...]
    payment: PaymentDetails
    sessions: tuple[PastSession, ...]
    metadata: Mapping[str, str]
    created_at: datetime | None
    updated_at: datetime | None
    expire_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        order, metadata = part(body, "orderDetails"), part(body, "metadata")
        return cls(
            id=needed(body, "id"),
            status=needed(body, "status"),
            capture_mode=text(body, "captureMode"),
            amount=amount(body, "amount"),
            tips_amount=amount(body, "tipsAmount") or 0,
            service_charge_amount=amount(body, "serviceChargeAmount") or 0,
            cashback_amount=amount(body, "cashbackAmount") or 0,
            total_amount=amount(body, "totalAmount"),
            requested_amount=amount(body, "requestedAmount"),
            refunded_amount=amount(body, "refundedAmount") or 0,
            currency=currency(body, "totalAmount", "amount", "requestedAmount", "tipsAmount"),
            reference=text(body, "reference"),
            description=text(body, "description"),
            order_id=text(order, "id"),
            order_external_id=text(order, "externalId"),
            waiter_id=text(metadata, "waiterId"),
            captures=tuple(CaptureDetails.read(one) for one in parts(body, "captures")),
            payment=PaymentDetails.read(part(body, "paymentDetails")),
            sessions=tuple(PastSession.read(one) for one in parts(body, "terminalSessionHistory")),
            metadata={name: words for name in metadata if (words := text(metadata, name))},
            created_at=moment(body, "createdAt"),
            updated_at=moment(body, "updatedAt"),
            expire_at=moment(body, "expireAt"),
        )

    @property
    def paid_amount(self) -> int | None:
        """What it pays of an order: its share of the service charge included, tips and cashback not."""
        if self.total_amount is not None:
            return self.total_amount - self.tips_amount - self.cashback_amount
        return None if self.amount is None else self.amount + self.service_charge_amount


@dataclass(frozen=True, slots=True)
class Capture:
    id: str
    message: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(id=text(body, "captureId", "id"), message=text(body, "message"))


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    payment_intent_id: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(id=text(body, "refundId", "id"), payment_intent_id=text(body, "paymentIntentId"))


@dataclass(frozen=True, slots=True)
class Reversal:
    id: str
    message: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(id=text(body, "reversalId", "id"), message=text(body, "message"))
