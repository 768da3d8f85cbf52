"""Card machines and what happens on them, as Dojo's API answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dojo_integration.dojo_api.reading import Body, amount, currency, flag, moment, needed, part, parts, text
from dojo_integration.dojo_api.results.payments import PaymentDetails


@dataclass(frozen=True, slots=True)
class Terminal:
    id: str
    tid: str  # printed on its receipts
    status: str
    updated_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=needed(body, "id"),
            tid=text(part(body, "properties"), "tid") or text(body, "tid"),
            status=needed(body, "status"),
            updated_at=moment(body, "updatedAt"),
        )


@dataclass(frozen=True, slots=True)
class Notification:
    """What the card machine shows its holder, such as PresentCard."""

    kind: str
    at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(kind=text(body, "notificationType", "type"), at=moment(body, "createdAt"))


@dataclass(frozen=True, slots=True)
class StatusEvent:
    status: str
    at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(status=text(body, "status"), at=moment(body, "createdAt"))


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of the receipt that the card scheme wants printed as it is."""

    kind: str
    value: str
    size: str
    align: str
    bold: bool

    @classmethod
    def read(cls, body: Body) -> Self:
        content = part(body, "text", "imageLogo", "logoImage")
        return cls(
            kind=text(body, "lineType"),
            value=text(content, "value"),
            size=text(content, "size"),
            align=text(content, "align"),
            bold=flag(content, "emphasisBold") or flag(content, "bold"),
        )


Receipt = tuple[ReceiptLine, ...]


@dataclass(frozen=True, slots=True)
class TerminalSession:
    """One sale or refund on a card machine. A dead one does not mean that no money moved: ask for the intent."""

    id: str
    terminal_id: str
    status: str
    session_type: str
    payment_intent_id: str
    amount: int | None
    currency: str
    notifications: tuple[Notification, ...]
    status_events: tuple[StatusEvent, ...]
    customer_receipt: Receipt
    merchant_receipt: Receipt
    payment: PaymentDetails
    created_at: datetime | None
    updated_at: datetime | None
    expire_at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        details = part(body, "details")
        about = part(details, "sale", "matchedRefund", "unlinkedRefund")
        return cls(
            id=needed(body, "id"),
            terminal_id=text(body, "terminalId"),
            status=needed(body, "status"),
            session_type=text(details, "sessionType"),
            payment_intent_id=text(about, "paymentIntentId"),
            amount=amount(about, "amount"),
            currency=currency(about, "amount"),
            notifications=tuple(Notification.read(one) for one in parts(body, "notificationEvents")),
            status_events=tuple(StatusEvent.read(one) for one in parts(body, "statusEvents")),
            customer_receipt=_receipt(part(body, "customerReceipt", "receipt")),
            merchant_receipt=_receipt(part(body, "merchantReceipt")),
            payment=PaymentDetails.read(part(body, "paymentDetails")),
            created_at=moment(body, "createdAt"),
            updated_at=moment(body, "updatedAt"),
            expire_at=moment(body, "expireAt"),
        )


def _receipt(body: Body) -> Receipt:
    return tuple(ReceiptLine.read(one) for one in parts(body, "lines"))
