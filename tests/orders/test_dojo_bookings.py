"""Dojo's diary: parties and reservations made, replaced and ended from outside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bookings.models import Party, PartyStatus, Reservation, ReservationStatus
from bookings.selectors import get_reservation_by_id, sitting_at, tables_of
from bookings.services.parties import Deposit, PartyDetails
from bookings.services.reservations import ReservationDetails
from orders.models import ExceptionKind, LineState, Order, OrderException, OrderStatus, Origin
from orders.services.dojo_bookings import (
    NewDojoParty,
    NewDojoReservation,
    create_party,
    create_reservation,
    delete_party_by_id,
    delete_reservation_by_id,
    update_party,
    update_reservation,
)
from orders.services.locking import create_order_lock
from orders.services.seating import clear_table, seat_party
from pos.errors import InvalidRequest, Locked, NotFound
from pos.permissions import Actor, Requester
from tests.bills import a_bill
from tests.factories import OrderFactory, PartyFactory, ReservationFactory, a_venue

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2031, 7, 4, 18, 0, tzinfo=UTC)
DETAILS = PartyDetails(
    start_time=NOW,
    table_codes=("t4", "t5"),
    name="Martin",
    covers=4,
    expected_end_time=NOW + timedelta(hours=2),
    host_notes="Called ahead",
    guest_requests="Nut allergy",
    deposit=Deposit(amount=5000, currency="GBP", description="Sunday lunch", intent_ids=("pi_1", "pi_2")),
)
BOOKING = NewDojoReservation(
    dojo_reservation_id="dojo-res-1",
    details=ReservationDetails(
        name="Sasha", covers=3, start_time=NOW, end_time=NOW + timedelta(hours=2), table_codes=("t4",)
    ),
    guest_requests="We bring our dog",
)


@pytest.fixture
def shop():
    return a_venue()


def arrive(shop, details=DETAILS, **fields):
    request = NewDojoParty(**{"dojo_party_id": "dojo-party-1", "details": details, **fields})
    return create_party(actor=shop.by_dojo, request=request)


def put(shop, party_id, details=DETAILS, dojo_party_id="dojo-party-1"):
    return update_party(actor=shop.by_dojo, party_id=party_id, dojo_party_id=dojo_party_id, details=details)


def lend(shop, order):
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)


# --- parties that arrive ---------------------------------------------------------------------------------------------


def test_a_party_arrives_with_all_that_dojo_says(shop):
    # when
    party = arrive(shop)

    # then
    party.refresh_from_db()
    assert (party.dojo_party_id, party.name, party.covers, party.start_time) == ("dojo-party-1", "Martin", 4, NOW)
    assert (party.status, party.status_is_written, party.end_time) == (PartyStatus.SEATED, False, None)
    assert (party.host_notes, party.guest_requests) == ("Called ahead", "Nut allergy")
    assert (party.deposit_amount, party.deposit_description) == (5000, "Sunday lunch")
    assert party.deposit_intent_ids == ["pi_1", "pi_2"]
    assert [table.code for table in tables_of(party)] == ["t4", "t5"]


def test_the_same_dojo_party_again_is_the_same_party(shop):
    # given
    first = arrive(shop)

    # when
    again = arrive(shop, replace(DETAILS, name="Somebody else", table_codes=("t9",)))

    # then
    assert again == first
    assert list(Party.objects.values_list("name", flat=True)) == ["Martin"]
    assert sitting_at([shop.tables["t9"].pk]) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"table_codes": ()}, "tableIds"),
        ({"table_codes": ("t4", "nowhere")}, "tableIds[1]"),
        ({"covers": 0}, "covers"),
        ({"status": " "}, "status"),
        ({"deposit": Deposit(amount=-1, currency="GBP")}, "deposit.totalAmount.value"),
        ({"deposit": Deposit(amount=100, currency="EUR")}, "deposit.totalAmount.currencyCode"),
    ],
)
def test_a_party_that_makes_no_sense_is_refused_by_field(shop, fields, field):
    # when
    with pytest.raises(InvalidRequest) as caught:
        arrive(shop, replace(DETAILS, **fields))

    # then
    assert caught.value.field == field
    assert Party.objects.count() == 0


@pytest.mark.parametrize("dojo_id", ["", "x" * 121])
def test_a_party_has_an_id(shop, dojo_id):
    # when
    with pytest.raises(InvalidRequest) as caught:
        arrive(shop, dojo_party_id=dojo_id)

    # then
    assert caught.value.field == "dojoPartyId"
    assert Party.objects.count() == 0


@pytest.mark.parametrize("by", ["reservation_id", "dojo_reservation_id"])
def test_a_booked_party_is_linked_and_its_wishes_come_along(shop, by):
    # given
    booking = ReservationFactory(
        venue=shop.venue, dojo_reservation_id="dojo-res-1", guest_requests="No shellfish", name="Sasha"
    )
    name = {"reservation_id": booking.pk, "dojo_reservation_id": "dojo-res-1"}[by]

    # when
    party = arrive(shop, PartyDetails(start_time=NOW, table_codes=("t4",)), **{by: name})

    # then
    party.refresh_from_db()
    booking.refresh_from_db()
    assert (party.reservation, booking.status) == (booking, ReservationStatus.SEATED)
    assert (party.name, party.covers, party.guest_requests) == ("Sasha", 2, "No shellfish")


def test_a_booking_that_nobody_knows_is_refused_by_our_id_and_no_matter_by_dojos(shop):
    # when
    with pytest.raises(InvalidRequest) as caught:
        arrive(shop, reservation_id="rsv_unknown")

    # then
    assert caught.value.field == "reservationId"
    assert Party.objects.count() == 0

    # when
    party = arrive(shop, dojo_reservation_id="never told")

    # then
    assert party.reservation is None


def test_guests_whom_the_diary_and_a_till_both_seat_are_one_party(shop):
    # given
    booking = ReservationFactory(venue=shop.venue, covers=4)
    seated = seat_party(actor=shop.by_waiter, table_ids=[shop.tables["t6"].pk], reservation_id=booking.pk)

    # when
    party = arrive(shop, reservation_id=booking.pk)

    # then
    party.refresh_from_db()
    assert (party, party.dojo_party_id, party.waiter) == (seated, "dojo-party-1", shop.waiter)
    assert Party.objects.count() == 1
    assert [table.code for table in tables_of(party)] == ["t4", "t5"]


def test_dojo_may_seat_beside_others_and_takes_nothing_of_theirs(shop):
    # given
    bill = a_bill(shop, table="t4")
    by_phone = OrderFactory(venue=shop.venue, table=shop.tables["t4"], origin=Origin.DOJO, is_prepaid=True)

    # when
    party = arrive(shop)

    # then
    bill.refresh_from_db()
    by_phone.refresh_from_db()
    assert set(sitting_at([shop.tables["t4"].pk])) == {party.pk, bill.party_id}
    assert by_phone.party is None


def test_what_was_ordered_by_phone_at_a_free_table_is_theirs(shop):
    # given
    order = OrderFactory(venue=shop.venue, table=shop.tables["t5"], origin=Origin.DOJO, is_prepaid=True)

    # when
    party = arrive(shop)

    # then
    order.refresh_from_db()
    assert order.party == party


def test_the_waiter_who_stood_there_has_the_party(shop):
    # when
    by_waiter = Actor.dojo(shop.venue, Requester(waiter_id=shop.waiter.waiter_id))
    party = create_party(actor=by_waiter, request=NewDojoParty(dojo_party_id="p", details=DETAILS))
    by_nobody = Actor.dojo(shop.venue, Requester(waiter_id="unknown"))
    other = create_party(actor=by_nobody, request=NewDojoParty(dojo_party_id="q", details=DETAILS))

    # then
    assert (party.waiter, other.waiter) == (shop.waiter, None)


# --- parties that change ---------------------------------------------------------------------------------------------


def test_what_an_update_leaves_out_is_cleared_save_for_the_booking(shop):
    # given
    booking = ReservationFactory(venue=shop.venue)
    party = arrive(shop, reservation_id=booking.pk)

    # when
    put(shop, party.pk, PartyDetails(start_time=NOW, table_codes=("t4",), status="Dessert"))

    # then
    party.refresh_from_db()
    assert (party.name, party.covers, party.host_notes, party.guest_requests) == ("", None, "", "")
    assert (party.expected_end_time, party.deposit_amount, party.deposit_intent_ids) == (None, None, [])
    assert (party.status, party.status_is_written) == ("Dessert", True)
    assert (party.reservation, party.dojo_party_id) == (booking, "dojo-party-1")
    assert [table.code for table in tables_of(party)] == ["t4"]


def test_a_party_of_ours_learns_what_dojo_calls_it_and_never_anothers_name(shop):
    # given
    arrive(shop)
    ours = PartyFactory(venue=shop.venue, at=[shop.tables["t1"]])

    # when
    with pytest.raises(InvalidRequest) as caught:
        put(shop, ours.pk)

    # then
    assert caught.value.field == "dojoPartyId"
    ours.refresh_from_db()
    assert (ours.dojo_party_id, ours.name) == (None, "")

    # when
    put(shop, ours.pk, dojo_party_id="dojo-party-2")

    # then
    ours.refresh_from_db()
    assert (ours.dojo_party_id, ours.name) == ("dojo-party-2", "Martin")


def test_the_bill_goes_where_dojo_says_the_guests_sit(shop):
    # given
    order = a_bill(shop, table="t1")

    # when
    put(shop, order.party_id)

    # then
    order.refresh_from_db()
    assert (order.table, order.display_name) == (shop.tables["t4"], "Table 4")


def test_a_bill_that_stays_at_one_of_the_tables_stays_there(shop):
    # given
    order = a_bill(shop, table="t5")

    # when
    put(shop, order.party_id)

    # then
    order.refresh_from_db()
    assert (order.table, order.display_name) == (shop.tables["t5"], "Table 5")


def test_nothing_moves_while_a_card_machine_has_the_bill(shop):
    # given
    order = a_bill(shop, table="t1")
    lend(shop, order)

    # when
    with pytest.raises(Locked):
        put(shop, order.party_id)

    # then
    party = Party.objects.get()
    assert (party.name, [table.code for table in tables_of(party)]) == ("", ["t1"])


def test_covers_reach_the_bill_and_a_lent_sum_stays_what_it_was():
    # given
    shop = a_venue(service_from_covers=6)
    free = a_bill(shop, total=1000, table="t4", service_choice="automatic")
    lent = a_bill(shop, total=1000, table="t1", service_choice="automatic")
    lend(shop, lent)

    # when
    put(shop, free.party_id, replace(DETAILS, covers=8))
    put(shop, lent.party_id, replace(DETAILS, covers=8, table_codes=("t1",)), dojo_party_id="dojo-party-2")

    # then
    free.refresh_from_db()
    lent.refresh_from_db()
    assert (free.covers, free.total_amount) == (8, 1125)
    assert (lent.covers, lent.total_amount) == (2, 1000)
    assert set(Party.objects.values_list("covers", flat=True)) == {8}


def test_a_word_of_ours_gives_way_to_what_is_true(shop):
    # given
    order = a_bill(shop, table="t4")

    # when
    party = put(shop, order.party_id, replace(DETAILS, status="Seated"))

    # then
    party.refresh_from_db()
    assert party.status == PartyStatus.ORDERED


def test_a_party_that_nobody_knows_is_not_found(shop):
    # given
    elsewhere = PartyFactory()

    # when / then
    for party_id in (elsewhere.pk, "party_nobody"):
        with pytest.raises(NotFound):
            put(shop, party_id)
        with pytest.raises(NotFound):
            delete_party_by_id(actor=shop.by_dojo, party_id=party_id)
    elsewhere.refresh_from_db()
    assert elsewhere.is_here


# --- parties that leave ----------------------------------------------------------------------------------------------


def test_an_end_time_ends_the_party_and_an_owed_bill_stays_open_by_its_name(shop):
    # given
    order = a_bill(shop, table="t4", total=4210)

    # when
    put(shop, order.party_id, replace(DETAILS, end_time=NOW + timedelta(hours=1)))

    # then
    party = Party.objects.get()
    order.refresh_from_db()
    assert (party.status, party.end_time) == (PartyStatus.LEFT, NOW + timedelta(hours=1))
    assert (order.is_open, order.outstanding, order.display_name) == (True, 4210, "Table 4")
    assert sitting_at([shop.tables["t4"].pk]) == []


def test_what_was_never_sent_goes_with_the_guests_unless_a_card_machine_has_it(shop):
    # given
    typed = a_bill(shop, table="t4", state=LineState.UNSENT)
    lent = a_bill(shop, table="t1", state=LineState.UNSENT)
    lend(shop, lent)

    # when
    delete_party_by_id(actor=shop.by_dojo, party_id=typed.party_id)
    delete_party_by_id(actor=shop.by_dojo, party_id=lent.party_id)

    # then
    typed.refresh_from_db()
    lent.refresh_from_db()
    assert (typed.status, lent.status) == (OrderStatus.CANCELED, OrderStatus.NEW)
    assert not Party.objects.filter(end_time__isnull=True).exists()


def test_a_party_is_deleted_once_and_its_rows_stay(shop):
    # given
    party = arrive(shop)

    # when
    first = delete_party_by_id(actor=shop.by_dojo, party_id=party.pk).end_time
    again = delete_party_by_id(actor=shop.by_dojo, party_id=party.pk).end_time

    # then
    assert first == again == Party.objects.get().end_time


def test_an_update_without_an_end_brings_them_back_and_another_table_if_theirs_is_taken(shop):
    # given
    party = arrive(shop, replace(DETAILS, table_codes=("t4",)))
    clear_table(actor=shop.by_waiter, party_id=party.pk)
    other = seat_party(actor=shop.by_waiter, table_ids=[shop.tables["t4"].pk])

    # when
    put(shop, party.pk, replace(DETAILS, table_codes=("t4",)))

    # then
    party.refresh_from_db()
    assert (party.end_time, party.needs_seating, party.status) == (None, True, PartyStatus.SEATED)
    assert sitting_at([shop.tables["t4"].pk]) == [other.pk]

    # when
    put(shop, party.pk, replace(DETAILS, table_codes=("t8",)))

    # then
    party.refresh_from_db()
    assert not party.needs_seating
    assert sitting_at([shop.tables["t8"].pk]) == [party.pk]


# --- reservations ----------------------------------------------------------------------------------------------------


def test_a_booking_of_dojo_is_kept_once(shop):
    # when
    first = create_reservation(actor=shop.by_dojo, request=BOOKING)
    again = create_reservation(actor=shop.by_dojo, request=replace(BOOKING, guest_requests="Other"))

    # then
    first.refresh_from_db()
    assert again == first
    assert (first.name, first.covers, first.start_time, first.guest_requests) == ("Sasha", 3, NOW, "We bring our dog")
    assert (Reservation.objects.count(), OrderException.objects.count()) == (1, 0)


def test_dojos_second_booking_of_a_table_is_accepted_and_flagged_once(shop):
    # given
    first = create_reservation(actor=shop.by_dojo, request=BOOKING)

    # when
    request = replace(BOOKING, dojo_reservation_id="dojo-res-2", details=replace(BOOKING.details, name="Kim"))
    second = create_reservation(actor=shop.by_dojo, request=request)
    update_reservation(actor=shop.by_dojo, reservation_id=second.pk, request=request)

    # then
    second.refresh_from_db()
    note = OrderException.objects.get()
    assert second.overlaps
    assert (note.kind, note.subject, note.detail) == (
        ExceptionKind.RESERVATION_OVERLAP,
        "dojo-res-2",
        {"other": first.pk},
    )
    assert note.message == "Kim is booked for 04 July, 19:00 at a table that Sasha has then."

    # when: another evening
    later = replace(request.details, start_time=NOW + timedelta(days=1), end_time=NOW + timedelta(days=1, hours=1))
    update_reservation(actor=shop.by_dojo, reservation_id=second.pk, request=replace(request, details=later))

    # then
    second.refresh_from_db()
    assert not second.overlaps


def test_an_update_replaces_all_but_what_dojo_cannot_say(shop):
    # given
    booking = create_reservation(actor=shop.by_dojo, request=BOOKING)
    Reservation.objects.update(phone="1", status=ReservationStatus.SEATED)

    # when
    request = replace(BOOKING, details=replace(BOOKING.details, table_codes=(), covers=7), guest_requests="")
    update_reservation(actor=shop.by_dojo, reservation_id=booking.pk, request=request)

    # then
    booking.refresh_from_db()
    assert (booking.covers, booking.guest_requests, booking.tables.count()) == (7, "", 0)
    assert (booking.phone, booking.status) == ("1", ReservationStatus.SEATED)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"covers": 0}, "covers"),
        ({"end_time": NOW}, "endTime"),
        ({"table_codes": ("nowhere",)}, "tableIds[0]"),
    ],
)
def test_a_booking_that_makes_no_sense_is_refused_by_field(shop, fields, field):
    # given
    booking = create_reservation(actor=shop.by_dojo, request=BOOKING)
    request = replace(BOOKING, details=replace(BOOKING.details, **fields))

    # when / then
    for call in (
        lambda: create_reservation(actor=shop.by_dojo, request=replace(request, dojo_reservation_id="other")),
        lambda: update_reservation(actor=shop.by_dojo, reservation_id=booking.pk, request=request),
    ):
        with pytest.raises(InvalidRequest) as caught:
            call()
        assert caught.value.field == field
    booking.refresh_from_db()
    assert (Reservation.objects.count(), booking.name, booking.end_time) == (1, "Sasha", NOW + timedelta(hours=2))


def test_a_booking_never_takes_anothers_id(shop):
    # given
    create_reservation(actor=shop.by_dojo, request=BOOKING)
    ours = ReservationFactory(venue=shop.venue)

    # when
    with pytest.raises(InvalidRequest) as caught:
        update_reservation(actor=shop.by_dojo, reservation_id=ours.pk, request=BOOKING)

    # then
    ours.refresh_from_db()
    assert (caught.value.field, ours.dojo_reservation_id) == ("dojoReservationId", None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ReservationStatus.BOOKED, ReservationStatus.CANCELLED),
        (ReservationStatus.SEATED, ReservationStatus.CANCELLED),
        (ReservationStatus.NO_SHOW, ReservationStatus.NO_SHOW),
    ],
)
def test_a_deleted_booking_is_kept_as_what_it_was(shop, before, after):
    # given
    booking = ReservationFactory(venue=shop.venue, status=before)

    # when
    delete_reservation_by_id(actor=shop.by_dojo, reservation_id=booking.pk)
    delete_reservation_by_id(actor=shop.by_dojo, reservation_id=booking.pk)

    # then
    booking.refresh_from_db()
    assert booking.status == after


def test_a_cancelled_booking_is_gone_for_dojo(shop):
    # given
    booking = create_reservation(actor=shop.by_dojo, request=BOOKING)
    delete_reservation_by_id(actor=shop.by_dojo, reservation_id=booking.pk)

    # when / then
    with pytest.raises(NotFound):
        update_reservation(actor=shop.by_dojo, reservation_id=booking.pk, request=BOOKING)
    with pytest.raises(NotFound):
        get_reservation_by_id(shop.venue, booking.pk)
    with pytest.raises(NotFound):
        delete_reservation_by_id(actor=shop.by_dojo, reservation_id=ReservationFactory().pk)
    assert Order.objects.count() == 0
