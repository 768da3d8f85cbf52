"""A clock that stands where it is put, and a database that forgets: for writing down what would happen when."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import mock

from django.db import transaction


@dataclass(slots=True)
class Clock:
    """What services read as *now* inside ``running()``."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)

    @contextmanager
    def running(self) -> Iterator["Clock"]:
        with mock.patch("django.utils.timezone.now", self):
            yield self


@contextmanager
def undone() -> Iterator[None]:
    """Let services write, each with its own transaction, and take everything back at the end."""
    outer = transaction.atomic()
    # A service's transaction is durable and refuses to be part of another, except of a test's.
    outer._from_testcase = True  # type: ignore[attr-defined]
    with outer:
        yield
        transaction.set_rollback(True)
