"""What Dojo and the diary find: who is here, who has left, who is expected when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bookings.models import ReservationStatus
from bookings.selectors import (
    get_party_by_id,
    get_reservation_by_id,
    search_parties,
    search_reservations,
    sitting_at,
    tables_of,
)
from pos.errors import NotFound
from tests.factories import PartyFactory, ReservationFactory, ReservationTableFactory, a_venue

pytestmark = pytest.mark.django_db

NOON = datetime(2031, 7, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def shop():
    return a_venue()


def test_parties_are_found_newest_first_and_those_who_left_only_when_asked_for(shop):
    # given
    first = PartyFactory(venue=shop.venue, at=[shop.tables["t1"]])
    second = PartyFactory(venue=shop.venue, at=[shop.tables["t2"], shop.tables["t1"]])
    gone = PartyFactory(venue=shop.venue, at=[shop.tables["t1"]], end_time=timezone.now())
    PartyFactory()

    # when / then
    assert list(search_parties(shop.venue)) == [second, first]
    assert list(search_parties(shop.venue, completed_only=True)) == [gone]
    assert list(search_parties(shop.venue, table_code="t1")) == [second, first]
    assert list(search_parties(shop.venue, table_code="t2")) == [second]
    assert list(search_parties(shop.venue, table_code="nowhere")) == []
    assert list(search_parties(shop.venue, table_code="t1", completed_only=True)) == [gone]


def test_parties_come_with_their_tables_in_three_queries(shop, django_assert_num_queries):
    # given
    for _ in range(3):
        PartyFactory(venue=shop.venue, at=[shop.tables["t2"], shop.tables["t1"]])

    # when
    with django_assert_num_queries(3):
        found = [[link.table.code for link in party.table_links.all()] for party in search_parties(shop.venue)]

    # then
    assert found == [["t2", "t1"]] * 3


def test_one_party_is_found_also_when_it_has_left_and_in_its_venue_only(shop):
    # given
    gone = PartyFactory(venue=shop.venue, at=[shop.tables["t3"]], end_time=timezone.now())
    elsewhere = PartyFactory()

    # when / then
    assert tables_of(get_party_by_id(shop.venue, gone.pk)) == [shop.tables["t3"]]
    for party_id in (elsewhere.pk, "party_nobody"):
        with pytest.raises(NotFound):
            get_party_by_id(shop.venue, party_id)


def test_who_sits_at_a_table(shop):
    # given
    here = PartyFactory(venue=shop.venue, at=[shop.tables["t1"], shop.tables["t2"]])
    PartyFactory(venue=shop.venue, at=[shop.tables["t1"]], end_time=timezone.now())
    PartyFactory(venue=shop.venue, at=[shop.tables["t1"]], needs_seating=True)

    # when / then
    assert sitting_at([shop.tables["t1"].pk]) == [here.pk]
    assert sitting_at([shop.tables["t3"].pk]) == []


@pytest.mark.parametrize(
    ("begins", "ends", "found"),
    [
        (None, None, True),
        (0, 24, True),
        (13, None, True),
        (14, None, False),
        (None, 13, True),
        (None, 12, False),
        (11, 12.5, True),
        (12.5, 13, True),
        (13.9, 20, True),
        (13, 13, True),
        (13.5, 12.5, False),
    ],
)
def test_times_select_the_bookings_that_overlap_them(shop, begins, ends, found):
    # given: from noon to two
    booking = ReservationFactory(venue=shop.venue, start_time=NOON, end_time=NOON + timedelta(hours=2))
    midnight = NOON - timedelta(hours=12)

    # when
    answer = search_reservations(
        shop.venue,
        from_time=None if begins is None else midnight + timedelta(hours=begins),
        to_time=None if ends is None else midnight + timedelta(hours=ends),
    )

    # then
    assert list(answer) == ([booking] if found else [])


def test_reservations_are_found_by_table_and_the_cancelled_never(shop):
    # given
    first = ReservationTableFactory(reservation__venue=shop.venue, table=shop.tables["t1"]).reservation
    second = ReservationTableFactory(reservation__venue=shop.venue, table=shop.tables["t1"]).reservation
    ReservationTableFactory(reservation=second, table=shop.tables["t2"])
    off = ReservationFactory(venue=shop.venue, status=ReservationStatus.CANCELLED)
    ReservationTableFactory(reservation=off, table=shop.tables["t1"])
    elsewhere = ReservationFactory()

    # when / then
    assert list(search_reservations(shop.venue)) == [second, first]
    assert list(search_reservations(shop.venue, table_code="t2")) == [second]
    assert list(search_reservations(shop.venue, table_code="nowhere")) == []
    assert get_reservation_by_id(shop.venue, first.pk) == first
    for reservation in (off, elsewhere):
        with pytest.raises(NotFound):
            get_reservation_by_id(shop.venue, reservation.pk)
