"""The stations: what the kitchen sees, and its taps."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from orders.models import LineState
from orders.selectors.stations import list_stations, read_station, station_by_code
from orders.services.kitchen import (
    acknowledge_allergies,
    acknowledge_cancellation,
    acknowledge_lines,
    bump_ticket,
    move_line,
    recall_line,
)
from pos.errors import InvalidRequest
from pos.staff_pages import StaffRequest, json_body, staff_view

MOST_LINES = 500
_NEXT = {LineState.SENT: LineState.STARTED, LineState.STARTED: LineState.READY, LineState.READY: LineState.SERVED}


@require_GET
@staff_view
def stations(request: StaffRequest) -> HttpResponse:
    """Which station is this screen?"""
    venue = request.actor.venue
    context = {"venue": venue, "actor": request.actor, "stations": list_stations(venue)}
    return render(request, "orders/stations.html", context)


@require_GET
@staff_view
def station(request: StaffRequest, code: str) -> HttpResponse:
    """Its cards, oldest first."""
    venue = request.actor.venue
    context = {"venue": venue, "actor": request.actor, "screen": read_station(venue, code)}
    context["stations"] = [] if request.htmx else list_stations(venue)
    return render(request, "orders/_station.html" if request.htmx else "orders/station.html", context)


@require_POST
@staff_view
def acknowledge(request: StaffRequest, code: str) -> HttpResponse:
    """The open page has these lines: ✓✓ on the waiters' tills."""
    try:
        body = json_body(request)
    except ValueError:
        raise InvalidRequest("That is no JSON.", field="lines") from None
    lines = body.get("lines") if isinstance(body, dict) else None
    if not isinstance(lines, list) or len(lines) > MOST_LINES or not all(isinstance(line, str) for line in lines):
        raise InvalidRequest("Which lines?", field="lines")
    own = station_by_code(request.actor.venue, code)
    return JsonResponse({"news": acknowledge_lines(actor=request.actor, station_id=own.pk, line_ids=lines)})


@require_POST
@staff_view
def tap_line(request: StaffRequest, line_id: str) -> HttpResponse:
    """One tap, one step on: sent, started, ready, served. The page says from where, so that two taps are one step."""
    before = request.POST.get("from", "")
    if before not in _NEXT:
        raise InvalidRequest("A line is started, ready or served.", field="from")
    move_line(actor=request.actor, line_id=line_id, state=_NEXT[LineState(before)])
    return _done()


@require_POST
@staff_view
def bump(request: StaffRequest, code: str, round_id: int) -> HttpResponse:
    """The whole card at once."""
    state = request.POST.get("to", "")
    if state not in (LineState.READY, LineState.SERVED):
        raise InvalidRequest("A card becomes ready or served.", field="to")
    own = station_by_code(request.actor.venue, code)
    bump_ticket(actor=request.actor, station_id=own.pk, round_id=round_id, state=LineState(state))
    return _done()


@require_POST
@staff_view
def recall(request: StaffRequest, line_id: str) -> HttpResponse:
    recall_line(actor=request.actor, line_id=line_id)
    return _done()


@require_POST
@staff_view
def seen_struck(request: StaffRequest, line_id: str) -> HttpResponse:
    """Somebody at the station has seen that it is cancelled."""
    acknowledge_cancellation(actor=request.actor, line_ids=[line_id])
    return _done()


@require_POST
@staff_view
def seen_allergies(request: StaffRequest, code: str, order_id: str) -> HttpResponse:
    own = station_by_code(request.actor.venue, code)
    acknowledge_allergies(actor=request.actor, order_id=order_id, station_id=own.pk)
    return _done()


def _done() -> HttpResponse:
    # Nothing to swap: the page fetches its cards when the line says so, and at once after its own tap.
    return HttpResponse(status=204)
