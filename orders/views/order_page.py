"""The order page: a ticket, the menu beside it, and the till's operations behind every tap."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from orders.operations import apply_operations
from orders.selectors.menu import read_till_menu
from orders.selectors.ticket import Ticket, new_tab_ticket, read_order_ticket, read_table_ticket
from orders.services.closing import hand_over as give_to_guest
from orders.services.menu_state import set_sold_out
from pos.errors import InvalidRequest, NotFound
from pos.ids import ORDER, is_id, new_id
from pos.models import Venue
from pos.staff_pages import StaffRequest, json_body, next_page, staff_view

LONGEST_TAB_NAME = 40
BIGGEST_BATCH = 1024 * 1024


@require_GET
@staff_view
def table(request: StaffRequest, code: str) -> HttpResponse:
    """What the people at a table have, and what they want next."""
    venue = request.actor.venue
    ticket = read_table_ticket(venue, code)
    return _page(request, ticket, here=reverse("table", args=[venue.slug, code]), live=f"tables/{code}")


@require_GET
@staff_view
def order(request: StaffRequest, order_id: str) -> HttpResponse:
    """An order by itself; the bill of a table is shown with its table."""
    venue = request.actor.venue
    ticket = read_order_ticket(venue, order_id)
    if not request.htmx and _is_the_bill_of_its_table(venue, ticket):
        return redirect("table", venue.slug, ticket.table.code)  # type: ignore[union-attr]
    return _page(request, ticket, here=reverse("order", args=[venue.slug, order_id]), live=f"orders/{order_id}")


@require_GET
@staff_view
def new_tab(request: StaffRequest) -> HttpResponse:
    """A tab in the making: it is born with its first line, under an id that this page was given."""
    venue = request.actor.venue
    name = " ".join(request.GET.get("name", "").split())[:LONGEST_TAB_NAME]
    if not name or "\x00" in name:
        raise InvalidRequest("Give the tab a name.", field="name")
    order_id = request.GET.get("order", "")
    if not is_id(ORDER, order_id):
        order_id = new_id(ORDER)
    try:
        ticket = read_order_ticket(venue, order_id)
    except NotFound:
        ticket = new_tab_ticket(name)
    # What the page fetches afresh is this address, until the order exists and after.
    fresh = f"{reverse('new_tab', args=[venue.slug])}?{urlencode({'name': name, 'order': order_id})}"
    target = None if ticket.order else {"tab": {"order": order_id, "name": name}}
    here = reverse("order", args=[venue.slug, order_id])
    return _page(request, ticket, here=here, fresh=fresh, live=f"orders/{order_id}", target=target)


@require_GET
@staff_view
def menu(request: StaffRequest) -> HttpResponse:
    """The grid alone, when something is sold out or back."""
    venue = request.actor.venue
    return render(request, "orders/_menu.html", {"venue": venue, "menu": read_till_menu(venue)})


@require_POST
@staff_view
def operations(request: StaffRequest) -> HttpResponse:
    """The till's batch; every operation gets its answer, the refused ones with the reason."""
    if len(request.body) > BIGGEST_BATCH:
        raise InvalidRequest("That is too much at once.", field="ops")
    try:
        body = json_body(request)
    except ValueError:
        raise InvalidRequest("That is no JSON.", field="ops") from None
    ops = body.get("ops") if isinstance(body, dict) else None
    return JsonResponse({"results": apply_operations(actor=request.actor, ops=ops)})


@require_POST
@staff_view
def hand_over(request: StaffRequest, order_id: str) -> HttpResponse:
    """The guest has it."""
    venue = request.actor.venue
    give_to_guest(actor=request.actor, order_id=order_id)
    return HttpResponseRedirect(next_page(request, venue) or reverse("floor", args=[venue.slug]))


@require_POST
@staff_view
def sold_out(request: StaffRequest, product_id: int) -> HttpResponse:
    """A long press on a tile: sold out, or back; every till knows it in a second."""
    set_sold_out(actor=request.actor, product_id=product_id, sold_out=bool(request.POST.get("sold_out")))
    return HttpResponse(status=204)


def _page(
    request: StaffRequest,
    ticket: Ticket,
    *,
    here: str,
    live: str,
    fresh: str = "",
    target: dict[str, Any] | None = None,
) -> HttpResponse:
    venue = request.actor.venue
    context = {"venue": venue, "actor": request.actor, "ticket": ticket}
    context["target_json"] = json.dumps(target or ticket.target)
    if request.htmx:
        return render(request, "orders/_ticket.html", context)
    context |= {
        "here": here,
        "ticket_url": fresh or here,
        "menu_url": reverse("menu", args=[venue.slug]),
        "menu": read_till_menu(venue),
        "live_path": f"{venue.slug}/{live}",
    }
    return render(request, "orders/order.html", context)


def _is_the_bill_of_its_table(venue: Venue, ticket: Ticket) -> bool:
    order = ticket.order
    if order is None or order.is_prepaid or ticket.table is None or not ticket.table.is_active:
        return False
    shown = read_table_ticket(venue, ticket.table.code)
    return any(row.pk == order.pk for row in (*(bill.order for bill in shown.bills), *shown.paid))
