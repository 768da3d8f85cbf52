"""Two weeks of trading before today, a day at a time: each day is one transaction, so a killed seeding goes on."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from floorplan.models import Table
from orders.demo.books import Books, Written
from orders.demo.building import SECTIONS
from orders.demo.guests import DOORS_CLOSE, Menu, day_of_visits
from orders.demo.history_rows import VisitRows
from orders.models import (
    ExceptionKind,
    Modifier,
    OrderException,
    OrderNumber,
    Payment,
    PaymentKind,
    Portion,
    TradingPeriod,
)
from orders.row_locks import period_for_update
from orders.services.vat import rates_for
from pos.events import PastOrderWritten, publish
from pos.models import AuditEntry, Membership, Till, Venue
from pos.permissions import Actor
from pos.service import service

DAYS = 14
DOORS_OPEN = time(10, 30)


def first_opening(now: datetime, zone: ZoneInfo) -> datetime:
    """When the demo's first day began, so that its last one was yesterday."""
    today = now.astimezone(zone).date()
    return datetime.combine(today - timedelta(days=DAYS), DOORS_OPEN, tzinfo=zone)


@service
def write_day(*, actor: Actor, number: int) -> TradingPeriod | None:
    """Write the demo pub's n-th day, close its period and open the next; None for a day that is written already."""
    venue = actor.venue
    period = period_for_update(venue)
    if period.number != number:
        return None
    day = _day_of(venue, number)
    visits = day_of_visits(Menu(SECTIONS), number=number, weekday=day.weekday())
    books = _open_books(venue, period, day)
    written = Written()
    numbers = OrderNumber.objects.get(venue=venue)
    random = Random(f"the kitchen, day {number}")
    for visit in visits:
        numbers.last += 1
        order = VisitRows(books, visit, written, number=numbers.last, random=random).write()
        publish(PastOrderWritten(venue_id=venue.pk, order_id=order.pk))
    written.save()
    numbers.save()
    _note_money(books, written)
    return _close(books)


def _day_of(venue: Venue, number: int) -> date:
    first = TradingPeriod.objects.get(venue=venue, number=1)
    return first.opened_at.astimezone(venue.zone).date() + timedelta(days=number - 1)


def _open_books(venue: Venue, period: TradingPeriod, day: date) -> Books:
    midnight = datetime.combine(day, time(), tzinfo=venue.zone)

    def moment(minutes: int) -> datetime:
        return (midnight + timedelta(minutes=minutes)).astimezone(UTC)

    portions = Portion.objects.filter(venue=venue).select_related(
        "product__station", "product__course", "product__vat_class"
    )
    return Books(
        venue=venue,
        period=period,
        day=day,
        till=Till.objects.filter(venue=venue).order_by("pk")[0],
        staff={row.staff.login: row for row in Membership.objects.filter(venue=venue).select_related("staff")},
        tables={table.code: table for table in Table.objects.filter(venue=venue)},
        portions={portion.plu: portion for portion in portions},
        modifiers={modifier.plu: modifier for modifier in Modifier.objects.filter(venue=venue)},
        rates=rates_for(venue, moment(DOORS_CLOSE)),
        moment=moment,
    )


def _note_money(books: Books, written: Written) -> None:
    """What the trail and the inbox said of money that went another way; written once its rows have keys."""
    notes = [
        books.entry(
            "maya",
            "refund_payment",
            row.order.pk,
            at=row.at,
            detail={"payment": row.about_id, "amount": -row.amount},
        )
        for row in written.refunds
        if row.taken_by_id
    ]
    for payment in written.payments:
        if payment.kind == PaymentKind.WALK_OUT:
            detail = {"amount": payment.amount, "reason": payment.reason}
            notes.append(books.entry("oliver", "walk_out", payment.order.pk, at=payment.at, detail=detail))
            _tell_and_settle(books, payment)
    AuditEntry.objects.bulk_create(notes)


def _tell_and_settle(books: Books, payment: Payment) -> None:
    OrderException.objects.create(
        venue=books.venue,
        kind=ExceptionKind.WALK_OUT,
        order=payment.order,
        payment=payment,
        amount=payment.amount,
        message=f"{payment.order.display_name} left without paying: {payment.reason}",
        raised_at=payment.at,
        resolved_at=payment.at + timedelta(hours=12),
        resolved_by=books.staff["maya"],
        resolution="Cameras looked at; nothing to be done",
    )


def _close(books: Books) -> TradingPeriod:
    period = books.period
    period.closed_at = books.moment(DOORS_CLOSE + 25)
    period.closed_by = books.staff["maya"]
    period.save(update_fields=["closed_at", "closed_by"])
    TradingPeriod.objects.create(venue=books.venue, number=period.number + 1, opened_at=period.closed_at)
    detail = {"finished": [], "still_open": 0}
    books.entry("maya", "close_period", f"z_{period.number}", at=period.closed_at, detail=detail).save()
    return period
