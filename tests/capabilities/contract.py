"""Dojo's official contract, where it is at hand: beside the checkout, or where TABLESIDE_SPECS says."""

import json
import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from dojo_integration.capabilities import Capability

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs"
SPECS = Path(os.environ.get("TABLESIDE_SPECS") or _BESIDE)
OPENAPI = SPECS / "dojo-epos-data-api.json"

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
def _validator(path: str, verb: str, status: str) -> Draft202012Validator:
    registry = Registry().with_resource("urn:epos", Resource(contents=_openapi(), specification=DRAFT202012))
    where = path.replace("~", "~0").replace("/", "~1")
    schema = f"urn:epos#/paths/{where}/{verb.lower()}/responses/{status}/content/application~1json/schema"
    return Draft202012Validator({"$ref": schema}, registry=registry, format_checker=formats)


def problems(capability: Capability, status: int, body: Any) -> list[str]:
    """What Dojo's own schema for that answer has to say against it."""
    responses = _openapi()["paths"][capability.path][capability.verb.lower()]["responses"]
    declared = str(status) if str(status) in responses else f"{status // 100}XX"
    errors = _validator(capability.path, capability.verb, declared).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]
