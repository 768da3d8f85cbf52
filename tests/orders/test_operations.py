"""The till's operations: in sequence, each once, each with an answer; what is refused spoils nothing else."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.utils import timezone

from bookings.models import Party
from orders import operations
from orders.models import LineState, Order, OrderLine, OrderStatus, OrderType, Product, Round, TillOperation
from orders.operations import apply_operations, purge_operations
from orders.services.closing import get_order_bill_by_id
from orders.services.locking import create_order_lock
from orders.services.payments import record_order_payment_by_id
from orders.services.targets import AtTable
from pos.errors import Busy, InvalidRequest, NotPermitted
from pos.ids import LINE, ORDER, new_id
from pos.models import Membership
from pos.permissions import Actor
from tests.factories import TillOperationFactory, a_venue

pytestmark = pytest.mark.django_db

T1 = {"table": "t1"}
_sequence = count(1)


def op(kind, *, target=T1, **fields):
    sequence = next(_sequence)
    return {"op_id": f"till-a.{sequence}", "sequence": sequence, "kind": kind, "target": target, **fields}


def line(plu="lager-pint", *, line_id=None, **fields):
    return op("add_line", line=line_id or new_id(LINE), plu=plu, **fields)


def apply(shop, *ops):
    return apply_operations(actor=shop.by_waiter, ops=list(ops))


def codes(results):
    return [result["code"] or "ok" for result in results]


def counts():
    return Order.objects.count(), OrderLine.objects.count(), Party.objects.count()


def pay(shop, order, intent="pi_1"):
    order.refresh_from_db()
    record_order_payment_by_id(
        actor=shop.by_dojo,
        order_id=order.pk,
        payment_intent_id=intent,
        paid_amount=order.outstanding,
        currency="GBP",
    )


# --- what operations do ----------------------------------------------------------------------------------------------


def test_a_round_for_a_free_table_in_one_batch(uk):
    # given
    lager, ribeye = new_id(LINE), new_id(LINE)
    batch = [
        line(line_id=lager),
        line("ribeye", line_id=ribeye, modifiers=[{"plu": "medium"}], seats=[2], note="no sauce"),
        op("set_quantity", line=lager, quantity=2),
        op("set_seats", line=lager, seats=[1, 3]),
        op("set_note", line=ribeye, note="sauce aside"),
        op("allergy", seat=2, allergens=["nuts"]),
        op("send", lines=[lager, ribeye]),
    ]

    # when
    results = apply(uk, *batch)

    # then
    assert codes(results) == ["ok"] * 7
    order = Order.objects.get()
    assert {(result["order"], result["data"]["order_name"]) for result in results} == {(order.pk, "Table 1")}
    assert [result["line"] for result in results] == [lager, ribeye, lager, lager, ribeye, None, None]
    assert results[-1]["data"] == {"sent": [lager, ribeye], "held": [], "order_name": "Table 1"}
    rows = {row.plu: row for row in OrderLine.objects.all()}
    assert (rows["lager-pint"].quantity, rows["lager-pint"].seats) == (2, [1, 3])
    assert (rows["ribeye"].note, rows["ribeye"].seats, rows["ribeye"].state) == ("sauce aside", [2], LineState.SENT)
    assert order.seat_allergies.get().allergens == ["nuts"]
    assert (order.status, order.goods_amount) == (OrderStatus.ACCEPTED, 1240 + 2900)
    assert TillOperation.objects.count() == 7


def test_every_other_kind(uk):
    # given
    soup, ribeye, sandwich, brownie = (new_id(LINE) for _ in range(4))
    mains, starters = uk.courses["Mains"].pk, uk.courses["Starters"].pk
    apply(
        uk,
        line("soup", line_id=soup),
        line("ribeye", line_id=ribeye, modifiers=[{"plu": "rare", "quantity": 1}]),
        line("sandwich", line_id=sandwich, eaten="out", course=starters),
        line("brownie", line_id=brownie),
    )

    # when
    results = apply(
        uk,
        op("set_course", line=brownie, course=None),
        op("set_eaten", line=soup, eaten="out"),
        op("set_eaten", eaten="in"),
        op("remove_line", line=brownie),
        op("send", hold=[sandwich]),
        op("fire", course=mains),
        op("send", now=[sandwich]),
    )

    # then
    assert codes(results) == ["ok"] * 7
    assert results[4]["data"]["sent"] == [soup]
    assert results[4]["data"]["held"] == [ribeye, sandwich]
    assert (results[5]["data"]["sent"], results[6]["data"]["sent"]) == ([ribeye], [sandwich])
    assert set(OrderLine.objects.values_list("eaten", flat=True)) == {"in"}
    assert dict(OrderLine.objects.values_list("pk", "state")) == {
        soup: "sent",
        ribeye: "sent",
        sandwich: "sent",
        brownie: "voided",
    }
    assert Round.objects.count() == 3


def test_a_combo_by_operation(uk):
    # when
    results = apply(
        uk,
        line(
            "burger-deal",
            sub_items=[
                {"plu": "burger", "modifiers": [{"plu": "cheese", "quantity": 2}], "note": "well done"},
                {"plu": "red-175"},
            ],
        ),
    )

    # then
    assert codes(results) == ["ok"]
    assert Order.objects.get().goods_amount == 1990 + 150 + 300


def test_tabs_collections_and_counter_orders_are_born_once(uk):
    # given
    tab, collection, counter = (new_id(ORDER) for _ in range(3))
    targets = [
        {"tab": {"order": tab, "name": "Ana", "description": "red coat", "limit": 5000}},
        {"collection": {"order": collection, "name": "Sam", "phone": "1", "collect_at": "2030-01-01T18:00:00Z"}},
        {"counter": {"order": counter, "eaten": "out"}},
    ]

    # when
    results = apply(
        uk,
        *(line(target=target) for target in targets),
        *(line(target=target) for target in targets),
        line(target={"tab": {"order": tab}}),
    )

    # then
    assert codes(results) == ["ok"] * 7
    assert {order.pk: (order.display_name, order.lines.count()) for order in Order.objects.all()} == {
        tab: ("Tab · Ana", 3),
        collection: ("Collect · Sam", 2),
        counter: ("Collect · 3", 2),
    }
    assert Order.objects.get(pk=counter).order_type == OrderType.COLLECTION


def test_a_batch_is_applied_in_sequence_whatever_its_order(uk):
    # given
    added = line()
    batch = [op("set_quantity", line=added["line"], quantity=5), op("set_quantity", line=added["line"], quantity=3)]

    # when
    results = apply(uk, *reversed(batch), added)

    # then
    assert [result["op_id"] for result in results] == [added["op_id"], batch[0]["op_id"], batch[1]["op_id"]]
    assert OrderLine.objects.get().quantity == 3


def test_one_batch_for_two_tables_keeps_its_sequence(uk):
    # given
    first, second, third = line(), line(target={"table": "t2"}), line()

    # when
    results = apply(uk, first, second, third)

    # then
    assert [result["data"]["order_name"] for result in results] == ["Table 1", "Table 2", "Table 1"]
    assert counts() == (2, 3, 2)


def test_under_a_lease_new_lines_are_sent_on_the_next_bill(uk):
    # given
    apply(uk, line(), op("send"))
    order = Order.objects.get()
    expiry = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="lock_1", expiry=expiry)

    # when
    results = apply(uk, line("coffee"), op("send"), op("remove_line", line=OrderLine.objects.get().pk))

    # then
    assert codes(results) == ["ok", "ok", "locked"]
    assert results[0]["data"]["order_name"] == "Table 1 · 2"
    assert results[2]["data"]["by"] == "a card machine"
    assert OrderLine.objects.get(plu="coffee").state == LineState.SENT
    order.refresh_from_db()
    assert order.goods_amount == 620


def test_a_line_that_moved_to_another_table_is_changed_there(uk):
    # given
    moved = line("soup")
    apply(uk, moved, line(), line("coffee", target={"table": "t2"}))
    theirs = Order.objects.get(display_name="Table 2")
    OrderLine.objects.filter(pk=moved["line"]).update(order=theirs)

    # when
    results = apply(uk, op("set_note", line=moved["line"], note="hot"), op("send"))

    # then
    assert [result["order"] for result in results] == [theirs.pk, Order.objects.get(display_name="Table 1").pk]
    assert OrderLine.objects.get(pk=moved["line"]).note == "hot"
    # and this table's Send is this table's
    assert dict(OrderLine.objects.values_list("plu", "state")) == {
        "soup": "unsent",
        "lager-pint": "sent",
        "coffee": "unsent",
    }


# --- once ------------------------------------------------------------------------------------------------------------


def test_an_operation_sent_again_gets_its_first_answer(uk):
    # given
    added = line()
    wrong = line("unicorn")
    batch = [added, wrong, op("send")]
    first = apply(uk, *batch)
    later = apply(uk, line("coffee"))
    before = counts()

    # when
    again = apply(uk, *batch)
    mixed = apply(uk, added, line("coffee"))

    # then
    assert again == first
    assert mixed[0] == first[0]
    assert codes(first) == ["ok", "invalid_request", "ok"]
    assert counts() == (before[0], before[1] + 1, before[2])
    assert Round.objects.count() == 1
    assert later[0]["ok"]


def test_a_replay_gets_its_answer_after_the_bill_is_closed(uk):
    # given
    batch = [line(), op("send")]
    first = apply(uk, *batch)
    order = Order.objects.get()
    pay(uk, order)
    Party.objects.update(end_time=timezone.now())

    # when
    again = apply(uk, *batch)

    # then
    assert again == first
    assert counts() == (1, 1, 1)


def test_the_same_op_id_with_another_body_is_refused_and_the_first_stays(uk):
    # given
    added = line()
    apply(uk, added)

    # when
    results = apply(uk, {**added, "plu": "coffee"})
    within = line()
    inside = apply(uk, within, within, {**within, "quantity": 2})

    # then
    assert codes(results) == ["conflict"]
    assert codes(inside) == ["ok", "ok", "conflict"]
    assert list(OrderLine.objects.values_list("plu", "quantity")) == [("lager-pint", 1)] * 2
    assert TillOperation.objects.get(op_id=added["op_id"]).result["ok"]


def test_op_ids_of_another_venue_are_their_own(uk):
    # given
    theirs = a_venue()
    added = line()
    apply(theirs, added)

    # when
    results = apply(uk, {**added, "line": new_id(LINE)})

    # then
    assert codes(results) == ["ok"]


def test_operations_are_kept_for_seven_days(uk):
    # given
    now = timezone.now()
    TillOperationFactory(at=now - timedelta(days=7, minutes=1))
    kept = TillOperationFactory(at=now - timedelta(days=6, hours=23))

    # when
    with time_machine.travel(now, tick=False):
        gone = purge_operations()

    # then
    assert gone == 1
    assert TillOperation.objects.get() == kept


# --- refused ---------------------------------------------------------------------------------------------------------


def test_one_refused_stops_only_what_depends_on_it(uk):
    # given
    Product.objects.filter(pk=uk.products["soup"].pk).update(sold_out=True)
    lager, soup = line(), line("soup")

    # when
    results = apply(
        uk,
        lager,
        soup,
        op("set_quantity", line=soup["line"], quantity=2),
        op("set_note", line=soup["line"], note="hot"),
        op("set_quantity", line=lager["line"], quantity=2),
        op("send", lines=[soup["line"], lager["line"]]),
    )

    # then
    assert codes(results) == ["ok", "conflict", "dependent", "dependent", "ok", "ok"]
    assert results[1]["message"] == "Soup of the day is sold out."
    assert results[2]["data"] == {"after": soup["op_id"]}
    assert results[5]["data"]["sent"] == [lager["line"]]
    assert OrderLine.objects.values_list("plu", "quantity", "state").get() == ("lager-pint", 2, "sent")


def test_dependence_reaches_over_runs_and_replays(uk):
    # given
    soup = line("unicorn")
    apply(uk, soup)

    # when
    results = apply(
        uk, soup, line(target={"table": "t2"}), op("set_note", line=soup["line"], note="hot"), line("coffee")
    )

    # then
    assert codes(results) == ["invalid_request", "ok", "dependent", "ok"]


def test_refused_lines_leave_no_party_and_no_order(uk):
    # when
    results = apply(uk, line("unicorn"), line("ribeye"), op("send"))

    # then
    assert codes(results) == ["invalid_request", "invalid_request", "ok"]
    assert results[2]["data"] == {"sent": [], "held": []}
    assert counts() == (0, 0, 0)


def test_a_closed_order_names_the_next_one_and_the_others_go_on(uk):
    # given
    first = apply(uk, line(), op("send"))
    order = Order.objects.get()
    pay(uk, order)
    apply(uk, line("coffee"))
    follow_on = Order.objects.exclude(pk=order.pk).get()
    target = {"order": order.pk}

    # when
    results = apply(
        uk,
        line(target=target),
        op("set_seats", line=first[0]["line"], seats=[1], target=target),
        op("send", target=target),
        line(),
    )

    # then
    assert codes(results) == ["order_closed", "order_closed", "order_closed", "ok"]
    assert [result["data"] for result in results[:3]] == [{"next_order": follow_on.pk}] * 3
    assert results[3]["order"] == follow_on.pk


def test_a_target_that_is_gone_refuses_its_operations_by_name(uk):
    # when
    results = apply(uk, line(target={"table": "t99"}), line(target={"order": "order_1"}), line())

    # then
    assert codes(results) == ["not_found", "not_found", "ok"]
    assert results[0]["message"] == "There is no table “t99”."


def test_below_a_seen_bill_one_operation_is_refused_and_the_rest_is_done(uk):
    # given
    apply(uk, line(), op("send"))
    waiting = line("soup", quantity=2)
    apply(uk, waiting)
    order = Order.objects.get()
    get_order_bill_by_id(actor=uk.by_waiter, order_id=order.pk)

    # when
    results = apply(
        uk,
        op("set_note", line=waiting["line"], note="hot"),
        op("remove_line", line=waiting["line"]),
        op("set_quantity", line=waiting["line"], quantity=3),
        line("coffee"),
    )

    # then
    assert codes(results) == ["ok", "approval_required", "dependent", "ok"]
    assert results[1]["data"] == {"act": "lower_printed_bill", "subject": order.pk, "amount": None}
    soup = OrderLine.objects.get(plu="soup")
    assert (soup.state, soup.quantity, soup.note) == (LineState.UNSENT, 2, "hot")
    assert OrderLine.objects.filter(plu="coffee").exists()
    assert TillOperation.objects.count() == 7
    assert apply(uk, op("remove_line", line=waiting["line"]))[0]["code"] == "approval_required"


def test_taking_off_and_taking_on_again_within_a_batch_lowers_nothing(uk):
    # given
    apply(uk, line(), op("send"))
    get_order_bill_by_id(actor=uk.by_waiter, order_id=Order.objects.get().pk)
    extra = line("coffee")

    # when
    results = apply(uk, extra, op("remove_line", line=extra["line"]))

    # then
    assert codes(results) == ["ok", "ok"]
    assert Order.objects.get().goods_amount == 620


def test_busy_is_not_remembered_and_nothing_overtakes_it(uk, monkeypatch):
    # given
    apply(uk, line(target={"table": "t1"}))
    batch = [line(), line(target={"table": "t2"}), op("send")]

    def busy_table(actor, target, **rest):
        if target == AtTable("t2"):
            raise Busy("The till is busy with this order. Try again.")
        return opened(actor, target, **rest)

    opened = operations.open_pad
    monkeypatch.setattr(operations, "open_pad", busy_table)

    # when
    results = apply(uk, *batch)

    # then
    assert codes(results) == ["ok", "busy", "busy"]
    assert OrderLine.objects.filter(state=LineState.SENT).count() == 0
    monkeypatch.undo()

    # when
    again = apply(uk, *batch)

    # then
    assert codes(again) == ["ok", "ok", "ok"]
    assert again[0] == results[0]


# --- what a batch must look like -------------------------------------------------------------------------------------


GOOD = {"op_id": "a.1", "sequence": 1, "kind": "send", "target": T1}


@pytest.mark.parametrize(
    ("ops", "field"),
    [
        (None, "ops"),
        ({}, "ops"),
        ([], "ops"),
        ([GOOD] * 201, "ops"),
        (["send"], "ops.0"),
        ([GOOD, {**GOOD, "op_id": None}], "ops.1.op_id"),
        ([{**GOOD, "op_id": 7}], "ops.0.op_id"),
        ([{**GOOD, "op_id": ""}], "ops.0.op_id"),
        ([{**GOOD, "op_id": "a b"}], "ops.0.op_id"),
        ([{**GOOD, "op_id": "a\n"}], "ops.0.op_id"),
        ([{**GOOD, "op_id": "x" * 65}], "ops.0.op_id"),
        ([{**GOOD, "sequence": None}], "ops.0.sequence"),
        ([{**GOOD, "sequence": True}], "ops.0.sequence"),
        ([{**GOOD, "sequence": -1}], "ops.0.sequence"),
        ([{**GOOD, "sequence": 2**63}], "ops.0.sequence"),
        ([{**GOOD, "sequence": 1.0}], "ops.0.sequence"),
    ],
)
def test_a_batch_that_cannot_be_answered_is_refused_whole(uk, ops, field):
    # when
    with pytest.raises(InvalidRequest) as refusal:
        apply_operations(actor=uk.by_waiter, ops=ops)

    # then
    assert refusal.value.field == field
    assert counts() == (0, 0, 0)
    assert TillOperation.objects.count() == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "void"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": "bad\x00kind"}, "kind"),
        ({"target": None}, "target"),
        ({"target": "t1"}, "target"),
        ({"target": {}}, "target"),
        ({"target": {"table": "t1", "order": "order_1"}}, "target"),
        ({"target": {"table": 1}}, "target.table"),
        ({"target": {"table": "t\x001"}}, "target.table"),
        ({"target": {"tab": {}}}, "target.tab.order"),
        ({"target": {"tab": {"order": "order_1"}}}, "target.tab.order"),
        ({"target": {"collection": {"order": new_id(ORDER), "collect_at": "today"}}}, "target.collection.collect_at"),
        ({"target": {"collection": {"order": new_id(ORDER), "collect_at": "2030-01-01T10:00"}}},
         "target.collection.collect_at"),
        ({"target": {"counter": {"order": new_id(ORDER), "eaten": "up"}}}, "target.counter.eaten"),
        ({"line": None}, "line"),
        ({"line": "line_1"}, "line"),
        ({"plu": None}, "plu"),
        ({"plu": "\ud800"}, "plu"),
        ({"plu": "x" * 121}, "plu"),
        ({"quantity": "2"}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 2.0}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 10**30}, "quantity"),
        ({"note": 7}, "note"),
        ({"note": "x" * 501}, "note"),
        ({"seats": 1}, "seats"),
        ({"seats": [1, "2"]}, "seats.1"),
        ({"seats": [100]}, "seats.0"),
        ({"seats": [1] * 101}, "seats"),
        ({"course": "Mains"}, "course"),
        ({"eaten": "up"}, "eaten"),
        ({"modifiers": {"plu": "rare"}}, "modifiers"),
        ({"modifiers": ["rare"]}, "modifiers.0"),
        ({"modifiers": [{"quantity": 1}]}, "modifiers.0.plu"),
        ({"modifiers": [{"plu": "rare", "quantity": 0}]}, "modifiers.0.quantity"),
        ({"sub_items": [{"plu": "burger", "modifiers": [{"plu": 1}]}]}, "sub_items.0.modifiers.0.plu"),
        ({"kind": "set_quantity", "quantity": None}, "quantity"),
        ({"kind": "set_note", "note": None}, "note"),
        ({"kind": "set_eaten", "eaten": None}, "eaten"),
        ({"kind": "fire"}, "course"),
        ({"kind": "send", "lines": "all"}, "lines"),
        ({"kind": "send", "hold": [1]}, "hold.0"),
        ({"kind": "allergy", "seat": 0, "allergens": ["nuts"]}, "seat"),
        ({"kind": "allergy", "allergens": "nuts"}, "allergens"),
    ],
)  # fmt: skip
def test_an_operation_that_says_nonsense_names_the_field_and_the_others_go_on(uk, wrong, field):
    # when
    results = apply(uk, {**line(), **wrong}, line("coffee"))

    # then
    assert codes(results) == ["invalid_request", "ok"]
    assert results[0]["data"]["field"] == field
    assert OrderLine.objects.values_list("plu", flat=True).get() == "coffee"
    assert TillOperation.objects.count() == 2


def test_fields_from_a_newer_till_are_tolerated(uk):
    # when
    results = apply(uk, line(colour="red", modifiers=[], note=None, course=None, eaten=None))

    # then
    assert codes(results) == ["ok"]


def test_who_does_not_work_here_keeps_their_operations(uk):
    # given
    Membership.objects.filter(pk=uk.waiter.pk).update(is_active=False)
    uk.waiter.refresh_from_db()

    # when
    with pytest.raises(NotPermitted):
        apply(uk, line())
    with pytest.raises(InvalidRequest):
        apply_operations(actor=Actor.staff(uk.supervisor), ops=[line()])

    # then
    assert (counts(), TillOperation.objects.count()) == ((0, 0, 0), 0)


def test_twenty_adds_are_one_pricing_and_one_document(uk, django_assert_max_num_queries):
    # given
    apply(uk, line())

    # when / then
    with django_assert_max_num_queries(60) as one:
        apply(uk, line())
    with django_assert_max_num_queries(len(one)):
        apply(uk, *(line() for _ in range(20)))
