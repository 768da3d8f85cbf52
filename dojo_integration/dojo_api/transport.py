"""A call to Dojo's API: what is sent with it, how often it is tried, and what is told of it."""

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import orjson
import structlog
from django.conf import settings
from django.db import connection

from dojo_integration.accounts import DojoAccount
from dojo_integration.dojo_api.errors import DojoError, NotFound, Unauthorized, Unavailable, Unreachable
from dojo_integration.dojo_api.exchange import Answer, Exchange, NoAnswer, Unsendable
from dojo_integration.dojo_api.meaning import body_of, http_date, raise_for, trace_id
from dojo_integration.dojo_api.operations import Operation
from dojo_integration.dojo_api.reading import Garbled
from dojo_integration.redaction import redacted, redacted_text
from pos import events

log = structlog.get_logger(__name__)

DEADLINE = 10.0
TRIES = 3
FIRST_PAUSE = 0.2
PROMPT = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was made, as a manager may see it."""

    direction: str
    method: str
    path: str
    status: int | None
    duration_ms: int
    trace_id: str
    request_body: Any
    response_body: Any


OnCall = Callable[[Call], None]
# What time it was at Dojo, and here.
OnDate = Callable[[datetime, datetime], None]


@dataclass(slots=True, kw_only=True)
class _Running:
    """A call on its way: what is sent, and what is known of it so far."""

    operation: Operation
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]
    began: float
    until: float
    tries: int = 0
    status: int | None = None
    answered: Any = None

    @property
    def left(self) -> float:
        return self.until - time.monotonic()


class Transport:
    def __init__(
        self, account: DojoAccount, *, deadline: float, on_call: OnCall | None, on_date: OnDate | None
    ) -> None:
        self._account = account
        self._deadline = deadline
        self._on_call = on_call
        self._on_date = on_date
        self._exchange = Exchange()

    def close(self) -> None:
        self._exchange.close()

    def call(
        self,
        operation: Operation,
        *ids: str,
        read: Callable[[Any], T],
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What the answer's JSON (None: empty) reads as. Raises DojoError, all within the deadline."""
        _refuse_in_a_transaction()
        now = time.monotonic()
        call = _Running(
            operation=operation,
            path=_path(operation, ids),
            query=query or {},
            body=body,
            headers=self._headers(operation) | dict(headers or {}),
            began=now,
            until=now + self._deadline,
        )
        try:
            return read(self._persist(call))
        except Garbled:
            raise Unreachable(operation.method, operation.path, call.status) from None
        finally:
            self._tell(call)

    def _persist(self, call: _Running) -> Any:
        while True:
            call.tries += 1
            try:
                return self._once(call)
            except DojoError as error:
                pause = _pause(call.operation, error, call.tries)
                if pause is None or pause >= call.left:
                    raise
                time.sleep(pause)

    def _once(self, call: _Running) -> Any:
        operation = call.operation
        call.status = call.answered = None
        try:
            answer = self._exchange.do(
                operation.method,
                self._account.api_url.rstrip("/") + call.path,
                headers=call.headers,
                query=call.query,
                body=None if call.body is None else orjson.dumps(call.body),
                seconds=max(call.left, 0.001),
            )
        except NoAnswer as error:
            raise Unreachable(operation.method, operation.path, was_sent=error.was_sent) from None
        except Unsendable:
            raise Unauthorized(operation.method, operation.path) from None
        call.status = answer.status
        try:
            call.answered = body_of(answer)
        except ValueError:
            # An error's status says enough; of a success the body is wanted.
            if answer.status < 400:
                raise Unreachable(operation.method, operation.path, answer.status) from None
        else:
            self._note_date(answer)
        raise_for(operation, answer, call.answered)
        return call.answered

    def _headers(self, operation: Operation) -> dict[str, str]:
        account = self._account
        headers = {
            # Literally the key: Dojo's Basic is not base64.
            "Authorization": f"Basic {account.api_key}",
            "version": settings.DOJO_API_VERSION,
            "software-house-id": account.software_house_id,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Tableside",
        }
        if account.reseller_id and operation.path.startswith(tuple(settings.DOJO_RESELLER_PATHS)):
            headers["reseller-id"] = account.reseller_id
        return headers

    def _note_date(self, answer: Answer) -> None:
        """Only of what Dojo itself says, and says at once: a late answer's date is an old one."""
        date = http_date(answer.headers.get("Date", ""))
        if date is not None and answer.waited <= PROMPT and self._on_date is not None:
            self._on_date(date, answer.heard_at)

    def _tell(self, call: _Running) -> None:
        operation, trace = call.operation, trace_id(call.answered)
        duration_ms = round((time.monotonic() - call.began) * 1000)
        log.info(
            "called Dojo",
            method=operation.method,
            path=operation.path,
            status=call.status,
            duration_ms=duration_ms,
            tries=call.tries,
            dojo_trace_id=trace,
        )
        if self._on_call is None:
            return
        told = Call(
            direction="out",
            method=operation.method,
            path=redacted_text(call.path),
            status=call.status,
            duration_ms=duration_ms,
            trace_id=trace,
            request_body=redacted(call.body),
            response_body=redacted(call.answered),
        )
        try:
            self._on_call(told)
        except Exception:
            # Money may have moved: whoever listens does not get to lose the answer.
            log.exception("a call to Dojo was not noted")


def _refuse_in_a_transaction() -> None:
    """While Dojo thinks, rows would stay locked and the till stand still. Raises RuntimeError."""
    # Django itself marks the transaction that a test runs in; it is none of ours.
    ours = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if events.is_collecting() or ours:
        raise RuntimeError("Dojo is never called inside a transaction: commit first")


def _path(operation: Operation, ids: tuple[str, ...]) -> str:
    """The template with its ids. Raises NotFound for what can be nobody's id."""
    if any(not one.strip(".") for one in ids):
        # Between slashes these would mean another path.
        raise NotFound(operation.method, operation.path)
    given = iter(ids)
    return re.sub(r"\{\w+\}", lambda _: quote(next(given), safe=""), operation.path)


def _pause(operation: Operation, error: DojoError, tries: int) -> float | None:
    """How long to wait before the next try, None for never."""
    if tries >= TRIES:
        return None
    jittered = FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.5, 1)
    match error:
        case Unreachable(was_sent=False):
            return jittered
        case Unreachable(status=None) if operation.is_repeatable:
            return jittered
        case Unavailable() if operation.is_repeatable:
            return max(error.retry_after or 0.0, jittered)
    return None
