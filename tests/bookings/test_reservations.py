"""Bookings of staff: a table is promised once, and what became of a booking is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bookings.models import Reservation, ReservationStatus
from bookings.services.reservations import (
    Contact,
    ReservationDetails,
    book,
    book_over_another,
    cancel_booking,
    change_booking,
    change_booking_over_another,
    expect_again,
    mark_no_show,
)
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, NotFound
from pos.models import AuditEntry
from pos.permissions import Act, Actor
from tests.factories import ApprovalFactory, PartyFactory, ReservationFactory, ReservationTableFactory, a_venue

pytestmark = pytest.mark.django_db(transaction=True)

SEVEN = datetime(2031, 7, 4, 18, 0, tzinfo=UTC)
"""Seven in the evening, in London's summer."""


@pytest.fixture
def shop():
    return a_venue()


def at(start=SEVEN, hours=2, tables=("t4",), **fields):
    details = ReservationDetails(
        name="Sasha", covers=3, start_time=start, end_time=start + timedelta(hours=hours), table_codes=tables
    )
    return replace(details, **fields)


def booked(shop, details=None, **contact):
    return book(actor=shop.by_waiter, details=details or at(), contact=Contact(**contact))


def codes(reservation):
    return [link.table.code for link in reservation.table_links.select_related("table")]


def test_a_booking_is_kept_with_its_tables_and_how_to_reach_the_guests(shop):
    # when
    reservation = booked(shop, at(tables=("t6", "t5"), host_notes="Birthday"), phone=" 020 7946 0000 ")

    # then
    reservation.refresh_from_db()
    assert (reservation.name, reservation.covers, reservation.start_time) == ("Sasha", 3, SEVEN)
    assert (reservation.host_notes, reservation.phone) == ("Birthday", "020 7946 0000")
    assert (reservation.status, reservation.overlaps) == (ReservationStatus.BOOKED, False)
    assert codes(reservation) == ["t6", "t5"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "  "}, "name"),
        ({"covers": 0}, "covers"),
        ({"end_time": SEVEN}, "endTime"),
        ({"table_codes": ("t4", "nowhere")}, "tableIds[1]"),
    ],
)
def test_a_booking_that_makes_no_sense_is_refused_by_field(shop, fields, field):
    # when
    with pytest.raises(InvalidRequest) as caught:
        booked(shop, at(**fields))

    # then
    assert caught.value.field == field
    assert Reservation.objects.count() == 0


@pytest.mark.parametrize(
    ("start", "hours", "tables", "fits"),
    [
        (SEVEN, 2, ("t4",), False),
        (SEVEN + timedelta(minutes=119), 1, ("t3", "t4"), False),
        (SEVEN - timedelta(hours=3), 8, ("t4",), False),
        (SEVEN + timedelta(hours=2), 2, ("t4",), True),
        (SEVEN - timedelta(hours=2), 2, ("t4",), True),
        (SEVEN, 2, ("t3",), True),
        (SEVEN, 2, (), True),
    ],
)
def test_a_table_is_promised_once_at_a_time(shop, start, hours, tables, fits):
    # given
    booked(shop)

    # when
    try:
        booked(shop, at(start, hours, tables))
        refused = ""
    except Conflict as error:
        refused = error.message

    # then
    assert refused == ("" if fits else "Sasha has booked there from 19:00 to 21:00.")
    assert Reservation.objects.count() == (2 if fits else 1)


@pytest.mark.parametrize("status", [ReservationStatus.CANCELLED, ReservationStatus.NO_SHOW])
def test_who_does_not_come_holds_no_table(shop, status):
    # given
    booked(shop)
    Reservation.objects.update(status=status)

    # when
    reservation = booked(shop)

    # then
    assert not reservation.overlaps


def test_guests_who_came_hold_their_table_until_they_leave(shop):
    # given
    first = booked(shop)
    Reservation.objects.update(status=ReservationStatus.SEATED)
    party = PartyFactory(venue=shop.venue, reservation=first, at=[shop.tables["t4"]])

    # when
    with pytest.raises(Conflict):
        booked(shop)
    party.end_time = timezone.now()
    party.save()
    booked(shop)

    # then
    assert Reservation.objects.count() == 2


def test_who_asks_for_a_second_booking_gets_it_with_a_flag(shop):
    # given
    first = booked(shop)

    # when
    second = book_over_another(actor=shop.by_waiter, details=at(name="Kim"), contact=Contact())

    # then
    first.refresh_from_db()
    assert (first.overlaps, second.overlaps) == (False, True)
    assert AuditEntry.objects.get(act="book", subject=second.pk).detail == {"overlaps": True}


def test_a_change_replaces_all_but_the_guests_own_words(shop):
    # given
    reservation = booked(shop, phone="1")
    Reservation.objects.update(guest_requests="No nuts")

    # when
    change_booking(
        actor=shop.by_waiter,
        reservation_id=reservation.pk,
        details=at(SEVEN + timedelta(hours=1), tables=("t4", "t5"), covers=5),
        contact=Contact(email="sasha@example.com"),
    )

    # then
    reservation.refresh_from_db()
    assert (reservation.covers, reservation.start_time) == (5, SEVEN + timedelta(hours=1))
    assert (reservation.phone, reservation.email, reservation.guest_requests) == ("", "sasha@example.com", "No nuts")
    assert codes(reservation) == ["t4", "t5"]


def test_a_change_onto_a_promised_table_is_refused_unless_asked_for(shop):
    # given
    booked(shop)
    other = booked(shop, at(tables=("t5",), name="Kim"))

    # when
    with pytest.raises(Conflict, match="Sasha has booked there"):
        change_booking(actor=shop.by_waiter, reservation_id=other.pk, details=at(covers=9), contact=Contact())

    # then
    other.refresh_from_db()
    assert (codes(other), other.covers, other.overlaps) == (["t5"], 3, False)

    # when
    change_booking_over_another(
        actor=shop.by_waiter, reservation_id=other.pk, details=at(name="Kim"), contact=Contact()
    )
    # then
    other.refresh_from_db()
    assert (codes(other), other.overlaps) == (["t4"], True)

    # when: it goes back to where nobody else is
    change_booking(actor=shop.by_waiter, reservation_id=other.pk, details=at(tables=("t5",)), contact=Contact())

    # then
    other.refresh_from_db()
    assert not other.overlaps


def test_a_booking_that_is_over_is_not_changed(shop):
    # given
    reservation = booked(shop)
    Reservation.objects.update(status=ReservationStatus.SEATED)

    # when / then
    with pytest.raises(Conflict, match="seated already"):
        change_booking(actor=shop.by_waiter, reservation_id=reservation.pk, details=at(covers=9), contact=Contact())
    with pytest.raises(Conflict, match="seated already"):
        cancel_booking(actor=shop.by_waiter, reservation_id=reservation.pk)
    reservation.refresh_from_db()
    assert (reservation.covers, reservation.status) == (3, ReservationStatus.SEATED)


def test_a_booking_at_a_table_that_went_out_of_use_may_stay_there(shop):
    # given
    reservation = booked(shop)
    shop.tables["t4"].is_active = False
    shop.tables["t4"].save()

    # when
    change_booking(actor=shop.by_waiter, reservation_id=reservation.pk, details=at(covers=4), contact=Contact())
    with pytest.raises(InvalidRequest):
        booked(shop, at(SEVEN + timedelta(days=1)))

    # then
    reservation.refresh_from_db()
    assert (reservation.covers, codes(reservation)) == (4, ["t4"])


def test_a_cancellation_is_kept_and_can_be_taken_back(shop):
    # given
    reservation = booked(shop)

    # when
    cancel_booking(actor=shop.by_waiter, reservation_id=reservation.pk)
    cancel_booking(actor=shop.by_waiter, reservation_id=reservation.pk)

    # then
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED
    assert AuditEntry.objects.filter(act="cancel_booking").count() == 1

    # when: somebody else has the table meanwhile, then not
    other = booked(shop)
    with pytest.raises(Conflict):
        expect_again(actor=shop.by_waiter, reservation_id=reservation.pk)
    cancel_booking(actor=shop.by_waiter, reservation_id=other.pk)
    expect_again(actor=shop.by_waiter, reservation_id=reservation.pk)

    # then
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.BOOKED


def test_a_waiter_needs_a_yes_to_call_somebody_a_no_show(shop):
    # given
    reservation = booked(shop)

    # when
    with pytest.raises(ApprovalRequired):
        mark_no_show(actor=shop.by_waiter, reservation_id=reservation.pk)

    # then
    assert Reservation.objects.get().status == ReservationStatus.BOOKED

    # when
    approval = ApprovalFactory(
        act=Act.NO_SHOW, subject=reservation.pk, asked_by=shop.waiter, decided_by=shop.supervisor
    )
    mark_no_show(actor=Actor.staff(shop.waiter, shop.till, approval_id=approval.pk), reservation_id=reservation.pk)

    # then
    assert Reservation.objects.get().status == ReservationStatus.NO_SHOW
    assert AuditEntry.objects.get(act="no_show").approved_by == shop.supervisor


def test_a_supervisor_marks_a_no_show_once_and_never_for_guests_who_came(shop):
    # given
    late = ReservationFactory(venue=shop.venue)
    came = ReservationFactory(venue=shop.venue, status=ReservationStatus.SEATED)

    # when
    mark_no_show(actor=shop.by_supervisor, reservation_id=late.pk)
    mark_no_show(actor=shop.by_waiter, reservation_id=late.pk)
    with pytest.raises(Conflict):
        mark_no_show(actor=shop.by_supervisor, reservation_id=came.pk)

    # then
    assert AuditEntry.objects.filter(act="no_show").count() == 1
    came.refresh_from_db()
    assert came.status == ReservationStatus.SEATED


@pytest.mark.parametrize("service", [cancel_booking, mark_no_show, expect_again])
def test_a_booking_of_another_venue_does_not_exist(shop, service):
    # given
    elsewhere = ReservationTableFactory().reservation

    # when
    with pytest.raises(NotFound):
        service(actor=shop.by_manager, reservation_id=elsewhere.pk)

    # then
    elsewhere.refresh_from_db()
    assert elsewhere.status == ReservationStatus.BOOKED
