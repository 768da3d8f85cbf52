"""Rooms and tables as Dojo reads them."""

from typing import Any

from floorplan.selectors import ServedArea, ServedTable


def render_area(area: ServedArea) -> dict[str, Any]:
    wire: dict[str, Any] = {"id": area.code, "name": area.name}
    if area.waiter_ids:
        wire["waiterIds"] = list(area.waiter_ids)
    return wire


def render_table(table: ServedTable) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "id": table.code,
        "name": table.name,
        "maxCovers": table.max_covers,
        "areaId": table.area_code,
    }
    if table.waiter_ids:
        wire["waiterIds"] = list(table.waiter_ids)
    return wire
