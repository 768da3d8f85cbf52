"""A venue: one location, one Dojo account, the root of all data."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.deconstruct import deconstructible

OUR_PATHS = frozenset({"admin", "v1", "staff", "ws", "webhooks", "static", "healthz", "readyz"})


class Currency(models.TextChoices):
    GBP = "GBP", "Pound sterling"
    EUR = "EUR", "Euro"


class Country(models.TextChoices):
    GB = "GB", "United Kingdom"
    IE = "IE", "Ireland"


class ServiceKind(models.TextChoices):
    NONE = "none", "No service charge"
    DISCRETIONARY = "discretionary", "Discretionary"
    COMPULSORY = "compulsory", "Compulsory"


@deconstructible
class VenueSlugValidator:
    def __call__(self, value: str) -> None:
        if value in OUR_PATHS:
            raise ValidationError(f"“{value}” is one of Tableside's own paths. Choose another name.")


def _check_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"“{value}” is not a time zone.")


class Venue(models.Model):
    slug = models.SlugField(max_length=40, unique=True, validators=[VenueSlugValidator()])
    name = models.CharField(max_length=80)
    legal_name = models.CharField(max_length=120, blank=True)
    address_lines = models.JSONField(default=list, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    vat_number = models.CharField(max_length=32, blank=True)
    bill_footer = models.CharField(max_length=200, blank=True, default="Thank you")

    country = models.CharField(max_length=2, choices=Country, default=Country.GB)
    currency = models.CharField(max_length=3, choices=Currency, default=Currency.GBP)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[_check_time_zone])
    day_starts = models.TimeField(default=time(5, 0), help_text="A business day runs from here to here.")

    tax_inclusive = models.BooleanField(default=True)
    service_kind = models.CharField(max_length=16, choices=ServiceKind, default=ServiceKind.DISCRETIONARY)
    service_rate = models.PositiveIntegerField(default=1250, help_text="Hundredths of a percent: 12.5 % is 1250.")
    service_from_covers = models.PositiveSmallIntegerField(
        default=0, help_text="Added by itself from this many covers; 0 is always."
    )
    discount_limit = models.PositiveIntegerField(
        default=1000, help_text="The largest discount a waiter gives alone, in hundredths of a percent."
    )
    dojo_orders_need_acceptance = models.BooleanField(
        default=False, help_text="Order & Pay orders wait as Submitted until staff accept them."
    )
    own_orders_only = models.BooleanField(
        default=False, help_text="A card machine with a waiter id lists that waiter's orders only."
    )
    clear_after_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Clear a paid table by itself after this long; 0 is at once, empty is never."
    )
    correct_within_seconds = models.PositiveSmallIntegerField(default=120)
    attention_minutes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(service_rate__lte=10_000), name="venue_service_rate_is_a_share"),
            models.CheckConstraint(
                condition=models.Q(discount_limit__lte=10_000), name="venue_discount_limit_is_a_share"
            ),
            models.CheckConstraint(condition=models.Q(currency__in=Currency.values), name="venue_currency_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def business_date(self, moment: datetime) -> date:
        """The trading day a moment belongs to: before the day starts, it is still last night."""
        local = moment.astimezone(self.zone)
        day = local.date()
        return day if local.time() >= self.day_starts else day - timedelta(days=1)

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude=exclude)
        if not isinstance(self.address_lines, list) or not all(isinstance(line, str) for line in self.address_lines):
            raise ValidationError({"address_lines": "A list of lines."})
