"""Parties and reservations as Dojo's bookings product states them: taken at their word, flagged where they clash.

A PUT replaces: what it leaves out is cleared, except what it cannot carry. Nothing is ever deleted here; what Dojo
deletes is over, and its rows stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.models import Party, Reservation, ReservationStatus
from bookings.row_locks import reservation_for_update
from bookings.services import parties, reservations
from bookings.services.parties import PartyDetails
from bookings.services.places import find_tables
from bookings.services.reservations import ReservationDetails
from floorplan.models import Table
from orders.models import ExceptionKind
from orders.row_locks import Held, hold_company, hold_party
from orders.services.billing import follow_party, settle
from orders.services.exceptions import tell_manager
from orders.services.leaving import drop_unsent_orders
from orders.services.reparenting import own_orders, put_on_table, ready_to_move
from orders.services.seating import adopt_orders, orders_by_covers, take_covers
from pos.errors import InvalidRequest, NotFound
from pos.models import Membership
from pos.permissions import Actor
from pos.service import retry_on_race, service

# The same party or booking told twice at once: the second finds the row of the first.
retry_on_race("party_dojo_id_unique", "reservation_dojo_id_unique")

LONGEST_ID = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDojoParty:
    """CreateParty as the contract states it."""

    dojo_party_id: str
    details: PartyDetails
    reservation_id: str | None = None
    dojo_reservation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDojoReservation:
    """CreateReservation, or what UpdateReservation puts in its place."""

    dojo_reservation_id: str
    details: ReservationDetails
    guest_requests: str = ""


@service
def create_party(*, actor: Actor, request: NewDojoParty) -> Party:
    """Guests were seated in Dojo's diary; the same Dojo party again is the same party.

    Others may sit at the table already. Guests of a booking whom a till has seated are that party. Raises
    InvalidRequest naming a table or booking that nobody knows.
    """
    _check_id(request.dojo_party_id, "dojoPartyId")
    parties.check_details(actor.venue, request.details)
    known = Party.objects.filter(venue=actor.venue, dojo_party_id=request.dojo_party_id).first()
    if known is not None:
        return known
    tables = find_tables(actor.venue, request.details.table_codes)
    booking = _booking_of(actor, request)
    held = hold_company(
        actor.venue,
        party_ids=_seated_at_a_till(booking),
        table_ids=[table.pk for table in tables],
        reservation_id=booking.pk if booking else None,
    )
    party = _same_guests(held) or Party(venue=actor.venue, waiter=_waiter(actor))
    party.dojo_party_id = request.dojo_party_id
    parties.write_details(party, request.details)
    if held.reservation is not None:
        _bring_wishes(party, held.reservation)
        parties.link_reservation(party, held.reservation)
    strangers = {pk for pk, other in held.parties.items() if other.is_here} - {party.pk}
    if party.pk not in held.parties:
        party.save(force_insert=True)
        held.parties[party.pk] = party
        parties.seat_at(party, tables)
    else:
        party.save()
        _sit(held, party, tables, actor)
    if strangers:
        follow_party(held, party)
    else:
        adopt_orders(held, party)
    return party


@service
def update_party(*, actor: Actor, party_id: str, dojo_party_id: str, details: PartyDetails) -> Party:
    """Put Dojo's words in the place of ours: who they are, where they sit, whether they have left.

    Their booking stays theirs. An end time ends the party whatever it owes, none brings it back. Raises NotFound,
    InvalidRequest naming the field, Locked when a bill would move that a card machine has.
    """
    _check_id(dojo_party_id, "dojoPartyId")
    parties.check_details(actor.venue, details)
    taken = Party.objects.filter(venue=actor.venue, dojo_party_id=dojo_party_id).exclude(pk=party_id)
    if taken.exists():
        raise InvalidRequest("That is another party's id.", field="dojoPartyId")
    sits_at = set(Table.objects.filter(venue=actor.venue, party_links__party=party_id).values_list("pk", flat=True))
    tables = find_tables(actor.venue, details.table_codes, already=sits_at)
    held = hold_company(actor.venue, party_ids=[party_id], table_ids=[table.pk for table in tables])
    party = held.parties.get(party_id)
    if party is None:
        raise NotFound("That party does not exist.")
    party.dojo_party_id = dojo_party_id
    parties.write_details(party, details)
    if details.end_time is None and (party.end_time is not None or party.needs_seating):
        parties.come_back(party, tables)
    party.save()
    if details.end_time is not None:
        # Before bills move: names are taken last (orders.services.reparenting).
        drop_unsent_orders(held, party, actor)
    _tell_bills_how_many(held, party, actor)
    _sit(held, party, tables, actor)
    if details.end_time is not None:
        parties.leave(party, details.end_time)
    follow_party(held, party)
    return party


@service
def delete_party_by_id(*, actor: Actor, party_id: str) -> Party:
    """Dojo says they are gone: taken at its word, also when a bill is open, which keeps its name. Twice is once.

    Raises NotFound.
    """
    held, party = hold_party(actor.venue, party_id)
    if party.is_here:
        drop_unsent_orders(held, party, actor)
        parties.leave(party, held.now)
    return party


@service
def create_reservation(*, actor: Actor, request: NewDojoReservation) -> Reservation:
    """Take Dojo's booking, also of a table that is promised then; the same Dojo booking again is the same one.

    Raises InvalidRequest naming the field.
    """
    _check_id(request.dojo_reservation_id, "dojoReservationId")
    reservations.check_details(request.details)
    known = Reservation.objects.filter(venue=actor.venue, dojo_reservation_id=request.dojo_reservation_id).first()
    if known is not None:
        return known
    tables = reservations.hold_places(actor.venue, request.details.table_codes)
    reservation = Reservation(venue=actor.venue)
    _write_booking(reservation, request, tables)
    return reservation


@service
def update_reservation(*, actor: Actor, reservation_id: str, request: NewDojoReservation) -> Reservation:
    """Put Dojo's words in the place of ours; how to reach the guests, and whether they came, it cannot say.

    Raises NotFound, also for a cancelled one, and InvalidRequest naming the field.
    """
    _check_id(request.dojo_reservation_id, "dojoReservationId")
    reservations.check_details(request.details)
    taken = Reservation.objects.filter(venue=actor.venue, dojo_reservation_id=request.dojo_reservation_id)
    if taken.exclude(pk=reservation_id).exists():
        raise InvalidRequest("That is another reservation's id.", field="dojoReservationId")
    here = reservations.tables_before(reservation_id)
    tables = reservations.hold_places(actor.venue, request.details.table_codes, already=here)
    reservation = reservation_for_update(actor.venue, reservation_id)
    if reservation.status == ReservationStatus.CANCELLED:
        raise NotFound("That reservation does not exist.")
    _write_booking(reservation, request, tables)
    return reservation


@service
def delete_reservation_by_id(*, actor: Actor, reservation_id: str) -> Reservation:
    """The booking is off; its row stays, and a no-show stays a no-show. Twice is once. Raises NotFound."""
    reservation = reservation_for_update(actor.venue, reservation_id)
    if reservation.status in (ReservationStatus.BOOKED, ReservationStatus.SEATED):
        reservations.put_status(reservation, ReservationStatus.CANCELLED)
    return reservation


def _check_id(dojo_id: str, field: str) -> None:
    if not 0 < len(dojo_id) <= LONGEST_ID:
        raise InvalidRequest(f"An id has 1 to {LONGEST_ID} characters.", field=field)


def _waiter(actor: Actor) -> Membership | None:
    if not actor.requester.waiter_id:
        return None
    return Membership.objects.filter(venue=actor.venue, waiter_id=actor.requester.waiter_id, is_active=True).first()


def _booking_of(actor: Actor, request: NewDojoParty) -> Reservation | None:
    ours = Reservation.objects.filter(venue=actor.venue)
    if request.reservation_id:
        found = ours.filter(pk=request.reservation_id).first()
        if found is None:
            raise InvalidRequest("There is no such reservation here.", field="reservationId")
        return found
    if request.dojo_reservation_id:
        # For reference only: we may never have been told of it.
        return ours.filter(dojo_reservation_id=request.dojo_reservation_id).first()
    return None


def _seated_at_a_till(booking: Reservation | None) -> list[str]:
    if booking is None:
        return []
    here = Party.objects.filter(reservation=booking, end_time__isnull=True, dojo_party_id__isnull=True)
    return list(here.order_by("pk").values_list("pk", flat=True)[:1])


def _same_guests(held: Held) -> Party | None:
    """The host tapped Seat in the diary, the waiter at the till: these are not eight guests but four."""
    if held.reservation is None:
        return None
    for party in held.parties.values():
        if party.reservation_id == held.reservation.pk and party.is_here and party.dojo_party_id is None:
            return party
    return None


def _bring_wishes(party: Party, booking: Reservation) -> None:
    """What the booking knew and the party leaves out must still reach the kitchen."""
    party.name = party.name or booking.name
    party.covers = party.covers or booking.covers
    party.guest_requests = party.guest_requests or booking.guest_requests
    party.host_notes = party.host_notes or booking.host_notes
    party.expected_end_time = party.expected_end_time or booking.end_time


def _sit(held: Held, party: Party, tables: Sequence[Table], actor: Actor) -> None:
    """Where Dojo says they sit, their bills go too. Raises Locked."""
    parties.seat_at(party, tables)
    at = {table.pk for table in tables}
    for order in own_orders(held, party):
        if order.is_open and order.table_id not in at:
            put_on_table(held, ready_to_move(held, order, actor), tables[0])


def _tell_bills_how_many(held: Held, party: Party, actor: Actor) -> None:
    if party.covers is None:
        return
    for order in orders_by_covers(held, party):
        before = order.covers
        if take_covers(held, order, party.covers) and held.lease_on(order) is not None:
            # The sum that a card machine has read stays what it is.
            order.covers = before
        elif before != party.covers:
            settle(held, order, actor)


def _write_booking(reservation: Reservation, request: NewDojoReservation, tables: Sequence[Table]) -> None:
    reservation.dojo_reservation_id = request.dojo_reservation_id
    reservations.write_details(reservation, request.details)
    reservation.guest_requests = request.guest_requests
    other = None
    if reservation.status == ReservationStatus.BOOKED:
        other = reservations.promised_to(reservation, tables)
        if other is not None and not reservation.overlaps:
            _tell_of_overlap(reservation, other)
        reservation.overlaps = other is not None
    reservations.save_at(reservation, tables)


def _tell_of_overlap(reservation: Reservation, other: Reservation) -> None:
    begins = reservation.start_time.astimezone(reservation.venue.zone)
    tell_manager(
        reservation.venue,
        ExceptionKind.RESERVATION_OVERLAP,
        f"{reservation.name} is booked for {begins:%d %B, %H:%M} at a table that {other.name} has then.",
        subject=reservation.dojo_reservation_id or "",
        other=other.pk,
    )
