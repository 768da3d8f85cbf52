"""Orders that guests of the demo pub made and paid on their phones."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from orders.demo.shift import Shift
from orders.models import LineState, OrderType, Portion
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewCustomer, NewDojoOrder, NewPayment, create_order


def pay_by_phone(
    shift: Shift,
    dojo_order_id: str,
    order_type: OrderType,
    *items: tuple[str, int],
    guest: str,
    table_code: str | None = None,
) -> str:
    """A guest orders and pays on a phone, and Dojo tells us; items are (PLU, quantity)."""
    menu = Portion.objects.filter(venue=shift.venue, plu__in=[plu for plu, _ in items]).select_related("product")
    portions = {portion.plu: portion for portion in menu}
    total = sum(portions[plu].price * quantity for plu, quantity in items)
    collected = order_type == OrderType.COLLECTION
    order = create_order(
        actor=shift.dojo,
        request=NewDojoOrder(
            dojo_order_id=dojo_order_id,
            order_type=order_type,
            items=tuple(
                NewItem(plu=plu, name=portions[plu].full_name, unit_price=portions[plu].price, quantity=quantity)
                for plu, quantity in items
            ),
            total_amount=total,
            currency=shift.venue.currency,
            payments=(NewPayment(payment_intent_id=f"pi_{dojo_order_id}", paid_amount=total),),
            table_code=table_code,
            asap=True if collected else None,
            collect_at=timezone.now() + timedelta(minutes=20) if collected else None,
            customer=NewCustomer(name=guest, phone="01632 960 377"),
        ),
    )
    return order.pk


def _awaits_collection(shift: Shift, dojo_order_id: str) -> None:
    order = pay_by_phone(
        shift,
        dojo_order_id,
        OrderType.COLLECTION,
        ("kettle-burger", 1),
        ("fish-and-chips", 1),
        ("triple-cooked-chips", 1),
        guest="Sam",
    )
    shift.wait(16, order=order)
    shift.cook(order, "Mains", LineState.READY)
    shift.wait(2, order=order)


def _just_came_in(shift: Shift, dojo_order_id: str) -> None:
    order = pay_by_phone(shift, dojo_order_id, OrderType.COLLECTION, ("cheddar-and-chutney", 2), guest="Noor")
    shift.cook(order, "Mains", LineState.SENT)
    shift.wait(1, order=order)


FROM_PHONES: dict[str, Callable[[Shift, str], None]] = {
    "demo-today-ready": _awaits_collection,
    "demo-today-new": _just_came_in,
}
