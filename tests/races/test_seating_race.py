"""Several tills and Dojo's diary at one table: it is given once, and nobody waits for ever."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bookings.models import Party, Reservation
from bookings.services.parties import PartyDetails
from bookings.services.reservations import Contact, ReservationDetails, book
from floorplan.models import Table
from orders import row_locks
from orders.models import Order
from orders.services.dojo_bookings import (
    NewDojoParty,
    NewDojoReservation,
    create_party,
    create_reservation,
    delete_party_by_id,
    update_party,
)
from orders.services.seating import clear_table, seat_party, seat_second_party
from pos.errors import Conflict
from tests.bills import a_bill
from tests.factories import a_venue
from tests.races.crowd import all_at_once, deadlocks

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SEVEN = datetime(2031, 7, 4, 18, 0, tzinfo=UTC)
TILLS = 8


def seat_the_last_table(shop):
    """Half of the tills tap the tables in the one order, half in the other."""
    ids = [shop.tables["t4"].pk, shop.tables["t5"].pk]
    return [
        partial(seat_party, actor=shop.by_waiter, table_ids=ids if number % 2 else ids[::-1], covers=2)
        for number in range(TILLS)
    ]


def book_the_last_table(shop):
    details = ReservationDetails(
        name="Sasha", covers=2, start_time=SEVEN, end_time=SEVEN + timedelta(hours=2), table_codes=("t4",)
    )
    return [partial(book, actor=shop.by_waiter, details=details, contact=Contact()) for _ in range(TILLS)]


def test_a_free_table_is_given_to_one_till():
    # given
    shop = a_venue()

    # when
    results = all_at_once(seat_the_last_table(shop))

    # then
    assert [type(result) for result in results].count(Conflict) == TILLS - 1
    assert Party.objects.count() == 1


def test_without_the_table_lock_a_free_table_is_given_twice(monkeypatch):
    # given: the control
    shop = a_venue()
    monkeypatch.setattr(
        row_locks, "tables_for_update", lambda venue, table_ids: list(Table.objects.filter(pk__in=table_ids))
    )

    # when
    all_at_once(seat_the_last_table(shop))

    # then
    assert Party.objects.count() > 1


def test_a_table_is_promised_to_one_caller():
    # given
    shop = a_venue()

    # when
    results = all_at_once(book_the_last_table(shop))

    # then
    assert [type(result) for result in results].count(Conflict) == TILLS - 1
    assert Reservation.objects.count() == 1


def test_without_the_table_lock_a_table_is_promised_twice(monkeypatch):
    # given: the control
    shop = a_venue()
    monkeypatch.setattr("bookings.services.reservations.tables_for_update", lambda venue, table_ids: [])

    # when
    all_at_once(book_the_last_table(shop))

    # then
    assert Reservation.objects.count() > 1


def test_dojo_tells_one_party_and_one_booking_eight_times_at_once():
    # given
    shop = a_venue()
    party = NewDojoParty(dojo_party_id="p", details=PartyDetails(start_time=SEVEN, table_codes=("t4",)))
    booking = NewDojoReservation(
        dojo_reservation_id="r",
        details=ReservationDetails(name="Kim", covers=2, start_time=SEVEN, end_time=SEVEN + timedelta(hours=2)),
    )

    # when: a booking without a table, so that no lock on one keeps the eight apart
    parties = all_at_once([partial(create_party, actor=shop.by_dojo, request=party)] * TILLS)
    bookings = all_at_once([partial(create_reservation, actor=shop.by_dojo, request=booking)] * TILLS)

    # then
    assert {result.pk for result in parties} == {Party.objects.get().pk}
    assert {result.pk for result in bookings} == {Reservation.objects.get().pk}


def test_the_diary_and_the_tills_never_wait_for_each_other_in_a_circle():
    # given: two parties that change places with their bills, and others who come and go
    shop = a_venue()
    ids = [shop.tables[code].pk for code in ("t4", "t5")]
    bills = [a_bill(shop, table=code) for code in ("t4", "t5")]
    first, second = (bill.party for bill in bills)
    before = deadlocks()

    def swap(party_id, name):
        for round_number in range(6):
            codes = ("t4", "t5")[:: 1 if round_number % 2 else -1]
            details = PartyDetails(start_time=SEVEN, table_codes=codes[: 1 + round_number % 2])
            update_party(actor=shop.by_dojo, party_id=party_id, dojo_party_id=name, details=details)

    def come_and_go(way):
        for _ in range(6):
            party = seat_second_party(actor=shop.by_waiter, table_ids=ids[::way], covers=2)
            clear_table(actor=shop.by_waiter, party_id=party.pk)

    def pass_through(name):
        for number in range(6):
            details = PartyDetails(start_time=SEVEN, table_codes=("t5", "t4"))
            request = NewDojoParty(dojo_party_id=f"{name}-{number}", details=details)
            delete_party_by_id(actor=shop.by_dojo, party_id=create_party(actor=shop.by_dojo, request=request).pk)

    # when
    results = all_at_once(
        [
            partial(swap, first.pk, "first"),
            partial(swap, second.pk, "second"),
            partial(come_and_go, 1),
            partial(come_and_go, -1),
            partial(pass_through, "a"),
            partial(pass_through, "b"),
        ]
    )

    # then
    assert results == [None] * 6
    assert deadlocks() == before
    assert set(Party.objects.filter(end_time__isnull=True)) == {first, second}
    assert {order.table_id for order in Order.objects.all()} <= set(ids)
