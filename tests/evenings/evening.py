"""One evening of a venue, thrown with a dice: what there is to pick from, and what really happened."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import time_machine

from bookings.models import Party, Reservation
from dojo_integration import capabilities
from dojo_integration.capabilities import find
from orders.models import LineState, Order, OrderLine, Payment
from orders.services.lines import Choice, ChosenPart, NewLine
from pos.permissions import Actor
from tests.factories import WorkingVenue


@dataclass
class Evening:
    """A venue, a dice, a clock, and how often each kind of act really happened."""

    shop: WorkingVenue
    dice: random.Random
    clock: time_machine.Traveller
    done: dict[str, int] = field(default_factory=dict)

    @property
    def boss(self) -> Actor:
        return self.shop.by_manager

    @property
    def waiter(self) -> Actor:
        return self.shop.by_waiter

    @property
    def machine(self) -> Actor:
        return Actor.dojo(self.shop.venue)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def any_of(self, ids: Any, otherwise: Any) -> Any:
        found = sorted(ids)
        return self.dice.choice(found) if found else otherwise

    def order(self) -> str:
        """Rather an open order than a closed one."""
        orders = Order.objects.filter(closed_at__isnull=self.chance(0.8))
        return str(self.any_of(orders.values_list("pk", flat=True), "order_none"))

    def table(self) -> int:
        return self.dice.choice([self.shop.tables[f"t{number}"] for number in range(1, 5)]).pk

    def code(self) -> str:
        return f"t{self.dice.randint(1, 4)}"

    def party(self) -> str:
        here = Party.objects.filter(end_time__isnull=self.chance(0.9))
        return str(self.any_of(here.values_list("pk", flat=True), "party_none"))

    def booking(self) -> str:
        return str(self.any_of(Reservation.objects.values_list("pk", flat=True), "rsv_none"))

    def line(self, order_id: str = "") -> str:
        lines = OrderLine.objects.exclude(state=LineState.VOIDED)
        lines = lines.filter(order=order_id) if order_id else lines
        return str(self.any_of(lines.values_list("pk", flat=True), "line_none"))

    def owed(self, order_id: str) -> int:
        owed = Order.objects.filter(pk=order_id).values_list("outstanding", flat=True).first() or 0
        return owed if self.chance(0.5) else self.dice.randint(1, owed + 10)

    def share(self, order_id: str) -> int:
        numbers = Order.objects.filter(pk=order_id).values_list("shares__number", flat=True)
        return int(self.any_of((number for number in numbers if number), 1))

    def payment(self) -> Payment | None:
        payments = list(Payment.objects.filter(entry="payment"))
        return self.dice.choice(payments) if payments else None

    def dojo(self, capability: str, /, **params: Any) -> None:
        capabilities.call(find(capability), params, self.machine)

    def new_line(self) -> NewLine:
        seats = self.dice.choice([(), (), (1,), (2,), (1, 2)])
        return self.dice.choice(
            [
                NewLine(plu="lager-pint", quantity=self.dice.randint(1, 3), seats=seats),
                NewLine(plu="burger", modifiers=(Choice(plu="cheese"), Choice(plu="bacon", quantity=2)), seats=seats),
                NewLine(plu="ribeye", modifiers=(Choice(plu="rare"),), note="well rested"),
                NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="red-175"))),
                NewLine(plu="voucher"),
                NewLine(plu="coffee", seats=seats),
            ]
        )

    def time_passes(self) -> None:
        """Seconds mostly; now and then long enough for a card machine's hold to lapse."""
        self.clock.shift(timedelta(seconds=self.dice.choice([1, 5, 20, 20, 90, 400])))
