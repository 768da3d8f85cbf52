"""Paging: both ways, over rows that come and go."""

import pytest

from dojo_integration.cursors import Page, PageAsk, Place, read_cursor, read_page, write_cursor
from pos.errors import InvalidRequest
from pos.models import Venue

VENUE = Venue(pk=1, slug="one")
OTHER = Venue(pk=2, slug="two")


class Shelf:
    """Numbers, largest first, like orders newest first."""

    def __init__(self, numbers: range) -> None:
        self.numbers = set(numbers)

    def page(self, **ask: object) -> Page[int]:
        return read_page(
            VENUE,
            "numbers",
            PageAsk(**ask),
            following=self._following,
            preceding=self._preceding,
            position_of=lambda number: number,
        )

    def _following(self, place: Place | None, most: int) -> list[int]:
        numbers = sorted(self.numbers, reverse=True)
        if place is not None:
            numbers = [n for n in numbers if n < place.position or (place.inclusive and n == place.position)]
        return numbers[:most]

    def _preceding(self, place: Place, most: int) -> list[int]:
        numbers = sorted(self.numbers)
        return [n for n in numbers if n > place.position or (place.inclusive and n == place.position)][:most]


def test_walks_to_the_end_and_back() -> None:
    shelf = Shelf(range(1, 8))

    first = shelf.page(limit=3)
    assert (first.rows, first.before) == ([7, 6, 5], None)
    second = shelf.page(limit=3, after=first.after)
    assert second.rows == [4, 3, 2]
    last = shelf.page(limit=3, after=second.after)
    assert (last.rows, last.after) == ([1], None)

    back = shelf.page(limit=3, before=last.before)
    assert back.rows == [4, 3, 2]
    start = shelf.page(limit=3, before=back.before)
    assert (start.rows, start.before) == ([7, 6, 5], None)
    assert shelf.page(limit=3, after=start.after).rows == [4, 3, 2]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_page_has_no_neighbours(count: int) -> None:
    page = Shelf(range(count)).page(limit=3)
    assert (len(page.rows), page.before, page.after) == (count, None, None)


def test_what_comes_or_goes_meanwhile_moves_nothing() -> None:
    # given a reader on the first page
    shelf = Shelf(range(10, 20))
    first = shelf.page(limit=3)
    # when newer rows come, and the very row it stopped at goes
    shelf.numbers |= {20, 21}
    shelf.numbers.remove(first.rows[-1])
    # then the next page goes on where the first one ended
    second = shelf.page(limit=3, after=first.after)
    assert second.rows == [16, 15, 14]
    assert shelf.page(limit=3, before=second.before).rows == [20, 19, 18]
    assert shelf.page(limit=9, before=second.before).rows == [21, 20, 19, 18]


def test_a_page_that_emptied_meanwhile_still_leads_back() -> None:
    # given
    shelf = Shelf(range(1, 6))
    first = shelf.page(limit=3)
    # when everything older goes
    shelf.numbers -= {1, 2}
    empty = shelf.page(limit=3, after=first.after)
    # then
    assert (empty.rows, empty.after) == ([], None)
    assert shelf.page(limit=3, before=empty.before).rows == [5, 4, 3]


def test_a_page_back_that_emptied_meanwhile_still_leads_on() -> None:
    shelf = Shelf(range(1, 6))
    second = shelf.page(limit=2, after=shelf.page(limit=2).after)
    shelf.numbers -= {5, 4}
    empty = shelf.page(limit=2, before=second.before)
    assert (empty.rows, empty.before) == ([], None)
    assert shelf.page(limit=2, after=empty.after).rows == [3, 2]


def test_a_cursor_is_good_for_one_venue_and_one_search() -> None:
    text = write_cursor(VENUE, "orders", Place("order_1", inclusive=True))
    assert read_cursor(VENUE, "orders", text, field="cursor.after") == Place("order_1", inclusive=True)
    for venue, kind in ((OTHER, "orders"), (VENUE, "tables")):
        with pytest.raises(InvalidRequest) as refused:
            read_cursor(venue, kind, text, field="cursor.after")
        assert refused.value.field == "cursor.after"


@pytest.mark.parametrize("damage", ["", "x", ":", "a:b", "é:ü", "x" * 100_000, "eyJ4IjoxfQ:AAAA"])
def test_a_damaged_cursor_is_an_invalid_request(damage: str) -> None:
    with pytest.raises(InvalidRequest):
        read_cursor(VENUE, "orders", damage, field="cursor.before")


def test_no_letter_of_a_cursor_can_be_changed() -> None:
    text = write_cursor(VENUE, "orders", Place("order_1"))
    for index in range(len(text)):
        changed = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        with pytest.raises(InvalidRequest):
            read_cursor(VENUE, "orders", changed, field="cursor.after")
