"""What stands in a request: strict where it decides something, forgiving where a person reads it.

Ids, enums and numbers are taken as they are or refused: no "5", no 5.0, no true for a number. Free text may be a whole
number (a phone, a table's name). Unknown fields are left alone, and an optional field that is null counts as left out.
Camel case exists only here, through ``source=``.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from pos.errors import InvalidRequest

ID_LENGTH = 120
LARGEST_AMOUNT = 10**12
LARGEST_QUANTITY = 10_000

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class RequestSerializer(serializers.Serializer[Any]):
    """The params of one capability, or an object inside them."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            data = {name: value for name, value in data.items() if value is not None or self._is_required(name)}
        return super().to_internal_value(data)

    def _is_required(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is not None and field.required

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        """What the capability's function is called with."""
        return valid


def many(child: RequestSerializer, most: int, **kwargs: Any) -> "serializers.ListSerializer[Any]":
    """A list of such objects, of a length that a restaurant can mean."""
    return serializers.ListSerializer(child=child, max_length=most, **kwargs)


def renamed(data: Any, other: str, contract: str) -> Any:
    """Read another name for a field as the contract's, where the contract's own is not there."""
    if isinstance(data, Mapping) and data.get(contract) is None and data.get(other) is not None:
        return {**data, contract: data[other]}
    return data


class Text(serializers.CharField):
    """Text exactly as it was sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Identifier(Text):
    """The id of a thing: ours, or Dojo's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": ID_LENGTH, **kwargs})


class FreeText(Text):
    """Text for people; partners have been seen to send a whole number here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(str(data) if type(data) is int else data)


class WholeNumber(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class Quantity(WholeNumber):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_QUANTITY, **kwargs})


class YesNo(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class OneOf(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A moment in ISO 8601, kept in UTC; one without a zone is taken for UTC, as the contract says times are."""

    default_error_messages = {"range": "This is before 1970 or after 2199."}

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            self.fail("invalid", format="2026-02-27T19:30:00.000Z")
        try:
            moment = datetime.fromisoformat(value.upper().replace(",", "."))
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid", format="2026-02-27T19:30:00.000Z")
        if not EARLIEST <= moment < LATEST:
            self.fail("range")
        return moment


class Amount(WholeNumber):
    """A sum in pence or cents: nothing or more, unless told otherwise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_AMOUNT, **kwargs})


class MoneyIn(RequestSerializer):
    value = Amount(help_text="In pence or cents.")
    currencyCode = Text(source="currency", max_length=10, help_text="GBP or EUR.")


class PaidMoneyIn(MoneyIn):
    value = Amount(min_value=1, help_text="In pence or cents, more than nothing.")


class SignedMoneyIn(MoneyIn):
    value = Amount(min_value=-LARGEST_AMOUNT, help_text="In pence or cents; negative makes the thing cheaper.")


@cache
def _serializer(serializer_class: type[RequestSerializer]) -> RequestSerializer:
    """The one instance of a process. Making one copies every field in it; validating with it changes none of them."""
    return serializer_class()


def validated(serializer_class: type[RequestSerializer], params: Any) -> dict[str, Any]:
    """Check params and return what the capability's function takes. Raises InvalidRequest naming the field."""
    serializer = _serializer(serializer_class)
    try:
        return serializer.arguments(serializer.run_validation(params))
    except ValidationError as error:
        field, message = first_problem(error.detail)
        raise InvalidRequest(message, field=field) from None


def first_problem(detail: Any, path: str = "") -> tuple[str, str]:
    """The first thing wrong, as its place (``items[2].quantity``) and what to say about it."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if inner:
                return first_problem(inner, _step(path, name))
    if isinstance(detail, list):
        for index, inner in enumerate(detail):
            if isinstance(inner, Mapping):
                if inner:
                    return first_problem(inner, f"{path}[{index}]")
            elif inner:
                return path, str(inner)
    return path, str(detail)


def _step(path: str, name: object) -> str:
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)
