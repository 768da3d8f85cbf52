"""The only SELECT … FOR UPDATE of this app; tables come after the trading period and before reservations."""

from collections.abc import Iterable

from floorplan.models import Table
from pos.models import Venue


def tables_for_update(venue: Venue, table_ids: Iterable[int]) -> list[Table]:
    """Lock tables so that only one till seats or books them at a time; unknown ones are simply missing."""
    return list(
        Table.objects.select_for_update(no_key=True, of=("self",))
        .filter(venue=venue, pk__in=set(table_ids))
        .order_by("pk")
    )
