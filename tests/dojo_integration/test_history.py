"""Whatever happens in an evening, Dojo reads what the rows say, every penny is somewhere once, and the floor agrees.

Each seed is one evening of random acts by guests, staff and Dojo (``tests.evenings``), refusals included; everything
below is checked after every act. A failure names its seed.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from bookings.models import Party
from dojo_integration import documents
from dojo_integration.models import OrderDocument
from orders.models import (
    LineState,
    Order,
    OrderLine,
    OrderLock,
    OrderShare,
    Payment,
    PaymentEntry,
    PaymentIntent,
    Product,
    TakenOff,
)
from orders.selectors.floor import read_floor
from pos.errors import PosError
from tests.evenings.dojo_acts import DOJO_ACTS
from tests.evenings.evening import Evening
from tests.evenings.staff_acts import STAFF_ACTS, Act, add
from tests.factories import OrderLockFactory, PaymentFactory, WorkingVenue
from tests.properties import seeds
from tests.wire_reading import added_up, paid, tipped

ACTS = 50
COUNTED = dict.fromkeys(("burger", "burger-deal", "coffee", "ribeye"), 5000)
"""More than an evening sells."""

ALL_ACTS: list[Act] = [*STAFF_ACTS, *DOJO_ACTS]

Lent = dict[int, int]
"""What each live lease was lent for, by the lease."""


@pytest.fixture
def evening_of(uk: WorkingVenue) -> Iterator[object]:
    """The evening that a seed throws."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for plu, left in COUNTED.items():
            Product.objects.filter(pk=uk.products[plu].pk).update(portions_left=left)
        yield lambda seed: Evening(uk, random.Random(seed), clock)


def check(shop: WorkingVenue, lent: Lent, *, was_done: bool = True) -> Lent:
    """Everything that holds at every moment; returns what is lent now."""
    orders = {order.pk: order for order in Order.objects.all()}
    check_documents(orders)
    check_money(orders)
    check_shares(orders)
    if was_done:
        # What a refusal left behind would be found after the next act: these two are the dear ones.
        check_floor(shop, orders)
        check_stock(shop)
    return check_leases(orders, lent)


def check_documents(orders: dict[str, Order]) -> None:
    """Every document is what its rows look like now, and says nothing that does not add up."""
    stored = {row.order_id: row for row in OrderDocument.objects.all()}
    assert stored.keys() == orders.keys()
    for fresh in documents.render_documents(orders):
        row = stored[fresh.order_id]
        assert row.body == fresh.body
        assert all(getattr(row, name) == getattr(fresh, name) for name in fresh.__dataclass_fields__)
        order, wire = orders[fresh.order_id], json.loads(fresh.body)
        assert row.payable == wire["payable"] == order.payable
        if not order.price_difference:
            assert added_up(wire) == wire["totalAmount"]["value"] == order.total_amount
        assert paid(wire) == wire["paidAmount"]["value"] == order.paid_amount
        assert tipped(wire) == wire["tipsAmount"]["value"] == order.tips_amount


def check_money(orders: dict[str, Order]) -> None:
    """Paid is what was paid, owed is what is left, and no payment counts twice or is given back twice."""
    paid_on: dict[str, int] = defaultdict(int)
    left_of: dict[int, list[int]] = {}
    of_intent: dict[int, list[Payment]] = defaultdict(list)
    for row in Payment.objects.order_by("pk"):
        paid_on[row.order_id] += row.amount
        left = left_of.setdefault(row.about_id or row.pk, [0, 0, 0])
        for place, part in enumerate((row.amount, row.tips, row.service_part)):
            left[place] += part
        if row.intent_id is not None:
            of_intent[row.intent_id].append(row)
    for order in orders.values():
        assert order.paid_amount == paid_on[order.pk]
        assert order.outstanding == max(0, order.total_amount - order.paid_amount)
        assert order.overpaid == max(0, order.paid_amount - order.total_amount)
        # what is finished owes nothing but what was refunded after it closed
        if order.status == "Finalized" and order.outstanding:
            assert Payment.objects.filter(order=order, entry=PaymentEntry.REFUND).exists()
    assert all(min(amount, tips) >= 0 for amount, tips, _ in left_of.values())
    assert all(0 <= service <= amount for amount, _, service in left_of.values())
    for intent in PaymentIntent.objects.filter(pk__in=of_intent):
        rows = of_intent[intent.pk]
        assert [row.entry for row in rows].count(PaymentEntry.PAYMENT) == 1
        assert {row.order_id for row in rows} == {intent.order_id}
        said = [row for row in rows if row.entry in (PaymentEntry.PAYMENT, PaymentEntry.CORRECTION)]
        assert sum(row.amount for row in said) == intent.recorded_amount
        assert sum(row.tips for row in said) == intent.recorded_tips


def check_shares(orders: dict[str, Order]) -> None:
    """What a plan still asks of guests is exactly what is owed."""
    unpaid: dict[str, int] = {}
    for order_id, is_paid, amount in OrderShare.objects.values_list("order", "is_paid", "total_amount"):
        unpaid[order_id] = unpaid.get(order_id, 0) + (0 if is_paid else amount)
    for order_id, asked in unpaid.items():
        if orders[order_id].is_open:
            assert asked == orders[order_id].outstanding, order_id


def check_floor(shop: WorkingVenue, orders: dict[str, Order]) -> None:
    """Every open order is on a table or in the rail with what it owes; a table is free when nobody is there."""
    floor = read_floor(shop.venue, shop.waiter)
    tiles = [tile for room in floor.rooms for tile in room.tiles]
    seen = {fact.pk: fact for tile in tiles for fact in tile.orders}
    in_rail = {slip.order.pk for slip in (*floor.tabs, *floor.collections, *floor.qr_orders)}
    assert {pk for pk, order in orders.items() if order.is_open} <= seen.keys() | in_rail
    for pk, fact in seen.items():
        order = orders[pk]
        assert (fact.total, fact.paid, fact.outstanding, fact.status) == (
            order.total_amount,
            order.paid_amount,
            order.outstanding,
            order.status,
        )
    sitting = set(Party.objects.filter(end_time__isnull=True).values_list("table_links__table", flat=True))
    for tile in tiles:
        assert tile.balance == sum(fact.outstanding for fact in tile.orders if fact.is_open)
        has_bill = any(fact.is_open for fact in tile.orders)
        assert tile.is_free is (tile.table.pk not in sitting and not has_bill), tile.table.code


def check_stock(shop: WorkingVenue) -> None:
    """What is left is what there was, less what was sold and not given back."""
    used: dict[str, int] = defaultdict(int)
    for line in OrderLine.objects.prefetch_related("sub_items"):
        given_back = line.taken_off == TakenOff.REMOVE or line.was_made is False
        if line.state == LineState.VOIDED and given_back:
            continue
        used[line.plu] += line.quantity
        for part in line.sub_items.all():
            used[part.plu] += line.quantity * part.quantity
    counted = Product.objects.filter(portions_left__isnull=False).values_list("portions__plu", "portions_left")
    assert dict(counted) == {plu: there_were - used[plu] for plu, there_were in COUNTED.items()}


def check_leases(orders: dict[str, Order], before: Lent) -> Lent:
    """The sum that a card machine has read stays what it is."""
    now = timezone.now()
    lent = {
        lease.pk: orders[lease.order_id].total_amount
        for lease in OrderLock.objects.filter(ended_at=None)
        if lease.is_live(now) and orders[lease.order_id].is_open
    }
    assert {pk: total for pk, total in lent.items() if before.get(pk, total) != total} == {}
    return lent


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(3))
def test_any_evening_leaves_every_document_and_every_penny_true(uk: WorkingVenue, evening_of, seed: int) -> None:
    evening = evening_of(seed)
    lent: Lent = {}
    for _ in range(ACTS):
        act = evening.dice.choice(ALL_ACTS)
        name = f"{act.__module__.rpartition('.')[2]}.{act.__name__}"
        try:
            act(evening)
        except PosError:
            name = "refused"
        evening.done[name] = evening.done.get(name, 0) + 1
        lent = check(uk, lent, was_done=name != "refused")
        evening.time_passes()
        # What ran out meanwhile is lent no more, and may be another sum when it is lent again.
        live = OrderLock.objects.filter(ended_at=None, expiry__gt=timezone.now()).values_list("pk", flat=True)
        lent = {pk: lent[pk] for pk in live if pk in lent}
    # An evening in which everything is refused would prove nothing.
    assert evening.done["refused"] < ACTS * 0.85, evening.done
    assert len(evening.done) > 5, evening.done


# The controls, without which the evenings above would prove nothing.


@pytest.fixture
def order(uk: WorkingVenue, evening_of) -> Order:
    """The first round of an evening, in which everything is still true."""
    add(evening_of(1))
    check(uk, {})
    return Order.objects.get()


def test_a_change_that_nobody_published_is_found(order: Order) -> None:
    Order.objects.update(note="written past every service")
    with pytest.raises(AssertionError):
        check_documents({order.pk: order})


def test_money_that_nobody_paid_is_found(order: Order) -> None:
    PaymentFactory(order=order, amount=100)
    with pytest.raises(AssertionError):
        check_money({order.pk: order})


def test_a_share_of_something_else_is_found(order: Order) -> None:
    OrderShare.objects.create(order=order, number=1, kind="equal", total_amount=order.outstanding - 1)
    with pytest.raises(AssertionError):
        check_shares({order.pk: order})


def test_an_order_that_is_on_no_screen_is_found(uk: WorkingVenue, order: Order) -> None:
    lost = Order(pk="order_lost", status="New")
    with pytest.raises(AssertionError):
        check_floor(uk, {order.pk: order, lost.pk: lost})


def test_a_portion_that_nobody_sold_is_found(uk: WorkingVenue, order: Order) -> None:
    Product.objects.filter(portions_left=5000).update(portions_left=4999)
    with pytest.raises(AssertionError):
        check_stock(uk)


def test_a_sum_that_changed_under_a_lease_is_found(order: Order) -> None:
    lent = check_leases({order.pk: order}, {OrderLockFactory(order=order).pk: order.total_amount})
    assert lent
    order.total_amount += 1
    with pytest.raises(AssertionError):
        check_leases({order.pk: order}, lent)
