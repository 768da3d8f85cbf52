"""A nudge for a worker: after a commit somebody in the background is asked to look at the outbox or the inbox, soon.

The queue may be slow, frozen or gone, and publishing to it then takes seconds; so a thread of its own does that, and
whoever nudges leaves a venue's number behind and goes on. Nudges for one venue and task melt into one. A nudge that is
lost costs nothing but the seconds until the clock looks by itself.
"""

import logging
import os
import threading
import time

from celery import current_app

logger = logging.getLogger(__name__)

TASK = "dojo_integration.tasks.send_events"
# Between one round of nudges and the next: what changes meanwhile is one nudge more, however much it was.
PAUSE = 0.25
# A nudge that nobody has taken for so long is overtaken by the clock.
EXPIRES = 30
# One line of log for a queue that stays away, not one for each change.
QUIET_SECONDS = 30.0


def nudge(venue_id: int, task: str = TASK) -> None:
    """Have a task, by itself the sender's, look at a venue; never waits, never raises."""
    _nudger().take(venue_id, task)


class Nudger:
    """The venues that wait to be named to the queue, and the thread that does it; one per process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._waiting: set[tuple[int, str]] = set()
        self._news = threading.Condition()
        self._last_complaint = -QUIET_SECONDS
        threading.Thread(target=self._run, name="nudges", daemon=True).start()

    def take(self, venue_id: int, task: str = TASK) -> None:
        with self._news:
            self._waiting.add((venue_id, task))
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting)
                waiting, self._waiting = self._waiting, set()
            for venue_id, task in sorted(waiting):
                self._publish(venue_id, task)
            time.sleep(PAUSE)

    def _publish(self, venue_id: int, task: str = TASK) -> None:
        try:
            current_app.send_task(task, args=(venue_id,), expires=EXPIRES)
        except Exception as error:
            # Whatever a sick queue raises: the clock finds what is due, and this thread must live on.
            now = time.monotonic()
            if now - self._last_complaint >= QUIET_SECONDS:
                logger.warning("a worker was not nudged: %s", f"{type(error).__name__} {error}".strip())
                self._last_complaint = now


_lock = threading.Lock()
_current: Nudger | None = None


def _nudger() -> Nudger:
    # A forked worker inherits the object but not its thread.
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = Nudger()
        return _current


def _forget_lock() -> None:
    # The parent's lock may have been held at the moment of the fork.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_lock)
