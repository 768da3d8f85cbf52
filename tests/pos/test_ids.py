"""Public ids: what they look like, that they sort by time, and that nobody guesses the next one."""

from datetime import UTC, datetime, timedelta

import pytest

from pos.ids import LINE, ORDER, PARTY, RESERVATION, is_id, new_id

NOON = datetime(2031, 7, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("prefix", [ORDER, LINE, PARTY, RESERVATION])
def test_an_id_says_what_it_is_of(prefix):
    # when
    made = new_id(prefix)

    # then
    assert made.startswith(f"{prefix}_")
    assert len(made) == len(prefix) + 1 + 26
    assert is_id(prefix, made)
    assert [other for other in (ORDER, LINE, PARTY, RESERVATION) if is_id(other, made)] == [prefix]


def test_ids_sort_by_the_moment_they_were_made_at():
    # given
    moments = [NOON + timedelta(milliseconds=step) for step in (0, 1, 2, 1000, 60_000, 3_600_000, 86_400_000 * 365)]

    # when
    ids = [new_id(ORDER, moment) for moment in moments]

    # then
    assert sorted(ids) == ids


def test_of_one_moment_no_two_are_alike_and_none_tells_the_next():
    # when
    ids = [new_id(ORDER, NOON) for _ in range(2000)]

    # then: the time is the same, what follows it is not, anywhere
    assert len(set(ids)) == 2000
    assert len({made[: len("order_") + 9] for made in ids}) == 1
    for place in range(len("order_") + 14, len("order_") + 26):
        assert len({made[place] for made in ids}) == 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order_",
        "order",
        "order_1",
        "order_01h2xcejqtf2nbrexx3vqjhp4",
        "order_01h2xcejqtf2nbrexx3vqjhp411",
        "order_81h2xcejqtf2nbrexx3vqjhp41",
        "order_01h2xcejqtf2nbrexx3vqjhpil",
        "order_01H2XCEJQTF2NBREXX3VQJHP41",
        "party_01h2xcejqtf2nbrexx3vqjhp41",
        " order_01h2xcejqtf2nbrexx3vqjhp41",
    ],
)
def test_what_is_no_id_of_an_order(text):
    assert not is_id(ORDER, text)
