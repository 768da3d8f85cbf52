"""The private step that puts one order's lines on another: lines keep their state, nothing is cooked twice."""

from orders.models import LineState, Order, OrderLine, OrderStatus
from orders.models.order_line import KITCHEN_STATES
from orders.row_locks import Held
from orders.services.billing import end_order
from pos.events import OrderChanged, StationChanged, publish


def merge_lines(held: Held, source: Order, target: Order) -> None:
    """Move every line, round, discount and allergy; the emptied order is Canceled and points to the other.

    Payments never move: the caller makes sure that the source has none. The caller settles the target.
    """
    lines = list(source.lines.all())
    last = target.lines.order_by("-position").values_list("position", flat=True).first() or 0
    for offset, line in enumerate(lines, start=1):
        line.order = target
        line.position = last + offset
    OrderLine.objects.bulk_update(lines, ["order", "position"])
    _move_rounds(source, target)
    _move_discounts(source, target)
    _move_allergies(source, target)
    source.shares.all().delete()
    source.merged_into = target
    source.joins_back = False
    source.follows = None
    source.goods_amount = source.discount_amount = source.tax_amount = source.service_amount = 0
    source.tax_lines = []
    source.price_difference = 0
    source.set_amounts(total=0)
    end_order(held, source, OrderStatus.CANCELED)
    source.updated_at = held.now
    source.save()
    if source.first_sent_at and (target.first_sent_at is None or source.first_sent_at < target.first_sent_at):
        target.first_sent_at = source.first_sent_at
    publish(OrderChanged(venue_id=held.venue.pk, order_id=source.pk))
    tell_stations(held, lines)


def tell_stations(held: Held, lines: list[OrderLine]) -> None:
    """Tell the stations that have these lines on their screen."""
    for line in lines:
        shown = line.state in KITCHEN_STATES or (line.state == LineState.VOIDED and line.cancellation_seen_at is None)
        if line.station_id is not None and shown:
            publish(StationChanged(venue_id=held.venue.pk, station_id=line.station_id))


def _move_rounds(source: Order, target: Order) -> None:
    last = target.rounds.order_by("-number").values_list("number", flat=True).first() or 0
    for number, sent_round in enumerate(source.rounds.order_by("number"), start=last + 1):
        sent_round.order = target
        sent_round.number = number
        sent_round.save(update_fields=["order", "number"])


def _move_discounts(source: Order, target: Order) -> None:
    for discount in source.discounts.all():
        if discount.line_id is None and discount.percent is not None:
            # A share of the old bill must not become a share of the larger one.
            discount.fixed_amount, discount.stated_percent, discount.percent = discount.amount, discount.percent, None
        discount.order = target
        discount.save(update_fields=["order", "fixed_amount", "percent", "stated_percent"])


def _move_allergies(source: Order, target: Order) -> None:
    known = {allergy.seat: allergy for allergy in target.seat_allergies.all()}
    news = False
    for allergy in source.seat_allergies.all():
        same_seat = known.get(allergy.seat)
        if same_seat is None:
            allergy.order = target
            allergy.save(update_fields=["order"])
            news = True
            continue
        before = (same_seat.allergens, same_seat.note)
        same_seat.allergens = sorted({*same_seat.allergens, *allergy.allergens})
        notes = (note for note in (same_seat.note, allergy.note) if note)
        same_seat.note = "; ".join(dict.fromkeys(notes))[:200]
        if (same_seat.allergens, same_seat.note) != before:
            same_seat.save(update_fields=["allergens", "note"])
            news = True
        allergy.delete()
    # What a station acknowledged was another list of allergies.
    source.allergy_acknowledgements.all().delete()
    if news:
        target.allergy_acknowledgements.all().delete()
