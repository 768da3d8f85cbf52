"""What Dojo posts of its own accord, signed: kept like an event that comes by a capability, and answered at once.

A refusal makes Dojo send it again, so what is not for us is taken with thanks.
"""

import structlog
from django.http import HttpRequest, HttpResponse

from dojo_integration import capabilities
from dojo_integration.capabilities import find
from dojo_integration.models import EventName, Road
from dojo_integration.parsers import parse_object
from dojo_integration.rest import Refused, Seen, answered, for_machines, nothing, read_body
from dojo_integration.signatures import HEADER, venue_that_signed
from dojo_integration.wire import errors
from pos.permissions import Actor

log = structlog.get_logger(__name__)

_HANDLE_EVENT = find("HandleEvent")
_LOGGED = 60


@for_machines
def receive(request: HttpRequest, venue_slug: str) -> HttpResponse:
    """The address that a venue's webhook subscription names."""
    return answered(Road.WEBHOOK, request, lambda seen: _receive(request, venue_slug, seen))


def _receive(request: HttpRequest, venue_slug: str, seen: Seen) -> HttpResponse:
    if request.method != "POST":
        raise Refused(405, errors.INVALID_REQUEST, f"{request.method} is not possible here, POST is.", Allow="POST")
    body = read_body(request)
    venue = venue_that_signed(venue_slug, body, request.META.get(HEADER, ""))
    if venue is None:
        raise Refused(401, errors.INVALID_REQUEST, "This is not signed with a secret of the venue's.")
    seen.venue, seen.body = venue, body
    told = parse_object(body)
    name = told.get("event")
    if isinstance(name, str) and name not in EventName.values:
        log.info("webhook of no concern", venue=venue.slug, told=name[:_LOGGED])
        return nothing()
    seen.capability = _HANDLE_EVENT.name
    capabilities.call(_HANDLE_EVENT, told, Actor.dojo(venue, road=Road.WEBHOOK))
    return nothing()
