"""Plans of who pays what, as services: seen by all tills, frozen where paid, no lease taken."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import ExceptionKind, OrderException, OrderShare, PaymentKind, ShareKind
from orders.services.closing import get_order_bill_by_id
from orders.services.locking import create_order_lock
from orders.services.ordering import set_seats
from orders.services.sharing import (
    NewShare,
    by_amounts,
    by_items,
    by_seats,
    claim_line,
    drop_plan,
    equally,
    plan_shares,
    remove_share_service,
    restore_share_service,
    share_by_seat,
)
from orders.services.tenders import reverse_payment, take_payment
from pos.errors import Conflict, InvalidRequest, Locked, NotFound
from pos.models import AuditEntry
from tests.bills import a_bill, add_line, settled
from tests.factories import a_venue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


def plan(shop, order, shares):
    return plan_shares(actor=shop.by_waiter, order_id=order.pk, shares=shares)


def amounts(order):
    return list(order.shares.values_list("total_amount", flat=True))


def pay_share(shop, order, number):
    share = order.shares.get(number=number)
    return take_payment(
        actor=shop.by_waiter,
        order_id=order.pk,
        kind=PaymentKind.CASH,
        amount=share.total_amount,
        share_number=number,
    )


def lend(shop, order):
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock", expiry=expiry)


def test_each_seat_pays_its_own_and_its_part_of_what_is_shared(shop):
    # given: £10.01 for everybody, £7 for seat 2
    order = a_bill(shop, total=1001)
    wine = add_line(shop, order, 700, seats=[2])
    settled(order)

    # when
    share_by_seat(actor=shop.by_waiter, order_id=order.pk)

    # then
    assert amounts(order) == [501, 1200]

    # when: seat 1 has some of the wine after all
    set_seats(actor=shop.by_waiter, line_id=wine.pk, seats=[1, 2])

    # then
    assert sum(amounts(order)) == 1701
    assert amounts(order) == [851, 850]


def test_groups_of_seats_pay_together(shop):
    # given
    order = a_bill(shop, total=900)

    # when
    plan(shop, order, by_seats([[1, 2], [3]]))

    # then
    assert list(order.shares.values_list("label", "total_amount")) == [("Seat 1 + 2", 600), ("Seat 3", 300)]


def test_sums_by_hand_leave_a_rest(shop):
    # given
    order = a_bill(shop, total=1000)

    # when
    plan(shop, order, by_amounts([300, None]))

    # then
    assert amounts(order) == [300, 700]


def test_units_of_a_line_are_claimed_and_given_back(shop):
    # given: four beers at £5
    order = a_bill(shop, total=500)
    order.lines.update(quantity=4)
    order = settled(order)
    beer = order.lines.get().pk

    # when
    plan(shop, order, by_items([{beer: 1}, {beer: 1}]))

    # then: what nobody claimed is a share of its own
    assert amounts(order) == [500, 500, 1000]

    # when
    claim_line(actor=shop.by_waiter, order_id=order.pk, share_number=2, line_id=beer, units=3)

    # then
    assert amounts(order)[:2] == [500, 1500]
    with pytest.raises(InvalidRequest):
        claim_line(actor=shop.by_waiter, order_id=order.pk, share_number=2, line_id=beer, units=4)
    assert amounts(order)[:2] == [500, 1500]


def test_a_new_plan_leaves_what_is_paid(shop):
    # given
    order = a_bill(shop, total=1001)
    plan(shop, order, equally(2))
    pay_share(shop, order, 1)

    # when
    plan(shop, order, equally(4))

    # then
    assert list(order.shares.values_list("number", "total_amount", "is_paid")) == [
        (1, 501, True),
        (2, 125, False),
        (3, 125, False),
        (4, 125, False),
        (5, 125, False),
    ]


def test_a_share_whose_payment_was_reversed_is_planned_again(shop):
    # given
    order = a_bill(shop, total=1000)
    plan(shop, order, equally(3))
    payment = pay_share(shop, order, 1)
    reverse_payment(actor=shop.by_manager, payment_id=payment.pk, reason="Wrong key")

    # when
    plan(shop, order, equally(2))

    # then
    assert amounts(order) == [500, 500]


@pytest.mark.parametrize(
    "shares",
    [
        [],
        equally(100),
        by_seats([[1], [1, 2]]),
        by_seats([[]]),
        by_amounts([0]),
        by_amounts([600, 600]),
        [NewShare(kind=ShareKind.EQUAL, weight=0)],
    ],
)
def test_a_plan_that_is_none_is_refused(shop, shares):
    # given
    order = a_bill(shop, total=1000)
    plan(shop, order, equally(2))

    # when
    with pytest.raises(InvalidRequest):
        plan(shop, order, shares)

    # then
    assert amounts(order) == [500, 500]


def test_a_line_of_another_bill_is_not_claimed(shop):
    # given
    order, other = a_bill(shop), a_bill(shop, table="t2")

    # when
    with pytest.raises(NotFound):
        plan(shop, order, by_items([{other.lines.get().pk: 1}]))

    # then
    assert not OrderShare.objects.exists()


def test_planning_takes_no_lease_and_needs_none(shop):
    # given
    order = a_bill(shop, total=1000)
    lend(shop, order)

    # when
    plan(shop, order, equally(2))

    # then
    order.refresh_from_db()
    assert (amounts(order), order.total_amount) == ([500, 500], 1000)


def test_one_guest_pays_no_service_and_the_others_what_they_would_have(shop):
    # given
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, by_seats([[1], [2]]))
    assert amounts(order) == [563, 562]

    # when
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)

    # then
    order.refresh_from_db()
    assert (amounts(order), order.total_amount) == ([500, 562], 1062)

    # when
    restore_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)

    # then
    order.refresh_from_db()
    assert (amounts(order), order.total_amount) == ([563, 562], 1125)


def test_service_comes_off_one_share_of_a_printed_bill_and_the_manager_is_told(shop):
    # given
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, by_seats([[1], [2]]))
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)

    # when
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)

    # then
    order.refresh_from_db()
    row = OrderException.objects.get()
    assert (order.total_amount, order.bill_shown_amount) == (1062, 1062)
    assert (row.kind, row.amount, row.detail) == (ExceptionKind.BILL_LOWERED, 63, {"by": shop.waiter.staff.name})
    entry = AuditEntry.objects.get(act="remove_share_service")
    assert (entry.membership, entry.approved_by) == (shop.waiter, None)
    assert entry.detail == {"share": 1, "amount": -63}

    # when: back on, and off again
    restore_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)

    # then
    assert OrderException.objects.count() == 1


def test_what_seats_have_changed_hands_below_a_printed_bill_asks_nobody(shop):
    # given: seat 1 pays no service, and the wine was seat 2's when the bill was printed
    order = a_bill(shop, total=1000, service_choice="automatic")
    wine = add_line(shop, order, 800, seats=[2])
    settled(order)
    plan(shop, order, by_seats([[1], [2]]))
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)
    order.refresh_from_db()
    before = order.total_amount

    # when
    set_seats(actor=shop.by_waiter, line_id=wine.pk, seats=[1])

    # then: its service goes with it
    order.refresh_from_db()
    assert (before, order.total_amount) == (1962, 1862)
    assert OrderException.objects.get().amount == 100


def test_the_sum_that_a_card_machine_has_is_not_changed_by_a_plan(shop):
    # given
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, equally(2))
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    before = amounts(order)
    lend(shop, order)

    # when / then
    with pytest.raises(Locked):
        restore_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    with pytest.raises(Locked):
        drop_plan(actor=shop.by_waiter, order_id=order.pk)
    order.refresh_from_db()
    assert (amounts(order), order.total_amount) == (before, sum(before))


def test_a_dropped_plan_puts_its_service_back_on_the_bill(shop):
    # given
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, equally(2))
    remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)

    # when
    drop_plan(actor=shop.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert (order.total_amount, order.service_waived, order.shares.count()) == (1125, 0, 0)


@pytest.mark.parametrize("tax_inclusive", [True, False])
def test_compulsory_service_comes_off_no_single_share(tax_inclusive):
    # given
    shop = a_venue(service_kind="compulsory", tax_inclusive=tax_inclusive)
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, equally(2))
    before = amounts(order)

    # when
    with pytest.raises(Conflict, match="whole bill"):
        remove_share_service(actor=shop.by_manager, order_id=order.pk, share_number=1)

    # then
    assert amounts(order) == before


def test_a_paid_share_is_frozen(shop):
    # given
    order = a_bill(shop, total=1000, service_choice="automatic")
    plan(shop, order, equally(2))
    pay_share(shop, order, 1)

    # when
    with pytest.raises(Conflict):
        remove_share_service(actor=shop.by_waiter, order_id=order.pk, share_number=1)
    drop_plan(actor=shop.by_waiter, order_id=order.pk)

    # then: what is left is one share
    assert list(order.shares.values_list("total_amount", "is_paid", "label")) == [
        (563, True, ""),
        (562, False, "The rest"),
    ]
