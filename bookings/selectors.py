"""Reading parties and reservations: who sits where, and what Dojo and the diary search."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from bookings.models import Party, PartyTable, Reservation, ReservationStatus
from floorplan.models import Table
from pos.errors import NotFound
from pos.models import Venue


def sitting_at(table_ids: Iterable[int]) -> list[str]:
    """Who sits at these tables; a party whose bill only came back to life sits nowhere."""
    here = PartyTable.objects.filter(table__in=table_ids, party__end_time__isnull=True, party__needs_seating=False)
    return list(here.values_list("party_id", flat=True))


def tables_of(party: Party) -> list[Table]:
    """Where a party sits, its first table first."""
    return [link.table for link in party.table_links.select_related("table")]


def get_party_by_id(venue: Venue, party_id: str) -> Party:
    """A party with its tables, also when it has left. Raises NotFound."""
    found = _with_tables(Party.objects.filter(venue=venue, pk=party_id)).first()
    if found is None:
        raise NotFound("That party does not exist.")
    return found


def search_parties(venue: Venue, *, table_code: str | None = None, completed_only: bool = False) -> QuerySet[Party]:
    """Parties with their tables, newest first: those who are here, or only those who have left."""
    parties = Party.objects.filter(venue=venue, end_time__isnull=not completed_only)
    if table_code is not None:
        parties = parties.filter(table_links__table__code=table_code)
    return _with_tables(parties).order_by("-pk")


def get_reservation_by_id(venue: Venue, reservation_id: str) -> Reservation:
    """A reservation with its tables. Raises NotFound, also for a cancelled one: for whoever asks it is gone."""
    found = _bookings(venue).filter(pk=reservation_id).first()
    if found is None:
        raise NotFound("That reservation does not exist.")
    return found


def search_reservations(
    venue: Venue,
    *,
    table_code: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
) -> QuerySet[Reservation]:
    """Reservations with their tables, newest first; times select those that overlap the interval."""
    bookings = _bookings(venue)
    if from_time is not None and to_time is not None and to_time < from_time:
        # Else this would be whoever is there all the time between the two.
        return bookings.none()
    if table_code is not None:
        bookings = bookings.filter(table_links__table__code=table_code)
    if from_time is not None:
        bookings = bookings.filter(end_time__gt=from_time)
    if to_time is not None:
        bookings = bookings.filter(start_time__lt=to_time)
    return bookings.order_by("-pk")


def clashing(
    venue: Venue, tables: Sequence[Table], *, start: datetime, end: datetime, besides: str | None = None
) -> QuerySet[Reservation]:
    """Bookings of any of these tables that overlap the interval; guests who came and left are no hindrance."""
    expected = Q(status=ReservationStatus.BOOKED)
    still_here = Q(status=ReservationStatus.SEATED, parties__end_time__isnull=True, parties__isnull=False)
    return (
        Reservation.objects.filter(expected | still_here, venue=venue, table_links__table__in=tables)
        .filter(start_time__lt=end, end_time__gt=start)
        .exclude(pk=besides)
        .order_by("start_time", "pk")
        .distinct()
    )


def _bookings(venue: Venue) -> QuerySet[Reservation]:
    return (
        Reservation.objects.filter(venue=venue)
        .exclude(status=ReservationStatus.CANCELLED)
        .prefetch_related("table_links__table")
    )


def _with_tables(parties: QuerySet[Party]) -> QuerySet[Party]:
    return parties.prefetch_related("table_links__table")
