"""The floor is read from what is open: years of closed orders behind it cost nothing."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from orders.models import Order
from orders.selectors.floor import read_floor
from tests.bills import a_bill
from tests.factories import WorkingVenue, a_venue
from tests.fixtures_venue import kept_for_module
from tests.plans import plans_of

CLOSED, OPEN = 20_000, 60

# Copies of one order: so many are closed, the newest are open; each closed one had a party of its own, long gone.
OTHERWISE = {
    "id": "'order_0' || lpad(n::text, 25, '0')",
    "number": "1000 + n",
    "display_name": "'Copy ' || n",
    "party_id": "NULL",
    "status": "CASE WHEN n > %(closed)s THEN 'Preparing' ELSE 'Finalized' END",
    "closed_at": "CASE WHEN n > %(closed)s THEN NULL ELSE now() END",
    "business_date": "CASE WHEN n > %(closed)s THEN NULL::date ELSE '2024-01-01'::date + n / 150 END",
}


@pytest.fixture(scope="module")
def long_open(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[WorkingVenue]:
    columns = [field.column for field in Order._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(OTHERWISE.get(column, f'o."{column}"') for column in columns)
    copies = f"SELECT {values} FROM orders_order o, generate_series(1, %(all)s) n"
    with kept_for_module(django_db_blocker):
        shop = a_venue()
        a_bill(shop)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO orders_order ({names}) {copies}", {"closed": CLOSED, "all": CLOSED + OPEN})
            cursor.execute("ANALYZE orders_order")
        yield shop


def test_the_floor_reads_what_is_open(db: None, long_open: WorkingVenue) -> None:
    # given
    assert Order.objects.filter(closed_at=None).count() == OPEN + 1
    # when
    plans = plans_of(lambda: read_floor(long_open.venue, long_open.waiter))
    # then
    orders = [plan for plan in plans if 'FROM "orders_order"' in plan.sql]
    assert orders
    for plan in orders:
        assert "order_open" in plan.indexes
        assert "orders_order" not in plan.seq_scans()
        assert plan.rows_of("orders_order") <= OPEN + 1


def test_without_an_index_of_what_is_open_the_floor_reads_every_order(db: None, long_open: WorkingVenue) -> None:
    with connection.cursor() as cursor:
        # The one that keeps the names of open orders apart would do, too.
        cursor.execute("DROP INDEX order_open, order_name_unique")
    plans = plans_of(lambda: read_floor(long_open.venue, long_open.waiter))
    assert max(plan.rows_of("orders_order") for plan in plans) > CLOSED // 2
