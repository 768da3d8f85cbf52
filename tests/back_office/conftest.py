"""People signed in at the back office."""

from collections.abc import Callable

import pytest
from django.test import Client

from pos.models import Membership
from tests.factories import WorkingVenue

SignedIn = Callable[[Membership], Client]


@pytest.fixture(autouse=True)
def _keep_no_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    # The test client copies the context of each of a page's five hundred templates; nobody here reads them.
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)


@pytest.fixture
def signed_in() -> SignedIn:
    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.staff)
        return client

    return sign_in


@pytest.fixture
def manager(uk: WorkingVenue, signed_in: SignedIn) -> Client:
    """The manager of the British venue."""
    return signed_in(uk.manager)
