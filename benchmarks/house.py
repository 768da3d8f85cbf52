"""The benchmark's venue: the demo pub, with a hall of many tables beside it for bills that are still open."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from floorplan.models import Area, Table
from orders.demo.building import build_venue
from orders.models import TradingPeriod
from pos.models import Membership, Role, Till, Venue

ZONE = ZoneInfo("Europe/London")
HALL = "hall"


@dataclass(frozen=True, slots=True)
class House:
    """The venue and what visits need of it."""

    venue: Venue
    till: Till
    manager: Membership
    supervisor: Membership
    waiters: list[Membership]
    pub: list[Table]
    hall: list[Table]

    @property
    def open_period(self) -> TradingPeriod:
        return TradingPeriod.objects.get(venue=self.venue, closed_at=None)


def build_house(*, opened_at: datetime, hall_tables: int) -> House:
    """Open the demo pub at that moment, and its hall.

    As many bills can be open there at once: each is named after its table, and no two open orders have one name.
    """
    venue = build_venue(opened_at=opened_at)
    hall = Area.objects.create(venue=venue, code=HALL, name="Hall", position=9)
    Table.objects.bulk_create(
        Table(venue=venue, area=hall, code=f"h{number}", name=f"Hall {number}", position=number)
        for number in range(1, hall_tables + 1)
    )
    return find_house(venue)


def find_house(venue: Venue) -> House:
    staff = list(Membership.objects.filter(venue=venue).select_related("staff", "venue").order_by("pk"))
    tables = list(Table.objects.filter(venue=venue).select_related("area").order_by("pk"))
    return House(
        venue=venue,
        till=Till.objects.filter(venue=venue).order_by("pk")[0],
        manager=next(row for row in staff if row.role == Role.MANAGER),
        supervisor=next(row for row in staff if row.role == Role.SUPERVISOR),
        waiters=[row for row in staff if row.role == Role.WAITER],
        pub=[table for table in tables if table.area.code != HALL],
        hall=[table for table in tables if table.area.code == HALL],
    )
