"""A program that we start, watch and stop: a process group of its own that does not outlive us."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pos.embedded.account import Account

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """What to start and how to end it; ``is_ready`` asks the running program whether it serves."""

    name: str
    argv: tuple[str, ...]
    account: Account | None = None
    env: Mapping[str, str] | None = None  # None: ours
    more_env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    before_start: Callable[[], None] = field(default=lambda: None)
    is_ready: Callable[[], bool] = field(default=lambda: True)

    def spawn(
        self, *, stdout: int | IO[bytes], stderr: int | IO[bytes] = subprocess.STDOUT
    ) -> "subprocess.Popen[bytes]":
        """Start it as the leader of its own process group. Call it from a thread that lives as long as we do:
        Linux counts the end of that thread as our death."""
        self.before_start()
        dropped = self.account is not None and not self.account.is_ourselves
        return subprocess.Popen(
            self.argv,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**(os.environ if self.env is None else self.env), **self.more_env},
            cwd=self.cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid(), self.stop_signal),
            user=self.account.uid if self.account and dropped else None,
            group=self.account.gid if self.account and dropped else None,
            extra_groups=[] if dropped else None,
        )


def _die_with_parent(parent: int, stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Where the kernel offers it, a child is told to stop when we are killed without a word."""
    if _libc is None:
        return None
    libc = _libc

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process group that may be gone already."""
    # PermissionError: macOS says so of a group in which only a zombie is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def signal_process(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def processes_with(name: str, value: str) -> list[int]:
    """The processes that were started with this in their environment (Linux; elsewhere none is found)."""
    wanted = f"{name}={value}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile, or it is not ours to see
    return found


def start_stamp(pid: int) -> str | None:
    """When the process began, as a text that tells it from a later one with the same number; None: it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        pass
    except ProcessLookupError:
        return None
    else:
        # The second field is the name in brackets and may itself contain blanks and brackets.
        fields = text.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    if sys.platform == "linux":
        return None
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None


def command_line(pid: int) -> str:
    """The command line of a process, blank when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        if sys.platform == "linux":
            return ""
    asked = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout
