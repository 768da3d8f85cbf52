"""The WebSocket road without the socket: a frame of JSON-RPC 2.0 in, the frame that answers it out.

Whatever comes is answered, or left alone where JSON-RPC says so; nothing here raises for what stands in a frame.
``read`` is cheap and asks nobody; ``answer`` calls the capabilities.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import structlog
from django.db import DatabaseError

from dojo_integration import call_log, capabilities, documents
from dojo_integration.capabilities import Capability, find
from dojo_integration.models import Road
from dojo_integration.parsers import NotJson, glimpse, parse
from dojo_integration.request_memory import RequestKey, request_key
from dojo_integration.wire import errors
from dojo_integration.wire.errors import EposError
from dojo_integration.wire.requester import read_requester
from pos.errors import InvalidRequest
from pos.models import Venue
from pos.permissions import Actor, Requester

log = structlog.get_logger(__name__)

VERSION = "2.0"
MOST_IN_A_BATCH = 100
LONGEST_METHOD = 100

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# JSON-RPC leaves -32000 to -32099 to the server.
BUSY = -32000
NOT_FOUND = -32004
CONFLICT = -32009

_CODES = {400: INVALID_PARAMS, 404: NOT_FOUND, 409: CONFLICT, 503: BUSY}

_NOBODY = b"null"
_GET_ORDER = find("GetOrderById")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request reaches no capability."""

    code: int
    error: EposError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of a frame, or what is wrong with it."""

    # As JSON, to be echoed as it came; None is a notification, which nobody waits for.
    id: bytes | None
    method: str
    capability: Capability | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    requester: Requester = field(default_factory=Requester)
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame asks for."""

    calls: tuple[Call, ...]
    is_batch: bool = False
    # Too large to be looked at afterwards.
    is_large: bool = False

    @property
    def is_quick_read(self) -> bool:
        """Whether all it asks for is an order by its id: one of the frames that can be answered together."""
        return not self.is_batch and [call.capability for call in self.calls] == [_GET_ORDER]

    @property
    def has_side_effects(self) -> bool:
        return any(call.capability.has_side_effects for call in self.calls if call.capability is not None)


def read(body: bytes) -> Frame:
    """Say what a frame asks for."""
    try:
        parsed = parse(body)
    except NotJson as error:
        return Frame((_refused(_NOBODY, "", PARSE_ERROR, error),))
    except InvalidRequest as error:
        seen = glimpse(body)
        # A field is called the same on both roads, whoever refuses it.
        named = InvalidRequest(error.message, field=error.field.removeprefix("params."))
        return Frame((_refused(_id_of(seen) or _NOBODY, _method_of(seen), INVALID_REQUEST, named),))
    is_large = len(body) > call_log.LARGEST_BODY
    if not isinstance(parsed, list):
        return Frame(_read_one(parsed), is_large=is_large)
    if not parsed or len(parsed) > MOST_IN_A_BATCH:
        no_batch = InvalidRequest(f"A batch holds 1 to {MOST_IN_A_BATCH} requests, this one {len(parsed)}.")
        return Frame((_refused(_NOBODY, "", INVALID_REQUEST, no_batch),))
    return Frame(tuple(call for one in parsed for call in _read_one(one)), is_batch=True, is_large=is_large)


def answer(frame: Frame, venue_id: int) -> bytes | None:
    """Do what a frame asks for in a venue; None where nobody waits for an answer."""
    return _answer_frame(frame, venue_id, partial(Venue.objects.get, pk=venue_id))


def answer_together(frames: Sequence[Frame], venue_id: int) -> list[bytes | None]:
    """Do what several frames of quick reads ask for, all of them with two queries, and answer each by itself."""
    asked = [str(call.params.get("orderId")) for frame in frames for call in frame.calls]
    try:
        venue = Venue.objects.get(pk=venue_id)
        with documents.read_together(venue_id, asked):
            return [_answer_frame(frame, venue_id, lambda: venue) for frame in frames]
    except (DatabaseError, Venue.DoesNotExist):
        # Each finds that out, and says so, with a trace of its own.
        return [answer(frame, venue_id) for frame in frames]


def busy(frame: Frame, why: str) -> bytes | None:
    """The answer of somebody who does not do it now: nothing has happened, and asking again is safe."""
    refusal = Refusal(BUSY, EposError(503, errors.UNEXPECTED, why))
    return _framed(frame, [_refusal(call, call.refusal or refusal, uuid.uuid4().hex) for call in frame.calls])


def _framed(frame: Frame, answers: list[bytes | None]) -> bytes | None:
    told = [one for one in answers if one is not None]
    if frame.is_batch and told:
        return b"[%s]" % b",".join(told)
    return told[0] if told else None


# ---- reading


def _read_one(request: Any) -> tuple[Call, ...]:
    if not isinstance(request, dict):
        return (_refused(_NOBODY, "", INVALID_REQUEST, InvalidRequest("A request is a JSON object.")),)
    if "method" not in request and ("result" in request or "error" in request):
        # An answer, to a question that we never asked: answering it could go on for ever.
        return ()
    method = _method_of(request)
    try:
        id_ = _check_envelope(request)
    except InvalidRequest as error:
        return (_refused(_id_of(request) or _NOBODY, method, INVALID_REQUEST, error),)
    try:
        capability = find(method[:LONGEST_METHOD])
    except InvalidRequest as error:
        return (_refused(id_, method, METHOD_NOT_FOUND, error),)
    params = request.get("params")
    if params is None:
        params = {}
    if not isinstance(params, dict):
        unnamed = InvalidRequest("The params are an object with a name for each.", field="params")
        return (_refused(id_, method, INVALID_PARAMS, unnamed),)
    return (
        Call(
            id=id_,
            method=method,
            capability=capability,
            params={name: value for name, value in params.items() if name != "headers"},
            requester=_requester(params.get("headers")),
        ),
    )


def _check_envelope(request: Mapping[str, Any]) -> bytes | None:
    if request.get("jsonrpc") != VERSION:
        raise InvalidRequest(f"Only {VERSION} is spoken here.", field="jsonrpc")
    if not isinstance(request.get("method"), str):
        raise InvalidRequest("A method is named by a text.", field="method")
    if "id" not in request:
        return None
    id_ = _id_of(request)
    if id_ is None:
        raise InvalidRequest("An id is a text or a number.", field="id")
    return id_


def _id_of(request: Mapping[str, Any]) -> bytes | None:
    """The id as JSON, null also where it says null; None where there is none that could be echoed."""
    id_ = request.get("id")
    if isinstance(id_, bool | dict | list):
        return None
    return orjson.dumps(id_) if "id" in request else None


def _method_of(request: Mapping[str, Any]) -> str:
    method = request.get("method")
    return method if isinstance(method, str) else ""


def _requester(headers: Any) -> Requester:
    said = headers if isinstance(headers, dict) else {}
    return read_requester(lambda hint: said.get(hint.param))


def _refused(id_: bytes | None, method: str, code: int, error: InvalidRequest) -> Call:
    return Call(id=id_, method=method, refusal=Refusal(code, errors.epos_error(error)))


# ---- answering


def _answer_frame(frame: Frame, venue_id: int, find_venue: Callable[[], Venue]) -> bytes | None:
    return _framed(frame, [_answer(call, venue_id, find_venue, is_large=frame.is_large) for call in frame.calls])


def _answer(call: Call, venue_id: int, find_venue: Callable[[], Venue], *, is_large: bool) -> bytes | None:
    started = time.perf_counter()
    trace_id = uuid.uuid4().hex
    seen: dict[str, Any] = {"road": Road.WEBSOCKET.value, "capability": None, "venue": None}
    with structlog.contextvars.bound_contextvars(trace_id=trace_id):
        told, outcome = _do(call, find_venue, trace_id, seen)
        duration = round((time.perf_counter() - started) * 1000, 1)
        log.info("capability", **seen, outcome=outcome, duration_ms=duration)
    call_log.note_answered(
        venue_id=venue_id,
        road=Road.WEBSOCKET,
        capability=seen["capability"],
        where=call.method,
        outcome=outcome,
        began=started,
        trace_id=trace_id,
        request=call_log.TOO_LARGE if is_large else call.params,
        answer=told,
    )
    return told


def _do(call: Call, find_venue: Callable[[], Venue], trace_id: str, seen: dict[str, Any]) -> tuple[bytes | None, str]:
    if call.capability is None:
        assert call.refusal is not None
        return _refusal(call, call.refusal, trace_id), call.refusal.error.error_type
    seen["capability"] = call.capability.name
    try:
        # Read afresh each time: a socket lives for weeks, and the venue's settings change meanwhile.
        venue = find_venue()
        seen["venue"] = venue.slug
        actor = Actor.dojo(venue, call.requester, road=Road.WEBSOCKET)
        result = capabilities.call(call.capability, call.params, actor, request=_key(call, call.capability, venue))
    except Exception as error:
        told = errors.epos_error(error)
        if told.status >= 500:
            log.exception("capability failed", **seen)
        return _refusal(call, Refusal(_CODES.get(told.status, INTERNAL_ERROR), told), trace_id), told.error_type
    return _envelope(call, "result", result), call_log.OK


def _key(call: Call, capability: Capability, venue: Venue) -> RequestKey | None:
    """What makes this the same request when it comes again; nothing does where it has no id to say so."""
    if call.id is None or call.id == _NOBODY or not capability.is_remembered:
        return None
    return request_key(
        venue_id=venue.pk, rpc_id=call.id, method=capability.name, params=call.params, requester=call.requester
    )


def _refusal(call: Call, refusal: Refusal, trace_id: str) -> bytes | None:
    error = {"code": refusal.code, "message": refusal.error.message, **refusal.error.body(trace_id)}
    return _envelope(call, "error", orjson.dumps(error))


def _envelope(call: Call, name: str, value: bytes) -> bytes | None:
    if call.id is None:
        return None
    return b'{"jsonrpc":"%s","id":%s,"method":%s,"%s":%s}' % (
        VERSION.encode(),
        call.id,
        orjson.dumps(call.method),
        name.encode(),
        value,
    )
