"""Sudden deaths: a SIGKILL for a part of the restaurant or for a child of it, at a moment that nobody can foresee."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from pos.embedded.process import signal_process
from tests.faults.restaurant import Restaurant, repeated

# Who dies, and whether it is the part itself or one of its children: a web worker, a task's process, a backend.
WAYS = (
    ("web", False), ("web", True), ("live", False), ("worker", False), ("worker", True), ("beat", False),
    ("dojo", False), ("postgres", False), ("postgres", True), ("redis", False),
)  # fmt: skip


def children(pid: int) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == pid:
            found.append(int(process.name))
    return found


class Killer:
    """Kills so often, each time when the work has come that far and a random moment later."""

    def __init__(self, restaurant: Restaurant, dice: random.Random, kills: int) -> None:
        self.killed: Counter[str] = Counter()
        self.done = 0
        self.wanted = kills
        self._restaurant = restaurant
        self._dice = dice
        # Everybody's turn comes equally often, in an order of its own.
        rounds = [dice.sample(WAYS, len(WAYS)) for _ in range(-(-kills // len(WAYS)))]
        self._turns = [way for one in rounds for way in one][:kills]

    def run(self, progress: Callable[[], float], over: threading.Event) -> None:
        """``progress`` is how much of the work is begun, from nothing to 1."""
        for number, (part, is_child) in enumerate(self._turns):
            while progress() < number / self.wanted and not over.is_set():
                time.sleep(0.02)
            time.sleep(self._dice.uniform(0, 2))
            while not self._kill(part, is_child):
                if over.is_set():
                    return
                # It is still down from the last time.
                time.sleep(0.05)
            self.done += 1

    def _kill(self, part: str, is_child: bool) -> bool:
        pid = self._restaurant.pid(part)
        if pid is None:
            return False
        if is_child:
            candidates = children(pid)
            if not candidates:
                return False
            pid = self._dice.choice(sorted(candidates))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed[part] += 1
        return True


def kept_down(restaurant: Restaurant, *parts: str) -> AbstractContextManager[None]:
    """Parts that die whenever the supervisor has started them."""

    def kill_again() -> None:
        for part in parts:
            if (pid := restaurant.pid(part)) is not None:
                signal_process(pid, signal.SIGKILL)

    kill_again()
    return repeated(kill_again, every=0.02)
