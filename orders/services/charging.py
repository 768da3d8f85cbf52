"""What a bill comes to: its lines and discounts are read, priced, and their amounts kept.

The only place that turns rows into what ``orders.pricing`` reckons with. It works on orders already locked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orders import pricing
from orders.models import (
    Discount,
    LineModifier,
    LineState,
    LineSubItem,
    Order,
    OrderLine,
    OrderType,
    PriceRule,
    ServiceChoice,
)
from orders.row_locks import Held
from pos.models import ServiceKind


class WholePart(NamedTuple):
    """A part of a combo with what was chosen for it."""

    row: LineSubItem
    modifiers: Sequence[LineModifier]


class WholeLine(NamedTuple):
    """A line with all that is charged with it, written already or not."""

    row: OrderLine
    modifiers: Sequence[LineModifier]
    parts: Sequence[WholePart]
    discounts: Sequence[Discount]


@dataclass(slots=True)
class Bill:
    """An order with its lines as they are now, and what they come to."""

    order: Order
    lines: list[OrderLine]
    discounts: list[Discount]
    totals: pricing.Totals


def read_lines(order: Order) -> list[OrderLine]:
    """The lines on the bill with all that hangs on them, in four queries."""
    return list(
        order.lines.exclude(state=LineState.VOIDED)
        .select_related("course", "station")
        .prefetch_related("sub_items__modifiers", "modifiers", "discounts")
    )


def price_order(held: Held, order: Order, lines: list[OrderLine] | None = None) -> Bill:
    """Work out the bill and keep its amounts on order, lines and discounts."""
    lines = read_lines(order) if lines is None else lines
    whole = [_whole(line) for line in lines]
    of_order = list(order.discounts.filter(line__isnull=True))
    discounts = [*of_order, *(discount for line in whole for discount in line.discounts)]
    amounts_before = [_amounts(line) for line in lines]
    taken_before = [discount.amount for discount in discounts]
    totals = work_out(held, order, whole, of_order)
    changed = [line for line, before in zip(lines, amounts_before, strict=True) if _amounts(line) != before]
    if changed:
        OrderLine.objects.bulk_update(changed, ["gross_amount", "discount_amount", "net_amount"])
    taken = [row for row, before in zip(discounts, taken_before, strict=True) if row.amount != before]
    if taken:
        Discount.objects.bulk_update(taken, ["amount"])
    return Bill(order=order, lines=lines, discounts=discounts, totals=totals)


def work_out(held: Held, order: Order, lines: Sequence[WholeLine], discounts: Iterable[Discount]) -> pricing.Totals:
    """Price lines and the order's own discounts, and set the amounts of all of them; nothing is saved."""
    discounts = list(discounts)
    totals = pricing.price(
        [_priced_line(line) for line in lines],
        [_priced_discount(discount) for discount in discounts],
        service_of(held, order),
        tax_inclusive=held.venue.tax_inclusive,
    )
    for line, money in zip(lines, totals.lines, strict=True):
        line.row.gross_amount = money.gross
        line.row.discount_amount = money.line_discount + money.order_discount
        line.row.net_amount = money.net
    for discount in [*discounts, *(discount for line in lines for discount in line.discounts)]:
        discount.amount = totals.discounts.get(_key(discount), 0)
    order.goods_amount = totals.goods_total + totals.voucher_total + totals.deposit_total
    order.discount_amount = totals.discount_total
    order.tax_amount = totals.tax_total
    order.tax_lines = [[line.rate, line.base, line.amount] for line in totals.tax_lines]
    order.service_amount = totals.service_owed
    order.set_amounts(total=max(0, totals.total + order.price_difference))
    return totals


def service_of(held: Held, order: Order) -> pricing.Service:
    """Which service charge this bill carries, by the venue's rule and by what was chosen for it."""
    venue = held.venue
    kind = pricing.ServiceKind(venue.service_kind)
    chosen = kind if kind is not pricing.ServiceKind.NONE else pricing.ServiceKind.DISCRETIONARY
    if order.service_choice == ServiceChoice.STATED:
        return pricing.Service(kind=chosen, fixed=order.service_stated or 0, waived=order.service_waived)
    if order.service_choice == ServiceChoice.ON:
        return pricing.Service(kind=chosen, rate=venue.service_rate, waived=order.service_waived)
    if order.service_choice == ServiceChoice.OFF or venue.service_kind == ServiceKind.NONE:
        return pricing.NO_SERVICE
    enough = (order.covers or 0) >= venue.service_from_covers
    if order.order_type == OrderType.DINE_IN and enough:
        return pricing.Service(kind=kind, rate=venue.service_rate, waived=order.service_waived)
    return pricing.NO_SERVICE


def _whole(line: OrderLine) -> WholeLine:
    """A line as ``read_lines`` brings it."""
    return WholeLine(
        row=line,
        modifiers=[modifier for modifier in line.modifiers.all() if modifier.sub_item_id is None],
        parts=[WholePart(part, list(part.modifiers.all())) for part in line.sub_items.all()],
        discounts=list(line.discounts.all()),
    )


def _amounts(line: OrderLine) -> tuple[int, int, int]:
    return line.gross_amount, line.discount_amount, line.net_amount


def _priced_line(line: WholeLine) -> pricing.PricedLine:
    row = line.row
    return pricing.PricedLine(
        key=row.pk,
        quantity=row.quantity,
        unit_price=row.unit_price,
        vat_rate=row.vat_rate,
        modifiers=_priced_modifiers(line.modifiers),
        sub_items=tuple(
            pricing.PricedSubItem(
                quantity=part.row.quantity,
                price=part.row.price,
                standalone_price=part.row.standalone_price,
                vat_rate=part.row.vat_rate,
                modifiers=_priced_modifiers(part.modifiers),
            )
            for part in line.parts
        ),
        kind=pricing.LineKind(row.kind),
        discounts=tuple(_priced_discount(discount) for discount in line.discounts),
        free=row.price_rule == PriceRule.COMP,
        set_price=row.price_rule_amount if row.price_rule == PriceRule.STAFF_MEAL else None,
    )


def _priced_modifiers(modifiers: Iterable[LineModifier]) -> tuple[pricing.PricedModifier, ...]:
    return tuple(pricing.PricedModifier(quantity=modifier.quantity, price=modifier.price) for modifier in modifiers)


def _priced_discount(discount: Discount) -> pricing.PricedDiscount:
    return pricing.PricedDiscount(key=_key(discount), amount=discount.fixed_amount, percent=discount.percent)


def _key(discount: Discount) -> str:
    # The object, not the row: a new discount has no key of its own yet.
    return str(id(discount))
