"""The official document of Dojo's API, and of its EPOS tester tool, where they are at hand: what they accept."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.capabilities.contract import SPECS, formats

API = SPECS / "dojo-api.json"
TESTER = SPECS / "dojo-epos-tester-tool-api.json"
TESTER_PREFIX = "/epos-tester-tool"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")
_RANGES = {"int32": 2**31, "int64": 2**63}


@formats.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


def is_here() -> bool:
    return API.exists() and TESTER.exists()


def operations() -> list[tuple[str, str]]:
    """Every operation of both documents, as method and path."""
    return [
        (method.upper(), path)
        for path, methods in _documents()["paths"].items()
        for method in methods
        if method != "parameters"
    ]


def request_validator(method: str, path: str) -> Draft202012Validator | None:
    """What the document says of a request's body, None where it has none."""
    body = _operation(method, path).get("requestBody")
    return _validator(body["content"]["application/json"]["schema"]) if body else None


def request_fields(method: str, path: str) -> set[str]:
    """What a request's body may name at its top."""
    schema = _resolved(_operation(method, path)["requestBody"]["content"]["application/json"]["schema"])
    return {name for part in (schema, *map(_resolved, schema.get("allOf", ()))) for name in part.get("properties", {})}


def headers_required(method: str, path: str) -> set[str]:
    found = (_resolved(one) for one in _operation(method, path).get("parameters", []))
    return {one["name"].lower() for one in found if one["in"] == "header" and one.get("required")}


def answer_problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """What the document has to say against an answer. A refusal of a status that it does not name is worded as those
    that it does name."""
    responses = _operation(method, path)["responses"]
    declared = str(status)
    if declared not in responses:
        if status < 400:
            return [f"$: {status} is not announced"]
        declared = next((one for one in responses if one.startswith("4")), "")
        if not declared:
            return [] if isinstance(body, dict) and body.get("status") == status else [f"$: {body}"]
    content = responses[declared].get("content")
    if content is None:
        return [] if body is None else [f"$: {body} where nothing is announced"]
    errors = _validator(content["application/json"]["schema"]).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]


def _operation(method: str, path: str) -> dict[str, Any]:
    return _documents()["paths"][path][method.lower()]


def _resolved(one: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in one:
        return one
    *_, kind, name = one["$ref"].split("/")
    found: dict[str, Any] = _documents()["components"][kind][name]
    return found


@cache
def _documents() -> dict[str, Any]:
    """Both as one, in the words of today's JSON Schema."""
    api, tester = json.loads(API.read_text()), json.loads(TESTER.read_text())
    api["paths"] |= {f"{TESTER_PREFIX}{path}": methods for path, methods in tester["paths"].items()}
    for name, schema in tester["components"]["schemas"].items():
        assert name not in api["components"]["schemas"]
        api["components"]["schemas"][name] = schema
    _merge_closed(api["components"]["schemas"])
    return _modern(api)


def _merge_closed(schemas: dict[str, Any]) -> None:
    """Two closed objects in one ``allOf`` shut each other's fields out; what is meant is the sum of both."""
    for name in ("PaymentCustomerDetails", "PagedPaymentIntent"):
        base, more = schemas[name]["allOf"]
        merged = dict(schemas[base["$ref"].rpartition("/")[2]])
        merged["properties"] = merged["properties"] | more.get("properties", {})
        schemas[name] = merged


def _modern(schema: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema says null, and leaves the ranges of integers to their format."""
    if isinstance(schema, list):
        return [_modern(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _modern(value) for key, value in schema.items() if key not in ("example", "examples")}
    if made.get("type") == "integer" and made.get("format") in _RANGES:
        limit = _RANGES[made["format"]]
        made = {"minimum": -limit, "maximum": limit - 1, **made}
    if made.pop("nullable", None) is True and "$ref" not in made:
        made = {"anyOf": [made, {"type": "null"}]}
    return made


@cache
def _registry() -> Registry:
    return Registry().with_resource("urn:dojo", Resource(contents=_documents(), specification=DRAFT202012))


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(_absolute(schema), registry=_registry(), format_checker=formats)


def _absolute(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    if isinstance(schema, dict):
        return {key: f"urn:dojo{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return schema
