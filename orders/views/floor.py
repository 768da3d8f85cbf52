"""The floor: home of a waiter's till."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from floorplan.models import Table
from orders.selectors.floor import read_floor
from orders.services.dojo_orders import accept_order
from orders.services.seating import clear_table, seat_party
from pos.errors import InvalidRequest, NotFound
from pos.permissions import Actor
from pos.staff_pages import StaffRequest, next_page, staff_view

LARGEST_PARTY = 99


@require_GET
def venue_home(request: StaffRequest, venue: str) -> HttpResponse:
    return redirect("floor", venue)


@require_GET
@staff_view
def floor(request: StaffRequest) -> HttpResponse:
    """The room as it is; asked for by htmx, only the part that changes."""
    actor = request.actor
    context = {"venue": actor.venue, "actor": actor, "floor": read_floor(actor.venue, actor.membership)}
    return render(request, "orders/_floor.html" if request.htmx else "orders/floor.html", context)


@require_POST
@staff_view
def seat(request: StaffRequest, code: str) -> HttpResponse:
    """Two taps: a free table, how many. Then its order is open."""
    actor = request.actor
    reservation = request.POST.get("reservation") or None
    seat_party(
        actor=actor,
        table_ids=[_table(actor, code).pk],
        covers=_covers(request.POST.get("covers", "")),
        reservation_id=reservation,
    )
    return redirect("table", actor.venue.slug, code)


@require_POST
@staff_view
def clear(request: StaffRequest, party_id: str) -> HttpResponse:
    """The guests have left; the table is free again."""
    actor = request.actor
    clear_table(actor=actor, party_id=party_id)
    return HttpResponseRedirect(next_page(request, actor.venue) or reverse("floor", args=[actor.venue.slug]))


@require_POST
@staff_view
def accept(request: StaffRequest, order_id: str) -> HttpResponse:
    """Take an Order & Pay order that waits for a yes."""
    actor = request.actor
    accept_order(actor=actor, order_id=order_id)
    return HttpResponseRedirect(next_page(request, actor.venue) or reverse("floor", args=[actor.venue.slug]))


def _table(actor: Actor, code: str) -> Table:
    try:
        return Table.objects.get(venue=actor.venue, code=code, is_active=True)
    except Table.DoesNotExist:
        raise NotFound("There is no such table.") from None


def _covers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= LARGEST_PARTY):
        raise InvalidRequest(f"A party is 1 to {LARGEST_PARTY} guests.", field="covers")
    return int(text)
