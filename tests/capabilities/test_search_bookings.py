"""SearchParties and SearchReservations: who is here, who has left, who is expected when, page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from pos.models import Venue
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_party, a_reservation, at
from tests.factories import WorkingVenue


@dataclass(frozen=True, slots=True)
class Kind:
    """What is searched, how there comes to be one more, and how one goes."""

    search: str
    create: str
    write: Callable[..., dict[str, Any]]
    get: str
    delete: str
    id_name: str

    def make(self, dojo: Dojo, count: int, prefix: str = "dojo") -> list[str]:
        """The ids of so many new ones, newest first."""
        return [dojo.get(self.create, self.write(f"{prefix}-{number}"))["id"] for number in range(count)][::-1]

    def page(self, dojo: Dojo, **params: Any) -> dict[str, Any]:
        return dojo.get(self.search, params)

    def ids(self, dojo: Dojo, **params: Any) -> list[str]:
        return [found["id"] for found in self.page(dojo, **params)["data"]]


PARTIES = Kind("SearchParties", "CreateParty", a_party, "GetPartyById", "DeletePartyById", "partyId")
RESERVATIONS = Kind(
    "SearchReservations",
    "CreateReservation",
    a_reservation,
    "GetReservationById",
    "DeleteReservationById",
    "reservationId",
)
each_kind = pytest.mark.parametrize("kind", [PARTIES, RESERVATIONS], ids=lambda kind: kind.search)


# --- filters ---------------------------------------------------------------------------------------------------------


@each_kind
def test_newest_first_as_each_is_read_alone(dojo: Dojo, uk: WorkingVenue, kind: Kind) -> None:
    # given
    assert kind.page(dojo) == {"data": []}
    made = kind.make(dojo, 3)
    # when
    page = kind.page(dojo)
    # then
    assert [found["id"] for found in page["data"]] == made
    for found in page["data"]:
        assert dojo.get(kind.get, {kind.id_name: found["id"]}) == found


def test_parties_who_are_here_or_only_those_who_have_left(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    here, gone = PARTIES.make(dojo, 2)
    dojo.get("UpdateParty", a_party("dojo-0", partyId=gone, endTime=at(21)))
    # then
    assert (
        PARTIES.ids(dojo) == PARTIES.ids(dojo, completedOnly=False) == PARTIES.ids(dojo, completedOnly=None) == [here]
    )
    assert PARTIES.ids(dojo, completedOnly=True) == [gone]


def test_parties_by_any_of_their_tables(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    wide = dojo.get("CreateParty", a_party("p-1", tableIds=["t5", "t4"]))["id"]
    left = dojo.get("CreateParty", a_party("p-2", tableIds=["t4"]))["id"]
    dojo.get("DeletePartyById", {"partyId": left})
    dojo.get("CreateParty", a_party("p-3", tableIds=["t6"]))
    # then
    assert PARTIES.ids(dojo, tableId="t4") == PARTIES.ids(dojo, tableId="t5") == [wide]
    assert PARTIES.ids(dojo, tableId="t4", completedOnly=True) == [left]
    assert PARTIES.page(dojo, tableId="t4")["data"][0]["tableIds"] == ["t5", "t4"]


@each_kind
@pytest.mark.parametrize("code", ["nowhere", "", " ", "T4", "x" * 5000, "' OR 1=1 --", "🍷"])
def test_a_table_that_nobody_knows_has_nobody(dojo: Dojo, uk: WorkingVenue, kind: Kind, code: str) -> None:
    kind.make(dojo, 1)
    assert kind.page(dojo, tableId=code) == {"data": []}


@pytest.mark.parametrize(
    ("begins", "ends", "found"),
    [
        (None, None, True),
        (at(18), at(22), True),
        (at(20), at(20, 30), True),
        (at(18), at(19, 1), True),
        (at(20, 59), None, True),
        (at(21), None, False),
        (None, at(19), False),
        (None, at(19, 1), True),
        # the same by another clock
        ("2031-07-04T21:59:00+01:00", "2031-07-04T23:00:00+01:00", True),
        ("2031-07-04T22:00:00+01:00", None, False),
        # nothing is in an interval that ends before it begins
        (at(20, 30), at(19, 30), False),
    ],
)
def test_times_find_the_reservations_that_overlap_them(
    dojo: Dojo, uk: WorkingVenue, begins: str | None, ends: str | None, found: bool
) -> None:
    # given one from seven to nine
    made = RESERVATIONS.make(dojo, 1)
    # then
    asked = {name: moment for name, moment in (("fromTime", begins), ("toTime", ends)) if moment}
    assert RESERVATIONS.ids(dojo, **asked) == (made if found else [])


def test_reservation_filters_combine(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    early = dojo.get("CreateReservation", a_reservation("r-1", startTime=at(12), endTime=at(14)))["id"]
    late = dojo.get("CreateReservation", a_reservation("r-2", tableIds=["t4", "t5"]))["id"]
    dojo.get("CreateReservation", a_reservation("r-3", tableIds=[]))
    # then
    assert RESERVATIONS.ids(dojo, tableId="t4") == [late, early]
    assert RESERVATIONS.ids(dojo, tableId="t4", fromTime=at(18)) == [late]
    assert RESERVATIONS.ids(dojo, tableId="t4", toTime=at(18)) == [early]
    assert RESERVATIONS.ids(dojo, tableId="t5", toTime=at(18)) == []


# --- pages -----------------------------------------------------------------------------------------------------------


@each_kind
def test_pages_lead_on_and_back(dojo: Dojo, uk: WorkingVenue, kind: Kind) -> None:
    # given
    made = kind.make(dojo, 5)
    # when
    first = kind.page(dojo, cursor={"limit": 2})
    second = kind.page(dojo, cursor={"limit": 2, "after": first["after"]})
    third = kind.page(dojo, cursor={"limit": 2, "after": second["after"]})
    # then
    pages = [[found["id"] for found in page["data"]] for page in (first, second, third)]
    assert pages == [made[:2], made[2:4], made[4:]]
    assert [page.keys() - {"data"} for page in (first, second, third)] == [{"after"}, {"before", "after"}, {"before"}]
    assert kind.ids(dojo, cursor={"limit": 2, "before": third["before"]}) == made[2:4]


@each_kind
def test_what_comes_and_goes_between_two_pages_moves_nothing(dojo: Dojo, uk: WorkingVenue, kind: Kind) -> None:
    # given a reader on the first page
    made = kind.make(dojo, 5)
    first = kind.page(dojo, cursor={"limit": 2})
    # when the very last of it goes, the next one too, and new ones come
    for gone in made[1:3]:
        dojo.get(kind.delete, {kind.id_name: gone})
    new = kind.make(dojo, 2, "new")
    # then
    second = kind.page(dojo, cursor={"limit": 2, "after": first["after"]})
    assert [found["id"] for found in second["data"]] == made[3:]
    assert "after" not in second
    assert kind.ids(dojo, cursor={"limit": 9, "before": second["before"]}) == [*new, made[0]]


@each_kind
def test_filters_hold_on_every_page(dojo: Dojo, uk: WorkingVenue, kind: Kind) -> None:
    # given
    asked = []
    for number in range(4):
        asked.append(dojo.get(kind.create, kind.write(f"in-{number}"))["id"])
        dojo.get(kind.create, kind.write(f"out-{number}", tableIds=["t9"]))
    # when
    first = kind.page(dojo, tableId="t4", cursor={"limit": 3})
    rest = kind.page(dojo, tableId="t4", cursor={"limit": 3, "after": first["after"]})
    # then
    assert [found["id"] for found in (*first["data"], *rest["data"])] == asked[::-1]
    assert rest.keys() == {"data", "before"}


@each_kind
def test_a_cursor_of_another_venue_or_search_is_refused(
    dojo: Dojo, dojo_of: Callable[[Venue], Dojo], uk: WorkingVenue, irish: WorkingVenue, kind: Kind
) -> None:
    # given real cursors from elsewhere
    elsewhere = dojo_of(irish.venue)
    kind.make(elsewhere, 2)
    foreign = kind.page(elsewhere, cursor={"limit": 1})["after"]
    other = RESERVATIONS if kind is PARTIES else PARTIES
    other.make(dojo, 2, "other")
    of_others = other.page(dojo, cursor={"limit": 1})["after"]
    # then
    for text in (foreign, of_others, foreign[:-1], "", "x"):
        for name in ("after", "before"):
            answer = dojo.refused(kind.search, {"cursor": {name: text}})
            assert (answer.error_type, answer.message.split(":")[0]) == ("InvalidRequest", f"cursor.{name}")


@pytest.mark.parametrize(
    ("search", "params", "field"),
    [
        *(
            (search, params, field)
            for search in ("SearchParties", "SearchReservations")
            for params, field in (
                ({"tableId": 4}, "tableId"),
                ({"tableId": ["t4"]}, "tableId"),
                ({"cursor": {"limit": 0}}, "cursor.limit"),
                ({"cursor": {"limit": 101}}, "cursor.limit"),
                ({"cursor": {"limit": "10"}}, "cursor.limit"),
                ({"cursor": {"before": "x", "after": "x"}}, "cursor.before"),
                ({"cursor": []}, "cursor"),
            )
        ),
        ("SearchParties", {"completedOnly": "true"}, "completedOnly"),
        ("SearchParties", {"completedOnly": 1}, "completedOnly"),
        ("SearchReservations", {"fromTime": 1767225600}, "fromTime"),
        ("SearchReservations", {"fromTime": "2031-07-04"}, "fromTime"),
        ("SearchReservations", {"toTime": "2031-02-30T00:00:00Z"}, "toTime"),
        ("SearchReservations", {"toTime": "9999-12-31T23:59:59Z"}, "toTime"),
    ],
)
def test_wrong_types_are_named(dojo: Dojo, search: str, params: dict[str, Any], field: str) -> None:
    answer = dojo.refused(search, params)
    assert (answer.error_type, answer.message.split(": ")[0]) == ("InvalidRequest", field)


@each_kind
def test_what_is_unknown_or_null_is_left_alone(dojo: Dojo, uk: WorkingVenue, kind: Kind) -> None:
    made = kind.make(dojo, 1)
    assert kind.ids(dojo, tableId=None, cursor=None, fromTime=None, completedOnly=None, more={"x": 1}) == made


@each_kind
@pytest.mark.parametrize("count", [1, 30])
def test_reading_costs_the_same_for_one_and_for_thirty(
    dojo: Dojo, uk: WorkingVenue, django_assert_num_queries: DjangoAssertNumQueries, kind: Kind, count: int
) -> None:
    # given
    kind.make(dojo, count + 1)
    first = kind.page(dojo, cursor={"limit": 1})
    # then: one query for the credentials, three for the rows and their tables, one more for a page in the middle
    with django_assert_num_queries(4):
        assert len(kind.ids(dojo)) == count + 1
    with django_assert_num_queries(5):
        assert len(kind.ids(dojo, cursor={"after": first["after"]})) == count
