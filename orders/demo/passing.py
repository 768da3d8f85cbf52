"""Letting time pass at one table: what happened there so far moves back, as if the demo had begun an hour ago."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet

from bookings.models import Party
from orders.models import AllergyAcknowledgement, Order, OrderLine, Round, SeatAllergy
from orders.row_locks import hold_order, hold_party
from pos.events import OrderChanged, PartyChanged, publish
from pos.permissions import Actor
from pos.service import service

_OF_ORDER = ("opened_at", "updated_at", "first_sent_at", "accepted_at", "bill_printed_at", "closed_at")
_OF_LINE = ("added_at", "sent_at", "station_has_it_at", "started_at", "ready_at", "served_at")


@service
def let_time_pass(*, actor: Actor, minutes: int, party_id: str = "", order_id: str = "") -> datetime:
    """Move everything that happened to a party (or to an order without one) back by so many minutes.

    Money keeps its time: a payment is a row that nobody may change. Raises NotFound.
    """
    passed = timedelta(minutes=minutes)
    if party_id:
        held, party = hold_party(actor.venue, party_id)
        _move_back(Party.objects.filter(pk=party.pk), ("start_time",), passed)
        publish(PartyChanged(venue_id=actor.venue.pk, party_id=party.pk))
    else:
        held, _ = hold_order(actor.venue, order_id)
    orders = list(held.orders)
    _move_back(Order.objects.filter(pk__in=orders), _OF_ORDER, passed)
    _move_back(OrderLine.objects.filter(order__in=orders), _OF_LINE, passed)
    _move_back(Round.objects.filter(order__in=orders), ("sent_at",), passed)
    _move_back(SeatAllergy.objects.filter(order__in=orders), ("noted_at",), passed)
    _move_back(AllergyAcknowledgement.objects.filter(order__in=orders), ("seen_at",), passed)
    for order in orders:
        publish(OrderChanged(venue_id=actor.venue.pk, order_id=order))
    return held.now - passed


def _move_back(rows: QuerySet[Any], fields: tuple[str, ...], passed: timedelta) -> None:
    rows.update(**{name: ExpressionWrapper(F(name) - passed, output_field=DateTimeField()) for name in fields})
