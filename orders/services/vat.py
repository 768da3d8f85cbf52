"""Which VAT rate holds for a class today, eaten in or taken out: the dated table, read once per service."""

from dataclasses import dataclass
from datetime import datetime

from orders.models import Eaten, VatRate
from pos.models import Venue


@dataclass(frozen=True, slots=True)
class VatRates:
    by_class: dict[int, tuple[int, int]]

    def rate(self, vat_class_id: int | None, eaten: str) -> int:
        """The rate in hundredths of a percent; a class without any rate yet has none."""
        if vat_class_id is None:
            return 0
        rate_in, rate_out = self.by_class.get(vat_class_id, (0, 0))
        return rate_out if eaten == Eaten.OUT else rate_in


def rates_for(venue: Venue, moment: datetime) -> VatRates:
    """The venue's rates on the business day of that moment."""
    rows = (
        VatRate.objects.filter(vat_class__venue=venue, valid_from__lte=venue.business_date(moment))
        .order_by("vat_class_id", "-valid_from")
        .distinct("vat_class_id")
    )
    return VatRates({row.vat_class_id: (row.rate_in, row.rate_out) for row in rows})
