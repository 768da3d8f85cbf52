"""The rooms of the demo venue. Positions are centres and sizes in thousandths of the room's plan."""

from typing import NamedTuple

from floorplan.models import Table

SQUARE, ROUND, LONG = Table.Shape.SQUARE, Table.Shape.ROUND, Table.Shape.LONG


class Room(NamedTuple):
    code: str
    name: str


class Place(NamedTuple):
    room: str
    code: str
    name: str
    covers: int
    shape: Table.Shape
    x: int
    y: int
    width: int
    height: int
    waiters: tuple[str, ...]
    """Who serves it, by login."""
    rotation: int = 0


MAIN, TERRACE, BAR = Room("main", "Main room"), Room("terrace", "Terrace"), Room("bar", "Bar")
ROOMS = (MAIN, TERRACE, BAR)

_WINDOW, _BACK, _OUTSIDE, _AT_THE_BAR = ("ana",), ("tom", "sofia"), ("leila",), ("jack",)

PLACES = (
    Place("main", "t1", "Table 1", 2, ROUND, 105, 150, 140, 170, _WINDOW),
    Place("main", "t2", "Table 2", 2, ROUND, 105, 400, 140, 170, _WINDOW),
    Place("main", "t3", "Table 3", 4, SQUARE, 320, 150, 150, 170, _WINDOW),
    Place("main", "t4", "Table 4", 4, SQUARE, 320, 400, 150, 170, _WINDOW),
    Place("main", "t5", "Table 5", 8, LONG, 605, 150, 290, 170, _WINDOW),
    Place("main", "t6", "Table 6", 4, SQUARE, 885, 150, 150, 170, _WINDOW),
    Place("main", "t7", "Table 7", 4, SQUARE, 520, 430, 140, 160, _BACK, 45),
    Place("main", "t8", "Table 8", 4, SQUARE, 770, 430, 140, 160, _BACK, 45),
    Place("main", "t9", "Table 9", 6, LONG, 160, 790, 250, 170, _BACK),
    Place("main", "t10", "Table 10", 4, ROUND, 425, 790, 150, 190, _BACK),
    Place("main", "t11", "Table 11", 4, ROUND, 650, 790, 150, 190, _BACK),
    Place("main", "t12", "Table 12", 6, LONG, 890, 750, 230, 160, _BACK, 90),
    Place("terrace", "t21", "Table 21", 4, ROUND, 130, 220, 160, 210, _OUTSIDE),
    Place("terrace", "t22", "Table 22", 4, ROUND, 375, 220, 160, 210, _OUTSIDE),
    Place("terrace", "t23", "Table 23", 4, ROUND, 620, 220, 160, 210, _OUTSIDE),
    Place("terrace", "t24", "Table 24", 2, SQUARE, 870, 220, 140, 170, _OUTSIDE),
    Place("terrace", "t25", "Table 25", 6, LONG, 190, 700, 270, 190, _OUTSIDE),
    Place("terrace", "t26", "Table 26", 6, LONG, 540, 700, 270, 190, _OUTSIDE),
    Place("terrace", "t27", "Table 27", 2, SQUARE, 855, 700, 140, 170, _OUTSIDE, 45),
    Place("bar", "b1", "Bar 1", 2, ROUND, 120, 250, 140, 180, _AT_THE_BAR),
    Place("bar", "b2", "Bar 2", 2, ROUND, 350, 250, 140, 180, _AT_THE_BAR),
    Place("bar", "b3", "Bar 3", 2, ROUND, 580, 250, 140, 180, _AT_THE_BAR),
    Place("bar", "b4", "High table", 6, LONG, 860, 400, 260, 170, _AT_THE_BAR, 90),
    Place("bar", "b5", "Snug", 6, SQUARE, 230, 700, 260, 250, _AT_THE_BAR),
    Place("bar", "b6", "Fireside", 4, SQUARE, 570, 700, 180, 220, _AT_THE_BAR),
)
