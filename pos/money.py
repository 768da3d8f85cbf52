"""Money is whole pence or cents; percentages are hundredths of a percent (12.5 % = 1250), as on the wire.

Nothing here knows a float. Every rounding of the product is one of the two below: half-up to the minor unit, or a
split by largest remainder, which loses and invents nothing.
"""

import re
from collections.abc import Sequence

GBP = "GBP"
EUR = "EUR"
CURRENCIES = (GBP, EUR)

WHOLE = 10_000
"""100 % in hundredths of a percent."""

_SYMBOLS = {GBP: "£", EUR: "€"}

# 4.20, .5, 1,250, 12: ASCII digits, commas only between thousands, at most two decimals.
_WRITTEN = re.compile(r"(\d{1,3}(?:,\d{3})+|\d*)(?:\.(\d{1,2}))?", re.ASCII)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide to the nearest minor unit, halves away from zero, so that a refund mirrors its sale."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def percent_of(amount: int, hundredths_of_percent: int) -> int:
    """Return that percentage of the amount, half-up."""
    return divide_half_up(amount * hundredths_of_percent, WHOLE)


def tax_contained(gross: int, rate: int) -> int:
    """Return the tax inside a tax-inclusive amount: gross - gross ÷ (1 + rate), half-up. Raises ValueError."""
    if rate < 0:
        raise ValueError("a tax rate is never negative")
    return divide_half_up(gross * rate, WHOLE + rate)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split the total in proportion to the weights so that the parts sum to it exactly. Raises ValueError.

    What rounding down leaves over goes, a penny each, to the largest remainders, and of equal ones to the earlier.
    A zero weight gets nothing, unless all are zero: then everybody counts the same.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are never negative")
    if not weights:
        if total:
            raise ValueError("there is nobody to split this over")
        return []
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [abs(total) * share // whole for share in shares]
    remainders = [abs(total) * share % whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda index: -remainders[index])
    for index in by_remainder[: abs(total) - sum(parts)]:
        parts[index] += 1
    return parts if total >= 0 else [-part for part in parts]


def format_money(minor: int, currency: str) -> str:
    """Write an amount as guests read it: £42.10, €3.00, -£1.20, £1,250.00. Raises ValueError."""
    major, rest = divmod(abs(minor), 100)
    sign = "-" if minor < 0 else ""
    return f"{sign}{symbol(currency)}{major:,}.{rest:02d}"


def symbol(currency: str) -> str:
    """The sign that stands before an amount. Raises ValueError."""
    if currency not in _SYMBOLS:
        raise ValueError(f"{currency!r} is not a currency of ours")
    return _SYMBOLS[currency]


def parse_money(text: str) -> int:
    """Read an amount as people write it: 4.20, £4.20, 1,250, .50. Raises ValueError; never rounds."""
    return _hundredths(text.strip().lstrip("".join(_SYMBOLS.values())).lstrip())


def parse_percent(text: str) -> int:
    """Read a percentage as people write it, 12.5 or 12.5 %, into hundredths. Raises ValueError; never rounds."""
    return _hundredths(text.strip().removesuffix("%").rstrip())


def plain_money(minor: int) -> str:
    """The amount as it is typed into a field: 4.20."""
    major, rest = divmod(minor, 100)
    return f"{major}.{rest:02d}"


def plain_percent(hundredths: int) -> str:
    """The percentage as it is typed into a field: 12.5, 20."""
    return plain_money(hundredths).rstrip("0").rstrip(".")


def _hundredths(text: str) -> int:
    written = _WRITTEN.fullmatch(text)
    if written is None or not text:
        raise ValueError(f"{text!r} is not a number with at most two decimals")
    whole, decimals = written.groups()
    if not whole and not decimals:
        raise ValueError(f"{text!r} is not a number")
    return 100 * int(whole.replace(",", "") or 0) + int((decimals or "").ljust(2, "0"))
