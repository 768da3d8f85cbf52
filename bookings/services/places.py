"""Private step that finds tables by what they are called outside."""

from collections.abc import Collection, Sequence

from floorplan.models import Table
from pos.errors import InvalidRequest
from pos.models import Venue


def find_tables(venue: Venue, codes: Sequence[str], *, already: Collection[int] = ()) -> list[Table]:
    """The tables of these codes, each once, in their order. One out of use counts only where it is held already.

    Raises InvalidRequest naming the code that nobody knows.
    """
    known = {table.code: table for table in Table.objects.filter(venue=venue, code__in=set(codes))}
    found: dict[int, Table] = {}
    for index, code in enumerate(codes):
        table = known.get(code)
        if table is None or not (table.is_active or table.pk in already):
            raise InvalidRequest(f"There is no table “{code}” here.", field=f"tableIds[{index}]")
        found[table.pk] = table
    return list(found.values())
