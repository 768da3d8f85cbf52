"""Dojo's end of the WebSocket: the POS dials, we ask, and an answer is matched by its id.

Several connections of one software house may be open; only the newest is asked, as Dojo does it, and when it closes
the one before it again.
"""

import asyncio
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import responses
from typing import Any

import structlog
from django.db import close_old_connections
from django.utils import timezone

from dojo_integration.sandbox import faults, moments
from dojo_integration.sandbox.accounts import account_of_key
from dojo_integration.sandbox.api import Json
from dojo_integration.sandbox.models import Call

log = structlog.get_logger(__name__)

PATH = "/epos"
HANDSHAKE = f"GATEWAY {PATH}"
POLICY_VIOLATION = 1008

_threads = ThreadPoolExecutor(2, thread_name_prefix="sandbox-gateway")


class Unanswered(Exception):
    """The POS did not answer, or not so that it can be understood: whether it has done anything is not known."""


@dataclass(eq=False)
class Line:
    """One open connection."""

    account_id: str
    software_house: str
    send: Any
    cut: Any
    close: Any
    since: str
    waiting: dict[str, "asyncio.Future[Json]"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Verdict:
    account_id: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    is_cut: bool = False
    hangs_up: int = 0


lines: list[Line] = []
_loop: asyncio.AbstractEventLoop | None = None


def run_on(loop: asyncio.AbstractEventLoop) -> None:
    """Say on which loop the connections are."""
    global _loop
    _loop = loop


# ---- the POS dials


async def serve(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    loop = asyncio.get_running_loop()
    verdict = await loop.run_in_executor(_threads, _judge, scope["path"], headers)
    await asyncio.sleep(verdict.delay)
    if verdict.is_cut:
        return scope["sandbox.cut"]()
    if verdict.status:
        return scope["sandbox.refuse"](verdict.status, responses.get(verdict.status, "No"), verdict.headers)
    await send({"type": "websocket.accept"})
    if verdict.hangs_up:
        return scope["sandbox.close"](verdict.hangs_up)
    line = Line(
        account_id=verdict.account_id,
        software_house=headers["software-house-id"],
        send=send,
        cut=scope["sandbox.cut"],
        close=scope["sandbox.close"],
        since=moments.written(timezone.now()),
    )
    lines.append(line)
    try:
        while (event := await receive())["type"] != "websocket.disconnect":
            _hear(line, event)
    finally:
        lines.remove(line)
        for waiting in line.waiting.values():
            if not waiting.done():
                waiting.set_exception(Unanswered("The connection was lost before an answer came."))
    return None


def _judge(path: str, headers: dict[str, str]) -> _Verdict:
    close_old_connections()
    try:
        verdict = _verdict(path, headers)
        shown = {name: value for name, value in headers.items() if name != "authorization"}
        Call.objects.create(road="gateway", name=HANDSHAKE, headers=shown, status=verdict.status or 101)
        return verdict
    finally:
        close_old_connections()


def _verdict(path: str, headers: dict[str, str]) -> _Verdict:
    if path != PATH:
        return _Verdict(status=404)
    delay = 0.0
    for fault in faults.all_of(HANDSHAKE):
        options = fault.options
        match fault.kind:
            case "drop":
                return _Verdict(is_cut=True)
            case "status":
                retry = {"Retry-After": str(options["retryAfter"])} if "retryAfter" in options else {}
                return _Verdict(status=int(options.get("status", 500)), headers=retry)
            case "redirect":
                return _Verdict(status=302, headers={"Location": str(options.get("location", "ws://127.0.0.1:9/"))})
            case "hang_up":
                return _Verdict(hangs_up=int(options.get("code", POLICY_VIOLATION)))
            case "delay":
                delay += float(options.get("seconds", 1))
    scheme, _, key = headers.get("authorization", "").partition(" ")
    account = account_of_key(key) if scheme == "Basic" else None
    if account is None:
        return _Verdict(status=401)
    if not headers.get("software-house-id"):
        return _Verdict(status=403)
    return _Verdict(account_id=account.pk, delay=delay)


def _hear(line: Line, event: Any) -> None:
    try:
        frame = json.loads(event.get("text") or event.get("bytes") or "")
        waiting = line.waiting.get(frame["id"])
    except (ValueError, TypeError, KeyError):
        log.warning("the POS sent a frame that is no answer", beginning=str(event.get("text"))[:200])
        return
    if waiting is None:
        log.info("an answer that nobody waits for any more", id=frame["id"])
    elif not waiting.done():
        waiting.set_result(frame)


# ---- the POS is asked


def ask(account_id: str, method: str, params: Json, *, seconds: float, times: int = 1, is_cut: bool = False) -> Json:
    """The frame with which the POS answers; for threads. Raises Unanswered.

    With ``times`` the same request goes out several times, with ``is_cut`` the connection is cut right behind it.
    """
    if _loop is None:
        raise Unanswered("The gateway does not run.")
    asking = _ask(account_id, method, params, seconds=seconds, times=times, is_cut=is_cut)
    return asyncio.run_coroutine_threadsafe(asking, _loop).result()


async def _ask(account_id: str, method: str, params: Json, *, seconds: float, times: int, is_cut: bool) -> Json:
    line = next((line for line in reversed(lines) if line.account_id == account_id), None)
    if line is None:
        raise Unanswered("No POS is connected to the gateway.")
    id_ = str(uuid.uuid4())
    line.waiting[id_] = waiting = asyncio.get_running_loop().create_future()
    frame = json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
    try:
        for _ in range(times):
            await line.send({"type": "websocket.send", "text": frame})
        if is_cut:
            line.cut()
        async with asyncio.timeout(seconds):
            return await waiting
    except TimeoutError:
        raise Unanswered(f"The POS has not answered within {seconds:g} s.") from None
    finally:
        line.waiting.pop(id_, None)


def close_all(*, code: int | None) -> int:
    """Close every connection, without a word where there is no code; says how many there were. For threads."""
    if _loop is None:
        return 0

    async def close() -> int:
        open_now = list(lines)
        for line in open_now:
            if code is None:
                line.cut()
            else:
                line.close(code)
        return len(open_now)

    return asyncio.run_coroutine_threadsafe(close(), _loop).result()
