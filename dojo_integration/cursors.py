"""Pages of a search: keyset cursors that survive inserts and deletes, signed so that nobody makes their own.

A cursor is the place between two rows, not a row: what is closed, moved or deleted meanwhile is simply no longer on
either side of it. It is good for one venue and one kind of thing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer

from pos.errors import InvalidRequest
from pos.models import Venue

LARGEST_PAGE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageAsk:
    """Which page is wanted: the first one, the one after a place or the one before it."""

    limit: int = LARGEST_PAGE
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows, and a cursor for each neighbouring page that exists."""

    rows: Sequence[T]
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at the position itself (``inclusive``) or past it."""

    position: Any
    inclusive: bool = False


def write_cursor(venue: Venue, kind: str, place: Place) -> str:
    return _signer(venue, kind).sign_object([place.position, place.inclusive])


def read_cursor(venue: Venue, kind: str, text: str, *, field: str) -> Place:
    """Read back what we signed. Raises InvalidRequest for a damaged cursor or one of another venue or search."""
    try:
        position, inclusive = _signer(venue, kind).unsign_object(text)
    except BadSignature:
        raise InvalidRequest("is not a cursor of this search", field=field) from None
    return Place(position=tuple(position) if isinstance(position, list) else position, inclusive=inclusive)


def read_page(
    venue: Venue,
    kind: str,
    ask: PageAsk,
    *,
    following: Callable[[Place | None, int], list[T]],
    preceding: Callable[[Place, int], list[T]],
    position_of: Callable[[T], Any],
) -> Page[T]:
    """Read one page of a sorted search.

    ``following`` and ``preceding`` read at most so many rows on that side of a place, nearest first. One row more than
    the page tells whether the search goes on; one row read backwards, whether it has a page before.
    """
    if ask.before is not None:
        place = read_cursor(venue, kind, ask.before, field="cursor.before")
        rows = preceding(place, ask.limit + 1)
        newer, rows = len(rows) > ask.limit, rows[: ask.limit][::-1]
        older = bool(following(_edge(rows, -1, place, position_of), 1))
    else:
        start = None if ask.after is None else read_cursor(venue, kind, ask.after, field="cursor.after")
        rows = following(start, ask.limit + 1)
        older, rows = len(rows) > ask.limit, rows[: ask.limit]
        newer = start is not None and bool(preceding(_edge(rows, 0, start, position_of), 1))
        place = start or Place(None)
    return Page(
        rows=rows,
        before=write_cursor(venue, kind, _edge(rows, 0, place, position_of)) if newer else None,
        after=write_cursor(venue, kind, _edge(rows, -1, place, position_of)) if older else None,
    )


def _edge(rows: Sequence[T], index: int, place: Place, position_of: Callable[[T], Any]) -> Place:
    """The place beside the page's outermost row; of an empty page, the other side of where it began."""
    if rows:
        return Place(position_of(rows[index]))
    return Place(place.position, inclusive=not place.inclusive)


def _signer(venue: Venue, kind: str) -> Signer:
    return Signer(salt=f"tableside.cursor.{kind}.{venue.pk}")
