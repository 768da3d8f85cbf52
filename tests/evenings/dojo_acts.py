"""What Dojo does in an evening: card machines, phones, the diary, and news of payments in any order."""

from datetime import timedelta

from django.utils import timezone

from bookings.services.parties import Deposit, PartyDetails
from bookings.services.reservations import ReservationDetails
from orders.models import IntentStatus
from orders.services.dojo_bookings import (
    NewDojoParty,
    NewDojoReservation,
    create_party,
    create_reservation,
    delete_party_by_id,
    delete_reservation_by_id,
    update_party,
    update_reservation,
)
from orders.services.intents import IntentFacts, apply_payment_intent
from tests.capabilities.requests import an_order, in_minutes, pounds
from tests.evenings.evening import Evening
from tests.evenings.staff_acts import Act, one_of


def pays(e: Evening) -> None:
    order_id = e.order()
    lock = {"lockId": f"lock-{e.dice.randint(1, 3)}"} if e.chance(0.5) else {}
    e.dojo(
        "RecordOrderPaymentById",
        orderId=order_id,
        paymentIntentId=f"pi-{e.dice.randint(1, 20)}",
        paidAmount=pounds(e.owed(order_id)),
        tipsAmount=pounds(e.dice.choice([0, 100])),
        **lock,
    )


def looks_up(e: Evening) -> None:
    order_id = e.order()
    amount = e.owed(order_id) or 1
    facts = IntentFacts(
        intent_id=f"pi-{e.dice.randint(1, 20)}",
        status=e.dice.choice(
            [
                *[IntentStatus.CAPTURED] * 4,
                IntentStatus.AUTHORIZED,
                IntentStatus.REVERSED,
                IntentStatus.REFUNDED,
                IntentStatus.CANCELED,
            ]
        ),
        currency="GBP",
        amount=amount,
        tips=e.dice.choice([0, 0, 100]),
        refunded=e.dice.choice([0, 0, 0, e.dice.randint(1, amount)]),
        order_names=e.dice.choice([(order_id,), (f"dojo-{e.dice.randint(1, 6)}",), ()]),
    )
    apply_payment_intent(actor=e.machine, facts=facts)


def locks(e: Evening) -> None:
    order_id, lock_id = e.order(), f"lock-{e.dice.randint(1, 3)}"
    name = e.dice.choice(["CreateOrderLock", "CreateOrderLock", "ExtendOrderLock", "DeleteOrderLock"])
    expiry = {} if name == "DeleteOrderLock" else {"expiry": in_minutes(5)}
    e.dojo(name, orderId=order_id, lockId=lock_id, **expiry)


def orders(e: Evening) -> None:
    number = e.dice.randint(1, 6)
    at = {"orderType": "DineIn", "dineIn": {"tableId": e.code()}}
    collected = {"orderType": "Collection", "collection": {"asap": True}}
    paid_for = an_order(
        f"dojo-{number}",
        details=e.dice.choice([at, at, collected]),
        discounts=[{"name": "App", "amountTotal": pounds(100)}],
        payments=[{"paymentIntentId": f"pi-{e.dice.randint(1, 20)}", "paidAmount": pounds(3500)}],
    )
    total = {"totalAmount": pounds(3500)} if number % 3 else {}
    unpaid = {"payments": []} if number % 2 else {}
    e.dojo("CreateOrder", **paid_for | total | unpaid)


def cancels(e: Evening) -> None:
    e.dojo("CancelOrderById", orderId=e.order())


def prints(e: Evening) -> None:
    e.dojo("GetOrderBillById", orderId=e.order())


def _details(e: Evening) -> PartyDetails:
    now = timezone.now()
    return PartyDetails(
        start_time=now,
        table_codes=tuple({e.code() for _ in range(e.dice.randint(1, 2))}),
        status=e.dice.choice(["Seated", "Seated", "Dessert"]),
        name=e.dice.choice(["", "Kim"]),
        covers=e.dice.choice([None, 2, 8]),
        end_time=now if e.chance(0.3) else None,
        guest_requests=e.dice.choice(["", "No nuts"]),
        deposit=e.dice.choice([None, Deposit(amount=2000, currency="GBP")]),
    )


def seats(e: Evening) -> None:
    number = e.dice.randint(1, 4)
    booking = e.booking() if e.chance(0.3) else None
    request = NewDojoParty(dojo_party_id=f"party-{number}", details=_details(e), reservation_id=booking)
    one_of(
        e,
        lambda: create_party(actor=e.machine, request=request),
        lambda: update_party(actor=e.machine, party_id=e.party(), dojo_party_id=f"party-{number}", details=_details(e)),
        lambda: delete_party_by_id(actor=e.machine, party_id=e.party()),
    )


def books(e: Evening) -> None:
    starts = timezone.now() + timedelta(hours=e.dice.randint(0, 3))
    details = ReservationDetails(
        name="Kim", covers=4, start_time=starts, end_time=starts + timedelta(hours=2), table_codes=(e.code(),)
    )
    request = NewDojoReservation(dojo_reservation_id=f"rsv-{e.dice.randint(1, 4)}", details=details)
    one_of(
        e,
        lambda: create_reservation(actor=e.machine, request=request),
        lambda: update_reservation(actor=e.machine, reservation_id=e.booking(), request=request),
        lambda: delete_reservation_by_id(actor=e.machine, reservation_id=e.booking()),
    )


DOJO_ACTS: list[Act] = [
    *[pays] * 4,
    *[looks_up] * 4,
    *[locks] * 3,
    *[orders] * 3,
    *[seats] * 3,
    books,
    cancels,
    prints,
]  # fmt: skip
