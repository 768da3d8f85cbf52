"""Bills for tests about money: an order at a table that comes to exactly so much."""

from django.utils import timezone

from orders.models import LineState, Order, ServiceChoice
from orders.row_locks import hold_order
from orders.services.billing import settle
from pos.permissions import Actor
from pos.service import service
from tests.factories import OrderFactory, OrderLineFactory, PartyFactory, WorkingVenue


def a_bill(
    shop: WorkingVenue,
    *,
    total: int = 5000,
    table: str = "t1",
    state: LineState = LineState.SERVED,
    service_choice: ServiceChoice = ServiceChoice.OFF,
    name: str = "",
    **fields,
) -> Order:
    """Seat a party at a table and charge it that much for one thing that came long ago."""
    place = shop.tables[table]
    party = fields.pop("party", None) or PartyFactory(venue=shop.venue, covers=2, at=[place])
    label = name or place.name
    order = OrderFactory(
        venue=shop.venue,
        table=place,
        party=party,
        waiter=shop.waiter,
        covers=2,
        service_choice=service_choice,
        display_base=label,
        display_name=label,
        first_sent_at=timezone.now() if state != LineState.UNSENT else None,
        **fields,
    )
    add_line(shop, order, total, state=state)
    return settled(order)


def add_line(shop: WorkingVenue, order: Order, price: int, *, state: LineState = LineState.SERVED, **fields):
    """Put one more thing on a bill, without pricing it."""
    product = shop.products["ribeye"] if "ribeye" in shop.products else next(iter(shop.products.values()))
    sent = timezone.now() if state != LineState.UNSENT and state != LineState.HELD else None
    return OrderLineFactory(
        order=order,
        venue=shop.venue,
        unit_price=price,
        state=state,
        sent_at=sent,
        started_at=sent if state not in (LineState.SENT, LineState.UNSENT, LineState.HELD) else None,
        station=fields.pop("station", shop.stations["kitchen"]),
        vat_class=product.vat_class,
        vat_rate=2000,
        **fields,
    )


def settled(order: Order) -> Order:
    """The order as it is after it was priced and settled."""
    _settle(actor=Actor.system(order.venue), order_id=order.pk)
    return Order.objects.get(pk=order.pk)


@service
def _settle(*, actor: Actor, order_id: str) -> None:
    held, order = hold_order(actor.venue, order_id)
    settle(held, order, actor)
