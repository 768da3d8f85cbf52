"""A PostgreSQL and a Redis that nobody will miss."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pos.embedded import DataFolder, Installation, Program, install
from pos.embedded.process import signal_group

START_DEADLINE = 60

# Nothing here has to survive a power cut.
POSTGRES_SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB",
    "autovacuum=off",
)  # fmt: skip
REDIS_SETTINGS = ("--databases", "64")


@contextlib.contextmanager
def throw_away_services(
    folder: DataFolder,
    *,
    postgres_settings: Sequence[str] = POSTGRES_SETTINGS,
    redis_settings: Sequence[str] = REDIS_SETTINGS,
) -> Iterator[Installation]:
    """PostgreSQL and Redis in a folder that is removed with everything in it."""
    folder.make(traversable=os.geteuid() == 0)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder.path, ignore_errors=True)
        installed = install(
            folder, with_postgres=True, with_redis=True,
            postgres_settings=postgres_settings, redis_settings=redis_settings,
        )  # fmt: skip
        assert installed.postgres
        assert installed.redis
        for program in (installed.postgres.program(), installed.redis.program()):
            stack.enter_context(running(folder, program))
        installed.postgres.create_database()
        yield installed


@contextlib.contextmanager
def one_more_redis(folder: DataFolder, installed: Installation, number: int) -> Iterator[None]:
    """Another Redis, in ``run/redis-<number>``: one that a test may freeze without harm to the process beside it."""
    first = installed.redis
    assert first
    own = first.sockets / f"redis-{number}"
    first.account.make_private_folder(own)
    program = replace(first, sockets=own, data=own).program()
    with running(folder, replace(program, name=f"redis-{number}")):
        yield


@contextlib.contextmanager
def running(folder: DataFolder, program: Program) -> Iterator["subprocess.Popen[bytes]"]:
    """The program started and ready; raises RuntimeError with its log when it is not to be had."""
    log_path = folder.path / f"{program.name}.log"
    with log_path.open("wb") as log:
        process = program.spawn(stdout=log)
    try:
        deadline = time.monotonic() + START_DEADLINE
        while not program.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program.name} does not start:\n{log_path.read_text()}")
            time.sleep(0.02)
        yield process
    finally:
        process.send_signal(program.stop_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
