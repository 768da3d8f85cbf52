"""ListAreas and SearchTables: the room as Dojo sees it."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.capabilities.conftest import Dojo
from tests.factories import AreaFactory, MembershipFactory, TableFactory, WorkingVenue


def page_of(dojo: Dojo, **params: object) -> dict[str, Any]:
    """The page alone, however the road wraps it."""
    body = dojo.get("SearchTables", params)
    return body[0] if isinstance(body, list) else body


def codes(dojo: Dojo, **params: object) -> list[str]:
    return [table["id"] for table in page_of(dojo, **params)["data"]]


def test_areas_in_use_with_who_serves_them(dojo: Dojo, uk: WorkingVenue, irish: WorkingVenue) -> None:
    # given a terrace in front, a cellar out of use, and a waiter who left
    terrace = AreaFactory(venue=uk.venue, code="terrace", name="Terrace", position=5)
    AreaFactory(venue=uk.venue, code="cellar", is_active=False)
    left = MembershipFactory(venue=uk.venue, waiter_id="left", is_active=False)
    TableFactory(venue=uk.venue, area=terrace, code="t20").waiters.add(uk.waiter, left)
    TableFactory(venue=uk.venue, area=terrace, code="t21").waiters.add(uk.waiter)
    # then
    assert dojo.get("ListAreas") == [
        {"id": uk.area.code, "name": uk.area.name},
        {"id": "terrace", "name": "Terrace", "waiterIds": [uk.waiter.waiter_id]},
    ]


def test_a_table_with_its_area_size_and_waiters(dojo: Dojo, uk: WorkingVenue) -> None:
    uk.tables["t1"].waiters.add(uk.waiter, uk.supervisor)
    TableFactory(venue=uk.venue, area=uk.area, code="stored", is_active=False)
    table = page_of(dojo)["data"][0]
    waiters = sorted([uk.waiter.waiter_id, uk.supervisor.waiter_id])
    assert table == {
        "id": "t1",
        "name": "Table 1",
        "maxCovers": 4,
        "areaId": uk.area.code,
        "waiterIds": waiters,
    }
    assert codes(dojo) == [f"t{number}" for number in range(1, 13)]


def test_tables_by_area_and_waiter(dojo: Dojo, uk: WorkingVenue) -> None:
    terrace = AreaFactory(venue=uk.venue, code="terrace")
    TableFactory(venue=uk.venue, area=terrace, code="t20").waiters.add(uk.waiter, uk.supervisor)
    uk.tables["t2"].waiters.add(uk.waiter)
    me = uk.waiter.waiter_id
    assert codes(dojo, areaId="terrace") == ["t20"]
    assert set(codes(dojo, waiterId=me)) == {"t20", "t2"}
    assert codes(dojo, waiterId=me, areaId="terrace") == ["t20"]
    for nothing in ({"areaId": "moon"}, {"areaId": ""}, {"waiterId": "nobody"}, {"waiterId": ""}):
        assert codes(dojo, **nothing) == []
    # and the other waiter of a table is still told when only one was asked for
    (table,) = page_of(dojo, waiterId=uk.supervisor.waiter_id)["data"]
    assert len(table["waiterIds"]) == 2


def test_pages_lead_on_and_back(dojo: Dojo, uk: WorkingVenue) -> None:
    first = page_of(dojo, cursor={"limit": 5})
    second = page_of(dojo, cursor={"limit": 5, "after": first["after"]})
    third = page_of(dojo, cursor={"limit": 5, "after": second["after"]})
    assert [table["id"] for table in second["data"]] == ["t6", "t7", "t8", "t9", "t10"]
    assert [table["id"] for table in third["data"]] == ["t11", "t12"]
    assert [page.keys() - {"data"} for page in (first, second, third)] == [{"after"}, {"before", "after"}, {"before"}]
    assert codes(dojo, cursor={"limit": 5, "before": third["before"]}) == ["t6", "t7", "t8", "t9", "t10"]
    assert codes(dojo, cursor={"limit": 100, "before": third["before"]}) == [f"t{number}" for number in range(1, 11)]


@pytest.mark.parametrize("tables", [1, 30])
def test_the_room_costs_the_same_with_one_table_more_and_thirty(
    dojo: Dojo, uk: WorkingVenue, django_assert_num_queries: DjangoAssertNumQueries, tables: int
) -> None:
    for number in range(tables):
        area = AreaFactory(venue=uk.venue)
        TableFactory(venue=uk.venue, area=area, code=f"more-{number}", name=f"More {number}").waiters.add(uk.waiter)
    with django_assert_num_queries(3):
        dojo.get("ListAreas")
    with django_assert_num_queries(3):
        dojo.get("SearchTables")
