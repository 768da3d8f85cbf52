"""The menu as a till holds it: tiles to tap, and for each what it may have to ask."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from orders.models import (
    ComboChoice,
    ComboPart,
    Modifier,
    ModifierGroup,
    Portion,
    Product,
    ProductModifierGroup,
)
from pos.models import Venue

FAVOURITES = "favourites"


@dataclass(slots=True)
class Key:
    """One tile of the grid."""

    product: Product
    portion: Portion
    is_sold_out: bool
    asks: bool


@dataclass(slots=True)
class Shelf:
    """A category with its tiles."""

    code: str
    name: str
    keys: list[Key] = field(default_factory=list)


@dataclass(slots=True)
class TillMenu:
    shelves: list[Shelf]
    book: dict[str, Any]
    """What the page's script knows: products, groups and courses by their ids."""


def read_till_menu(venue: Venue) -> TillMenu:
    """Everything that can be sold now, in seven queries whatever its size."""
    now = timezone.now()
    products = list(
        Product.objects.filter(venue=venue, is_active=True)
        .select_related("category", "course")
        .prefetch_related(Prefetch("portions", Portion.objects.filter(is_active=True)))
        .order_by("category__position", "category_id", "position", "name")
    )
    groups = _groups(venue)
    links: dict[int, list[int]] = defaultdict(list)
    for product_id, group_id in ProductModifierGroup.objects.filter(product__venue=venue).values_list(
        "product_id", "group_id"
    ):
        if group_id in groups:
            links[product_id].append(group_id)
    parts = _parts(venue)
    shelves: dict[str, Shelf] = {}
    favourites = Shelf(FAVOURITES, "★ Fav")
    book: dict[str, Any] = {"products": {}, "groups": groups, "courses": {}}
    for product in products:
        portions = list(product.portions.all())
        if not portions:
            continue
        default = next((portion for portion in portions if portion.is_default), portions[0])
        asks = any(groups[group]["min"] for group in links[product.pk]) or product.pk in parts
        key = Key(product, default, product.is_sold_out(now), asks)
        code = f"c{product.category_id}"
        shelves.setdefault(code, Shelf(code, product.category.name)).keys.append(key)
        if product.is_favourite:
            favourites.keys.append(key)
        book["products"][product.pk] = _entry(product, default, portions, links[product.pk], parts.get(product.pk))
        if product.course is not None:
            course = product.course
            book["courses"][course.pk] = {"name": course.name, "at": course.position, "once": course.goes_at_once}
    return TillMenu(shelves=[*([favourites] if favourites.keys else []), *shelves.values()], book=book)


def _entry(
    product: Product, default: Portion, portions: list[Portion], groups: list[int], parts: list[Any] | None
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": product.name,
        "course": product.course_id,
        "portions": [
            {"plu": one.plu, "name": one.name, "price": one.price}
            for one in sorted(portions, key=lambda one: one.pk != default.pk)
        ],
    }
    # Most products are plain; what they do not have is not sent.
    optional = {"groups": groups, "parts": parts, "notes": product.note_presets, "left": product.portions_left}
    return entry | {name: value for name, value in optional.items() if value}


def _groups(venue: Venue) -> dict[int, dict[str, Any]]:
    rows = ModifierGroup.objects.filter(venue=venue).prefetch_related(
        Prefetch("modifiers", Modifier.objects.filter(is_active=True))
    )
    return {
        group.pk: {
            "name": group.name,
            "min": group.minimum,
            "max": group.maximum,
            "choices": [
                {"plu": one.plu, "name": one.name, "price": one.price, "out": one.sold_out}
                for one in group.modifiers.all()
            ],
        }
        for group in rows
    }


def _parts(venue: Venue) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = ComboPart.objects.filter(product__venue=venue).prefetch_related(
        Prefetch("choices", ComboChoice.objects.select_related("portion__product"))
    )
    for part in rows:
        choices = [
            {
                "plu": choice.portion.plu,
                "name": choice.portion.full_name,
                "price": choice.surcharge,
                "product": choice.portion.product_id,
            }
            for choice in part.choices.all()
        ]
        found[part.product_id].append({"name": part.name, "choices": choices})
    return found
