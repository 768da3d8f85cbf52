"""Z: the day is closed once, the next one is open at once, and money counts where it happened."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from orders.models import LineState, Order, OrderStatus, Payment, PaymentKind, TradingPeriod
from orders.services.payments import record_order_payment_by_id
from orders.services.tenders import refund_payment, take_payment
from orders.services.trading import close_period
from pos.errors import NotPermitted
from tests.bills import a_bill
from tests.factories import a_venue
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db


def cash(shop, order, amount):
    return take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=amount)


def test_the_next_period_opens_with_the_next_number(uk):
    # when
    opened = close_period(actor=uk.by_manager)

    # then
    uk.period.refresh_from_db()
    assert (uk.period.closed_by, uk.period.closed_at) == (uk.manager, opened.opened_at)
    assert (opened.number, opened.closed_at) == (uk.period.number + 1, None)


@pytest.mark.parametrize("who", ["by_waiter", "by_supervisor"])
def test_only_a_manager_closes_the_day(uk, who):
    # when / then
    with pytest.raises(NotPermitted):
        close_period(actor=getattr(uk, who))
    assert TradingPeriod.objects.count() == 1


def test_a_sale_counts_where_it_closed_and_a_refund_where_it_happens(uk):
    # given
    order = a_bill(uk, total=5000)
    part = cash(uk, order, 2000)
    second = close_period(actor=uk.by_manager)

    # when
    rest = cash(uk, order, 3000)
    third = close_period(actor=uk.by_manager)
    refund = refund_payment(actor=uk.by_manager, payment_id=rest.pk, amount=500, reason="cold")

    # then
    order.refresh_from_db()
    assert [part.trading_period, rest.trading_period, refund.trading_period] == [uk.period, second, third]
    assert order.trading_period == second


def test_what_is_unpaid_stays_open_for_the_next_day(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    close_period(actor=uk.by_manager)

    # then
    order.refresh_from_db()
    assert (order.is_open, order.outstanding) == (True, 5000)


def test_prepaid_orders_that_nobody_called_for_end_with_the_day(uk):
    # given
    order = a_bill(uk, total=5000, state=LineState.SENT, is_prepaid=True)
    record_order_payment_by_id(
        actor=uk.by_dojo, order_id=order.pk, payment_intent_id="pi", paid_amount=5000, currency="GBP"
    )
    assert Order.objects.get(pk=order.pk).is_open

    # when
    close_period(actor=uk.by_manager)

    # then
    order.refresh_from_db()
    assert (order.status, order.trading_period) == (OrderStatus.FINALIZED, uk.period)


def test_a_night_before_five_belongs_to_the_day_before(uk):
    # given
    order = a_bill(uk, total=5000)
    today = uk.venue.business_date(timezone.now())
    at_three = timezone.now().astimezone(uk.venue.zone).replace(hour=3, minute=0) + timedelta(days=1)

    # when
    with time_machine.travel(at_three):
        cash(uk, order, 5000)

    # then
    expected = (at_three - timedelta(days=1)).date()
    order.refresh_from_db()
    assert (order.business_date, Payment.objects.get().business_date) == (expected, expected)
    assert expected >= today


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_money_taken_while_the_day_is_closed_lands_in_exactly_one_period():
    # given
    shop = a_venue()
    orders = [a_bill(shop, total=1000, table=f"t{n}") for n in range(1, 9)]

    # when
    pays = [partial(cash, shop, order, 1000) for order in orders]
    results = all_at_once([*pays[:4], partial(close_period, actor=shop.by_manager), *pays[4:]])

    # then
    assert not [result for result in results if isinstance(result, Exception)]
    assert list(TradingPeriod.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    closed = TradingPeriod.objects.get(number=1)
    for payment in Payment.objects.select_related("trading_period", "order"):
        assert payment.trading_period_id == payment.order.trading_period_id
        if payment.trading_period_id == closed.pk:
            assert payment.at <= closed.closed_at


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_managers_close_the_day_and_numbers_have_no_gap():
    # given
    shop = a_venue()

    # when
    results = all_at_once([partial(close_period, actor=shop.by_manager)] * 4)

    # then
    numbers = list(TradingPeriod.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 1 + len(numbers)))
    assert TradingPeriod.objects.filter(closed_at=None).count() == 1
    closed_by = sum(isinstance(result, TradingPeriod) for result in results)
    assert len(numbers) == 1 + closed_by
