"""For probes: /healthz says that this process answers, /readyz that it can do its work."""

from collections.abc import Callable

import psycopg
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

CONNECT_TIMEOUT = 2


class HealthMiddleware:
    """Answers the probes before host names, TLS, sessions and the router are looked at: a probe comes by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.migrations_are_applied = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path_info == "/readyz":
            missing = self._missing()
            status = {"status": "missing" if missing else "ok", "missing": missing}
            return JsonResponse(status, status=503 if missing else 200)
        return self.get_response(request)

    def _missing(self) -> list[str]:
        missing = []
        if not _database_answers():
            # Migrations cannot be looked up either; naming them would only lead astray.
            missing.append("database")
        elif not self._migrations_applied():
            missing.append("migrations")
        if not _redis_answers():
            missing.append("redis")
        return missing

    def _migrations_applied(self) -> bool:
        # This code's migrations stay applied once they are, and reading them all is no work for every probe.
        if not self.migrations_are_applied:
            try:
                executor = MigrationExecutor(connection)
                self.migrations_are_applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
            except DatabaseError:
                return False
        return self.migrations_are_applied


def _database_answers() -> bool:
    # Past the pool: a probe must neither wait for a place in it nor for its patience with a dead server.
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_TIMEOUT}
    try:
        with psycopg.connect(**parameters) as probe:
            return probe.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False


def _redis_answers() -> bool:
    try:
        cache.get("readyz")
    except RedisError:
        return False
    return True
