"""The data folder (``TABLESIDE_DATA_DIR``): who serves it, where its services listen, the key kept in it."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pos.embedded.errors import EmbeddedError
from pos.embedded.process import processes_with, start_stamp

# A command that looks whether the folder is served holds the lock for an instant; a starting `up` outlasts it.
LOCK_PATIENCE = 1.0

MARK = "TABLESIDE_SERVES"


@dataclass(frozen=True, slots=True)
class Services:
    """Where the embedded services listen; None for one that the environment names instead."""

    database_url: str | None
    redis_url: str | None


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def lock_file(self) -> Path:
        return self.path / "up.lock"

    @property
    def services_file(self) -> Path:
        return self.path / "services.json"

    @property
    def processes_file(self) -> Path:
        return self.path / "processes.json"

    @property
    def secret_key_file(self) -> Path:
        return self.path / "secret_key"

    @property
    def sandbox_key_file(self) -> Path:
        return self.path / "sandbox_key"

    def make(self, *, traversable: bool) -> None:
        """Create the folder, private to us or (for the account of the services) to be passed through."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            # It was somebody's choice: its permissions stay as they are.
            if not self.path.is_dir():
                raise EmbeddedError(f"TABLESIDE_DATA_DIR is not a folder: {self.path}") from None
        except OSError as error:
            raise EmbeddedError(f"Cannot make the data folder {self.path}: {error.strerror}") from error
        else:
            if traversable:
                self.path.chmod(0o711)
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise self._not_ours()

    def _not_ours(self) -> EmbeddedError:
        return EmbeddedError(
            f"The data folder {self.path} belongs to somebody else: start as its owner, "
            "or set TABLESIDE_DATA_DIR to a folder of your own"
        )

    @contextmanager
    def served(self) -> Iterator[None]:
        """Hold the folder; raises EmbeddedError when a live `up` serves it already."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise self._not_ours() from error
        with os.fdopen(descriptor, "r+") as lock:
            self._lock(lock)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            # Whatever stands there is from a supervisor that was killed.
            self.services_file.unlink(missing_ok=True)
            try:
                yield
            finally:
                self.services_file.unlink(missing_ok=True)

    def _lock(self, lock: IO[str]) -> None:
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"The data folder {self.path} is served already, by process {lock.read() or '?'}: "
                        "stop that one, or set TABLESIDE_DATA_DIR (and PORT) for a second venue beside it"
                    ) from None
                time.sleep(0.05)

    def running_services(self) -> Services | None:
        """The addresses of the running services, None when nobody serves the folder. Raises EmbeddedError when
        the folder is somebody else's."""
        try:
            with self.lock_file.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise self._not_ours() from error
        except BlockingIOError:
            pass  # somebody holds it: it is served
        else:
            return None
        try:
            return Services(**json.loads(self.services_file.read_text()))
        except FileNotFoundError:
            return None  # still starting

    def announce(self, services: Services) -> None:
        """Tell every other command where the services are."""
        text = json.dumps({"database_url": services.database_url, "redis_url": services.redis_url})
        _write_privately(self.services_file, text)

    def record_processes(self, pids: Mapping[str, int]) -> None:
        """Remember what runs, so that the next `up` finds what a killed one left behind."""
        rows = {name: [pid, start_stamp(pid)] for name, pid in pids.items()}
        _write_privately(self.processes_file, json.dumps(rows))

    @property
    def mark(self) -> dict[str, str]:
        """What every part of ours carries in its environment, and hands on to its own children."""
        return {MARK: str(self.path)}

    def leftovers(self) -> dict[str, int]:
        """Processes of an earlier supervisor that still run: the ones it recorded, and children that outlived them."""
        try:
            rows = json.loads(self.processes_file.read_text())
        except FileNotFoundError:
            rows = {}
        named = {pid: name for name, (pid, stamp) in rows.items() if stamp is not None and start_stamp(pid) == stamp}
        orphans = {pid: f"process {pid}" for pid in processes_with(MARK, str(self.path))}
        return {name: pid for pid, name in (orphans | named).items()}

    def secret_key(self) -> str | None:
        """The key of this installation; None before its first start."""
        return _read_private(self.secret_key_file)

    def make_secret_key(self) -> None:
        """Make the key once: sessions and stored secrets outlive a restart."""
        if self.secret_key() is None:
            _write_privately(self.secret_key_file, secrets.token_urlsafe(48))

    def sandbox_key(self) -> str | None:
        """The key that the venue and the sandbox on this machine share; None before the first start."""
        return _read_private(self.sandbox_key_file)

    def make_sandbox_key(self) -> str:
        """Make that key up once: what the sandbox remembers, it remembers by it."""
        key = self.sandbox_key()
        if key is None:
            key = f"sk_sandbox_{secrets.token_urlsafe(32)}"
            _write_privately(self.sandbox_key_file, key)
        return key


def _read_private(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None


def _write_privately(path: Path, text: str) -> None:
    """Write a 0600 file that is there whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
