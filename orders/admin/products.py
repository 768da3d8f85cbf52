"""Products with their sizes and prices, set menus, and the price list."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from orders.admin.allergens import AllergensForm, WithAllergens, allergen_fieldset
from orders.models import (
    ComboChoice,
    ComboPart,
    Portion,
    Product,
    ProductModifierGroup,
    Station,
    VatClass,
)
from orders.services.menu_state import set_sold_out
from pos.back_office.access import venue_of
from pos.back_office.acts import Acting, ManagerAct
from pos.back_office.fields import LinesField
from pos.back_office.forms import CodedForm, VenueFormSet
from pos.back_office.home import Step
from pos.back_office.inlines import VenueTabularInline
from pos.back_office.venue_admin import Place, ReadOnlyAdmin, VenueModelAdmin
from pos.events import MenuChanged
from pos.money import format_money
from pos.permissions import Act


class PortionForm(CodedForm):
    """A size; its PLU may be left to us."""

    code_field = "plu"

    def _get_validation_exclusions(self) -> set[str]:
        # Which one is the default is a question to all of them together.
        return {*super()._get_validation_exclusions(), "is_default"}

    def tidied(self, typed: str) -> str:
        return typed.strip()

    def code_source(self, cleaned: dict[str, Any]) -> str:
        product = getattr(self, "product_name", "") or getattr(self.instance.product, "name", "")
        return f"{product} {cleaned.get('name') or ''}"


class PortionFormSet(VenueFormSet):
    """At least one size, exactly one of them what a single tap sells."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        # The product may be as new as its sizes.
        form.product_name = self.data.get("name", "") if self.is_bound else ""
        return form

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = self.kept_forms
        if not kept:
            raise ValidationError("Give it a price: a product has at least one size.", code="no_price")
        chosen = [form for form in kept if form.cleaned_data.get("is_default")]
        if len(kept) == 1 and not chosen:
            chosen = kept
            kept[0].cleaned_data["is_default"] = kept[0].instance.is_default = True
        if len(chosen) != 1:
            raise ValidationError("Choose one size that a single tap sells.", code="default")
        if not chosen[0].cleaned_data.get("is_active"):
            raise ValidationError("The size that a single tap sells is not on the menu.", code="default")

    def save(self, commit: bool = True) -> Any:
        chosen = [form.instance.pk for form in self.kept_forms if form.instance.is_default]
        # Taken from the old one before the new one gets it: there are never two.
        Portion.objects.filter(product=self.instance, is_default=True).exclude(pk__in=chosen).update(is_default=False)
        Portion.objects.filter(pk__in=chosen, product=self.instance).update(is_default=True)
        return super().save(commit=commit)


class PortionInline(VenueTabularInline):
    model = Portion
    form = PortionForm
    formset = PortionFormSet
    money_fields = ("price",)
    fields = ("name", "measure", "price", "plu", "is_default", "is_active", "position")
    words = {
        "name": ("Size", ""),
        "measure": ("Measure", ""),
        "price": ("Price", ""),
        "plu": ("PLU", ""),
        "is_default": ("One tap", ""),
        "is_active": ("On the menu", ""),
    }
    ordering_field = "position"
    hide_ordering_field = True
    verbose_name = "size"
    verbose_name_plural = "sizes and prices"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj is not None else 1


class GroupInline(VenueTabularInline):
    model = ProductModifierGroup
    venue_path = "product__venue"
    fields = ("group", "position")
    words = {"group": ("Question", "")}
    ordering_field = "position"
    hide_ordering_field = True
    verbose_name = "question"
    verbose_name_plural = "choices & extras"
    tab = True


class ComboPartInline(VenueTabularInline):
    model = ComboPart
    venue_path = "product__venue"
    fields = ("name", "position")
    ordering_field = "position"
    hide_ordering_field = True
    show_change_link = True
    hide_title = False
    verbose_name = "part of the set"
    verbose_name_plural = "set menu"
    tab = True


class ProductForm(AllergensForm):
    note_presets = LinesField(
        longest=32,
        most=12,
        required=False,
        label="Ready-made notes",
        help_text="One on each line: no ice, well done, on the side.",
    )


def _sold_out(actor: Any, product: Product) -> None:
    set_sold_out(actor=actor, product_id=product.pk, sold_out=True)


def _back_on(actor: Any, product: Product) -> None:
    set_sold_out(actor=actor, product_id=product.pk, sold_out=False)


@admin.register(Product)
class ProductAdmin(WithAllergens, Acting):
    """A thing on the menu: what it is, what it costs, what has to be asked, what is in it."""

    act = Act.MENU_PRICES
    place = Place("Menu", 2, "restaurant_menu", "Products")
    tells = (MenuChanged,)
    form = ProductForm
    inlines = (PortionInline, GroupInline, ComboPartInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "category"),
                    ("vat_class", "kind"),
                    ("station", "course"),
                    ("kitchen_name", "position"),
                    ("is_favourite", "is_active"),
                    "note_presets",
                )
            },
        ),
        allergen_fieldset(),
    )
    words = {
        "name": ("Name", ""),
        "kitchen_name": ("Name in the kitchen", "Empty: the same."),
        "vat_class": ("VAT class", "What the law calls it; the class has the rates."),
        "station": ("Made at", "Empty: nobody makes it, it is handed over."),
        "course": ("Course", ""),
        "position": ("Place among the tiles", "0 comes first."),
        "is_favourite": ("Favourite", "Also on the first tab."),
        "is_active": ("On the menu", ""),
    }
    nothing_yet = "A name, a category, a price: that sells. Everything else can wait."
    list_display = ("name", "category", "prices", "vat_class", "station", "course", "state", "is_active")
    list_filter = ("category", "station", "course", "vat_class", "is_active", "sold_out", "is_favourite")
    list_select_related = ("category", "vat_class", "station", "course", "venue")
    ordering = ("category__position", "category__name", "position", "name")
    search_fields = ("name", "kitchen_name", "portions__plu")
    acts = (
        ManagerAct(
            "sold_out", "Sold out", Act.ADD, _sold_out, "sold out.", fits=lambda row: not row.sold_out, icon="block"
        ),
        ManagerAct(
            "back_on", "Back on sale", Act.ADD, _back_on, "back on sale.", fits=lambda row: row.sold_out, icon="undo"
        ),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Product]":
        rows: QuerySet[Product] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("portions", Portion.objects.filter(is_active=True)))

    @display(description="Price")
    def prices(self, product: Product) -> str:
        currency = product.venue.currency
        return " · ".join(
            f"{portion.name} {format_money(portion.price, currency)}".strip() for portion in product.portions.all()
        )

    @display(description="Now", label={"sold out": "danger"})
    def state(self, product: Product) -> str:
        if product.sold_out:
            return "sold out"
        return f"{product.portions_left} left" if product.portions_left is not None else ""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        mine = {"venue": venue_of(request), "is_default": True}
        initial = {
            "vat_class": VatClass.objects.filter(**mine).values_list("pk", flat=True).first(),
            "station": Station.objects.filter(**mine).values_list("pk", flat=True).first(),
        }
        return {**initial, **super().get_changeform_initial_data(request)}

    def step(self, request: HttpRequest) -> Step:
        count = (
            Product.objects.filter(venue=venue_of(request), is_active=True, portions__is_active=True).distinct().count()
        )
        words = "What is sold, with its sizes, prices and choices."
        return Step(50, "Products", words, count > 0, self.address(), count)


@admin.register(Portion)
class PriceListAdmin(ReadOnlyAdmin):
    """Every size with its PLU and price; changed on its product's page."""

    act = Act.MENU_PRICES
    place = Place("Menu", 4, "sell", "Price list")
    is_searched = False
    fields = ("product", "name", "measure", "plu", "costs", "is_default", "is_active")
    readonly_fields = ("costs",)
    list_display = ("product", "name", "measure", "plu", "costs", "is_default", "is_active")
    list_filter = ("product__category", "is_active")
    list_select_related = ("product", "venue")
    named_by = ("product",)
    search_fields = ("product__name", "name", "plu")
    ordering = ("product__name", "position")

    @display(description="Price", ordering="price")
    def costs(self, portion: Portion) -> str:
        return format_money(portion.price, portion.venue.currency)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Portion]":
        rows: QuerySet[Portion] = super().get_queryset(request).select_related("product", "venue")
        return rows


class ComboChoiceInline(VenueTabularInline):
    model = ComboChoice
    venue_path = "part__product__venue"
    money_fields = ("surcharge",)
    fields = ("portion", "surcharge", "position")
    words = {"portion": ("Thing and size", ""), "surcharge": ("Surcharge", "")}
    autocomplete_fields = ("portion",)
    ordering_field = "position"
    hide_ordering_field = True
    extra = 1
    verbose_name = "choice"
    verbose_name_plural = "the guest takes one of these"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ComboChoice]":
        rows: QuerySet[ComboChoice] = super().get_queryset(request).select_related("portion__product")
        return rows


@admin.register(ComboPart)
class ComboPartAdmin(VenueModelAdmin):
    """One part of a set menu or meal deal, with what the guest may take for it."""

    act = Act.MENU_PRICES
    place = Place("Menu", 5, "lunch_dining", "Set menus & deals")
    venue_path = "product__venue"
    tells = (MenuChanged,)
    inlines = (ComboChoiceInline,)
    fields = (("product", "name"), "position")
    words = {
        "product": ("Set menu or deal", "A product with the price of the whole."),
        "name": ("Part", "Starter, main; burger, side, drink."),
        "position": ("Place in the set", "0 comes first."),
    }
    autocomplete_fields = ("product",)
    list_display = ("product", "name", "how_many_choices", "position")
    list_select_related = ("product",)
    search_fields = ("product__name", "name")
    ordering = ("product__name", "position")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ComboPart]":
        rows: QuerySet[ComboPart] = super().get_queryset(request).annotate(choice_count=Count("choices"))
        return rows

    @display(description="Choices", ordering="choice_count")
    def how_many_choices(self, part: Any) -> int:
        return int(part.choice_count)
