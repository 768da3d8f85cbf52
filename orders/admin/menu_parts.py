"""What a menu is made of: categories, courses, stations, and choices with their groups."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from orders.admin.allergens import AllergensForm, WithAllergens, allergen_fieldset
from orders.models import Category, Course, Modifier, ModifierGroup, Station
from orders.services.menu_state import set_modifier_sold_out
from pos.back_office.access import venue_of
from pos.back_office.acts import Acting, ManagerAct
from pos.back_office.changes import Change
from pos.back_office.forms import CodedForm, VenueForm
from pos.back_office.home import Step
from pos.back_office.inlines import VenueTabularInline
from pos.back_office.venue_admin import Place, VenueModelAdmin
from pos.events import Event, MenuChanged, StationChanged
from pos.money import format_money
from pos.permissions import Act, Actor


class OneDefaultForm(VenueForm):
    """Exactly one row of the venue is the default: making another one it takes it from the first."""

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}

    def clean_is_default(self) -> bool:
        is_default = bool(self.cleaned_data["is_default"])
        if not is_default and "is_default" in self.initial and self.initial["is_default"]:
            raise ValidationError("One has to be it. Make another one the default instead.", code="default")
        return is_default


class OneDefaultAdmin(VenueModelAdmin):
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.is_default:
            self.get_queryset(request).exclude(pk=obj.pk).filter(is_default=True).update(is_default=False)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_default = isinstance(obj, self.model) and obj.is_default
        return super().has_delete_permission(request, obj) and not is_default


@admin.register(Category)
class CategoryAdmin(VenueModelAdmin):
    act = Act.MENU_PRICES
    place = Place("Menu", 1, "category", "Categories")
    tells = (MenuChanged,)
    fields = ("name", "position")
    words = {"name": ("Name", "A tab above the tiles."), "position": ("Place in the row of tabs", "0 comes first.")}
    nothing_yet = "A handful is plenty: each is a tab on the till."
    ordering = ("position", "pk")
    list_display = ("name", "how_many_products", "position")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Category]":
        rows: QuerySet[Category] = super().get_queryset(request).annotate(product_count=Count("products"))
        return rows

    @display(description="Products", ordering="product_count")
    def how_many_products(self, category: Any) -> int:
        return int(category.product_count)

    def step(self, request: HttpRequest) -> Step:
        count = Category.objects.filter(venue=venue_of(request)).count()
        return Step(
            40, "Menu categories", "Starters, mains, drinks: the tabs on the till.", count > 0, self.address(), count
        )


class CourseForm(VenueForm):
    broken = {"course_position_unique": ("position", "Another course has this place.")}


@admin.register(Course)
class CourseAdmin(VenueModelAdmin):
    act = Act.MENU_PRICES
    place = Place("Menu", 6, "stairs", "Courses")
    form = CourseForm
    fields = ("name", "position", "goes_at_once")
    words = {
        "position": ("Place in the meal", "The first course goes with the first send, later ones wait to be fired."),
        "goes_at_once": ("Goes at once", "Never held: drinks, bread."),
    }
    list_display = ("name", "position", "goes_at_once")
    search_fields = ("name",)

    def events_of(self, change: Change) -> list[Event]:
        return _menu_and_stations(change)


class StationForm(CodedForm, OneDefaultForm):
    pass


@admin.register(Station)
class StationAdmin(OneDefaultAdmin):
    act = Act.MENU_PRICES
    place = Place("Menu", 7, "countertops", "Stations")
    form = StationForm
    fields = ("name", "code", "position", "is_default")
    words = {
        "name": ("Name", "Where things are made: kitchen, grill, bar."),
        "code": ("Code", "In the address of its screen; empty: made from the name."),
        "position": ("Place in lists", "0 comes first."),
        "is_default": ("Makes the rest", "What Dojo sold and the menu does not know is made here."),
    }
    list_display = ("name", "code", "position", "is_default")
    search_fields = ("name", "code")

    def events_of(self, change: Change) -> list[Event]:
        return _menu_and_stations(change)


def _menu_and_stations(change: Change) -> list[Event]:
    stations = Station.objects.filter(venue=change.venue_id).values_list("pk", flat=True)
    tickets = [StationChanged(venue_id=change.venue_id, station_id=pk) for pk in stations]
    return [MenuChanged(venue_id=change.venue_id), *tickets]


class ModifierForm(CodedForm):
    """A choice; its PLU may be left to us."""

    code_field = "plu"

    def tidied(self, typed: str) -> str:
        return typed.strip()


_MODIFIER_WORDS = {
    "name": ("Name", ""),
    "plu": ("PLU", "Empty: made from the name."),
    "price": ("Price", "On top; 0 is free."),
    "is_active": ("On the menu", ""),
    "position": ("Place", ""),
}


class ModifierInline(VenueTabularInline):
    model = Modifier
    form = ModifierForm
    money_fields = ("price",)
    fields = ("name", "plu", "price", "is_active", "position")
    words = {name: (label, "") for name, (label, _) in _MODIFIER_WORDS.items()}
    ordering_field = "position"
    hide_ordering_field = True
    extra = 1
    show_change_link = True
    hide_title = False
    verbose_name = "choice"
    verbose_name_plural = "choices"


class ModifierGroupForm(VenueForm):
    broken = {"modifier_group": ("maximum", "At least 1, and not less than the minimum.")}


@admin.register(ModifierGroup)
class ModifierGroupAdmin(VenueModelAdmin):
    act = Act.MENU_PRICES
    place = Place("Menu", 3, "tune", "Choices & extras")
    tells = (MenuChanged,)
    form = ModifierGroupForm
    inlines = (ModifierInline,)
    fields = (("name",), ("minimum", "maximum"))
    words = {
        "name": ("Name", "The question the till asks: How cooked? Extras? Which mixer?"),
        "minimum": ("At least", "1 makes the question compulsory, 0 lets it be skipped."),
        "maximum": ("At most", "Empty: as many as they like."),
    }
    nothing_yet = "How cooked, which mixer, extras: what a till asks about a product."
    ordering = ("name",)
    list_display = ("name", "how_many_choices", "asked", "used_on")
    search_fields = ("name", "modifiers__name")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ModifierGroup]":
        rows: QuerySet[ModifierGroup] = super().get_queryset(request)
        return rows.annotate(
            choice_count=Count("modifiers", distinct=True), product_count=Count("product_links", distinct=True)
        )

    @display(description="Choices", ordering="choice_count")
    def how_many_choices(self, group: Any) -> int:
        return int(group.choice_count)

    @display(description="Products", ordering="product_count")
    def used_on(self, group: Any) -> int:
        return int(group.product_count)

    @display(description="Asked")
    def asked(self, group: ModifierGroup) -> str:
        most = "any number" if group.maximum is None else f"up to {group.maximum}"
        return f"always, {most}" if group.minimum else f"on request, {most}"


class ModifierPageForm(AllergensForm, ModifierForm):
    pass


def _sold_out(actor: Actor, modifier: Modifier) -> None:
    set_modifier_sold_out(actor=actor, modifier_id=modifier.pk, sold_out=True)


def _back_on(actor: Actor, modifier: Modifier) -> None:
    set_modifier_sold_out(actor=actor, modifier_id=modifier.pk, sold_out=False)


@admin.register(Modifier)
class ModifierAdmin(WithAllergens, Acting):
    """One choice, with its allergens."""

    act = Act.MENU_PRICES
    tells = (MenuChanged,)
    form = ModifierPageForm
    money_fields = ("price",)
    fieldsets = (
        (None, {"fields": (("name", "group"), ("plu", "price"), ("position", "is_active"))}),
        allergen_fieldset(),
    )
    words = _MODIFIER_WORDS
    list_display = ("name", "group", "plu", "costs", "is_active")
    list_filter = ("group", "is_active")
    list_select_related = ("group", "venue")
    search_fields = ("name", "plu")
    acts = (
        ManagerAct("sold_out", "Sold out", Act.ADD, _sold_out, "sold out.",
                   fits=lambda row: not row.sold_out, icon="block"),
        ManagerAct("back_on", "Back on sale", Act.ADD, _back_on, "back on sale.",
                   fits=lambda row: row.sold_out, icon="undo"),
    )  # fmt: skip

    @display(description="Price", ordering="price")
    def costs(self, modifier: Modifier) -> str:
        return format_money(modifier.price, modifier.venue.currency)
