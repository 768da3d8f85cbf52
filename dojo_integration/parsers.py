"""Bytes to a JSON object, or a refusal that names the place: what both roads let in.

Python's own parser takes duplicate keys, NaN, numbers without end and lone surrogates, and dies of deep nesting; each
of them would otherwise become a 500, or half a write, somewhere further in.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from pos.errors import InvalidRequest

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
SMALLEST = -(2**63)
BIGGEST = 2**63 - 1

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_OPENING = frozenset((b"[", b"{"))


class NotJson(InvalidRequest):
    """These bytes are no JSON at all."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands in the parsed tree for what we do not take, until the walk knows where that is."""

    why: str


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a request's JSON object. Raises InvalidRequest naming the field that we cannot take."""
    parsed = parse(body)
    if not isinstance(parsed, dict):
        raise InvalidRequest("The request is not a JSON object.")
    return parsed


def parse(body: bytes) -> Any:
    """Read whatever JSON a request is. Raises InvalidRequest naming the field that we cannot take, NotJson."""
    if len(body) > MAX_BYTES:
        raise too_large()
    if not body.strip():
        raise NotJson("The request is empty, a JSON object was expected.")
    _refuse_deep_nesting(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(f"The request is not UTF-8 (byte {error.start}).") from None
    if text.startswith("\ufeff"):
        raise NotJson("The request begins with a byte order mark, JSON has none.")
    try:
        parsed = _decoder.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotJson(f"The request is not JSON: {error.msg} ({place}).") from None
    _walk(parsed, "")
    return parsed


def glimpse(body: bytes) -> dict[str, Any]:
    """What stands at the top of an object that was refused, without what is nested; empty where it cannot be read.

    Whoever waits for an answer to it has to be told which request was refused.
    """
    try:
        parsed = _decoder.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(parsed, dict):
        return {}
    return {name: value for name, value in parsed.items() if _is_plain(value)}


def too_large() -> InvalidRequest:
    return InvalidRequest(f"The request is larger than {MAX_BYTES} bytes.")


def _refuse_deep_nesting(body: bytes) -> None:
    # Most bodies have fewer brackets than the limit; only the others are looked at closely.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in _OPENING else -1
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"The request is nested deeper than {MAX_DEPTH} levels.")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found[key] = _Refused("is given twice")
            seen.add(key)
    return found


def _integer(digits: str) -> int | _Refused:
    # Longer than any bigint: converting it would only cost time.
    if len(digits) > 20:
        return _Refused("is a number too large")
    number = int(digits)
    return number if SMALLEST <= number <= BIGGEST else _Refused("is a number too large")


def _fraction(digits: str) -> float | _Refused:
    number = float(digits)
    return number if math.isfinite(number) else _Refused("is a number too large")


def _constant(name: str) -> _Refused:
    return _Refused(f"is {name}, which JSON does not have")


_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_fraction, parse_constant=_constant, strict=True
)


def _walk(value: Any, path: str) -> None:
    if isinstance(value, str):
        _refuse_bad_text(value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_bad_text(key, path)
            _walk(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(inner, f"{path}[{index}]")
    elif isinstance(value, _Refused):
        raise InvalidRequest(value.why, field=path)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not _has_surrogate(value)
    return value is None or isinstance(value, bool | int | float)


def _refuse_bad_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise InvalidRequest("contains a NUL character", field=path)
    if _has_surrogate(text):
        raise InvalidRequest("contains half a surrogate pair", field=path)


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
