"""`manage.py up` from the outside: it opens, survives what may happen, and closes in time."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from pos.embedded.process import signal_process, start_stamp
from tests.live_stack import HOST, free_ports

ROOT = Path(settings.BASE_DIR)
PARTS = {"postgres", "redis", "web", "live", "worker", "beat", "dojo", "sandbox"}


class Venue:
    """One data folder and its ports."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        self.port, self.live_port, self.sandbox_port = free_ports(3)

    def manage(self, *arguments: str, **popen: object) -> "subprocess.Popen[str]":
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "TABLESIDE_", "DOJO_"))
        }
        environment |= {
            "PORT": str(self.port), "LIVE_PORT": str(self.live_port), "TABLESIDE_DATA_DIR": str(self.data),
            "SANDBOX_PORT": str(self.sandbox_port), "TABLESIDE_ENV_FILE": os.devnull,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **popen,
        )  # fmt: skip

    def answers(self) -> bool:
        paths = {self.port: "/readyz", self.live_port: "/healthz", self.sandbox_port: "/"}
        return all(_status(port, path) == 200 for port, path in paths.items())

    def is_connected(self) -> bool:
        return self.ask("SELECT state FROM dojo_integration_dojosocket") == [("connected",)]

    def pid(self, name: str) -> int:
        return json.loads((self.data / "processes.json").read_text())[name][0]

    def ask(self, statement: str) -> "list[tuple[object, ...]]":
        url = json.loads((self.data / "services.json").read_text())["database_url"]
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


class Up:
    """A running `manage.py up` and what it has said."""

    def __init__(self, venue: Venue) -> None:
        self.process = venue.manage("up")
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))

    def wait_until_open(self, seconds: float) -> None:
        until(lambda: any("Tableside is open" in line for line in self.said), seconds, lambda: "\n".join(self.said))

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def until(happened: Callable[[], bool], seconds: float, report: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s\n{report()}"
        time.sleep(0.1)


def _status(port: int, path: str) -> int:
    client = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        client.request("GET", path)
        return client.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        client.close()


def _runs(pid: int) -> bool:
    return start_stamp(pid) is not None


@pytest.fixture
def venue() -> Iterator[Venue]:
    # Below /tmp and not pytest's own folder, into which PostgreSQL's account could not get.
    folder = Path(tempfile.mkdtemp(prefix="tableside-up-"))
    folder.chmod(0o711)
    yield Venue(folder)
    shutil.rmtree(folder)


def test_a_day_of_a_venue_and_everything_that_may_happen_to_it(venue: Venue) -> None:
    # It opens.
    first = Up(venue)
    try:
        first.wait_until_open(300)
        assert venue.answers()
        assert any(f"http://{HOST}:{venue.port}/" in line for line in first.said)
        assert f"  Dojo is played by the sandbox: http://{HOST}:{venue.sandbox_port}/" in first.said
        venue.ask("CREATE TABLE told AS SELECT 4210 AS amount")

        # Its line to Dojo is a line to the sandbox.
        key = (venue.data / "sandbox_key").read_text()
        assert (venue.data / "sandbox_key").stat().st_mode & 0o777 == 0o600
        until(venue.is_connected, 30, lambda: "\n".join(first.said))
        assert not any(key in line for line in first.said)

        # A command in a second shell works beside it.
        beside = venue.manage("migrate", "--check")
        output, _ = beside.communicate(timeout=30)
        assert beside.returncode == 0, output

        # A second one on the same data is refused by name.
        second = venue.manage("up")
        output, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert f"The data folder {venue.data} is served already, by process {first.process.pid}" in output
        assert venue.answers()

        # Any part may be killed; it comes back.
        for name in ("web", "live", "worker", "sandbox", "redis", "postgres"):
            pid = venue.pid(name)
            os.kill(pid, signal.SIGKILL)
            until(
                lambda name=name, pid=pid: venue.pid(name) != pid and venue.answers(), 60, lambda: "\n".join(first.said)
            )
        assert venue.ask("SELECT amount FROM told") == [(4210,)]

        # So may everything at once, the supervisor first; the next start ends what is left and finds everything.
        left = {name: venue.pid(name) for name in PARTS}
        first.process.kill()
        for pid in left.values():
            signal_process(pid, signal.SIGKILL)
        first.process.wait()
        after = Up(venue)
        try:
            after.wait_until_open(120)
            assert [name for name, pid in left.items() if _runs(pid)] == []
            assert venue.answers()
            assert venue.ask("SELECT amount FROM told") == [(4210,)]
            assert (venue.data / "sandbox_key").read_text() == key

            # It closes within ten seconds, and leaves nothing running.
            pids = {name: venue.pid(name) for name in PARTS}
            began = time.monotonic()
            after.process.terminate()
            assert after.process.wait(20) == 0
            assert time.monotonic() - began < 10
            assert [name for name, pid in pids.items() if _runs(pid)] == []
            assert not (venue.data / "services.json").exists()
        finally:
            after.end()
    finally:
        first.end()


@pytest.mark.parametrize("name", ["PORT", "LIVE_PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_said_by_name(venue: Venue, name: str) -> None:
    # given
    port = {"PORT": venue.port, "LIVE_PORT": venue.live_port, "SANDBOX_PORT": venue.sandbox_port}[name]
    taken = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", HOST],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: _status(port, "/") != 0, 10)

    # when
    refused = venue.manage("up")
    output, _ = refused.communicate(timeout=30)
    taken.kill()
    taken.wait()

    # then
    assert refused.returncode == 1
    assert output == f"CommandError: {name} {port} on {HOST} is taken: set {name} to another\n"
    assert not (venue.data / "postgres").exists()
