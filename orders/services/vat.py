"""Which VAT rate holds for a class today, eaten in or taken out: the dated table, read once per service."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orders.models import Eaten, VatRate
from pos.models import Venue
from pos.statements import Slot, Statement

RateRow = tuple[int, int, int]
"""A class of VAT, its rate eaten in and its rate taken out."""

RATES: Statement[RateRow] = Statement(
    lambda: (
        VatRate.objects.filter(vat_class__venue=Slot("venue"), valid_from__lte=Slot("day"))
        .order_by("vat_class_id", "-valid_from")
        .distinct("vat_class_id")
        .values_list("vat_class_id", "rate_in", "rate_out")
    )
)
"""A venue's rates on a day."""


@dataclass(frozen=True, slots=True)
class VatRates:
    by_class: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, rows: Iterable[RateRow]) -> "VatRates":
        return cls({vat_class_id: (rate_in, rate_out) for vat_class_id, rate_in, rate_out in rows})

    def rate(self, vat_class_id: int | None, eaten: str) -> int:
        """The rate in hundredths of a percent; a class without any rate yet has none."""
        if vat_class_id is None:
            return 0
        rate_in, rate_out = self.by_class.get(vat_class_id, (0, 0))
        return rate_out if eaten == Eaten.OUT else rate_in


def rates_for(venue: Venue, moment: datetime) -> VatRates:
    """The venue's rates on the business day of that moment."""
    return VatRates.of(RATES.all(venue=venue.pk, day=venue.business_date(moment)))
