"""VAT classes with their dated rates: a change of rate is a new row, and nothing sold is ever re-rated."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from orders.admin.menu_parts import OneDefaultAdmin, OneDefaultForm
from orders.models import LineSubItem, OrderLine, VatClass, VatRate
from pos.back_office.access import venue_of
from pos.back_office.forms import CodedForm, VenueForm, VenueFormSet
from pos.back_office.home import Step
from pos.back_office.inlines import VenueTabularInline
from pos.back_office.venue_admin import Place
from pos.events import MenuChanged
from pos.models import Venue
from pos.money import plain_percent
from pos.permissions import Act


def today(venue: Venue) -> date:
    return venue.business_date(timezone.now())


def is_sold(vat_class: VatClass) -> bool:
    """Whether anything on any bill has this class."""
    return (
        OrderLine.objects.filter(vat_class=vat_class).exists()
        or LineSubItem.objects.filter(vat_class=vat_class).exists()
    )


class VatClassForm(CodedForm, OneDefaultForm):
    pass


class VatRateForm(VenueForm):
    """A rate that something was sold with is history."""

    is_sold: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_history:
            for field in self.fields.values():
                field.disabled = True

    @property
    def is_history(self) -> bool:
        row = self.instance
        return self.is_sold and row.pk is not None and row.valid_from <= today(self.venue)

    def clean_valid_from(self) -> date:
        day: date = self.cleaned_data["valid_from"]
        if self.is_sold and not self.is_history and day < today(self.venue):
            raise ValidationError(
                "Things were sold with the rate of that day already. Start today or later.", code="past"
            )
        return day


class VatRateFormSet(VenueFormSet):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        if any(form.is_history for form in self.deleted_forms):
            raise ValidationError("Things were sold with that rate: it stays.", code="history")
        days = [form.cleaned_data["valid_from"] for form in self.kept_forms]
        if not any(day <= today(self.forms[0].venue) for day in days):
            raise ValidationError("Which rate holds today? One row has to start today or before.", code="no_rate")

    def get_unique_error_message(self, unique_check: Any) -> str:
        return "Two rates cannot start on the same day."


class VatRateInline(VenueTabularInline):
    model = VatRate
    form = VatRateForm
    formset = VatRateFormSet
    venue_path = "vat_class__venue"
    percent_fields = ("rate_in", "rate_out")
    fields = ("valid_from", "rate_in", "rate_out")
    words = {
        "valid_from": ("From", ""),
        "rate_in": ("Eaten in", ""),
        "rate_out": ("Taken out", ""),
    }
    ordering = ("-valid_from",)
    verbose_name = "rate"
    verbose_name_plural = "rates"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.is_sold = obj is not None and is_sold(obj)
        return formset

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj is not None else 1


@admin.register(VatClass)
class VatClassAdmin(OneDefaultAdmin):
    """What the law calls things, and what each costs in VAT from which day on."""

    act = Act.MENU_PRICES
    place = Place("Menu", 8, "percent", "VAT")
    tells = (MenuChanged,)
    form = VatClassForm
    inlines = (VatRateInline,)
    fields = (("name", "code"), "is_default")
    words = {
        "name": ("Name", "What the law calls it: hot food, soft drinks."),
        "code": ("Code", "Empty: made from the name. It stays once something was sold with it."),
        "is_default": ("For what the menu does not know", "Taken for a thing that Dojo sold and our menu lacks."),
    }
    list_display = ("name", "in_now", "out_now", "is_default")
    search_fields = ("name", "code")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[VatClass]":
        rows: QuerySet[VatClass] = super().get_queryset(request).select_related("venue").prefetch_related("rates")
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: VatClass | None = None) -> tuple[str, ...]:
        return ("code",) if obj is not None and is_sold(obj) else ()

    @display(description="Eaten in, today")
    def in_now(self, vat_class: VatClass) -> str:
        return _rate_now(vat_class, "rate_in")

    @display(description="Taken out, today")
    def out_now(self, vat_class: VatClass) -> str:
        return _rate_now(vat_class, "rate_out")

    def step(self, request: HttpRequest) -> Step:
        count = VatClass.objects.filter(venue=venue_of(request), rates__isnull=False).distinct().count()
        words = "A preset of your country: have an accountant confirm it."
        return Step(15, "VAT", words, count > 0, self.address(), count)


def _rate_now(vat_class: VatClass, column: str) -> str:
    day = today(vat_class.venue)
    # Newest first, as they are ordered.
    for rate in vat_class.rates.all():
        if rate.valid_from <= day:
            return f"{plain_percent(getattr(rate, column))} %"
    return "none"
