"""The other end of the line: a handful of keep-alive connections, each asking again as soon as it is answered.

One thread and a selector, because it shares the machine with the server it measures. Requests are bytes made
beforehand or as they go, answers are looked at and thrown away.
"""

import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.operations import Ask

TIMEOUT = 30.0
_TRIES = 200


class WrongAnswer(Exception):
    """The server answered something else than it should have: a speed would mean nothing."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A few seconds of one kind of request."""

    seconds: float
    latencies: list[float]
    driver_seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


@dataclass(slots=True)
class Line:
    """One connection: what it waits for, and what has come of it."""

    connection: socket.socket
    ask: Ask | None = None
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    body_at: int = 0
    ends_at: int = 0

    def send(self, ask: Ask) -> None:
        self.ask = ask
        self.received, self.ends_at = bytearray(), 0
        self.sent_at = time.perf_counter()
        self.connection.sendall(ask.request)

    def receive(self) -> bool:
        """Take what has come; True when the answer is whole. Raises WrongAnswer where it breaks off."""
        try:
            part = self.connection.recv(1 << 18)
        except OSError as error:
            raise WrongAnswer(f"The connection broke: {error}") from error
        if not part:
            raise WrongAnswer("The server hung up in the middle of an answer.")
        self.received += part
        if not self.ends_at:
            self._read_head()
        return 0 < self.ends_at <= len(self.received)

    def _read_head(self) -> None:
        head_ends = self.received.find(b"\r\n\r\n")
        if head_ends < 0:
            return
        head = bytes(self.received[:head_ends]).lower()
        _, named, rest = head.partition(b"\r\ncontent-length:")
        if not named:
            raise WrongAnswer(f"An answer without a length: {head.decode(errors='replace')}")
        self.body_at = head_ends + 4
        self.ends_at = self.body_at + int(rest.split(b"\r\n", 1)[0])

    @property
    def status(self) -> int:
        return int(self.received[9:12])

    @property
    def body(self) -> bytes:
        return bytes(self.received[self.body_at : self.ends_at])

    def check(self) -> None:
        """Raises WrongAnswer, with what was asked and what came."""
        assert self.ask is not None
        wrong = self.ask.wrong(self.status, self.body)
        if wrong is not None:
            asked = self.ask.request.split(b"\r\n", 1)[0].decode()
            raise WrongAnswer(
                f"{asked} was answered {self.status}, {wrong}: {self.body[:500].decode(errors='replace')}"
            )


def drive(lines: list[Line], next_ask: Callable[[], Ask | None], *, seconds: float) -> Phase:
    """Keep every connection busy until the time is over or nothing is left to ask. Raises WrongAnswer.

    What was sent before the end is waited for and counts, like the time it took.
    """
    latencies: list[float] = []
    driver = time.process_time()
    started = last = time.perf_counter()
    ends = started + seconds
    with selectors.DefaultSelector() as selector:
        busy = 0
        for line in lines:
            ask = next_ask()
            if ask is not None:
                selector.register(line.connection, selectors.EVENT_READ, line)
                line.send(ask)
                busy += 1
        while busy:
            ready = selector.select(TIMEOUT)
            if not ready:
                raise WrongAnswer(f"No answer within {TIMEOUT:.0f} s.")
            for key, _ in ready:
                line = key.data
                if not line.receive():
                    continue
                last = time.perf_counter()
                latencies.append(last - line.sent_at)
                line.check()
                ask = next_ask() if last < ends else None
                if ask is None:
                    busy -= 1
                    selector.unregister(line.connection)
                else:
                    line.send(ask)
    return Phase(seconds=last - started, latencies=latencies, driver_seconds=time.process_time() - driver)


def open_evenly(host: str, port: int, who: Ask, *, connections: int, workers: int) -> list[Line]:
    """Connections spread evenly over the server's processes: which one takes a new one is a matter of luck."""
    each = -(-connections // workers)
    kept: dict[bytes, list[Line]] = defaultdict(list)
    spare: list[Line] = []
    for _ in range(_TRIES):
        line = Line(socket.create_connection((host, port), timeout=TIMEOUT))
        line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.send(who)
        while not line.receive():
            pass
        line.check()
        mine = kept[line.body]
        (mine if len(mine) < each else spare).append(line)
        if sum(map(len, kept.values())) >= connections:
            break
    found = [line for mine in kept.values() for line in mine]
    while len(found) < connections:
        found.append(spare.pop())
    close(spare)
    return found[:connections]


def close(lines: list[Line]) -> None:
    for line in lines:
        line.connection.close()
