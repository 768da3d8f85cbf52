"""What the kitchen has run out of: any till says so, every till knows it in a second."""

from datetime import datetime

from orders.models import Modifier, Product
from orders.row_locks import product_for_update
from pos import audit
from pos.errors import InvalidRequest, NotFound
from pos.events import MenuChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import service

MOST_LEFT = 9999


@service
def set_sold_out(
    *,
    actor: Actor,
    product_id: int,
    sold_out: bool,
    portions_left: int | None = None,
    back_at: datetime | None = None,
) -> Product:
    """Say that a thing is sold out (until when), back, or that so many are left: the last one sold closes it.

    Raises NotFound, InvalidRequest.
    """
    require(actor, Act.ADD)
    if portions_left is not None and not 0 <= portions_left <= MOST_LEFT:
        raise InvalidRequest(f"From 0 to {MOST_LEFT} can be left.", field="portions_left")
    product = product_for_update(actor.venue, product_id)
    out = sold_out or portions_left == 0
    product.sold_out = out
    product.portions_left = None if out else portions_left
    product.back_at = back_at if out else None
    product.save(update_fields=["sold_out", "portions_left", "back_at"])
    left = product.portions_left
    audit.record(actor, "sold_out", f"product_{product.pk}", name=product.name, sold_out=out, portions_left=left)
    publish(MenuChanged(venue_id=actor.venue.pk))
    return product


@service
def set_modifier_sold_out(*, actor: Actor, modifier_id: int, sold_out: bool) -> Modifier:
    """The same for a choice: no more oat milk. Raises NotFound."""
    require(actor, Act.ADD)
    modifier = Modifier.objects.filter(venue=actor.venue, pk=modifier_id).first()
    if modifier is None:
        raise NotFound("That choice does not exist.")
    modifier.sold_out = sold_out
    modifier.save(update_fields=["sold_out"])
    audit.record(actor, "sold_out", f"modifier_{modifier.pk}", name=modifier.name, sold_out=sold_out)
    publish(MenuChanged(venue_id=actor.venue.pk))
    return modifier
