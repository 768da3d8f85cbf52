"""A word to the workers that there is something to do: said by a thread of its own, and lost without harm.

The queue may be slow, frozen or gone, and whoever answers Dojo does not wait for it. What there is to do stands in the
database, where a sweep finds it anyway; a nudge only makes it sooner.
"""

import atexit
import os
import threading
import time
from collections.abc import Sequence

import structlog

from pos.celery import app
from pos.events import Event, EventKept, OrderTaken

log = structlog.get_logger(__name__)

HANDLE_EVENTS = "dojo_integration.tasks.handle_dojo_events"
LOOK_AT_INTENTS = "dojo_integration.tasks.look_at_payment_intents"

# Which task has something to do once this has happened.
_TASKS: dict[type[Event], str] = {EventKept: HANDLE_EVENTS, OrderTaken: LOOK_AT_INTENTS}

# Of more names than there are tasks somebody would have made a mistake; a sick queue must not fill the memory.
MOST_WAITING = 100
# A nudge that nobody took in time is older than the next sweep.
EXPIRES_SECONDS = 30
QUIET_SECONDS = 30.0


def after_commit(events: Sequence[Event]) -> None:
    """Nudge for what was published; one of AFTER_COMMIT_SUBSCRIBERS."""
    for name in {_TASKS[type(event)]: None for event in events if type(event) in _TASKS}:
        nudge(name)


def nudge(task_name: str) -> None:
    """Have a task run soon; never waits, never raises. A name that is already waiting is said once."""
    _nudger().take(task_name)


def flush(timeout: float = 2.0) -> bool:
    """Wait until everything taken so far was said or lost; False when it took longer."""
    return _nudger().wait(timeout)


class _Nudger:
    """The names that wait, and the thread that says them; one per process, made when it is first needed."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        # In a dict, because that keeps the order.
        self._waiting: dict[str, None] = {}
        self._is_busy = False
        self._changed = threading.Condition()
        self._last_complaint = -QUIET_SECONDS
        threading.Thread(target=self._run, name="nudges", daemon=True).start()

    def take(self, name: str) -> None:
        with self._changed:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[name] = None
                self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_busy, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                name = next(iter(self._waiting))
                del self._waiting[name]
                self._is_busy = True
            try:
                app.send_task(name, expires=EXPIRES_SECONDS, ignore_result=True, retry=False)
            except Exception as error:
                # Whatever a sick queue raises: the sweep comes by itself, and this thread must live on.
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._last_complaint >= QUIET_SECONDS:
            self._last_complaint = now
            log.warning("the workers were not nudged", error=f"{type(error).__name__} {error}".strip())


_lock = threading.Lock()
_current: _Nudger | None = None


def _nudger() -> _Nudger:
    # A forked worker inherits the object but not its thread.
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Nudger()
        return _current


def _forget_lock() -> None:
    # The parent's lock may have been held at the moment of the fork.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_lock)


@atexit.register
def _finish() -> None:
    """A management command that changed something lives long enough to say so."""
    if _current is not None and _current.pid == os.getpid():
        _current.wait(1.0)
