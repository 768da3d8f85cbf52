"""Money by hand: cash and change, vouchers, deposits, refunds, walk-outs; and who may do which."""

import pytest

from orders.models import (
    ExceptionKind,
    LineState,
    OrderException,
    OrderShare,
    OrderStatus,
    Payment,
    PaymentKind,
    ServiceChoice,
    ShareKind,
)
from orders.services.closing import (
    close_order,
    get_order_bill_by_id,
    open_pay,
    reopen_order,
)
from orders.services.payments import record_order_payment_by_id
from orders.services.tenders import (
    deposit_left,
    refund_payment,
    reverse_payment,
    take_payment,
    undo_deposit,
    use_deposit,
    walk_out,
)
from pos.errors import (
    ApprovalRequired,
    Conflict,
    InvalidRequest,
    NotFound,
    NotPermitted,
    OrderClosed,
)
from pos.models import AuditEntry
from pos.permissions import Act, Actor
from tests.bills import a_bill, add_line, settled
from tests.factories import ApprovalFactory, a_venue

pytestmark = pytest.mark.django_db


def cash(shop, order, amount, **fields):
    return take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=amount, **fields)


def owed(order):
    order.refresh_from_db()
    return order.status, order.paid_amount, order.outstanding


def with_deposit(shop, amount, **fields):
    order = a_bill(shop, **fields)
    order.party.deposit_amount = amount
    order.party.save()
    return order


def test_cash_with_change_finishes_the_bill(uk):
    # given
    order = a_bill(uk, total=4320)

    # when
    payment = cash(uk, order, 4320, tendered=5000)

    # then
    assert (payment.tendered, payment.change, payment.taken_by, payment.till) == (5000, 680, uk.waiter, uk.till)
    assert owed(order) == (OrderStatus.FINALIZED, 4320, 0)


def test_change_kept_as_a_tip_is_not_on_the_bill(uk):
    # given
    order = a_bill(uk, total=4320)

    # when
    payment = cash(uk, order, 4320, tendered=5000, tips=680)

    # then
    order.refresh_from_db()
    assert (payment.change, order.tips_amount, order.paid_amount) == (0, 680, 4320)


def test_part_cash_leaves_the_rest_for_a_machine(uk):
    # given
    order = a_bill(uk, total=9320)

    # when
    cash(uk, order, 4000)

    # then
    assert owed(order) == (OrderStatus.PREPARING, 4000, 5320)
    assert order.payable


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 100, "tips": -1}, "tips"),
        ({"amount": 100, "tendered": 99}, "tendered"),
        ({"amount": 100, "tips": 50, "tendered": 149}, "tendered"),
        ({"amount": 100, "kind": PaymentKind.CARD}, "kind"),
        ({"amount": 100, "kind": PaymentKind.WALK_OUT}, "kind"),
    ],
)
def test_nonsense_is_refused_by_field(uk, fields, field):
    # given
    order = a_bill(uk, total=5000)

    # when
    with pytest.raises(InvalidRequest) as refused:
        take_payment(**{"actor": uk.by_waiter, "order_id": order.pk, "kind": PaymentKind.CASH, **fields})

    # then
    assert refused.value.field == field
    assert not Payment.objects.exists()


def test_more_than_owed_conflicts(uk):
    # given
    order = a_bill(uk, total=5000)

    # when / then
    with pytest.raises(Conflict):
        cash(uk, order, 5001)
    assert not Payment.objects.exists()


def test_a_closed_bill_names_the_next_one(uk):
    # given
    order = a_bill(uk, total=1000)
    cash(uk, order, 1000)
    following = a_bill(uk, total=500, party=order.party, name="Table 1 · 2")

    # when
    with pytest.raises(OrderClosed) as refused:
        cash(uk, order, 10)

    # then
    assert refused.value.data["next_order"] == following.pk


def test_the_service_part_of_each_payment_adds_up(uk):
    # given: £80 of goods and £10 of service
    order = a_bill(uk, total=8000, service_choice=ServiceChoice.AUTOMATIC)

    # when
    parts = [cash(uk, order, amount).service_part for amount in (3000, 3000, 3000)]

    # then
    assert order.service_amount == 1000
    assert sum(parts) == 1000
    assert parts == [333, 334, 333]


def test_a_payment_of_exactly_a_share_pays_that_share(uk):
    # given
    order = a_bill(uk, total=6000)
    for number in (1, 2, 3):
        OrderShare.objects.create(order=order, number=number, kind=ShareKind.EQUAL)
    settled(order)

    # when
    payment = cash(uk, order, 2000)

    # then
    assert payment.share.number == 1
    assert list(order.shares.values_list("is_paid", "total_amount")) == [(True, 2000), (False, 2000), (False, 2000)]


def test_a_payment_that_fits_no_share_recomputes_the_others(uk):
    # given
    order = a_bill(uk, total=6000)
    for number in (1, 2, 3):
        OrderShare.objects.create(order=order, number=number, kind=ShareKind.EQUAL)
    settled(order)

    # when
    payment = cash(uk, order, 1500)

    # then
    assert payment.share is None
    assert list(order.shares.values_list("total_amount", flat=True)) == [1500, 1500, 1500]


def test_a_reversed_payment_leaves_its_share_unpaid_again(uk):
    # given
    order = a_bill(uk, total=6000)
    for number in (1, 2):
        OrderShare.objects.create(order=order, number=number, kind=ShareKind.EQUAL)
    settled(order)
    payment = cash(uk, order, 3000, share_number=2)

    # when
    reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="wrong key")

    # then
    assert list(order.shares.values_list("is_paid", "total_amount")) == [(False, 3000), (False, 3000)]
    assert owed(order) == (OrderStatus.PREPARING, 0, 6000)


def test_reversing_the_last_payment_reopens_the_bill(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)

    # when
    reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="wrong table")

    # then
    assert owed(order) == (OrderStatus.PREPARING, 0, 5000)
    assert (order.closed_at, order.business_date, order.trading_period) == (None, None, None)


def test_a_payment_is_reversed_once(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)
    reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="wrong table")

    # when / then
    with pytest.raises(Conflict):
        reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="again")
    assert Payment.objects.count() == 2


def test_a_supervisor_needs_an_approval_and_a_waiter_may_not_at_all(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)

    # when / then
    with pytest.raises(ApprovalRequired):
        refund_payment(actor=uk.by_supervisor, payment_id=payment.pk, amount=500, reason="cold")
    with pytest.raises(NotPermitted):
        refund_payment(actor=uk.by_waiter, payment_id=payment.pk, amount=500, reason="cold")
    assert Payment.objects.count() == 1


def test_an_approval_is_good_once_and_for_exactly_that(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)
    approval = ApprovalFactory(
        asked_by=uk.supervisor, decided_by=uk.manager, act=Act.CASH_REFUND, subject=order.pk, amount=500
    )
    actor = Actor.staff(uk.supervisor, uk.till, approval_id=approval.pk)

    # when
    with pytest.raises(ApprovalRequired):
        refund_payment(actor=actor, payment_id=payment.pk, amount=501, reason="cold")
    refund_payment(actor=actor, payment_id=payment.pk, amount=500, reason="cold")
    with pytest.raises(ApprovalRequired):
        refund_payment(actor=actor, payment_id=payment.pk, amount=500, reason="cold")

    # then
    assert list(Payment.objects.values_list("entry", "amount")) == [("payment", 5000), ("refund", -500)]
    entry = AuditEntry.objects.get(act="refund_payment")
    assert (entry.membership, entry.approved_by) == (uk.supervisor, uk.manager)


def test_a_refund_leaves_the_sale_closed_and_can_be_made_owed_again(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)

    # when
    refund_payment(actor=uk.by_manager, payment_id=payment.pk, amount=2000, reason="cold")

    # then
    assert owed(order) == (OrderStatus.FINALIZED, 3000, 2000)
    assert not order.payable

    # when
    reopen_order(actor=uk.by_manager, order_id=order.pk, reason="they pay after all")

    # then
    assert owed(order) == (OrderStatus.PREPARING, 3000, 2000)
    assert order.payable


def test_card_money_goes_back_through_dojo_only(uk):
    # given
    order = a_bill(uk, total=5000)
    record_order_payment_by_id(
        actor=uk.by_dojo, order_id=order.pk, payment_intent_id="pi", paid_amount=5000, currency="GBP"
    )
    payment = Payment.objects.get()

    # when / then
    with pytest.raises(Conflict):
        refund_payment(actor=uk.by_manager, payment_id=payment.pk, amount=500, reason="cold")
    with pytest.raises(Conflict):
        reverse_payment(actor=uk.by_manager, payment_id=payment.pk, reason="cold")
    assert Payment.objects.count() == 1


def test_walk_out_closes_the_balance_and_tells_the_manager(uk):
    # given
    order = a_bill(uk, total=5000)
    cash(uk, order, 1000)

    # when
    row = walk_out(actor=uk.by_supervisor, order_id=order.pk, reason="ran")

    # then
    assert (row.kind, row.amount) == (PaymentKind.WALK_OUT, 4000)
    assert owed(order) == (OrderStatus.FINALIZED, 5000, 0)
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.WALK_OUT]


def test_a_waiter_alone_cannot_call_it_a_walk_out(uk):
    # given
    order = a_bill(uk, total=5000)

    # when / then
    with pytest.raises(ApprovalRequired):
        walk_out(actor=uk.by_waiter, order_id=order.pk, reason="ran")
    assert owed(order) == (OrderStatus.PREPARING, 0, 5000)


@pytest.mark.parametrize("kind", [PaymentKind.VOUCHER, PaymentKind.OTHER, PaymentKind.DEPOSIT])
def test_what_pays_a_bill_changes_neither_sales_nor_vat_nor_service(uk, kind):
    # given: £40 of goods and £5 of service
    order = with_deposit(uk, 2000, total=4000, service_choice=ServiceChoice.AUTOMATIC)
    before = (order.goods_amount, order.discount_amount, order.tax_lines, order.service_amount, order.total_amount)
    assert before == (4000, 0, [[2000, 3333, 667]], 500, 4500)

    # when
    if kind == PaymentKind.DEPOSIT:
        use_deposit(actor=uk.by_waiter, order_id=order.pk)
    else:
        take_payment(actor=uk.by_waiter, order_id=order.pk, kind=kind, amount=2000, reference="V-17")

    # then
    assert owed(order)[1:] == (2000, 2500)
    after = (order.goods_amount, order.discount_amount, order.tax_lines, order.service_amount, order.total_amount)
    assert after == before
    row = Payment.objects.get()
    assert (row.kind, row.amount, row.service_part) == (kind, 2000, 222)


# --- deposits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", [get_order_bill_by_id, open_pay])
def test_a_deposit_applies_itself_when_the_bill_is_printed_or_pay_opens(uk, opening):
    # given
    order = with_deposit(uk, 2000, total=5000)

    # when
    for _ in range(2):
        opening(actor=uk.by_waiter, order_id=order.pk)

    # then
    assert owed(order) == (OrderStatus.PREPARING, 2000, 3000)
    assert (order.total_amount, Payment.objects.get().kind) == (5000, PaymentKind.DEPOSIT)


def test_a_waiter_takes_the_deposit_off_and_it_stays_off(uk):
    # given
    order = with_deposit(uk, 2000, total=5000)
    open_pay(actor=uk.by_waiter, order_id=order.pk)

    # when
    undo_deposit(actor=uk.by_waiter, payment_id=Payment.objects.get().pk)
    open_pay(actor=uk.by_waiter, order_id=order.pk)

    # then
    assert owed(order) == (OrderStatus.PREPARING, 0, 5000)
    assert deposit_left(order.party) == 2000


def test_a_deposit_applies_itself_to_the_first_bill_only(uk):
    # given: more than the first bill came to
    order = with_deposit(uk, 2000, total=1500)
    second = a_bill(uk, total=5000, party=order.party, name="Table 1 · 2")
    open_pay(actor=uk.by_waiter, order_id=order.pk)

    # when
    open_pay(actor=uk.by_waiter, order_id=second.pk)
    get_order_bill_by_id(actor=uk.by_waiter, order_id=second.pk)

    # then: the rest is there for whoever asks
    assert (owed(order)[0], owed(second)) == (OrderStatus.FINALIZED, (OrderStatus.PREPARING, 0, 5000))
    assert deposit_left(order.party) == 500


def test_each_penny_of_a_deposit_applies_once(uk):
    # given
    order = with_deposit(uk, 2000, total=1500)
    second = a_bill(uk, total=5000, party=order.party, name="Table 1 · 2")

    # when
    use_deposit(actor=uk.by_waiter, order_id=order.pk)
    use_deposit(actor=uk.by_waiter, order_id=second.pk)

    # then
    assert owed(order) == (OrderStatus.FINALIZED, 1500, 0)
    assert owed(second) == (OrderStatus.PREPARING, 500, 4500)
    with pytest.raises(Conflict):
        use_deposit(actor=uk.by_waiter, order_id=second.pk)


# --- printing and closing --------------------------------------------------------------------------------------------


def test_printing_marks_the_bill_and_remembers_what_was_shown(uk):
    # given
    order = a_bill(uk, total=5000)

    # when
    get_order_bill_by_id(actor=uk.by_dojo, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert order.bill_printed_at is not None
    assert order.bill_shown_amount == 5000


def test_a_closed_bill_prints_again_as_it_was(uk):
    # given
    order = a_bill(uk, total=5000)
    cash(uk, order, 5000)

    # when
    answer = get_order_bill_by_id(actor=uk.by_dojo, order_id=order.pk)

    # then
    assert (answer.status, answer.bill_printed_at) == (OrderStatus.FINALIZED, None)


def test_what_comes_to_nothing_is_closed_by_hand_without_a_payment(uk):
    # given
    order = a_bill(uk, total=5000)
    order.lines.update(price_rule="comp")
    settled(order)
    assert owed(order) == (OrderStatus.PREPARING, 0, 0)

    # when
    close_order(actor=uk.by_waiter, order_id=order.pk)

    # then
    assert owed(order) == (OrderStatus.FINALIZED, 0, 0)
    assert not Payment.objects.exists()


def test_what_is_owed_or_unsent_is_not_closed_by_hand(uk):
    # given
    owing = a_bill(uk, total=5000)
    unsent = a_bill(uk, total=0, table="t2", state=LineState.UNSENT)

    # when / then
    for order in (owing, unsent):
        with pytest.raises(Conflict):
            close_order(actor=uk.by_waiter, order_id=order.pk)
        assert owed(order)[0] != OrderStatus.FINALIZED


def test_a_part_paid_bill_that_is_lowered_shows_in_the_inbox(uk):
    # given
    order = a_bill(uk, total=5000)
    extra = add_line(uk, order, 1000)
    settled(order)
    cash(uk, order, 2000)

    # when
    extra.delete()

    # then
    settled(order)
    row = OrderException.objects.get()
    assert (row.kind, row.amount) == (ExceptionKind.BILL_LOWERED, 1000)


@pytest.mark.parametrize("reason", ["", "   "])
@pytest.mark.parametrize(
    "act",
    [
        lambda shop, payment, reason: reverse_payment(actor=shop.by_manager, payment_id=payment.pk, reason=reason),
        lambda shop, payment, reason: refund_payment(
            actor=shop.by_manager, payment_id=payment.pk, amount=100, reason=reason
        ),
        lambda shop, payment, reason: walk_out(actor=shop.by_manager, order_id=payment.order_id, reason=reason),
        lambda shop, payment, reason: reopen_order(actor=shop.by_manager, order_id=payment.order_id, reason=reason),
    ],
    ids=["reverse", "refund", "walk out", "reopen"],
)
def test_money_goes_back_for_a_reason(uk, act, reason):
    # given
    payment = cash(uk, a_bill(uk, total=5000), 2000)

    # when
    with pytest.raises(InvalidRequest) as refused:
        act(uk, payment, reason)

    # then
    assert refused.value.field == "reason"
    assert Payment.objects.count() == 1


def test_payments_of_another_venue_do_not_exist(uk):
    # given
    order = a_bill(uk, total=5000)
    payment = cash(uk, order, 5000)
    other = a_venue("IE")

    # when / then
    with pytest.raises(NotFound):
        reverse_payment(actor=other.by_manager, payment_id=payment.pk, reason="x")
    with pytest.raises(NotFound):
        cash(other, order, 1)
    assert Payment.objects.count() == 1
