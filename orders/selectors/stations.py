"""A station's screen: one card for each order and round, allergies first, struck lines until somebody has seen them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from bookings.models import Party
from orders.models import AllergyAcknowledgement, LineState, Order, OrderLine, OrderType, SeatAllergy, Station
from orders.models.order_line import KITCHEN_STATES
from pos.errors import NotFound
from pos.models import Venue

# What was bumped too early can be called back for so long.
RECALL_FOR = timedelta(minutes=10)
RECALL_AT_MOST = 12


@dataclass(slots=True)
class Card:
    """One round of one order, at one station."""

    order: Order
    round_id: int | None
    sent_at: datetime
    lines: list[OrderLine] = field(default_factory=list)
    struck: list[OrderLine] = field(default_factory=list)
    held: list[OrderLine] = field(default_factory=list)
    allergies: list[str] = field(default_factory=list)
    allergies_are_seen: bool = True
    requests: list[str] = field(default_factory=list)
    """The guests' own words, as they wrote them."""

    @property
    def key(self) -> str:
        return f"{self.order.pk}-{self.round_id or 'held'}"

    @property
    def about(self) -> str:
        """Whose it is, for how many, and whether it leaves the house."""
        order = self.order
        words = [order.waiter.staff.name if order.waiter else "", f"{order.covers} covers" if order.covers else ""]
        if order.order_type == OrderType.COLLECTION:
            words.append("to collect")
        return " · ".join(word for word in words if word)

    @property
    def is_ready(self) -> bool:
        return bool(self.lines) and all(line.state == LineState.READY for line in self.lines)

    @property
    def next_state(self) -> str:
        """Where one tap on the whole card takes it."""
        return LineState.SERVED if self.is_ready else LineState.READY


@dataclass(slots=True)
class StationScreen:
    station: Station
    now: datetime
    cards: list[Card]
    coming: list[Card]
    recent: list[OrderLine]
    unseen: list[str]
    """Lines that this screen has to acknowledge."""


def list_stations(venue: Venue) -> list[Station]:
    return list(Station.objects.filter(venue=venue))


def station_by_code(venue: Venue, code: str) -> Station:
    """Raises NotFound."""
    try:
        return Station.objects.get(venue=venue, code=code)
    except Station.DoesNotExist:
        raise NotFound("There is no such station.") from None


def read_station(venue: Venue, code: str) -> StationScreen:
    """The screen of a station, oldest card first; eight queries. Raises NotFound."""
    station = station_by_code(venue, code)
    now = timezone.now()
    struck = Q(state=LineState.VOIDED, sent_at__isnull=False, cancellation_seen_at__isnull=True)
    served = Q(state=LineState.SERVED, served_at__gt=now - RECALL_FOR)
    lines = list(
        OrderLine.objects.filter(
            Q(state__in=KITCHEN_STATES) | Q(state=LineState.HELD, order__closed_at__isnull=True) | struck | served,
            station=station,
        )
        .select_related("order__table", "order__waiter__staff", "course", "product", "portion")
        .prefetch_related("modifiers", "sub_items")
        .order_by("sent_at", "course__position", "position", "pk")
    )
    cards, coming = _cards(lines)
    everyone = [*cards.values(), *coming.values()]
    _add_warnings(station, everyone)
    recent = sorted(
        (line for line in lines if line.state == LineState.SERVED), key=lambda line: line.served_at or now, reverse=True
    )
    return StationScreen(
        station=station,
        now=now,
        cards=list(cards.values()),
        coming=list(coming.values()),
        recent=recent[:RECALL_AT_MOST],
        unseen=[line.pk for line in lines if line.sent_at is not None and line.station_has_it_at is None],
    )


def _cards(lines: list[OrderLine]) -> tuple[dict[object, Card], dict[object, Card]]:
    cards: dict[object, Card] = {}
    coming: dict[object, Card] = {}
    for line in lines:
        if line.state == LineState.SERVED:
            continue
        if line.state == LineState.HELD:
            card = coming.setdefault(line.order_id, Card(line.order, None, line.added_at))
            card.held.append(line)
            continue
        key = (line.order_id, line.round_id)
        card = cards.setdefault(key, Card(line.order, line.round_id, line.sent_at or line.added_at))
        (card.struck if line.state == LineState.VOIDED else card.lines).append(line)
    return cards, coming


def _add_warnings(station: Station, cards: list[Card]) -> None:
    """Allergies of seats and party, whether this station has said that it saw them as they are now, and requests."""
    orders = {card.order.pk: card.order for card in cards}
    said: dict[str, list[str]] = defaultdict(list)
    latest: dict[str, datetime] = {}
    parties = {
        party.pk: party
        for party in Party.objects.filter(pk__in={order.party_id for order in orders.values() if order.party_id}).only(
            "pk", "allergens", "allergy_note", "guest_requests"
        )
    }
    for order in orders.values():
        party = parties.get(order.party_id or "")
        if party is not None and (party.allergens or party.allergy_note):
            said[order.pk].append(", ".join([*party.allergens, *([party.allergy_note] if party.allergy_note else [])]))
    for row in SeatAllergy.objects.filter(order__in=orders).order_by("seat"):
        what = ", ".join([*row.allergens, *([row.note] if row.note else [])])
        said[row.order_id].append(f"Seat {row.seat}: {what}" if row.seat else what)
        latest[row.order_id] = max(row.noted_at, latest.get(row.order_id, row.noted_at))
    seen = dict(
        AllergyAcknowledgement.objects.filter(station=station, order__in=orders).values_list("order_id", "seen_at")
    )
    for card in cards:
        party = parties.get(card.order.party_id or "")
        card.requests = [words for words in (party.guest_requests if party else "", card.order.note) if words]
        card.allergies = list(dict.fromkeys(said[card.order.pk]))
        at = seen.get(card.order.pk)
        newest = latest.get(card.order.pk)
        card.allergies_are_seen = not card.allergies or (at is not None and (newest is None or at >= newest))
