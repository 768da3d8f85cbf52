"""Taking a sent line off the bill: a reason, and a supervisor's PIN where the role asks for one."""

from dataclasses import replace
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from orders.models import OrderLine
from orders.services.adjusting import correct_line, void_line
from pos.approvals import approve_by_pin, ask_approval
from pos.errors import ApprovalRequired, InvalidRequest, NotFound
from pos.money import format_money
from pos.permissions import Act, Actor
from pos.selectors import supervisors_with_pin
from pos.staff_pages import StaffRequest, say, staff_view

REASONS = ("Wrong item", "Changed their mind", "Not as expected", "Took too long", "Dropped", "Kitchen is out")


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
@staff_view
def take_off(request: StaffRequest, line_id: str) -> HttpResponse:
    """Correct what was only just sent, void what was not; the sheet says which it will be."""
    line = _line(request.actor, line_id)
    if request.method == "GET":
        return _ask_why(request, line)
    reason = request.POST.get("reason", "")
    made = request.POST.get("made") == "yes"
    actor = _approved(request)
    if actor is None:
        return say(_ask_pin(request, line, int(request.POST["approval"])), "That PIN is not right.", level="error")
    try:
        if _is_correction(line):
            correct_line(actor=actor, line_id=line_id, reason=reason)
        else:
            void_line(actor=actor, line_id=line_id, reason=reason, was_made=made)
    except ApprovalRequired as error:
        return _ask_pin(request, line, _ask_supervisor(request.actor, line, error, reason))
    # An empty sheet closes.
    return say(HttpResponse(""), f"{line.quantity} {line.name} is off.")


def _line(actor: Actor, line_id: str) -> OrderLine:
    try:
        return OrderLine.objects.select_related("order").get(venue=actor.venue, pk=line_id)
    except OrderLine.DoesNotExist:
        raise NotFound("That line does not exist.") from None


def _is_correction(line: OrderLine) -> bool:
    """Sent a moment ago, and nobody has started it."""
    if line.sent_at is None or line.started_at is not None:
        return False
    return timezone.now() < line.sent_at + timedelta(seconds=line.venue.correct_within_seconds)


def _approved(request: StaffRequest) -> Actor | None:
    """Who acts: with the approval that a PIN has just given, None when that PIN was wrong."""
    if not request.POST.get("approval"):
        return request.actor
    approval_id, person = request.POST["approval"], request.POST.get("person", "")
    if not (approval_id.isascii() and approval_id.isdigit() and person.isascii() and person.isdigit()):
        raise InvalidRequest("Who approves it?", field="person")
    pin = request.POST.get("pin", "")[:8]
    approval = approve_by_pin(actor=request.actor, approval_id=int(approval_id), approver_id=int(person), pin=pin)
    return replace(request.actor, approval_id=approval.pk) if approval else None


def _ask_supervisor(actor: Actor, line: OrderLine, error: ApprovalRequired, reason: str) -> int:
    price = format_money(line.gross_amount, actor.venue.currency)
    approval = ask_approval(
        actor=actor,
        act=Act(error.data["act"]),
        subject=error.data["subject"],
        amount=error.data["amount"],
        summary=f"{line.order.display_name} · void {line.quantity} {line.name} {price} · {reason}",
    )
    return approval.pk


def _ask_why(request: StaffRequest, line: OrderLine) -> HttpResponse:
    context = {"venue": request.actor.venue, "line": line, "reasons": REASONS, "is_correction": _is_correction(line)}
    return render(request, "orders/_take_off.html", context)


def _ask_pin(request: StaffRequest, line: OrderLine, approval_id: int) -> HttpResponse:
    context = {
        "venue": request.actor.venue,
        "line": line,
        "approval": approval_id,
        "reason": request.POST.get("reason", ""),
        "made": request.POST.get("made", ""),
        "people": supervisors_with_pin(request.actor.venue),
        "picked": request.POST.get("person", ""),
    }
    return render(request, "orders/_approve.html", context)
