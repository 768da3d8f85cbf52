"""Guests change tables, tabs sit down, two tables pay together: lines keep their state, payments never move."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.models import Party
from bookings.selectors import tables_of
from dojo_integration.documents import read_body, render_documents
from orders.models import LineState, Order, OrderStatus, Origin, PaymentKind
from orders.selectors.stations import read_station
from orders.services.locking import create_order_lock
from orders.services.moving import (
    join_table,
    leave_table,
    merge_orders,
    move_order,
    move_party,
    move_party_beside,
    tab_to_table,
    table_to_tab,
)
from orders.services.tenders import take_payment
from pos.errors import ApprovalRequired, Conflict, InvalidRequest, Locked, NotFound, OrderClosed
from pos.models import AuditEntry
from pos.permissions import Act, Actor
from tests.bills import a_bill, add_line, settled
from tests.factories import ApprovalFactory, MembershipFactory, OrderFactory, a_venue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


@pytest.fixture(autouse=True)
def _documents_are_true():
    """Whatever a test moved, Dojo reads what the rows say."""
    yield
    for document in render_documents(Order.objects.values_list("pk", flat=True)):
        stored = read_body(document.venue_id, document.order_id)
        assert stored in (None, document.body)


def move(shop, order, *codes, by=None):
    tables = [shop.tables[code].pk for code in codes]
    return move_party(actor=by or shop.by_waiter, party_id=order.party_id, table_ids=tables)


def merge(shop, source, target):
    return merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)


def pay(shop, order, amount):
    return take_payment(actor=shop.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=amount)


def lend(shop, order):
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id=f"lock of {order.pk}", expiry=expiry)


def a_tab(shop, name="Ana", total=1200, **fields):
    tab = OrderFactory(
        venue=shop.venue,
        is_tab=True,
        waiter=shop.waiter,
        customer_name=name,
        display_base=f"Tab · {name}",
        service_choice="off",
        **fields,
    )
    add_line(shop, tab, total)
    return settled(tab)


# --- moving ----------------------------------------------------------------------------------------------------------


def test_guests_change_tables_and_nothing_is_sent_again(shop):
    # given
    order = a_bill(shop, state=LineState.STARTED)
    before = order.lines.values().get()

    # when
    party = move(shop, order, "t5", "t6")

    # then
    order.refresh_from_db()
    assert (order.table.code, order.display_name, order.total_amount) == ("t5", "Table 5", 5000)
    assert [table.code for table in tables_of(party)] == ["t5", "t6"]
    assert order.lines.values().get() == before
    assert AuditEntry.objects.get(act="move_party").detail == {"before": ["t1"], "after": ["t5", "t6"]}
    (card,) = read_station(shop.venue, "kitchen").cards
    assert (card.order.display_name, [line.pk for line in card.lines]) == ("Table 5", [before["id"]])


def test_a_taken_table_is_refused_unless_they_sit_beside_strangers(shop):
    # given
    order = a_bill(shop)
    a_bill(shop, table="t2")

    # when
    with pytest.raises(Conflict, match="Table 2 is taken"):
        move(shop, order, "t2")

    # then
    order.refresh_from_db()
    assert order.display_name == "Table 1"

    # when
    move_party_beside(actor=shop.by_waiter, party_id=order.party_id, table_ids=[shop.tables["t2"].pk])

    # then
    order.refresh_from_db()
    assert (order.table.code, order.display_name) == ("t2", "Table 2 · 2")


def test_nothing_moves_while_a_card_machine_has_the_bill(shop):
    # given
    order, other = a_bill(shop), a_bill(shop, table="t2")
    lend(shop, order)

    # when
    with pytest.raises(Locked):
        move(shop, order, "t5")
    with pytest.raises(Locked):
        merge(shop, order, other)
    with pytest.raises(Locked):
        merge(shop, other, order)
    with pytest.raises(Locked):
        table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Ana")

    # then
    order.refresh_from_db()
    assert (order.display_name, order.party.is_here, order.lines.count()) == ("Table 1", True, 1)


def test_a_second_bill_keeps_its_number_at_the_new_table(shop):
    # given: the first bill of the evening is paid, the second is open
    first = a_bill(shop)
    pay(shop, first, 5000)
    second = a_bill(shop, party=first.party, total=340, name="Table 1 · 2")
    Order.objects.filter(pk=second.pk).update(display_base="Table 1")

    # when
    move(shop, second, "t5")

    # then
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.display_name, second.table.code) == ("Table 5 · 2", "t5")
    assert (first.display_name, first.table.code) == ("Table 1", "t1")


def test_what_is_paid_and_still_cooking_finds_its_guests(shop):
    # given
    order = a_bill(shop, state=LineState.SENT)
    pay(shop, order, 5000)

    # when
    move(shop, order, "t5")

    # then
    order.refresh_from_db()
    assert (order.status, order.table.code, order.display_name) == (OrderStatus.FINALIZED, "t5", "Table 1")


def test_a_name_from_dojo_is_kept(shop):
    # given
    order = a_bill(shop, origin=Origin.DOJO, dojo_order_id="d1", is_prepaid=True, name="Sam's lunch")

    # when
    move(shop, order, "t5")

    # then
    order.refresh_from_db()
    assert (order.display_name, order.table.code) == ("Sam's lunch", "t5")


def test_another_waiters_table_needs_a_supervisors_yes(shop):
    # given
    order = a_bill(shop)
    Party.objects.update(waiter=MembershipFactory(venue=shop.venue, waiter_id="8"))

    # when
    with pytest.raises(ApprovalRequired):
        move(shop, order, "t5")

    # then
    assert [table.code for table in tables_of(order.party)] == ["t1"]

    # when
    approval = ApprovalFactory(
        act=Act.OTHERS_TABLE,
        subject=order.party_id,
        asked_by=shop.waiter,
        decided_by=shop.supervisor,
        decided_at=timezone.now(),
    )
    move(shop, order, "t5", by=Actor.staff(shop.waiter, shop.till, approval_id=approval.pk))

    # then
    assert [table.code for table in tables_of(order.party)] == ["t5"]


def test_tables_join_a_party_and_leave_it(shop):
    # given
    order = a_bill(shop)
    a_bill(shop, table="t3")

    # when
    join_table(actor=shop.by_waiter, party_id=order.party_id, table_id=shop.tables["t2"].pk)
    with pytest.raises(Conflict):
        join_table(actor=shop.by_waiter, party_id=order.party_id, table_id=shop.tables["t3"].pk)

    # then
    assert [table.code for table in tables_of(order.party)] == ["t1", "t2"]

    # when: the table that the bill is on goes
    leave_table(actor=shop.by_waiter, party_id=order.party_id, table_id=shop.tables["t1"].pk)
    with pytest.raises(Conflict, match="only table"):
        leave_table(actor=shop.by_waiter, party_id=order.party_id, table_id=shop.tables["t2"].pk)

    # then
    order.refresh_from_db()
    assert (order.table.code, order.display_name) == ("t2", "Table 2")


def test_the_only_bill_takes_its_guests_along_and_a_second_one_goes_alone(shop):
    # given
    order = a_bill(shop)
    move_order(actor=shop.by_waiter, order_id=order.pk, table_id=shop.tables["t4"].pk)
    order.refresh_from_db()
    assert [table.code for table in tables_of(order.party)] == ["t4"]
    second = a_bill(shop, table="t4", party=order.party, name="Table 4 · 2", is_separate_bill=True)

    # when
    move_order(actor=shop.by_waiter, order_id=second.pk, table_id=shop.tables["t9"].pk)

    # then
    second.refresh_from_db()
    assert second.table.code == "t9"
    assert second.party_id != order.party_id
    assert [table.code for table in tables_of(order.party)] == ["t4"]


def test_other_venues_and_closed_bills_do_not_move(shop):
    # given
    order = a_bill(shop)
    elsewhere = a_venue()

    # when / then
    with pytest.raises(NotFound):
        move_order(actor=elsewhere.by_waiter, order_id=order.pk, table_id=elsewhere.tables["t1"].pk)
    with pytest.raises(NotFound):
        move_order(actor=shop.by_waiter, order_id=order.pk, table_id=elsewhere.tables["t1"].pk)
    pay(shop, order, 5000)
    with pytest.raises(OrderClosed):
        move_order(actor=shop.by_waiter, order_id=order.pk, table_id=shop.tables["t2"].pk)
    order.refresh_from_db()
    assert order.table.code == "t1"


# --- tabs ------------------------------------------------------------------------------------------------------------


def test_a_tab_sits_down_at_a_free_table(shop):
    # given
    tab = a_tab(shop)

    # when
    tab_to_table(actor=shop.by_waiter, order_id=tab.pk, table_id=shop.tables["t4"].pk)

    # then
    tab.refresh_from_db()
    assert (tab.display_name, tab.is_tab, tab.party.name) == ("Table 4", False, "Ana")


def test_a_tab_is_one_bill_with_the_table_or_one_of_its_own(shop):
    # given
    bill, ana, leo = a_bill(shop), a_tab(shop), a_tab(shop, "Leo")
    table = shop.tables["t1"].pk

    # when
    stands = tab_to_table(actor=shop.by_waiter, order_id=ana.pk, table_id=table)
    move_order(actor=shop.by_waiter, order_id=leo.pk, table_id=table)

    # then
    for order in (bill, ana, leo):
        order.refresh_from_db()
    assert (stands.pk, bill.total_amount, ana.merged_into_id) == (bill.pk, 6200, bill.pk)
    assert (leo.display_name, leo.is_separate_bill, leo.party_id) == ("Table 1 · 2", True, bill.party_id)


def test_guests_go_on_at_the_bar_and_their_table_is_free(shop):
    # given
    order = a_bill(shop)

    # when
    table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Kim", description="red coat")

    # then
    order.refresh_from_db()
    assert (order.display_name, order.is_tab, order.table, order.party) == ("Tab · Kim", True, None, None)
    assert not Party.objects.get().is_here


def test_a_deposit_is_used_before_its_bill_leaves_the_party(shop):
    # given
    order = a_bill(shop)
    Party.objects.update(deposit_amount=2000)

    # when
    with pytest.raises(Conflict, match="£20.00"):
        table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Kim")

    # then
    order.refresh_from_db()
    assert order.display_name == "Table 1"


# --- merging ---------------------------------------------------------------------------------------------------------


def test_two_tables_are_one_bill_of_one_party(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    Party.objects.filter(pk=source.party_id).update(guest_requests="No nuts", allergens=["nuts"])

    # when
    stands = merge(shop, source, target)

    # then
    source.refresh_from_db()
    target.refresh_from_db()
    party = target.party
    assert (stands.pk, target.total_amount, target.covers, target.display_name) == (target.pk, 5700, 4, "Table 2")
    assert (source.status, source.merged_into_id, source.total_amount) == (OrderStatus.CANCELED, target.pk, 0)
    assert [table.code for table in tables_of(party)] == ["t2", "t1"]
    assert (party.allergens, "No nuts" in party.host_notes, party.guest_requests) == (["nuts"], True, "")
    assert not Party.objects.get(pk=source.party_id).is_here


def test_lines_go_to_the_bill_that_is_paid_on_which_takes_the_others_place(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    pay(shop, source, 1000)

    # when
    stands = merge(shop, source, target)

    # then
    source.refresh_from_db()
    target.refresh_from_db()
    assert (stands.pk, target.status, target.merged_into_id) == (source.pk, OrderStatus.CANCELED, source.pk)
    assert (source.display_name, source.table.code, source.party_id) == ("Table 2", "t2", target.party_id)
    assert (source.total_amount, source.paid_amount, source.outstanding) == (5700, 1000, 4700)


def test_two_bills_that_are_paid_on_stay_two_bills_of_one_party(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    pay(shop, source, 1000)
    pay(shop, target, 100)

    # when
    merge(shop, source, target)

    # then
    source.refresh_from_db()
    target.refresh_from_db()
    assert source.party_id == target.party_id
    assert (source.is_open, source.is_separate_bill, source.outstanding) == (True, True, 4000)
    assert (target.is_open, target.is_separate_bill, target.outstanding) == (True, False, 600)


def test_the_party_with_the_deposit_remains_and_two_deposits_are_refused(shop):
    # given
    source, target = a_bill(shop), a_bill(shop, table="t2", total=700)
    Party.objects.update(deposit_amount=2000)

    # when
    with pytest.raises(Conflict, match="deposit"):
        merge(shop, source, target)

    # then
    source.refresh_from_db()
    assert (source.is_open, source.lines.count()) == (True, 1)

    # when
    Party.objects.filter(pk=target.party_id).update(deposit_amount=None)
    merge(shop, source, target)

    # then
    target.refresh_from_db()
    assert (target.party_id, target.is_separate_bill) == (source.party_id, False)
    assert not Party.objects.exclude(pk=source.party_id).get().is_here


def test_a_bill_is_not_merged_with_itself(shop):
    # given
    order = a_bill(shop)

    # when / then
    with pytest.raises(InvalidRequest):
        merge(shop, order, order)
    order.refresh_from_db()
    assert (order.is_open, order.lines.count()) == (True, 1)
