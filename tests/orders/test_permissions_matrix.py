"""Who may do what: the house's table against the code's, and every service that has to ask, asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import (
    Discount,
    LineState,
    Order,
    OrderLine,
    OrderLock,
    Payment,
    PaymentEntry,
    PaymentKind,
    ServiceChoice,
    TradingPeriod,
)
from orders.operations import apply_operations
from orders.services.adjusting import comp_line, correct_line, staff_meal, void_line
from orders.services.allergies import note_allergy
from orders.services.closing import get_order_bill_by_id, reopen_order
from orders.services.discounting import give_discount, remove_discount, set_service
from orders.services.dojo_orders import cancel_order_by_id
from orders.services.kitchen import acknowledge_lines, bump_ticket, move_line
from orders.services.lines import NewLine
from orders.services.locking import create_order_lock, release_lease
from orders.services.menu_state import set_sold_out
from orders.services.ordering import add_lines, change_quantity, remove_line, set_note
from orders.services.seating import hand_over_table, seat_party
from orders.services.sending import fire_course, send
from orders.services.targets import AtTable
from orders.services.tenders import refund_payment, reverse_payment, take_payment, walk_out
from orders.services.trading import close_period
from pos.errors import ApprovalRequired, NotPermitted
from pos.models import Approval, AuditEntry, Membership, Role, ServiceKind, Venue
from pos.permissions import ROLES, Act, Actor, Answer, answer_for, may
from tests.factories import ApprovalFactory, MembershipFactory, WorkingVenue, a_venue

pytestmark = pytest.mark.django_db

YES, APPROVAL, NO = Answer.YES, Answer.APPROVAL, Answer.NO

# The table of the house, row by row.
HOUSE: list[tuple[set[Act], tuple[Answer, Answer, Answer]]] = [
    (
        {Act.OPEN, Act.ADD, Act.SEND, Act.PRINT_BILL, Act.TAKE_PAYMENT, Act.REMOVE_UNSENT, Act.CORRECT, Act.HAND_OVER},
        (YES, YES, YES),
    ),
    (
        {
            Act.VOID,
            Act.COMP,
            Act.DISCOUNT_ABOVE_LIMIT,
            Act.LOWER_PRINTED_BILL,
            Act.OTHERS_TABLE,
            Act.NO_SHOW,
            Act.CANCEL_AFTER_PREPARING,
            Act.WALK_OUT,
        },
        (APPROVAL, YES, YES),
    ),
    ({Act.CASH_REFUND, Act.REOPEN, Act.NO_SALE}, (NO, APPROVAL, YES)),
    (
        {
            Act.CARD_REFUND,
            Act.RELEASE_LEASE,
            Act.CLOSE_PERIOD,
            Act.INTEGRATION,
            Act.MENU_PRICES,
            Act.STAFF,
            Act.ADMIN,
        },
        (NO, NO, YES),
    ),
]


def test_the_code_says_what_the_house_says():
    # when
    house = {act: answers for acts, answers in HOUSE for act in acts}

    # then
    assert house == ROLES
    assert set(house) == set(Act)


def test_a_role_gets_its_answer_and_nobody_else_any(uk):
    # given
    gone = MembershipFactory(venue=uk.venue, role=Role.MANAGER, is_active=False)
    stranger = Actor(venue=uk.venue, kind=uk.by_manager.kind, membership=a_venue().manager)
    roles = (uk.by_waiter, uk.by_supervisor, uk.by_manager)

    for act in Act:
        # when
        answers = tuple(answer_for(actor, act) for actor in roles)

        # then
        assert answers == ROLES[act]
        assert tuple(may(actor, act) for actor in roles) == tuple(answer is YES for answer in answers)
        assert (answer_for(Actor.staff(gone), act), answer_for(stranger, act)) == (NO, NO)


# --- every service asks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evening:
    """A table with one line at the grill and one not sent, before or after it was paid."""

    shop: WorkingVenue
    order_id: str
    sent: str
    unsent: str

    @property
    def cash(self) -> int:
        return Payment.objects.filter(order=self.order_id, entry=PaymentEntry.PAYMENT).latest("pk").pk


def an_evening(shop: WorkingVenue) -> Evening:
    (soup,) = add_lines(actor=shop.by_waiter, target=AtTable("t1"), lines=[NewLine(plu="soup", quantity=2)])
    send(actor=shop.by_waiter, order_id=soup.order_id)
    (coffee,) = add_lines(actor=shop.by_waiter, target=AtTable("t1"), lines=[NewLine(plu="coffee", quantity=2)])
    return Evening(shop, soup.order_id, soup.pk, coffee.pk)


def take_cash(evening: Evening) -> None:
    outstanding = Order.objects.get(pk=evening.order_id).outstanding
    take_payment(actor=evening.shop.by_waiter, order_id=evening.order_id, kind=PaymentKind.CASH, amount=outstanding)


def pay_all(evening: Evening) -> None:
    send(actor=evening.shop.by_waiter, order_id=evening.order_id, now_line_ids=[evening.unsent])
    take_cash(evening)


def pay_and_refund(evening: Evening) -> None:
    pay_all(evening)
    refund_payment(actor=evening.shop.by_manager, payment_id=evening.cash, amount=500, reason="cold")


def print_bill(evening: Evening) -> None:
    get_order_bill_by_id(actor=evening.shop.by_waiter, order_id=evening.order_id)


def start(evening: Evening) -> None:
    move_line(actor=evening.shop.by_waiter, line_id=evening.sent, state=LineState.STARTED)


def lend(evening: Evening) -> None:
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=evening.shop.by_dojo, order_id=evening.order_id, lock_id="lock_1", expiry=expiry)


def give_to_a_colleague(evening: Evening) -> None:
    colleague = MembershipFactory(venue=evening.shop.venue)
    for model in (Order, evening.shop.venue.parties.model):
        model.objects.filter(venue=evening.shop.venue).update(waiter=colleague)


def compulsory_service(evening: Evening) -> None:
    Venue.objects.filter(pk=evening.shop.venue.pk).update(service_kind=ServiceKind.COMPULSORY)
    for member in (evening.shop.waiter, evening.shop.supervisor, evening.shop.manager):
        member.venue.refresh_from_db()
    evening.shop.venue.refresh_from_db()


def nothing(evening: Evening) -> None:
    pass


Do = Callable[[Evening, Actor], object]


@dataclass(frozen=True)
class Asks:
    """A service, the act it asks for, and what an approval for it is bound to."""

    name: str
    act: Act
    do: Do
    subject: Callable[[Evening], str]
    amount: int | None = None
    given: Callable[[Evening], None] = nothing

    def __str__(self) -> str:
        return self.name


def order_id(evening: Evening) -> str:
    return evening.order_id


def sent_line(evening: Evening) -> str:
    return evening.sent


def party_id(evening: Evening) -> str:
    return Order.objects.get(pk=evening.order_id).party_id or ""


ASKING = [
    Asks(
        "void",
        Act.VOID,
        lambda e, by: void_line(actor=by, line_id=e.sent, reason="cold", was_made=True),
        sent_line,
    ),
    Asks(
        "void one of two",
        Act.VOID,
        lambda e, by: void_line(actor=by, line_id=e.sent, reason="cold", was_made=True, quantity=1),
        sent_line,
        amount=1,
    ),
    Asks("comp", Act.COMP, lambda e, by: comp_line(actor=by, line_id=e.sent, reason="wait"), sent_line),
    Asks(
        "staff meal",
        Act.COMP,
        lambda e, by: staff_meal(actor=by, line_id=e.sent, person_id=e.shop.waiter.pk, charge_percent=5000),
        sent_line,
    ),
    Asks(
        "large share off",
        Act.DISCOUNT_ABOVE_LIMIT,
        lambda e, by: give_discount(actor=by, order_id=e.order_id, name="Friend", percent=2000),
        order_id,
        amount=2000,
    ),
    Asks(
        "large amount off a line",
        Act.DISCOUNT_ABOVE_LIMIT,
        lambda e, by: give_discount(actor=by, order_id=e.order_id, line_id=e.sent, name="Friend", fixed_amount=900),
        sent_line,
        amount=900,
    ),
    Asks(
        "compulsory service off",
        Act.DISCOUNT_ABOVE_LIMIT,
        lambda e, by: set_service(actor=by, order_id=e.order_id, choice=ServiceChoice.OFF),
        order_id,
        given=compulsory_service,
    ),
    Asks(
        "remove below a printed bill",
        Act.LOWER_PRINTED_BILL,
        lambda e, by: remove_line(actor=by, line_id=e.unsent),
        order_id,
        given=print_bill,
    ),
    Asks(
        "cancel what is being made",
        Act.CANCEL_AFTER_PREPARING,
        lambda e, by: cancel_order_by_id(actor=by, order_id=e.order_id),
        order_id,
        given=start,
    ),
    Asks(
        "walk-out",
        Act.WALK_OUT,
        lambda e, by: walk_out(actor=by, order_id=e.order_id, reason="ran"),
        order_id,
    ),
    Asks(
        "hand over a colleague's table",
        Act.OTHERS_TABLE,
        lambda e, by: hand_over_table(actor=by, party_id=party_id(e), membership_id=e.shop.manager.pk),
        party_id,
        given=give_to_a_colleague,
    ),
    Asks(
        "cash refund",
        Act.CASH_REFUND,
        lambda e, by: refund_payment(actor=by, payment_id=e.cash, amount=500, reason="cold"),
        order_id,
        amount=500,
        given=pay_all,
    ),
    Asks(
        "reopen",
        Act.REOPEN,
        lambda e, by: reopen_order(actor=by, order_id=e.order_id, reason="mistake"),
        order_id,
        given=pay_and_refund,
    ),
    Asks(
        "release a lease",
        Act.RELEASE_LEASE,
        lambda e, by: release_lease(actor=by, order_id=e.order_id),
        order_id,
        given=lend,
    ),
    Asks("Z", Act.CLOSE_PERIOD, lambda e, by: close_period(actor=by), lambda e: ""),
]


def everything() -> list[object]:
    """All rows that an act could have changed, without the approval it would have used."""
    models = (Order, OrderLine, Discount, Payment, OrderLock, AuditEntry, TradingPeriod, Membership)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("role", [Role.WAITER, Role.SUPERVISOR, Role.MANAGER])
@pytest.mark.parametrize("asks", ASKING, ids=str)
def test_a_service_asks_before_it_acts(uk, asks, role):
    # given
    evening = an_evening(uk)
    asks.given(evening)
    member = {Role.WAITER: uk.waiter, Role.SUPERVISOR: uk.supervisor, Role.MANAGER: uk.manager}[role]
    answer = answer_for(Actor.staff(member), asks.act)
    before = everything()

    if answer is YES:
        # when
        asks.do(evening, Actor.staff(member, uk.till))

        # then
        assert everything() != before
        return

    # when: without a yes, with a yes for something else, with one that is two minutes old, and with one used up
    approver = {"asked_by": member, "decided_by": uk.manager, "act": asks.act}
    fits = {"subject": asks.subject(evening), "amount": asks.amount}
    old = timezone.now() - timedelta(minutes=2, seconds=1)
    useless = [
        None,
        ApprovalFactory(**approver, subject="something_else", amount=asks.amount),
        ApprovalFactory(**approver, subject=fits["subject"], amount=10**6),
        ApprovalFactory(**{**approver, "act": Act.NO_SALE}, **fits),
        ApprovalFactory(**{**approver, "asked_by": uk.manager}, **fits),
        ApprovalFactory(**approver, **fits, decided_at=old),
        ApprovalFactory(**approver, **fits, status=Approval.Status.USED),
        ApprovalFactory(**approver, **fits, status=Approval.Status.REFUSED),
    ]
    for approval in useless:
        with pytest.raises(ApprovalRequired if answer is APPROVAL else NotPermitted) as refusal:
            asks.do(evening, Actor.staff(member, uk.till, approval_id=approval and approval.pk))
        if answer is APPROVAL:
            assert refusal.value.data == {"act": str(asks.act), **fits}

    # then
    assert everything() == before

    # when
    good = ApprovalFactory(**approver, **fits)
    actor = Actor.staff(member, uk.till, approval_id=good.pk)
    if answer is NO:
        with pytest.raises(NotPermitted):
            asks.do(evening, actor)
        assert everything() == before
        return
    asks.do(evening, actor)

    # then
    good.refresh_from_db()
    assert everything() != before
    assert good.status == Approval.Status.USED


def test_both_names_stand_in_the_audit_trail(uk):
    # given
    kept = {"void", "comp", "staff_meal", "discount", "set_service", "cancel_order", "walk_out"}
    found = {}

    # when
    for asks in ASKING:
        if asks.act in (Act.LOWER_PRINTED_BILL, Act.OTHERS_TABLE) or answer_for(uk.by_waiter, asks.act) is not APPROVAL:
            continue
        shop = a_venue()
        evening = an_evening(shop)
        asks.given(evening)
        good = ApprovalFactory(
            asked_by=shop.waiter,
            decided_by=shop.supervisor,
            act=asks.act,
            subject=asks.subject(evening),
            amount=asks.amount,
        )
        asks.do(evening, Actor.staff(shop.waiter, shop.till, approval_id=good.pk))
        entry = AuditEntry.objects.filter(venue=shop.venue, approved_by__isnull=False).get()
        found[entry.act] = (entry.membership == shop.waiter, entry.approved_by == shop.supervisor)

    # then
    assert found == dict.fromkeys(kept, (True, True))


EVERYDAY: dict[str, Do] = {
    "seat": lambda e, by: seat_party(actor=by, table_ids=[e.shop.tables["t2"].pk], covers=2),
    "add": lambda e, by: add_lines(actor=by, target=AtTable("t1"), lines=[NewLine(plu="coffee")]),
    "quantity": lambda e, by: change_quantity(actor=by, line_id=e.unsent, quantity=1),
    "note": lambda e, by: set_note(actor=by, line_id=e.unsent, note="hot"),
    "remove": lambda e, by: remove_line(actor=by, line_id=e.unsent),
    "correct": lambda e, by: correct_line(actor=by, line_id=e.sent, reason="oops"),
    "send": lambda e, by: send(actor=by, order_id=e.order_id),
    "fire": lambda e, by: fire_course(actor=by, order_id=e.order_id, course_id=e.shop.courses["Mains"].pk),
    "allergy": lambda e, by: note_allergy(actor=by, target=AtTable("t1"), seat=1, allergens=["nuts"]),
    "sold out": lambda e, by: set_sold_out(actor=by, product_id=e.shop.products["soup"].pk, sold_out=True),
    "bill": lambda e, by: get_order_bill_by_id(actor=by, order_id=e.order_id),
    "cash": lambda e, by: take_payment(actor=by, order_id=e.order_id, kind=PaymentKind.CASH, amount=100),
    "small discount": lambda e, by: give_discount(actor=by, order_id=e.order_id, name="Regular", percent=500),
    "service off": lambda e, by: set_service(actor=by, order_id=e.order_id, choice=ServiceChoice.OFF),
    "seen": lambda e, by: acknowledge_lines(actor=by, station_id=e.shop.stations["kitchen"].pk, line_ids=[e.sent]),
    "start": lambda e, by: move_line(actor=by, line_id=e.sent, state=LineState.STARTED),
    "bump": lambda e, by: bump_ticket(
        actor=by,
        station_id=e.shop.stations["kitchen"].pk,
        round_id=OrderLine.objects.get(pk=e.sent).round_id,
    ),
    "operations": lambda e, by: apply_operations(
        actor=by, ops=[{"op_id": "a.1", "sequence": 1, "kind": "send", "target": {"table": "t1"}}]
    ),
}


@pytest.mark.parametrize("name", EVERYDAY)
def test_the_everyday_is_everybodys_who_works_here(uk, name):
    # given
    evening = an_evening(uk)
    gone = MembershipFactory(venue=uk.venue, role=Role.MANAGER, is_active=False)
    before = everything()

    # when
    with pytest.raises(NotPermitted):
        EVERYDAY[name](evening, Actor.staff(gone, uk.till))

    # then
    assert everything() == before

    # when / then: a waiter needs nobody
    EVERYDAY[name](evening, uk.by_waiter)


def test_undoing_costs_the_house_nothing_and_needs_nobody(uk):
    # given
    evening = an_evening(uk)
    discount = give_discount(actor=uk.by_manager, order_id=evening.order_id, name="Friend", percent=9000)

    # when
    remove_discount(actor=uk.by_waiter, discount_id=discount.pk)

    # then
    assert Order.objects.get(pk=evening.order_id).discount_amount == 0


def test_a_reversal_of_cash_asks_like_a_refund(uk):
    # given
    evening = an_evening(uk)
    take_cash(evening)
    amount = Payment.objects.get().amount

    # when
    with pytest.raises(NotPermitted):
        reverse_payment(actor=uk.by_waiter, payment_id=evening.cash, reason="wrong tender")
    with pytest.raises(ApprovalRequired) as refusal:
        reverse_payment(actor=uk.by_supervisor, payment_id=evening.cash, reason="wrong tender")

    # then
    assert refusal.value.data == {"act": "cash_refund", "subject": evening.order_id, "amount": amount}
    assert Payment.objects.count() == 1
