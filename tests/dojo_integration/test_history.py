"""Whatever happens in an evening, Dojo reads what the rows say: any history leaves document == fresh rendering.

Each seed is one evening of random acts by guests, staff and Dojo, refusals included. A failure names its seed.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bookings.models import Party
from dojo_integration import capabilities, documents
from dojo_integration.capabilities import find
from dojo_integration.models import OrderDocument
from orders.models import IntentStatus, LineState, Order, OrderLine, Payment, PaymentKind, ServiceChoice
from orders.services.adjusting import charge_again, comp_line, correct_line, staff_meal, void_line
from orders.services.closing import close_order, hand_over, reopen_order
from orders.services.discounting import give_discount, set_service
from orders.services.dojo_orders import accept_order
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.kitchen import move_line
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.locking import release_lease
from orders.services.moving import merge_orders, move_order, move_party, tab_to_table, table_to_tab
from orders.services.ordering import add_lines, change_quantity, remove_line
from orders.services.seating import clear_table, hand_over_table
from orders.services.sending import send
from orders.services.targets import AtTable, NewTab
from orders.services.tenders import refund_payment, reverse_payment, take_payment, walk_out
from orders.services.trading import close_period
from pos.errors import PosError
from pos.permissions import Actor
from tests.capabilities.requests import an_order, in_minutes, pounds
from tests.factories import WorkingVenue
from tests.properties import seeds
from tests.wire_reading import added_up, paid, tipped

ACTS = 60


@dataclass
class Evening:
    """A venue, a dice, and how often each kind of act really happened."""

    shop: WorkingVenue
    dice: random.Random
    done: dict[str, int] = field(default_factory=dict)

    @property
    def boss(self) -> Actor:
        return self.shop.by_manager

    def order(self) -> str:
        """Rather an open order than a closed one."""
        ids = list(Order.objects.filter(closed_at__isnull=self.dice.random() < 0.8).values_list("pk", flat=True))
        return self.dice.choice(sorted(ids)) if ids else "order_none"

    def table(self) -> int:
        return self.dice.choice([self.shop.tables[f"t{number}"] for number in range(1, 5)]).pk

    def party(self) -> str:
        ids = sorted(Party.objects.filter(end_time__isnull=True).values_list("pk", flat=True))
        return self.dice.choice(ids) if ids else "party_none"

    def line(self) -> str:
        ids = sorted(OrderLine.objects.exclude(state=LineState.VOIDED).values_list("pk", flat=True))
        return self.dice.choice(ids) if ids else "line_none"

    def owed(self, order_id: str) -> int:
        owed = Order.objects.filter(pk=order_id).values_list("outstanding", flat=True).first() or 0
        return owed if self.dice.random() < 0.5 else self.dice.randint(1, owed + 10)

    def payment(self) -> Payment | None:
        payments = list(Payment.objects.filter(entry="payment"))
        return self.dice.choice(payments) if payments else None

    def dojo(self, name: str, **params: Any) -> None:
        capabilities.call(find(name), params, Actor.dojo(self.shop.venue))

    def new_line(self) -> NewLine:
        return self.dice.choice(
            [
                NewLine(plu="lager-pint", quantity=self.dice.randint(1, 3)),
                NewLine(plu="burger", modifiers=(Choice(plu="cheese"), Choice(plu="bacon", quantity=2))),
                NewLine(plu="ribeye", modifiers=(Choice(plu="rare"),), note="well rested"),
                NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="red-175"))),
                NewLine(plu="voucher"),
                NewLine(plu="coffee"),
            ]
        )


def add(e: Evening) -> None:
    target = NewTab(name="Ana") if e.dice.random() < 0.2 else AtTable(f"t{e.dice.randint(1, 3)}")
    add_lines(actor=e.shop.by_waiter, target=target, lines=[e.new_line() for _ in range(e.dice.randint(1, 3))])


def send_all(e: Evening) -> None:
    send(actor=e.shop.by_waiter, order_id=e.order())


def cook(e: Evening) -> None:
    move_line(actor=e.shop.by_waiter, line_id=e.line(), state=e.dice.choice([LineState.STARTED, LineState.SERVED]))


def change(e: Evening) -> None:
    change_quantity(actor=e.shop.by_waiter, line_id=e.line(), quantity=e.dice.randint(1, 4))


def remove(e: Evening) -> None:
    remove_line(actor=e.shop.by_waiter, line_id=e.line())


def correct(e: Evening) -> None:
    correct_line(actor=e.shop.by_waiter, line_id=e.line(), reason="typed wrong")


def void(e: Evening) -> None:
    void_line(actor=e.boss, line_id=e.line(), reason="dropped", was_made=True)


def comp(e: Evening) -> None:
    comp_line(actor=e.boss, line_id=e.line(), reason="long wait")


def meal(e: Evening) -> None:
    charge = {"charge_amount": 300} if e.dice.random() < 0.5 else {"charge_percent": 5000}
    staff_meal(actor=e.boss, line_id=e.line(), person_id=e.shop.waiter.pk, **charge)


def charge(e: Evening) -> None:
    charge_again(actor=e.boss, line_id=e.line())


def discount(e: Evening) -> None:
    off = {"percent": e.dice.randint(1, 10_000)} if e.dice.random() < 0.5 else {"fixed_amount": e.dice.randint(1, 3000)}
    order_id = e.order()
    lines = sorted(OrderLine.objects.filter(order=order_id).values_list("pk", flat=True))
    line_id = e.dice.choice([None, *lines])
    give_discount(actor=e.boss, order_id=order_id, line_id=line_id, name="Off", **off)


def service(e: Evening) -> None:
    choice = e.dice.choice([ServiceChoice.ON, ServiceChoice.OFF, ServiceChoice.AUTOMATIC])
    set_service(actor=e.boss, order_id=e.order(), choice=choice)


def cash(e: Evening) -> None:
    order_id = e.order()
    take_payment(
        actor=e.shop.by_waiter,
        order_id=order_id,
        kind=PaymentKind.CASH,
        amount=e.owed(order_id),
        tips=e.dice.choice([0, 50]),
    )


def give_back(e: Evening) -> None:
    payment = e.payment()
    if payment is not None:
        if e.dice.random() < 0.5:
            reverse_payment(actor=e.boss, payment_id=payment.pk, reason="wrong till")
        else:
            refund_payment(actor=e.boss, payment_id=payment.pk, amount=e.dice.randint(1, payment.amount), reason="cold")


def end(e: Evening) -> None:
    order_id = e.order()
    e.dice.choice(
        [
            lambda: close_order(actor=e.boss, order_id=order_id),
            lambda: reopen_order(actor=e.boss, order_id=order_id, reason="sorry"),
            lambda: hand_over(actor=e.boss, order_id=order_id),
            lambda: walk_out(actor=e.boss, order_id=order_id, reason="ran"),
            lambda: accept_order(actor=e.boss, order_id=order_id),
        ]
    )()


def move(e: Evening) -> None:
    e.dice.choice(
        [
            lambda: move_order(actor=e.boss, order_id=e.order(), table_id=e.table()),
            lambda: move_party(actor=e.boss, party_id=e.party(), table_ids=[e.table()]),
            lambda: merge_orders(actor=e.boss, source_id=e.order(), target_id=e.order()),
            lambda: tab_to_table(actor=e.boss, order_id=e.order(), table_id=e.table()),
            lambda: table_to_tab(actor=e.boss, order_id=e.order(), name="Zoë"),
            lambda: hand_over_table(actor=e.boss, party_id=e.party(), membership_id=e.shop.supervisor.pk),
        ]
    )()


def leave(e: Evening) -> None:
    clear_table(actor=e.boss, party_id=e.party())


def close_the_day(e: Evening) -> None:
    close_period(actor=e.boss)


def dojo_pays(e: Evening) -> None:
    order_id = e.order()
    e.dojo(
        "RecordOrderPaymentById",
        orderId=order_id,
        paymentIntentId=f"pi-{e.dice.randint(1, 20)}",
        paidAmount=pounds(e.owed(order_id)),
        tipsAmount=pounds(e.dice.choice([0, 100])),
    )


def dojo_looks_up(e: Evening) -> None:
    order_id = e.order()
    facts = IntentFacts(
        intent_id=f"pi-{e.dice.randint(1, 20)}",
        status=e.dice.choice(
            [IntentStatus.CAPTURED, IntentStatus.CAPTURED, IntentStatus.REVERSED, IntentStatus.REFUNDED]
        ),
        currency="GBP",
        amount=e.owed(order_id) or 1,
        order_names=(order_id,),
    )
    apply_payment_intent(actor=Actor.dojo(e.shop.venue), facts=facts)


def dojo_locks(e: Evening) -> None:
    order_id, lock_id = e.order(), f"lock-{e.dice.randint(1, 3)}"
    name = e.dice.choice(
        ["CreateOrderLock", "CreateOrderLock", "ExtendOrderLock", "DeleteOrderLock", "DeleteOrderLock"]
    )
    expiry = {} if name == "DeleteOrderLock" else {"expiry": in_minutes(5)}
    e.dojo(name, orderId=order_id, lockId=lock_id, **expiry)


def boss_releases(e: Evening) -> None:
    release_lease(actor=e.boss, order_id=e.order())


def dojo_orders(e: Evening) -> None:
    number = e.dice.randint(1, 6)
    paid_for = an_order(f"dojo-{number}", discounts=[{"name": "App", "amountTotal": pounds(100)}])
    e.dojo("CreateOrder", **paid_for | {"totalAmount": pounds(3500), "payments": []} if number % 2 else paid_for)


def dojo_cancels(e: Evening) -> None:
    e.dojo("CancelOrderById", orderId=e.order())


def dojo_prints(e: Evening) -> None:
    e.dojo("GetOrderBillById", orderId=e.order())


ALL_ACTS: list[Callable[[Evening], None]] = [
    *[add] * 4,
    *[send_all] * 3,
    *[cook] * 3,
    *[dojo_pays] * 2,
    *[dojo_locks] * 2,
    *[move] * 4,
    leave,
    close_the_day,
    change,
    remove,
    correct,
    void,
    comp,
    meal,
    charge,
    discount,
    service,
    cash,
    give_back,
    end,
    dojo_looks_up,
    boss_releases,
    dojo_orders,
    dojo_cancels,
    dojo_prints,
]  # fmt: skip


def check(shop: WorkingVenue) -> None:
    """Every document is what its rows look like now, and says nothing that does not add up."""
    orders = {order.pk: order for order in Order.objects.all()}
    stored = {row.order_id: row for row in OrderDocument.objects.all()}
    assert stored.keys() == orders.keys()
    for fresh in documents.render_documents(orders):
        row = stored[fresh.order_id]
        assert json.loads(row.body) == json.loads(fresh.body)
        assert row.body == fresh.body
        assert all(getattr(row, name) == getattr(fresh, name) for name in fresh.__dataclass_fields__)
        order, wire = orders[fresh.order_id], json.loads(fresh.body)
        assert row.payable == wire["payable"] == order.payable
        if not order.price_difference:
            assert added_up(wire) == wire["totalAmount"]["value"] == order.total_amount
        assert paid(wire) == wire["paidAmount"]["value"] == order.paid_amount
        assert tipped(wire) == wire["tipsAmount"]["value"] == order.tips_amount


# An evening is sixty acts and a look at every document after each: sixty of them in `make soak`, not five hundred.
@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(6))
def test_any_evening_leaves_every_document_true(uk: WorkingVenue, seed: int) -> None:
    evening = Evening(uk, random.Random(seed))
    for _ in range(ACTS):
        act = evening.dice.choice(ALL_ACTS)
        try:
            act(evening)
        except PosError:
            name = "refused"
        else:
            name = act.__name__
        evening.done[name] = evening.done.get(name, 0) + 1
        check(uk)
    # An evening in which everything is refused would prove nothing.
    assert evening.done["refused"] < ACTS * 0.85, evening.done
    assert len(evening.done) > 5, evening.done


def test_a_change_that_nobody_published_is_found(uk: WorkingVenue) -> None:
    # given: the control, without which the evenings above would prove nothing
    evening = Evening(uk, random.Random(1))
    add(evening)
    check(uk)
    # when
    Order.objects.update(note="written past every service")
    # then
    with pytest.raises(AssertionError):
        check(uk)
