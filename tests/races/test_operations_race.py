"""Two tills, one table: nothing is lost, nothing is doubled, nobody opens the table twice."""

import contextlib
import random
from functools import partial
from itertools import count

import pytest

from bookings.models import Party
from floorplan.models import Table
from orders import row_locks
from orders.models import LineState, Order, OrderLine, Product, Round, TillOperation
from orders.operations import apply_operations
from orders.services.adjusting import void_line
from orders.services.kitchen import acknowledge_cancellation, acknowledge_lines, move_lines, recall_line
from orders.services.lines import NewLine
from orders.services.ordering import add_lines
from orders.services.sending import send
from orders.services.targets import AtTable
from pos.errors import Conflict
from pos.ids import LINE, ORDER, new_id
from pos.permissions import Actor
from tests.factories import MembershipFactory, TillFactory, a_venue
from tests.races.crowd import all_at_once, deadlocks

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

_sequence = count(1)


def op(kind, target, **fields):
    sequence = next(_sequence)
    return {"op_id": f"race.{sequence}", "sequence": sequence, "kind": kind, "target": target, **fields}


def adds(number, target):
    return [op("add_line", target, line=new_id(LINE), plu="coffee") for _ in range(number)]


def another_till(shop):
    return Actor.staff(MembershipFactory(venue=shop.venue), TillFactory(venue=shop.venue))


def one_by_one(actor, ops):
    return [apply_operations(actor=actor, ops=[operation])[0] for operation in ops]


def test_two_tills_add_twenty_each_to_one_table():
    # given
    shop = a_venue()
    table = {"table": "t12"}

    # when
    results = all_at_once(
        [partial(one_by_one, actor, adds(20, table)) for actor in (shop.by_waiter, another_till(shop))]
    )

    # then
    assert [sum(answer["ok"] for answer in answers) for answers in results] == [20, 20]
    order = Order.objects.get()
    assert (Party.objects.count(), order.lines.count(), order.goods_amount) == (1, 40, 40 * 340)
    assert sorted(order.lines.values_list("position", flat=True)) == list(range(1, 41))
    assert order.display_name == "Table 12"


def test_one_batch_by_eight_connections_happens_once():
    # given
    shop = a_venue()
    table = {"table": "t12"}
    batch = [*adds(5, table), op("send", table)]

    # when
    results = all_at_once([partial(apply_operations, actor=shop.by_waiter, ops=batch)] * 8)

    # then
    assert all(answers == results[0] for answers in results)
    assert all(answer["ok"] for answer in results[0])
    assert (Party.objects.count(), Order.objects.count(), OrderLine.objects.count()) == (1, 1, 5)
    assert (Round.objects.count(), TillOperation.objects.count()) == (1, 6)


@pytest.mark.parametrize("kind", ["tab", "collection", "counter"])
def test_one_new_tab_by_six_connections_is_opened_once(kind):
    # given
    shop = a_venue()
    batch = adds(2, {kind: {"order": new_id(ORDER)}})

    # when
    results = all_at_once([partial(apply_operations, actor=shop.by_waiter, ops=batch)] * 6)

    # then
    assert all(answers == results[0] for answers in results)
    assert (Order.objects.count(), OrderLine.objects.count()) == (1, 2)


def start_the_table(shop):
    return [
        partial(add_lines, actor=another_till(shop), target=AtTable("t12"), lines=[NewLine(plu="coffee")])
        for _ in range(8)
    ]


def test_eight_waiters_start_one_table():
    # given
    shop = a_venue()

    # when
    results = all_at_once(start_the_table(shop))

    # then
    assert not [result for result in results if isinstance(result, Exception)]
    assert (Party.objects.count(), Order.objects.count(), OrderLine.objects.count()) == (1, 1, 8)


def test_without_the_table_lock_the_table_is_started_more_than_once(monkeypatch):
    # given: the control
    shop = a_venue()
    monkeypatch.setattr(
        row_locks, "tables_for_update", lambda venue, table_ids: list(Table.objects.filter(pk__in=table_ids))
    )

    # when
    all_at_once(start_the_table(shop))

    # then
    assert Party.objects.count() > 1


def sell_the_last_three(shop):
    Product.objects.filter(pk=shop.products["soup"].pk).update(portions_left=3)
    return [
        partial(add_lines, actor=another_till(shop), target=AtTable(f"t{number}"), lines=[NewLine(plu="soup")])
        for number in range(1, 11)
    ]


def test_ten_tables_want_the_last_three_soups():
    # given
    shop = a_venue()

    # when
    results = all_at_once(sell_the_last_three(shop))

    # then
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert (OrderLine.objects.count(), Order.objects.count(), Party.objects.count()) == (3, 3, 3)
    assert Product.objects.values_list("portions_left", "sold_out").get(pk=shop.products["soup"].pk) == (0, True)


def test_without_the_product_lock_more_than_three_are_sold(monkeypatch):
    # given: the control
    shop = a_venue()
    monkeypatch.setattr(
        "orders.services.menu_card.counted_products_for_update",
        lambda product_ids: {
            product.pk: product
            for product in Product.objects.filter(pk__in=set(product_ids), portions_left__isnull=False)
        },
    )

    # when
    all_at_once(sell_the_last_three(shop))

    # then
    assert OrderLine.objects.count() > 3


def a_sent_round(shop):
    added = add_lines(actor=shop.by_waiter, target=AtTable("t12"), lines=[NewLine(plu="coffee")] * 3)
    return [partial(send, actor=another_till(shop), order_id=added[0].order_id) for _ in range(8)]


def test_eight_presses_of_send_are_one_round():
    # given
    shop = a_venue()

    # when
    results = all_at_once(a_sent_round(shop))

    # then
    assert not [result for result in results if isinstance(result, Exception)]
    assert Round.objects.get().lines.count() == 3


def test_without_the_row_locks_a_round_is_sent_twice_or_fails(monkeypatch):
    # given: the control
    shop = a_venue()
    calls = a_sent_round(shop)
    monkeypatch.setattr(row_locks, "_orders", lambda: Order.objects.select_related("table", "waiter__staff"))
    monkeypatch.setattr(
        row_locks,
        "parties_for_update",
        lambda venue, ids: {party.pk: party for party in Party.objects.filter(venue=venue, pk__in=filter(None, ids))},
    )

    # when
    results = all_at_once(calls)

    # then
    assert Round.objects.count() > 1 or any(isinstance(result, Exception) for result in results)


def a_waiter_at_work(actor, table, seed):
    """Adds, changes, sends and removes, as fast as fingers can."""
    rnd = random.Random(seed)
    lines = []
    for _ in range(7):
        plu = rnd.choice(["coffee", "soup", "lager-pint", "chips"])
        lines.append(new_id(LINE))
        batch = [op("add_line", table, line=lines[-1], plu=plu)]
        batch.append(op("set_quantity", table, line=rnd.choice(lines), quantity=rnd.randint(1, 3)))
        batch.append(op("remove_line", table, line=rnd.choice(lines)))
        if rnd.random() < 0.7:
            batch.append(op("send", table))
        apply_operations(actor=actor, ops=batch)


def a_station_at_work(shop, station, seed):
    """Shows what came in, bumps it, takes some of it back."""
    rnd = random.Random(seed)
    for _ in range(8):
        mine = OrderLine.objects.filter(station=station, state__in=("sent", "started", "ready"))
        found = list(mine.values_list("pk", flat=True))
        acknowledge_lines(actor=shop.by_waiter, station_id=station.pk, line_ids=found)
        some = rnd.sample(found, min(3, len(found)))
        with contextlib.suppress(Conflict):
            if some:
                state = rnd.choice([LineState.STARTED, LineState.READY, LineState.SERVED])
                move_lines(actor=shop.by_waiter, line_ids=some, state=state)
        with contextlib.suppress(Conflict):
            if found and rnd.random() < 0.3:
                recall_line(actor=shop.by_waiter, line_id=rnd.choice(found))


def a_supervisor_at_work(shop, seed):
    rnd = random.Random(seed)
    for _ in range(10):
        found = list(OrderLine.objects.exclude(state__in=("unsent", "held", "voided")).values_list("pk", flat=True))
        with contextlib.suppress(Conflict):
            if found:
                void_line(actor=shop.by_supervisor, line_id=rnd.choice(found), reason="busy", was_made=False)
        struck = OrderLine.objects.filter(state="voided", sent_at__isnull=False).values_list("pk", flat=True)
        acknowledge_cancellation(actor=shop.by_waiter, line_ids=list(struck))


def test_a_busy_quarter_of_an_hour_has_no_deadlock_and_every_bill_adds_up():
    # given
    shop = a_venue()
    Product.objects.filter(pk__in=[shop.products["soup"].pk, shop.products["chips"].pk]).update(portions_left=500)
    before = deadlocks()
    tables = [{"table": "t1"}, {"table": "t1"}, {"table": "t2"}, {"table": "t2"}]

    # when
    results = all_at_once(
        [partial(a_waiter_at_work, another_till(shop), table, seed) for seed, table in enumerate(tables)]
        + [partial(a_station_at_work, shop, station, 7) for station in shop.stations.values()]
        + [partial(a_supervisor_at_work, shop, 9)]
    )

    # then
    assert results == [None] * 7
    assert deadlocks() == before
    assert (Party.objects.count(), Order.objects.count(), OrderLine.objects.count()) == (2, 2, 28)
    for order in Order.objects.prefetch_related("lines"):
        on_bill = [line for line in order.lines.all() if line.is_on_bill]
        assert order.goods_amount == sum(line.quantity * line.unit_price for line in on_bill)
        assert len({line.position for line in order.lines.all()}) == order.lines.count()
    for plu in ("soup", "chips"):
        sold = OrderLine.objects.filter(plu=plu).exclude(state="voided").values_list("quantity", flat=True)
        assert Product.objects.get(pk=shop.products[plu].pk).portions_left == 500 - sum(sold)
