"""Guests come, change and leave: parties, tables and the bills that go with them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.models import Party, PartyStatus, ReservationStatus
from bookings.selectors import sitting_at, tables_of
from orders.models import (
    ExceptionKind,
    LineState,
    Order,
    OrderException,
    OrderStatus,
    Origin,
    PaymentKind,
    TakenOff,
)
from orders.services.closing import get_order_bill_by_id
from orders.services.lines import NewLine
from orders.services.locking import create_order_lock
from orders.services.ordering import add_lines
from orders.services.seating import (
    clear_paid_tables,
    clear_table,
    describe_party,
    hand_over_tab,
    hand_over_table,
    seat_party,
    seat_second_party,
    set_covers,
    set_party_status,
)
from orders.services.sending import send
from orders.services.targets import OfParty
from orders.services.tenders import take_payment
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, Locked, NotFound
from pos.models import AuditEntry
from pos.permissions import Act, Actor
from tests.bills import a_bill, add_line, settled
from tests.factories import (
    ApprovalFactory,
    MembershipFactory,
    OrderFactory,
    PartyFactory,
    ReservationFactory,
    ReservationTableFactory,
    a_venue,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


def seat(shop, *codes, **fields):
    return seat_party(actor=shop.by_waiter, table_ids=[shop.tables[code].pk for code in codes], **fields)


def pay_in_cash(shop, order):
    return take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=order.outstanding)


# --- coming ----------------------------------------------------------------------------------------------------------


def test_seating_makes_a_party_and_no_order(shop):
    # when
    party = seat(shop, "t4", "t3", covers=5, name="  Robin ")

    # then
    party.refresh_from_db()
    assert (party.name, party.covers, party.waiter, party.status) == ("Robin", 5, shop.waiter, PartyStatus.SEATED)
    assert [table.code for table in tables_of(party)] == ["t4", "t3"]
    assert Order.objects.count() == 0
    assert AuditEntry.objects.get(act="seat_party").subject == party.pk


def test_a_table_that_was_just_seated_is_not_seated_again(shop):
    # given
    first = seat(shop, "t4", covers=2)

    # when
    with pytest.raises(Conflict, match="Table 4 is taken") as caught:
        seat(shop, "t3", "t4", covers=4)

    # then
    assert caught.value.data == {"table": "t4", "party": first.pk}
    assert list(Party.objects.all()) == [first]


def test_strangers_sit_beside_each_other_when_that_is_asked_for(shop):
    # given
    first = seat(shop, "t4", covers=2)

    # when
    second = seat_second_party(actor=shop.by_waiter, table_ids=[shop.tables["t4"].pk], covers=3)

    # then
    assert set(sitting_at([shop.tables["t4"].pk])) == {first.pk, second.pk}


@pytest.mark.parametrize("covers", [0, -1, 1000])
def test_a_party_has_a_number_of_guests(shop, covers):
    # when
    with pytest.raises(InvalidRequest) as caught:
        seat(shop, "t4", covers=covers)

    # then
    assert caught.value.field == "covers"
    assert Party.objects.count() == 0


def test_a_table_of_another_venue_or_out_of_use_does_not_exist(shop):
    # given
    elsewhere = a_venue().tables["t1"]
    shop.tables["t2"].is_active = False
    shop.tables["t2"].save()

    # when / then
    for table in (elsewhere, shop.tables["t2"]):
        with pytest.raises(NotFound):
            seat_party(actor=shop.by_waiter, table_ids=[table.pk], covers=2)
    with pytest.raises(InvalidRequest):
        seat_party(actor=shop.by_waiter, table_ids=[], covers=2)
    assert Party.objects.count() == 0


def test_a_reservation_sits_down_with_all_we_know_of_it(shop):
    # given
    booking = ReservationFactory(
        venue=shop.venue, name="Sasha", covers=3, guest_requests="A dog", host_notes="Regular", phone="1"
    )
    ReservationTableFactory(reservation=booking, table=shop.tables["t5"])

    # when: at another table than booked, and four came
    party = seat(shop, "t6", covers=4, reservation_id=booking.pk)

    # then
    party.refresh_from_db()
    booking.refresh_from_db()
    assert (party.name, party.covers, party.guest_requests, party.host_notes) == ("Sasha", 4, "A dog", "Regular")
    assert (party.reservation, party.expected_end_time) == (booking, booking.end_time)
    assert booking.status == ReservationStatus.SEATED


@pytest.mark.parametrize("status", [ReservationStatus.SEATED, ReservationStatus.CANCELLED])
def test_a_reservation_sits_down_once(shop, status):
    # given
    booking = ReservationFactory(venue=shop.venue, status=status)

    # when
    with pytest.raises(Conflict):
        seat(shop, "t6", reservation_id=booking.pk)

    # then
    assert Party.objects.count() == 0


def test_who_comes_late_after_a_no_show_is_seated_all_the_same(shop):
    # given
    booking = ReservationFactory(venue=shop.venue, status=ReservationStatus.NO_SHOW)

    # when
    seat(shop, "t6", reservation_id=booking.pk)

    # then
    booking.refresh_from_db()
    assert booking.status == ReservationStatus.SEATED


def test_what_guests_ordered_by_phone_before_they_were_seated_is_theirs(shop):
    # given
    order = OrderFactory(
        venue=shop.venue, table=shop.tables["t4"], origin=Origin.DOJO, status=OrderStatus.CONFIRMED, is_prepaid=True
    )

    # when
    party = seat(shop, "t4", covers=2)

    # then
    order.refresh_from_db()
    assert order.party == party


def test_a_party_without_a_table_does_not_keep_others_from_its_old_one(shop):
    # given
    PartyFactory(venue=shop.venue, at=[shop.tables["t4"]], needs_seating=True)

    # when / then
    assert seat(shop, "t4", covers=2).is_here


# --- changing --------------------------------------------------------------------------------------------------------


def test_more_guests_bring_the_service_that_large_parties_pay():
    # given
    shop = a_venue(service_from_covers=6)
    order = a_bill(shop, total=1000, service_choice="automatic")
    assert order.total_amount == 1000

    # when
    set_covers(actor=shop.by_waiter, party_id=order.party_id, covers=6)

    # then
    order.refresh_from_db()
    assert (order.covers, order.service_amount, order.total_amount) == (6, 125, 1125)


def test_covers_that_change_the_sum_wait_while_a_card_machine_has_the_bill():
    # given
    shop = a_venue(service_from_covers=6)
    order = a_bill(shop, total=1000, service_choice="automatic")
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)

    # when
    with pytest.raises(Locked):
        set_covers(actor=shop.by_waiter, party_id=order.party_id, covers=6)
    set_covers(actor=shop.by_waiter, party_id=order.party_id, covers=4)

    # then
    order.refresh_from_db()
    assert (order.covers, order.total_amount) == (4, 1000)


def test_a_partys_status_moves_by_itself(shop):
    # given
    party = seat(shop, "t1", covers=2)

    def word():
        return Party.objects.values_list("status", flat=True).get(pk=party.pk)

    # when / then
    assert word() == PartyStatus.SEATED
    (soup,) = add_lines(actor=shop.by_waiter, target=OfParty(party.pk), lines=[NewLine(plu="soup")])
    assert word() == PartyStatus.SEATED
    send(actor=shop.by_waiter, order_id=soup.order_id)
    assert word() == PartyStatus.ORDERED
    order = Order.objects.get()
    take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=100)
    assert word() == PartyStatus.PAYING
    order.refresh_from_db()
    pay_in_cash(shop, order)
    assert word() == PartyStatus.PAID
    # a coffee afterwards
    add_lines(actor=shop.by_waiter, target=OfParty(party.pk), lines=[NewLine(plu="coffee")])
    assert word() == PartyStatus.SEATED
    clear_table(actor=shop.by_waiter, party_id=party.pk)
    assert word() == PartyStatus.LEFT


def test_words_of_ones_own_stay_until_one_of_ours_is_written(shop):
    # given
    order = a_bill(shop)

    # when
    party = set_party_status(actor=shop.by_waiter, party_id=order.party_id, status=" Waiting for a taxi ")
    pay_in_cash(shop, order)

    # then
    party.refresh_from_db()
    assert (party.status, party.status_is_written) == ("Waiting for a taxi", True)

    # when
    party = set_party_status(actor=shop.by_waiter, party_id=order.party_id, status="")

    # then
    assert (party.status, party.status_is_written) == (PartyStatus.PAID, False)


def test_a_description_leaves_the_guests_own_requests_alone(shop):
    # given
    party = PartyFactory(venue=shop.venue, guest_requests="No nuts", at=[shop.tables["t1"]])

    # when
    describe_party(actor=shop.by_waiter, party_id=party.pk, name="Kim", host_notes="By the window")

    # then
    party.refresh_from_db()
    assert (party.name, party.host_notes, party.guest_requests) == ("Kim", "By the window", "No nuts")


def test_a_table_goes_to_a_colleague_with_its_bills(shop):
    # given
    order = a_bill(shop)
    Party.objects.update(waiter=shop.waiter)
    colleague = MembershipFactory(venue=shop.venue, waiter_id="8")

    # when
    hand_over_table(actor=shop.by_waiter, party_id=order.party_id, membership_id=colleague.pk)

    # then
    order.refresh_from_db()
    assert (order.waiter, order.party.waiter) == (colleague, colleague)


def test_a_colleagues_table_needs_a_supervisors_yes(shop):
    # given
    order = a_bill(shop)
    colleague = MembershipFactory(venue=shop.venue, waiter_id="8")
    Party.objects.update(waiter=colleague)

    # when
    with pytest.raises(ApprovalRequired):
        hand_over_table(actor=shop.by_waiter, party_id=order.party_id, membership_id=shop.waiter.pk)

    # then
    assert Party.objects.get().waiter == colleague

    # when
    approval = ApprovalFactory(
        act=Act.OTHERS_TABLE,
        subject=order.party_id,
        asked_by=shop.waiter,
        decided_by=shop.supervisor,
        decided_at=timezone.now(),
    )
    hand_over_table(
        actor=Actor.staff(shop.waiter, shop.till, approval_id=approval.pk),
        party_id=order.party_id,
        membership_id=shop.waiter.pk,
    )

    # then
    assert Party.objects.get().waiter == shop.waiter
    assert AuditEntry.objects.get(act="hand_over_table").approved_by == shop.supervisor


def test_a_tab_goes_to_a_colleague_and_nobody_elsewhere(shop):
    # given
    tab = OrderFactory(venue=shop.venue, is_tab=True, waiter=shop.waiter)
    colleague = MembershipFactory(venue=shop.venue, waiter_id="8")
    stranger = MembershipFactory()

    # when
    with pytest.raises(InvalidRequest):
        hand_over_tab(actor=shop.by_waiter, order_id=tab.pk, membership_id=stranger.pk)
    hand_over_tab(actor=shop.by_waiter, order_id=tab.pk, membership_id=colleague.pk)

    # then
    tab.refresh_from_db()
    assert tab.waiter == colleague


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_a_paid_table_is_free_once_it_is_cleared(shop):
    # given
    order = a_bill(shop)
    pay_in_cash(shop, order)
    party = Party.objects.get()
    assert party.status == PartyStatus.PAID

    # when
    clear_table(actor=shop.by_waiter, party_id=party.pk)
    again = clear_table(actor=shop.by_waiter, party_id=party.pk)

    # then
    party.refresh_from_db()
    assert (party.status, party.end_time) == (PartyStatus.LEFT, again.end_time)
    assert sitting_at([shop.tables["t1"].pk]) == []
    assert AuditEntry.objects.filter(act="clear_table").count() == 1


def test_what_is_owed_keeps_the_table(shop):
    # given
    order = a_bill(shop, total=4210)

    # when
    with pytest.raises(Conflict, match="Table 1 owes £42.10"):
        clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    assert Party.objects.get().is_here


def test_what_was_never_sent_is_cancelled_when_they_leave(shop):
    # given: two lines typed in, one of them of a counted dish
    ribeye = shop.products["ribeye"]
    ribeye.portions_left = 3
    ribeye.save()
    order = a_bill(shop, total=2900, state=LineState.UNSENT)
    order.lines.update(product=ribeye, quantity=2)
    add_line(shop, order, 700, state=LineState.HELD)
    order = settled(order)

    # when
    clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    order.refresh_from_db()
    ribeye.refresh_from_db()
    assert (order.status, order.total_amount) == (OrderStatus.CANCELED, 0)
    assert set(order.lines.values_list("state", "taken_off")) == {(LineState.VOIDED, TakenOff.REMOVE)}
    assert ribeye.portions_left == 5
    assert not Party.objects.get().is_here


def test_what_was_printed_unsent_does_not_vanish_when_the_table_is_cleared(shop):
    # given: poured without a ticket, printed, perhaps paid into a pocket
    order = a_bill(shop, total=2900, state=LineState.UNSENT)
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)

    # when
    with pytest.raises(ApprovalRequired) as refusal:
        clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    assert refusal.value.data == {"act": "lower_printed_bill", "subject": order.pk, "amount": None}
    order.refresh_from_db()
    assert (order.is_open, order.total_amount, Party.objects.get().is_here) == (True, 2900, True)

    # when
    clear_table(actor=shop.by_supervisor, party_id=order.party_id)

    # then
    order.refresh_from_db()
    assert (order.status, Party.objects.get().is_here) == (OrderStatus.CANCELED, False)
    assert OrderException.objects.get().kind == ExceptionKind.BILL_LOWERED


def test_a_table_opened_by_mistake_leaves_nothing_behind(shop):
    # given
    party = seat(shop, "t4", covers=2)

    # when
    clear_table(actor=shop.by_waiter, party_id=party.pk)

    # then
    assert Order.objects.count() == 0
    assert sitting_at([shop.tables["t4"].pk]) == []


def test_a_bill_on_a_card_machine_keeps_the_table(shop):
    # given
    order = a_bill(shop)
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)

    # when
    with pytest.raises(Locked):
        clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    assert Party.objects.get().is_here


def test_a_bill_that_comes_to_nothing_is_closed_first(shop):
    # given: everything on it was on the house
    order = a_bill(shop, total=0)

    # when
    with pytest.raises(Conflict, match="Close it first"):
        clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    assert Order.objects.get().is_open


def test_what_a_phone_paid_for_is_finished_when_the_table_is_cleared(shop):
    # given
    order = a_bill(shop, total=1500, state=LineState.SENT, is_prepaid=True)
    pay_in_cash(shop, order)
    order.refresh_from_db()
    assert order.is_open

    # when
    clear_table(actor=shop.by_waiter, party_id=order.party_id)

    # then
    order.refresh_from_db()
    assert order.status == OrderStatus.FINALIZED


@pytest.mark.parametrize(("minutes", "cleared"), [(None, 0), (0, 1), (10, 1), (30, 0)])
def test_paid_tables_clear_themselves_where_the_venue_wants_it(minutes, cleared):
    # given: one table paid a quarter of an hour ago, one that still owes
    shop = a_venue(clear_after_minutes=minutes)
    paid = a_bill(shop)
    pay_in_cash(shop, paid)
    Order.objects.filter(pk=paid.pk).update(closed_at=timezone.now() - timedelta(minutes=15))
    a_bill(shop, table="t2")

    # when
    count = clear_paid_tables(venue=shop.venue)

    # then
    assert count == cleared
    assert Party.objects.filter(end_time__isnull=False).count() == cleared


def test_the_open_bill_of_guests_who_left_keeps_their_table(shop):
    # given: Dojo's diary let them go, and nobody has paid
    order = a_bill(shop)
    Party.objects.update(end_time=timezone.now())

    # when
    with pytest.raises(Conflict, match="Table 1 is still open") as caught:
        seat(shop, "t1", covers=2)

    # then
    assert caught.value.data == {"order": order.pk, "table": "t1"}
    assert Party.objects.count() == 1


def test_covers_wait_for_no_card_machine_where_service_does_not_depend_on_them(shop):
    # given: the venue takes service from everybody, this table had it taken off
    order = a_bill(shop, total=1000)
    shop.venue.service_from_covers = 6
    shop.venue.save()
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)

    # when
    set_covers(actor=shop.by_waiter, party_id=order.party_id, covers=8)

    # then
    order.refresh_from_db()
    assert (order.covers, order.total_amount) == (8, 1000)
