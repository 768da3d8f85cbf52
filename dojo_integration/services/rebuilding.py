"""Order documents afresh from the rows, beside a running venue."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from dojo_integration.documents import render_documents, store
from dojo_integration.models import OrderDocument
from orders.models import Order
from orders.row_locks import orders_for_update
from pos.permissions import Actor
from pos.service import service


@service
def rebuild_order_documents(*, actor: Actor, order_ids: Sequence[str]) -> list[str]:
    """Write these orders' documents afresh and say which were not as they should have been."""
    # Held, so that no till changes a row between our reading it and our writing what it looked like.
    held = orders_for_update(actor.venue, order_ids)
    return store(render_documents(order.pk for order in held))


@service
def drop_stray_documents(*, actor: Actor) -> int:
    """Remove documents of orders that do not exist; says how many there were."""
    orders = Order.objects.filter(pk=OuterRef("order_id"), venue_id=OuterRef("venue_id"))
    stray = OrderDocument.objects.filter(~Exists(orders), venue_id=actor.venue.pk)
    return stray.delete()[0]
