"""Keeps programs running: starts them, gathers their output, restarts what dies, stops everything in order.

One thread and one loop. That matters twice: the kernel tells our children of our death when the *thread* that
started them ends, and a line of the log is never torn by another.
"""

import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import FrameType

from pos.combined_log import CombinedLog
from pos.embedded import EmbeddedError, Program
from pos.embedded.process import signal_group

BACK_OFF = (1, 2, 4, 8, 16, 30)
HEALTHY_AFTER = 60.0
IMPATIENT_AFTER = 1.0
OURSELVES = "up"


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM while we were starting."""


@dataclass(slots=True, eq=False)
class _Watched:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0


class Supervisor:
    def __init__(self, log: CombinedLog, *, on_change: Callable[[dict[str, int]], None] = lambda pids: None) -> None:
        """``on_change`` hears the process ids whenever one is new."""
        self.log = log
        self.stop_is_asked = False
        self._asked_at = 0.0
        self._hurry = False
        self._stopping = False
        self._on_change = on_change
        self._watched: dict[str, _Watched] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)

    def listen_to_signals(self) -> None:
        """Take over Ctrl-C, SIGTERM and the closing of the terminal; a second one hurries the end."""
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        # `make` passes a signal on that its whole group has got already: the same wish, not a second one.
        now = time.monotonic()
        self._hurry = self.stop_is_asked and now - self._asked_at > IMPATIENT_AFTER
        if not self.stop_is_asked:
            self.stop_is_asked, self._asked_at = True, now

    # ---- starting

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        watched = self._watched[program.name] = _Watched(program)
        self._spawn(watched)

    def _spawn(self, watched: _Watched) -> None:
        process = watched.program.spawn(stdout=subprocess.PIPE)
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, watched.program.name)
        watched.process, watched.started_at = process, time.monotonic()
        self._on_change({name: other.process.pid for name, other in self._watched.items() if other.process})

    def wait_until_ready(self, names: Iterable[str], *, seconds: float) -> None:
        """Wait until the programs serve; raises EmbeddedError with the end of its log when one dies or is too slow."""
        waiting = set(names)
        deadline = time.monotonic() + seconds
        while waiting := {name for name in waiting if not self._watched[name].program.is_ready()}:
            self.turn(0.05)
            time.sleep(0.02)  # what they write ends a turn at once, and a starting program writes much
            for name in sorted(waiting):
                if self._watched[name].process is None or time.monotonic() > deadline:
                    raise EmbeddedError(f"{name} does not start. It said last:\n{self.log.tail(name)}")

    def run_to_end(self, program: Program) -> bytes:
        """Run a program that ends by itself and hand over its standard output; what it says on standard error is
        logged. Raises EmbeddedError when it fails."""
        with tempfile.TemporaryFile() as answer:
            process = program.spawn(stdout=answer, stderr=subprocess.PIPE)
            assert process.stderr
            os.set_blocking(process.stderr.fileno(), False)
            self._selector.register(process.stderr, selectors.EVENT_READ, program.name)
            try:
                while process.poll() is None:
                    self.turn(0.5)
            finally:
                signal_group(process.pid, signal.SIGKILL)
            self._drain(program.name)
            if process.returncode != 0:
                raise EmbeddedError(f"{program.name} failed with exit code {process.returncode}; see its lines above")
            answer.seek(0)
            return answer.read()

    # ---- running

    def run(self) -> None:
        """Keep everything running until somebody asks to stop."""
        while not self.stop_is_asked:
            self.turn(0.5)

    def turn(self, timeout: float) -> None:
        """One round: pass on what was written, see who died, restart who is due. Raises StopAsked."""
        if self.stop_is_asked and not self._stopping:
            raise StopAsked
        self._pump(timeout)
        for watched in self._watched.values():
            if watched.process is not None and watched.process.poll() is not None:
                self._bury(watched)
            elif watched.process is None and not self._stopping and time.monotonic() >= watched.restart_at:
                self._restart(watched)

    def _pump(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._wake_reader.recv(4096)
            else:
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        try:
            data = os.read(key.fd, 65536)
        except BlockingIOError:
            return
        if data:
            self.log.feed(key.data, data)
        else:
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
            self.log.finish(key.data)

    def _bury(self, watched: _Watched) -> None:
        """Note a death, and end what the dead one left in its process group."""
        assert watched.process
        pid, code = watched.process.pid, watched.process.returncode
        signal_group(pid, signal.SIGKILL)
        lived = time.monotonic() - watched.started_at
        watched.process = None
        if self._stopping:
            return
        watched.deaths = 1 if lived > HEALTHY_AFTER else watched.deaths + 1
        delay = BACK_OFF[min(watched.deaths, len(BACK_OFF)) - 1]
        watched.restart_at = time.monotonic() + delay
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self.log.say(OURSELVES, f"{watched.program.name} {how}; starting it again in {delay} s")

    def _restart(self, watched: _Watched) -> None:
        try:
            self._spawn(watched)
        except (OSError, EmbeddedError) as error:
            watched.deaths += 1
            delay = BACK_OFF[min(watched.deaths, len(BACK_OFF)) - 1]
            watched.restart_at = time.monotonic() + delay
            self.log.say(OURSELVES, f"{watched.program.name}: {error}; trying again in {delay} s")

    # ---- stopping

    def stop(self, stages: Sequence[tuple[Sequence[str], float]]) -> None:
        """Stop stage after stage, each with its seconds to end by itself before it is killed."""
        self._stopping = True
        for names, seconds in stages:
            self._stop_together([self._watched[name] for name in names if name in self._watched], seconds)
        for name in self._watched:
            self._drain(name)

    def _stop_together(self, stage: Sequence[_Watched], seconds: float) -> None:
        for watched in stage:
            if watched.process is not None:
                # To the leader alone: it knows how to take its children along.
                watched.process.send_signal(watched.program.stop_signal)
        deadline = time.monotonic() + seconds
        while alive := [watched for watched in stage if watched.process is not None]:
            if self._hurry or time.monotonic() > deadline:
                for watched in alive:
                    assert watched.process
                    self.log.say(OURSELVES, f"{watched.program.name} does not stop; killing it")
                    signal_group(watched.process.pid, signal.SIGKILL)
                    watched.process.wait()
            self.turn(0.1)

    def _drain(self, name: str, seconds: float = 0.5) -> None:
        """Read what a dead process still has in the pipe."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(key.data == name for key in self._selector.get_map().values()):
            self._pump(0.05)
