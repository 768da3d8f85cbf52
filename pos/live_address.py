"""Where the browser finds the live WebSockets: beside the page, behind the same proxy, or where LIVE_URL says."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def live_url(request: HttpRequest) -> str:
    """The base URL of the WebSockets for the browser that made this request; ends in /ws/."""
    if settings.LIVE_URL:
        return str(settings.LIVE_URL)
    scheme = "wss" if request.is_secure() else "ws"
    # urlsplit keeps the brackets of an IPv6 address apart from its port.
    host = urlsplit(f"//{request.get_host()}").netloc
    if settings.PRODUCTION:
        # The proxy passes this path on to the live port.
        return f"{scheme}://{host}/ws/"
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return f"{scheme}://{name}:{settings.LIVE_PORT}/ws/"


def context(request: HttpRequest) -> dict[str, str]:
    """Template context: live_url."""
    return {"live_url": live_url(request)}


class LiveAddressMiddleware:
    """Lets a page connect to the live WebSockets, which listen on another port than the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            address = urlsplit(live_url(request))
            update = dict(getattr(response, "_csp_update", None) or {})
            update["connect-src"] = [*update.get("connect-src", []), f"{address.scheme}://{address.netloc}"]
            response._csp_update = update  # type: ignore[attr-defined]
        return response
