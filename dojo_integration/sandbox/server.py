"""The sandbox's process: daphne, and what ASGI has no words for: to cut, to refuse and to close with any code."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.server import Server
from django.db import connection

from dojo_integration.sandbox import accounts, clock
from dojo_integration.sandbox.app import application

LARGEST_FRAME = 8 * 1024 * 1024


class DeskServer(Server):
    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        scope["sandbox.cut"] = partial(_cut, protocol)
        scope["sandbox.refuse"] = partial(_refuse, protocol)
        scope["sandbox.close"] = partial(_close, protocol)
        return super().create_application(protocol, scope)


def _cut(protocol: Any) -> None:
    """Drop the connection without an answer."""
    holder = protocol.channel if hasattr(protocol, "channel") else protocol
    if holder is not None and holder.transport is not None:
        holder.transport.abortConnection()


def _close(protocol: Any, code: int) -> None:
    """Close a WebSocket with any code, also those that a server should keep to itself."""
    protocol.sendCloseFrame(code=code, reasonUtf8=b"", isReply=False)


def _refuse(protocol: Any, status: int, reason: str, headers: dict[str, str]) -> None:
    """Answer a WebSocket's handshake with a status of HTTP; ASGI knows 403 alone."""
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    protocol.transport.write(
        f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n{told}\r\n".encode()
    )
    protocol.transport.loseConnection()


def serve(*, host: str, port: int, key: str, when_ready: Callable[[], None] = lambda: None) -> None:
    """Play Dojo until the process is asked to stop."""
    accounts.own(key)
    accounts.open_own()
    connection.close()

    def ready() -> None:
        # What begins before the loop runs is begun by it.
        asyncio.get_event_loop().create_task(clock.run())
        when_ready()

    DeskServer(
        application,
        endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
        ready_callable=ready,
        server_name="",
        verbosity=0,
        application_close_timeout=2,
        websocket_max_message_size=LARGEST_FRAME,
        websocket_max_frame_size=LARGEST_FRAME,
    ).run()
    # What still waits for an answer of the POS must not hold up the end; it is due again after the next start.
    os._exit(0)
