"""How PostgreSQL went about a query: the very SQL that our code ran, explained."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True, slots=True)
class Plan:
    """One query as it was executed."""

    sql: str
    nodes: list[dict[str, Any]]

    @property
    def kinds(self) -> list[str]:
        return [node["Node Type"] for node in self.nodes]

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def read(self) -> int:
        """Rows that were looked at, kept or not, in all tables together."""
        return sum(_looked_at(node) for node in self.nodes if "Relation Name" in node)

    def rows_of(self, table: str) -> int:
        """Rows that were looked at in one table."""
        return sum(_looked_at(node) for node in self.nodes if node.get("Relation Name") == table)

    def seq_scans(self) -> set[str]:
        """Tables that were read from end to end."""
        return {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"}


def plans_of(run: Callable[[], object]) -> list[Plan]:
    """Explain every query that this ran."""
    with CaptureQueriesContext(connection) as queries:
        run()
    return [_explained(query["sql"]) for query in queries.captured_queries]


def _explained(sql: str) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
    # Past the ORM, PostgreSQL's JSON arrives as text.
    root = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return Plan(sql, list(_walk(root)))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _looked_at(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int(node["Actual Loops"] * (node["Actual Rows"] + removed))
