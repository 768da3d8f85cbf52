"""Cash at the till: a small sheet over the order page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from orders.models import LineState, Order, PaymentKind
from orders.services.closing import open_pay
from orders.services.tenders import take_payment
from pos.errors import InvalidRequest, NotFound
from pos.money import format_money
from pos.staff_pages import StaffRequest, say, staff_view

NOTES = (500, 1000, 2000, 5000)
MOST_CASH = 10_000_000


@require_http_methods(["GET", "POST"])
@staff_view
def pay(request: StaffRequest, order_id: str) -> HttpResponse:
    """What is due, keys that add up, change; a double tap or a bill that changed meanwhile takes no money."""
    actor = request.actor
    if request.method == "GET":
        return _sheet(request, open_pay(actor=actor, order_id=order_id))
    given = _amount(request.POST.get("given", ""))
    order = _order(request, order_id)
    if request.POST.get("due") != str(order.outstanding):
        return say(_sheet(request, order), "The bill has changed. Look again.", level="error")
    amount = min(given, order.outstanding)
    payment = take_payment(actor=actor, order_id=order_id, kind=PaymentKind.CASH, amount=amount, tendered=given)
    context = {"venue": actor.venue, "payment": payment, "order": _order(request, order_id)}
    return render(request, "orders/_paid.html", context)


def _sheet(request: StaffRequest, order: Order) -> HttpResponse:
    venue = request.actor.venue
    unsent = order.lines.filter(state__in=(LineState.UNSENT, LineState.HELD)).count()
    keys = [(note, format_money(note, venue.currency).removesuffix(".00")) for note in NOTES]
    return render(request, "orders/_pay.html", {"venue": venue, "order": order, "keys": keys, "unsent": unsent})


def _order(request: StaffRequest, order_id: str) -> Order:
    try:
        return Order.objects.select_related("party").get(venue=request.actor.venue, pk=order_id)
    except Order.DoesNotExist:
        raise NotFound("That order does not exist.") from None


def _amount(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= MOST_CASH):
        raise InvalidRequest("How much did they give?", field="given")
    return int(text)
