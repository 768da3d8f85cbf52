"""The REST road: HTTP in, one call, HTTP out; everything under /v1 and /webhooks answers Dojo's EPOSError when it
refuses.

Nothing here knows an order. What one path can do by which verb comes from the capability table.
"""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt

from dojo_integration import call_log, capabilities
from dojo_integration.auth import NotAuthenticated, venue_of
from dojo_integration.capabilities import Capability
from dojo_integration.models import Road
from dojo_integration.parsers import MAX_BYTES, parse_object, too_large
from dojo_integration.wire import errors
from dojo_integration.wire.errors import EposError
from dojo_integration.wire.requester import RequesterHint, read_requester
from pos.errors import Busy, InvalidRequest
from pos.models import Venue
from pos.permissions import Actor, Requester

log = structlog.get_logger(__name__)

JSON = "application/json"
# Should a browser be made to show an answer as a page, nothing in it does anything.
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
# Dojo's capabilities, and what it posts of its own accord.
_PREFIX = re.compile(r"/(v1|webhooks)(/|\Z)")
_OUR_TRACE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_NOT_WANTED = re.compile(r"q=0(\.0*)?")

View = TypeVar("View", bound=Callable[..., HttpResponse])

ByVerb = Mapping[str, Callable[[Mapping[str, Any]], Capability]]
"""What a path can do: per verb, the capability that the body asks for."""


@dataclass(slots=True)
class Seen:
    """What is known of a request, as far as it has come."""

    road: Road
    venue: Venue | None = None
    capability: str | None = None
    body: bytes = b""

    @property
    def in_short(self) -> dict[str, Any]:
        venue = None if self.venue is None else self.venue.slug
        return {"road": self.road.value, "capability": self.capability, "venue": venue}


class Refused(Exception):
    """HTTP itself is wrong, before any capability is reached."""

    def __init__(self, status: int, error_type: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.error = EposError(status, error_type, message)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def for_machines(view: View) -> View:
    """Mark a view that brings its own credentials: DojoRoadMiddleware calls it past all that serves browsers."""
    view.is_for_machines = True  # type: ignore[attr-defined]
    return csrf_exempt(view)


def endpoint(by_verb: ByVerb) -> Callable[..., HttpResponse]:
    """The view of one path."""

    @for_machines
    def view(request: HttpRequest, **path_params: str) -> HttpResponse:
        return _answer(request, by_verb, path_params)

    return view


@for_machines
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Every other path of Dojo's."""
    return _answer(request, {}, {})


class EposErrorMiddleware:
    """What the framework itself refuses on Dojo's paths (a foreign host name, a broken request) is an EPOSError too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _PREFIX.match(request.path_info):
            return self.get_response(request)
        trace_id = _trace_id(request)
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            response = self.get_response(request)
            if response.status_code >= 400 and not _is_json(response):
                response = _refusal(_of_status(response.status_code))
        response.headers["trace-id"] = trace_id
        return response


class DojoRoadMiddleware:
    """Here Dojo's road leaves that of the pages: sessions, sign-in, CSRF and what else a browser needs come after.

    It stands behind SecurityMiddleware, which is for both, and checks the host name as CommonMiddleware does for pages.
    A page under /v1 goes on like any other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _PREFIX.match(request.path_info):
            return self.get_response(request)
        match = resolve(request.path_info)
        if not getattr(match.func, "is_for_machines", False):
            return self.get_response(request)
        request.get_host()
        response: HttpResponse = match.func(request, **match.kwargs)
        response.headers["Content-Security-Policy"] = NO_PAGE
        return response


def _answer(request: HttpRequest, by_verb: ByVerb, path_params: Mapping[str, str]) -> HttpResponse:
    return answered(Road.REST, request, lambda seen: _do(request, by_verb, path_params, seen))


def answered(road: Road, request: HttpRequest, work: Callable[[Seen], HttpResponse]) -> HttpResponse:
    """The answer to one request, or the refusal that its error means; and one line of log for it.

    ``work`` writes into what is seen of it as soon as it knows.
    """
    started = time.perf_counter()
    seen = Seen(road)
    try:
        response = work(seen)
        outcome = call_log.OK
    except Exception as error:
        response, outcome = refusal_of(error)
        if response.status_code >= 500:
            log.exception("capability failed", **seen.in_short)
    duration = round((time.perf_counter() - started) * 1000, 1)
    log.info("capability", **seen.in_short, outcome=outcome, status=response.status_code, duration_ms=duration)
    # Who is nobody's Dojo is in nobody's list.
    if seen.venue is not None:
        call_log.note_answered(
            venue_id=seen.venue.pk,
            road=road,
            capability=seen.capability,
            where=f"{request.method} {request.path_info}",
            outcome=outcome,
            began=started,
            trace_id=_current_trace_id(),
            request=seen.body,
            answer=response.content,
            status=response.status_code,
        )
    return response


def _do(request: HttpRequest, by_verb: ByVerb, path_params: Mapping[str, str], seen: Seen) -> HttpResponse:
    choose = _by_verb(request, by_verb)
    seen.venue = venue = _authenticate(request)
    _check_accept(request)
    body = _read_object(request, seen) if request.method in ("POST", "PUT") else {}
    capability = choose(body)
    seen.capability = capability.name
    # Extra fields of the body are let be, but the path says which thing is meant.
    actor = Actor.dojo(venue, _requester(request), road=Road.REST)
    answer = capabilities.call(capability, {**body, **path_params}, actor)
    if capability.rest_shape is not None:
        answer = capability.rest_shape.of_answer(answer)
    return _json(answer) if answer else nothing()


def _by_verb(request: HttpRequest, by_verb: ByVerb) -> Callable[[Mapping[str, Any]], Capability]:
    if not by_verb:
        raise Refused(404, errors.NOT_FOUND, "There is nothing at this path.")
    choose = by_verb.get("GET" if request.method == "HEAD" else request.method or "")
    if choose is None:
        allowed = ", ".join(sorted(by_verb))
        message = f"{request.method} is not possible here, {allowed} is."
        raise Refused(405, errors.INVALID_REQUEST, message, Allow=allowed)
    return choose


def _authenticate(request: HttpRequest) -> Venue:
    try:
        return venue_of(request.META.get("HTTP_AUTHORIZATION", ""))
    except NotAuthenticated:
        challenge = 'Basic realm="Tableside", charset="UTF-8"'
        message = "These are not the credentials of any venue."
        raise Refused(401, errors.INVALID_REQUEST, message, WWW_Authenticate=challenge) from None


def _check_accept(request: HttpRequest) -> None:
    accept = request.META.get("HTTP_ACCEPT", "").strip()
    if accept and not any(_is_readable(kind) for kind in accept.lower().split(",")):
        raise Refused(406, errors.INVALID_REQUEST, f"The answer would be {JSON}, which the request does not accept.")


def _is_readable(media_range: str) -> bool:
    """Say whether JSON fits one part of an Accept header. Django's own reading takes a charset for another type."""
    kind, *params = (part.strip() for part in media_range.split(";"))
    return kind in ("*/*", "application/*", JSON) and not any(_NOT_WANTED.fullmatch(param) for param in params)


def _read_object(request: HttpRequest, seen: Seen) -> dict[str, Any]:
    kind = request.content_type or JSON
    if not (kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Refused(415, errors.INVALID_REQUEST, f"The request has to be {JSON}, it is {kind}.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.strip("\"'").lower() not in ("utf-8", "utf8"):
        raise Refused(415, errors.INVALID_REQUEST, "JSON is written in UTF-8.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise Refused(415, errors.INVALID_REQUEST, "The request has to come uncompressed.")
    seen.body = read_body(request)
    return parse_object(seen.body)


def read_body(request: HttpRequest) -> bytes:
    header = request.META.get("CONTENT_LENGTH") or ""
    length = int(header) if header.isdigit() else None
    if length is not None and length > MAX_BYTES:
        raise too_large()
    try:
        if length is None and request.META.get("wsgi.input_terminated"):
            # A chunked request, as .NET clients send them: Django would read no byte without a length.
            return _read_stream(request.META["wsgi.input"])
        body = _read_stream(request)
    except UnreadablePostError as error:
        raise InvalidRequest("The request broke off.") from error
    if length is not None and len(body) < length:
        raise InvalidRequest("The request broke off.")
    return body


def _read_stream(stream: Any) -> bytes:
    parts: list[bytes] = []
    left = MAX_BYTES + 1
    while left and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _requester(request: HttpRequest) -> Requester:
    return read_requester(lambda hint: _header(request, hint))


def _header(request: HttpRequest, hint: RequesterHint) -> str:
    raw: str = request.META.get(f"HTTP_{hint.header.upper().replace('-', '_')}", "")
    # WSGI hands headers over as Latin-1, whatever they were written in.
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def refusal_of(error: Exception) -> tuple[HttpResponse, str]:
    """The EPOSError for what went wrong, and its type."""
    if isinstance(error, Refused):
        response = _refusal(error.error)
        for name, value in error.headers.items():
            response.headers[name] = value
        return response, error.error.error_type
    told = errors.epos_error(error)
    response = _refusal(told)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = "1"
    return response, told.error_type


def _refusal(error: EposError) -> HttpResponse:
    return _json(error.as_json(_current_trace_id()), status=error.status)


def nothing() -> HttpResponse:
    """Success and not a byte: no JSON, so nothing that says it is JSON."""
    response = _json(b"")
    del response.headers["Content-Type"]
    return response


def _json(body: bytes, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, content_type=JSON, status=status)
    response.headers["Content-Length"] = str(len(body))
    response.headers["Cache-Control"] = "no-store"
    # Django would log each refusal a second time, without saying which capability or venue.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _current_trace_id() -> str:
    trace_id: str = structlog.contextvars.get_contextvars().get("trace_id", "")
    return trace_id


def _trace_id(request: HttpRequest) -> str:
    offered = request.META.get("HTTP_X_REQUEST_ID", "")
    return offered if _OUR_TRACE.fullmatch(offered) else uuid.uuid4().hex


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith(JSON)


def _of_status(status: int) -> EposError:
    if status == 404:
        return EposError(status, errors.NOT_FOUND, "There is nothing at this path.")
    if status < 500:
        return EposError(status, errors.INVALID_REQUEST, "This request cannot be read.")
    return EposError(status, errors.UNEXPECTED, "Something went wrong here; it is logged under this trace id.")
