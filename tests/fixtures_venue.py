"""Fixtures that most tests begin with: a British and an Irish venue, open and empty."""

import pytest

from tests.factories import WorkingVenue, a_venue


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    """A British venue: pounds, VAT 20 % inside the prices, 12.5 % discretionary service."""
    return a_venue("GB")


@pytest.fixture
def irish(db: None) -> WorkingVenue:
    """An Irish venue: euros, three rates of VAT inside the prices, no service charge."""
    return a_venue("IE", service_kind="none")
