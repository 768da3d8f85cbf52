"""The venue itself: what stands on its bills, its hours, its rules."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from orders.floor import DEFAULT_MINUTES
from orders.models import Order
from pos.back_office.access import venue_of
from pos.back_office.fields import LinesField
from pos.back_office.forms import VenueForm
from pos.back_office.home import Step
from pos.back_office.venue_admin import Place, VenueModelAdmin
from pos.events import FloorChanged, MenuChanged
from pos.models import Venue

_FIELD = "attention_{}"
ATTENTION = {
    "nothing_sent": "Seated and nothing sent",
    "ready_not_taken": "Course ready, not taken",
    "nothing_ready": "Sent and nothing ready",
    "bill_printed": "Bill printed, not paid",
    "not_accepted": "Phone order not accepted",
    "not_with_station": "Line not with the kitchen",
}
# Where British and Irish venues stand.
TIME_ZONES = (
    "Europe/London", "Europe/Dublin", "Europe/Belfast", "Europe/Jersey", "Europe/Guernsey", "Europe/Isle_of_Man",
)  # fmt: skip
MOST_MINUTES = 24 * 60
# What past bills were reckoned and named by.
FIXED_ONCE_USED = ("slug", "country", "currency", "time_zone", "tax_inclusive")


def _minutes(kind: str) -> forms.IntegerField:
    usual = DEFAULT_MINUTES[kind]
    return forms.IntegerField(
        label=ATTENTION[kind],
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text=f"Minutes; empty is {usual}.",
        widget=UnfoldAdminIntegerFieldWidget,
    )


class _SettingsForm(VenueForm):
    address_lines = LinesField(
        longest=80, most=6, required=False, label="Address", help_text="As it stands on the bill, without the postcode."
    )
    time_zone = forms.ChoiceField(choices=[(name, name) for name in TIME_ZONES], widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in ATTENTION:
            self.initial[_FIELD.format(kind)] = self.instance.attention_minutes.get(kind)
        if "time_zone" in self.fields and self.instance.time_zone not in TIME_ZONES:
            here = self.instance.time_zone
            self.fields["time_zone"].choices = [(here, here), *self.fields["time_zone"].choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # What has a word of its own here is ours; anything else that was stored stays.
        kept = {kind: value for kind, value in self.instance.attention_minutes.items() if kind not in ATTENTION}
        said = {kind: cleaned.get(_FIELD.format(kind)) for kind in ATTENTION}
        self.instance.attention_minutes = kept | {kind: value for kind, value in said.items() if value is not None}
        return cleaned

    @property
    def changed_columns(self) -> list[str]:
        return [*super().changed_columns, "attention_minutes"]


VenueSettingsForm: Any = type(
    "VenueSettingsForm",
    (_SettingsForm,),
    {"__module__": __name__, **{_FIELD.format(kind): _minutes(kind) for kind in ATTENTION}},
)


@admin.register(Venue)
class VenueAdmin(VenueModelAdmin):
    """One venue has one page of settings."""

    form = VenueSettingsForm
    place = Place("Venue", 1, "storefront", "Settings")
    venue_path = "pk"
    may_add = may_delete = False
    is_searched = False
    tells = (FloorChanged, MenuChanged)
    percent_fields = ("service_rate", "discount_limit")
    fieldsets = (
        ("On the bill", {
            "fields": (
                ("name", "legal_name"), ("address_lines", "postcode"), ("phone", "email"),
                ("website", "vat_number"), "bill_footer",
            )
        }),
        ("Service charge", {"fields": (("service_kind", "service_rate"), "service_from_covers")}),
        ("House rules", {
            "fields": (
                ("discount_limit", "correct_within_seconds"), ("day_starts", "clear_after_minutes"),
                ("dojo_orders_need_acceptance", "own_orders_only"),
            )
        }),
        ("A table wants attention after", {
            "fields": tuple((_FIELD.format(one), _FIELD.format(two)) for one, two in (
                ("nothing_sent", "ready_not_taken"), ("nothing_ready", "bill_printed"),
                ("not_accepted", "not_with_station"),
            )),
        }),
        ("Fixed once something is sold", {"fields": (("slug", "time_zone"), ("country", "currency"), "tax_inclusive")}),
    )  # fmt: skip
    words = {
        "legal_name": ("Company", "If the bill has to name it."),
        "bill_footer": ("Last line of the bill", ""),
        "vat_number": ("VAT number", ""),
        "service_kind": ("Service charge", "Discretionary: outside VAT, one tap takes it off."),
        "service_rate": ("Rate", ""),
        "service_from_covers": ("From this many guests", "0 is always."),
        "discount_limit": ("Waiters discount up to", "More takes a supervisor."),
        "correct_within_seconds": ("Mistakes are corrected within", "Seconds after sending, without a supervisor."),
        "day_starts": ("A business day starts at", "Sales before this hour belong to the evening before."),
        "clear_after_minutes": ("Clear a paid table after", "Minutes; 0 is at once, empty is never."),
        "dojo_orders_need_acceptance": ("Staff accept phone orders", "Else they go to the kitchen by themselves."),
        "own_orders_only": ("Card machines list own tables only", "For whoever types their number on them."),
        "slug": ("Web address", "The word after the slash."),
        "tax_inclusive": ("Prices include VAT", ""),
    }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(self.address(venue_of(request)))

    def get_readonly_fields(self, request: HttpRequest, obj: Venue | None = None) -> tuple[str, ...]:
        used = obj is not None and Order.objects.filter(venue=obj).exists()
        return FIXED_ONCE_USED if used else ()

    def step(self, request: HttpRequest) -> Step:
        venue = venue_of(request)
        is_done = bool(venue.address_lines and venue.postcode)
        return Step(10, "Venue", "Address, VAT number, service charge: what stands on a bill.", is_done, self.address())
