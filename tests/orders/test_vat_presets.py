"""The VAT tables that a new venue starts with, as a British and an Irish till would charge them."""

from datetime import date

import pytest

from orders import vat_presets
from orders.vat_presets import IRELAND, PRESETS, UNITED_KINGDOM, rate_on

TODAY = date(2026, 11, 20)
BEFORE_THE_IRISH_CUT = date(2026, 6, 30)
DAY_OF_THE_IRISH_CUT = date(2026, 7, 1)


def rates(preset: vat_presets.Preset, vat_class: str, day: date) -> tuple[int, int]:
    row = rate_on(preset, vat_class, day)
    return row.eaten_in, row.taken_out


@pytest.mark.parametrize(
    ("vat_class", "expected"),
    [
        ("cold-food", (2000, 0)),
        ("bread", (2000, 0)),
        ("cake", (2000, 0)),
        ("hot-food", (2000, 2000)),
        ("hot-drink", (2000, 2000)),
        ("soft-drink", (2000, 2000)),
        ("alcohol", (2000, 2000)),
        ("confectionery", (2000, 2000)),
        ("no-vat", (0, 0)),
    ],
)
def test_in_britain_only_cold_food_taken_out_is_zero_rated(vat_class: str, expected: tuple[int, int]) -> None:
    assert rates(UNITED_KINGDOM, vat_class, TODAY) == expected


@pytest.mark.parametrize(
    ("vat_class", "before", "after"),
    [
        ("hot-food", (1350, 1350), (900, 900)),
        ("cold-food", (1350, 0), (900, 0)),
        ("bread", (1350, 0), (900, 0)),
        ("cake", (1350, 1350), (900, 1350)),
        ("hot-drink", (1350, 1350), (900, 900)),
        ("confectionery", (1350, 2300), (900, 2300)),
        ("soft-drink", (2300, 2300), (2300, 2300)),
        ("alcohol", (2300, 2300), (2300, 2300)),
        ("no-vat", (0, 0), (0, 0)),
    ],
)
def test_in_ireland_catering_falls_to_nine_percent_on_the_first_of_july_2026(
    vat_class: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    assert rates(IRELAND, vat_class, BEFORE_THE_IRISH_CUT) == before
    assert rates(IRELAND, vat_class, DAY_OF_THE_IRISH_CUT) == after


@pytest.mark.parametrize("country", PRESETS)
def test_every_preset_knows_every_class_and_dates_its_rows_once(country: str) -> None:
    preset = PRESETS[country]

    assert set(preset) == set(vat_presets.NAMES)
    for rows in preset.values():
        dates = [row.valid_from for row in rows]
        assert dates == sorted(set(dates))


def test_a_preset_says_nothing_about_a_day_before_its_first_row() -> None:
    with pytest.raises(LookupError, match="hot-food on 2020-01-01"):
        rate_on(UNITED_KINGDOM, "hot-food", date(2020, 1, 1))
