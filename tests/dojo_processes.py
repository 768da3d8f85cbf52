"""`manage.py dojo_connect` as real processes, on a test's own database."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from pos.embedded import DataFolder, Services


class Process:
    """One of them, and what it has said."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("wb") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "manage.py", "dojo_connect", *arguments],
                cwd=settings.BASE_DIR, env=environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()

    def end(self) -> int:
        """Ask it to stop, and say with which code it did."""
        if self.is_alive:
            self._popen.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Processes:
    """Starts them, all with one environment."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self._folder = folder
        self._started: list[Process] = []

    def start(self, *arguments: str, **environment: str) -> Process:
        log = self._folder / f"dojo-{len(self._started)}.log"
        self._started.append(Process(self.environment | environment, log, *arguments))
        return self._started[-1]

    def end_all(self) -> None:
        for process in self._started:
            if process.is_alive:
                process.kill()

    def said(self) -> str:
        return "".join(process.log.read_text() for process in self._started)


@contextlib.contextmanager
def dojo_processes(folder: Path, services: Services | None = None, **environment: str) -> Iterator[Processes]:
    """A data folder that looks served, so that the processes run on exactly the settings of `make run`."""
    data = DataFolder(folder)
    data.make(traversable=False)
    data.secret_key_file.write_text(settings.SECRET_KEY)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "TABLESIDE_"))}
    given = {
        "TABLESIDE_DATA_DIR": str(folder),
        "TABLESIDE_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "pos.settings.base",
        **environment,
    }
    processes = Processes(ours | given, folder)
    with data.served():
        data.announce(services or Services(database_url=_test_database(), redis_url=settings.REDIS))
        try:
            yield processes
        finally:
            processes.end_all()


def _test_database() -> str:
    database = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    return f"postgres://{database['USER']}@/{name}?host={database['HOST']}&port={database['PORT']}"
