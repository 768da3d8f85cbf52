"""The throw-away PostgreSQL and Redis of a test run: started once, by the process that was called."""

import contextlib
import fcntl
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from pos.embedded import DataFolder, EmbeddedError
from tests.throw_away import one_more_redis, throw_away_services

pytest_plugins = ["tests.fixtures_venue", "tests.fixtures_browser", "tests.properties", "tests.sandbox"]

_running = pytest.StashKey[contextlib.ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    # An xdist worker finds the servers of its controller in the same folder (settings.RUN_FOLDER).
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[_running] = stack = contextlib.ExitStack()
    try:
        folder = DataFolder(settings.RUN_FOLDER)
        installed = stack.enter_context(throw_away_services(folder))
        for number in range(1, config.getoption("numprocesses", None) or 0):
            stack.enter_context(one_more_redis(folder, installed, number))
    except (EmbeddedError, RuntimeError) as error:
        pytest.exit(str(error), returncode=3)


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_running, None):
        stack.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Let one worker run the migrations, which take seconds, into the database that all of them copy."""
    done = settings.RUN_FOLDER / "migrated"
    with (settings.RUN_FOLDER / "migrating.lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            call_command("migrate", verbosity=0)
            connection.close()
            done.touch()


@pytest.fixture(autouse=True)
def _clean_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test left in Redis is nothing that the next may find."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()
