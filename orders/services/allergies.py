"""Who must not eat what: noted on a seat or on the whole party, seen by every station before its first bump."""

from collections.abc import Iterable, Sequence

from bookings.models import Party
from orders.models import ALLERGENS, AllergyAcknowledgement, Order, OrderLine, SeatAllergy
from orders.models.order_line import KITCHEN_STATES
from orders.row_locks import Held
from orders.services.lines import MOST_SEATS
from orders.services.pad import Pad, open_pad
from orders.services.targets import Target
from orders.services.tenders import refuse_if_closed
from pos import audit
from pos.errors import Conflict, InvalidRequest
from pos.events import OrderChanged, PartyChanged, StationChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import service

LONGEST_NOTE = 200
# A tab or a collection has no party to hold what is true for everybody on it.
EVERY_SEAT = 0


@service
def note_allergy(
    *, actor: Actor, target: Target, seat: int | None, allergens: Sequence[str], note: str = ""
) -> list[str]:
    """Write down what the guest on a seat (none: anybody) must not eat; stations have to see it anew.

    No allergens and no note clear it. Raises NotFound, InvalidRequest, OrderClosed, Conflict where nobody sits.
    """
    require(actor, Act.ADD)
    pad = open_pad(actor, target)
    return write_allergy(pad, seat=seat, allergens=allergens, note=note)


def write_allergy(pad: Pad, *, seat: int | None, allergens: Sequence[str], note: str) -> list[str]:
    """The step itself. Raises InvalidRequest, OrderClosed, Conflict."""
    wanted = _check(seat, allergens, note)
    note = note.strip()
    orders = _orders(pad)
    party = pad.place.party or (pad.held.party_of(orders[0]) if orders else None)
    if party is None and not orders:
        raise Conflict("Nobody is there yet. Seat them, or add a line first.")
    if party is not None and (seat is None or not orders):
        _write_on_party(party, seat, wanted, note)
        publish(PartyChanged(venue_id=pad.held.venue.pk, party_id=party.pk))
    else:
        for order in orders:
            _write_on_seat(pad, order, EVERY_SEAT if seat is None else seat, wanted, note)
    _ask_stations_again(pad, orders)
    subject = party.pk if party is not None else orders[0].pk
    audit.record(pad.actor, "note_allergy", subject, seat=seat, allergens=wanted, note=note)
    return wanted


def _check(seat: int | None, allergens: Iterable[str], note: str) -> list[str]:
    wanted = sorted(set(allergens))
    unknown = [name for name in wanted if name not in ALLERGENS]
    if unknown:
        raise InvalidRequest(f"“{unknown[0]}” is none of the 14 allergens. Write it as a note.", field="allergens")
    if seat is not None and not 1 <= seat <= MOST_SEATS:
        raise InvalidRequest(f"Seats are numbered 1 to {MOST_SEATS}.", field="seat")
    if len(note) > LONGEST_NOTE:
        raise InvalidRequest(f"A note has at most {LONGEST_NOTE} characters.", field="note")
    return wanted


def _orders(pad: Pad) -> list[Order]:
    """Every open order of the company: a guest's allergy does not end at one bill."""
    if pad.place.order is not None:
        refuse_if_closed(pad.place.order)
    return pad.place.company()


def _write_on_party(party: Party, seat: int | None, allergens: list[str], note: str) -> None:
    if seat is None:
        party.allergens = allergens
        party.allergy_note = note
    else:
        # Seats belong to orders, and there is none yet: better on everybody than forgotten.
        said = f"Seat {seat}: {', '.join(part for part in (*allergens, note) if part)}"
        party.allergens = sorted({*party.allergens, *allergens})
        party.allergy_note = "; ".join(part for part in (party.allergy_note, said) if part)[:LONGEST_NOTE]
    party.save(update_fields=["allergens", "allergy_note", "updated_at"])


def _write_on_seat(pad: Pad, order: Order, seat: int, allergens: list[str], note: str) -> None:
    if not allergens and not note:
        SeatAllergy.objects.filter(order=order, seat=seat).delete()
        return
    values = {
        "allergens": allergens,
        "note": note,
        "noted_by": pad.actor.membership,
        "noted_at": pad.held.now,
    }
    SeatAllergy.objects.update_or_create(order=order, seat=seat, defaults=values)


def keep_warnings(held: Held, order: Order, party: Party) -> None:
    """What nobody of a company may eat goes with a bill that leaves it: too much of a warning harms nobody."""
    if not party.allergens and not party.allergy_note:
        return
    there, _ = SeatAllergy.objects.get_or_create(order=order, seat=EVERY_SEAT, defaults={"noted_at": held.now})
    there.allergens = sorted({*there.allergens, *party.allergens})
    notes = dict.fromkeys(note for note in (there.note, party.allergy_note) if note)
    there.note = "; ".join(notes)[:LONGEST_NOTE]
    there.noted_at = held.now
    there.save(update_fields=["allergens", "note", "noted_at"])


def forget_who_has_seen(orders: Iterable[Order]) -> None:
    """These have other allergies than their stations said they had seen."""
    AllergyAcknowledgement.objects.filter(order__in=[order.pk for order in orders]).delete()


def _ask_stations_again(pad: Pad, orders: Sequence[Order]) -> None:
    forget_who_has_seen(orders)
    for order in orders:
        publish(OrderChanged(venue_id=pad.held.venue.pk, order_id=order.pk))
    cooking = OrderLine.objects.filter(order__in=orders, state__in=KITCHEN_STATES, station__isnull=False)
    for station_id in cooking.values_list("station", flat=True).distinct().order_by("station"):
        publish(StationChanged(venue_id=pad.held.venue.pk, station_id=station_id))
