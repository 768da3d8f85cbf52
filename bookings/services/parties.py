"""Private steps on parties: who they are, where they sit, when they go. What they owe is the business of orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.models import Party, PartyStatus, PartyTable, Reservation, ReservationStatus
from bookings.selectors import sitting_at
from floorplan.models import Table
from pos.errors import Conflict, InvalidRequest
from pos.events import PartyChanged, ReservationChanged, publish
from pos.models import Venue

LARGEST_PARTY = 999
LONGEST_NAME = 120
LONGEST_STATUS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """What guests paid before they came."""

    amount: int
    currency: str
    description: str = ""
    intent_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyDetails:
    """A party as Dojo states it, wholly: what is left out is not there, or not there any more."""

    start_time: datetime
    table_codes: tuple[str, ...]
    status: str = PartyStatus.SEATED
    name: str = ""
    covers: int | None = None
    expected_end_time: datetime | None = None
    end_time: datetime | None = None
    host_notes: str = ""
    guest_requests: str = ""
    deposit: Deposit | None = None


def check_covers(covers: int | None) -> int | None:
    """Raises InvalidRequest."""
    if covers is not None and not 1 <= covers <= LARGEST_PARTY:
        raise InvalidRequest(f"A party is 1 to {LARGEST_PARTY} guests.", field="covers")
    return covers


def check_details(venue: Venue, details: PartyDetails) -> None:
    """Raises InvalidRequest naming the field as Dojo does."""
    check_covers(details.covers)
    if not details.table_codes:
        raise InvalidRequest("A party sits at one table at least.", field="tableIds")
    if not details.status.strip():
        raise InvalidRequest("A status says something.", field="status")
    if details.deposit is None:
        return
    if details.deposit.amount < 0:
        raise InvalidRequest("A deposit cannot be negative.", field="deposit.totalAmount.value")
    if details.deposit.currency != venue.currency:
        raise InvalidRequest(f"This venue trades in {venue.currency}.", field="deposit.totalAmount.currencyCode")


def write_details(party: Party, details: PartyDetails) -> None:
    """Put what Dojo states on a party; where it sits and whether it has left are steps of their own."""
    party.name = details.name.strip()[:LONGEST_NAME]
    party.covers = details.covers
    party.start_time = details.start_time
    party.expected_end_time = details.expected_end_time
    party.host_notes = details.host_notes
    party.guest_requests = details.guest_requests
    write_status(party, details.status)
    deposit = details.deposit
    party.deposit_amount = deposit.amount if deposit else None
    party.deposit_description = deposit.description[:200] if deposit else ""
    party.deposit_intent_ids = list(deposit.intent_ids) if deposit else []


def write_status(party: Party, words: str) -> None:
    """Own words stay until others are written; one of ours goes on moving by itself."""
    party.status = words.strip()[:LONGEST_STATUS].rstrip()
    party.status_is_written = party.status not in PartyStatus.values


def seat_at(party: Party, tables: Sequence[Table]) -> None:
    """Say where a party sits, its first table first. The caller holds the tables that are new."""
    party.table_links.exclude(table__in=tables).delete()
    PartyTable.objects.bulk_create(
        [PartyTable(party=party, table=table, position=position) for position, table in enumerate(tables)],
        update_conflicts=True,
        unique_fields=["party", "table"],
        update_fields=["position"],
    )


def refuse_taken(tables: Iterable[Table], *, besides: Party | None = None) -> None:
    """Two tills may seat one free table at the same moment. Raises Conflict for the second, naming the table."""
    for table in tables:
        others = set(sitting_at([table.pk])) - {besides.pk if besides else None}
        if others:
            party = Party.objects.get(pk=min(others))
            raise Conflict(f"{table} is taken: {party} sits there.", table=table.code, party=party.pk)


def take_reservation(party: Party, reservation: Reservation) -> None:
    """The guests are here: the party is theirs, with all we know of them. Raises Conflict when it is too late."""
    if reservation.status not in (ReservationStatus.BOOKED, ReservationStatus.NO_SHOW):
        words = reservation.get_status_display().lower()
        raise Conflict(f"The reservation of {reservation} is {words} already.", reservation=reservation.pk)
    link_reservation(party, reservation)
    party.name = party.name or reservation.name
    party.covers = party.covers or reservation.covers
    party.guest_requests = reservation.guest_requests
    party.host_notes = reservation.host_notes
    party.expected_end_time = reservation.end_time


def link_reservation(party: Party, reservation: Reservation) -> None:
    """Mark a reservation as the one that this party came for; the caller holds it and saves the party."""
    party.reservation = reservation
    if reservation.status != ReservationStatus.SEATED:
        reservation.status = ReservationStatus.SEATED
        reservation.save(update_fields=["status", "updated_at"])
        publish(ReservationChanged(venue_id=reservation.venue_id, reservation_id=reservation.pk))


def leave(party: Party, at: datetime) -> None:
    """The guests are gone; the party keeps its tables as where it sat."""
    party.end_time = at
    party.needs_seating = False
    if not party.status_is_written:
        party.status = PartyStatus.LEFT
    party.save(update_fields=["end_time", "needs_seating", "status", "updated_at"])
    publish(PartyChanged(venue_id=party.venue_id, party_id=party.pk))


def come_back(party: Party, tables: Sequence[Table]) -> None:
    """They had not left after all; if others got their table meanwhile, they need another. The caller saves."""
    others = set(sitting_at([table.pk for table in tables])) - {party.pk}
    party.end_time = None
    party.needs_seating = bool(others)
