"""Who has booked at the demo pub: for today around the moment of seeding, and for the days after."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from bookings.models import Reservation
from bookings.services.reservations import Contact, ReservationDetails, book, mark_no_show
from orders.demo.shift import Shift
from orders.services.dojo_bookings import NewDojoReservation, create_reservation

# The line of telephone numbers that is reserved for stories.
_PHONE = "01632 960 4{:02d}"
_STAY = timedelta(minutes=105)


class Booking(NamedTuple):
    """One booking; what guests wrote themselves came by Dojo, the rest by telephone."""

    name: str
    covers: int
    tables: tuple[str, ...]
    starts: int
    """Minutes from the last full quarter of an hour."""
    wishes: str = ""
    notes: str = ""
    never_came: bool = False


class Ahead(NamedTuple):
    """A booking for another day."""

    name: str
    covers: int
    tables: tuple[str, ...]
    days: int
    at: time
    wishes: str = ""


TODAY = (
    Booking("Mia", 2, ("t1",), -90, never_came=True),
    Booking("Grace", 6, ("t9",), -75, notes="Birthday, the cake is in the cold room"),
    Booking("Omar", 7, ("t5",), -30, wishes="One of us has coeliac disease and cannot have any gluten."),
    Booking("Hannah", 4, ("t7",), 30, wishes="Severe nut allergy: please tell the kitchen."),
    Booking("Luca", 2, ("t1",), 45, notes="By the window, as always"),
    Booking("Aisha", 4, ("t23",), 60, wishes="We bring a pram."),
    Booking("George", 6, ("t26",), 90),
    Booking("Nadia", 2, ("t27",), 90, wishes="Anniversary! No shellfish for me, I am allergic."),
    Booking("Peter", 3, ("b6",), 105, notes="Dog"),
    Booking("Chloe", 4, ("t4",), 120, wishes="High chair, please"),
    Booking("Ben", 8, ("t5",), 150, notes="Deposit asked for"),
    Booking("Ines", 4, ("t11",), 165),
)

AHEAD = (
    Ahead("Harriet", 4, ("t3",), 1, time(12, 30)),
    Ahead("Yusuf", 5, ("t12",), 1, time(19, 0), "One vegan, one lactose intolerant"),
    Ahead("Tess", 2, ("t2",), 1, time(20, 0)),
    Ahead("Rowan", 10, ("t9", "t10"), 2, time(18, 30), "Leaving do: is there a quieter corner?"),
    Ahead("Ivy", 2, ("t24",), 3, time(13, 0)),
    Ahead("Marcus", 6, ("b4",), 5, time(19, 30)),
)


def write_diary(shift: Shift, *, now: datetime) -> int:
    """Write what is missing; says how many bookings that were."""
    zone = shift.venue.zone
    quarter = now - timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
    written = 0
    for booking in TODAY:
        starts = quarter + timedelta(minutes=booking.starts)
        reservation = _book(shift, booking.name, booking.covers, booking.tables, starts, booking.wishes, booking.notes)
        if reservation is not None and booking.never_came:
            mark_no_show(actor=shift.people["priya"], reservation_id=reservation.pk)
        written += reservation is not None
    for ahead in AHEAD:
        starts = datetime.combine(now.astimezone(zone).date() + timedelta(days=ahead.days), ahead.at, tzinfo=zone)
        reservation = _book(shift, ahead.name, ahead.covers, ahead.tables, starts, ahead.wishes, "")
        written += reservation is not None
    return written


def _book(
    shift: Shift, name: str, covers: int, tables: tuple[str, ...], starts: datetime, wishes: str, notes: str
) -> Reservation | None:
    if Reservation.objects.filter(venue=shift.venue, name=name, table_links__table__code=tables[0]).exists():
        return None
    details = ReservationDetails(
        name=name, covers=covers, start_time=starts, end_time=starts + _STAY, table_codes=tables, host_notes=notes
    )
    if not wishes:
        contact = Contact(phone=_PHONE.format(len(name) * 7 % 100))
        return book(actor=shift.people["priya"], details=details, contact=contact)
    request = NewDojoReservation(dojo_reservation_id=f"demo-{name.lower()}", details=details, guest_requests=wishes)
    return create_reservation(actor=shift.dojo, request=request)
