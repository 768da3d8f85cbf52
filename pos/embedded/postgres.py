"""The embedded PostgreSQL: a cluster in the data folder, reached through one socket and never over the network."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from pos.embedded.account import Account
from pos.embedded.errors import EmbeddedError
from pos.embedded.process import Program, command_line

# Clients read PGPORT when none is given, and the port is part of the socket's name: so it is always given.
PORT = 5432
OWNER = "tableside"
DATABASE = "tableside"
SOCKET_NAME = f".s.PGSQL.{PORT}"

_QUIET = (
    # A lost race on a unique constraint is daily business here, and PostgreSQL would log the guest's data with it.
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    install: Path
    data: Path
    sockets: Path
    account: Account
    settings: Sequence[str] = ()

    def create_cluster(self) -> None:
        """Run initdb once; a half-made cluster of a killed start is made anew. Raises EmbeddedError."""
        if self.data.exists():
            self._check_version()
            return
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        self.account.make_private_folder(unfinished)
        done = self._run(
            "initdb", f"--pgdata={unfinished}", "--encoding=UTF8", "--locale=C", "--auth=trust",
            f"--username={OWNER}", "--no-instructions",
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        ours = self._run("postgres", "--version").stdout.split()[2].split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {theirs}, this is {ours}: dump it with the old one, "
                "or set TABLESIDE_DATA_DIR to a new folder"
            )

    def program(self) -> Program:
        settings = (
            "listen_addresses=", f"unix_socket_directories={self.sockets}", "unix_socket_permissions=0700",
            f"port={PORT}", "logging_collector=off", "log_timezone=UTC", "jit=off", *_QUIET, *self.settings,
        )  # fmt: skip
        options = tuple(part for setting in settings for part in ("-c", setting))
        return Program(
            name="postgres",
            argv=(str(self.install / "bin/postgres"), "-D", str(self.data), *options),
            account=self.account,
            env=self._environment(),
            cwd=Path("/"),
            # A fast shutdown: SIGTERM would wait for every client to leave by itself.
            stop_signal=signal.SIGINT,
            before_start=self.clear_leftovers,
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        """Whether a query answers; not asked before the server says so itself, as it would log each refusal."""
        if not self._says_ready():
            return False
        try:
            with self._connect("postgres") as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def create_database(self) -> None:
        """Make our database in a new cluster."""
        with self._connect("postgres") as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}@/{DATABASE}?host={self.sockets}&port={PORT}"

    def clear_leftovers(self) -> None:
        """End a server that a killed supervisor left behind, and drop a pid file that names somebody else.

        Raises EmbeddedError when the old server does not go.
        """
        pid = self._recorded_pid()
        if pid and str(self.data) in command_line(pid):
            self._end(pid)
        # Backends that outlived their postmaster leave within moments.
        deadline = time.monotonic() + 10
        while self._processes():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"A PostgreSQL server that was left behind on {self.data} does not end")
            time.sleep(0.05)
        # PostgreSQL takes a pid in these files that anybody has for a living server: a program that was given the
        # number since (a restarted container counts from 1 again), or a dead one that nobody has buried.
        for leftover in (
            self.data / "postmaster.pid",
            self.sockets / SOCKET_NAME,
            self.sockets / f"{SOCKET_NAME}.lock",
        ):
            leftover.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None  # ValueError: half written in the moment of a crash

    def _end(self, pid: int) -> None:
        for number, seconds in ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if str(self.data) not in command_line(pid):
                    return
                time.sleep(0.05)

    def _processes(self) -> list[int]:
        """PostgreSQL processes that work in our cluster (Linux; elsewhere PostgreSQL's own check has to do)."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "comm").read_text() == "postgres\n" and os.readlink(process / "cwd") == str(self.data):
                    found.append(int(process.name))
            except OSError:
                continue  # it ended meanwhile, or it is not ours to see
        return found

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.sockets), port=PORT, user=OWNER, dbname=database, connect_timeout=2, autocommit=True
        )

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        dropped = not self.account.is_ourselves
        return subprocess.run(
            [str(self.install / "bin" / program), *arguments],
            capture_output=True, text=True, check=False, env=self._environment(), cwd="/", start_new_session=True,
            user=self.account.uid if dropped else None, group=self.account.gid if dropped else None,
            extra_groups=[] if dropped else None,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Nothing of ours: PGDATA, PGPORT and a locale that is not installed would all be obeyed."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
