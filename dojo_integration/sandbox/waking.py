"""How whoever has made something due tells the clock, from any thread."""

from collections.abc import Callable

_listeners: list[Callable[[], object]] = []


def listen(hear: Callable[[], object]) -> None:
    _listeners.append(hear)


def wake() -> None:
    """Something is due."""
    for hear in _listeners:
        hear()
