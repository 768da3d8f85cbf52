"""What staff do in an evening, well or clumsily."""

from collections.abc import Callable

from orders.models import Eaten, LineState, Order, OrderLine, PaymentKind, ServiceChoice, ShareKind
from orders.services.adjusting import charge_again, comp_line, correct_line, staff_meal, void_line
from orders.services.allergies import note_allergy
from orders.services.closing import close_order, get_order_bill_by_id, hand_over, open_pay, reopen_order
from orders.services.discounting import give_discount, set_service
from orders.services.dojo_orders import accept_order, cancel_order_by_id
from orders.services.kitchen import move_line
from orders.services.locking import end_lapsed_leases, release_lease
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
from orders.services.ordering import add_lines, change_quantity, remove_line, set_eaten, set_seats
from orders.services.seating import (
    clear_table,
    hand_over_table,
    seat_party,
    seat_second_party,
    set_covers,
    set_party_status,
)
from orders.services.sending import fire_course, send
from orders.services.sharing import (
    NewShare,
    by_amounts,
    by_items,
    by_seats,
    claim_line,
    drop_plan,
    equally,
    plan_shares,
    remove_share_service,
    restore_share_service,
    share_by_seat,
)
from orders.services.splitting import split_order, transfer_lines
from orders.services.targets import AtTable, NewCollection, NewCounter, NewTab
from orders.services.tenders import refund_payment, reverse_payment, take_payment, undo_deposit, use_deposit, walk_out
from orders.services.trading import close_period
from tests.evenings.evening import Evening

Act = Callable[[Evening], object]


def one_of(e: Evening, *acts: Callable[[], object]) -> None:
    e.dice.choice(acts)()


def seat(e: Evening) -> None:
    tables, covers = [e.table()], e.dice.choice([None, 2, 8])
    booking = e.booking() if e.chance(0.3) else None
    one_of(
        e,
        lambda: seat_party(actor=e.waiter, table_ids=tables, covers=covers, reservation_id=booking),
        lambda: seat_second_party(actor=e.waiter, table_ids=tables, covers=covers),
        lambda: set_covers(actor=e.boss, party_id=e.party(), covers=covers),
        lambda: set_party_status(actor=e.boss, party_id=e.party(), status=e.dice.choice(["", "Waits for a taxi"])),
    )


def add(e: Evening) -> None:
    without_table = e.dice.choice([NewTab(name="Ana"), NewCollection(name="Sam"), NewCounter()])
    target = without_table if e.chance(0.2) else AtTable(e.code())
    add_lines(actor=e.waiter, target=target, lines=[e.new_line() for _ in range(e.dice.randint(1, 3))])


def send_all(e: Evening) -> None:
    if e.chance(0.2):
        fire_course(actor=e.waiter, order_id=e.order(), course_id=e.shop.courses["Mains"].pk)
    else:
        send(actor=e.waiter, order_id=e.order())


def cook(e: Evening) -> None:
    move_line(actor=e.waiter, line_id=e.line(), state=e.dice.choice([LineState.STARTED, LineState.SERVED]))


def change(e: Evening) -> None:
    one_of(
        e,
        lambda: change_quantity(actor=e.boss, line_id=e.line(), quantity=e.dice.randint(1, 4)),
        lambda: remove_line(actor=e.boss, line_id=e.line()),
        lambda: set_seats(actor=e.boss, line_id=e.line(), seats=e.dice.choice([[], [1], [2, 3]])),
        lambda: set_eaten(actor=e.boss, line_id=e.line(), eaten=e.dice.choice(list(Eaten))),
        lambda: note_allergy(actor=e.waiter, target=AtTable(e.code()), seat=1, allergens=["nuts"]),
    )


def take_off(e: Evening) -> None:
    line_id, quantity = e.line(), e.dice.choice([None, None, 1])
    one_of(
        e,
        lambda: correct_line(actor=e.boss, line_id=line_id, reason="typed wrong"),
        lambda: void_line(actor=e.boss, line_id=line_id, reason="dropped", was_made=e.chance(0.5), quantity=quantity),
        lambda: comp_line(actor=e.boss, line_id=line_id, reason="long wait", quantity=quantity),
        lambda: staff_meal(actor=e.boss, line_id=line_id, person_id=e.shop.waiter.pk, charge_percent=5000),
        lambda: charge_again(actor=e.boss, line_id=line_id),
        lambda: cancel_order_by_id(actor=e.boss, order_id=e.order()),
    )


def discount(e: Evening) -> None:
    off = {"percent": e.dice.randint(1, 10_000)} if e.chance(0.5) else {"fixed_amount": e.dice.randint(1, 3000)}
    order_id = e.order()
    line_id = e.line(order_id) if e.chance(0.5) else None
    give_discount(actor=e.boss, order_id=order_id, line_id=line_id, name="Off", **off)


def service(e: Evening) -> None:
    choice = e.dice.choice([ServiceChoice.ON, ServiceChoice.OFF, ServiceChoice.AUTOMATIC])
    set_service(actor=e.waiter, order_id=e.order(), choice=choice)


def cash(e: Evening) -> None:
    order_id = e.order()
    kind = e.dice.choice([PaymentKind.CASH, PaymentKind.CASH, PaymentKind.VOUCHER])
    take_payment(actor=e.waiter, order_id=order_id, kind=kind, amount=e.owed(order_id), tips=e.dice.choice([0, 50]))


def share(e: Evening) -> None:
    order_id = e.order()
    number = e.share(order_id)
    mixed = [NewShare(kind=ShareKind.SEAT, seats=(1,)), *by_amounts([None])]
    plan = e.dice.choice([equally(2), equally(3), by_seats([[1], [2, 3]]), by_amounts([700, None]), mixed])
    one_of(
        e,
        lambda: plan_shares(actor=e.waiter, order_id=order_id, shares=plan),
        lambda: plan_shares(actor=e.waiter, order_id=order_id, shares=by_items([{e.line(order_id): 1}])),
        lambda: share_by_seat(actor=e.waiter, order_id=order_id),
        lambda: claim_line(
            actor=e.waiter, order_id=order_id, share_number=number, line_id=e.line(order_id), units=e.dice.randint(0, 2)
        ),
        lambda: remove_share_service(actor=e.waiter, order_id=order_id, share_number=number),
        lambda: restore_share_service(actor=e.waiter, order_id=order_id, share_number=number),
        lambda: drop_plan(actor=e.boss, order_id=order_id),
    )


def pay_a_share(e: Evening) -> None:
    planned = Order.objects.filter(closed_at=None, shares__is_paid=False, shares__total_amount__gt=0)
    rows = list(planned.values_list("pk", "shares__number", "shares__total_amount"))
    if rows:
        order_id, number, amount = e.dice.choice(sorted(rows))
        take_payment(actor=e.waiter, order_id=order_id, kind=PaymentKind.CASH, amount=amount, share_number=number)


def deposit(e: Evening) -> None:
    payment = e.payment()
    one_of(
        e,
        lambda: use_deposit(actor=e.waiter, order_id=e.order()),
        lambda: open_pay(actor=e.waiter, order_id=e.order()),
        lambda: undo_deposit(actor=e.waiter, payment_id=payment.pk if payment else 0),
    )


def give_back(e: Evening) -> None:
    payment = e.payment()
    if payment is None:
        return
    amount = e.dice.randint(1, payment.amount)
    one_of(
        e,
        lambda: reverse_payment(actor=e.boss, payment_id=payment.pk, reason="wrong till"),
        lambda: refund_payment(actor=e.boss, payment_id=payment.pk, amount=amount, reason="cold"),
    )


def end(e: Evening) -> None:
    order_id = e.order()
    one_of(
        e,
        lambda: close_order(actor=e.boss, order_id=order_id),
        lambda: reopen_order(actor=e.boss, order_id=order_id, reason="sorry"),
        lambda: hand_over(actor=e.boss, order_id=order_id),
        lambda: walk_out(actor=e.boss, order_id=order_id, reason="ran"),
        lambda: accept_order(actor=e.boss, order_id=order_id),
        lambda: get_order_bill_by_id(actor=e.waiter, order_id=order_id),
    )


def move(e: Evening) -> None:
    one_of(
        e,
        lambda: move_order(actor=e.boss, order_id=e.order(), table_id=e.table()),
        lambda: move_party(actor=e.boss, party_id=e.party(), table_ids=[e.table()]),
        lambda: move_party_beside(actor=e.boss, party_id=e.party(), table_ids=[e.table()]),
        lambda: join_table(actor=e.boss, party_id=e.party(), table_id=e.table()),
        lambda: leave_table(actor=e.boss, party_id=e.party(), table_id=e.table()),
        lambda: merge_orders(actor=e.boss, source_id=e.order(), target_id=e.order()),
        lambda: tab_to_table(actor=e.boss, order_id=e.order(), table_id=e.table()),
        lambda: table_to_tab(actor=e.boss, order_id=e.order(), name="Zoë"),
        lambda: hand_over_table(actor=e.boss, party_id=e.party(), membership_id=e.shop.supervisor.pk),
    )


def split(e: Evening) -> None:
    line_id = e.line()
    line = OrderLine.objects.filter(pk=line_id).values_list("order", "quantity").first()
    order_id, most = line or ("order_none", 1)
    quantities = {line_id: e.dice.randint(1, most)}
    one_of(
        e,
        lambda: split_order(actor=e.boss, order_id=order_id, quantities=quantities),
        lambda: transfer_lines(actor=e.boss, order_id=order_id, quantities=quantities, table_id=e.table()),
    )


def leave(e: Evening) -> None:
    clear_table(actor=e.boss, party_id=e.party())


def close_the_day(e: Evening) -> None:
    close_period(actor=e.boss)


def bills_come_back(e: Evening) -> None:
    if e.chance(0.5):
        end_lapsed_leases(venue=e.shop.venue)
    else:
        release_lease(actor=e.boss, order_id=e.order())


STAFF_ACTS: list[Act] = [
    *[add] * 6,
    *[send_all] * 4,
    *[cook] * 3,
    *[move] * 4,
    *[share] * 3,
    *[pay_a_share] * 2,
    *[change] * 2,
    *[take_off] * 3,
    *[end] * 2,
    *[split] * 2,
    *[cash] * 2,
    *[bills_come_back] * 2,
    seat,
    discount,
    service,
    deposit,
    give_back,
    leave,
    close_the_day,
]  # fmt: skip
