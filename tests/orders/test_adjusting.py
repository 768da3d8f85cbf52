"""Taking things off and giving them away: six words, each with its own question, none of them silent."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orders.models import (
    Discount,
    ExceptionKind,
    LineModifier,
    LineState,
    Order,
    OrderException,
    OrderLine,
    PaymentKind,
    PriceRule,
    Product,
    ServiceChoice,
    TakenOff,
)
from orders.services.adjusting import charge_again, comp_line, correct_line, staff_meal, void_line
from orders.services.closing import get_order_bill_by_id
from orders.services.discounting import give_discount, remove_discount, set_service
from orders.services.kitchen import move_line
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.locking import create_order_lock
from orders.services.ordering import add_lines, change_quantity, remove_line
from orders.services.sending import send
from orders.services.targets import AtTable
from orders.services.tenders import take_payment
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, Locked, NotFound, OrderClosed
from pos.models import Approval, AuditEntry, ServiceKind, Venue
from pos.permissions import Act, Actor
from tests.factories import ApprovalFactory, DiscountFactory, OrderFactory, a_venue

pytestmark = pytest.mark.django_db

T1 = AtTable("t1")
SOUP = NewLine(plu="soup", quantity=2)
BURGER = NewLine(plu="burger", quantity=3, modifiers=(Choice("cheese"),))


def add(shop, *lines):
    return add_lines(actor=shop.by_waiter, target=T1, lines=lines)


def sent(shop, *lines):
    added = add(shop, *lines)
    send(actor=shop.by_waiter, order_id=added[0].order_id, now_line_ids=[line.pk for line in added])
    return [OrderLine.objects.get(pk=line.pk) for line in added]


def approved(shop, act, subject, amount=None):
    """The waiter, with a supervisor's yes."""
    approval = ApprovalFactory(
        asked_by=shop.waiter, decided_by=shop.supervisor, act=act, subject=subject, amount=amount
    )
    return Actor.staff(shop.waiter, shop.till, approval_id=approval.pk)


def the_order():
    return Order.objects.get()


def goods():
    return the_order().goods_amount


def last_entry(act):
    return AuditEntry.objects.filter(act=act).latest("pk")


# --- correct ---------------------------------------------------------------------------------------------------------


def test_a_fresh_line_is_corrected_without_a_pin(uk):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    correct_line(actor=uk.by_waiter, line_id=soup.pk, reason="wrong table")

    # then
    soup.refresh_from_db()
    assert (soup.state, soup.taken_off, soup.taken_off_reason) == (
        LineState.VOIDED,
        TakenOff.CORRECT,
        "wrong table",
    )
    assert (soup.was_made, soup.taken_off_by, soup.cancellation_seen_at) == (False, uk.waiter, None)
    assert the_order().total_amount == 0
    entry = last_entry("correct")
    assert (entry.subject, entry.membership, entry.approved_by, entry.detail["reason"]) == (
        soup.pk,
        uk.waiter,
        None,
        "wrong table",
    )


def test_it_is_too_late_to_correct_what_is_started_or_two_minutes_old(uk):
    # given
    started, old = sent(uk, SOUP, BURGER)
    move_line(actor=uk.by_waiter, line_id=started.pk, state=LineState.STARTED)
    before = list(OrderLine.objects.values())

    # when
    with pytest.raises(Conflict, match="Void it"):
        correct_line(actor=uk.by_waiter, line_id=started.pk, reason="oops")
    with time_machine.travel(timezone.now() + timedelta(seconds=121)), pytest.raises(Conflict, match="Void it"):
        correct_line(actor=uk.by_waiter, line_id=old.pk, reason="oops")

    # then
    assert list(OrderLine.objects.values()) == before
    assert not AuditEntry.objects.filter(act="correct").exists()


# --- void ------------------------------------------------------------------------------------------------------------


def test_a_void_says_why_whether_it_was_made_and_who_approved(uk):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    void_line(actor=approved(uk, Act.VOID, soup.pk), line_id=soup.pk, reason="burnt", was_made=True)

    # then
    soup.refresh_from_db()
    assert (soup.state, soup.taken_off, soup.was_made, soup.taken_off_by) == (
        LineState.VOIDED,
        TakenOff.VOID,
        True,
        uk.waiter,
    )
    entry = last_entry("void")
    assert (entry.membership, entry.approved_by) == (uk.waiter, uk.supervisor)
    assert entry.detail == {
        "order": soup.order_id,
        "name": "Soup of the day",
        "quantity": 2,
        "amount": 1500,
        "reason": "burnt",
        "was_made": True,
    }
    assert Approval.objects.get().status == Approval.Status.USED


def test_a_part_of_a_line_is_voided_as_a_line_of_its_own(uk):
    # given
    (burgers,) = sent(uk, BURGER)
    give_discount(actor=uk.by_supervisor, order_id=burgers.order_id, line_id=burgers.pk, name="10", percent=1000)
    give_discount(actor=uk.by_supervisor, order_id=burgers.order_id, line_id=burgers.pk, name="£3", fixed_amount=300)
    assert goods() == 5400 - 540 - 300

    # when
    part = void_line(
        actor=approved(uk, Act.VOID, burgers.pk, 1), line_id=burgers.pk, reason="cold", was_made=True, quantity=1
    )

    # then
    burgers.refresh_from_db()
    part.refresh_from_db()
    assert (burgers.quantity, burgers.state) == (2, LineState.SENT)
    assert (part.quantity, part.state, part.gross_amount, part.round_id) == (
        1,
        LineState.VOIDED,
        1800,
        burgers.round_id,
    )
    assert list(LineModifier.objects.filter(line=part).values_list("plu", "quantity")) == [("cheese", 1)]
    # a percentage goes along, a fixed discount stays
    assert list(part.discounts.values_list("percent", flat=True)) == [1000]
    assert goods() == 3600 - 360 - 300


def test_a_part_of_a_combo_takes_its_parts_along(uk):
    # given
    deal = NewLine(
        plu="burger-deal",
        quantity=2,
        sub_items=(ChosenPart(plu="burger", modifiers=(Choice("bacon"),)), ChosenPart(plu="lager-pint")),
    )
    (line,) = sent(uk, deal)

    # when
    part = void_line(actor=uk.by_supervisor, line_id=line.pk, reason="cold", was_made=True, quantity=1)

    # then
    assert {row.plu for row in part.sub_items.all()} == {"burger", "lager-pint"}
    assert part.modifiers.get().sub_item == part.sub_items.get(plu="burger")
    assert line.modifiers.get().sub_item == line.sub_items.get(plu="burger")
    assert goods() == 1990 + 200


def test_what_was_not_made_can_be_sold_again(uk):
    # given
    Product.objects.filter(pk=uk.products["soup"].pk).update(portions_left=2)
    (soup,) = sent(uk, SOUP)
    assert Product.objects.get(pk=uk.products["soup"].pk).sold_out

    # when
    void_line(actor=uk.by_supervisor, line_id=soup.pk, reason="left", was_made=True, quantity=1)
    void_line(actor=uk.by_supervisor, line_id=soup.pk, reason="left", was_made=False)

    # then
    product = Product.objects.get(pk=uk.products["soup"].pk)
    assert (product.portions_left, product.sold_out) == (1, False)


def test_an_approval_is_for_one_line_one_quantity_once(uk):
    # given
    soup, burgers = sent(uk, SOUP, BURGER)
    actor = approved(uk, Act.VOID, burgers.pk, 1)

    # when
    for line_id, quantity in ((soup.pk, 1), (burgers.pk, 2), (burgers.pk, None)):
        with pytest.raises(ApprovalRequired) as refusal:
            void_line(actor=actor, line_id=line_id, reason="cold", was_made=True, quantity=quantity)
        assert refusal.value.data == {"act": "void", "subject": line_id, "amount": quantity}
    void_line(actor=actor, line_id=burgers.pk, reason="cold", was_made=True, quantity=1)
    with pytest.raises(ApprovalRequired):
        void_line(actor=actor, line_id=burgers.pk, reason="cold", was_made=True, quantity=1)

    # then
    burgers.refresh_from_db()
    soup.refresh_from_db()
    assert (burgers.quantity, soup.state) == (2, LineState.SENT)


def test_unsent_is_removed_and_off_is_off(uk):
    # given
    (burgers,) = sent(uk, BURGER)
    (waiting,) = add(uk, SOUP)
    void_line(actor=uk.by_supervisor, line_id=burgers.pk, reason="left", was_made=False)
    before = list(OrderLine.objects.values())

    # when
    for act in (correct_line, void_line):
        extra = {"was_made": False} if act is void_line else {}
        with pytest.raises(Conflict, match="Remove it"):
            act(actor=uk.by_supervisor, line_id=waiting.pk, reason="oops", **extra)
        with pytest.raises(Conflict, match="not on the bill any more"):
            act(actor=uk.by_supervisor, line_id=burgers.pk, reason="oops", **extra)
    with pytest.raises(InvalidRequest):
        void_line(actor=uk.by_supervisor, line_id=waiting.pk, reason="  ", was_made=False)

    # then
    assert list(OrderLine.objects.values()) == before


@pytest.mark.parametrize("quantity", [0, 4, -1])
def test_nobody_voids_more_than_there_is(uk, quantity):
    # given
    (burgers,) = sent(uk, BURGER)

    # when
    with pytest.raises(InvalidRequest):
        void_line(actor=uk.by_supervisor, line_id=burgers.pk, reason="cold", was_made=True, quantity=quantity)

    # then
    assert OrderLine.objects.values_list("quantity", "state").get() == (3, "sent")


@pytest.mark.parametrize(("reason", "problem"), [(" ", "Say why"), ("x" * 121, "at most 120")])
@pytest.mark.parametrize(
    "act",
    [
        lambda shop, line, reason: correct_line(actor=shop.by_manager, line_id=line.pk, reason=reason),
        lambda shop, line, reason: void_line(actor=shop.by_manager, line_id=line.pk, reason=reason, was_made=True),
        lambda shop, line, reason: comp_line(actor=shop.by_manager, line_id=line.pk, reason=reason),
    ],
    ids=["correct", "void", "comp"],
)
def test_what_comes_off_the_bill_says_why(uk, act, reason, problem):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    with pytest.raises(InvalidRequest, match=problem) as refused:
        act(uk, soup, reason)

    # then
    soup.refresh_from_db()
    assert (refused.value.field, soup.state, soup.price_rule) == ("reason", LineState.SENT, PriceRule.MENU)


# --- comp and staff meal ---------------------------------------------------------------------------------------------


def test_a_comp_stays_on_the_bill_for_nothing_until_it_is_charged_again(uk):
    # given
    soup, burgers = sent(uk, SOUP, BURGER)

    # when
    part = comp_line(actor=approved(uk, Act.COMP, burgers.pk, 1), line_id=burgers.pk, reason="long wait", quantity=1)

    # then
    part.refresh_from_db()
    assert (part.price_rule, part.gross_amount, part.net_amount, part.state) == (
        PriceRule.COMP,
        1800,
        0,
        LineState.SENT,
    )
    assert goods() == 1500 + 3600
    entry = last_entry("comp")
    assert (entry.approved_by, entry.detail["amount"], entry.detail["reason"]) == (uk.supervisor, 1800, "long wait")

    # when
    with pytest.raises(Conflict):
        comp_line(actor=uk.by_supervisor, line_id=part.pk, reason="again")
    charge_again(actor=uk.by_waiter, line_id=part.pk)
    with pytest.raises(Conflict):
        charge_again(actor=uk.by_waiter, line_id=soup.pk)

    # then
    assert goods() == 1500 + 5400


@pytest.mark.parametrize(
    ("rule", "charged"),
    [({"charge_amount": 500}, 500), ({"charge_percent": 5000}, 750), ({"charge_percent": 0}, 0)],
)
def test_a_staff_meal_has_a_price_and_a_person(uk, rule, charged):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    staff_meal(actor=approved(uk, Act.COMP, soup.pk), line_id=soup.pk, person_id=uk.manager.pk, reason="break", **rule)

    # then
    soup.refresh_from_db()
    assert (soup.price_rule, soup.price_rule_amount, soup.meal_of, soup.net_amount) == (
        PriceRule.STAFF_MEAL,
        charged,
        uk.manager,
        charged,
    )
    entry = last_entry("staff_meal")
    assert (entry.detail["of"], entry.detail["charged"]) == (uk.manager.staff.name, charged)

    # when
    charge_again(actor=uk.by_waiter, line_id=soup.pk)

    # then
    soup.refresh_from_db()
    assert (soup.price_rule, soup.price_rule_amount, soup.meal_of, soup.net_amount) == ("", None, None, 1500)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({}, InvalidRequest),
        ({"charge_amount": 100, "charge_percent": 100}, InvalidRequest),
        ({"charge_amount": -1}, InvalidRequest),
        ({"charge_percent": 10_001}, InvalidRequest),
        ({"charge_amount": 1, "person_id": 0}, NotFound),
    ],
)
def test_a_staff_meal_that_says_too_little(uk, wrong, error):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    with pytest.raises(error):
        staff_meal(**{"actor": uk.by_supervisor, "line_id": soup.pk, "person_id": uk.waiter.pk, **wrong})

    # then
    assert goods() == 1500


# --- discounts -------------------------------------------------------------------------------------------------------


def test_a_waiter_gives_a_small_discount_alone(uk):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    on_line = give_discount(actor=uk.by_waiter, order_id=soup.order_id, line_id=soup.pk, name=" Regular ", percent=1000)
    on_bill = give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Voucher 12", fixed_amount=135, code="V12")

    # then
    assert (on_line.name, on_line.amount, on_line.affected_plu, on_line.given_by) == (
        "Regular",
        150,
        "soup",
        uk.waiter,
    )
    assert (on_bill.amount, on_bill.affected_plu, on_bill.code) == (135, "", "V12")
    assert goods() == 1500 - 150 - 135
    entry = last_entry("discount")
    assert (entry.subject, entry.detail["amount"]) == (soup.order_id, 135)

    # when
    remove_discount(actor=uk.by_waiter, discount_id=on_line.pk)

    # then
    assert goods() == 1500 - 135


@pytest.mark.parametrize(
    "asked",
    [{"percent": 1001}, {"fixed_amount": 151}],
)
@pytest.mark.parametrize("on_line", [True, False])
def test_above_the_limit_somebody_has_to_say_yes(uk, asked, on_line):
    # given
    (soup,) = sent(uk, SOUP)
    amount = next(iter(asked.values()))
    subject = soup.pk if on_line else soup.order_id
    given = {"order_id": soup.order_id, "line_id": soup.pk if on_line else None, "name": "Friend", **asked}

    # when
    with pytest.raises(ApprovalRequired) as refusal:
        give_discount(actor=uk.by_waiter, **given)

    # then
    assert refusal.value.data == {"act": "discount_above_limit", "subject": subject, "amount": amount}
    assert (Discount.objects.count(), goods()) == (0, 1500)

    # when
    give_discount(actor=approved(uk, Act.DISCOUNT_ABOVE_LIMIT, subject, amount), **given)

    # then
    assert goods() == 1349 or asked == {"percent": 1001}
    assert last_entry("discount").approved_by == uk.supervisor


def test_small_discounts_do_not_add_up_to_a_large_one(uk):
    # given
    (soup,) = sent(uk, SOUP)
    give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="One", percent=600)

    # when
    with pytest.raises(ApprovalRequired):
        give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Two", percent=600)
    with pytest.raises(ApprovalRequired):
        give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Two", fixed_amount=61)
    give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Two", fixed_amount=60)

    # then
    assert Discount.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"percent": 0}, InvalidRequest),
        ({"percent": 10_001}, InvalidRequest),
        ({"fixed_amount": 0}, InvalidRequest),
        ({"percent": 100, "fixed_amount": 100}, InvalidRequest),
        ({}, InvalidRequest),
        ({"percent": 100, "name": " "}, InvalidRequest),
        ({"percent": 100, "line_id": "line_1"}, NotFound),
        ({"percent": 100, "order_id": "order_1"}, NotFound),
    ],
)
def test_a_discount_that_is_none(uk, wrong, error):
    # given
    (soup,) = sent(uk, SOUP)

    # when
    with pytest.raises(error):
        give_discount(**{"actor": uk.by_manager, "order_id": soup.order_id, "name": "Friend", **wrong})

    # then
    assert Discount.objects.count() == 0


def test_no_discount_on_a_voucher_or_on_what_is_free(uk):
    # given
    voucher, soup = sent(uk, NewLine(plu="voucher"), SOUP)
    comp_line(actor=uk.by_supervisor, line_id=soup.pk, reason="wait")

    # when
    for line in (voucher, soup):
        with pytest.raises(Conflict):
            give_discount(actor=uk.by_manager, order_id=line.order_id, line_id=line.pk, name="x", percent=100)

    # then
    assert Discount.objects.count() == 0


def test_what_a_guests_phone_was_shown_stays(uk):
    # given
    order = OrderFactory(venue=uk.venue, origin="dojo", service_choice=ServiceChoice.STATED)
    discount = DiscountFactory(order=order)
    elsewhere = DiscountFactory(order=OrderFactory(venue=a_venue().venue))

    # when
    with pytest.raises(Conflict):
        remove_discount(actor=uk.by_manager, discount_id=discount.pk)
    with pytest.raises(Conflict):
        set_service(actor=uk.by_manager, order_id=order.pk, choice=ServiceChoice.OFF)
    with pytest.raises(NotFound):
        remove_discount(actor=uk.by_manager, discount_id=elsewhere.pk)

    # then
    assert Discount.objects.count() == 2


# --- service ---------------------------------------------------------------------------------------------------------


def test_service_goes_off_and_on_with_one_tap(uk):
    # given
    (soup,) = sent(uk, SOUP)
    assert the_order().service_amount == 188

    # when / then
    for choice, amount in ((ServiceChoice.OFF, 0), (ServiceChoice.ON, 188), (ServiceChoice.AUTOMATIC, 188)):
        set_service(actor=uk.by_waiter, order_id=soup.order_id, choice=choice)
        assert (the_order().service_choice, the_order().service_amount) == (choice, amount)
    assert AuditEntry.objects.filter(act="set_service").count() == 3
    with pytest.raises(InvalidRequest):
        set_service(actor=uk.by_waiter, order_id=soup.order_id, choice=ServiceChoice.STATED)


def test_compulsory_service_is_not_a_waiters_to_waive(uk):
    # given
    Venue.objects.filter(pk=uk.venue.pk).update(service_kind=ServiceKind.COMPULSORY)
    uk.venue.refresh_from_db()
    (soup,) = sent(uk, SOUP)

    # when
    with pytest.raises(ApprovalRequired):
        set_service(actor=uk.by_waiter, order_id=soup.order_id, choice=ServiceChoice.OFF)

    # then
    assert the_order().service_amount == 188

    # when
    actor = approved(uk, Act.DISCOUNT_ABOVE_LIMIT, soup.order_id)
    set_service(actor=actor, order_id=soup.order_id, choice=ServiceChoice.OFF)

    # then
    assert the_order().service_amount == 0


# --- a bill that the guest has seen ----------------------------------------------------------------------------------


def _remove(shop, actor, sent_line, waiting):
    remove_line(actor=actor, line_id=waiting.pk)


def _fewer(shop, actor, sent_line, waiting):
    change_quantity(actor=actor, line_id=waiting.pk, quantity=1)


def _correct(shop, actor, sent_line, waiting):
    correct_line(actor=actor, line_id=sent_line.pk, reason="oops")


def _discount(shop, actor, sent_line, waiting):
    give_discount(actor=actor, order_id=sent_line.order_id, name="Friend", percent=500)


def _print(shop, order_id):
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order_id)


def _pay_a_part(shop, order_id):
    take_payment(actor=shop.by_waiter, order_id=order_id, kind=PaymentKind.CASH, amount=100)


@pytest.mark.parametrize("show", [_print, _pay_a_part])
@pytest.mark.parametrize("lower", [_remove, _fewer, _correct, _discount])
def test_lowering_a_bill_that_was_printed_or_paid_on_takes_a_supervisor_and_is_told(uk, lower, show):
    # given
    (soup,) = sent(uk, SOUP)
    (waiting,) = add(uk, SOUP)
    show(uk, soup.order_id)
    before = the_order().total_amount

    # when
    with pytest.raises(ApprovalRequired) as refusal:
        lower(uk, uk.by_waiter, soup, waiting)

    # then
    assert refusal.value.data["act"] == "lower_printed_bill"
    assert the_order().total_amount == before
    assert (Discount.objects.count(), OrderException.objects.count()) == (0, 0)

    # when
    lower(uk, approved(uk, Act.LOWER_PRINTED_BILL, soup.order_id), soup, waiting)

    # then
    lowered = before - the_order().total_amount
    assert lowered > 0
    row = OrderException.objects.get()
    assert (row.kind, row.amount, row.detail) == (ExceptionKind.BILL_LOWERED, lowered, {"by": uk.waiter.staff.name})


@pytest.mark.parametrize("show", [_print, _pay_a_part])
def test_guests_refuse_service_on_a_bill_they_have_seen_and_nobody_is_asked(uk, show):
    # given
    (soup,) = sent(uk, SOUP)
    show(uk, soup.order_id)

    # when
    for choice in (ServiceChoice.OFF, ServiceChoice.ON, ServiceChoice.OFF):
        set_service(actor=uk.by_waiter, order_id=soup.order_id, choice=choice)

    # then: told once, with who did it in the audit trail
    assert the_order().total_amount == 1500
    row = OrderException.objects.get()
    assert (row.kind, row.amount, row.detail) == (ExceptionKind.BILL_LOWERED, 188, {"by": uk.waiter.staff.name})
    entry = AuditEntry.objects.filter(act="set_service").earliest("pk")
    assert (entry.membership, entry.approved_by, entry.detail["amount"]) == (uk.waiter, None, -188)

    # when: what is not service asks as ever
    with pytest.raises(ApprovalRequired):
        give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Friend", percent=100)

    # then
    assert the_order().total_amount == 1500


def test_an_approved_void_is_all_the_approval_a_printed_bill_needs(uk):
    # given
    soup, burgers = sent(uk, SOUP, BURGER)
    get_order_bill_by_id(actor=uk.by_waiter, order_id=soup.order_id)

    # when
    void_line(actor=approved(uk, Act.VOID, soup.pk), line_id=soup.pk, reason="cold", was_made=True)
    comp_line(actor=approved(uk, Act.COMP, burgers.pk), line_id=burgers.pk, reason="wait")

    # then
    assert goods() == 0
    assert OrderException.objects.filter(kind=ExceptionKind.BILL_LOWERED).count() == 2


# --- a bill that a card machine has, or that is closed ---------------------------------------------------------------


def _all_acts(shop, line):
    by, order_id = shop.by_manager, line.order_id
    return [
        lambda: correct_line(actor=by, line_id=line.pk, reason="x"),
        lambda: void_line(actor=by, line_id=line.pk, reason="x", was_made=True),
        lambda: void_line(actor=by, line_id=line.pk, reason="x", was_made=True, quantity=1),
        lambda: comp_line(actor=by, line_id=line.pk, reason="x"),
        lambda: staff_meal(actor=by, line_id=line.pk, person_id=shop.waiter.pk, charge_amount=0),
        lambda: charge_again(actor=by, line_id=line.pk),
        lambda: give_discount(actor=by, order_id=order_id, name="x", percent=100),
        lambda: give_discount(actor=by, order_id=order_id, line_id=line.pk, name="x", percent=100),
        lambda: remove_discount(actor=by, discount_id=Discount.objects.get().pk),
        lambda: set_service(actor=by, order_id=order_id, choice=ServiceChoice.OFF),
    ]


def test_nothing_changes_the_sum_that_a_card_machine_reads(uk):
    # given
    (soup,) = sent(uk, SOUP)
    give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Regular", percent=100)
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=uk.by_dojo, order_id=soup.order_id, lock_id="lock_1", expiry=expiry)
    before = (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))
    entries = AuditEntry.objects.count()

    # when
    for act in _all_acts(uk, soup):
        with pytest.raises(Locked, match="Table 1 is being paid"):
            act()

    # then
    assert before == (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))
    assert AuditEntry.objects.count() == entries


def test_nothing_changes_a_closed_bill(uk):
    # given
    (soup,) = sent(uk, SOUP)
    give_discount(actor=uk.by_waiter, order_id=soup.order_id, name="Regular", percent=100)
    Order.objects.update(status="Finalized", closed_at=timezone.now(), business_date=timezone.now().date())
    before = (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))

    # when
    for act in _all_acts(uk, soup):
        with pytest.raises(OrderClosed):
            act()

    # then
    assert before == (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))


def test_another_venues_lines_are_not_found(uk):
    # given
    theirs = a_venue()
    (soup,) = sent(theirs, SOUP)
    give_discount(actor=theirs.by_waiter, order_id=soup.order_id, name="Regular", percent=100)
    before = (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))

    # when
    for act in _all_acts(uk, soup):
        with pytest.raises(NotFound):
            act()

    # then
    assert before == (Order.objects.values().get(), list(OrderLine.objects.values()), list(Discount.objects.values()))
