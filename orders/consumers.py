"""The sockets of the floor, of an order and of a station."""

from orders.models import Station
from pos.consumers import ScreenConsumer
from pos.ids import ORDER, is_id
from pos.live import floor_group, menu_group, order_group, station_group


class FloorConsumer(ScreenConsumer):
    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        return [floor_group(venue_id)]


class TableConsumer(ScreenConsumer):
    """A table's order page: whoever opens, moves or pays a bill there is heard on the floor."""

    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        return [floor_group(venue_id), menu_group(venue_id)]


class OrderConsumer(ScreenConsumer):
    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        # Only ids go into group names; another venue's order is a group that nobody sends to.
        if not is_id(ORDER, path["order_id"]):
            return []
        return [order_group(venue_id, path["order_id"]), menu_group(venue_id)]


class StationConsumer(ScreenConsumer):
    def groups_of(self, venue_id: int, path: dict[str, str]) -> list[str]:
        station = Station.objects.filter(venue_id=venue_id, code=path["code"]).values_list("pk", flat=True).first()
        return [station_group(venue_id, station)] if station is not None else []
