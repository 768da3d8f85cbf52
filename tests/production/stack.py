"""The commands of docker-compose.yml, run as they stand there: production settings, servers of their own, no Docker."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.conf import settings

from pos.embedded import DataFolder, Program, install
from pos.embedded.process import signal_group
from tests.live_stack import free_ports
from tests.production.compose import ROOT, environment, our_services, part_of
from tests.throw_away import running

HOST_NAME = "pos.example.com"
GIVEN = {
    "DJANGO_SECRET_KEY": "a key of the test's own, as long as such a key has to be, 0123456789-abcdefghij",
    "DJANGO_ALLOWED_HOSTS": HOST_NAME,
    "DATABASE_PASSWORD": "any sign: @ / ? # % ✓",
}
# What a busy machine may need; a quiet one takes seconds.
START_DEADLINE = 180.0
STOP_DEADLINE = 60.0


@dataclass
class Stack:
    """The processes of one installation; ``ports`` by the name of the part."""

    folder: Path
    database: str
    redis_url: str
    ports: dict[str, int]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        server = settings.DATABASES["default"]
        return f"postgres://{server['USER']}@/{self.database}?host={server['HOST']}&port={server['PORT']}"

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """A container's environment, but for where things are on this machine."""
        given = GIVEN | {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        here = {
            "HOST": "127.0.0.1",
            "PORT": str(self.ports["web"]),
            "LIVE_PORT": str(self.ports["live"]),
            "TABLESIDE_DATA_DIR": str(self.folder / "data"),
            "TABLESIDE_STATIC_DIR": str(self.folder / "static"),
            "TABLESIDE_ENV_FILE": os.devnull,
        }
        return {"PATH": os.environ["PATH"]} | environment(our_services()[service], given) | here | more

    def start(self, service: str, *instead: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start a service's command, or another one in its container."""
        argv = [*instead] or our_services()[service]["command"]
        name = f"{service}-{argv[2]}"
        program = Program(name, self._here(argv), env=self.environment(service, **more), cwd=ROOT)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = program.spawn(stdout=log)
        return self.processes[name]

    def finish(self, *processes: "subprocess.Popen[bytes]") -> None:
        """Wait for commands that end by themselves."""
        for process in processes:
            assert process.wait(START_DEADLINE) == 0, self.log

    def is_well(self, service: str) -> bool:
        """Ask the service's own health check."""
        _, *argv = our_services()[service]["healthcheck"]["test"]
        inside = environment(our_services()[service], GIVEN)
        outside = self.environment(service)
        for name in ("PORT", "LIVE_PORT", "TABLESIDE_DATA_DIR"):
            argv = [word.replace(inside[name], outside[name]) for word in argv]
        return subprocess.run(self._here(argv), cwd=ROOT, capture_output=True, check=False).returncode == 0

    def stop(self, *services: str) -> dict[str, int]:
        """SIGTERM to each, as Docker sends it; what they ended with."""
        stopping = {service: self.processes[f"{service}-part"] for service in services}
        for process in stopping.values():
            process.terminate()
        return {service: process.wait(STOP_DEADLINE) for service, process in stopping.items()}

    @property
    def log(self) -> str:
        return "\n".join(f"--- {file.stem}\n{file.read_text()}" for file in sorted(self.folder.glob("*.log")))

    def _here(self, argv: list[str]) -> tuple[str, ...]:
        assert argv[0] == "python", argv
        return (sys.executable, *argv[1:])


def our_parts() -> list[str]:
    return [name for name, service in our_services().items() if part_of(service)]


def until(happened: Callable[[], bool], report: Callable[[], str], seconds: float = START_DEADLINE) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s\n{report()}"
        time.sleep(0.1)


@contextlib.contextmanager
def production_stack() -> Iterator[Stack]:
    """An empty database on the run's PostgreSQL, a Redis on a port of its own; everything gone at the end."""
    web, live, redis_port = free_ports(3)
    with contextlib.ExitStack() as cleanup:
        # Below /tmp and not pytest's own folder, into which the account of Redis could not get.
        folder = Path(tempfile.mkdtemp(prefix="tableside-production-"))
        folder.chmod(0o711)
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        redis = install(
            DataFolder(folder), with_postgres=False, with_redis=True, redis_settings=("--port", str(redis_port))
        ).redis
        assert redis
        cleanup.enter_context(running(DataFolder(folder), redis.program()))
        database = cleanup.enter_context(_own_database())
        stack = Stack(folder, database, f"redis://127.0.0.1:{redis_port}/0", {"web": web, "live": live})
        cleanup.callback(_end, stack.processes)
        yield stack


def _end(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    for process in processes.values():
        if process.poll() is None:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _own_database() -> Iterator[str]:
    server = settings.DATABASES["default"]
    name = f"production_{os.getpid()}"
    to_server = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"], "dbname": "postgres"}
    with psycopg.connect(**to_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
