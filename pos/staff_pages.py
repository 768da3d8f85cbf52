"""What every staff page begins with: who is this, in which venue, on which till; and how a refusal reads."""

import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from pos.errors import NotFound, PosError
from pos.models import Membership, Venue
from pos.permissions import Actor
from pos.till_cookie import till_of

HTTP_SIGNED_OUT = 401
HTTP_REFUSED = 409


class StaffRequest(HttpRequest):
    """A request of somebody who works here."""

    actor: Actor
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def staff_view(view: View) -> View:
    """Serve a page of one venue to the people who work there; to everybody else it does not exist."""

    @functools.wraps(view)
    def serve(request: HttpRequest, venue: str, **path: Any) -> HttpResponse:
        member = _membership(request, venue)
        if member is None:
            return _ask_to_sign_in(request, _venue(venue))
        till = till_of(request, member.venue)
        if till is None:
            return _go(request, _with_next(request, reverse("name_till", args=[venue])))
        request.actor = Actor.staff(member, till)  # type: ignore[attr-defined]
        try:
            response = view(request, **path)
        except NotFound as error:
            raise Http404(error.message) from error
        except PosError as error:
            response = refuse(request, member.venue, error)
        add_never_cache_headers(response)
        return response

    return serve


def refuse(request: HttpRequest, venue: Venue, error: PosError) -> HttpResponse:
    """Say in restaurant words why not: as JSON, as a note on the page that asked, or on the page they came from."""
    if request.content_type == "application/json":
        answer = {"error": {"code": error.code, "message": error.message, "data": error.data}}
        return JsonResponse(answer, status=HTTP_REFUSED)
    if request.headers.get("HX-Request"):
        return say(HttpResponse(status=204), error.message, level="error")
    messages.error(request, error.message)
    return HttpResponseRedirect(next_page(request, venue) or reverse("floor", args=[venue.slug]))


def say(response: HttpResponse, text: str, *, level: str = "info") -> HttpResponse:
    """Have the page show a note for a few seconds."""
    return trigger_client_event(response, "say", {"text": text, "level": level})


def next_page(request: HttpRequest, venue: Venue) -> str | None:
    """Where the form wants to go afterwards, if that is a page of this venue."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = wanted.startswith(f"/{venue.slug}/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours else None


def venue_by_slug(slug: str) -> Venue:
    return _venue(slug)


def _venue(slug: str) -> Venue:
    try:
        return Venue.objects.get(slug=slug)
    except Venue.DoesNotExist:
        raise Http404("No such venue.") from None


def _membership(request: HttpRequest, slug: str) -> Membership | None:
    """The member, None when nobody is signed in. Raises Http404 for somebody who does not work here."""
    if not request.user.is_authenticated:
        return None
    member = (
        Membership.objects.select_related("venue", "staff")
        .filter(venue__slug=slug, staff_id=request.user.pk, is_active=True)
        .first()
    )
    if member is None:
        raise Http404("No such venue.")
    return member


def _ask_to_sign_in(request: HttpRequest, venue: Venue) -> HttpResponse:
    if request.content_type == "application/json":
        error = {"code": "signed_out", "message": "Sign in to go on. Nothing is lost."}
        return JsonResponse({"error": error}, status=HTTP_SIGNED_OUT)
    page = "switch_user" if till_of(request, venue) else "login"
    return _go(request, _with_next(request, reverse(page, args=[venue.slug])))


def _with_next(request: HttpRequest, url: str) -> str:
    # A fragment's address is no page to come back to; the page that asked for it is.
    wanted = request.get_full_path()
    details = getattr(request, "htmx", None)
    if details:
        wanted = details.current_url_abs_path or ""
    elif request.method != "GET":
        wanted = ""
    return f"{url}?{urlencode({'next': wanted})}" if wanted else url


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def json_body(request: HttpRequest) -> Any:
    """The JSON that a page of ours sent. Raises ValueError."""
    return json.loads(request.body)
