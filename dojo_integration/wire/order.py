"""An order as Dojo reads it: the only place of that shape.

Plain dicts, keys always in the same order, so that the same order is the same text. Nothing is null: what there is
not is left out. What was voided is not there; what was given away is there at its price, with a discount that takes
it off again, so that Σ items - Σ discounts + service charge (+ tax that is not in the prices) is the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from orders.models import CLOSED_STATUSES, OrderType, PaymentEntry, PriceRule
from pos.money import WHOLE


class OrderRow(NamedTuple):
    """The order's own columns."""

    id: str
    venue_id: int
    number: int
    order_type: str
    status: str
    display_name: str
    reference: str
    table_code: str | None
    waiter_id: str | None
    party_id: str | None
    reservation_id: str | None
    ready_at: datetime | None
    collect_at: datetime | None
    collect_asap: bool | None
    note: str
    customer_id: str
    customer_name: str
    customer_email: str
    customer_phone: str
    currency: str
    tax_lines: list[list[int]]
    service_amount: int
    total_amount: int
    paid_amount: int
    tips_amount: int
    outstanding: int
    opened_at: datetime
    updated_at: datetime

    @property
    def payable(self) -> bool:
        return self.status not in CLOSED_STATUSES and self.outstanding > 0


class LineRow(NamedTuple):
    order_id: str
    id: str
    plu: str
    name: str
    quantity: int
    unit_price: int
    note: str
    price_rule: str
    discount_amount: int
    net_amount: int


class SubItemRow(NamedTuple):
    line_id: str
    id: int
    plu: str
    name: str
    quantity: int
    price: int
    note: str


class ModifierRow(NamedTuple):
    line_id: str
    sub_item_id: int | None
    plu: str
    name: str
    quantity: int
    price: int


class DiscountRow(NamedTuple):
    order_id: str
    name: str
    amount: int
    percent: int | None
    stated_percent: int | None
    line_plu: str | None
    affected_plu: str
    code: str
    reference: str


class PaymentRow(NamedTuple):
    order_id: str
    id: int
    entry: str
    about_id: int | None
    kind: str
    intent_id: str | None
    amount: int
    tips: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Everything on the wire about one order, each kind in its order."""

    order: OrderRow
    lines: Sequence[LineRow] = ()
    sub_items: Mapping[str, Sequence[SubItemRow]] | None = None
    modifiers: Mapping[tuple[str, int | None], Sequence[ModifierRow]] | None = None
    discounts: Sequence[DiscountRow] = ()
    payments: Sequence[PaymentRow] = ()


_GIVEN_AWAY = {PriceRule.COMP: "On the house", PriceRule.STAFF_MEAL: "Staff meal", PriceRule.MENU: "Price adjustment"}


def render_order(facts: OrderFacts) -> dict[str, Any]:
    """Write the order as Dojo reads it."""
    order = facts.order
    shown = [(line, *_item(facts, line)) for line in facts.lines]
    wire: dict[str, Any] = {
        "id": order.id,
        "displayName": order.display_name,
        "reference": order.reference or str(order.number),
        "status": order.status,
        "details": _details(order),
        "items": [item for _, item, _ in shown],
    }
    if order.note:
        wire["note"] = order.note
    if customer := _customer(order):
        wire["customer"] = customer
    wire["discounts"] = [
        *(_discount(row, order.currency) for row in facts.discounts),
        *(gift for line, _, amount in shown if (gift := _given_away(line, amount, order.currency))),
    ]
    wire["taxLines"] = [_tax_line(rate, amount, order.currency) for rate, _, amount in order.tax_lines]
    wire["totalAmount"] = money(order.total_amount, order.currency)
    wire["serviceChargeAmount"] = money(order.service_amount, order.currency)
    wire["payable"] = order.payable
    wire["paidAmount"] = money(order.paid_amount, order.currency)
    wire["tipsAmount"] = money(order.tips_amount, order.currency)
    wire["payments"] = _payments(facts.payments, order.currency)
    wire["createdAt"] = moment(order.opened_at)
    wire["updatedAt"] = moment(order.updated_at)
    return wire


def money(value: int, currency: str) -> dict[str, Any]:
    return {"value": value, "currencyCode": currency}


def moment(value: datetime) -> str:
    """UTC with milliseconds: 2026-02-27T19:30:00.000Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def percentage(hundredths: int) -> str:
    """20 %, 13.5 %."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def _details(order: OrderRow) -> dict[str, Any]:
    if order.order_type == OrderType.COLLECTION:
        collection: dict[str, Any] = {}
        if order.collect_asap is not None:
            collection["asap"] = order.collect_asap
        if order.collect_at is not None:
            collection["collectAt"] = moment(order.collect_at)
        return {"orderType": order.order_type, "collection": collection}
    known = {
        "tableId": order.table_code,
        "waiterId": order.waiter_id,
        "partyId": order.party_id,
        "reservationId": order.reservation_id,
        "readyAt": moment(order.ready_at) if order.ready_at else None,
    }
    return {"orderType": order.order_type, "dineIn": {name: value for name, value in known.items() if value}}


def _item(facts: OrderFacts, line: LineRow) -> tuple[dict[str, Any], int]:
    """The line as an item, and what its prices on the wire come to."""
    currency = facts.order.currency
    item = _named(line, line.unit_price, currency)
    each = line.unit_price
    parts = []
    for row in (facts.sub_items or {}).get(line.id, ()):
        part = _named(row, row.price, currency)
        each += row.quantity * (row.price + _add_modifiers(part, facts, (line.id, row.id)))
        parts.append(part)
    if parts:
        item["subItems"] = parts
    each += _add_modifiers(item, facts, (line.id, None))
    return item, line.quantity * each


def _named(row: LineRow | SubItemRow, price: int, currency: str) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": row.name, "plu": row.plu, "quantity": row.quantity}
    wire["amountPerItem"] = money(price, currency)
    if row.note:
        wire["note"] = row.note
    return wire


def _add_modifiers(item: dict[str, Any], facts: OrderFacts, of: tuple[str, int | None]) -> int:
    rows = (facts.modifiers or {}).get(of, ())
    if rows:
        item["modifiers"] = [
            {
                "name": row.name,
                "plu": row.plu,
                "quantity": row.quantity,
                "amountPerModifier": money(row.price, facts.order.currency),
            }
            for row in rows
        ]
    return sum(row.quantity * row.price for row in rows)


def _given_away(line: LineRow, shown: int, currency: str) -> dict[str, Any] | None:
    """The discount that brings a comped line, or one with a price rule, from its price to what it is charged."""
    amount = shown - line.net_amount - line.discount_amount
    if not amount:
        return None
    gift: dict[str, Any] = {"name": _GIVEN_AWAY[PriceRule(line.price_rule)], "amountTotal": money(amount, currency)}
    if line.price_rule == PriceRule.COMP:
        gift["amountPercentage"] = WHOLE
    return {**gift, "affectedPlu": line.plu}


def _discount(row: DiscountRow, currency: str) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": row.name, "amountTotal": money(row.amount, currency)}
    percent = row.stated_percent if row.percent is None else row.percent
    if percent is not None:
        wire["amountPercentage"] = percent
    for name, value in (
        ("affectedPlu", row.line_plu or row.affected_plu),
        ("code", row.code),
        ("discountReference", row.reference),
    ):
        if value:
            wire[name] = value
    return wire


def _tax_line(rate: int, amount: int, currency: str) -> dict[str, Any]:
    return {"name": f"VAT {percentage(rate)}", "amountPercentage": rate, "amountTotal": money(amount, currency)}


def _customer(order: OrderRow) -> dict[str, str]:
    known = {
        "id": order.customer_id,
        "name": order.customer_name,
        "emailAddress": order.customer_email,
        "phoneNumber": order.customer_phone,
    }
    return {name: value for name, value in known.items() if value}


def _payments(rows: Sequence[PaymentRow], currency: str) -> list[dict[str, Any]]:
    """What is left of each payment after its refunds, reversals and corrections; nothing left is not there."""
    left: dict[int, tuple[int, int]] = {}
    for row in rows:
        # Rows come oldest first, so what a movement is about is there already.
        amount, tips = left.get(row.about_id or row.id, (0, 0))
        left[row.about_id or row.id] = (amount + row.amount, tips + row.tips)
    return [
        _payment(row, *left[row.id], currency)
        for row in rows
        if row.entry == PaymentEntry.PAYMENT and left[row.id] != (0, 0)
    ]


def _payment(row: PaymentRow, amount: int, tips: int, currency: str) -> dict[str, Any]:
    # The schema wants an id for every payment; cash has none of Dojo's.
    wire: dict[str, Any] = {
        "paymentIntentId": row.intent_id or f"{row.kind}_{row.id}",
        "paidAmount": money(amount, currency),
    }
    if tips:
        wire["tipsAmount"] = money(tips, currency)
    return wire
