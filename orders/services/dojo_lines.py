"""The private steps that make the items of a Dojo order lines: named and priced as the guest saw them."""

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
from orders.services.charging import WholeLine, WholePart
from orders.services.exceptions import tell_manager
from orders.services.menu_card import Stock
from orders.services.vat import RATES, VatRates
from pos.ids import LINE, new_id
from pos.permissions import Actor
from pos.statements import Slot, Statement, together


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
class NewLines:
    """Lines that are not written yet, with all that hangs on them, and what the menu does not know of them."""

    lines: list[WholeLine]
    discounts: list[Discount]
    """All of them, as the guest saw them; those of lines hang there, too."""
    unknown: dict[str, str]
    """Names by PLU."""

    @property
    def rows(self) -> list[OrderLine]:
        return [line.row for line in self.lines]

    @property
    def discounts_of_order(self) -> list[Discount]:
        return [discount for discount in self.discounts if discount.line is None]

    def write(self) -> None:
        """One statement for each kind of row."""
        OrderLine.objects.bulk_create(self.rows)
        parts = [part for line in self.lines for part in line.parts]
        LineSubItem.objects.bulk_create(part.row for part in parts)
        choices = [choice for line in self.lines for choice in line.modifiers]
        LineModifier.objects.bulk_create([*choices, *(choice for part in parts for choice in part.modifiers)])
        Discount.objects.bulk_create(self.discounts)


@dataclass(frozen=True, slots=True)
class _Menu:
    """What the menu knows of the PLUs in one order."""

    portions: dict[str, Portion]
    modifiers: dict[str, Modifier]
    default_station_id: int | None
    default_vat_class_id: int | None
    rates: VatRates


_PORTIONS = Statement(
    lambda: (
        Portion.objects.filter(venue=Slot("venue"), plu__anyof=Slot("plus"))
        .select_related("product")
        .only(
            "plu",
            "price",
            "product__kind",
            "product__course",
            "product__station",
            "product__vat_class",
            "product__portions_left",
        )
    )
)
_MODIFIERS = Statement(lambda: Modifier.objects.filter(venue=Slot("venue"), plu__anyof=Slot("choices")).only("plu"))
_DEFAULT_STATION: Statement[tuple[int]] = Statement(
    lambda: Station.objects.filter(venue=Slot("venue"), is_default=True).values_list("pk")
)
_DEFAULT_VAT_CLASS: Statement[tuple[int]] = Statement(
    lambda: VatClass.objects.filter(venue=Slot("venue"), is_default=True).values_list("pk")
)


def make_lines(
    held: Held, order: Order, actor: Actor, *, items: Sequence[NewItem], discounts: Sequence[NewDiscount]
) -> NewLines:
    """Make lines, choices, parts and discounts of what the guest ordered; nothing is written yet."""
    menu = _look_up(held, items)
    rows = [_line(held, order, actor, menu, item, position) for position, item in enumerate(items, start=1)]
    off = _discounts(held, order, rows, discounts)
    lines = [
        WholeLine(
            row=row,
            modifiers=[_modifier(menu, row, None, choice) for choice in item.modifiers],
            parts=[_part(menu, row, part) for part in item.sub_items],
            discounts=[discount for discount in off if discount.line is row],
        )
        for row, item in zip(rows, items, strict=True)
    ]
    return NewLines(lines, off, unknown=_unknown(menu, items))


def count_down(held: Held, new: NewLines) -> None:
    """What is counted is fewer now; never refused, because the guest may have paid."""
    uses: dict[Product, int] = {}
    for line in new.lines:
        if line.row.product is not None:
            uses[line.row.product] = uses.get(line.row.product, 0) + line.row.quantity
        for part in line.parts:
            if part.row.portion is not None:
                product = part.row.portion.product
                uses[product] = uses.get(product, 0) + line.row.quantity * part.row.quantity
    stock = Stock(held.venue, held.now, uses)
    stock.take(uses)
    stock.save()


def tell_of_unknown(held: Held, order: Order, new: NewLines) -> None:
    """What the menu lacks is sold all the same, and told to the manager."""
    if new.unknown:
        tell_manager(
            held.venue,
            ExceptionKind.UNKNOWN_PLU,
            f"{order.display_name} sold what the menu lacks: {', '.join(new.unknown.values())}",
            order=order,
            subject=next(iter(new.unknown)),
            plus=new.unknown,
        )


def _look_up(held: Held, items: Iterable[NewItem]) -> _Menu:
    plus = {item.plu for item in items} | {part.plu for item in items for part in item.sub_items}
    choices = {choice.plu for item in items for choice in _all_modifiers(item)}
    portions, modifiers, stations, vat_classes, rates = together(
        _PORTIONS,
        _MODIFIERS,
        _DEFAULT_STATION,
        _DEFAULT_VAT_CLASS,
        RATES,
        venue=held.venue.pk,
        plus=list(plus),
        choices=list(choices),
        day=held.venue.business_date(held.now),
    )
    return _Menu(
        portions={portion.plu: portion for portion in portions},
        modifiers={modifier.plu: modifier for modifier in modifiers},
        default_station_id=stations[0][0] if stations else None,
        default_vat_class_id=vat_classes[0][0] if vat_classes else None,
        rates=VatRates.of(rates),
    )


def _all_modifiers(item: NewItem) -> Iterable[NewModifier]:
    yield from item.modifiers
    for part in item.sub_items:
        yield from part.modifiers


def _line(held: Held, order: Order, actor: Actor, menu: _Menu, item: NewItem, position: int) -> OrderLine:
    portion = menu.portions.get(item.plu)
    product = portion.product if portion else None
    vat_class_id = product.vat_class_id if product else menu.default_vat_class_id
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
        station_id=product.station_id if product else menu.default_station_id,
        vat_class_id=vat_class_id,
        eaten=eaten,
        vat_rate=menu.rates.rate(vat_class_id, eaten),
        added_at=held.now,
        added_by=actor.membership,
        till=actor.till,
    )


def _part(menu: _Menu, line: OrderLine, part: NewSubItem) -> WholePart:
    portion = menu.portions.get(part.plu)
    vat_class_id = portion.product.vat_class_id if portion else line.vat_class_id
    row = LineSubItem(
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
    return WholePart(row, [_modifier(menu, line, row, choice) for choice in part.modifiers])


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


def _discounts(
    held: Held, order: Order, lines: Sequence[OrderLine], discounts: Iterable[NewDiscount]
) -> list[Discount]:
    by_plu = {line.plu: line for line in reversed(lines)}
    return [
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
    ]


def _unknown(menu: _Menu, items: Sequence[NewItem]) -> dict[str, str]:
    sold = {item.plu: item.name for item in items} | {part.plu: part.name for item in items for part in item.sub_items}
    return {plu: name for plu, name in sold.items() if plu not in menu.portions} | {
        choice.plu: choice.name for item in items for choice in _all_modifiers(item) if choice.plu not in menu.modifiers
    }
