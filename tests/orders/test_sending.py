"""Sending: what goes, what waits, what is fixed from then on; and that nothing is sent twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Course, LineState, Order, OrderLine, OrderStatus, Round
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.locking import create_order_lock
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.sending import fire_course, first_to_go, goes_now, send
from orders.services.targets import AtTable, NewCollection, NewTab, OnOrder
from pos.errors import Conflict, InvalidRequest, NotFound, OrderClosed
from pos.events import StationChanged
from tests.factories import OrderFactory, VatRateFactory, a_venue

pytestmark = pytest.mark.django_db

T1 = AtTable("t1")
LAGER = NewLine(plu="lager-pint")
SOUP = NewLine(plu="soup")
RIBEYE = NewLine(plu="ribeye", modifiers=(Choice("medium"),))
BROWNIE = NewLine(plu="brownie")


def add(shop, *lines, target=T1):
    return add_lines(actor=shop.by_waiter, target=target, lines=lines)


def order_of(line):
    return Order.objects.get(pk=line.order_id)


def states():
    return {line.plu: line.state for line in OrderLine.objects.all()}


@pytest.fixture
def told(monkeypatch):
    """What the screens were told of."""
    events = []
    monkeypatch.setattr("pos.events.tell_after_commit", events.extend)
    return events


def test_drinks_and_the_first_course_go_and_later_courses_hold(uk, told, django_capture_on_commit_callbacks):
    # given
    lager, *_ = add(uk, LAGER, SOUP, RIBEYE, BROWNIE)

    # when
    with django_capture_on_commit_callbacks(execute=True):
        order = send(actor=uk.by_waiter, order_id=lager.order_id)

    # then
    assert states() == {"lager-pint": "sent", "soup": "sent", "ribeye": "held", "brownie": "held"}
    (sent,) = Round.objects.all()
    assert (sent.number, sent.sent_by, sent.till) == (1, uk.waiter, uk.till)
    assert {line.plu for line in sent.lines.all()} == {"lager-pint", "soup"}
    assert order.status == OrderStatus.ACCEPTED
    assert order.first_sent_at == sent.sent_at
    stations = {event.station_id for event in told if isinstance(event, StationChanged)}
    assert stations == {uk.stations["bar"].pk, uk.stations["kitchen"].pk}


def test_sending_again_sends_nothing(uk):
    # given
    lager, *_ = add(uk, LAGER, SOUP, RIBEYE)
    send(actor=uk.by_waiter, order_id=lager.order_id)
    before = list(OrderLine.objects.values())

    # when
    send(actor=uk.by_waiter, order_id=lager.order_id)
    send(actor=uk.by_waiter, order_id=lager.order_id, line_ids=[lager.pk])

    # then
    assert list(OrderLine.objects.values()) == before
    assert Round.objects.count() == 1


def test_fire_calls_a_course_away_once(uk):
    # given
    soup, ribeye, brownie = add(uk, SOUP, RIBEYE, BROWNIE)
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # when
    for _ in range(2):
        fire_course(actor=uk.by_waiter, order_id=soup.order_id, course_id=uk.courses["Mains"].pk)

    # then
    assert states() == {"soup": "sent", "ribeye": "sent", "brownie": "held"}
    ribeye.refresh_from_db()
    assert (ribeye.round.number, Round.objects.count()) == (2, 2)
    assert brownie.pk


def test_a_later_line_of_a_course_under_way_goes_and_of_a_held_one_waits(uk):
    # given
    soup, *_ = add(uk, SOUP, RIBEYE)
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # when
    more_soup, chips = add(uk, SOUP, NewLine(plu="chips"))
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # then
    more_soup.refresh_from_db()
    chips.refresh_from_db()
    assert (more_soup.state, chips.state) == (LineState.SENT, LineState.HELD)

    # when
    fire_course(actor=uk.by_waiter, order_id=soup.order_id, course_id=uk.courses["Mains"].pk)
    late, pudding = add(uk, NewLine(plu="chips"), BROWNIE)
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # then
    late.refresh_from_db()
    pudding.refresh_from_db()
    assert (late.state, pudding.state) == (LineState.SENT, LineState.HELD)


def test_the_waiters_words_go_before_the_course(uk):
    # given
    lager, soup, ribeye = add(uk, LAGER, SOUP, RIBEYE)

    # when
    send(actor=uk.by_waiter, order_id=lager.order_id, hold_line_ids=[lager.pk, soup.pk], now_line_ids=[ribeye.pk])

    # then
    assert states() == {"lager-pint": "held", "soup": "held", "ribeye": "sent"}

    # when: a held line called by itself
    send(actor=uk.by_waiter, order_id=lager.order_id, now_line_ids=[lager.pk])

    # then
    assert states() == {"lager-pint": "sent", "soup": "held", "ribeye": "sent"}


def test_a_late_guests_starter_holds_nobody_elses_mains(uk):
    # given
    mine, late = add(uk, SOUP, SOUP)
    send(actor=uk.by_waiter, order_id=mine.order_id, hold_line_ids=[late.pk])
    ribeye = add(uk, RIBEYE)[0]

    # when
    send(actor=uk.by_waiter, order_id=mine.order_id)

    # then
    ribeye.refresh_from_db()
    late.refresh_from_db()
    assert (ribeye.state, late.state) == (LineState.SENT, LineState.HELD)


def test_only_the_named_lines_are_sent(uk):
    # given: another waiter is still typing
    lager, _ = add(uk, LAGER, NewLine(plu="coffee"))

    # when
    send(actor=uk.by_waiter, order_id=lager.order_id, line_ids=[lager.pk, "line_of_another_table"])

    # then
    assert states() == {"lager-pint": "sent", "coffee": "unsent"}


def test_everything_held_leaves_the_order_new(uk):
    # given
    (soup,) = add(uk, SOUP)

    # when
    order = send(actor=uk.by_waiter, order_id=soup.order_id, hold_line_ids=[soup.pk])

    # then
    assert (order.status, order.first_sent_at, Round.objects.count()) == (OrderStatus.NEW, None, 0)
    assert states() == {"soup": "held"}


def test_what_nobody_makes_is_served_at_a_table_and_ready_for_who_collects(uk):
    # given
    (at_table,) = add(uk, NewLine(plu="voucher"))
    (collected,) = add(uk, NewLine(plu="voucher"), target=NewCollection(name="Sam"))

    # when
    send(actor=uk.by_waiter, order_id=at_table.order_id)
    send(actor=uk.by_waiter, order_id=collected.order_id)

    # then
    at_table.refresh_from_db()
    collected.refresh_from_db()
    assert (at_table.state, at_table.served_at is not None) == (LineState.SERVED, True)
    assert (collected.state, collected.ready_at is not None, collected.served_at) == (LineState.READY, True, None)


def test_nothing_of_a_collection_is_held(uk):
    # given
    soup, *_ = add(uk, SOUP, RIBEYE, BROWNIE, target=NewCollection(name="Sam"))

    # when
    send(actor=uk.by_waiter, order_id=soup.order_id)

    # then
    assert set(states().values()) == {"sent"}


def test_vat_is_fixed_when_sent(uk):
    # given
    soup, deal = add(
        uk, SOUP, NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="lager-pint")))
    )
    today = uk.venue.business_date(timezone.now())
    VatRateFactory(vat_class=uk.vat["hot-food"], valid_from=today, rate_in=1250, rate_out=1250)

    # when
    send(actor=uk.by_waiter, order_id=soup.order_id, now_line_ids=[deal.pk])
    VatRateFactory(vat_class=uk.vat["hot-food"], valid_from=today - timedelta(days=1), rate_in=500, rate_out=500)
    uk.vat["hot-food"].rates.filter(valid_from=today).delete()
    add(uk, LAGER)

    # then
    soup.refresh_from_db()
    assert soup.vat_rate == 1250
    assert dict(deal.sub_items.values_list("plu", "vat_rate")) == {"burger": 1250, "lager-pint": 2000}


def test_under_a_lease_both_bills_reach_the_kitchen(uk):
    # given
    (lager,) = add(uk, LAGER)
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=uk.by_dojo, order_id=lager.order_id, lock_id="lock_1", expiry=expiry)
    (soup,) = add(uk, SOUP)

    # when
    order = send(actor=uk.by_waiter, order_id=lager.order_id)

    # then
    assert states() == {"lager-pint": "sent", "soup": "sent"}
    soup.refresh_from_db()
    follow_on = order_of(soup)
    assert (order.pk, follow_on.follows_id) == (lager.order_id, order.pk)
    assert (order.status, follow_on.status) == (OrderStatus.ACCEPTED, OrderStatus.ACCEPTED)


def test_sending_the_last_line_of_a_paid_bill_finishes_it(uk):
    # given
    (lager,) = add(uk, LAGER)
    order = order_of(lager)
    record_order_payment_by_id(
        actor=uk.by_dojo, order_id=order.pk, payment_intent_id="pi_1", paid_amount=698, currency="GBP"
    )
    assert order_of(lager).is_open

    # when
    send(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert (order.status, order.party.status) == (OrderStatus.FINALIZED, "Paid")


def test_a_closed_an_unaccepted_and_a_foreign_order_are_refused(uk):
    # given
    (line,) = add(uk, LAGER, target=NewTab(name="Ana"))
    waits = OrderFactory(venue=uk.venue, status=OrderStatus.SUBMITTED, origin="dojo")
    theirs = OrderFactory(venue=a_venue().venue)
    Order.objects.filter(pk=line.order_id).update(
        status=OrderStatus.CANCELED, closed_at=timezone.now(), business_date=timezone.now().date()
    )

    # when
    with pytest.raises(OrderClosed):
        send(actor=uk.by_waiter, order_id=line.order_id)
    with pytest.raises(Conflict, match="Accept"):
        send(actor=uk.by_waiter, order_id=waits.pk)
    with pytest.raises(NotFound):
        send(actor=uk.by_waiter, order_id=theirs.pk)
    with pytest.raises(OrderClosed):
        fire_course(actor=uk.by_waiter, order_id=line.order_id, course_id=uk.courses["Mains"].pk)

    # then
    assert states() == {"lager-pint": "unsent"}
    assert Round.objects.count() == 0


def test_a_course_of_another_venue_is_none(uk):
    # given
    (soup,) = add(uk, SOUP)
    theirs = a_venue().courses["Mains"]

    # when
    with pytest.raises(InvalidRequest) as refusal:
        fire_course(actor=uk.by_waiter, order_id=soup.order_id, course_id=theirs.pk)

    # then
    assert refusal.value.field == "course"


def test_bills_of_one_table_share_their_courses(uk):
    # given: two bills at one table, mains held on the first
    soup, _ = add(uk, SOUP, RIBEYE)
    send(actor=uk.by_waiter, order_id=soup.order_id)
    first = order_of(soup)
    own = OrderFactory(venue=uk.venue, party=first.party, table=first.table, is_separate_bill=True)
    chips, extra = add(uk, NewLine(plu="chips"), SOUP, target=OnOrder(own.pk))

    # when
    send(actor=uk.by_waiter, order_id=own.pk)

    # then
    chips.refresh_from_db()
    extra.refresh_from_db()
    assert (chips.state, extra.state) == (LineState.HELD, LineState.SENT)


STARTERS, MAINS = Course(position=1), Course(position=2)


@pytest.mark.parametrize(
    ("course", "waiting", "fired", "held", "goes"),
    [
        (None, [MAINS], set(), {1}, True),
        (Course(position=0, goes_at_once=True), [STARTERS], set(), set(), True),
        (STARTERS, [STARTERS, MAINS], set(), set(), True),
        (MAINS, [STARTERS, MAINS], set(), set(), False),
        (MAINS, [MAINS], set(), {1}, False),
        (MAINS, [MAINS], {1}, {2}, False),
        (MAINS, [MAINS], {1}, {3}, True),
        (MAINS, [STARTERS, MAINS], {2}, set(), True),
    ],
)
def test_which_course_goes(course, waiting, fired, held, goes):
    assert goes_now(course, first=first_to_go(waiting, held), fired=fired, held=held) is goes
