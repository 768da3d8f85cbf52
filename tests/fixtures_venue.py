"""Fixtures that most tests begin with: a British and an Irish venue, open and empty."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import DjangoDbBlocker

from tests.factories import WorkingVenue, a_venue
from tests.remembered_venue import remembered
from tests.taken_back import taken_back


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    """A British venue: pounds, VAT 20 % inside the prices, 12.5 % discretionary service."""
    return remembered("uk", lambda: a_venue("GB"))


@pytest.fixture
def irish(db: None) -> WorkingVenue:
    """An Irish venue: euros, three rates of VAT inside the prices, no service charge."""
    return remembered("irish", lambda: a_venue("IE", service_kind="none"))


@contextmanager
def kept_for_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that take seconds to make: each test of a module begins with them, and the module's end takes them back.

    The tests' own transactions become savepoints in this one, as in Django's setUpTestData.
    """
    with blocker.unblock(), taken_back():
        yield
