"""Serializers as JSON Schema: drf-spectacular's reading of them, used without a REST framework view."""

import inspect
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from rest_framework import serializers
from rest_framework.views import APIView

from dojo_integration.wire.fields import RequestSerializer
from dojo_integration.wire.shapes import Answer, AnswerSerializer

Schema = dict[str, Any]


class WireSchemas(AutoSchema):
    """The schemas of the serializers that it was asked for, and of all that is inside them."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = ComponentRegistry()
        self.view = APIView(request=None)

    def of(self, serializer: Answer) -> Schema:
        """A reference to the component, or the array of them."""
        return cast(Schema, self._unwrap_list_serializer(serializer, "response"))

    def of_request(self, serializer: RequestSerializer) -> Schema:
        """Path and body in one, as the function takes them; not a component of its own."""
        schema: Schema = {"properties": {}, **self._map_serializer(serializer, "request")}
        return schema

    def registered(self, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
        self.registry.register(component)
        reference: Schema = component.ref
        return reference

    def get_serializer_name(self, serializer: serializers.Serializer[Any], direction: str) -> str:
        name = type(serializer).__name__
        return f"{name.removesuffix('In')}Request" if name.endswith("In") else name.removesuffix("Out")

    def _map_basic_serializer(self, serializer: serializers.Serializer[Any], direction: str) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)
        # A docstring that is only inherited is about something else.
        schema.pop("description", None)
        if own := type(serializer).__doc__:
            schema["description"] = inspect.cleandoc(own)
        if isinstance(serializer, AnswerSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Schema:
        schema: Schema = super()._map_serializer_field(field, direction, bypass_extensions)
        schema.pop("x-spec-enum-id", None)
        most = getattr(field, "max_length", None) if isinstance(field, serializers.ListSerializer) else None
        if most is not None:
            schema["maxItems"] = most
        return schema
