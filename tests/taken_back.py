"""Trying something many times on the same rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from tests.fingerprint import Fingerprint, fingerprint

_WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside has not happened afterwards; services may own their transactions there, as in any test."""
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]
    with outer:
        yield
        transaction.set_rollback(True)


class Watch:
    """Tells what a call has changed; of one that wrote nothing, without looking at the database."""

    def __init__(self) -> None:
        self.before: Fingerprint = fingerprint()
        self.wrote = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.wrote = False
        with connection.execute_wrapper(self._note):
            yield

    def changes(self) -> set[str]:
        """The tables that are not as they were at the beginning."""
        if not self.wrote:
            return set()
        after = fingerprint()
        return {table for table in after if after[table] != self.before[table]}

    def _note(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.wrote = self.wrote or sql.lstrip().upper().startswith(_WRITES)
        return execute(sql, params, many, context)
