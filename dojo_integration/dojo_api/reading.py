"""Reading what Dojo wrote without trusting it: what is missing or of another kind is simply not there.

Names are also found with a capital first letter; some of Dojo's bodies are written that way.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

Body = Mapping[str, Any]

NOTHING: Body = MappingProxyType({})
LONGEST_TEXT = 4096


class Garbled(ValueError):
    """What cannot be done without is not there."""


def value_of(body: Body, name: str) -> Any:
    found = body.get(name)
    return body.get(name[:1].upper() + name[1:]) if found is None else found


def text(body: Body, *names: str) -> str:
    """The first of these names that holds a text."""
    return next((found for name in names if (found := words_of(value_of(body, name)))), "")


def needed(body: Body, *names: str) -> str:
    """The same, where nothing can be done without it. Raises Garbled."""
    found = text(body, *names)
    if not found:
        raise Garbled(f"no {names[0]}")
    return found


def flag(body: Body, name: str) -> bool:
    return value_of(body, name) is True


def amount(body: Body, name: str) -> int | None:
    """Minor units, whether Dojo wrote a bare number or Money."""
    found = value_of(body, name)
    if isinstance(found, Mapping):
        found = value_of(found, "value")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def currency(body: Body, *names: str) -> str:
    """The currency of the first of these amounts that says one."""
    for name in names:
        found = text(part(body, name), "currencyCode")
        if found:
            return found.upper()
    return ""


def moment(body: Body, name: str) -> datetime | None:
    """In UTC, also where Dojo left the zone out."""
    try:
        found = datetime.fromisoformat(text(body, name))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def part(body: Body, *names: str) -> Body:
    """The first of these names that holds an object."""
    for name in names:
        found = value_of(body, name)
        if isinstance(found, Mapping):
            return found
    return NOTHING


def parts(body: Body, name: str) -> Iterator[Body]:
    yield from objects_in(value_of(body, name))


def objects_in(found: Any) -> Iterator[Body]:
    """Its objects; one that is not in a list counts as a list of one."""
    if isinstance(found, Mapping):
        yield found
    elif isinstance(found, list):
        yield from (one for one in found if isinstance(one, Mapping))


def texts(body: Body, name: str) -> tuple[str, ...]:
    found = value_of(body, name)
    if not isinstance(found, list):
        return ()
    return tuple(words for one in found if (words := words_of(one)))


def as_object(body: Any) -> Body:
    """Raises Garbled."""
    if not isinstance(body, Mapping):
        raise Garbled("no object")
    return body


def as_objects(body: Any) -> Iterator[Body]:
    """Raises Garbled."""
    if not isinstance(body, Mapping | list):
        raise Garbled("no list")
    return objects_in(body)


def words_of(found: Any) -> str:
    """A text as it can be kept; a number is one too, where Dojo thinks it an id. Anything else is ""."""
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    # A NUL is nothing that a database column takes.
    return found.strip()[:LONGEST_TEXT] if isinstance(found, str) and "\x00" not in found else ""
