"""What Dojo does in an evening: card machines, phones, the diary, and news of payments in any order."""

from typing import Any

from orders.models import IntentStatus
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


def _party(e: Evening) -> dict[str, Any]:
    now = in_minutes(0)
    optional = {
        "name": "Kim",
        "covers": e.dice.choice([2, 8]),
        "guestRequests": "No nuts",
        "deposit": {"totalAmount": pounds(2000)},
    }
    return {
        "dojoPartyId": f"party-{e.dice.randint(1, 4)}",
        "startTime": now,
        "tableIds": [e.code() for _ in range(e.dice.randint(1, 2))],
        "status": e.dice.choice(["Seated", "Seated", "Dessert"]),
        **{name: value for name, value in optional.items() if e.chance(0.5)},
    }


def seats(e: Evening) -> None:
    booking = {"reservationId": e.booking()} if e.chance(0.3) else {}
    left = {"endTime": in_minutes(0)} if e.chance(0.3) else {}
    one_of(
        e,
        lambda: e.dojo("CreateParty", **_party(e), **booking),
        lambda: e.dojo("UpdateParty", id=e.party(), **_party(e), **left),
        lambda: e.dojo("DeletePartyById", partyId=e.party()),
    )


def books(e: Evening) -> None:
    hours = e.dice.randint(0, 3)
    booking = {
        "dojoReservationId": f"rsv-{e.dice.randint(1, 4)}",
        "name": "Kim",
        "covers": 4,
        "startTime": in_minutes(60 * hours),
        "endTime": in_minutes(60 * hours + 120),
        "tableIds": [e.code()],
    }
    one_of(
        e,
        lambda: e.dojo("CreateReservation", **booking),
        lambda: e.dojo("UpdateReservation", id=e.booking(), **booking),
        lambda: e.dojo("DeleteReservationById", reservationId=e.booking()),
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
