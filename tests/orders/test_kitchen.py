"""The stations: seen, started, plated, taken, taken back; allergies first, and the bill stays out of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import AllergyAcknowledgement, LineState, Order, OrderLine, OrderStatus
from orders.selectors.stations import read_station
from orders.services.adjusting import void_line
from orders.services.allergies import note_allergy
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, create_order
from orders.services.kitchen import (
    acknowledge_allergies,
    acknowledge_cancellation,
    acknowledge_lines,
    bump_ticket,
    move_line,
    move_lines,
    recall_line,
    serve_course,
)
from orders.services.lines import Choice, NewLine
from orders.services.locking import create_order_lock, delete_order_lock
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.sending import send
from orders.services.targets import AtTable, NewCollection, NewCounter
from pos.errors import Conflict, InvalidRequest, NotFound
from tests.factories import SeatAllergyFactory, a_venue

pytestmark = pytest.mark.django_db

T1 = AtTable("t1")
LAGER = NewLine(plu="lager-pint")
SOUP = NewLine(plu="soup")
RIBEYE = NewLine(plu="ribeye", modifiers=(Choice("medium"),))


def sent(shop, *lines, target=T1):
    """Lines that are with their stations, whatever their course."""
    added = add_lines(actor=shop.by_waiter, target=target, lines=lines)
    now = [line.pk for line in added]
    send(actor=shop.by_waiter, order_id=added[0].order_id, now_line_ids=now)
    for line in added:
        line.refresh_from_db()
    return added


def pay(shop, order_id):
    order = Order.objects.get(pk=order_id)
    record_order_payment_by_id(
        actor=shop.by_dojo,
        order_id=order_id,
        payment_intent_id="pi_1",
        paid_amount=order.outstanding,
        currency="GBP",
    )


def order_of(line):
    return Order.objects.get(pk=line.order_id)


def test_the_station_has_it_once(uk):
    # given
    lager, soup = sent(uk, LAGER, SOUP)
    unsent = add_lines(actor=uk.by_waiter, target=T1, lines=[SOUP])[0]
    ids = [lager.pk, soup.pk, unsent.pk]

    # when
    first = acknowledge_lines(actor=uk.by_waiter, station_id=uk.stations["kitchen"].pk, line_ids=ids)
    seen_at = OrderLine.objects.get(pk=soup.pk).station_has_it_at
    again = acknowledge_lines(actor=uk.by_waiter, station_id=uk.stations["kitchen"].pk, line_ids=ids)

    # then
    assert (first, again) == (1, 0)
    assert seen_at is not None
    has_it = dict(OrderLine.objects.values_list("pk", "station_has_it_at"))
    assert has_it == {lager.pk: None, soup.pk: seen_at, unsent.pk: None}


def test_another_venues_lines_are_not_seen(uk):
    # given
    theirs = a_venue()
    (soup,) = sent(theirs, SOUP)

    # when
    count = acknowledge_lines(actor=uk.by_waiter, station_id=theirs.stations["kitchen"].pk, line_ids=[soup.pk])
    with pytest.raises(NotFound):
        move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)
    with pytest.raises(NotFound):
        bump_ticket(actor=uk.by_waiter, station_id=theirs.stations["kitchen"].pk, round_id=soup.round_id)
    with pytest.raises(NotFound):
        serve_course(actor=uk.by_waiter, order_id=soup.order_id)
    with pytest.raises(NotFound):
        acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=theirs.stations["kitchen"].pk)

    # then
    assert count == 0
    soup.refresh_from_db()
    assert (soup.state, soup.station_has_it_at) == (LineState.SENT, None)


def test_a_line_goes_from_started_to_served_and_the_order_follows_once(uk):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)

    # then
    soup.refresh_from_db()
    assert (soup.state, soup.started_at is not None, soup.ready_at) == (LineState.STARTED, True, None)
    assert soup.station_has_it_at is not None
    assert order_of(soup).status == OrderStatus.PREPARING

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SERVED)

    # then
    soup.refresh_from_db()
    assert (soup.state, soup.served_at is not None) == (LineState.SERVED, True)
    # a dine-in order stays Preparing until it ends
    assert order_of(soup).status == OrderStatus.PREPARING


def test_skipping_counts_as_started(uk):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SERVED)

    # then
    soup.refresh_from_db()
    assert soup.started_at == soup.ready_at == soup.served_at
    assert order_of(soup).status == OrderStatus.PREPARING


def test_a_tap_that_comes_second_changes_nothing(uk):
    # given
    (soup,) = sent(uk, SOUP)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    before = OrderLine.objects.values().get()

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)

    # then
    assert OrderLine.objects.values().get() == before


def test_what_is_not_with_the_kitchen_does_not_move(uk):
    # given
    soup, ribeye = add_lines(actor=uk.by_waiter, target=T1, lines=[SOUP, RIBEYE])
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # when
    with pytest.raises(Conflict, match="not with the kitchen yet"):
        move_lines(actor=uk.by_waiter, line_ids=[soup.pk, ribeye.pk], state=LineState.READY)
    with pytest.raises(InvalidRequest):
        move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SENT)
    with pytest.raises(NotFound):
        move_line(actor=uk.by_waiter, line_id="line_1", state=LineState.READY)

    # then
    assert dict(OrderLine.objects.values_list("plu", "state")) == {"soup": "sent", "ribeye": "held"}


def test_a_ticket_is_one_stations_part_of_one_round(uk):
    # given
    lager, soup, ribeye = sent(uk, LAGER, SOUP, RIBEYE)
    (later,) = sent(uk, SOUP)
    void_line(actor=uk.by_supervisor, line_id=ribeye.pk, reason="off", was_made=False)

    # when
    bump_ticket(actor=uk.by_waiter, station_id=uk.stations["kitchen"].pk, round_id=soup.round_id)

    # then
    found = dict(OrderLine.objects.values_list("pk", "state"))
    assert found == {lager.pk: "sent", soup.pk: "ready", ribeye.pk: "voided", later.pk: "sent"}


def test_a_course_is_taken_when_it_is_plated(uk):
    # given
    soup, ribeye, chips = sent(uk, SOUP, RIBEYE, NewLine(plu="chips"))
    move_lines(actor=uk.by_waiter, line_ids=[soup.pk, ribeye.pk], state=LineState.READY)

    # when
    taken = serve_course(actor=uk.by_waiter, order_id=soup.order_id, course_id=uk.courses["Mains"].pk)

    # then
    assert [line.pk for line in taken] == [ribeye.pk]
    assert dict(OrderLine.objects.values_list("pk", "state")) == {
        soup.pk: "ready",
        ribeye.pk: "served",
        chips.pk: "sent",
    }

    # when
    serve_course(actor=uk.by_waiter, order_id=soup.order_id)
    nothing = serve_course(actor=uk.by_waiter, order_id=soup.order_id)

    # then
    assert OrderLine.objects.get(pk=soup.pk).state == LineState.SERVED
    assert nothing == []


def test_recall_goes_back_one_step_and_forgets_its_moment(uk):
    # given
    (soup,) = sent(uk, SOUP)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SERVED)

    # when / then
    for state, moments in (
        (LineState.READY, (True, True, False)),
        (LineState.STARTED, (True, False, False)),
        (LineState.SENT, (False, False, False)),
    ):
        recall_line(actor=uk.by_waiter, line_id=soup.pk)
        soup.refresh_from_db()
        assert soup.state == state
        assert tuple(at is not None for at in (soup.started_at, soup.ready_at, soup.served_at)) == moments
    with pytest.raises(Conflict):
        recall_line(actor=uk.by_waiter, line_id=soup.pk)
    assert order_of(soup).status == OrderStatus.PREPARING


def test_after_paying_the_kitchen_goes_on_without_the_order(uk):
    # given
    (soup,) = sent(uk, SOUP)
    pay(uk, soup.order_id)
    before = Order.objects.values().get()
    assert before["status"] == OrderStatus.FINALIZED

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    recall_line(actor=uk.by_waiter, line_id=soup.pk)
    bump_ticket(
        actor=uk.by_waiter,
        station_id=uk.stations["kitchen"].pk,
        round_id=soup.round_id,
        state=LineState.SERVED,
    )

    # then
    soup.refresh_from_db()
    assert soup.state == LineState.SERVED
    assert Order.objects.values().get() == before


def test_a_collection_follows_its_slowest_line(uk):
    # given
    soup, lager = sent(uk, SOUP, LAGER, target=NewCollection(name="Sam"))

    # when
    move_line(actor=uk.by_waiter, line_id=lager.pk, state=LineState.READY)

    # then
    assert order_of(soup).status == OrderStatus.PREPARING

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)

    # then
    assert order_of(soup).status == OrderStatus.PREPARED


def test_the_last_plate_of_a_paid_counter_order_ends_it(uk):
    # given
    soup, lager = sent(uk, SOUP, LAGER, target=NewCounter())
    pay(uk, soup.order_id)
    assert order_of(soup).is_open

    # when
    move_line(actor=uk.by_waiter, line_id=lager.pk, state=LineState.SERVED)

    # then
    assert order_of(soup).is_open

    # when
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SERVED)

    # then
    assert order_of(soup).status == OrderStatus.FINALIZED


# --- allergies first -------------------------------------------------------------------------------------------------


def test_a_station_sees_the_allergies_before_its_first_bump(uk):
    # given
    soup, lager = sent(uk, SOUP, LAGER)
    kitchen, bar = uk.stations["kitchen"].pk, uk.stations["bar"].pk
    note_allergy(actor=uk.by_waiter, target=T1, seat=1, allergens=["nuts"])

    # when
    with pytest.raises(Conflict, match="Table 1 has an allergy") as refusal:
        bump_ticket(actor=uk.by_waiter, station_id=kitchen, round_id=soup.round_id)

    # then
    assert refusal.value.data == {"order": soup.order_id, "station": kitchen}
    assert set(OrderLine.objects.values_list("state", flat=True)) == {"sent"}

    # when: one station's word is not another's
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=kitchen)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)
    with pytest.raises(Conflict):
        move_line(actor=uk.by_waiter, line_id=lager.pk, state=LineState.STARTED)

    # then
    assert dict(OrderLine.objects.values_list("plu", "state")) == {"soup": "started", "lager-pint": "sent"}
    assert AllergyAcknowledgement.objects.get().station_id != bar


def test_what_the_table_must_not_eat_heads_the_ticket_of_its_phones_order_too(uk):
    # given
    (soup,) = sent(uk, SOUP)
    note_allergy(actor=uk.by_waiter, target=T1, seat=2, allergens=["nuts"])

    # when: somebody at the table orders a pudding by phone
    phone = create_order(
        actor=uk.by_dojo,
        request=NewDojoOrder(
            dojo_order_id="dojo_1",
            order_type="DineIn",
            table_code="t1",
            items=(NewItem(name="Brownie", plu="brownie", quantity=1, unit_price=700),),
            total_amount=700,
            currency="GBP",
        ),
    )

    # then
    cards = {card.order.pk: card for card in read_station(uk.venue, "kitchen").cards}
    assert (cards[phone.pk].allergies, cards[phone.pk].allergies_are_seen) == (["Seat 2: nuts"], False)
    with pytest.raises(Conflict, match="has an allergy"):
        move_line(actor=uk.by_waiter, line_id=phone.lines.get().pk, state=LineState.STARTED)
    assert phone.lines.get().state == LineState.SENT
    assert cards[soup.order_id].allergies == ["Seat 2: nuts"]


def test_allergies_head_the_card_until_this_station_has_seen_them_as_they_are_now(uk):
    # given: on a seat, on the party, and a course that is still held
    soup = sent(uk, SOUP)[0]
    (ribeye,) = add_lines(actor=uk.by_waiter, target=T1, lines=[RIBEYE])
    send(actor=uk.by_waiter, order_id=soup.order_id, hold_line_ids=[ribeye.pk])
    kitchen = uk.stations["kitchen"].pk

    def cards():
        screen = read_station(uk.venue, "kitchen")
        return [(card.allergies, card.allergies_are_seen) for card in (*screen.cards, *screen.coming)]

    assert cards() == [([], True)] * 2

    # when / then
    note_allergy(actor=uk.by_waiter, target=T1, seat=None, allergens=["milk"], note="severe")
    note_allergy(actor=uk.by_waiter, target=T1, seat=1, allergens=[], note="no kiwi")
    assert cards() == [(["milk, severe", "Seat 1: no kiwi"], False)] * 2
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=uk.stations["bar"].pk)
    assert [seen for _, seen in cards()] == [False, False]
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=kitchen)
    assert [seen for _, seen in cards()] == [True, True]
    note_allergy(actor=uk.by_waiter, target=T1, seat=1, allergens=["nuts"])
    assert cards() == [(["milk, severe", "Seat 1: nuts"], False)] * 2


def test_another_allergy_has_to_be_seen_anew(uk):
    # given
    (soup,) = sent(uk, SOUP)
    kitchen = uk.stations["kitchen"].pk
    note_allergy(actor=uk.by_waiter, target=T1, seat=1, allergens=["nuts"])
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=kitchen)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)

    # when
    note_allergy(actor=uk.by_waiter, target=T1, seat=2, allergens=["milk"])
    with pytest.raises(Conflict):
        move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=kitchen)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)

    # then
    soup.refresh_from_db()
    assert soup.state == LineState.READY


def test_a_partys_allergy_counts_and_who_carries_plates_is_not_asked(uk):
    # given
    (soup,) = sent(uk, SOUP)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    note_allergy(actor=uk.by_waiter, target=T1, seat=None, allergens=["nuts"])
    (more,) = sent(uk, SOUP)

    # when
    serve_course(actor=uk.by_waiter, order_id=soup.order_id)
    with pytest.raises(Conflict):
        move_line(actor=uk.by_waiter, line_id=more.pk, state=LineState.SERVED)

    # then
    assert dict(OrderLine.objects.values_list("pk", "state")) == {soup.pk: "served", more.pk: "sent"}


def test_an_allergy_that_comes_with_merged_lines_has_to_be_seen_anew(uk):
    # given: seen for this bill, before the next bill with another allergy joined it
    (soup,) = sent(uk, SOUP)
    kitchen, expiry = uk.stations["kitchen"].pk, timezone.now() + timedelta(minutes=5)
    note_allergy(actor=uk.by_waiter, target=T1, seat=1, allergens=["nuts"])
    create_order_lock(actor=uk.by_dojo, order_id=soup.order_id, lock_id="lock_1", expiry=expiry)
    (more,) = sent(uk, SOUP)
    SeatAllergyFactory(order=order_of(more), seat=2, allergens=["milk"], noted_at=timezone.now())
    acknowledge_allergies(actor=uk.by_waiter, order_id=soup.order_id, station_id=kitchen)
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.STARTED)

    # when
    delete_order_lock(actor=uk.by_dojo, order_id=soup.order_id, lock_id="lock_1")
    with pytest.raises(Conflict):
        move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)

    # then
    soup.refresh_from_db()
    more.refresh_from_db()
    assert (soup.state, more.order_id) == (LineState.STARTED, soup.order_id)
    assert list(order_of(soup).seat_allergies.values_list("seat", "allergens")) == [(1, ["nuts"]), (2, ["milk"])]


# --- struck out ------------------------------------------------------------------------------------------------------


def test_a_cancellation_stays_until_it_is_seen(uk):
    # given
    soup, _ = sent(uk, SOUP, LAGER)
    void_line(actor=uk.by_supervisor, line_id=soup.pk, reason="changed their mind", was_made=False)

    # then: struck out on its station's card, and on no other's
    def struck(station):
        return [line.pk for card in read_station(uk.venue, station).cards for line in card.struck]

    assert (struck("kitchen"), struck("bar")) == ([soup.pk], [])

    # when
    first = acknowledge_cancellation(actor=uk.by_waiter, line_ids=[soup.pk])
    again = acknowledge_cancellation(actor=uk.by_waiter, line_ids=[soup.pk])

    # then
    assert (first, again) == (1, 0)
    assert struck("kitchen") == []
    soup.refresh_from_db()
    assert soup.cancellation_seen_at is not None
    with pytest.raises(Conflict, match="was cancelled"):
        move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    assert soup.cancellation_seen_at < timezone.now()
