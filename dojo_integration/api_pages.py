"""The API document and a page to read it and try it on: open to everybody, because nothing in them is secret."""

from collections.abc import Callable
from functools import cache, wraps

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page
from drf_spectacular.renderers import OpenApiYamlRenderer

from dojo_integration.api_document import api_document
from dojo_integration.rest import JSON, Refused, refusal_of
from dojo_integration.wire import errors

YAML = "application/yaml"
_KINDS = {"json": JSON, "yaml": YAML}
_ACCEPTED = {
    JSON: JSON,
    "application/vnd.oai.openapi+json": JSON,
    YAML: YAML,
    "application/vnd.oai.openapi": YAML,
    "application/x-yaml": YAML,
    "text/yaml": YAML,
}

# Swagger UI draws its signs from data: addresses and talks to this host; it needs no nonce, which is what lets the page
# be the same for everybody.
_DOCS_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

Page = Callable[[HttpRequest], HttpResponse]


def _open_to_read(page: Page) -> Page:
    """GET and HEAD without credentials; anything else is refused as everywhere under /v1."""

    @csrf_exempt
    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            if request.method not in ("GET", "HEAD"):
                message = f"{request.method} is not possible here, GET is."
                raise Refused(405, errors.INVALID_REQUEST, message, Allow="GET, HEAD")
            return page(request)
        except Refused as error:
            return refusal_of(error)[0]

    return view


@_open_to_read
@conditional_page
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, as JSON unless YAML is asked for by ?format= or Accept."""
    kind = _kind(request)
    response = HttpResponse(_written(kind), content_type=kind)
    # A new release shows within minutes; until then nobody has to ask.
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Vary"] = "Accept"
    return response


@_open_to_read
@conditional_page
def docs(request: HttpRequest) -> HttpResponse:
    """The document for people, with every call to try."""
    response = render(request, "dojo_integration/docs.html")
    response.headers["Content-Security-Policy"] = _DOCS_POLICY
    # It names static files of this release, which are gone after the next.
    response.headers["Cache-Control"] = "no-cache"
    return response


def _kind(request: HttpRequest) -> str:
    asked = request.GET.get("format")
    if asked is None:
        return _ACCEPTED.get(request.get_preferred_type(list(_ACCEPTED)) or "", JSON)
    if asked not in _KINDS:
        raise Refused(400, errors.INVALID_REQUEST, "format: is json or yaml.")
    return _KINDS[asked]


@cache
def _written(kind: str) -> bytes:
    if kind == YAML:
        written: bytes = OpenApiYamlRenderer().render(api_document())
        return written
    return orjson.dumps(api_document())
