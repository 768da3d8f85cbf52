"""What an answer of Dojo's API means: its body, or one of our errors."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from dojo_integration.dojo_api.errors import NotFound, Refused, Unauthorized, Unavailable, Unreachable
from dojo_integration.dojo_api.exchange import Answer
from dojo_integration.dojo_api.operations import Operation
from dojo_integration.dojo_api.reading import NOTHING, Body, part, text, words_of
from dojo_integration.redaction import redacted_text

MOST_PROBLEMS = 20

_TRACE = re.compile(r"[A-Za-z0-9._:|-]{1,80}")
_SECONDS = re.compile(r"[0-9]{1,9}")
# None of these was worked on; each may be a moment later.
_LATER = frozenset({408, 425, 429})


def body_of(answer: Answer) -> Any:
    """The answer's JSON, None for an empty body. Raises ValueError."""
    return orjson.loads(answer.body) if answer.body.strip() else None


def raise_for(operation: Operation, answer: Answer, body: Any) -> None:
    """Raises what the status means, unless it is a success."""
    status = answer.status
    if 200 <= status < 300:
        return
    told = (operation.method, operation.path, status, trace_id(body))
    if status in (401, 403):
        raise Unauthorized(*told)
    if status == 404:
        raise NotFound(*told)
    if status in _LATER or status >= 500:
        raise Unavailable(*told, retry_after=retry_after(answer.headers))
    if status >= 400:
        raise Refused(*told, problems=problems(body))
    # A redirect leads away from Dojo, with whatever the request holds.
    raise Unreachable(*told)


def trace_id(body: Any) -> str:
    """What Dojo's people would ask for."""
    found = _object(body)
    found_id = text(found, "traceId") or text(part(found, "extensions"), "traceId")
    return found_id if _TRACE.fullmatch(found_id) else ""


def problems(body: Any) -> dict[str, tuple[str, ...]]:
    """What is wrong where; the whole body's fault stands under ""."""
    found = _object(body)
    errors = part(found, "errors")
    named = {redacted_text(str(name)): _sentences(said) for name, said in list(errors.items())[:MOST_PROBLEMS]}
    said = text(found, "detail", "title", "message")
    return named or ({"": (redacted_text(said),)} if said else {})


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds Dojo wants to be left alone."""
    written = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(written):
        return float(written)
    until = http_date(written)
    if until is None:
        return None
    # By Dojo's clock where it says how late it is there.
    return max((until - (http_date(headers.get("Date", "")) or datetime.now(UTC))).total_seconds(), 0.0)


def http_date(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _sentences(said: Any) -> tuple[str, ...]:
    listed = said if isinstance(said, list) else [said]
    return tuple(redacted_text(words) for one in listed[:MOST_PROBLEMS] if (words := words_of(one)))


def _object(body: Any) -> Body:
    return body if isinstance(body, Mapping) else NOTHING
