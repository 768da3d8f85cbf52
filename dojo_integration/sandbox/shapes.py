"""Shapes of JSON: what a value must look like, and what is wrong with one that does not.

A shape takes where a value stands and the value, and yields what is wrong with it, where and in words.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Wrong = tuple[str, str]
Shape = Callable[[str, Any], Iterator[Wrong]]

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_INT = {32: 2.0**31, 64: 2.0**63, None: math.inf}


def problems(shape: Shape, value: Any) -> dict[str, list[str]]:
    """Everything that is wrong with the value, by the path of the field as Dojo spells it."""
    found: dict[str, list[str]] = {}
    for where, words in shape("", value):
        found.setdefault(where or "$", []).append(words)
    return found


def text(*, least: int = 0, most: int | None = None, form: Callable[[str], bool] | None = None) -> Shape:
    def check(where: str, value: Any) -> Iterator[Wrong]:
        if not isinstance(value, str):
            yield where, "This must be text."
        elif len(value) < least:
            yield where, f"The field {where} must not be empty."
        elif most is not None and len(value) > most:
            yield where, f"The field {where} must be text of at most {most} characters."
        elif form is not None and not form(value):
            yield where, f"The value “{value[:100]}” is not valid for {where}."

    return check


def one_of(*words: str) -> Shape:
    return text(form=lambda value: value in words)


def is_moment(value: str) -> bool:
    if not _MOMENT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_address(value: str) -> bool:
    try:
        return bool(urlsplit(value).scheme) and " " not in value
    except ValueError:
        return False


moment = text(form=is_moment)
address = text(form=is_address)


def whole(*, bits: int | None = 64, least: int | None = None, most: int | None = None) -> Shape:
    def check(where: str, value: Any) -> Iterator[Wrong]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield where, "This must be a whole number."
        elif not -_INT[bits] <= value < _INT[bits]:
            yield where, f"The field {where} must be a number of {bits} bits."
        elif least is not None and value < least:
            yield where, f"The field {where} must be at least {least}."
        elif most is not None and value > most:
            yield where, f"The field {where} must be at most {most}."

    return check


def flag(where: str, value: Any) -> Iterator[Wrong]:
    if not isinstance(value, bool):
        yield where, "This must be true or false."


def or_null(shape: Shape) -> Shape:
    def check(where: str, value: Any) -> Iterator[Wrong]:
        if value is not None:
            yield from shape(where, value)

    return check


def list_of(shape: Shape) -> Shape:
    def check(where: str, value: Any) -> Iterator[Wrong]:
        if not isinstance(value, list):
            yield where, "This must be a list."
            return
        for number, item in enumerate(value):
            yield from shape(f"{where}[{number}]", item)

    return check


def map_of(shape: Shape) -> Shape:
    def check(where: str, value: Any) -> Iterator[Wrong]:
        if not isinstance(value, dict):
            yield where, "This must be an object."
            return
        for name, item in value.items():
            yield from shape(_within(where, name), item)

    return check


def record(
    required: Mapping[str, Shape] | None = None,
    shared: Mapping[str, Shape] | None = None,
    *,
    closed: bool = True,
    one_at_least: Sequence[str] = (),
    **optional: Shape,
) -> Shape:
    """An object; a closed one has no other fields. ``shared`` are optional ones that several records have."""
    needed = required or {}
    known = {**needed, **(shared or {}), **optional}

    def check(where: str, value: Any) -> Iterator[Wrong]:
        if not isinstance(value, dict):
            yield where, "This must be an object."
            return
        for name in needed:
            if name not in value:
                yield _within(where, name), f"The {_pascal(name)} field is required."
        if one_at_least and not any(name in value for name in one_at_least):
            yield where, f"One of {', '.join(one_at_least)} is required."
        for name, item in value.items():
            if name in known:
                yield from known[name](_within(where, name), item)
            elif closed:
                yield _within(where, name), f"The field {name} is not known."

    return check


def any_of(*shapes: Shape) -> Shape:
    """Exactly what one of them wants, the first of which is described."""

    def check(where: str, value: Any) -> Iterator[Wrong]:
        fitting = [shape for shape in shapes if not list(shape(where, value))]
        if len(fitting) != 1:
            yield from list(shapes[0](where, value)) or [(where, "It must be clear which of the kinds this is.")]

    return check


def _within(where: str, name: str) -> str:
    return f"{where}.{_pascal(name)}" if where else _pascal(name)


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]
