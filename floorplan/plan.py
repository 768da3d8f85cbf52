"""Where on the plan a new table goes, until somebody drags it to its place."""

from collections.abc import Iterable

# A table is 100 wide and high unless somebody says otherwise, on a plan of 1000 by 1000.
_COLUMNS = (130, 310, 490, 670, 850)
_ROWS = (140, 320, 500, 680, 860)
_ELBOW_ROOM = 120


def free_spot(taken: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The first place, row by row, with no other table's centre near; on a full plan the last one."""
    centres = list(taken)
    for y in _ROWS:
        for x in _COLUMNS:
            if all(abs(x - other_x) >= _ELBOW_ROOM or abs(y - other_y) >= _ELBOW_ROOM for other_x, other_y in centres):
                return x, y
    return _COLUMNS[-1], _ROWS[-1]
