"""Display names: what a card machine lists; unique among open orders, at most 24 characters, never a failure."""

from django.db import IntegrityError, transaction

from orders.models import CLOSED_STATUSES, Order
from orders.models.order import DISPLAY_NAME_LENGTH

_NAME_RACE = "order_name_unique"


def base_name_of(order: Order) -> str:
    """The name a table, tab or guest gives its order; a suffix makes it unique later."""
    if order.is_tab:
        return shortened(f"Tab · {order.customer_name or order.tab_description or order.number}")
    if order.table is not None:
        return shortened(order.table.name)
    if order.order_type == "Collection":
        return shortened(f"Collect · {order.customer_name or order.number}")
    return shortened(f"Order {order.number}")


def save_under_free_name(order: Order, *, first: int = 1) -> None:
    """Save the order under its base name, or with the next free suffix; the unique index decides races.

    ``first`` starts the count: a party's second order is ``Table 12 · 2`` even when the first is already paid.
    """
    taken = set(
        Order.objects.filter(venue=order.venue_id, display_base=order.display_base)
        .exclude(status__in=CLOSED_STATUSES)
        .exclude(pk=order.pk)
        .values_list("display_name", flat=True)
    )
    number = first
    while True:
        order.display_name = with_suffix(order.display_base, number)
        number += 1
        if order.display_name in taken:
            continue
        try:
            with transaction.atomic():
                order.save()
            return
        except IntegrityError as error:
            # Another till took the name between our look and our write, or another base ends like ours.
            if _NAME_RACE not in str(error):
                raise


def with_suffix(base: str, number: int) -> str:
    """``Table 12``, ``Table 12 · 2``: the suffix always fits."""
    if number == 1:
        return base[:DISPLAY_NAME_LENGTH]
    suffix = f" · {number}"
    return base[: DISPLAY_NAME_LENGTH - len(suffix)].rstrip() + suffix


def shortened(name: str) -> str:
    """A name as an order can carry it."""
    return " ".join(name.split())[:DISPLAY_NAME_LENGTH].rstrip()
