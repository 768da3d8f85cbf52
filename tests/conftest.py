"""The throw-away PostgreSQL and Redis of a test run: started once, by the process that was called."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache

from pos.embedded import DataFolder, Installation, Program, install
from pos.embedded.process import signal_group

pytest_plugins = ["tests.fixtures_venue"]

START_DEADLINE = 60

# Nothing here has to survive a power cut.
POSTGRES_SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB",
    "autovacuum=off",
)  # fmt: skip
REDIS_SETTINGS = ("--databases", "64")

_running = pytest.StashKey[contextlib.ExitStack]()


@contextlib.contextmanager
def throw_away_services(folder: DataFolder) -> Iterator[Installation]:
    """PostgreSQL and Redis in a folder that is removed with everything in it."""
    folder.make(traversable=os.geteuid() == 0)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder.path, ignore_errors=True)
        installed = install(
            folder, with_postgres=True, with_redis=True,
            postgres_settings=POSTGRES_SETTINGS, redis_settings=REDIS_SETTINGS,
        )  # fmt: skip
        assert installed.postgres
        assert installed.redis
        for program in (installed.postgres.program(), installed.redis.program()):
            stack.enter_context(_running_program(folder, program))
        yield installed


@contextlib.contextmanager
def _running_program(folder: DataFolder, program: Program) -> Iterator[None]:
    log_path = folder.path / f"{program.name}.log"
    with log_path.open("wb") as log:
        process = program.spawn(stdout=log)
    try:
        deadline = time.monotonic() + START_DEADLINE
        while not program.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.exit(f"The tests' {program.name} does not start:\n{log_path.read_text()}", returncode=3)
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(program.stop_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()


def pytest_configure(config: pytest.Config) -> None:
    # An xdist worker finds the servers of its controller in the same folder (settings.RUN_FOLDER).
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[_running] = stack = contextlib.ExitStack()
    stack.enter_context(throw_away_services(DataFolder(settings.RUN_FOLDER)))


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_running, None):
        stack.close()


@pytest.fixture(autouse=True)
def _clean_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test left in the cache is nothing that the next may find."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()
