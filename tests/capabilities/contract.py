"""Dojo's official contract, where it is at hand: beside the checkout, or where TABLESIDE_SPECS says."""

import json
import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from dojo_integration.capabilities import Capability

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs"
SPECS = Path(os.environ.get("TABLESIDE_SPECS") or _BESIDE)
OPENAPI = SPECS / "dojo-epos-data-api.json"
ASYNCAPI = SPECS / "dojo-epos-data-asyncapi.yml"

_UTC_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")

formats = FormatChecker()


@formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value)
    return _UTC_MOMENT.fullmatch(value) is not None


def is_here() -> bool:
    return OPENAPI.exists()


@cache
def _openapi() -> dict[str, Any]:
    return json.loads(OPENAPI.read_text())


@cache
def _asyncapi() -> dict[str, Any]:
    return yaml.load(ASYNCAPI.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _validator(pointer: str, *, of_asyncapi: bool = False) -> Draft202012Validator:
    contents = _asyncapi() if of_asyncapi else _openapi()
    registry = Registry().with_resource("urn:epos", Resource(contents=contents, specification=DRAFT202012))
    return Draft202012Validator({"$ref": f"urn:epos#{pointer}"}, registry=registry, format_checker=formats)


def _found(validator: Draft202012Validator, body: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def _operation(capability: Capability) -> dict[str, Any] | None:
    return _openapi()["paths"].get(capability.path, {}).get(capability.verb.lower())


def _pointer(capability: Capability, *steps: str) -> str:
    where = [capability.path, capability.verb.lower(), *steps]
    return "/paths/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in where)


def problems(capability: Capability, status: int, body: Any) -> list[str]:
    """What Dojo's own schema for that answer has to say against it."""
    operation = _operation(capability)
    if operation is None:
        return _event_problems(status, body)
    responses = operation["responses"]
    declared = str(status) if str(status) in responses else f"{status // 100}XX"
    if "content" not in responses[declared]:
        return [] if body == {} else [f"$: {body} where nothing is expected"]
    pointer = _pointer(capability, "responses", declared, "content", "application/json", "schema")
    return _found(_validator(pointer), body)


def request_problems(capability: Capability, body: Any) -> list[str]:
    """What Dojo's own schema for that request has to say against what a test sends in Dojo's name."""
    if _operation(capability) is None:
        return _found(_validator("/components/schemas/Event", of_asyncapi=True), body)
    pointer = _pointer(capability, "requestBody", "content", "application/json", "schema")
    return _found(_validator(pointer), body)


def request_example(capability: Capability) -> dict[str, Any]:
    """The example that Dojo's contract gives for a request."""
    operation = _operation(capability)
    assert operation is not None
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return dict(_openapi()["components"]["schemas"][name]["example"])


def _event_problems(status: int, body: Any) -> list[str]:
    """HandleEvent is in the WebSocket's contract alone: an empty result, or the error that both contracts share."""
    if status < 400:
        result = _validator("/components/schemas/EmptyResult", of_asyncapi=True)
        return _found(result, {"result": body}) or ([] if body == {} else [f"$: {body} where nothing is expected"])
    return _found(_validator("/components/schemas/EPOSError", of_asyncapi=True), body)


def frame_problems(capability: Capability, frame: Any) -> list[str]:
    """What Dojo's own schema for that answer over the WebSocket has to say against it."""
    if "error" in frame:
        # The schema wants a result beside the error, which JSON-RPC forbids: an error is what every answer is, no more.
        beside = ["$: a result beside an error"] if "result" in frame else []
        return beside + _found(_validator("/components/schemas/JsonrpcResponseV1", of_asyncapi=True), frame)
    return _found(_validator(f"/channels/{capability.ws_method}/publish/message/payload", of_asyncapi=True), frame)
