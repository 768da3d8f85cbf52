"""The VAT table that a new venue starts with: what the law calls a thing × eaten in or taken out.

A start, not advice: an accountant confirms it before the first sale, and a manager changes it by adding a dated row.
What is recorded here:

* United Kingdom: everything eaten in is standard-rated, 20 % again since the pandemic's reduced rates for hospitality
  ended on 31 March 2022. Taken out, cold food, bread and cakes are zero-rated; hot food, drinks, alcohol,
  confectionery, crisps and ice cream are not.
* Ireland: meals and hot take-away are second reduced: 13.5 % since 1 September 2023, 9 % from 1 July 2026. Drinks
  other than tea and coffee, and confectionery taken out, are at the standard 23 %. Cold food and bread taken out are
  zero-rated, cakes taken out stay at 13.5 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

COLD_FOOD = "cold-food"
HOT_FOOD = "hot-food"
BREAD = "bread"
CAKE = "cake"
CONFECTIONERY = "confectionery"
HOT_DRINK = "hot-drink"
SOFT_DRINK = "soft-drink"
ALCOHOL = "alcohol"
NO_VAT = "no-vat"

# What Dojo sold and our menu lacks is most likely a dish; this class also carries the highest rate of food.
DEFAULT_CLASS = HOT_FOOD

NAMES: Mapping[str, str] = {
    COLD_FOOD: "Cold food",
    HOT_FOOD: "Hot food",
    BREAD: "Bread",
    CAKE: "Cakes and pastries",
    CONFECTIONERY: "Confectionery, crisps, ice cream",
    HOT_DRINK: "Hot drinks",
    SOFT_DRINK: "Soft drinks",
    ALCOHOL: "Alcohol",
    NO_VAT: "No VAT (vouchers, deposits)",
}


@dataclass(frozen=True, slots=True)
class PresetRate:
    """From one day on: hundredths of a percent, eaten in and taken out."""

    valid_from: date
    eaten_in: int
    taken_out: int


Preset = Mapping[str, tuple[PresetRate, ...]]

_UK_SINCE = date(2022, 4, 1)
_UK_STANDARD = PresetRate(_UK_SINCE, 2000, 2000)
_UK_ZERO_TAKEN_OUT = PresetRate(_UK_SINCE, 2000, 0)

UNITED_KINGDOM: Preset = {
    COLD_FOOD: (_UK_ZERO_TAKEN_OUT,),
    HOT_FOOD: (_UK_STANDARD,),
    BREAD: (_UK_ZERO_TAKEN_OUT,),
    CAKE: (_UK_ZERO_TAKEN_OUT,),
    CONFECTIONERY: (_UK_STANDARD,),
    HOT_DRINK: (_UK_STANDARD,),
    SOFT_DRINK: (_UK_STANDARD,),
    ALCOHOL: (_UK_STANDARD,),
    NO_VAT: (PresetRate(_UK_SINCE, 0, 0),),
}

_IE_SINCE = date(2023, 9, 1)
_IE_CATERING_CUT = date(2026, 7, 1)


def _irish_catering(*, taken_out: int | None) -> tuple[PresetRate, PresetRate]:
    """Catering before and after the cut; ``taken_out`` where the thing is not catering once it leaves the house."""
    return tuple(  # type: ignore[return-value]
        PresetRate(since, rate, rate if taken_out is None else taken_out)
        for since, rate in ((_IE_SINCE, 1350), (_IE_CATERING_CUT, 900))
    )


_IE_STANDARD = PresetRate(_IE_SINCE, 2300, 2300)

IRELAND: Preset = {
    COLD_FOOD: _irish_catering(taken_out=0),
    HOT_FOOD: _irish_catering(taken_out=None),
    BREAD: _irish_catering(taken_out=0),
    CAKE: _irish_catering(taken_out=1350),
    CONFECTIONERY: _irish_catering(taken_out=2300),
    HOT_DRINK: _irish_catering(taken_out=None),
    SOFT_DRINK: (_IE_STANDARD,),
    ALCOHOL: (_IE_STANDARD,),
    NO_VAT: (PresetRate(_IE_SINCE, 0, 0),),
}

PRESETS: Mapping[str, Preset] = {"GB": UNITED_KINGDOM, "IE": IRELAND}


def rate_on(preset: Preset, vat_class: str, day: date) -> PresetRate:
    """Find the row of a class that holds on a day. Raises LookupError for a day before the first row."""
    rows = [row for row in preset[vat_class] if row.valid_from <= day]
    if not rows:
        raise LookupError(f"the preset says nothing about {vat_class} on {day}")
    return max(rows, key=lambda row: row.valid_from)
