"""The demo pub's past: books that an accountant would believe."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.db.models import Sum
from pytest_django import DjangoDbBlocker

from dojo_integration.models import OrderDocument
from orders.demo.building import SECTIONS, build_venue
from orders.demo.guests import Event, Kind, Menu, Visit, day_of_visits
from orders.demo.history import first_opening, write_day
from orders.models import (
    LineState,
    Order,
    OrderException,
    OrderLine,
    OrderNumber,
    Payment,
    PaymentIntent,
    TradingPeriod,
)
from orders.row_locks import Held
from orders.services.billing import price_order, read_lines
from pos.models import AuditEntry, Venue
from pos.permissions import Actor
from tests.fixtures_venue import kept_for_module

MONDAY_NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
MENU = Menu(SECTIONS)


def all_days() -> list[list[Visit]]:
    return [day_of_visits(MENU, number=number, weekday=(number - 1) % 7) for number in range(1, 15)]


def test_a_day_brings_thirty_to_sixty_orders_at_the_hours_of_a_pub() -> None:
    for day in all_days():
        assert 30 <= len(day) <= 60
        assert min(visit.arrives for visit in day) >= 12 * 60
        assert max(visit.arrives + visit.pays_after for visit in day) < 23 * 60 + 55
        dinner = sum(18 * 60 <= visit.arrives < 21 * 60 for visit in day)
        afternoon = sum(15 * 60 <= visit.arrives < 17 * 60 for visit in day)
        assert dinner > afternoon


def test_the_same_day_is_always_the_same() -> None:
    assert day_of_visits(MENU, number=3, weekday=2) == day_of_visits(MENU, number=3, weekday=2)


def test_no_table_is_given_to_two_parties_at_once() -> None:
    for day in all_days():
        seated = [visit for visit in day if visit.place is not None]
        by_table: dict[str, list[Visit]] = {}
        for visit in seated:
            by_table.setdefault(visit.place.code, []).append(visit)
        for visits in by_table.values():
            for earlier, later in pairwise(visits):
                assert earlier.arrives + earlier.pays_after < later.arrives


def test_every_kind_of_guest_and_of_trouble_occurs() -> None:
    visits = [visit for day in all_days() for visit in day]

    assert {visit.kind for visit in visits} == set(Kind)
    events = Counter(visit.event for visit in visits)
    assert set(events) == set(Event)
    assert events[Event.WALKED_OUT] == 1
    assert events[Event.REFUNDED] == 7


DAY_ONE, DAY_TWO = 32, 34
ORDERS = DAY_ONE + DAY_TWO


@pytest.fixture(scope="module")
def two_days(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Venue]:
    with kept_for_module(django_db_blocker):
        venue = build_venue(opened_at=first_opening(MONDAY_NOON, Venue().zone))
        for number in (1, 2):
            write_day(actor=Actor.system(venue), number=number)
        yield venue


@pytest.fixture
def venue(two_days: Venue, db: None) -> Venue:
    return two_days


def test_orders_are_closed_in_their_period_and_on_their_day(venue: Venue) -> None:
    orders = Order.objects.filter(venue=venue).select_related("trading_period")

    assert {order.status for order in orders} == {"Finalized"}
    assert Counter((order.trading_period.number, str(order.business_date)) for order in orders) == {
        (1, "2026-11-02"): DAY_ONE,
        (2, "2026-11-03"): DAY_TWO,
    }
    assert sorted(order.number for order in orders) == list(range(1, ORDERS + 1))
    assert OrderNumber.objects.get(venue=venue).last == ORDERS
    for order in orders:
        assert order.trading_period.opened_at <= order.opened_at < order.closed_at <= order.trading_period.closed_at
        assert venue.business_date(order.closed_at) == order.business_date


def test_ids_sort_by_the_time_at_which_the_orders_were_opened(venue: Venue) -> None:
    opened = list(Order.objects.filter(venue=venue).order_by("pk").values_list("opened_at", flat=True))

    assert opened == sorted(opened)


def test_totals_tax_and_service_are_what_the_till_would_have_reckoned(venue: Venue) -> None:
    period = TradingPeriod.objects.get(venue=venue, closed_at=None)
    held = Held(venue=venue, period=period, now=MONDAY_NOON)

    for order in Order.objects.filter(venue=venue):
        stored = _amounts(order)
        lines = read_lines(order)
        on_lines = [(line.gross_amount, line.discount_amount, line.net_amount) for line in lines]

        bill = price_order(held, order, lines)

        assert _amounts(order) == stored
        assert [(line.gross_amount, line.discount_amount, line.net_amount) for line in bill.lines] == on_lines
        assert sum(row[2] for row in order.tax_lines) == order.tax_amount


def _amounts(order: Order) -> tuple[object, ...]:
    return (
        order.goods_amount,
        order.discount_amount,
        order.tax_amount,
        order.tax_lines,
        order.service_amount,
        order.total_amount,
    )


def test_every_penny_of_every_bill_was_paid_in_its_period(venue: Venue) -> None:
    for order in Order.objects.filter(venue=venue):
        payments = list(order.payments.all())

        assert sum(payment.amount for payment in payments) == order.paid_amount
        assert sum(payment.tips for payment in payments) == order.tips_amount
        assert sum(payment.amount for payment in payments if payment.amount > 0) == order.total_amount
        assert sum(payment.service_part for payment in payments if payment.amount > 0) == order.service_amount
        assert {payment.trading_period_id for payment in payments} == {order.trading_period_id}
        assert {payment.business_date for payment in payments} == {order.business_date}
    cash = Payment.objects.filter(venue=venue, kind="cash", entry="payment")
    assert cash.count() > 0
    assert all(payment.tendered == payment.amount + payment.change for payment in cash)


def test_card_payments_have_an_intent_each(venue: Venue) -> None:
    cards = Payment.objects.filter(venue=venue, kind="card", entry="payment")

    assert cards.count() == PaymentIntent.objects.filter(venue=venue).count() > 40
    for payment in cards.select_related("intent"):
        assert (payment.intent.recorded_amount, payment.intent.recorded_tips) == (payment.amount, payment.tips)
        assert payment.intent.next_look_at is None
    assert cards.aggregate(tips=Sum("tips"))["tips"] > 0


def test_what_went_wrong_is_in_the_books(venue: Venue) -> None:
    voids = OrderLine.objects.filter(venue=venue, state=LineState.VOIDED)
    assert [(line.taken_off, line.taken_off_by.staff.login, line.was_made) for line in voids] == [
        ("void", "oliver", True)
    ] * 3
    comps = OrderLine.objects.filter(venue=venue, price_rule="comp")
    assert [line.net_amount for line in comps] == [0, 0]
    refund = Payment.objects.get(venue=venue, entry="refund")
    assert refund.amount == refund.order.paid_amount - refund.order.total_amount < 0
    acts = Counter(AuditEntry.objects.filter(venue=venue).values_list("act", flat=True))
    assert acts["void"] == 3
    assert acts["comp"] == 2
    assert acts["close_period"] == 2


def test_dojo_can_read_the_past(venue: Venue) -> None:
    assert OrderDocument.objects.filter(venue_id=venue.pk, payable=False).count() == ORDERS


def test_periods_run_from_z_to_z_without_gaps(venue: Venue) -> None:
    periods = list(TradingPeriod.objects.filter(venue=venue).order_by("number"))

    assert [period.number for period in periods] == [1, 2, 3]
    assert [period.closed_at is None for period in periods] == [False, False, True]
    assert all(earlier.closed_at == later.opened_at for earlier, later in pairwise(periods))
    assert periods[0].closed_by.staff.login == "maya"


def test_a_day_is_written_once(venue: Venue) -> None:
    # when
    again = write_day(actor=Actor.system(venue), number=2)
    too_early = write_day(actor=Actor.system(venue), number=4)

    # then
    assert (again, too_early) == (None, None)
    assert Order.objects.filter(venue=venue).count() == ORDERS
    assert TradingPeriod.objects.filter(venue=venue).count() == 3


def test_the_walk_out_of_day_nine_was_told_to_the_manager(venue: Venue) -> None:
    # given
    for number in range(3, 9):
        write_day(actor=Actor.system(venue), number=number)

    # when
    write_day(actor=Actor.system(venue), number=9)

    # then
    row = OrderException.objects.select_related("order", "payment").get(venue=venue)
    assert (row.kind, row.payment.kind) == ("walk_out", "walk_out")
    assert row.amount == row.payment.amount == row.order.total_amount
    assert row.resolved_at is not None
