"""The whole database in one glance: what a refusal must not have changed."""

from functools import cache

from django.apps import apps
from django.db import connection

APPS = ("pos", "floorplan", "bookings", "orders", "dojo_integration")

Fingerprint = dict[str, tuple[int, str]]


def fingerprint() -> Fingerprint:
    """Per table of ours: how many rows, and a hash of all that is in them."""
    with connection.cursor() as cursor:
        cursor.execute(_query())
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}


@cache
def _query() -> str:
    models = [model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True)]
    tables = sorted({model._meta.db_table for model in models})
    return " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(md5(string_agg(row::text, '|' ORDER BY row::text)), '') "
        f'FROM "{table}" AS row'
        for table in tables
    )
