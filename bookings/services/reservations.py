"""Bookings of staff, and the private steps of any booking: taken, changed, given up, waited for in vain.

A table is promised once: staff are refused a second booking of it unless they ask for that by name.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.models import Reservation, ReservationStatus, ReservationTable
from bookings.row_locks import reservation_for_update
from bookings.selectors import clashing
from bookings.services.parties import LONGEST_NAME, check_covers
from bookings.services.places import find_tables
from floorplan.models import Table
from floorplan.row_locks import tables_for_update
from pos import audit
from pos.errors import Conflict, InvalidRequest
from pos.events import ReservationChanged, publish
from pos.models import Venue
from pos.permissions import Act, Actor, require
from pos.service import service


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationDetails:
    """A booking, wholly: who, how many, when and where; no table is one still to be found."""

    name: str
    covers: int
    start_time: datetime
    end_time: datetime
    table_codes: tuple[str, ...] = ()
    host_notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach whoever booked; Dojo keeps that to itself."""

    phone: str = ""
    email: str = ""


@service
def book(*, actor: Actor, details: ReservationDetails, contact: Contact) -> Reservation:
    """Take a booking. Raises InvalidRequest, Conflict naming the booking that has the table then."""
    reservation, tables = _new_booking(actor, details, contact)
    refuse_promised(reservation, tables)
    return _promise(actor, reservation, tables, "book")


@service
def book_over_another(*, actor: Actor, details: ReservationDetails, contact: Contact) -> Reservation:
    """Take a booking although another has the table then; both are told apart by a flag. Raises InvalidRequest."""
    reservation, tables = _new_booking(actor, details, contact)
    return _promise(actor, reservation, tables, "book")


@service
def change_booking(*, actor: Actor, reservation_id: str, details: ReservationDetails, contact: Contact) -> Reservation:
    """Change a booking that is still expected; what the guests asked for themselves stays as they wrote it.

    Raises NotFound, InvalidRequest, Conflict when it is over or another has the table then.
    """
    reservation, tables = _changed_booking(actor, reservation_id, details, contact)
    refuse_promised(reservation, tables)
    return _promise(actor, reservation, tables, "change_booking")


@service
def change_booking_over_another(
    *, actor: Actor, reservation_id: str, details: ReservationDetails, contact: Contact
) -> Reservation:
    """The same although another booking has the table then. Raises NotFound, InvalidRequest, Conflict."""
    reservation, tables = _changed_booking(actor, reservation_id, details, contact)
    return _promise(actor, reservation, tables, "change_booking")


@service
def cancel_booking(*, actor: Actor, reservation_id: str) -> Reservation:
    """The guests called: they are not coming. Kept, not deleted; cancelling twice is once.

    Raises NotFound, Conflict when they sit here already.
    """
    require(actor, Act.OPEN, subject=reservation_id)
    reservation = reservation_for_update(actor.venue, reservation_id)
    if reservation.status == ReservationStatus.CANCELLED:
        return reservation
    refuse_unless(reservation, ReservationStatus.BOOKED, ReservationStatus.NO_SHOW)
    put_status(reservation, ReservationStatus.CANCELLED)
    audit.record(actor, "cancel_booking", reservation.pk)
    return reservation


@service
def mark_no_show(*, actor: Actor, reservation_id: str) -> Reservation:
    """They never came; who comes late after all is seated all the same.

    Raises NotFound, Conflict when they came or cancelled, NotPermitted or ApprovalRequired.
    """
    reservation = reservation_for_update(actor.venue, reservation_id)
    if reservation.status == ReservationStatus.NO_SHOW:
        return reservation
    refuse_unless(reservation, ReservationStatus.BOOKED)
    approval = require(actor, Act.NO_SHOW, subject=reservation.pk)
    put_status(reservation, ReservationStatus.NO_SHOW)
    audit.record(actor, "no_show", reservation.pk, approval=approval)
    return reservation


@service
def expect_again(*, actor: Actor, reservation_id: str) -> Reservation:
    """Take back a cancellation or a no-show. Raises NotFound, Conflict when they came, or the table is promised now."""
    require(actor, Act.OPEN, subject=reservation_id)
    tables = list(Table.objects.filter(reservation_links__reservation=reservation_id, venue=actor.venue))
    tables_for_update(actor.venue, [table.pk for table in tables])
    reservation = reservation_for_update(actor.venue, reservation_id)
    if reservation.status == ReservationStatus.BOOKED:
        return reservation
    refuse_unless(reservation, ReservationStatus.CANCELLED, ReservationStatus.NO_SHOW)
    refuse_promised(reservation, tables)
    put_status(reservation, ReservationStatus.BOOKED)
    audit.record(actor, "expect_again", reservation.pk)
    return reservation


# --- private steps, also of Dojo's bookings --------------------------------------------------------------------------


def check_details(details: ReservationDetails) -> None:
    """Raises InvalidRequest naming the field as Dojo does."""
    if not details.name.strip():
        raise InvalidRequest("Who is coming?", field="name")
    check_covers(details.covers)
    if details.end_time <= details.start_time:
        raise InvalidRequest("A booking ends after it begins.", field="endTime")


def hold_places(venue: Venue, codes: Sequence[str], *, already: Collection[int] = ()) -> list[Table]:
    """Lock tables, so that one at a time promises them. Raises InvalidRequest naming the code that nobody knows."""
    tables = find_tables(venue, codes, already=already)
    tables_for_update(venue, [table.pk for table in tables])
    return tables


def tables_before(reservation_id: str) -> set[int]:
    """Where a booking is now: it may stay at a table that nobody else may have any more."""
    return set(ReservationTable.objects.filter(reservation=reservation_id).values_list("table_id", flat=True))


def write_details(reservation: Reservation, details: ReservationDetails) -> None:
    """Put on a booking what everybody may say of it. The caller saves."""
    reservation.name = details.name.strip()[:LONGEST_NAME]
    reservation.covers = details.covers
    reservation.start_time = details.start_time
    reservation.end_time = details.end_time
    reservation.host_notes = details.host_notes


def save_at(reservation: Reservation, tables: Sequence[Table]) -> None:
    """Save a booking with its tables, the first one first, and tell. The caller holds the tables."""
    reservation.save()
    reservation.table_links.exclude(table__in=tables).delete()
    ReservationTable.objects.bulk_create(
        [
            ReservationTable(reservation=reservation, table=table, position=position)
            for position, table in enumerate(tables)
        ],
        update_conflicts=True,
        unique_fields=["reservation", "table"],
        update_fields=["position"],
    )
    publish(ReservationChanged(venue_id=reservation.venue_id, reservation_id=reservation.pk))


def put_status(reservation: Reservation, status: ReservationStatus) -> None:
    reservation.status = status
    reservation.save(update_fields=["status", "updated_at"])
    publish(ReservationChanged(venue_id=reservation.venue_id, reservation_id=reservation.pk))


def promised_to(reservation: Reservation, tables: Sequence[Table]) -> Reservation | None:
    """The first booking that has one of these held tables at that time."""
    return clashing(
        reservation.venue, tables, start=reservation.start_time, end=reservation.end_time, besides=reservation.pk
    ).first()


def refuse_promised(reservation: Reservation, tables: Sequence[Table]) -> None:
    """Raises Conflict naming the booking."""
    other = promised_to(reservation, tables)
    if other is not None:
        zone = reservation.venue.zone
        begins, ends = other.start_time.astimezone(zone), other.end_time.astimezone(zone)
        raise Conflict(f"{other.name} has booked there from {begins:%H:%M} to {ends:%H:%M}.", reservation=other.pk)


def refuse_unless(reservation: Reservation, *statuses: ReservationStatus) -> None:
    """Raises Conflict."""
    if reservation.status not in statuses:
        words = reservation.get_status_display().lower()
        raise Conflict(f"The reservation of {reservation} is {words} already.", reservation=reservation.pk)


def _new_booking(actor: Actor, details: ReservationDetails, contact: Contact) -> tuple[Reservation, list[Table]]:
    require(actor, Act.OPEN)
    check_details(details)
    tables = hold_places(actor.venue, details.table_codes)
    reservation = Reservation(venue=actor.venue)
    _write(reservation, details, contact)
    return reservation, tables


def _changed_booking(
    actor: Actor, reservation_id: str, details: ReservationDetails, contact: Contact
) -> tuple[Reservation, list[Table]]:
    require(actor, Act.OPEN, subject=reservation_id)
    check_details(details)
    tables = hold_places(actor.venue, details.table_codes, already=tables_before(reservation_id))
    reservation = reservation_for_update(actor.venue, reservation_id)
    refuse_unless(reservation, ReservationStatus.BOOKED)
    _write(reservation, details, contact)
    return reservation, tables


def _write(reservation: Reservation, details: ReservationDetails, contact: Contact) -> None:
    write_details(reservation, details)
    reservation.phone = contact.phone.strip()[:50]
    reservation.email = contact.email.strip()[:254]


def _promise(actor: Actor, reservation: Reservation, tables: Sequence[Table], act: str) -> Reservation:
    reservation.overlaps = promised_to(reservation, tables) is not None
    save_at(reservation, tables)
    audit.record(actor, act, reservation.pk, overlaps=reservation.overlaps)
    return reservation
