"""Our own OpenAPI document, made from the capability table: what it says is what the REST road does."""

import inspect
import re
from dataclasses import dataclass, field
from functools import cache

from dojo_integration.capabilities import TABLE, Capability
from dojo_integration.wire import errors
from dojo_integration.wire.errors import EposError
from dojo_integration.wire.requester import REQUESTER_HEADERS, RequesterHeader
from dojo_integration.wire.schemas import Schema, WireSchemas
from dojo_integration.wire.shapes import EPOSErrorOut

JSON = "application/json"
_WITH_BODY = ("POST", "PUT")
_PATH_PARAM = re.compile(r"\{(\w+)\}")
_FIRST_CLAUSE = re.compile(r"[^.;:]+")

_INTRODUCTION = """\
What Dojo asks of this till: card machines find, lock and pay orders, guests order and pay by QR code.

Every path takes HTTP Basic; the credentials say which venue is meant. Money is in pence or cents, times are ISO 8601 \
in UTC. A request is strict JSON of at most one mebibyte. Fields that are not listed here are let be, and an optional \
one that is null counts as left out. An answer has the fields listed here and no others; what there is not is left \
out, never null. Whatever is refused is an `EPOSError`, and nothing was done.
"""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What may come instead of the answer."""

    error_type: str
    meaning: str
    example: str
    headers: Schema = field(default_factory=dict)


def _text_header(meaning: str) -> Schema:
    return {"description": meaning, "schema": {"type": "string"}}


_REFUSALS = {
    "400": _Refusal(
        errors.INVALID_REQUEST, "It is not as described here.", "cursor.limit: A valid integer is required."
    ),
    "401": _Refusal(
        errors.INVALID_REQUEST,
        "Not the credentials of any venue.",
        "These are not the credentials of any venue.",
        {"WWW-Authenticate": _text_header("Basic")},
    ),
    "404": _Refusal(errors.NOT_FOUND, "There is no such thing, and there will not be.", "That order does not exist."),
    "406": _Refusal(
        errors.INVALID_REQUEST,
        "The answer would be JSON, which the request does not accept.",
        "The answer would be application/json, which the request does not accept.",
    ),
    "409": _Refusal(
        errors.CONFLICT, "It does not fit what is already there.", "£60.00 is more than the £50.00 outstanding."
    ),
    "415": _Refusal(
        errors.INVALID_REQUEST, "The body is not JSON in UTF-8, uncompressed.", "JSON is written in UTF-8."
    ),
    "500": _Refusal(
        errors.UNEXPECTED,
        "Something went wrong here; our logs know it by the trace id.",
        "Something went wrong here; it is logged under this trace id.",
    ),
    "503": _Refusal(
        errors.UNEXPECTED,
        "Busy. Nothing was done, try again.",
        "The till is busy with this order. Try again.",
        {"Retry-After": _text_header("Seconds to wait.")},
    ),
}


@cache
def api_document() -> Schema:
    """The document as it is served: made once, because neither the table nor the settings change while we run."""
    return build_document()


def build_document() -> Schema:
    """Walk the table. Raises LookupError naming a capability that does not say what it answers."""
    schemas = WireSchemas()
    paths: dict[str, Schema] = {}
    for capability in TABLE:
        paths.setdefault(capability.path, {})[capability.verb.lower()] = _operation(capability, schemas)
    error = schemas.of(EPOSErrorOut())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tableside EPOS Data API", "version": "1.0", "description": _INTRODUCTION},
        "servers": [{"url": "/", "description": "Where this document came from."}],
        "security": [{"basic": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_tag(capability) for capability in TABLE)],
        "paths": paths,
        "components": {
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
            "parameters": {header.name: _header_parameter(header) for header in REQUESTER_HEADERS},
            "responses": {_refusal_name(status): _refused(refusal, error) for status, refusal in _REFUSALS.items()},
            **schemas.registry.build({}),
        },
    }


def _operation(capability: Capability, schemas: WireSchemas) -> Schema:
    whole = schemas.of_request(capability.request())
    in_path = _PATH_PARAM.findall(capability.path)
    operation: Schema = {
        "operationId": capability.name,
        "tags": [_tag(capability)],
        **_words(capability),
        "parameters": [
            *(_path_parameter(name, whole["properties"][name]) for name in in_path),
            *({"$ref": f"#/components/parameters/{header.name}"} for header in REQUESTER_HEADERS),
        ],
    }
    if capability.verb in _WITH_BODY:
        body = schemas.registered(f"{capability.name}Request", _without(whole, in_path))
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    operation["responses"] = {"200": _success(capability, schemas)} | {
        status: {"$ref": f"#/components/responses/{_refusal_name(status)}"} for status in _possible_refusals(capability)
    }
    return operation


def _words(capability: Capability) -> Schema:
    """What the function's docstring says, and what else the capability is called."""
    told = inspect.getdoc(capability.run) or ""
    first = _FIRST_CLAUSE.match(told)
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", told)
    # On the wire a refusal has the name that the function raises; to be locked is a Conflict there.
    text = text.replace("Raises ", "Refuses with ").replace("Locked", errors.CONFLICT)
    names = f"Capability `{capability.name}`"
    if capability.legacy_name:
        names += f", formerly `{capability.legacy_name}`"
    names += f"; over the WebSocket `{capability.ws_method}`."
    for path in capability.other_paths:
        names += f" `{capability.verb} {path}` is answered too."
    return {"summary": first.group() if first else capability.name, "description": f"{text}\n\n{names}".strip()}


def _success(capability: Capability, schemas: WireSchemas) -> Schema:
    if capability.response is None:
        raise LookupError(f"{capability.name} has no response: say in the capability table what it answers.")
    whole = schemas.of(capability.response)
    schema = whole if capability.rest_shape is None else capability.rest_shape.of_schema(whole)
    answer = {"description": "Done.", "headers": {"trace-id": _text_header("Our logs know the call by it.")}}
    return answer if schema is None else {**answer, "content": {JSON: {"schema": schema}}}


def _refused(refusal: _Refusal, error: Schema) -> Schema:
    example = EposError(0, refusal.error_type, refusal.example).body(trace_id="0f8fad5bd9cb469fa16570867728950e")
    answer = {"description": refusal.meaning, "content": {JSON: {"schema": error, "example": example}}}
    return answer | ({"headers": refusal.headers} if refusal.headers else {})


def _possible_refusals(capability: Capability) -> list[str]:
    impossible = set()
    if "{" not in capability.path:
        impossible.add("404")
    if not capability.has_side_effects:
        impossible.add("409")
    if capability.verb not in _WITH_BODY:
        impossible.add("415")
    return [status for status in _REFUSALS if status not in impossible]


def _refusal_name(status: str) -> str:
    return f"Refused{status}"


def _tag(capability: Capability) -> str:
    return capability.path.split("/")[2].title()


def _path_parameter(name: str, schema: Schema) -> Schema:
    meaning = schema.get("description", "")
    schema = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _header_parameter(header: RequesterHeader) -> Schema:
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.meaning,
        "schema": {"type": "string"},
        "example": header.example,
    }


def _without(schema: Schema, names: list[str]) -> Schema:
    """The schema of a request's body, which lacks what stands in the path."""
    properties = {name: inner for name, inner in schema["properties"].items() if name not in names}
    required = [name for name in schema.get("required", []) if name not in names]
    return {**schema, "properties": properties} | ({"required": required} if required else {})
