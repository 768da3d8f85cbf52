"""What the menu says of the things asked for, read once for a whole batch of lines."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef

from orders.models import ComboPart, Modifier, ModifierGroup, OrderLine, Portion, Product, ProductModifierGroup
from orders.row_locks import counted_products_for_update
from pos.errors import Conflict
from pos.events import MenuChanged, publish
from pos.models import Venue


@dataclass(slots=True)
class MenuCard:
    """Portions, choices, combos and VAT rates by what a till names them by."""

    portions: dict[str, Portion] = field(default_factory=dict)
    modifiers: dict[str, Modifier] = field(default_factory=dict)
    groups: dict[int, list[ModifierGroup]] = field(default_factory=lambda: defaultdict(list))
    """By product."""
    parts: dict[int, list[ComboPart]] = field(default_factory=lambda: defaultdict(list))
    """By combo."""

    @property
    def products(self) -> Iterable[Product]:
        return (portion.product for portion in self.portions.values())


def read_menu(venue: Venue, *, plus: Iterable[str], modifier_plus: Iterable[str]) -> MenuCard:
    """Read what these PLUs stand for; a plain drink costs one query, and so do twenty."""
    card = MenuCard()
    rows = Portion.objects.filter(venue=venue, plu__in=set(plus)).select_related("product")
    asks = Exists(ProductModifierGroup.objects.filter(product=OuterRef("product")))
    combines = Exists(ComboPart.objects.filter(product=OuterRef("product")))
    asking, combos = set(), set()
    for portion in rows.annotate(asks=asks, combines=combines):
        card.portions[portion.plu] = portion
        if portion.asks:
            asking.add(portion.product_id)
        if portion.combines:
            combos.add(portion.product_id)
    if asking:
        for link in ProductModifierGroup.objects.filter(product__in=asking).select_related("group"):
            card.groups[link.product_id].append(link.group)
    if wanted := set(modifier_plus):
        card.modifiers = {row.plu: row for row in Modifier.objects.filter(venue=venue, plu__in=wanted)}
    if combos:
        for part in ComboPart.objects.filter(product__in=combos).prefetch_related("choices"):
            card.parts[part.product_id].append(part)
    return card


class Stock:
    """How many portions are left of what is counted. The rows are locked, so that the last ribeye is sold once."""

    def __init__(self, venue: Venue, now: datetime, products: Iterable[Product]) -> None:
        counted = {product.pk for product in products if product.portions_left is not None}
        self._venue = venue
        self._now = now
        self._counted = counted_products_for_update(counted) if counted else {}
        self._before = {pk: product.portions_left for pk, product in self._counted.items()}

    def check(self, wanted: dict[Product, int]) -> None:
        """Raises Conflict, by name, when something is sold out or too few are left."""
        for product, quantity in wanted.items():
            counted = self._counted.get(product.pk, product)
            if counted.is_sold_out(self._now):
                raise Conflict(f"{product.name} is sold out.", product=product.pk)
            # None left, and yet not sold out: it is back, and nobody counts.
            if counted.portions_left and counted.portions_left < quantity:
                left = counted.portions_left
                raise Conflict(f"Only {left} {product.name} left.", product=product.pk, left=left)

    def take(self, wanted: dict[Product, int]) -> None:
        """Count down what ``check`` has let through; below nothing means to put back."""
        for product, quantity in wanted.items():
            counted = self._counted.get(product.pk)
            if counted is not None and counted.portions_left is not None:
                counted.portions_left = max(0, counted.portions_left - quantity)
                counted.sold_out = counted.portions_left == 0

    def give_back(self, portions: dict[Product, int]) -> None:
        """What is not made after all can be sold again."""
        self.take({product: -quantity for product, quantity in portions.items()})

    def save(self) -> None:
        """Write what changed, and tell the tills."""
        changed = [row for pk, row in self._counted.items() if row.portions_left != self._before[pk]]
        if changed:
            Product.objects.bulk_update(changed, ["portions_left", "sold_out"])
            self._before = {pk: product.portions_left for pk, product in self._counted.items()}
            publish(MenuChanged(venue_id=self._venue.pk))


def sell_again(venue: Venue, now: datetime, lines: Iterable[OrderLine]) -> None:
    """What these lines would have used is left again; they come with their products and those of their parts."""
    uses: dict[Product, int] = {}
    for line in lines:
        for product, quantity in _parts_of(line):
            uses[product] = uses.get(product, 0) + quantity
    stock = Stock(venue, now, uses)
    stock.give_back(uses)
    stock.save()


def _parts_of(line: OrderLine) -> Iterable[tuple[Product, int]]:
    if line.product is not None:
        yield line.product, line.quantity
    for part in line.sub_items.all():
        if part.portion is not None:
            yield part.portion.product, line.quantity * part.quantity
