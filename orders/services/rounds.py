"""The private step that sends lines to their stations: once, as one round, with their VAT fixed from then on."""

from collections.abc import Sequence

from orders.models import LineState, LineSubItem, Order, OrderLine, Round
from orders.row_locks import Held
from orders.services.billing import needs_handing_over
from orders.services.vat import rates_for
from pos.events import StationChanged, publish
from pos.permissions import Actor

_WRITTEN = ["state", "round", "sent_at", "started_at", "ready_at", "served_at", "vat_rate"]


def send_to_stations(held: Held, order: Order, lines: list[OrderLine], actor: Actor) -> Round:
    """Send unsent and held lines, in one round. What nobody makes is handed over (or ready to be) at once."""
    last = order.rounds.order_by("-number").values_list("number", flat=True).first() or 0
    sent = _round(held, order, actor, number=last + 1)
    sent.save()
    _fix_vat(held, lines)
    _mark_sent(held, order, lines, sent)
    OrderLine.objects.bulk_update(lines, _WRITTEN)
    return sent


def send_new_lines(held: Held, order: Order, lines: Sequence[OrderLine], actor: Actor) -> Round:
    """The same for the first lines of an order that is not written yet: the caller writes order, round and lines.

    Their VAT is today's already.
    """
    sent = _round(held, order, actor, number=1)
    _mark_sent(held, order, lines, sent)
    return sent


def _round(held: Held, order: Order, actor: Actor, *, number: int) -> Round:
    return Round(order=order, number=number, sent_at=held.now, sent_by=actor.membership, till=actor.till)


def _mark_sent(held: Held, order: Order, lines: Sequence[OrderLine], sent: Round) -> None:
    for line in lines:
        line.round = sent
        line.sent_at = held.now
        line.move(LineState.SENT)
        if line.station_id is None:
            _hand_out(held, order, line)
        else:
            publish(StationChanged(venue_id=held.venue.pk, station_id=line.station_id))
    order.first_sent_at = order.first_sent_at or held.now


def _hand_out(held: Held, order: Order, line: OrderLine) -> None:
    line.ready_at = held.now
    if needs_handing_over(order):
        line.move(LineState.READY)
    else:
        line.served_at = held.now
        line.move(LineState.SERVED)


def _fix_vat(held: Held, lines: list[OrderLine]) -> None:
    rates = rates_for(held.venue, held.now)
    parts = []
    for line in lines:
        if line.vat_class_id is not None:
            line.vat_rate = rates.rate(line.vat_class_id, line.eaten)
        for part in line.sub_items.all():
            if part.vat_class_id is not None:
                part.vat_rate = rates.rate(part.vat_class_id, line.eaten)
                parts.append(part)
    if parts:
        LineSubItem.objects.bulk_update(parts, ["vat_rate"])
