"""What guests do in the demo pub, told through the services that tills and Dojo call: nothing here writes a row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from benchmarks.clock import Clock
from dojo_integration import capabilities
from floorplan.models import Table
from orders.demo.guests import Event, Tender, Visit, Want
from orders.models import (
    IntentStatus,
    Modifier,
    Order,
    OrderLine,
    Payment,
    PaymentEntry,
    PaymentKind,
    Portion,
    ServiceChoice,
)
from orders.models.order_line import KITCHEN_STATES, LineState
from orders.services.adjusting import comp_line, void_line
from orders.services.closing import hand_over
from orders.services.discounting import give_discount, set_service
from orders.services.intents import IntentFacts, apply_payment_intent
from orders.services.kitchen import acknowledge_lines, move_lines
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.ordering import add_lines
from orders.services.seating import clear_table, seat_party
from orders.services.sending import send
from orders.services.targets import NewTab, OfParty, OnOrder, Target
from orders.services.tenders import refund_payment, take_payment, walk_out
from pos.models import Membership, Till, Venue
from pos.money import percent_of
from pos.permissions import Actor, Requester

# Minutes from a round's printer to the table, where the next round does not come sooner.
_COOKING = 12


class Until(StrEnum):
    """How far a story is told."""

    GONE = "gone"
    BILLED = "billed"
    HALF_PAID = "half paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when one visit takes place, and by whom; ``mark`` makes the ids of Dojo's that belong to it."""

    venue: Venue
    till: Till
    table: Table
    waiter: Membership
    supervisor: Membership
    manager: Membership
    guest: str
    mark: str
    starts: datetime

    @property
    def by_waiter(self) -> Actor:
        return Actor.staff(self.waiter, self.till)

    @property
    def by_supervisor(self) -> Actor:
        return Actor.staff(self.supervisor, self.till)

    @property
    def by_manager(self) -> Actor:
        return Actor.staff(self.manager, self.till)

    @property
    def by_card_machine(self) -> Actor:
        waiter_id = self.waiter.waiter_id
        return Actor.dojo(self.venue, Requester(waiter_id=waiter_id, product="pay-at-table", device_id="handheld-1"))

    @property
    def by_phone(self) -> Actor:
        return Actor.dojo(self.venue)


def tell(visit: Visit, scene: Scene, clock: Clock, *, until: Until = Until.GONE) -> None:
    """Let one visit happen at its moments, to its end or until it owes."""
    clock.at = scene.starts
    story = _Story(visit, scene, clock)
    if visit.on_the_phone:
        story.order_by_phone()
    else:
        story.sit_and_eat()
        story.make_it_special()
    story.pay_and_go(until)


class _Story:
    def __init__(self, visit: Visit, scene: Scene, clock: Clock) -> None:
        self.visit, self.scene, self.clock = visit, scene, clock
        self.party_id: str | None = None
        self.order_id = ""
        self.turn = 0

    # --- eating -------------------------------------------------------------------------------------------------------

    def sit_and_eat(self) -> None:
        scene = self.scene
        if self.visit.place is not None:
            party = seat_party(actor=scene.by_waiter, table_ids=[scene.table.pk], covers=self.visit.covers)
            self.party_id = party.pk
        rounds = sorted({want.after for want in self.visit.wants})
        for after, following in zip(rounds, [*rounds[1:], rounds[-1] + _COOKING + 1], strict=True):
            self.clock.at = scene.starts + timedelta(minutes=after)
            added = add_lines(
                actor=scene.by_waiter,
                target=self._target(),
                lines=[_line(want) for want in self.visit.wants if want.after == after],
            )
            self.order_id = added[0].order_id
            self.clock.wait(seconds=40)
            send(actor=scene.by_waiter, order_id=self.order_id, now_line_ids=[line.pk for line in added])
            self._cook(minutes=min(_COOKING, following - after - 1))

    def _target(self) -> Target:
        if self.party_id is not None:
            return OfParty(self.party_id)
        return OnOrder(self.order_id) if self.order_id else NewTab(name=self.scene.guest)

    def _cook(self, *, minutes: int) -> None:
        lines = OrderLine.objects.filter(order=self.order_id, state__in=KITCHEN_STATES).order_by("position")
        stations: dict[int, list[str]] = {}
        for station_id, line_id in lines.values_list("station_id", "pk"):
            if station_id is not None:
                stations.setdefault(station_id, []).append(line_id)
        self.clock.wait(seconds=2)
        for station_id, line_ids in stations.items():
            acknowledge_lines(actor=self.scene.by_supervisor, station_id=station_id, line_ids=line_ids)
        cooked = [line_id for line_ids in stations.values() for line_id in line_ids]
        for state, share in ((LineState.READY, 0.8), (LineState.SERVED, 0.1)):
            self.clock.wait(minutes=minutes * share)
            if cooked:
                move_lines(actor=self.scene.by_supervisor, line_ids=cooked, state=state)

    def order_by_phone(self) -> None:
        """Ordered and paid before it is made, then called out at the bar."""
        scene = self.scene
        items = [_item(want, scene.venue) for want in self.visit.wants]
        request = phone_order(items, mark=scene.mark, guest=scene.guest, currency=scene.venue.currency)
        capabilities.call(capabilities.find("CreateOrder"), request, scene.by_phone)
        order = Order.objects.get(venue=scene.venue, dojo_order_id=request["dojoOrderId"])
        self.order_id = order.pk
        self._dojo_tells(request["payments"][0]["paymentIntentId"], order.paid_amount, tips=0)
        self._cook(minutes=_COOKING)

    # --- out of the ordinary ------------------------------------------------------------------------------------------

    def make_it_special(self) -> None:
        scene, last = self.scene, OrderLine.objects.filter(order=self.order_id).order_by("position").last()
        assert last is not None
        self.clock.wait(minutes=1)
        match self.visit.event:
            case Event.VOIDED:
                void_line(actor=scene.by_supervisor, line_id=last.pk, reason="Sent back: overcooked", was_made=True)
            case Event.ON_THE_HOUSE:
                comp_line(actor=scene.by_supervisor, line_id=last.pk, reason="Waited too long")
            case Event.NEIGHBOUR:
                give_discount(actor=scene.by_waiter, order_id=self.order_id, name="Neighbours 10 %", percent=1000)
            case Event.NO_SERVICE:
                set_service(actor=scene.by_waiter, order_id=self.order_id, choice=ServiceChoice.OFF)

    # --- money --------------------------------------------------------------------------------------------------------

    def pay_and_go(self, until: Until) -> None:
        scene = self.scene
        if self.visit.on_the_phone:
            hand_over(actor=scene.by_waiter, order_id=self.order_id)
            return
        self.clock.wait(minutes=4)
        self._dojo("GetOrderBillById")
        self.clock.wait(minutes=4)
        if until is Until.BILLED:
            return
        if until is Until.HALF_PAID:
            self._pay_by_card(self._owed() // 2)
            return
        if self.visit.event is Event.WALKED_OUT:
            walk_out(actor=scene.by_supervisor, order_id=self.order_id, reason="Left while the waiter was at the bar")
        else:
            self._pay(self.visit.tenders)
        if self.party_id is not None:
            self.clock.wait(minutes=6)
            clear_table(actor=scene.by_waiter, party_id=self.party_id)
        if self.visit.event is Event.REFUNDED:
            self._give_some_back()

    def _pay(self, tenders: Sequence[Tender]) -> None:
        for left, tender in zip(range(len(tenders), 0, -1), tenders, strict=True):
            if tender is Tender.CASH:
                self._pay_cash(self._owed() // left)
            else:
                self._pay_by_card(self._owed() // left)
            self.clock.wait(seconds=50)

    def _pay_cash(self, amount: int) -> None:
        take_payment(
            actor=self.scene.by_waiter,
            order_id=self.order_id,
            kind=PaymentKind.CASH,
            amount=amount,
            tendered=-(-amount // 500) * 500,
        )

    def _pay_by_card(self, amount: int) -> None:
        """As a card machine does it: lock, pay, unlock; the event that says the same comes a little later."""
        lock_id, intent_id = f"lock_{self.scene.mark}_{self.turn}", f"pi_{self.scene.mark}_{self.turn}"
        self.turn += 1
        tips = percent_of(amount, self.visit.tip_percent * 100)
        self._dojo("CreateOrderLock", lockId=lock_id, expiry=(self.clock.at + timedelta(minutes=5)).isoformat())
        self.clock.wait(seconds=20)
        self._dojo("RecordOrderPaymentById", **payment(intent_id, amount, tips, self.scene.venue.currency))
        self.clock.wait(seconds=1)
        self._dojo("DeleteOrderLock", lockId=lock_id)
        self.clock.wait(seconds=2)
        self._dojo_tells(intent_id, amount, tips=tips)

    def _give_some_back(self) -> None:
        """The dearest thing was not what they ordered; they come back for it."""
        self.clock.wait(minutes=5)
        amount = max(OrderLine.objects.filter(order=self.order_id).values_list("net_amount", flat=True))
        paid = Payment.objects.filter(order=self.order_id, entry=PaymentEntry.PAYMENT).order_by("pk")[0]
        if paid.kind == PaymentKind.CASH:
            refund_payment(
                actor=self.scene.by_manager, payment_id=paid.pk, amount=amount, reason="Not what was ordered"
            )
        else:
            self._dojo_tells(f"pi_{self.scene.mark}_0", paid.amount, tips=paid.tips, refunded=amount)

    def _owed(self) -> int:
        return Order.objects.values_list("outstanding", flat=True).get(pk=self.order_id)

    def _dojo(self, name: str, **params: Any) -> None:
        capability = capabilities.find(name)
        capabilities.call(capability, {"orderId": self.order_id, **params}, self.scene.by_card_machine)

    def _dojo_tells(self, intent_id: str, amount: int, *, tips: int, refunded: int = 0) -> None:
        facts = IntentFacts(
            intent_id=intent_id,
            status=IntentStatus.CAPTURED,
            currency=self.scene.venue.currency,
            amount=amount,
            tips=tips,
            refunded=refunded,
            order_names=(self.order_id,),
        )
        apply_payment_intent(actor=self.scene.by_phone, facts=facts)


# --- as Dojo writes it ------------------------------------------------------------------------------------------------


def payment(intent_id: str, amount: int, tips: int, currency: str) -> dict[str, Any]:
    """The params of RecordOrderPaymentById, without the order."""
    params = {"paymentIntentId": intent_id, "paidAmount": {"value": amount, "currencyCode": currency}}
    return params | ({"tipsAmount": {"value": tips, "currencyCode": currency}} if tips else {})


def phone_order(items: Sequence[dict[str, Any]], *, mark: str, guest: str, currency: str) -> dict[str, Any]:
    """CreateOrder for something to be collected, paid in full."""
    total = {"value": sum(map(_worth, items)), "currencyCode": currency}
    return {
        "dojoOrderId": f"dojo_{mark}",
        "details": {"orderType": "Collection", "collection": {"asap": True}},
        "items": list(items),
        "totalAmount": total,
        "payments": [{"paymentIntentId": f"pi_{mark}_phone", "paidAmount": total}],
        "customer": {"name": guest},
    }


def item(portion: Portion, modifiers: Iterable[Modifier], *, quantity: int, note: str, currency: str) -> dict[str, Any]:
    """One item of an order by phone, at the menu's prices."""
    wire: dict[str, Any] = {
        "name": portion.full_name,
        "plu": portion.plu,
        "quantity": quantity,
        "amountPerItem": {"value": portion.price, "currencyCode": currency},
        "modifiers": [
            {
                "name": modifier.name,
                "plu": modifier.plu,
                "quantity": 1,
                "amountPerModifier": {"value": modifier.price, "currencyCode": currency},
            }
            for modifier in modifiers
        ],
    }
    return wire | ({"note": note} if note else {})


def _item(want: Want, venue: Venue) -> dict[str, Any]:
    portion = Portion.objects.select_related("product").get(venue=venue, plu=want.plu)
    modifiers = Modifier.objects.filter(venue=venue, plu__in=want.choices).order_by("pk")
    return item(portion, modifiers, quantity=want.quantity, note=want.note, currency=venue.currency)


def _worth(wire: dict[str, Any]) -> int:
    each = wire["amountPerItem"]["value"] + sum(part["amountPerModifier"]["value"] for part in wire["modifiers"])
    return int(wire["quantity"] * each)


def _line(want: Want) -> NewLine:
    return NewLine(
        plu=want.plu,
        quantity=want.quantity,
        modifiers=tuple(map(Choice, want.choices)),
        sub_items=tuple(ChosenPart(plu=plu) for plu in want.parts),
        note=want.note,
    )
