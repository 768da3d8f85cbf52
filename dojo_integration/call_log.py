"""The last calls between Dojo and a venue, by every road, for its manager to look at.

Whoever makes or answers a call only leaves it here, raw, and goes on. A thread of its own takes out what is nobody's
business and keeps the newest in Redis; under load it leaves some out rather than take time from those who answer. No
call waits for it, writes a row for it or fails with it, and a Redis that is gone costs nothing but the list.
"""

import atexit
import os
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import orjson
import structlog
from django.conf import settings
from redis import Redis

from dojo_integration.dojo_api.transport import Call, OnCall
from dojo_integration.models import Road
from dojo_integration.redaction import redacted, redacted_text
from pos import live
from pos.events import CallsNoted

log = structlog.get_logger(__name__)

KEPT = 100
KEPT_FOR = 7 * 24 * 3600
# How long the thread rests after each turn, and how much of the processor a turn may take from those who answer: a
# twenty-fifth at the most, however fast calls come.
PAUSE = 0.5
TURN = 0.02
REDIS_TIMEOUT = 2.0
# One line of log for a Redis that stays away.
QUIET_SECONDS = 30.0

LARGEST_BODY = 64 * 1024
LONGEST_BODY = 4000
# Of a page of orders the first ones say what it looks like.
MOST_ALIKE = 5
LONGEST_WORDS = 160

API = "api"
OK = "ok"
NO_ANSWER = "no answer"
TOO_LARGE = "(too large to be shown)"
NOT_JSON = "(not JSON, so it is not shown)"

Body = bytes | Mapping[str, Any] | str | None
"""As it came or as it was read; a text says why it is not shown."""


@dataclass(slots=True)
class RawCall:
    """A call as it went over the wire, names and cards and all: it stays in this process."""

    venue_id: int
    road: str
    """One of Road's, or API: then it was we who called."""
    capability: str
    where: str
    """Verb and path, or the method of JSON-RPC."""
    status: int | None
    outcome: str
    at: float
    seconds: float
    trace_id: str
    request: Body
    answer: Body


def note(call: RawCall) -> None:
    """Leave a call for the list; never waits, never raises."""
    try:
        (_current or _start()).take(call)
    except RuntimeError:
        # No thread can be started, because the process is about to end.
        return


def note_answered(
    *,
    venue_id: int,
    road: Road,
    capability: str | None,
    where: str,
    outcome: str,
    began: float,
    trace_id: str,
    request: Body,
    answer: Body,
    status: int | None = None,
) -> None:
    """Leave a call of Dojo's that was just answered; it ``began`` by ``time.perf_counter()``."""
    seconds = time.perf_counter() - began
    note(
        RawCall(
            venue_id=venue_id,
            road=road.value,
            capability=capability or "",
            where=where,
            status=status,
            outcome=outcome,
            at=time.time() - seconds,
            seconds=seconds,
            trace_id=trace_id,
            request=_bounded(request),
            answer=_bounded(answer),
        )
    )


def noting(venue_id: int) -> OnCall:
    """What tells of a venue's calls to Dojo's API."""
    return partial(_note_made, venue_id)


def flush(timeout: float = 2.0) -> bool:
    """Wait until everything left here so far was kept or given up; False when it took longer."""
    return _current is None or _current.wait(timeout)


def skipped() -> int:
    """How many calls of this process came into no list, about."""
    return 0 if _current is None else _current.skipped


def key_of(venue_id: int) -> str:
    return f"tableside-calls:{venue_id}"


@cache
def redis_at(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)


def _note_made(venue_id: int, call: Call) -> None:
    seconds = call.duration_ms / 1000
    if call.status is None:
        outcome = NO_ANSWER
    else:
        outcome = OK if call.status < 400 else "refused"
    note(
        RawCall(
            venue_id=venue_id,
            road=API,
            capability="",
            where=f"{call.method} {call.path}",
            status=call.status,
            outcome=outcome,
            at=time.time() - seconds,
            seconds=seconds,
            trace_id=call.trace_id,
            request=call.request_body,
            answer=call.response_body,
        )
    )


def _bounded(body: Body) -> Body:
    """Nothing large waits in memory to be looked at."""
    return TOO_LARGE if isinstance(body, bytes) and len(body) > LARGEST_BODY else body


class _Log:
    """The newest calls of this process and the thread that keeps them; made when the first one comes."""

    def __init__(self) -> None:
        self.skipped = 0
        self._calls: deque[RawCall] = deque(maxlen=KEPT)
        self._has_some = threading.Event()
        self._hurry = threading.Event()
        self._is_busy = False
        self._last_complaint = 0.0
        threading.Thread(target=self._run, name="call-log", daemon=True).start()

    def take(self, call: RawCall) -> None:
        if len(self._calls) == KEPT:
            self.skipped += 1
        self._calls.append(call)
        # Waking a thread costs more than all else here: once for many calls.
        if not self._has_some.is_set():
            self._has_some.set()

    def wait(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._calls or self._is_busy:
            if time.monotonic() > deadline:
                return False
            self._hurry.set()
            time.sleep(0.005)
        return True

    def _run(self) -> None:
        while True:
            self._has_some.wait()
            self._is_busy = True
            self._has_some.clear()
            shown = self._shown()
            try:
                _keep(shown)
            except Exception as error:
                # Whatever a sick Redis raises: the list is a convenience, and this thread must live on.
                self._complain(sum(map(len, shown.values())), f"{type(error).__name__} {error}".strip())
            finally:
                self._is_busy = False
            if self._calls:
                self._has_some.set()
            self._hurry.wait(PAUSE)
            self._hurry.clear()

    def _shown(self) -> Mapping[int, Sequence[bytes]]:
        """The calls of each venue as they may be seen, oldest first; what is too much waits for the next turn."""
        by_venue: dict[int, list[bytes]] = defaultdict(list)
        until = time.thread_time() + TURN
        while self._calls and time.thread_time() < until:
            call = self._calls.popleft()
            try:
                by_venue[call.venue_id].append(_shown(call))
            except Exception as error:
                self._complain(1, f"{type(error).__name__} {error}")
        return by_venue

    def _complain(self, count: int, why: str) -> None:
        self.skipped += count
        now = time.monotonic()
        if now - self._last_complaint >= QUIET_SECONDS:
            log.warning("the last calls could not be kept", skipped=self.skipped, error=why[:200])
            self._last_complaint = now


def _keep(by_venue: Mapping[int, Sequence[bytes]]) -> None:
    if not by_venue:
        return
    with redis_at(settings.REDIS).pipeline(transaction=False) as pipeline:
        for venue_id, entries in by_venue.items():
            pipeline.lpush(key_of(venue_id), *entries)
            pipeline.ltrim(key_of(venue_id), 0, KEPT - 1)
            pipeline.expire(key_of(venue_id), KEPT_FOR)
        pipeline.execute()
    live.push([CallsNoted(venue_id=venue_id) for venue_id in by_venue])


def _shown(call: RawCall) -> bytes:
    """A call as it may be seen."""
    return orjson.dumps(
        {
            "id": uuid.uuid4().hex,
            "road": call.road,
            "capability": call.capability,
            "where": redacted_text(call.where)[:LONGEST_WORDS],
            "status": call.status,
            "outcome": call.outcome,
            "at": call.at,
            "ms": round(call.seconds * 1000, 1),
            "trace_id": call.trace_id[:LONGEST_WORDS],
            "request": _body(call.request),
            "answer": _body(call.answer),
        }
    )


def _body(body: Body) -> str:
    if not body:
        return ""
    if isinstance(body, str):
        return body
    try:
        # A short list first, because taking things out of a long one takes long.
        parsed = redacted(_shortened(orjson.loads(body) if isinstance(body, bytes) else body))
        text = orjson.dumps(parsed, option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError, RecursionError):
        # What cannot be read cannot be searched for what has to be hidden.
        return NOT_JSON
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n…"


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        left_out = [f"… {len(value) - MOST_ALIKE} more"] if len(value) > MOST_ALIKE else []
        return [_shortened(one) for one in value[:MOST_ALIKE]] + left_out
    return value


_lock = threading.Lock()
_current: _Log | None = None


def _start() -> _Log:
    global _current
    with _lock:
        if _current is None:
            _current = _Log()
        return _current


def _begin_anew() -> None:
    """A forked worker inherits the calls but not the thread, and perhaps a lock that somebody held."""
    global _current, _lock
    _current, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_begin_anew)


@atexit.register
def _finish() -> None:
    """A management command lives long enough for its calls to be seen."""
    flush(1.0)


def entries_of(venue_id: int) -> Iterable[bytes]:
    """What is kept of a venue's last calls, as JSON. Raises RedisError, OSError."""
    found: list[bytes] = redis_at(settings.REDIS).lrange(key_of(venue_id), 0, KEPT - 1)  # type: ignore[assignment]
    return found
