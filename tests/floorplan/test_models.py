"""Areas and tables: a code is what the world knows a place by, so it stays once it is used."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories import (
    AreaFactory,
    OrderFactory,
    PartyFactory,
    ReservationTableFactory,
    TableFactory,
    WorkingVenue,
)


@pytest.mark.parametrize(
    "use",
    [
        lambda shop, table: OrderFactory(venue=shop.venue, table=table),
        lambda shop, table: PartyFactory(venue=shop.venue, at=[table]),
        lambda shop, table: ReservationTableFactory(table=table, reservation__venue=shop.venue),
    ],
    ids=["order", "party", "booking"],
)
def test_a_table_keeps_its_code_once_anything_names_it(uk: WorkingVenue, use: Callable[..., Any]) -> None:
    # given: a slip of the pen, mended before anybody sat there
    table = TableFactory(venue=uk.venue, area=uk.area, code="t31", name="Window")
    table.code = "t13"
    table.full_clean()
    table.save()

    # when
    use(uk, table)
    table.code = "t31"

    # then
    with pytest.raises(ValidationError) as refused:
        table.full_clean()
    assert refused.value.message_dict == {"code": ["“t13” is in use and stays. Give it another name instead."]}

    # when: everything else may change
    table.code, table.name = "t13", "By the window"

    # then
    table.full_clean()


def test_an_area_keeps_its_code_once_it_has_tables(uk: WorkingVenue) -> None:
    # given
    empty = AreaFactory(venue=uk.venue, code="terrasse", name="Terrace")

    # when
    empty.code = "terrace"
    uk.area.code = "other"

    # then
    empty.full_clean()
    with pytest.raises(ValidationError, match="“main” is in use"):
        uk.area.full_clean()


@pytest.mark.parametrize("code", ["T1", "t 1", "", "-t1", "tisch-ü", "t1/2"])
def test_a_code_is_small_letters_digits_and_hyphens(uk: WorkingVenue, code: str) -> None:
    for place in (
        AreaFactory.build(venue=uk.venue, code=code, name="Bar"),
        TableFactory.build(venue=uk.venue, area=uk.area, code=code, name="Bar 1"),
    ):
        with pytest.raises(ValidationError) as refused:
            place.full_clean()
        assert list(refused.value.message_dict) == ["code"]
