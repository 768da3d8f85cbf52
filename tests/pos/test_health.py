"""The probes tell the truth."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

# A probe comes by address; no host name of ours is in its request.
PROBE = {"host": "10.1.2.3"}


def test_healthz_needs_nothing(client: Client) -> None:
    # when
    response = client.get("/healthz", headers=PROBE)

    # then
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_everything_there(client: Client) -> None:
    # when
    response = client.get("/readyz", headers=PROBE)

    # then
    assert (response.status_code, response.json()) == (200, {"status": "ok", "missing": []})


@pytest.mark.django_db
def test_a_database_that_is_down_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    # when
    response = client.get("/readyz", headers=PROBE)

    # then
    assert (response.status_code, response.json()) == (503, {"status": "missing", "missing": ["database"]})


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_named_until_it_is(client: Client) -> None:
    # given
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("sessions", "0001_initial")

    # when
    before = client.get("/readyz", headers=PROBE)
    recorder.record_applied("sessions", "0001_initial")
    after = client.get("/readyz", headers=PROBE)

    # then
    assert (before.status_code, before.json()) == (503, {"status": "missing", "missing": ["migrations"]})
    assert (after.status_code, after.json()) == (200, {"status": "ok", "missing": []})


@pytest.mark.django_db
def test_a_redis_that_is_down_is_named(client: Client, settings) -> None:
    # given
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "unix:///nowhere/redis.sock",
        }
    }

    # when
    response = client.get("/readyz", headers=PROBE)

    # then
    assert (response.status_code, response.json()) == (503, {"status": "missing", "missing": ["redis"]})
