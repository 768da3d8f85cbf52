"""Somebody at Dojo's end of the outbox who only listens, and answers as the test wants."""

import threading
from collections.abc import Callable
from typing import Any

from pos.models import Venue

Answer = Callable[[str], Exception | None]
"""What an entity's id is answered; an exception is raised in the sender."""


def fine(entity_id: str) -> None:
    """It was heard."""


def always(error: Exception) -> Answer:
    return lambda entity_id: error


class Listener:
    """Dojo's side of ``sending.EventApi``, for any number of lines; it is its own connection."""

    def __init__(self, answer: Answer = fine) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        self.heard: list[tuple[str, str]] = []
        self.opened = 0
        self._lock = threading.Lock()

    def __call__(self, venue: Venue) -> Callable[[], "Listener"]:
        return lambda: self

    def __enter__(self) -> "Listener":
        self.opened += 1
        return self

    def __exit__(self, *error: Any) -> None: ...

    def send_event(self, *, event_type: str, entity_id: str) -> None:
        with self._lock:
            self.asked.append((event_type, entity_id))
        error = self.answer(entity_id)
        if error is not None:
            raise error
        with self._lock:
            self.heard.append((event_type, entity_id))
