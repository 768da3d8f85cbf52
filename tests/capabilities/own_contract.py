"""Our own API document, held against what really is answered."""

from functools import cache
from typing import Any

from django.conf import settings
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from dojo_integration.api_document import build_document
from dojo_integration.capabilities import Capability
from dojo_integration.wire.schemas import WireSchemas
from tests.capabilities.contract import formats
from tests.capabilities.roads import Answer


@cache
def document(tables_in_array: bool = True) -> dict[str, Any]:
    """The document, which says of the page of tables what the settings say."""
    assert settings.EPOS_TABLES_IN_ARRAY is tables_in_array
    return build_document()


def problems(capability: Capability, answer: Answer) -> list[str]:
    """What our document has to say against that answer."""
    own = document(settings.EPOS_TABLES_IN_ARRAY)
    if answer.status is None:
        return _on_another_road(own, capability, answer)
    responses = own["paths"][capability.path][capability.verb.lower()]["responses"]
    if str(answer.status) not in responses:
        return [f"$: {answer.status} is not announced"]
    response = responses[str(answer.status)]
    if "$ref" in response:
        response = own["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if "content" not in response:
        return [] if answer.body == {} else [f"$: {answer.body} where nothing is announced"]
    return _found(own, response["content"]["application/json"]["schema"], answer.body)


def _on_another_road(own: dict[str, Any], capability: Capability, answer: Answer) -> list[str]:
    """The same body as over HTTP; a refusal has JSON-RPC's own words beside ours."""
    if not answer.ok:
        ours = {name: value for name, value in answer.body.items() if name not in ("code", "message")}
        return _found(own, {"$ref": "#/components/schemas/EPOSError"}, ours)
    assert capability.response is not None
    return _found(own, WireSchemas().of(capability.response), answer.body)


def _found(own: dict[str, Any], schema: dict[str, Any], body: Any) -> list[str]:
    registry = Registry().with_resource("urn:own", Resource(contents=own, specification=DRAFT202012))
    validator = Draft202012Validator(_absolute(schema), registry=registry, format_checker=formats)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def _absolute(schema: Any) -> Any:
    """The same schema outside its document."""
    if isinstance(schema, dict):
        return {key: f"urn:own{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return schema
