"""Where new tables stand until somebody moves them."""

from hypothesis import given
from hypothesis import strategies as st

from floorplan.plan import free_spot

PLACES = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=40)


def test_twenty_five_tables_find_a_place_of_their_own_row_by_row() -> None:
    taken: list[tuple[int, int]] = []
    for _ in range(25):
        taken.append(free_spot(taken))
    assert len(set(taken)) == 25
    assert taken[:2] == [(130, 140), (310, 140)]
    assert taken[5] == (130, 320)


def test_on_a_full_plan_there_is_still_an_answer() -> None:
    taken = [(x, y) for x in range(0, 1001, 100) for y in range(0, 1001, 100)]
    assert free_spot(taken) == (850, 860)


@given(PLACES)
def test_a_spot_is_on_the_plan_and_free_while_there_is_room(taken: list[tuple[int, int]]) -> None:
    x, y = free_spot(taken)
    assert 0 <= x <= 1000
    assert 0 <= y <= 1000
    if len(taken) < 6:
        assert all(abs(x - other_x) >= 120 or abs(y - other_y) >= 120 for other_x, other_y in taken)
