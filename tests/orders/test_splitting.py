"""A bill of one's own, and lines that change tables."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.selectors import sitting_at
from dojo_integration.documents import read_body, render_documents
from orders.models import ExceptionKind, LineState, Order, OrderException, PaymentKind
from orders.services.closing import get_order_bill_by_id
from orders.services.locking import create_order_lock
from orders.services.splitting import split_order, transfer_lines
from orders.services.tenders import take_payment
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, Locked, NotFound
from tests.bills import a_bill, add_line, settled
from tests.factories import (
    DiscountFactory,
    LineModifierFactory,
    RoundFactory,
    SeatAllergyFactory,
    a_venue,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


@pytest.fixture(autouse=True)
def _documents_are_true():
    """Whatever a test split, Dojo reads what the rows say."""
    yield
    for document in render_documents(Order.objects.values_list("pk", flat=True)):
        assert read_body(document.venue_id, document.order_id) in (None, document.body)


def a_shared_bill(shop, **fields):
    """Three steaks of £10 and a side of £7."""
    order = a_bill(shop, total=1000, **fields)
    order.lines.update(quantity=3)
    side = add_line(shop, order, 700)
    return settled(order), order.lines.exclude(pk=side.pk).get(), side


def split(shop, order, quantities):
    return split_order(actor=shop.by_waiter, order_id=order.pk, quantities=quantities)


def test_part_of_a_line_goes_on_a_bill_of_its_own(shop):
    # given: an extra on each steak, and 10 % off everything
    order, steaks, _ = a_shared_bill(shop)
    LineModifierFactory(line=steaks, price=100)
    DiscountFactory(order=order, percent=1000)
    order = settled(order)
    assert order.total_amount == 3600

    # when
    bill = split(shop, order, {steaks.pk: 2})

    # then
    order.refresh_from_db()
    line = bill.lines.get()
    assert (line.quantity, line.modifiers.get().price, line.state) == (2, 100, LineState.SERVED)
    assert (bill.total_amount, order.total_amount) == (1980, 1620)
    assert (bill.display_name, bill.is_separate_bill, bill.party_id) == ("Table 1 · 2", True, order.party_id)


def test_a_fixed_discount_stays(shop):
    # given
    order, steaks, _ = a_shared_bill(shop)
    DiscountFactory(order=order, percent=None, fixed_amount=500)
    order = settled(order)

    # when
    bill = split(shop, order, {steaks.pk: 3})

    # then
    order.refresh_from_db()
    assert (bill.total_amount, order.total_amount) == (3000, 200)


def test_rounds_and_allergies_go_along(shop):
    # given
    order, steaks, side = a_shared_bill(shop)
    sent = RoundFactory(order=order)
    order.lines.update(round=sent)
    SeatAllergyFactory(order=order, seat=2)

    # when
    bill = split(shop, order, {side.pk: 1})

    # then
    side.refresh_from_db()
    assert (side.order_id, side.round.order_id, side.round.sent_at) == (bill.pk, bill.pk, sent.sent_at)
    assert bill.seat_allergies.get().allergens == ["nuts"]
    steaks.refresh_from_db()
    assert steaks.round_id == sent.pk


def test_less_than_was_paid_is_never_left(shop):
    # given
    order, steaks, side = a_shared_bill(shop)
    take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=1000)

    # when
    with pytest.raises(Conflict, match="£10.00 is paid"):
        split(shop, order, {steaks.pk: 3})

    # then
    order.refresh_from_db()
    assert (order.total_amount, order.lines.count(), Order.objects.count()) == (3700, 2, 1)

    # when: just enough is left
    bill = split(shop, order, {steaks.pk: 2, side.pk: 1})

    # then
    order.refresh_from_db()
    assert (order.is_open, order.total_amount, bill.outstanding) == (False, 1000, 2700)


def test_two_bills_in_place_of_a_printed_one_need_nobodys_yes(shop):
    # given
    order, steaks, _ = a_shared_bill(shop)
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)

    # when
    bill = split(shop, order, {steaks.pk: 1})

    # then: together they are what the guests saw
    order.refresh_from_db()
    assert (order.bill_shown_amount, bill.bill_shown_amount) == (2700, 1000)
    assert not OrderException.objects.exists()


@pytest.mark.parametrize("quantity", [0, 4])
def test_what_is_not_there_is_not_split(shop, quantity):
    # given
    order, steaks, side = a_shared_bill(shop)

    # when / then
    with pytest.raises(InvalidRequest):
        split(shop, order, {steaks.pk: quantity})
    with pytest.raises(InvalidRequest):
        split(shop, order, {})
    with pytest.raises(InvalidRequest, match="whole bill"):
        split(shop, order, {steaks.pk: 3, side.pk: 1})
    with pytest.raises(NotFound):
        split(shop, order, {a_bill(shop, table="t2").lines.get().pk: 1})
    order.refresh_from_db()
    assert (order.total_amount, order.lines.count()) == (3700, 2)


def test_a_bill_on_a_card_machine_is_not_split(shop):
    # given
    order, steaks, side = a_shared_bill(shop)
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)

    # when / then
    with pytest.raises(Locked):
        split(shop, order, {steaks.pk: 1})
    with pytest.raises(Locked):
        transfer_lines(actor=shop.by_waiter, order_id=order.pk, quantities={side.pk: 1}, table_id=shop.tables["t2"].pk)
    assert Order.objects.count() == 1


def test_lines_go_to_another_tables_bill_or_open_one(shop):
    # given
    order, steaks, side = a_shared_bill(shop)
    other = a_bill(shop, table="t2", total=500)

    # when
    there = transfer_lines(
        actor=shop.by_waiter, order_id=order.pk, quantities={side.pk: 1}, table_id=shop.tables["t2"].pk
    )
    new = transfer_lines(
        actor=shop.by_waiter, order_id=order.pk, quantities={steaks.pk: 1}, table_id=shop.tables["t9"].pk
    )

    # then
    order.refresh_from_db()
    assert (there.pk, there.total_amount, order.total_amount) == (other.pk, 1200, 2000)
    assert (new.display_name, new.goods_amount) == ("Table 9", 1000)
    assert sitting_at([shop.tables["t9"].pk]) == [new.party_id]


def test_lines_leave_a_bill_that_its_guests_have_seen_with_a_supervisors_yes(shop):
    # given
    order, _, side = a_shared_bill(shop)
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)
    wanted = {"order_id": order.pk, "quantities": {side.pk: 1}, "table_id": shop.tables["t2"].pk}

    # when
    with pytest.raises(ApprovalRequired):
        transfer_lines(actor=shop.by_waiter, **wanted)

    # then
    side.refresh_from_db()
    assert side.order_id == order.pk

    # when
    transfer_lines(actor=shop.by_supervisor, **wanted)

    # then
    assert OrderException.objects.get().kind == ExceptionKind.BILL_LOWERED
