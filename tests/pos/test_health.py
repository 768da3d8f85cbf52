"""The probes tell the truth."""

import pytest
from django.db import connection
from django.test import Client


def test_healthz_needs_nothing(client: Client) -> None:
    # when
    response = client.get("/healthz", headers={"host": "10.1.2.3"})

    # then
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_with_everything_there(client: Client) -> None:
    # when
    response = client.get("/readyz", headers={"host": "10.1.2.3"})

    # then
    assert (response.status_code, response.json()) == (200, {"status": "ok", "missing": []})
