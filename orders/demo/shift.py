"""The people on shift, doing what they would do on their tills; all of it through the services that tills call."""

from collections.abc import Sequence

from bookings.models import Reservation, ReservationStatus
from floorplan.models import Table
from orders.demo.passing import let_time_pass
from orders.models import Course, LineState, Order, OrderLine, PaymentKind
from orders.models.order_line import KITCHEN_STATES
from orders.services.closing import get_order_bill_by_id
from orders.services.kitchen import acknowledge_allergies, acknowledge_lines, move_lines
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.seating import seat_party
from orders.services.sending import fire_course, send
from orders.services.targets import OfParty, OnOrder, Target
from orders.services.tenders import take_payment
from pos.models import Membership, Till, Venue
from pos.permissions import Actor


def line(
    plu: str, quantity: int = 1, *choices: str, parts: Sequence[str] = (), seats: Sequence[int] = (), note: str = ""
) -> NewLine:
    """A line as a waiter taps it in; choices are modifiers by PLU, parts those of a combo."""
    return NewLine(
        plu=plu,
        quantity=quantity,
        modifiers=tuple(map(Choice, choices)),
        sub_items=tuple(ChosenPart(plu=part) for part in parts),
        seats=tuple(seats),
        note=note,
    )


class Shift:
    """Who works today and where; each act is one call of a service, by the person who does it."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        till = Till.objects.filter(venue=venue).order_by("pk")[0]
        people = Membership.objects.filter(venue=venue).select_related("staff", "venue")
        self.people = {person.staff.login: Actor.staff(person, till) for person in people}
        self.tables = {table.code: table.pk for table in Table.objects.filter(venue=venue)}
        self.courses = {course.name: course.pk for course in Course.objects.filter(venue=venue)}

    @property
    def dojo(self) -> Actor:
        return Actor.dojo(self.venue)

    def seat(self, waiter: str, codes: Sequence[str], covers: int, *, booked_by: str = "") -> str:
        """Seat guests, perhaps those who booked under that name; says which party they are."""
        booked = Reservation.objects.filter(venue=self.venue, status=ReservationStatus.BOOKED, name=booked_by)
        party = seat_party(
            actor=self.people[waiter],
            table_ids=[self.tables[code] for code in codes],
            covers=covers,
            reservation_id=booked.values_list("pk", flat=True).first() if booked_by else None,
        )
        return party.pk

    def add(self, waiter: str, target: Target, *lines: NewLine) -> str:
        """Put lines on; says on which order they are."""
        added = add_lines(actor=self.people[waiter], target=target, lines=lines)
        return added[0].order_id

    def take(self, waiter: str, party_id: str, *lines: NewLine) -> str:
        """Take a party's order and send it."""
        order_id = self.add(waiter, OfParty(party_id), *lines)
        self.send(waiter, order_id)
        return order_id

    def send(self, waiter: str, order_id: str) -> None:
        send(actor=self.people[waiter], order_id=order_id)

    def another_round(self, waiter: str, order_id: str, *lines: NewLine) -> None:
        self.add(waiter, OnOrder(order_id), *lines)
        self.send(waiter, order_id)

    def fire(self, waiter: str, order_id: str, course: str) -> None:
        fire_course(actor=self.people[waiter], order_id=order_id, course_id=self.courses[course])

    # --- stations -----------------------------------------------------------------------------------------------------

    def cook(self, order_id: str, course: str, state: LineState) -> None:
        """Let the stations take a course of an order so far: on their screens, started, plated, at the table."""
        cook = self.people["oliver"]
        rows = OrderLine.objects.filter(order=order_id, course=self.courses[course], state__in=KITCHEN_STATES)
        if state != LineState.SENT:
            move_lines(actor=cook, line_ids=list(rows.values_list("pk", flat=True)), state=state)
            return
        for station_id in sorted(set(rows.values_list("station", flat=True))):
            line_ids = list(rows.filter(station=station_id).values_list("pk", flat=True))
            acknowledge_lines(actor=cook, station_id=station_id, line_ids=line_ids)

    def see_allergies(self, order_id: str) -> None:
        """Every station of an order says that it has read what its guests must not eat."""
        rows = OrderLine.objects.filter(order=order_id, station__isnull=False)
        for station_id in sorted(set(rows.values_list("station", flat=True))):
            acknowledge_allergies(actor=self.people["oliver"], order_id=order_id, station_id=station_id)

    # --- time and money -----------------------------------------------------------------------------------------------

    def wait(self, minutes: int, *, party: str = "", order: str = "") -> None:
        let_time_pass(actor=Actor.system(self.venue), minutes=minutes, party_id=party, order_id=order)

    def card(self, order_id: str, intent_id: str, *, part: int = 1, tips: int = 0) -> None:
        """A guest pays on a card machine: all that is owed, or one of so many equal parts."""
        order = Order.objects.get(pk=order_id)
        record_order_payment_by_id(
            actor=self.dojo,
            order_id=order_id,
            payment_intent_id=intent_id,
            paid_amount=order.outstanding // part,
            currency=order.currency,
            tips_amount=tips,
        )

    def cash(self, waiter: str, order_id: str) -> None:
        """A guest pays all that is owed with the smallest note that covers it."""
        owed = Order.objects.get(pk=order_id).outstanding
        note = next(note for note in (1000, 2000, 5000, 10_000, 50_000) if note >= owed)
        take_payment(actor=self.people[waiter], order_id=order_id, kind=PaymentKind.CASH, amount=owed, tendered=note)

    def print_bill(self, waiter: str, order_id: str) -> None:
        get_order_bill_by_id(actor=self.people[waiter], order_id=order_id)
