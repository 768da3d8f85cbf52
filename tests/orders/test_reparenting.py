"""What must hold wherever a bill goes: its guests, its deposit, its service, its name, and who said yes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.models import Party
from bookings.selectors import sitting_at, tables_of
from orders.models import LineState, Order, OrderStatus, PaymentIntent, PaymentKind, ServiceChoice
from orders.services.closing import get_order_bill_by_id
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, NewPayment, create_order
from orders.services.locking import create_order_lock
from orders.services.moving import merge_orders, move_order, move_party, tab_to_table, table_to_tab
from orders.services.splitting import split_order, transfer_lines
from orders.services.tenders import deposit_left, take_payment, undo_deposit, use_deposit
from pos.errors import Conflict, Locked
from pos.models import AuditEntry
from pos.permissions import Act, Actor
from tests.bills import a_bill, add_line, settled
from tests.factories import ApprovalFactory, MembershipFactory, OrderFactory, a_venue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


def fresh(order):
    return Order.objects.get(pk=order.pk)


def by_phone(shop, *, table="t1", paid=0):
    payments = (NewPayment(payment_intent_id="pi_phone", paid_amount=paid),) if paid else ()
    request = NewDojoOrder(
        dojo_order_id="dojo_1",
        order_type="DineIn",
        items=(NewItem(name="Soup", plu="soup", quantity=2, unit_price=750),),
        total_amount=1500,
        currency="GBP",
        payments=payments,
        table_code=table,
    )
    return create_order(actor=shop.by_dojo, request=request)


def with_used_deposit(shop, order, amount):
    Party.objects.filter(pk=order.party_id).update(deposit_amount=amount)
    return use_deposit(actor=shop.by_waiter, order_id=order.pk)


def lend(shop, order):
    expiry = timezone.now() + timedelta(minutes=5)
    return create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id="lock_1", expiry=expiry)


# --- who said yes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["move_party", "move_order", "tab_to_table", "transfer_lines"])
def test_who_said_yes_to_moving_anothers_table_is_kept(shop, what):
    # given
    colleague = MembershipFactory(venue=shop.venue)
    order = a_bill(shop)
    extra = add_line(shop, order, 700)
    order = settled(order)
    Order.objects.update(waiter=colleague, is_tab=what == "tab_to_table")
    Party.objects.update(waiter=colleague)
    if what == "tab_to_table":
        Order.objects.update(party=None, table=None)
    subject = order.party_id if what == "move_party" else order.pk
    approval = ApprovalFactory(
        asked_by=shop.waiter, decided_by=shop.supervisor, act=Act.OTHERS_TABLE, subject=subject, amount=None
    )
    actor = Actor.staff(shop.waiter, shop.till, approval_id=approval.pk)
    table = shop.tables["t5"].pk

    # when
    if what == "move_party":
        move_party(actor=actor, party_id=order.party_id, table_ids=[table])
    elif what == "move_order":
        move_order(actor=actor, order_id=order.pk, table_id=table)
    elif what == "tab_to_table":
        tab_to_table(actor=actor, order_id=order.pk, table_id=table)
    else:
        transfer_lines(actor=actor, order_id=order.pk, quantities={extra.pk: 1}, table_id=table)

    # then
    entry = AuditEntry.objects.exclude(act__in=["seat_party"]).get(approved_by__isnull=False)
    assert (entry.membership, entry.approved_by) == (shop.waiter, shop.supervisor)


def test_one_yes_is_enough_for_anothers_lines_below_a_printed_bill(shop):
    # given
    colleague = MembershipFactory(venue=shop.venue)
    order = a_bill(shop)
    extra = add_line(shop, order, 700)
    order = settled(order)
    get_order_bill_by_id(actor=shop.by_waiter, order_id=order.pk)
    Order.objects.update(waiter=colleague)
    approval = ApprovalFactory(
        asked_by=shop.waiter, decided_by=shop.supervisor, act=Act.OTHERS_TABLE, subject=order.pk, amount=None
    )

    # when
    target = transfer_lines(
        actor=Actor.staff(shop.waiter, shop.till, approval_id=approval.pk),
        order_id=order.pk,
        quantities={extra.pk: 1},
        table_id=shop.tables["t5"].pk,
    )

    # then
    assert (fresh(order).total_amount, fresh(target).goods_amount) == (5000, 700)


# --- guests ----------------------------------------------------------------------------------------------------------


def test_guests_whose_only_bill_goes_to_an_occupied_table_go_along(shop):
    # given
    moving, there = a_bill(shop), a_bill(shop, table="t2", total=700)

    # when
    move_order(actor=shop.by_waiter, order_id=moving.pk, table_id=shop.tables["t2"].pk)

    # then
    moving, there = fresh(moving), fresh(there)
    party = there.party
    assert (moving.party_id, moving.table.code, moving.display_name) == (party.pk, "t2", "Table 2 · 2")
    assert (moving.is_separate_bill, there.is_separate_bill, there.display_name) == (True, False, "Table 2")
    assert (moving.total_amount, there.total_amount) == (5000, 700)
    assert (party.covers, [table.code for table in tables_of(party)]) == (4, ["t2"])
    assert sitting_at([shop.tables["t1"].pk]) == []


def test_a_company_that_grows_carries_service_on_all_its_bills(shop):
    # given: service from six covers
    shop.venue.service_from_covers = 6
    shop.venue.save()
    source, target = (
        a_bill(shop, table=table, total=4000, service_choice=ServiceChoice.AUTOMATIC) for table in ("t1", "t2")
    )
    own = a_bill(shop, party=target.party, total=800, name="Table 2 · 2", is_separate_bill=True)
    Order.objects.filter(pk=own.pk).update(service_choice=ServiceChoice.AUTOMATIC, table=shop.tables["t2"])
    for order, covers in ((source, 4), (target, 2), (own, 2)):
        Order.objects.filter(pk=order.pk).update(covers=covers)
        Party.objects.filter(pk=order.party_id).update(covers=covers)
    before = [settled(order).service_amount for order in (source, target, own)]

    # when
    stands = merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert before == [0, 0, 0]
    assert (fresh(stands).covers, fresh(stands).service_amount) == (6, 1000)
    assert (fresh(own).covers, fresh(own).service_amount) == (6, 100)


def test_a_lent_bill_keeps_its_sum_when_a_company_would_grow(shop):
    # given
    shop.venue.service_from_covers = 4
    shop.venue.save()
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    own = a_bill(shop, party=target.party, total=800, name="Table 2 · 2", service_choice=ServiceChoice.AUTOMATIC)
    Order.objects.filter(pk=own.pk).update(is_separate_bill=True)
    lend(shop, own)

    # when
    with pytest.raises(Locked):
        merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert (fresh(source).is_open, fresh(own).total_amount, fresh(own).covers) == (True, 800, 2)
    assert source.party.is_here


def test_nobody_is_lost_when_only_one_table_was_counted(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    Party.objects.filter(pk=target.party_id).update(covers=None)

    # when
    merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert fresh(target).covers == fresh(target).party.covers == 2


# --- deposits --------------------------------------------------------------------------------------------------------


def test_a_bill_that_a_deposit_pays_does_not_leave_its_party_alone(shop):
    # given: two bills of one party, one of them paid in part by their deposit
    order = a_bill(shop)
    a_bill(shop, party=order.party, total=700, name="Table 1 · 2")
    a_bill(shop, table="t2", total=900)
    payment = with_used_deposit(shop, order, 2000)

    # when / then: at a strangers' table, at a free one, at the bar
    for code in ("t2", "t5"):
        with pytest.raises(Conflict, match="£20.00"):
            move_order(actor=shop.by_waiter, order_id=order.pk, table_id=shop.tables[code].pk)
    with pytest.raises(Conflict, match="£20.00"):
        table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Kim")
    assert (fresh(order).party_id, fresh(order).table.code, deposit_left(order.party)) == (order.party_id, "t1", 0)

    # when
    undo_deposit(actor=shop.by_waiter, payment_id=payment.pk)
    move_order(actor=shop.by_waiter, order_id=order.pk, table_id=shop.tables["t2"].pk)

    # then
    party = Party.objects.get(pk=order.party_id)
    assert (fresh(order).party_id == party.pk, deposit_left(party)) == (False, 2000)


def test_a_used_deposit_is_a_deposit_when_two_parties_would_be_one(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2")
    with_used_deposit(shop, source, 2000)
    Party.objects.filter(pk=target.party_id).update(deposit_amount=3000)

    # when
    with pytest.raises(Conflict, match="deposit"):
        merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert deposit_left(fresh(target).party) == 3000
    assert [order.is_open for order in (fresh(source), fresh(target))] == [True, True]


# --- orders from phones ----------------------------------------------------------------------------------------------


def test_a_tables_bill_keeps_its_service_when_it_joins_a_phones_order(shop):
    # given
    bill = a_bill(shop, total=4000, service_choice=ServiceChoice.AUTOMATIC)
    phone = by_phone(shop, paid=1500)
    assert (bill.total_amount, phone.total_amount, phone.party_id) == (4500, 1500, bill.party_id)

    # when
    stands = merge_orders(actor=shop.by_waiter, source_id=phone.pk, target_id=bill.pk)

    # then: it is the table's bill now
    phone = fresh(phone)
    assert stands.pk == phone.pk
    assert (phone.total_amount, phone.service_amount, phone.paid_amount) == (6000, 500, 1500)
    assert (phone.is_prepaid, phone.is_open) == (False, True)
    assert fresh(bill).merged_into_id == phone.pk


def test_an_order_that_nobody_accepted_is_not_split(shop):
    # given
    shop.venue.dojo_orders_need_acceptance = True
    shop.venue.save()
    phone = by_phone(shop)
    line = phone.lines.get()

    # when
    with pytest.raises(Conflict, match="Accept"):
        split_order(actor=shop.by_waiter, order_id=phone.pk, quantities={line.pk: 1})

    # then
    assert phone.lines.get().quantity == 2
    assert Order.objects.count() == 1


def test_lines_stay_where_a_payment_is_on_its_way(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    PaymentIntent.objects.create(venue=shop.venue, intent_id="pi_1", order=source)

    # when
    stands = merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert (stands.pk, fresh(stands).total_amount, fresh(stands).display_name) == (source.pk, 5700, "Table 2")
    assert fresh(target).status == OrderStatus.CANCELED


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_bill_takes_its_new_tables_name_although_the_old_table_was_renamed(shop):
    # given
    order = a_bill(shop)
    shop.tables["t1"].name = "Window"
    shop.tables["t1"].save()

    # when
    move_party(actor=shop.by_waiter, party_id=order.party_id, table_ids=[shop.tables["t5"].pk])

    # then
    assert fresh(order).display_name == "Table 5"


def test_what_is_collected_or_paid_first_is_no_tab(shop):
    # given
    phone = by_phone(shop)
    collect = OrderFactory(venue=shop.venue, order_type="Collection", waiter=shop.waiter)

    # when / then
    for order in (phone, collect):
        with pytest.raises(Conflict):
            table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Kim")
        assert not fresh(order).is_tab


def test_a_counter_bill_that_is_split_is_two_counter_bills(shop):
    # given
    order = OrderFactory(venue=shop.venue, waiter=shop.waiter, is_prepaid=True, service_choice=ServiceChoice.OFF)
    add_line(shop, order, 500, state=LineState.UNSENT, quantity=2)
    order = settled(order)

    # when
    other = split_order(actor=shop.by_waiter, order_id=order.pk, quantities={order.lines.get().pk: 1})

    # then
    other = fresh(other)
    assert (other.is_prepaid, other.is_separate_bill, other.total_amount) == (True, True, 500)
    assert fresh(order).total_amount == 500
    take_payment(actor=shop.by_waiter, order_id=other.pk, kind=PaymentKind.CASH, amount=500)
    assert fresh(order).outstanding == 500
