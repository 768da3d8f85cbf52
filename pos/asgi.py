"""The live port: WebSockets for the screens, and nothing else. Pages and /v1 are HTTP (pos.wsgi)."""

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pos.settings.base")
# Sets Django up, which everything imported below needs; the application itself serves no request here.
get_asgi_application()

from pos.live_routes import websocket_routes  # noqa: E402


async def _only_websockets(scope: Any, receive: Any, send: Any) -> None:
    """Plain HTTP on this port: a probe, or somebody who mistook it for the pages."""
    alive = scope["path"] == "/healthz"
    body = b'{"status": "ok"}' if alive else b"This port speaks WebSockets only.\n"
    kind = b"application/json" if alive else b"text/plain"
    status = 200 if alive else 426
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


application = ProtocolTypeRouter(
    {
        "http": _only_websockets,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_routes()))),
    }
)
