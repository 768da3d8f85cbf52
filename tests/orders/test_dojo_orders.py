"""Orders from a guest's phone: accepted as paid, once, and shown to the manager where they do not fit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import (
    ExceptionKind,
    LineState,
    Order,
    OrderException,
    OrderLine,
    OrderStatus,
    OrderType,
    Payment,
    PaymentIntent,
    Product,
)
from orders.services.closing import get_order_bill_by_id, hand_over
from orders.services.discounting import give_discount
from orders.services.dojo_lines import NewDiscount, NewItem, NewModifier, NewSubItem
from orders.services.dojo_orders import (
    NewCustomer,
    NewDojoOrder,
    NewPayment,
    accept_order,
    cancel_order_by_id,
    create_order,
)
from orders.services.kitchen import move_line
from orders.services.lines import ChosenPart, NewLine
from orders.services.locking import create_order_lock
from orders.services.ordering import add_lines
from orders.services.sending import send
from orders.services.targets import AtTable
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, Locked, NotFound
from tests.bills import a_bill
from tests.factories import PartyFactory, PaymentIntentFactory, ReservationFactory, a_venue

pytestmark = pytest.mark.django_db


def soup(quantity=1, **fields):
    return NewItem(name="Soup of the day", plu="soup", quantity=quantity, unit_price=750, **fields)


def new(**fields):
    items = fields.pop("items", (soup(2),))
    total = fields.pop("total_amount", None)
    if total is None:
        total = sum(item.quantity * item.unit_price for item in items)
    return NewDojoOrder(
        **{
            "dojo_order_id": "dojo_1",
            "order_type": OrderType.COLLECTION,
            "items": items,
            "total_amount": total,
            "currency": "GBP",
            **fields,
        }
    )


def paid(amount, intent="pi_1", tips=0):
    return NewPayment(payment_intent_id=intent, paid_amount=amount, tips_amount=tips)


def make(shop, **fields):
    return create_order(actor=shop.by_dojo, request=new(**fields))


def exceptions():
    return [row.kind for row in OrderException.objects.order_by("pk")]


def test_paid_collection_order_goes_to_the_kitchen_and_waits_for_its_guest(uk):
    # given / when
    order = make(uk, payments=(paid(1500, tips=200),), customer=NewCustomer(name="Sam"), note="no spoon")

    # then
    assert (order.status, order.total_amount, order.paid_amount, order.tips_amount) == ("Confirmed", 1500, 1500, 200)
    assert (order.display_name, order.payable, order.is_prepaid) == ("Collect · Sam", False, True)
    line = order.lines.get()
    assert (line.state, line.station, line.eaten) == (LineState.SENT, uk.products["soup"].station, "out")
    assert PaymentIntent.objects.get().recorded_by == "create"
    assert exceptions() == []


def test_it_is_prepared_ready_and_gone(uk):
    # given
    order = make(uk, payments=(paid(1500),))

    # when
    answer = hand_over(actor=uk.by_waiter, order_id=order.pk)

    # then
    assert answer.status == OrderStatus.FINALIZED
    assert answer.lines.get().state == LineState.SERVED


def test_an_unpaid_collection_order_is_not_handed_over(uk):
    # given
    order = make(uk)

    # when / then
    with pytest.raises(Conflict, match="owes £15"):
        hand_over(actor=uk.by_waiter, order_id=order.pk)
    assert order.lines.get().state == LineState.SENT


def test_the_same_order_again_is_the_same_order(uk):
    # given
    order = make(uk, payments=(paid(1500),))

    # when
    again = make(uk, payments=(paid(1500),))

    # then
    assert again.pk == order.pk
    assert (Order.objects.count(), Payment.objects.count(), order.lines.count()) == (1, 1, 1)


def test_a_repeat_that_brings_a_new_payment_records_it(uk):
    # given
    order = make(uk, payments=())

    # when
    again = make(uk, payments=(paid(1500),))

    # then
    assert (again.pk, again.paid_amount) == (order.pk, 1500)


def test_an_order_for_an_occupied_table_hangs_under_its_party_and_leaves_the_bill_alone(uk):
    # given
    bill = a_bill(uk, total=5000)

    # when
    order = make(uk, order_type=OrderType.DINE_IN, table_code="t1", payments=(paid(1500),))

    # then
    bill.refresh_from_db()
    assert (order.party_id, order.display_name) == (bill.party_id, "Table 1 · 2")
    assert (bill.total_amount, bill.lines.count()) == (5000, 1)


def test_a_paid_order_at_a_table_ends_when_everything_is_served(uk):
    # given
    order = make(uk, order_type=OrderType.DINE_IN, table_code="t1", payments=(paid(1500),))

    # when
    hand_over(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert order.status == OrderStatus.FINALIZED


def test_an_order_of_a_party_that_has_left_goes_without_it(uk):
    # given
    gone = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], end_time=timezone.now())

    # when
    order = make(uk, order_type=OrderType.DINE_IN, party_id=gone.pk, table_code="t1", payments=(paid(1500),))

    # then
    assert (order.party, order.table) == (None, uk.tables["t1"])


def test_choices_parts_and_discounts_keep_what_the_guest_saw(uk):
    # given
    burger = NewItem(
        name="Burger and pint",
        plu="burger-and-pint",
        quantity=2,
        unit_price=1600,
        modifiers=(NewModifier(name="Bacon", plu="bacon", quantity=1, price=150),),
        sub_items=(NewSubItem(name="Lager", plu="lager-pint", quantity=1, price=50),),
    )

    # when
    order = make(
        uk,
        items=(burger, soup()),
        discounts=(
            NewDiscount(name="10 %", amount=75, percent=1000, affected_plu="soup"),
            NewDiscount(name="Welcome", amount=100),
        ),
        service_charge_amount=200,
        total_amount=2 * (1600 + 150 + 50) + 750 - 75 - 100 + 200,
    )

    # then
    assert order.total_amount == 4375
    assert (order.price_difference, order.service_amount, order.discount_amount) == (0, 200, 175)
    assert {(discount.name, discount.line_id is None) for discount in order.discounts.all()} == {
        ("10 %", False),
        ("Welcome", True),
    }


def test_a_total_that_is_not_ours_is_kept_and_told(uk):
    # given / when
    order = make(uk, total_amount=1490, payments=(paid(1490),))

    # then
    assert (order.total_amount, order.price_difference, order.outstanding) == (1490, -10, 0)
    row = OrderException.objects.get()
    assert (row.kind, row.amount) == (ExceptionKind.TOTAL_DIFFERS, -10)

    # when: whatever is priced afterwards
    give_discount(actor=uk.by_manager, order_id=order.pk, name="Sorry", fixed_amount=100)
    hand_over(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert (order.total_amount, order.price_difference, order.overpaid) == (1390, -10, 100)


def test_a_thing_the_menu_lacks_is_sold_as_dojo_named_it_and_told(uk):
    # given / when
    order = make(
        uk,
        items=(NewItem(name="Truffle fries", plu="nobody-knows", quantity=1, unit_price=900),),
        payments=(paid(900),),
    )

    # then
    line = order.lines.get()
    assert (line.name, line.unit_price, line.product, line.station) == (
        "Truffle fries",
        900,
        None,
        uk.stations["kitchen"],
    )
    assert line.vat_class.is_default
    row = OrderException.objects.get()
    assert (row.kind, row.detail) == (ExceptionKind.UNKNOWN_PLU, {"plus": {"nobody-knows": "Truffle fries"}})


def test_a_paid_order_for_an_unknown_table_is_taken_and_told(uk):
    # given / when
    order = make(uk, order_type=OrderType.DINE_IN, table_code="t99", payments=(paid(1500),))

    # then
    assert order.table is None
    assert exceptions() == [ExceptionKind.UNKNOWN_TABLE]


def test_an_unpaid_order_for_an_unknown_table_is_refused(uk):
    # given / when
    with pytest.raises(InvalidRequest) as refused:
        make(uk, order_type=OrderType.DINE_IN, table_code="t99")

    # then
    assert refused.value.field == "details.dineIn.tableId"
    assert not Order.objects.exists()


def test_it_waits_as_submitted_where_staff_accept_orders(uk):
    # given
    uk.venue.dojo_orders_need_acceptance = True
    uk.venue.save()
    order = make(uk, payments=(paid(1500),))
    assert (order.status, order.lines.get().state) == (OrderStatus.SUBMITTED, LineState.UNSENT)

    # when
    answer = accept_order(actor=uk.by_waiter, order_id=order.pk)

    # then
    assert (answer.status, answer.lines.get().state) == (OrderStatus.ACCEPTED, LineState.SENT)


def test_more_paid_than_the_total_conflicts(uk):
    # given / when
    with pytest.raises(Conflict):
        make(uk, payments=(paid(1501),))

    # then
    assert not Order.objects.exists()


@pytest.mark.parametrize("status", ["Reversed", "Canceled"])
def test_an_intent_that_is_gone_conflicts_and_writes_nothing(uk, status):
    # given
    PaymentIntentFactory(venue=uk.venue, intent_id="pi_1", status=status)

    # when
    with pytest.raises(Conflict):
        make(uk, payments=(paid(1500),))

    # then
    assert not Order.objects.exists()
    assert not Payment.objects.exists()


def test_an_intent_of_another_order_conflicts_and_writes_nothing(uk):
    # given
    make(uk, payments=(paid(1500),))

    # when
    with pytest.raises(Conflict):
        make(uk, dojo_order_id="dojo_2", payments=(paid(1500),))

    # then
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"items": (), "total_amount": 0}, "items"),
        ({"currency": "EUR"}, "totalAmount.currencyCode"),
        ({"payments": (paid(0),)}, "payments.0.paidAmount"),
        ({"payments": (paid(5, tips=-1),)}, "payments.0.tipsAmount"),
    ],
)
def test_nonsense_is_refused_by_field(uk, fields, field):
    # given / when
    with pytest.raises(InvalidRequest) as refused:
        make(uk, **fields)

    # then
    assert refused.value.field == field
    assert not Order.objects.exists()


def test_a_payment_without_an_intent_is_taken(uk):
    # given / when
    order = make(uk, payments=(paid(1500, intent=None),))

    # then
    assert (order.paid_amount, order.payments.get().kind) == (1500, "other")


def test_waiter_party_and_reservation_are_found_where_they_exist(uk):
    # given
    reservation = ReservationFactory(venue=uk.venue)
    party = PartyFactory(venue=uk.venue, reservation=reservation, at=[uk.tables["t4"]])

    # when
    order = make(uk, order_type=OrderType.DINE_IN, waiter_id="7", party_id=party.pk, reservation_id="rsv_none")

    # then
    assert (order.waiter, order.party, order.reservation) == (uk.waiter, party, None)


def test_dojo_cancels_what_nobody_has_started_and_the_station_sees_it(uk):
    # given
    order = make(uk, payments=(paid(1500),))

    # when
    answers = [cancel_order_by_id(actor=uk.by_dojo, order_id=order.pk) for _ in range(2)]

    # then
    assert [answer.status for answer in answers] == [OrderStatus.CANCELED] * 2
    line = order.lines.get()
    assert (line.state, line.taken_off, line.cancellation_seen_at) == (LineState.VOIDED, "void", None)
    assert exceptions() == [ExceptionKind.OVERPAID]


def test_dojo_does_not_cancel_what_is_being_made(uk):
    # given
    order = a_bill(uk, state=LineState.STARTED)

    # when / then
    with pytest.raises(Conflict):
        cancel_order_by_id(actor=uk.by_dojo, order_id=order.pk)
    order.refresh_from_db()
    assert order.is_open


def test_staff_cancel_what_is_being_made_with_the_right_to(uk):
    # given
    order = a_bill(uk, state=LineState.STARTED)

    # when / then
    with pytest.raises(ApprovalRequired):
        cancel_order_by_id(actor=uk.by_waiter, order_id=order.pk)
    assert cancel_order_by_id(actor=uk.by_supervisor, order_id=order.pk).status == OrderStatus.CANCELED


def test_a_bill_that_a_machine_has_is_not_cancelled(uk):
    # given

    order = a_bill(uk, state=LineState.SENT)
    create_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="x", expiry=timezone.now() + timedelta(minutes=1))

    # when / then
    with pytest.raises(Locked):
        cancel_order_by_id(actor=uk.by_dojo, order_id=order.pk)


def test_another_venues_order_is_not_cancelled(uk):
    # given
    order = a_bill(uk, state=LineState.SENT)

    # when / then
    with pytest.raises(NotFound):
        cancel_order_by_id(actor=a_venue("IE").by_dojo, order_id=order.pk)
    order.refresh_from_db()
    assert order.is_open


# --- what is left to sell --------------------------------------------------------------------------------------------


def left(shop, plu):
    return Product.objects.values_list("portions_left", "sold_out").get(pk=shop.products[plu].pk)


def counted(shop, **portions):
    for plu, number in portions.items():
        Product.objects.filter(pk=shop.products[plu].pk).update(portions_left=number)


def test_what_a_phone_sells_is_counted_down_once_and_never_refused(uk):
    # given
    counted(uk, soup=1, lemonade=3)
    deal = NewItem(
        name="Deal",
        plu="burger-deal",
        quantity=2,
        unit_price=1990,
        sub_items=(NewSubItem(name="Lemonade", plu="lemonade", quantity=1, price=0),),
    )

    # when: two soups where one is left, and the order told twice
    for _ in range(2):
        make(uk, items=(soup(2), deal), payments=(paid(5480),))

    # then
    assert (left(uk, "soup"), left(uk, "lemonade")) == ((0, True), (1, False))
    assert OrderLine.objects.count() == 2


@pytest.mark.parametrize("who", ["by_dojo", "by_waiter"])
def test_what_is_cancelled_before_it_is_made_can_be_sold_again(uk, who):
    # given
    counted(uk, soup=3)
    order = make(uk)
    assert left(uk, "soup") == (1, False)

    # when
    for _ in range(2):
        cancel_order_by_id(actor=getattr(uk, who), order_id=order.pk)

    # then
    assert left(uk, "soup") == (3, False)
    assert order.lines.get().was_made is False


def test_staff_cancel_a_tables_order_and_only_what_was_made_is_gone(uk):
    # given: a soup in the pot, one sent, a brownie held and a drink of a combo not even sent
    counted(uk, soup=4, brownie=2, lemonade=5)
    deal = NewLine(plu="burger-deal", quantity=2, sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="lemonade")))
    first, second, brownie = add_lines(
        actor=uk.by_waiter,
        target=AtTable("t1"),
        lines=[NewLine(plu="soup", quantity=2), NewLine(plu="soup"), NewLine(plu="brownie")],
    )
    send(actor=uk.by_waiter, order_id=first.order_id)
    move_line(actor=uk.by_waiter, line_id=first.pk, state=LineState.STARTED)
    add_lines(actor=uk.by_waiter, target=AtTable("t1"), lines=[deal])
    assert [left(uk, plu)[0] for plu in ("soup", "brownie", "lemonade")] == [1, 1, 3]

    # when
    cancel_order_by_id(actor=uk.by_supervisor, order_id=first.order_id)

    # then
    assert [left(uk, plu)[0] for plu in ("soup", "brownie", "lemonade")] == [2, 2, 5]
    made = dict(OrderLine.objects.values_list("pk", "was_made"))
    assert (made[first.pk], made[second.pk], made[brownie.pk]) == (True, False, None)


def test_a_printed_order_that_nobody_has_started_takes_a_supervisor_to_cancel(uk):
    # given
    order = a_bill(uk, state=LineState.SENT)
    get_order_bill_by_id(actor=uk.by_waiter, order_id=order.pk)

    # when
    with pytest.raises(ApprovalRequired) as refusal:
        cancel_order_by_id(actor=uk.by_waiter, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert refusal.value.data["act"] == "lower_printed_bill"
    assert (order.is_open, order.total_amount) == (True, 5000)

    # when
    cancel_order_by_id(actor=uk.by_supervisor, order_id=order.pk)

    # then
    assert exceptions() == [ExceptionKind.BILL_LOWERED]


def test_staff_give_the_money_back_before_they_cancel(uk):
    # given
    order = make(uk, payments=(paid(1500),))

    # when
    with pytest.raises(Conflict, match="£15.00"):
        cancel_order_by_id(actor=uk.by_manager, order_id=order.pk)

    # then
    order.refresh_from_db()
    assert (order.is_open, order.lines.get().state) == (True, LineState.SENT)
