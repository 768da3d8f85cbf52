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
    return OPENAPI.exists() and ASYNCAPI.exists()


@cache
def _openapi() -> dict[str, Any]:
    return json.loads(OPENAPI.read_text())


@cache
def _asyncapi() -> dict[str, Any]:
    return yaml.load(ASYNCAPI.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _validator(pointer: str) -> Draft202012Validator:
    """The schema at a place such as ``openapi#/components/schemas/Order``."""
    registry = Registry().with_resources(
        (name, Resource(contents=contents, specification=DRAFT202012))
        for name, contents in (("urn:openapi", _openapi()), ("urn:asyncapi", _asyncapi()))
    )
    return Draft202012Validator({"$ref": f"urn:{pointer}"}, registry=registry, format_checker=formats)


def problems(capability: Capability, status: int, body: Any) -> list[str]:
    """What Dojo's own schema for that answer over HTTP has to say against it."""
    responses = _openapi()["paths"][capability.path][capability.verb.lower()]["responses"]
    declared = str(status) if str(status) in responses else f"{status // 100}XX"
    where = capability.path.replace("~", "~0").replace("/", "~1")
    place = f"paths/{where}/{capability.verb.lower()}/responses/{declared}/content/application~1json/schema"
    return _problems(f"openapi#/{place}", body)


def frame_problems(capability: Capability, frame: Any) -> list[str]:
    """What Dojo's own schema for that answer over the WebSocket has to say against it."""
    if "error" in frame:
        # The schema wants a result beside the error, which JSON-RPC forbids: an error is what every answer is, no more.
        beside = [] if "result" not in frame else ["$: a result beside an error"]
        return beside + _problems("asyncapi#/components/schemas/JsonrpcResponseV1", frame)
    return _problems(f"asyncapi#/channels/{capability.ws_method}/publish/message/payload", frame)


def request_problems(capability: Capability, frame: Any) -> list[str]:
    """What Dojo's own schema has to say against a request over the WebSocket."""
    return _problems(f"asyncapi#/channels/{capability.ws_method}/subscribe/message/payload", frame)


def _problems(pointer: str, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _validator(pointer).iter_errors(value)]
