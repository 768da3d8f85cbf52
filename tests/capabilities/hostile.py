"""What nobody should send, for every place of every request: made from the serializers, so a new row has it too."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from dojo_integration.capabilities import TABLE
from dojo_integration.wire.fields import FreeText, Moment, OneOf, RequestSerializer, Text, WholeNumber, YesNo
from tests.capabilities.requests import in_minutes

TAKES_A_BODY = [capability for capability in TABLE if capability.verb in ("POST", "PUT")]

# What a refusal leaves behind all the same: Dojo is giving the money back, and that has to be known.
KEPT_OF_A_CONFLICT = {"orders_paymentintent"}

Step = str | int
Field = serializers.Field[Any, Any, Any, Any]

# Stands in a request where something else is put once it is written.
MARK = "@ here @"
_MARK = json.dumps(MARK).encode()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a request, and what belongs there."""

    steps: tuple[Step, ...]
    field: Field

    @property
    def name(self) -> str:
        """As a refusal names it: items[0].amountPerItem.value."""
        named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return named.removeprefix(".")


def places(field: Field, steps: tuple[Step, ...] = ()) -> Iterator[Place]:
    """Every place inside what the field reads."""
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        inner: dict[Step, Field] = {0: field.child}
    else:
        inner = dict(field.fields) if isinstance(field, RequestSerializer) else {}
    for step, child in inner.items():
        yield Place((*steps, step), child)
        yield from places(child, (*steps, step))


def sample(field: Field) -> Any:
    """The least that may stand there."""
    match field:
        case serializers.ListSerializer() | serializers.ListField():
            return [sample(field.child)]
        case RequestSerializer():
            return {name: sample(inner) for name, inner in field.fields.items() if inner.required}
        case YesNo():
            return True
        case OneOf():
            return next(iter(field.choices))
        case Moment():
            return in_minutes(60)
        case WholeNumber():
            return max(1, field.min_value or 0)
        case Text():
            return "GBP" if field.field_name == "currencyCode" else "x"
    raise AssertionError(f"Nobody has said yet what may stand in {field!r}")


def whole(field: Field, given: Any = None) -> Any:
    """The same with all that may be there, keeping what is given."""
    match field:
        case serializers.ListSerializer() | serializers.ListField():
            return [whole(field.child, part) for part in given] if given else [whole(field.child)]
        case RequestSerializer():
            # A page has one neighbour at a time, and a cursor cannot be made up.
            names = [name for name in field.fields if name not in ("before", "after")]
            return {**(given or {}), **{name: whole(field.fields[name], (given or {}).get(name)) for name in names}}
    return sample(field) if given is None else given


def with_mark(request: dict[str, Any], root: RequestSerializer, place: Place) -> bytes:
    """The request as JSON, with the mark at the place; what leads there is added where it is missing."""
    spoilt = copy.deepcopy(request)
    holder: Any = spoilt
    field: Field = root
    *way, last = place.steps
    for step in way:
        field = field.child if isinstance(step, int) else field.fields[step]
        if (isinstance(holder, dict) and step not in holder) or (isinstance(holder, list) and not holder):
            holder.insert(step, sample(field)) if isinstance(holder, list) else holder.update({step: sample(field)})
        holder = holder[step]
    if isinstance(holder, list):
        holder[last:] = [MARK]
    else:
        holder[last] = MARK
    return json.dumps(spoilt).encode()


def put(marked: bytes, raw: bytes) -> bytes:
    assert marked.count(_MARK) == 1
    return marked.replace(_MARK, raw)


# --- values ----------------------------------------------------------------------------------------------------------

# The parser stops at these wherever they are, and before it knows where that is.
NO_JSON = [
    b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"[1,]", b",", b"'x'", b'"\xed\xa0\x80"',
    b'"\xff"', b'"\n"', b'"\\x41"', b"01", b"+1", b".5", b"undefined", b"/* */1",
]  # fmt: skip

_BAD_TEXT = [b'"\\u0000"', b'"a\\u0000b"', b'"\\ud800"', b'"x\\udfff"']
_BAD_NUMBER = [
    b"9223372036854775808", b"-9223372036854775809", b"1" + b"0" * 400, b"1e400", b"-1e400", b"NaN", b"Infinity",
    b"-Infinity",
]  # fmt: skip
_NO_TEXT = [b"true", b"1.5", b"[]", b"{}", b'["x"]']
_NO_ID = [*_NO_TEXT, b"5", b"0"]
_NO_NUMBER = [b"5.0", b'"5"', b"true", b"false", b"[]", b"{}", b'""', b"0.5", b"1e2"]
_NO_YES_NO = [b'"true"', b"1", b"0", b"[]", b"{}", b'""']
_NO_CHOICE = [b'"Nonsense"', b'""', b"1", b"true", b"[]", b"{}"]
_NO_MOMENT = [
    b'"1969-12-31T23:59:59Z"', b'"2200-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.999Z"', b'"0000-01-01T00:00:00Z"',
    b'"0001-01-01T00:00:00+23:59"', b'"2026-02-30T00:00:00Z"', b'"2026-01-01T24:00:01Z"',
    b'"2026-01-01T00:00:00+99:00"',    b'"12026-01-01T00:00:00Z"', b'"2026-01-01"',
    b'"soon"', b'""', b"1767225600", b"true", b"[]", b"{}",
]  # fmt: skip
_NO_OBJECT = [b"[]", b'"x"', b"5", b"true", b'[{"a": 1}]']
_NO_LIST = [b"{}", b'"x"', b"5", b"true", b"[" + b",".join([b"{}"] * 10_000) + b"]", b'[["x"]]']


def hostile_values(field: Field) -> Iterator[bytes]:
    """Raw JSON, or nearly, that must not pass there."""
    yield from (_BAD_TEXT[0], _BAD_NUMBER[0], b'{"a": 1, "a": 1}')
    if field.required:
        yield b"null"
    match field:
        case serializers.ListSerializer() | serializers.ListField():
            yield from _NO_LIST
            assert field.max_length is not None, "a list without an end"
            yield b"[" + b",".join([json.dumps(sample(field.child)).encode()] * (field.max_length + 1)) + b"]"
        case RequestSerializer():
            yield from _NO_OBJECT
        case YesNo():
            yield from _NO_YES_NO
        case OneOf():
            yield from _NO_CHOICE
        case Moment():
            yield from _NO_MOMENT
        case WholeNumber():
            yield from (*_BAD_NUMBER, *_NO_NUMBER)
            yield from (b"%d" % number for number in _beyond(field))
        case Text():
            yield from (*_BAD_TEXT, *(_NO_TEXT if isinstance(field, FreeText) else _NO_ID))
            if field.max_length is not None:
                yield b'"' + b"x" * (field.max_length + 1) + b'"'
                yield b'"' + b"x" * 500_000 + b'"'
            if not field.allow_blank and field.required:
                yield b'""'


def _beyond(field: WholeNumber) -> Iterator[int]:
    if field.min_value is not None:
        yield field.min_value - 1
    if field.max_value is not None:
        yield field.max_value + 1
