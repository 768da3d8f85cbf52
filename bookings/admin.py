"""Reservations, as the back office sees them; the diary is where they are made and moved."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from bookings.models import Reservation, ReservationStatus
from bookings.services.reservations import cancel_booking, expect_again, mark_no_show
from pos.back_office.acts import ActingAdmin, ManagerAct
from pos.back_office.venue_admin import Place
from pos.permissions import Act, Actor


def _cancel(actor: Actor, row: Reservation) -> None:
    cancel_booking(actor=actor, reservation_id=row.pk)


def _no_show(actor: Actor, row: Reservation) -> None:
    mark_no_show(actor=actor, reservation_id=row.pk)


def _expect(actor: Actor, row: Reservation) -> None:
    expect_again(actor=actor, reservation_id=row.pk)


_EXPECTED = (ReservationStatus.BOOKED,)
_OVER = (ReservationStatus.CANCELLED, ReservationStatus.NO_SHOW)


@admin.register(Reservation)
class ReservationAdmin(ActingAdmin):
    """Who is expected, who came, who did not."""

    place = Place("Today", 7, "event", "Reservations")
    fields = (
        ("name", "covers"), ("start_time", "end_time"), ("seats", "status"), ("phone", "email"),
        ("host_notes", "guest_requests"), ("overlaps", "dojo_reservation_id"), ("id", "created_at"),
    )  # fmt: skip
    readonly_fields = ("seats",)
    list_display = ("name", "covers", "start_time", "end_time", "seats", "state", "overlaps")
    list_filter = ("status", "overlaps")
    search_fields = ("name", "phone", "email", "=dojo_reservation_id", "=id")
    ordering = ("-start_time",)
    acts = (
        ManagerAct("cancel", "Cancel", Act.OPEN, _cancel, "cancelled.",
                   fits=lambda row: row.status in _EXPECTED, icon="close"),
        ManagerAct("no_show", "No-show", Act.NO_SHOW, _no_show, "marked as a no-show.",
                   fits=lambda row: row.status in _EXPECTED, icon="person_off"),
        ManagerAct("expect", "Expect again", Act.OPEN, _expect, "expected again.",
                   fits=lambda row: row.status in _OVER, icon="undo"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Reservation]":
        rows: QuerySet[Reservation] = super().get_queryset(request).prefetch_related("table_links__table")
        return rows

    @display(description="Tables")
    def seats(self, row: Reservation) -> str:
        return ", ".join(link.table.name for link in row.table_links.all())

    @display(
        description="Status",
        ordering="status",
        label={"Booked": "info", "Seated": "success", "No-show": "danger", "Cancelled": "warning"},
    )
    def state(self, row: Reservation) -> str:
        return str(row.get_status_display())
