"""The only SELECT … FOR UPDATE of this app; tables come after the trading period and before reservations."""

from collections.abc import Iterable

from floorplan.models import Table
from pos.models import Venue
from pos.statements import Slot, Statement

_TABLES = Statement(
    lambda: (
        Table.objects.select_for_update(no_key=True, of=("self",))
        .filter(venue=Slot("venue"), pk__anyof=Slot("table_ids"))
        .order_by("pk")
    )
)


def tables_for_update(venue: Venue, table_ids: Iterable[int]) -> list[Table]:
    """Lock tables so that only one till seats or books them at a time; unknown ones are simply missing."""
    return _TABLES.all(venue=venue.pk, table_ids=list(table_ids))
