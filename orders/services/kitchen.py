"""The stations: what they have seen, what they make, what is plated and taken; also after the bill is paid."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from orders.models import AllergyAcknowledgement, LineState, Order, OrderLine, SeatAllergy, Station
from orders.row_locks import Held, hold_order, hold_orders
from orders.services.billing import follow_production, needs_handing_over, settle
from orders.services.merging import tell_stations
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.events import OrderChanged, StationChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import StartAgain, service

_STEPS = (LineState.SENT, LineState.STARTED, LineState.READY, LineState.SERVED)
_MOMENTS = ("started_at", "ready_at", "served_at")


@service
def acknowledge_lines(*, actor: Actor, station_id: int, line_ids: Collection[str]) -> int:
    """The station's screen has these lines (✓✓). Says how many were news; lines of another station are left alone."""
    require(actor, Act.SEND)
    mine = OrderLine.objects.filter(venue=actor.venue, station=station_id, pk__in=list(line_ids))
    news = mine.filter(sent_at__isnull=False, station_has_it_at__isnull=True)
    order_ids = set(news.values_list("order", flat=True))
    if not order_ids:
        return 0
    # The orders first, like everybody who writes lines.
    held = hold_orders(actor.venue, order_ids)
    if set(news.values_list("order", flat=True)) - order_ids:
        raise StartAgain
    count = news.update(station_has_it_at=held.now)
    for order_id in order_ids:
        publish(OrderChanged(venue_id=actor.venue.pk, order_id=order_id))
    publish(StationChanged(venue_id=actor.venue.pk, station_id=station_id))
    return count


@service
def move_line(*, actor: Actor, line_id: str, state: LineState) -> OrderLine:
    """Start, plate or serve one line; where it is already, or further on, it stays.

    Raises NotFound, InvalidRequest for a state that is none of a station's, Conflict when it is not with the kitchen
    or the station has not seen the allergies.
    """
    return _move(actor, [line_id], state)[0]


@service
def move_lines(*, actor: Actor, line_ids: Sequence[str], state: LineState) -> list[OrderLine]:
    """The same for several lines at one tap. Raises like move_line, and then none has moved."""
    return _move(actor, line_ids, state)


@service
def bump_ticket(*, actor: Actor, station_id: int, round_id: int, state: LineState = LineState.READY) -> list[OrderLine]:
    """Bump a station's whole card: everything of that round that is not so far yet.

    Raises NotFound, InvalidRequest, Conflict when the station has not seen the allergies.
    """
    card = OrderLine.objects.filter(venue=actor.venue, station=station_id, round=round_id)
    line_ids = list(card.exclude(state=LineState.VOIDED).values_list("pk", flat=True))
    if not line_ids:
        raise NotFound("That ticket does not exist.")
    return _move(actor, line_ids, state)


@service
def serve_course(*, actor: Actor, order_id: str, course_id: int | None = None) -> list[OrderLine]:
    """Take to the table what is plated of a course, or of all courses. Raises NotFound."""
    plated = OrderLine.objects.filter(venue=actor.venue, order=order_id, state=LineState.READY)
    if course_id is not None:
        plated = plated.filter(course=course_id)
    line_ids = list(plated.values_list("pk", flat=True))
    if not line_ids:
        if not Order.objects.filter(venue=actor.venue, pk=order_id).exists():
            raise NotFound("That order does not exist.")
        return []
    return _move(actor, line_ids, LineState.SERVED)


@service
def recall_line(*, actor: Actor, line_id: str) -> OrderLine:
    """Take back one step that was bumped too early. Raises NotFound, Conflict where there is none."""
    require(actor, Act.SEND, subject=line_id)
    held, lines = _hold_lines(actor, [line_id])
    line = lines[0]
    moment = _moment(line.state)
    line.recall()
    if moment is not None:
        setattr(line, moment, None)
    line.save(update_fields=["state", *_MOMENTS])
    tell_stations(held, [line])
    _follow(held, held.orders[line.order_id], actor)
    return line


@service
def acknowledge_cancellation(*, actor: Actor, line_ids: Collection[str]) -> int:
    """The station has seen that these were struck out. Says how many were news."""
    require(actor, Act.SEND)
    struck = OrderLine.objects.filter(
        venue=actor.venue,
        pk__in=list(line_ids),
        state=LineState.VOIDED,
        sent_at__isnull=False,
        cancellation_seen_at__isnull=True,
    )
    found = list(struck.values_list("order", "station"))
    if not found:
        return 0
    order_ids = {order_id for order_id, _ in found}
    held = hold_orders(actor.venue, order_ids)
    if set(struck.values_list("order", flat=True)) - order_ids:
        raise StartAgain
    count = struck.update(cancellation_seen_at=held.now)
    _tell(held, {station_id for _, station_id in found if station_id is not None})
    return count


@service
def acknowledge_allergies(*, actor: Actor, order_id: str, station_id: int) -> AllergyAcknowledgement:
    """The station has seen what the guests of this order must not eat, as it is now. Raises NotFound."""
    require(actor, Act.SEND, subject=order_id)
    if not Station.objects.filter(venue=actor.venue, pk=station_id).exists():
        raise NotFound("That station does not exist.")
    held, order = hold_order(actor.venue, order_id)
    seen, _ = AllergyAcknowledgement.objects.update_or_create(
        order=order, station_id=station_id, defaults={"seen_at": held.now, "seen_by": actor.membership}
    )
    publish(OrderChanged(venue_id=actor.venue.pk, order_id=order.pk))
    _tell(held, {station_id})
    return seen


def _move(actor: Actor, line_ids: Sequence[str], state: LineState) -> list[OrderLine]:
    require(actor, Act.SEND)
    if state not in _STEPS[1:]:
        raise InvalidRequest("A line is started, ready or served.", field="state")
    held, lines = _hold_lines(actor, line_ids)
    for line in lines:
        if line.state not in _STEPS:
            raise Conflict(_not_here(line), line=line.pk)
    behind = [line for line in lines if _STEPS.index(LineState(line.state)) < _STEPS.index(state)]
    # Who carries a plate out has read the card; who cooks must have.
    _refuse_unseen_allergies(held, [line for line in behind if line.state != LineState.READY])
    tell_stations(held, behind)
    for line in behind:
        line.move(state)
        for moment in _MOMENTS[: _STEPS.index(state)]:
            setattr(line, moment, getattr(line, moment) or held.now)
        # What was made was seen, whether or not the screen had said so.
        line.station_has_it_at = line.station_has_it_at or held.now
    OrderLine.objects.bulk_update(behind, ["state", "station_has_it_at", *_MOMENTS])
    for order_id in sorted({line.order_id for line in behind}):
        _follow(held, held.orders[order_id], actor)
    return lines


def _hold_lines(actor: Actor, line_ids: Sequence[str]) -> tuple[Held, list[OrderLine]]:
    wanted = set(line_ids)
    rows = OrderLine.objects.filter(venue=actor.venue, pk__in=wanted)
    homes = dict(rows.values_list("pk", "order"))
    if wanted - homes.keys() or not wanted:
        raise NotFound("That line does not exist.")
    held = hold_orders(actor.venue, set(homes.values()))
    lines = list(rows.order_by("pk"))
    if any(line.order_id not in held.orders for line in lines):
        raise StartAgain
    return held, lines


def _follow(held: Held, order: Order, actor: Actor) -> None:
    """Let an open order follow its lines; a closed one is history, and only the kitchen goes on."""
    publish(OrderChanged(venue_id=held.venue.pk, order_id=order.pk))
    if not order.is_open:
        return
    if needs_handing_over(order) and not order.outstanding:
        # Paid before it was made: the last plate out ends it.
        settle(held, order, actor)
        return
    before = order.status
    follow_production(held, order, list(order.lines.exclude(state=LineState.VOIDED)))
    if order.status != before:
        order.updated_at = held.now
        order.save(update_fields=["status", "updated_at"])


def _refuse_unseen_allergies(held: Held, lines: Iterable[OrderLine]) -> None:
    stations: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        if line.station_id is not None:
            stations[line.order_id].add(line.station_id)
    if not stations:
        return
    noted = _latest_allergies(held, stations)
    seen = {
        (row.order_id, row.station_id): row.seen_at for row in AllergyAcknowledgement.objects.filter(order__in=stations)
    }
    for order_id, at in noted.items():
        for station_id in stations[order_id]:
            when = seen.get((order_id, station_id))
            if when is None or (at is not None and when < at):
                order = held.orders[order_id]
                raise Conflict(
                    f"{order.display_name} has an allergy. Say first that you have seen it.",
                    order=order_id,
                    station=station_id,
                )


def _latest_allergies(held: Held, order_ids: Iterable[str]) -> dict[str, datetime | None]:
    """Which of these orders have an allergy on a seat or the party, and when one was last noted on a seat."""
    noted: dict[str, datetime | None] = {}
    for order_id in order_ids:
        party = held.party_of(held.orders[order_id])
        if party is not None and (party.allergens or party.allergy_note):
            noted[order_id] = None
    for order_id, at in SeatAllergy.objects.filter(order__in=order_ids).values_list("order", "noted_at"):
        before = noted.get(order_id)
        noted[order_id] = at if before is None else max(before, at)
    return noted


def _moment(state: str) -> str | None:
    step = _STEPS.index(LineState(state)) if state in _STEPS else 0
    return _MOMENTS[step - 1] if step else None


def _not_here(line: OrderLine) -> str:
    if line.state == LineState.VOIDED:
        return f"{line.name} was cancelled."
    return f"{line.name} is not with the kitchen yet."


def _tell(held: Held, station_ids: Iterable[int]) -> None:
    for station_id in station_ids:
        publish(StationChanged(venue_id=held.venue.pk, station_id=station_id))
