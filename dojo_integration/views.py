"""The Integration page: what a manager sees of the line to Dojo, and can do about it."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from dojo_integration.call_list import call_by_id, last_calls
from dojo_integration.call_log import KEPT
from dojo_integration.dojo_api.errors import DojoError
from dojo_integration.integration import read_integration
from dojo_integration.models import SocketCommand
from dojo_integration.registration import IMPLEMENTED, Seen, compare, is_in_order
from dojo_integration.services import inbox, outbox
from dojo_integration.services.registration import look, register
from dojo_integration.services.sockets import command_socket
from pos.errors import Conflict, InvalidRequest
from pos.permissions import Act, require
from pos.staff_pages import StaffRequest, say, staff_view

_ASKED = {
    SocketCommand.RECONNECT: "The line is connected again in a moment.",
    SocketCommand.DRAIN: "The line is handed over in a moment.",
    SocketCommand.STOP: "The line stops in a moment, and stays so until you connect it again.",
}


def manager_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Serve a page of the integration to those who may look after it."""

    @staff_view
    @functools.wraps(view)
    def serve(request: StaffRequest, **path: Any) -> HttpResponse:
        require(request.actor, Act.INTEGRATION)
        return view(request, **path)

    return serve


@require_GET
@manager_view
def integration(request: StaffRequest) -> HttpResponse:
    """How it stands; asked for by htmx, only the part that changes."""
    venue = request.actor.venue
    context = {"venue": venue, "actor": request.actor, "found": read_integration(venue)}
    if request.htmx:
        return render(request, "dojo_integration/_integration.html", context)
    return render(request, "dojo_integration/integration.html", context | _calls(request))


@require_GET
@manager_view
def calls(request: StaffRequest) -> HttpResponse:
    """The last calls, without what was said in them."""
    return render(request, "dojo_integration/_calls.html", _calls(request))


@require_GET
@manager_view
def call(request: StaffRequest, call_id: str) -> HttpResponse:
    """What was asked and answered in one of them."""
    found = call_by_id(request.actor.venue, call_id)
    return render(request, "dojo_integration/_call.html", {"call": found})


@require_GET
@manager_view
def capabilities(request: StaffRequest) -> HttpResponse:
    """What we implement beside what Dojo has noted down. Dojo is asked, so the page fetches this when it stands."""
    return _capabilities(request, lambda: (look(request.actor.venue), ()))


@require_POST
@manager_view
def register_capabilities(request: StaffRequest) -> HttpResponse:
    """Tell Dojo all that it can ask of us, and show what it has noted down then; takes as long as Dojo does."""

    def tell() -> tuple[Seen, Sequence[str]]:
        outcome = register(actor=request.actor)
        return outcome.seen, outcome.faults

    return _capabilities(request, tell)


@require_POST
@manager_view
def ask_socket(request: StaffRequest) -> HttpResponse:
    """Connect again, hand over, stop."""
    command = request.POST.get("command", "")
    if command not in SocketCommand.values:
        raise InvalidRequest("The line is connected again, handed over or stopped.", field="command")
    command_socket(actor=request.actor, command=SocketCommand(command))
    return _done(_ASKED[SocketCommand(command)])


@require_POST
@manager_view
def send_again(request: StaffRequest, event_id: int) -> HttpResponse:
    """One thing that Dojo was not told."""
    outbox.retry_event(actor=request.actor, event_id=event_id)
    return _done("On its way to Dojo.")


@require_POST
@manager_view
def send_all_again(request: StaffRequest) -> HttpResponse:
    """Everything that Dojo was not told, and at once where the venue rests."""
    outbox.retry_parked_events(actor=request.actor)
    return _done("All of it is on its way to Dojo.")


@require_POST
@manager_view
def look_again(request: StaffRequest, event_id: int) -> HttpResponse:
    """One thing that Dojo told, and that could not be looked into."""
    inbox.retry_event(actor=request.actor, event_id=event_id)
    return _done("Dojo is asked again.")


def _capabilities(request: StaffRequest, ask: Callable[[], tuple[Seen, Sequence[str]]]) -> HttpResponse:
    context: dict[str, Any] = {"venue": request.actor.venue, "total": len(IMPLEMENTED)}
    try:
        seen, faults = ask()
    except (DojoError, Conflict) as error:
        context |= {"trouble": [str(error)], "has_no_account": isinstance(error, Conflict)}
    else:
        context |= {"rows": compare(seen), "seen": seen, "is_in_order": is_in_order(seen), "trouble": faults}
    return render(request, "dojo_integration/_capabilities.html", context)


def _calls(request: StaffRequest) -> dict[str, Any]:
    venue = request.actor.venue
    return {"venue": venue, "calls": last_calls(venue), "most_calls": KEPT}


def _done(words: str) -> HttpResponse:
    # Nothing to swap: the page fetches afresh after its own tap, and again when the line has moved.
    return say(HttpResponse(status=204), words)
