"""The private step that writes the items of a Dojo order as lines: named and priced as the guest saw them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orders.models import (
    Discount,
    Eaten,
    ExceptionKind,
    LineModifier,
    LineSubItem,
    Modifier,
    Order,
    OrderLine,
    OrderType,
    Portion,
    Product,
    ProductKind,
    Station,
    VatClass,
)
from orders.row_locks import Held
from orders.services.exceptions import tell_manager
from orders.services.menu_card import Stock
from orders.services.vat import VatRates, rates_for
from pos.ids import LINE, new_id
from pos.permissions import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModifier:
    name: str
    plu: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubItem:
    name: str
    plu: str
    quantity: int
    price: int
    note: str = ""
    modifiers: tuple[NewModifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    name: str
    plu: str
    quantity: int
    unit_price: int
    note: str = ""
    modifiers: tuple[NewModifier, ...] = ()
    sub_items: tuple[NewSubItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDiscount:
    """Money off as the guest saw it; with a PLU it belongs to that item, else to the whole order."""

    name: str
    amount: int
    percent: int | None = None
    affected_plu: str = ""
    reference: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class _Menu:
    """What the menu knows of the PLUs in one order."""

    portions: dict[str, Portion]
    modifiers: dict[str, Modifier]
    default_station: Station | None
    default_vat_class: VatClass | None
    rates: VatRates


def write_lines(
    held: Held, order: Order, actor: Actor, *, items: Sequence[NewItem], discounts: Sequence[NewDiscount]
) -> list[OrderLine]:
    """Write lines, choices, parts and discounts, one statement each; what the menu lacks is told to the manager."""
    menu = _look_up(held, items)
    lines = [_line(held, order, actor, menu, item, position) for position, item in enumerate(items, start=1)]
    OrderLine.objects.bulk_create(lines)
    pairs = list(zip(lines, items, strict=True))
    parts = [(line, _sub_item(menu, line, part), part) for line, item in pairs for part in item.sub_items]
    LineSubItem.objects.bulk_create(row for _, row, _ in parts)
    choices = [_modifier(menu, line, None, choice) for line, item in pairs for choice in item.modifiers]
    choices += [_modifier(menu, line, row, choice) for line, row, part in parts for choice in part.modifiers]
    LineModifier.objects.bulk_create(choices)
    _write_discounts(held, order, lines, discounts)
    _count_down(held, lines, [row for _, row, _ in parts])
    _tell_of_unknown_plus(held, order, menu, items)
    return lines


def _look_up(held: Held, items: Iterable[NewItem]) -> _Menu:
    plus = {item.plu for item in items} | {part.plu for item in items for part in item.sub_items}
    portions = Portion.objects.filter(venue=held.venue, plu__in=plus).select_related("product")
    choices = {choice.plu for item in items for choice in _all_modifiers(item)}
    modifiers = Modifier.objects.filter(venue=held.venue, plu__in=choices)
    return _Menu(
        portions={portion.plu: portion for portion in portions},
        modifiers={modifier.plu: modifier for modifier in modifiers} if choices else {},
        default_station=Station.objects.filter(venue=held.venue, is_default=True).first(),
        default_vat_class=VatClass.objects.filter(venue=held.venue, is_default=True).first(),
        rates=rates_for(held.venue, held.now),
    )


def _all_modifiers(item: NewItem) -> Iterable[NewModifier]:
    yield from item.modifiers
    for part in item.sub_items:
        yield from part.modifiers


def _line(held: Held, order: Order, actor: Actor, menu: _Menu, item: NewItem, position: int) -> OrderLine:
    portion = menu.portions.get(item.plu)
    product = portion.product if portion else None
    vat_class_id = product.vat_class_id if product else getattr(menu.default_vat_class, "pk", None)
    eaten = Eaten.OUT if order.order_type == OrderType.COLLECTION else Eaten.IN
    return OrderLine(
        id=new_id(LINE, held.now),
        venue=held.venue,
        order=order,
        position=position,
        product=product,
        portion=portion,
        plu=item.plu,
        name=item.name,
        kind=product.kind if product else ProductKind.GOODS,
        quantity=item.quantity,
        unit_price=item.unit_price,
        note=item.note[:500],
        course_id=product.course_id if product else None,
        station_id=product.station_id if product else getattr(menu.default_station, "pk", None),
        vat_class_id=vat_class_id,
        eaten=eaten,
        vat_rate=menu.rates.rate(vat_class_id, eaten),
        added_at=held.now,
        added_by=actor.membership,
        till=actor.till,
    )


def _sub_item(menu: _Menu, line: OrderLine, part: NewSubItem) -> LineSubItem:
    portion = menu.portions.get(part.plu)
    vat_class_id = portion.product.vat_class_id if portion else line.vat_class_id
    return LineSubItem(
        line=line,
        portion=portion,
        plu=part.plu,
        name=part.name,
        quantity=part.quantity,
        price=part.price,
        standalone_price=portion.price if portion else part.price,
        note=part.note[:500],
        vat_class_id=vat_class_id,
        vat_rate=menu.rates.rate(vat_class_id, line.eaten),
    )


def _modifier(menu: _Menu, line: OrderLine, part: LineSubItem | None, choice: NewModifier) -> LineModifier:
    return LineModifier(
        line=line,
        sub_item=part,
        modifier=menu.modifiers.get(choice.plu),
        plu=choice.plu,
        name=choice.name,
        quantity=choice.quantity,
        price=choice.price,
    )


def _count_down(held: Held, lines: Sequence[OrderLine], parts: Sequence[LineSubItem]) -> None:
    """What is counted is fewer now; never refused, because the guest may have paid."""
    uses: dict[Product, int] = {}
    for line in lines:
        if line.product is not None:
            uses[line.product] = uses.get(line.product, 0) + line.quantity
    for part in parts:
        if part.portion is not None:
            product = part.portion.product
            uses[product] = uses.get(product, 0) + part.line.quantity * part.quantity
    stock = Stock(held.venue, held.now, uses)
    stock.take(uses)
    stock.save()


def _write_discounts(held: Held, order: Order, lines: Sequence[OrderLine], discounts: Sequence[NewDiscount]) -> None:
    by_plu = {line.plu: line for line in reversed(lines)}
    Discount.objects.bulk_create(
        Discount(
            order=order,
            line=by_plu.get(discount.affected_plu) if discount.affected_plu else None,
            name=discount.name,
            code=discount.code,
            reference=discount.reference,
            affected_plu=discount.affected_plu,
            fixed_amount=discount.amount,
            stated_percent=discount.percent,
            given_at=held.now,
        )
        for discount in discounts
    )


def _tell_of_unknown_plus(held: Held, order: Order, menu: _Menu, items: Sequence[NewItem]) -> None:
    sold = {item.plu: item.name for item in items} | {part.plu: part.name for item in items for part in item.sub_items}
    unknown = {plu: name for plu, name in sold.items() if plu not in menu.portions}
    unknown |= {
        choice.plu: choice.name for item in items for choice in _all_modifiers(item) if choice.plu not in menu.modifiers
    }
    if unknown:
        tell_manager(
            held.venue,
            ExceptionKind.UNKNOWN_PLU,
            f"{order.display_name} sold what the menu lacks: {', '.join(unknown.values())}",
            order=order,
            subject=next(iter(unknown)),
            plus=unknown,
        )
