"""Eight tills at one corner of the room: guests pay, move, join, split, cancel and change, all at the same moment.

Retries are no cure: deadlocks are counted where the database counts them.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from bookings.models import Party, PartyTable
from dojo_integration import documents
from dojo_integration.models import OrderDocument
from orders import row_locks
from orders.models import Order, OrderLine, OrderStatus, OrderType, Payment, PaymentKind
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, cancel_order_by_id, create_order
from orders.services.lines import NewLine
from orders.services.moving import merge_orders, move_order, move_party, table_to_tab
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.seating import clear_table, hand_over_table, set_covers
from orders.services.sending import send
from orders.services.splitting import split_order, transfer_lines
from orders.services.targets import AtTable
from orders.services.tenders import take_payment
from pos.errors import Busy, PosError
from pos.permissions import Actor
from tests.factories import WorkingVenue, a_venue
from tests.races.crowd import all_at_once, deadlocks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

THREADS = 8
TRANSACTIONS = 160
HERE = {"closed_at__isnull": True}


@dataclass
class Corner:
    """Three tables, a dice per till, and what really happened."""

    shop: WorkingVenue
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    added: int = 0
    paid: int = 0

    @property
    def boss(self) -> Actor:
        return self.shop.by_manager

    def table(self, dice: random.Random) -> int:
        return self.shop.tables[f"t{dice.randint(1, 3)}"].pk

    def order(self, dice: random.Random) -> str:
        ids = sorted(Order.objects.filter(**HERE).values_list("pk", flat=True))
        return dice.choice(ids) if ids else "order_none"

    def party(self, dice: random.Random) -> str:
        ids = sorted(Party.objects.filter(end_time__isnull=True).values_list("pk", flat=True))
        return dice.choice(ids) if ids else "party_none"

    def some_of(self, dice: random.Random, order_id: str) -> dict[str, int]:
        lines = list(OrderLine.objects.filter(order=order_id, taken_off="").values_list("pk", "quantity"))
        return {pk: dice.randint(1, quantity) for pk, quantity in lines if dice.random() < 0.5} or {"line_none": 1}

    def count(self, *, added: int = 0, paid: int = 0) -> None:
        with self.lock:
            self.added += added
            self.paid += paid


Act = Callable[[Corner, random.Random], object]


def add(corner: Corner, dice: random.Random) -> None:
    lines = [NewLine(plu=dice.choice(["coffee", "soup", "lager-pint"]), quantity=dice.randint(1, 4))]
    add_lines(actor=corner.shop.by_waiter, target=AtTable(f"t{dice.randint(1, 3)}"), lines=lines)
    corner.count(added=lines[0].quantity)


def order_by_phone(corner: Corner, dice: random.Random) -> None:
    request = NewDojoOrder(
        dojo_order_id=f"dojo_{dice.getrandbits(60)}",
        order_type=OrderType.DINE_IN,
        items=(NewItem(name="Soup", plu="soup", quantity=2, unit_price=750),),
        total_amount=1500,
        currency="GBP",
        table_code=f"t{dice.randint(1, 3)}",
    )
    create_order(actor=corner.shop.by_dojo, request=request)
    corner.count(added=2)


def send_all(corner: Corner, dice: random.Random) -> None:
    send(actor=corner.boss, order_id=corner.order(dice))


def pay_by_card(corner: Corner, dice: random.Random) -> None:
    record_order_payment_by_id(
        actor=corner.shop.by_dojo,
        order_id=corner.order(dice),
        payment_intent_id=f"pi_{dice.getrandbits(60)}",
        paid_amount=100,
        currency="GBP",
    )
    corner.count(paid=100)


def pay_all_in_cash(corner: Corner, dice: random.Random) -> None:
    order_id = corner.order(dice)
    owed = Order.objects.filter(pk=order_id).values_list("outstanding", flat=True).first() or 1
    take_payment(actor=corner.boss, order_id=order_id, kind=PaymentKind.CASH, amount=owed)
    corner.count(paid=owed)


def move(corner: Corner, dice: random.Random) -> None:
    if dice.random() < 0.5:
        move_order(actor=corner.boss, order_id=corner.order(dice), table_id=corner.table(dice))
    else:
        move_party(actor=corner.boss, party_id=corner.party(dice), table_ids=[corner.table(dice)])


def merge(corner: Corner, dice: random.Random) -> None:
    merge_orders(actor=corner.boss, source_id=corner.order(dice), target_id=corner.order(dice))


def split(corner: Corner, dice: random.Random) -> None:
    order_id = corner.order(dice)
    some = corner.some_of(dice, order_id)
    if dice.random() < 0.5:
        split_order(actor=corner.boss, order_id=order_id, quantities=some)
    else:
        transfer_lines(actor=corner.boss, order_id=order_id, quantities=some, table_id=corner.table(dice))


def to_the_bar(corner: Corner, dice: random.Random) -> None:
    table_to_tab(actor=corner.boss, order_id=corner.order(dice), name="Zoë")


def cancel(corner: Corner, dice: random.Random) -> None:
    actor = corner.shop.by_dojo if dice.random() < 0.5 else corner.boss
    cancel_order_by_id(actor=actor, order_id=corner.order(dice))


def change_party(corner: Corner, dice: random.Random) -> None:
    party_id = corner.party(dice)
    dice.choice(
        [
            lambda: set_covers(actor=corner.boss, party_id=party_id, covers=dice.randint(1, 9)),
            lambda: hand_over_table(actor=corner.boss, party_id=party_id, membership_id=corner.shop.supervisor.pk),
            lambda: clear_table(actor=corner.boss, party_id=party_id),
        ]
    )()


ACTS: list[Act] = [
    *[add] * 4,
    order_by_phone,
    *[send_all] * 2,
    *[pay_by_card] * 3,
    pay_all_in_cash,
    *[move] * 4,
    *[merge] * 3,
    *[split] * 2,
    to_the_bar,
    cancel,
    *[change_party] * 3,
]


def work(corner: Corner, seed: int, transactions: int) -> None:
    dice = random.Random(seed)
    for _ in range(transactions):
        act = dice.choice(ACTS)
        try:
            act(corner, dice)
        except Busy:
            raise
        except PosError as refusal:
            with corner.lock:
                corner.refused[f"{act.__name__}: {refusal.code}"] += 1
        else:
            with corner.lock:
                corner.done[act.__name__] += 1


def a_busy_corner() -> Corner:
    corner = Corner(a_venue())
    for number in (1, 2, 3):
        lines = [NewLine(plu="soup", quantity=4), NewLine(plu="coffee", quantity=4)]
        add_lines(actor=corner.shop.by_waiter, target=AtTable(f"t{number}"), lines=lines)
        corner.added += 8
    return corner


def assert_nothing_is_lost_or_doubled(corner: Corner) -> None:
    orders = list(Order.objects.select_related("party", "merged_into"))
    sums = dict(Payment.objects.values_list("order").annotate(sum=Sum("amount")).order_by())
    assert {order.pk: order.paid_amount for order in orders if order.paid_amount} == sums
    assert sum(sums.values()) == corner.paid
    lines = list(OrderLine.objects.select_related("round"))
    assert sum(line.quantity for line in lines) == corner.added
    assert [line.pk for line in lines if line.round is not None and line.round.order_id != line.order_id] == []
    for order in orders:
        on_bill = [line for line in lines if line.order_id == order.pk and line.is_on_bill]
        goods = sum(line.gross_amount for line in on_bill)
        assert order.goods_amount == goods, order
        assert order.total_amount == goods - order.discount_amount + order.service_amount + order.price_difference
        assert not order.overpaid or order.exceptions.exists()
        if order.merged_into is not None:
            assert (order.status, on_bill, order.paid_amount) == (OrderStatus.CANCELED, [], 0)
        if order.is_open and order.party is not None:
            assert order.party.is_here, f"{order} is open, its party has left"


def assert_everybody_sits_somewhere() -> None:
    seats = PartyTable.objects.filter(party__end_time__isnull=True)
    taken = Counter(seats.values_list("table", flat=True))
    assert all(parties == 1 for parties in taken.values()), "two parties at one table, and nobody asked for that"
    for order in Order.objects.filter(**HERE, party__isnull=False).select_related("party"):
        assert seats.filter(party=order.party_id, table=order.table_id).exists(), f"{order} is where nobody sits"


def assert_documents_are_true() -> None:
    stored = dict(OrderDocument.objects.values_list("order_id", "body"))
    assert set(stored) == set(Order.objects.values_list("pk", flat=True))
    assert stored == {fresh.order_id: fresh.body for fresh in documents.render_documents(stored)}


def test_a_corner_where_everything_happens_at_once_stays_true_without_a_deadlock():
    # given
    corner = a_busy_corner()
    before = deadlocks()

    # when
    each = -(-TRANSACTIONS // THREADS)
    results = all_at_once([partial(work, corner, seed, each) for seed in range(THREADS)])

    # then
    assert results == [None] * THREADS
    assert deadlocks() == before
    assert_nothing_is_lost_or_doubled(corner)
    assert_everybody_sits_somewhere()
    assert_documents_are_true()
    # It tests something only if most kinds of act really took place.
    assert len(corner.done) >= len(set(ACTS)) - 1, (corner.done, corner.refused)


def orders_before_parties(venue, order_ids):
    """What ``row_locks.hold_orders`` must never do."""
    wanted = set(order_ids)
    held = row_locks.Held(venue=venue, period=row_locks.period_for_key_share(venue), now=timezone.now())
    row_locks._lock_orders(held, row_locks.Q(pk__in=wanted))
    if wanted - held.orders.keys():
        raise row_locks.NotFound("That order does not exist.")
    held.parties = row_locks.parties_for_update(venue, [order.party_id for order in held.orders.values()])
    return held


def work_without_patience(corner: Corner, seed: int, transactions: int) -> None:
    """The same, on a connection that looks for deadlocks at once instead of after a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '20ms'")
    work(corner, seed, transactions)


def test_with_the_order_locked_before_its_party_the_same_corner_deadlocks(monkeypatch):
    # given: the control, which shows that the test above tests something
    corner = a_busy_corner()
    before = deadlocks()
    monkeypatch.setattr(row_locks, "hold_orders", orders_before_parties)

    # when
    all_at_once([partial(work_without_patience, corner, seed, 12) for seed in range(THREADS)])

    # then
    assert deadlocks() > before
