"""Private steps that make lines: from what a waiter tapped to rows, checked against the menu."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models

from orders.models import (
    ComboPart,
    Discount,
    Eaten,
    LineModifier,
    LineState,
    LineSubItem,
    Order,
    OrderLine,
    OrderType,
    Portion,
    Product,
)
from orders.services.menu_card import MenuCard
from orders.services.vat import VatRates
from pos.errors import Conflict, InvalidRequest
from pos.ids import LINE, is_id, new_id
from pos.permissions import Actor

MOST_OF_ONE = 999
MOST_SEATS = 99
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """A modifier, so many per single item."""

    plu: str
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPart:
    """What the guest takes for one part of a combo."""

    plu: str
    modifiers: tuple[Choice, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A thing as tapped in. The till makes the line's id, so that a second delivery is not a second burger."""

    plu: str
    quantity: int = 1
    line_id: str = ""
    modifiers: tuple[Choice, ...] = ()
    sub_items: tuple[ChosenPart, ...] = ()
    note: str = ""
    seats: tuple[int, ...] = ()
    course_id: int | None = None
    eaten: Eaten | None = None

    @property
    def plus(self) -> Iterable[str]:
        return (self.plu, *(part.plu for part in self.sub_items))

    @property
    def modifier_plus(self) -> Iterable[str]:
        return (
            choice.plu
            for choices in (self.modifiers, *(part.modifiers for part in self.sub_items))
            for choice in choices
        )


@dataclass(slots=True)
class LineRows:
    """A line that is not saved yet, with its parts and choices, and what of the menu it uses up."""

    line: OrderLine
    parts: list[LineSubItem] = field(default_factory=list)
    choices: list[LineModifier] = field(default_factory=list)
    uses: dict[Product, int] = field(default_factory=dict)

    def put_on(self, order: Order, *, position: int, eaten: Eaten | None, rates: VatRates) -> None:
        """Give the line its place on an order; how the order is eaten decides its VAT."""
        self.line.order = order
        self.line.position = position
        self.line.eaten = eaten or eaten_by_default(order)
        follow_rates(self.line, self.parts, rates)


def eaten_by_default(order: Order) -> Eaten:
    return Eaten.OUT if order.order_type == OrderType.COLLECTION else Eaten.IN


def follow_rates(line: OrderLine, parts: Iterable[LineSubItem], rates: VatRates) -> None:
    """Take today's rates for the way the line is eaten."""
    line.vat_rate = rates.rate(line.vat_class_id, line.eaten)
    for part in parts:
        part.vat_rate = rates.rate(part.vat_class_id, line.eaten)


def build_line(new: NewLine, card: MenuCard, actor: Actor, now: datetime) -> LineRows:
    """Make the rows of a line. Raises InvalidRequest naming the field, Conflict for a choice that is sold out."""
    if new.line_id and not is_id(LINE, new.line_id):
        raise InvalidRequest("That is not the id of a line.", field="line_id")
    check_quantity(new.quantity)
    portion = _portion(card, new.plu, "plu")
    product = portion.product
    line = OrderLine(
        id=new.line_id or new_id(LINE, now),
        venue=actor.venue,
        product=product,
        portion=portion,
        plu=portion.plu,
        name=portion.full_name,
        kind=product.kind,
        quantity=new.quantity,
        unit_price=portion.price,
        note=check_note(new.note),
        seats=check_seats(new.seats),
        course_id=new.course_id or product.course_id,
        station_id=product.station_id,
        vat_class_id=product.vat_class_id,
        added_at=now,
        added_by=actor.membership,
        till=actor.till,
    )
    rows = LineRows(line, uses={product: new.quantity})
    rows.choices += _choices(line, None, product, new.modifiers, card, "modifiers")
    _add_parts(rows, product, new, card)
    return rows


def check_quantity(quantity: int) -> int:
    """Raises InvalidRequest."""
    if not 1 <= quantity <= MOST_OF_ONE:
        raise InvalidRequest(f"A quantity is 1 to {MOST_OF_ONE}.", field="quantity")
    return quantity


def check_note(note: str) -> str:
    """Raises InvalidRequest."""
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidRequest(f"A note has at most {LONGEST_NOTE} characters.", field="note")
    return note


def check_seats(seats: Iterable[int]) -> list[int]:
    """Sorted, each once. More seats than covers are fine: somebody pulled up a chair. Raises InvalidRequest."""
    wanted = sorted(set(seats))
    if wanted and not (wanted[0] >= 1 and wanted[-1] <= MOST_SEATS):
        raise InvalidRequest(f"Seats are numbered 1 to {MOST_SEATS}.", field="seats")
    return wanted


def says_the_same(new: NewLine, rows: LineRows) -> bool:
    """Whether a line that is there already is the very one asked for."""
    line = rows.line
    if (new.plu, new.quantity, check_note(new.note)) != (line.plu, line.quantity, line.note):
        return False
    there = [(part.plu, _counted(row for row in rows.choices if _is_on(row, part))) for part in rows.parts]
    asked = [(part.plu, _counted(part.modifiers)) for part in new.sub_items]
    on_line = _counted(row for row in rows.choices if row.sub_item_id is None and row.sub_item is None)
    return on_line == _counted(new.modifiers) and sorted(there) == sorted(asked)


def _is_on(choice: LineModifier, part: LineSubItem) -> bool:
    # Rows that are not saved yet know each other as objects only.
    return choice.sub_item is part if part.pk is None else choice.sub_item_id == part.pk


def _counted(choices: Iterable[Choice | LineModifier]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for choice in choices:
        counts[choice.plu] += choice.quantity
    return sorted(counts.items())


def split_off(line: OrderLine, quantity: int) -> OrderLine:
    """Make a line of its own from some of a line's items; a percentage goes along, a fixed discount stays.

    Raises InvalidRequest unless something is left behind.
    """
    if not 1 <= quantity < line.quantity:
        raise InvalidRequest(f"There are {line.quantity} of {line.name}.", field="quantity")
    if line.price_rule_amount is not None:
        # A price rule names the sum for the whole line; it divides like the line.
        mine = line.price_rule_amount * quantity // line.quantity
    part = _copy(OrderLine, line, id=new_id(LINE), quantity=quantity)
    if line.price_rule_amount is not None:
        part.price_rule_amount = mine
        line.price_rule_amount -= mine
    line.quantity -= quantity
    part.save(force_insert=True)
    line.save(update_fields=["quantity", "price_rule_amount"])
    sub_items = {old.pk: _copy(LineSubItem, old, id=None, line_id=part.pk) for old in line.sub_items.all()}
    LineSubItem.objects.bulk_create(sub_items.values())
    LineModifier.objects.bulk_create(
        _copy(LineModifier, old, id=None, line_id=part.pk, sub_item_id=_new_pk(sub_items, old.sub_item_id))
        for old in line.modifiers.all()
    )
    Discount.objects.bulk_create(
        _copy(Discount, old, id=None, line_id=part.pk) for old in line.discounts.all() if old.percent is not None
    )
    return part


def _new_pk(sub_items: dict[int, LineSubItem], old_pk: int | None) -> int | None:
    return None if old_pk is None else sub_items[old_pk].pk


def _copy(model: type, row: models.Model, **changes: object):  # type: ignore[no-untyped-def]
    values = {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}
    return model(**{**values, **changes})


def _portion(card: MenuCard, plu: str, field_name: str) -> Portion:
    portion = card.portions.get(plu)
    if portion is None:
        raise InvalidRequest(f"Nothing on the menu has the PLU “{plu}”.", field=field_name)
    if not portion.is_active or not portion.product.is_active:
        raise InvalidRequest(f"{portion.full_name} is not on the menu any more.", field=field_name)
    return portion


def _choices(
    line: OrderLine,
    part: LineSubItem | None,
    product: Product,
    chosen: Sequence[Choice],
    card: MenuCard,
    field_name: str,
) -> list[LineModifier]:
    """The choices on a thing; each of its groups must have as many as it asks for, and no more than it allows."""
    groups = {group.pk: group for group in card.groups.get(product.pk, ())}
    rows: dict[str, LineModifier] = {}
    counts: Counter[int] = Counter()
    for index, choice in enumerate(chosen):
        where = f"{field_name}.{index}"
        modifier = card.modifiers.get(choice.plu)
        if modifier is None or modifier.group_id not in groups:
            raise InvalidRequest(f"{product.name} has no choice “{choice.plu}”.", field=f"{where}.plu")
        if not modifier.is_active:
            raise InvalidRequest(f"{modifier.name} is not on the menu any more.", field=f"{where}.plu")
        if not 1 <= choice.quantity <= MOST_OF_ONE:
            raise InvalidRequest(f"A quantity is 1 to {MOST_OF_ONE}.", field=f"{where}.quantity")
        if modifier.sold_out:
            raise Conflict(f"{modifier.name} is sold out.", modifier=modifier.pk)
        counts[modifier.group_id] += choice.quantity
        if modifier.plu in rows:
            rows[modifier.plu].quantity += choice.quantity
            continue
        rows[modifier.plu] = LineModifier(
            line=line,
            sub_item=part,
            modifier=modifier,
            plu=modifier.plu,
            name=modifier.name,
            quantity=choice.quantity,
            price=modifier.price,
        )
    for group in groups.values():
        if counts[group.pk] < group.minimum:
            raise InvalidRequest(f"{product.name}: choose {group.name.lower()}.", field=field_name)
        if group.maximum is not None and counts[group.pk] > group.maximum:
            most = f"{product.name}: at most {group.maximum} of {group.name.lower()}."
            raise InvalidRequest(most, field=field_name)
    return list(rows.values())


def _add_parts(rows: LineRows, product: Product, new: NewLine, card: MenuCard) -> None:
    combo = card.parts.get(product.pk, [])
    if new.sub_items and not combo:
        raise InvalidRequest(f"{product.name} is no combo.", field="sub_items")
    if not combo:
        return
    portions = [_portion(card, chosen.plu, f"sub_items.{index}.plu") for index, chosen in enumerate(new.sub_items)]
    for index, (portion, surcharge) in enumerate(zip(portions, _fit(product, combo, portions), strict=True)):
        sub_item = LineSubItem(
            line=rows.line,
            portion=portion,
            plu=portion.plu,
            name=portion.full_name,
            price=surcharge,
            standalone_price=portion.price,
            note=check_note(new.sub_items[index].note),
            vat_class_id=portion.product.vat_class_id,
        )
        rows.parts.append(sub_item)
        chosen = new.sub_items[index].modifiers
        rows.choices += _choices(rows.line, sub_item, portion.product, chosen, card, f"sub_items.{index}.modifiers")
        rows.uses[portion.product] = rows.uses.get(portion.product, 0) + new.quantity


def _fit(product: Product, combo: Sequence[ComboPart], portions: Sequence[Portion]) -> list[int]:
    """Find a part of the combo for each choice, and say its surcharge there; one choice may suit several parts."""
    offers = [{choice.portion_id: choice.surcharge for choice in part.choices.all()} for part in combo]
    for index, portion in enumerate(portions):
        if not any(portion.pk in offer for offer in offers):
            raise InvalidRequest(f"{portion.full_name} is no choice in {product.name}.", field=f"sub_items.{index}.plu")
    taken: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for slot, offer in enumerate(offers):
            if portions[index].pk in offer and slot not in tried:
                tried.add(slot)
                if slot not in taken or place(taken[slot], tried):
                    taken[slot] = index
                    return True
        return False

    for index, portion in enumerate(portions):
        if not place(index, set()):
            too_many = f"{product.name} has no room for another {portion.full_name}."
            raise InvalidRequest(too_many, field=f"sub_items.{index}.plu")
    missing = [part.name for slot, part in enumerate(combo) if slot not in taken]
    if missing:
        raise InvalidRequest(f"{product.name}: choose {', '.join(missing).lower()}.", field="sub_items")
    slots = {index: slot for slot, index in taken.items()}
    return [offers[slots[index]][portion.pk] for index, portion in enumerate(portions)]


def is_waiting(line: OrderLine) -> bool:
    """Not with any station yet."""
    return line.state in (LineState.UNSENT, LineState.HELD)
