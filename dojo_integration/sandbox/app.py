"""The sandbox as an ASGI application: Dojo's API, the gateway at /epos, the controls, and one page that says so.

What an operation does happens in threads, each on a database connection of its own; what a fault does to its answer
happens here.
"""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.db import close_old_connections

from dojo_integration.sandbox import control, faults, front, gateway
from dojo_integration.sandbox.api import Asked, Family, Refusal, Reply, not_found, parsed, perform
from dojo_integration.sandbox.models import Call, Fault
from dojo_integration.sandbox.operations import OPERATIONS

log = structlog.get_logger(__name__)

THREADS = 12
CONTROL_THREADS = 64
LARGEST_BODY = 1024 * 1024
SECRET_HEADERS = {"authorization", "cookie"}
PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
GARBAGE = b'{"id": "pi_\xff\xfe <html>'

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sandbox")
# Of their own: they wait for the POS, who may well ask us before it answers.
_control_threads = ThreadPoolExecutor(CONTROL_THREADS, thread_name_prefix="sandbox-control")


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes back over the wire, and what becomes of it on its way."""

    status: int
    body: bytes
    headers: dict[str, str]
    delay: float = 0
    is_cut: bool = False
    clock_is_ahead: float = 0


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        return await gateway.serve(scope, receive, send)
    asked = await _read(scope, receive)
    is_local = (scope.get("client") or ["", 0])[0] in ("127.0.0.1", "::1")
    threads = _control_threads if asked.path.startswith(control.PREFIX) else _threads
    sent = await asyncio.get_running_loop().run_in_executor(threads, _answer, asked, is_local)
    if sent.delay:
        await asyncio.sleep(sent.delay)
    if sent.is_cut:
        return scope["sandbox.cut"]()
    headers = [(name.encode(), value.encode()) for name, value in sent.headers.items()]
    headers.append((b"date", formatdate(time.time() + sent.clock_is_ahead, usegmt=True).encode()))
    if sent.status != 204:
        headers.append((b"content-length", str(len(sent.body)).encode()))
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    await send({"type": "http.response.body", "body": sent.body})
    return None


async def _read(scope: Any, receive: Any) -> Asked:
    body, more = bytearray(), True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False) and len(body) <= LARGEST_BODY
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=bytes(body),
    )


def _answer(asked: Asked, is_local: bool) -> Sent:
    close_old_connections()
    try:
        if asked.path == "/":
            return Sent(200, front.page().encode(), PAGE_HEADERS)
        if asked.path.startswith(control.PREFIX):
            return _wrapped(control.perform(asked, is_local=is_local))
        return _as_dojo(asked)
    except Exception:
        log.exception("the sandbox broke", request=asked.name)
        return _wrapped(Reply(500, Refusal(500, "The sandbox itself is broken; see its log.").body(Family.PAYMENTS)))
    finally:
        close_old_connections()


def _as_dojo(asked: Asked) -> Sent:
    if "\0" in asked.path:
        # Nothing has such a name, and PostgreSQL would not take it.
        return _wrapped(Reply(404, not_found("thing").body(Family.PAYMENTS)))
    began = time.monotonic()
    fault = faults.first_of(asked.name)
    if fault is None:
        reply = _perform(asked)
        sent = _wrapped(reply)
    else:
        # What is only slow or misdated is done all the same; anything else is not done at all, unless told so.
        is_done = fault.kind in ("delay", "clock") or fault.options.get("after", False)
        reply = _perform(asked) if is_done else Reply(0)
        sent = _spoilt(_wrapped(reply), fault)
    Call.objects.create(
        road="api",
        name=asked.name[:300],
        request=_readable(asked.body),
        headers={name: value for name, value in asked.headers.items() if name not in SECRET_HEADERS},
        response=reply.body,
        status=None if sent.is_cut else sent.status,
        milliseconds=round(1000 * (time.monotonic() - began)),
    )
    return sent


def _perform(asked: Asked) -> Reply:
    for operation in OPERATIONS:
        named = operation.match(asked)
        if named is not None:
            return perform(operation, asked, named)
    known = any(operation.matches_path(asked.path) for operation in OPERATIONS)
    refusal = Refusal(405, "Not with this method.") if known else Refusal(404, "The sandbox has nothing here.")
    return Reply(refusal.status, refusal.body(Family.PAYMENTS))


def _wrapped(reply: Reply) -> Sent:
    if reply.body is None:
        return Sent(reply.status, b"", dict(reply.headers))
    kind = "application/json" if reply.status < 400 else "application/problem+json"
    return Sent(reply.status, json.dumps(reply.body).encode(), {"content-type": kind, **reply.headers})


def _spoilt(sent: Sent, fault: Fault) -> Sent:
    """The answer as the fault leaves it."""
    options = fault.options
    delay = float(options.get("seconds", 0))
    match fault.kind:
        case "delay":
            return Sent(sent.status, sent.body, sent.headers, delay=delay)
        case "clock":
            return Sent(sent.status, sent.body, sent.headers, clock_is_ahead=delay)
        case "drop":
            return Sent(0, b"", {}, delay=delay, is_cut=True)
        case "garbage":
            return Sent(200, GARBAGE, {"content-type": "application/json"}, delay=delay)
        case "redirect":
            return Sent(302, b"", {"location": options.get("location", "http://127.0.0.1:9/")}, delay=delay)
    refusal = Refusal(int(options.get("status", 500)), "The sandbox was told to answer so.")
    headers = {"retry-after": str(options["retryAfter"])} if "retryAfter" in options else {}
    answered = _wrapped(Reply(refusal.status, refusal.body(Family.PAYMENTS), headers))
    return Sent(answered.status, answered.body, answered.headers, delay=delay)


def _readable(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:
        return None
