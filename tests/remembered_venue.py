"""Thousands of tests begin with the same venue: it is made once in a process, and written again from memory.

What the first making wrote is read back as JSON, table by table; every later test gets the same rows in one round trip,
and its own copies of the objects.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import time_machine
from django.apps import apps
from django.db import connection, transaction

from pos.models import Venue
from tests.factories import WorkingVenue


@dataclass(frozen=True, slots=True)
class _Memory:
    rows: str
    venue: bytes


_memories: dict[str, _Memory] = {}


def remembered(name: str, make: Callable[[], WorkingVenue]) -> WorkingVenue:
    """The venue of this name, as ``make`` makes it; in a test that travels in time it is really made."""
    if time_machine.escape_hatch.is_travelling():
        return make()
    if name in _memories:
        with connection.cursor() as cursor:
            cursor.execute(_memories[name].rows)
        return pickle.loads(_memories[name].venue)
    if not connection.in_atomic_block:
        # Each statement would be a transaction of its own, and what was written could not be told from the rest.
        return make()
    # A savepoint's rows carry a number of its own, above that of whatever the test wrote before.
    with transaction.atomic():
        venue = make()
        _memories[name] = _Memory(rows=_rows_since(venue.venue), venue=pickle.dumps(venue))
    return venue


def _rows_since(first: Venue) -> str:
    """Statements that write what was written from this row on; foreign keys wait for the commit, so any order does."""
    statements = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text::bigint FROM pos_venue WHERE id = %s", [first.pk])
        [since] = cursor.fetchone()
        for model in apps.get_models(include_auto_created=True):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT jsonb_agg(t)::text FROM {table} t WHERE t.xmin::text::bigint >= {since}")
            [rows] = cursor.fetchone()
            if rows:
                values = rows.replace("'", "''")
                statements.append(
                    f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, '{values}')"
                )
    return ";".join(statements)
