"""What a search reads does not grow with the past: the right index for every filter, and few rows beyond the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from dojo_integration.cursors import LARGEST_PAGE, PageAsk, Place, write_cursor
from dojo_integration.models import OrderDocument
from dojo_integration.selectors import get_order_by_id, search_orders
from pos.models import Venue
from pos.permissions import Actor, Requester
from tests.factories import VenueFactory
from tests.fixtures_venue import kept_for_module
from tests.plans import Plan, plans_of

ORDERS, OPEN = 50_000, 400
# Where no index has two filters together, what is open is gone through, or as much of a short past; never a long one.
MOST_READ = 2 * OPEN

# A venue with one waiter for years, who never went to table t7, and eight since the last 1500 orders; every order of
# the venue next door is newer than all of its own.
FILL = """
    INSERT INTO dojo_integration_orderdocument
        (order_id, venue_id, number, table_code, waiter_id, party_id, reservation_id, payable, body)
    SELECT
        %(prefix)s || lpad(n::text, 25, '0'),
        %(venue)s,
        n,
        place,
        CASE
            WHEN n %% 10 = 9 THEN ''
            WHEN n > %(orders)s - 1500 OR n %% 20 = 0 OR place = 't7' THEN 'w' || abs(hashint4(n + 7)) %% 8
            ELSE 'old'
        END,
        CASE WHEN place <> '' THEN 'party_' || n / 2 ELSE '' END,
        CASE WHEN n %% 5 = 0 THEN 'rsv_' || n / 10 ELSE '' END,
        n > %(orders)s - 500 AND n %% 5 <> 0,
        repeat('x', 300)
    FROM
        generate_series(1, %(orders)s) n,
        LATERAL (SELECT CASE WHEN n %% 10 < 7 THEN 't' || abs(hashint4(n)) %% 25 ELSE '' END) AS it (place)
"""


@dataclass(frozen=True, slots=True)
class Past:
    venue: Venue

    @property
    def actor(self) -> Actor:
        return Actor.dojo(self.venue)

    def order_id(self, number: int) -> str:
        return f"order_0{number:025d}"

    def page(self, side: str) -> PageAsk:
        """The first page, or the one on a side of the middle of the past."""
        if side == "first":
            return PageAsk()
        return PageAsk(**{side: write_cursor(self.venue, "orders by number", Place(ORDERS // 2))})


@pytest.fixture(scope="module")
def past(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Past]:
    with kept_for_module(django_db_blocker):
        venue, next_door = VenueFactory(bare=True), VenueFactory(bare=True)
        with connection.cursor() as cursor:
            cursor.execute(FILL, {"prefix": "order_0", "venue": venue.pk, "orders": ORDERS})
            cursor.execute(FILL, {"prefix": "order_1", "venue": next_door.pk, "orders": ORDERS // 20})
            cursor.execute("ANALYZE dojo_integration_orderdocument")
        yield Past(venue)


def search(past: Past, side: str = "first", **filters: Any) -> list[Plan]:
    return plans_of(lambda: search_orders(actor=past.actor, ask=past.page(side), **filters))


NEWEST, PAYABLE = "document_newest", "document_payable"
BY_TABLE, BY_WAITER, BY_BOTH = "document_by_table", "document_by_waiter", "document_by_table_waiter"
BY_PARTY, BY_RESERVATION = "document_by_party", "document_by_reservation"

SEARCHES = {
    "everything": ({}, {NEWEST}),
    "a table": ({"table_id": "t3"}, {BY_TABLE}),
    "a waiter": ({"waiter_id": "w3"}, {BY_WAITER}),
    "the waiter of the past": ({"waiter_id": "old"}, {BY_WAITER}),
    "a waiter nobody knows": ({"waiter_id": "nobody"}, {BY_WAITER}),
    "a party": ({"party_id": "party_20000"}, {BY_PARTY}),
    "a reservation": ({"reservation_id": "rsv_4000"}, {BY_RESERVATION}),
    "a waiter at a table": ({"table_id": "t3", "waiter_id": "w3"}, {BY_BOTH}),
    "a waiter where they never were": ({"table_id": "t7", "waiter_id": "old"}, {BY_BOTH}),
    "a party at a table": ({"table_id": "t3", "party_id": "party_20000"}, {BY_PARTY}),
    "all at once": (
        {"table_id": "t3", "waiter_id": "w3", "party_id": "party_20000", "reservation_id": "rsv_4000"},
        {BY_PARTY, BY_RESERVATION},
    ),
}


@pytest.mark.parametrize("side", ["first", "after", "before"])
@pytest.mark.parametrize("what", SEARCHES)
def test_a_search_reads_its_index_and_little_more_than_its_page(db: None, past: Past, what: str, side: str) -> None:
    filters, indexes = SEARCHES[what]
    plans = search(past, side, **filters)
    assert plans
    for plan in plans:
        assert plan.kinds == ["Limit", "Index Scan"], plan
        assert plan.indexes <= indexes, plan
        assert plan.read <= LARGEST_PAGE + 1, plan


@pytest.mark.parametrize("side", ["first", "after", "before"])
@pytest.mark.parametrize("what", SEARCHES)
def test_what_is_payable_is_looked_for_among_what_is_open(db: None, past: Past, what: str, side: str) -> None:
    filters, indexes = SEARCHES[what]
    plans = search(past, side, payable_only=True, **filters)
    assert plans
    for plan in plans:
        assert plan.kinds == ["Limit", "Index Scan"], plan
        assert plan.indexes <= {*indexes, PAYABLE, BY_WAITER}, plan
        assert plan.read <= MOST_READ, plan


def test_a_waiters_own_card_machine_reads_no_more(db: None, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past.venue, "own_orders_only", True)
    own = Actor.dojo(past.venue, Requester(waiter_id="old"))
    plans = plans_of(lambda: search_orders(actor=own, ask=PageAsk(), payable_only=True))
    assert "'old'" in plans[0].sql
    assert all(plan.read <= MOST_READ for plan in plans)


def test_one_order_is_one_row(db: None, past: Past) -> None:
    order_id = past.order_id(17)
    (plan,) = plans_of(lambda: get_order_by_id(actor=past.actor, order_id=order_id))
    assert plan.kinds == ["Limit", "Index Scan"]
    assert plan.indexes == {"dojo_integration_orderdocument_pkey"}
    assert plan.read == 1


def test_the_past_is_large_enough_to_tell(db: None, past: Past) -> None:
    documents = OrderDocument.objects.filter(venue_id=past.venue.pk)
    assert documents.count() == ORDERS
    assert documents.filter(payable=True).count() == OPEN
    assert documents.filter(table_code="t7").count() > MOST_READ
    assert not documents.filter(table_code="t7", waiter_id="old").exists()
    newest = OrderDocument.objects.order_by("-order_id")[: ORDERS // 20]
    assert past.venue.pk not in {document.venue_id for document in newest}


# --- without what makes it so ---------------------------------------------------------------------------------------


def test_sorted_by_their_ids_orders_are_found_behind_all_of_next_door(db: None, past: Past) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX newest_by_id ON dojo_integration_orderdocument (venue_id, order_id DESC)")
    documents = OrderDocument.objects.filter(venue_id=past.venue.pk).order_by("-order_id")
    (plan,) = plans_of(lambda: list(documents[: LARGEST_PAGE + 1]))
    assert plan.indexes == {"dojo_integration_orderdocument_pkey"}
    assert plan.read > ORDERS // 20


def test_without_their_index_a_waiter_is_looked_for_in_a_tables_whole_past(db: None, past: Past) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {BY_BOTH}")
    filters, _ = SEARCHES["a waiter where they never were"]
    assert max(plan.read for plan in search(past, **filters)) > MOST_READ


def test_without_its_index_what_is_payable_is_looked_for_in_the_whole_past(db: None, past: Past) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {PAYABLE}")
    assert max(plan.read for plan in search(past, payable_only=True, waiter_id="old")) > MOST_READ
