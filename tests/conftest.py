"""The throw-away PostgreSQL and Redis of a test run: started once, by the process that was called."""

import contextlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache

from pos.embedded import DataFolder, EmbeddedError
from tests.throw_away import throw_away_services

pytest_plugins = ["tests.fixtures_venue", "tests.fixtures_browser"]

_running = pytest.StashKey[contextlib.ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    # An xdist worker finds the servers of its controller in the same folder (settings.RUN_FOLDER).
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[_running] = stack = contextlib.ExitStack()
    try:
        stack.enter_context(throw_away_services(DataFolder(settings.RUN_FOLDER)))
    except (EmbeddedError, RuntimeError) as error:
        pytest.exit(str(error), returncode=3)


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_running, None):
        stack.close()


@pytest.fixture(autouse=True)
def _clean_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test left in Redis is nothing that the next may find."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()
