"""Rounding is law: half-up to the penny, and a split that always adds up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.money import (
    CURRENCIES,
    divide_half_up,
    format_money,
    largest_remainder,
    parse_money,
    parse_percent,
    percent_of,
    plain_money,
    plain_percent,
    tax_contained,
)

AMOUNTS = st.integers(min_value=-10_000_000, max_value=10_000_000)
RATES = st.integers(min_value=0, max_value=20_000)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=1_000_000), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        (8284, 1250, 1036),  # £82.84 + 12.5 % = £10.355
        (100, 1250, 13),  # exactly half a penny goes up
        (-100, 1250, -13),  # and a refund mirrors it
        (99, 1250, 12),
        (1000, 0, 0),
        (0, 2000, 0),
        (3, 5000, 2),
        (-3, 5000, -2),
        (1, 4999, 0),
        (12345, 10_000, 12345),
    ],
)
def test_percent_of_rounds_half_up(amount: int, rate: int, expected: int) -> None:
    assert percent_of(amount, rate) == expected


@pytest.mark.parametrize(
    ("gross", "rate", "expected"),
    [
        (620, 2000, 103),  # a pint: 103.33
        (3, 2000, 1),  # half a penny
        (-3, 2000, -1),
        (1350, 1350, 161),  # 160.57, an Irish main
        (109, 900, 9),
        (123, 2300, 23),
        (500, 0, 0),
    ],
)
def test_tax_contained_is_a_rate_of_the_price_without_tax(gross: int, rate: int, expected: int) -> None:
    assert tax_contained(gross, rate) == expected


def test_tax_contained_refuses_a_negative_rate() -> None:
    with pytest.raises(ValueError, match="never negative"):
        tax_contained(100, -1)


def test_divide_half_up_refuses_zero() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        divide_half_up(1, 0)


@given(AMOUNTS, st.integers(min_value=1, max_value=100_000))
def test_half_up_is_the_nearest_and_halves_leave_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)

    rounded = divide_half_up(numerator, denominator)

    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(AMOUNTS, RATES)
def test_a_refund_mirrors_its_sale(amount: int, rate: int) -> None:
    assert percent_of(-amount, rate) == -percent_of(amount, rate)
    assert tax_contained(-amount, rate) == -tax_contained(amount, rate)


@given(st.integers(min_value=0, max_value=10_000_000), RATES)
def test_tax_contained_is_the_tax_on_what_remains_within_a_penny(gross: int, rate: int) -> None:
    tax = tax_contained(gross, rate)

    assert 0 <= tax <= gross
    assert abs(Fraction((gross - tax) * rate, 10_000) - tax) <= Fraction(1, 2) * (1 + Fraction(rate, 10_000))


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # ties to the earlier
        (101, [1, 1, 1], [34, 34, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [1, 2], [3, 7]),  # 3.33 and 6.67: the larger remainder
        (7, [0, 3, 0], [0, 7, 0]),  # zero weights get zero
        (5, [0, 0], [3, 2]),  # unless all are zero
        (0, [3, 4], [0, 0]),
        (0, [], []),
        (250, [5, 5, 0, 490], [3, 2, 0, 245]),
    ],
)
def test_largest_remainder(total: int, weights: list[int], expected: list[int]) -> None:
    assert largest_remainder(total, weights) == expected


def test_largest_remainder_refuses_what_it_cannot_split() -> None:
    with pytest.raises(ValueError, match="nobody"):
        largest_remainder(1, [])
    with pytest.raises(ValueError, match="never negative"):
        largest_remainder(1, [2, -1])


@given(AMOUNTS, WEIGHTS)
def test_a_split_adds_up_and_nobody_is_off_by_a_penny(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, weights)

    counted = weights if any(weights) else [1] * len(weights)
    assert sum(parts) == total
    for part, weight in zip(parts, counted, strict=True):
        assert abs(part - Fraction(total * weight, sum(counted))) < 1
        if weight == 0:
            assert part == 0


@given(WEIGHTS, st.data())
def test_a_part_never_exceeds_its_weight_when_there_is_enough(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(min_value=0, max_value=sum(weights)))

    parts = largest_remainder(total, weights)

    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(WEIGHTS)
def test_splitting_the_sum_gives_back_the_weights(weights: list[int]) -> None:
    assert largest_remainder(sum(weights), weights) == weights


@given(st.integers(min_value=0, max_value=1_000_000), st.integers(min_value=1, max_value=30))
def test_an_equal_split_differs_by_a_penny_at_most(total: int, ways: int) -> None:
    parts = largest_remainder(total, [1] * ways)

    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (4210, "GBP", "£42.10"),
        (300, "EUR", "€3.00"),
        (-120, "GBP", "-£1.20"),
        (5, "GBP", "£0.05"),
        (-5, "EUR", "-€0.05"),
        (0, "GBP", "£0.00"),
        (125_000, "GBP", "£1,250.00"),
    ],
)
def test_format_money(minor: int, currency: str, expected: str) -> None:
    assert format_money(minor, currency) == expected


def test_format_money_refuses_a_currency_we_do_not_trade_in() -> None:
    assert CURRENCIES == ("GBP", "EUR")
    with pytest.raises(ValueError, match="'USD'"):
        format_money(1, "USD")


# --- as people write it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("4.20", 420), ("£4.20", 420), ("€ 4.2", 420), (" 4 ", 400), (".5", 50), ("0", 0), ("0.07", 7),
        ("1,250", 125_000), ("1,250.00", 125_000), ("£12,345,678.90", 1_234_567_890), ("007", 700),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(text: str, minor: int) -> None:
    assert parse_money(text) == minor


@pytest.mark.parametrize(
    "text",
    ["", " ", "£", ".", "4.", "4,20", "4.205", "1,25.00", "12,50", "-4", "4e2", "four", "4 20", "٤", "４", "4.20 GBP",
     "£-1", "1,2345", "NaN", "1_000", "0x10", "%"],
)  # fmt: skip
def test_an_amount_that_could_mean_two_things_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_money(text)


@pytest.mark.parametrize(
    ("text", "hundredths"), [("12.5", 1250), ("12.5 %", 1250), ("20%", 2000), ("0.01", 1), ("100", 10_000), ("0", 0)]
)
def test_a_percentage_is_read_as_people_write_it(text: str, hundredths: int) -> None:
    assert parse_percent(text) == hundredths


@pytest.mark.parametrize("text", ["", "%", "12,5", "12.555", "-5", "5 % %", "five"])
def test_a_percentage_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_percent(text)


@given(st.integers(min_value=0, max_value=10**12))
def test_what_a_field_shows_is_what_it_reads(amount: int) -> None:
    assert parse_money(plain_money(amount)) == amount
    assert parse_percent(plain_percent(amount)) == amount
    assert parse_money(format_money(amount, "GBP")) == amount
