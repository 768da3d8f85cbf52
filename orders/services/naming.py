"""Display names: what a card machine lists; unique among open orders, at most 24 characters, never a failure."""

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.db.models import Q

from orders.models import CLOSED_STATUSES, Order
from orders.models.order import DISPLAY_NAME_LENGTH
from pos.statements import Slot, Statement

_NAME_RACE = "order_name_unique"

_TAKEN: Statement[tuple[str]] = Statement(
    lambda: (
        Order.objects.filter(~Q(status__in=CLOSED_STATUSES), venue=Slot("venue"), display_name__anyof=Slot("names"))
        .exclude(pk=Slot("order"))
        .order_by()
        .values_list("display_name")
    )
)


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
    for name in _free_names(order, first):
        order.display_name = name
        try:
            with transaction.atomic():
                order.save(force_insert=order._state.adding)
            return
        except IntegrityError as error:
            # Another till took the name between our look and our write.
            if _NAME_RACE not in str(error):
                raise


def _free_names(order: Order, number: int) -> Iterator[str]:
    """The names that no other open order has, by their suffix; an evening's worth of them is looked up at a time."""
    many = 10
    while True:
        names = [with_suffix(order.display_base, number + place) for place in range(many)]
        found = _TAKEN.all(venue=order.venue_id, names=names, order=order.pk)
        taken = {name for (name,) in found}
        yield from (name for name in names if name not in taken)
        number += many
        many *= 2


def with_suffix(base: str, number: int) -> str:
    """``Table 12``, ``Table 12 · 2``: the suffix always fits."""
    if number == 1:
        return base[:DISPLAY_NAME_LENGTH]
    suffix = f" · {number}"
    return base[: DISPLAY_NAME_LENGTH - len(suffix)].rstrip() + suffix


def shortened(name: str) -> str:
    """A name as an order can carry it."""
    return " ".join(name.split())[:DISPLAY_NAME_LENGTH].rstrip()
