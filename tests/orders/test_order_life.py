"""The life of an order and of its lines: two tables of what may follow what, and how one follows the other."""

import pytest
from django.utils import timezone

from orders.models import LineState, Order, OrderLine, OrderStatus, PaymentKind, TakenOff
from orders.models.order import may_follow
from orders.services.closing import close_order, hand_over
from orders.services.kitchen import move_line, move_lines
from orders.services.lines import NewLine
from orders.services.ordering import add_lines
from orders.services.sending import send
from orders.services.targets import AtTable, NewCollection, NewTab
from orders.services.tenders import take_payment
from pos.errors import Conflict
from tests.factories import OrderFactory

FORWARD = ["New", "Submitted", "Confirmed", "Accepted", "Preparing", "Prepared", "Ready", "Finalized"]
ENDED = {"Finalized", "Canceled", "Failed"}

# From → where a line may go; everything else is refused.
LINE_MOVES = {
    "unsent": {"held", "sent", "served", "voided"},
    "held": {"sent", "served", "voided"},
    "sent": {"started", "ready", "served", "voided"},
    "started": {"ready", "served", "voided"},
    "ready": {"served", "voided"},
    "served": {"voided"},
    "voided": set(),
}


# --- what may follow what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", OrderStatus.values)
@pytest.mark.parametrize("after", OrderStatus.values)
def test_an_orders_status_goes_forward_only_and_may_skip(before, after):
    # given
    goes_on = before not in ENDED and (after in ("Canceled", "Failed") or FORWARD.index(after) > FORWARD.index(before))

    # then
    assert may_follow(before, after) is goes_on


def test_an_order_that_is_further_on_stays_there_and_one_that_ended_says_so():
    # given
    order = Order(status=OrderStatus.PREPARING, display_name="Table 1")

    # when / then
    assert order.advance(OrderStatus.ACCEPTED) is False
    assert order.advance(OrderStatus.PREPARING) is False
    assert order.status == OrderStatus.PREPARING
    assert order.advance(OrderStatus.FINALIZED) is True
    with pytest.raises(Conflict, match="Table 1 is already finalized"):
        order.advance(OrderStatus.READY)
    assert order.status == OrderStatus.FINALIZED


@pytest.mark.parametrize("before", LineState.values)
@pytest.mark.parametrize("after", LineState.values)
def test_a_line_goes_where_a_line_can_go(before, after):
    # given
    line = OrderLine(state=before, name="Soup")

    if after in LINE_MOVES[before]:
        # when
        line.move(after)

        # then
        assert line.state == after
        return

    # when / then
    with pytest.raises(Conflict, match="Soup is"):
        line.move(after)
    assert line.state == before


def test_a_line_that_is_off_says_how_and_comes_off_once():
    # given
    line, now = OrderLine(state=LineState.READY, name="Soup"), timezone.now()

    # when
    line.take_off(TakenOff.VOID, by=None, at=now, reason="cold")

    # then
    assert (line.state, line.taken_off, line.taken_off_at, line.taken_off_reason) == ("voided", "void", now, "cold")
    with pytest.raises(Conflict):
        line.take_off(TakenOff.REMOVE, by=None, at=now)
    assert line.taken_off == TakenOff.VOID


# --- how the order follows -------------------------------------------------------------------------------------------


def sent(shop, *plus, target):
    lines = add_lines(actor=shop.by_waiter, target=target, lines=[NewLine(plu=plu) for plu in plus])
    send(actor=shop.by_waiter, order_id=lines[0].order_id)
    return lines


def status(line):
    return Order.objects.values_list("status", flat=True).get(pk=line.order_id)


def test_what_is_collected_is_prepared_then_ready_then_handed_over(uk):
    # given
    soup, lager = sent(uk, "soup", "lager-pint", target=NewCollection(name="Sam"))
    assert status(soup) == OrderStatus.ACCEPTED

    # when / then: always as far as its slowest line
    move_line(actor=uk.by_waiter, line_id=lager.pk, state=LineState.SERVED)
    assert status(soup) == OrderStatus.PREPARING
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.READY)
    assert status(soup) == OrderStatus.PREPARED
    move_line(actor=uk.by_waiter, line_id=soup.pk, state=LineState.SERVED)
    assert status(soup) == OrderStatus.READY

    # when: paid, and still on the counter
    owed = Order.objects.get(pk=soup.order_id).outstanding
    take_payment(actor=uk.by_waiter, order_id=soup.order_id, kind=PaymentKind.CASH, amount=owed)
    assert status(soup) == OrderStatus.READY

    # when
    hand_over(actor=uk.by_waiter, order_id=soup.order_id)

    # then
    assert status(soup) == OrderStatus.FINALIZED


@pytest.mark.parametrize("target", [AtTable("t1"), NewTab(name="Ana")], ids=["table", "tab"])
def test_what_is_served_in_the_house_stays_preparing_whatever_is_ready(uk, target):
    # given
    lines = sent(uk, "soup", "lager-pint", target=target)
    assert Order.objects.get().order_type == "DineIn"

    for state in (LineState.STARTED, LineState.READY, LineState.SERVED):
        # when
        move_lines(actor=uk.by_waiter, line_ids=[line.pk for line in lines], state=state)

        # then
        assert status(lines[0]) == OrderStatus.PREPARING


def test_an_order_with_nothing_on_it_is_not_closed_as_if_it_were_a_meal(uk):
    # given
    order = OrderFactory(venue=uk.venue, is_tab=True)

    # when
    with pytest.raises(Conflict, match="nothing on it"):
        close_order(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert order.is_open


def test_what_is_handed_over_at_the_table_or_still_to_be_sent_is_not_collected(uk):
    # given
    (at_table,) = sent(uk, "soup", target=AtTable("t1"))
    (typed,) = add_lines(actor=uk.by_waiter, target=NewCollection(name="Sam"), lines=[NewLine(plu="soup")])
    owed = Order.objects.get(pk=typed.order_id).outstanding
    take_payment(actor=uk.by_waiter, order_id=typed.order_id, kind=PaymentKind.CASH, amount=owed)

    # when / then
    with pytest.raises(Conflict, match="served at the table"):
        hand_over(actor=uk.by_waiter, order_id=at_table.order_id)
    with pytest.raises(Conflict, match="does not know of"):
        hand_over(actor=uk.by_waiter, order_id=typed.order_id)
    assert (status(at_table), status(typed)) == (OrderStatus.ACCEPTED, OrderStatus.NEW)
