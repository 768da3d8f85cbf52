"""One log of many processes: whole lines, each with the time and the name of who wrote it."""

import contextlib
import itertools
import os
import time
from collections import defaultdict, deque
from typing import BinaryIO

_COLOURS = ("36", "32", "33", "35", "34", "31")
TAIL = 30
LONGEST_LINE = 64 * 1024


class CombinedLog:
    def __init__(self, out: BinaryIO, *, width: int = 8) -> None:
        self._out = out
        self._width = width
        self._unfinished: dict[str, bytes] = defaultdict(bytes)
        self._tails: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TAIL))
        self._colours: dict[str, str] = {}
        self._next_colour = itertools.cycle(_COLOURS)
        self._is_terminal = os.isatty(out.fileno())

    def say(self, name: str, text: str) -> None:
        """Write lines of our own."""
        for line in text.splitlines():
            self._write(name, line.encode())

    def feed(self, name: str, data: bytes) -> None:
        """Take what a process wrote; a line goes out when it is whole."""
        *lines, rest = (self._unfinished.pop(name, b"") + data).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        if rest:
            self._unfinished[name] = rest
        for line in lines:
            self._write(name, line)

    def finish(self, name: str) -> None:
        """The process has closed its end: what it wrote last counts as a line."""
        if rest := self._unfinished.pop(name, b""):
            self._write(name, rest)

    def tail(self, name: str) -> str:
        """The last lines of a process, to say why it did not start."""
        return "\n".join(self._tails[name])

    def plain(self, text: str) -> None:
        """Write text without a prefix: what the person at the keyboard is meant to read first."""
        self._print(text.encode())

    def _write(self, name: str, line: bytes) -> None:
        line = line.rstrip(b"\r")
        self._tails[name].append(line.decode(errors="replace"))
        prefix = f"{time.strftime('%H:%M:%S')} {name:<{self._width}} | "
        if self._is_terminal:
            colour = self._colours.setdefault(name, next(self._next_colour))
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self._print(prefix.encode() + line)

    def _print(self, line: bytes) -> None:
        # The terminal was closed, or Ctrl-C ended the `tee` behind us first: stopping in order matters more than
        # telling of it.
        with contextlib.suppress(OSError):
            self._out.write(line + b"\n")
            self._out.flush()
