"""Many people at once: run calls in threads of their own, released together, each on its own connection."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from django.db import connection

from orders.models import Order


def all_at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """Start every call at the same moment; returns what each returned or the exception that it raised."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int, call: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def deadlocks() -> int:
    """How many deadlocks this database has broken; whoever hung up has told by then."""
    alone = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    until = time.monotonic() + 5
    with connection.cursor() as cursor:
        cursor.execute(alone)
        while not cursor.fetchone()[0] and time.monotonic() < until:
            time.sleep(0.02)
            cursor.execute(alone)
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


@contextmanager
def rows_held(orders: list[Order]) -> Iterator[None]:
    """Somebody else has these orders' rows, and does not let go."""
    database = connection.settings_dict
    with psycopg.connect(
        dbname=database["NAME"], user=database["USER"], host=database["HOST"], port=database["PORT"]
    ) as other:
        other.execute("SELECT 1 FROM orders_order WHERE id = ANY(%s) FOR UPDATE", [[order.pk for order in orders]])
        yield
