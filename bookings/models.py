"""Reservations and parties: people expected, people here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from floorplan.models import Table
from pos.ids import PARTY, RESERVATION, TypeIdField
from pos.models import Membership, Venue


class ReservationStatus(models.TextChoices):
    BOOKED = "booked", "Booked"
    SEATED = "seated", "Seated"
    NO_SHOW = "no_show", "No-show"
    CANCELLED = "cancelled", "Cancelled"


class Reservation(models.Model):
    """A booking in the future."""

    id = TypeIdField(RESERVATION, primary_key=True)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="reservations")
    dojo_reservation_id = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001
    name = models.CharField(max_length=120)
    covers = models.PositiveSmallIntegerField()
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    tables = models.ManyToManyField(Table, through="ReservationTable", related_name="reservations")
    status = models.CharField(max_length=12, choices=ReservationStatus, default=ReservationStatus.BOOKED)
    phone = models.CharField(max_length=50, blank=True)
    email = models.CharField(max_length=254, blank=True)
    host_notes = models.TextField(blank=True)
    guest_requests = models.TextField(blank=True, help_text="The guest's own words; never edited here.")
    overlaps = models.BooleanField(default=False, help_text="Accepted although its table was booked.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["start_time", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "dojo_reservation_id"], name="reservation_dojo_id_unique"),
            models.CheckConstraint(condition=Q(end_time__gt=models.F("start_time")), name="reservation_ends_later"),
            models.CheckConstraint(condition=Q(status__in=ReservationStatus.values), name="reservation_status_known"),
        ]
        indexes = [
            models.Index(fields=["venue", "start_time", "id"], name="reservation_by_time"),
            models.Index(fields=["venue", "-id"], name="reservation_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.covers}"


class ReservationTable(models.Model):
    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="table_links")
    table = models.ForeignKey(Table, on_delete=models.PROTECT, related_name="reservation_links")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["reservation", "table"], name="reservation_table_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reservation_id} at {self.table_id}"


class PartyStatus(models.TextChoices):
    """The words a party's status moves through by itself; staff and Dojo may write their own."""

    SEATED = "Seated", "Seated"
    ORDERED = "Ordered", "Ordered"
    PAYING = "Paying", "Paying"
    PAID = "Paid", "Paid"
    LEFT = "Left", "Left"


class Party(models.Model):
    """People sitting now, at one or more tables."""

    id = TypeIdField(PARTY, primary_key=True)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="parties")
    dojo_party_id = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001
    reservation = models.ForeignKey(
        Reservation, null=True, blank=True, on_delete=models.PROTECT, related_name="parties"
    )
    name = models.CharField(max_length=120, blank=True)
    covers = models.PositiveSmallIntegerField(null=True, blank=True)
    tables = models.ManyToManyField(Table, through="PartyTable", related_name="parties")
    waiter = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="parties")
    status = models.CharField(max_length=60, default=PartyStatus.SEATED)
    status_is_written = models.BooleanField(default=False, help_text="Somebody wrote their own words; leave them.")
    start_time = models.DateTimeField()
    expected_end_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    host_notes = models.TextField(blank=True)
    guest_requests = models.TextField(blank=True, help_text="The guest's own words; never edited here.")
    allergens = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    allergy_note = models.CharField(max_length=200, blank=True)
    needs_seating = models.BooleanField(
        default=False, help_text="Its bill came back to life after its table was given to others."
    )

    deposit_amount = models.BigIntegerField(null=True, blank=True)
    deposit_description = models.CharField(max_length=200, blank=True)
    deposit_intent_ids = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-start_time", "-pk"]
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(fields=["venue", "dojo_party_id"], name="party_dojo_id_unique"),
            models.CheckConstraint(
                condition=Q(deposit_amount__isnull=True) | Q(deposit_amount__gte=0), name="party_deposit_not_negative"
            ),
            models.CheckConstraint(condition=~Q(status=""), name="party_status_said"),
        ]
        indexes = [
            models.Index(fields=["venue", "-id"], condition=Q(end_time__isnull=True), name="party_here"),
            models.Index(fields=["venue", "-id"], name="party_newest"),
        ]

    def __str__(self) -> str:
        return self.name or f"Party of {self.covers or '?'}"

    @property
    def is_here(self) -> bool:
        return self.end_time is None


class PartyTable(models.Model):
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="table_links")
    table = models.ForeignKey(Table, on_delete=models.PROTECT, related_name="party_links")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["party", "table"], name="party_table_once")]

    def __str__(self) -> str:
        return f"{self.party_id} at {self.table_id}"
