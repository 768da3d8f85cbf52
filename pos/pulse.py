"""A sign of life of the parts that answer on no port: each touches a file of its own, and a probe sees how old it is.

``deploy/probe.py`` is that probe. A part that is stuck, or has lost its queue, touches nothing.
"""

import contextlib
from typing import Any

from celery import bootsteps
from celery.beat import PersistentScheduler
from django.conf import settings

EVERY_SECONDS = 10.0


def touch(part: str) -> None:
    """Say that the part does its work; where nothing can be written there is no sign, and the part works on."""
    with contextlib.suppress(OSError):
        (settings.DATA_FOLDER.path / f"{part}.pulse").touch()


class WorkerPulse(bootsteps.StartStopStep):
    """The worker's, from its event loop and only while it is connected to the queue."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, consumer: Any) -> None:
        touch("worker")
        self.timer = consumer.timer.call_repeatedly(EVERY_SECONDS, touch, ("worker",))

    def stop(self, consumer: Any) -> None:
        self.timer.cancel()


class Scheduler(PersistentScheduler):
    """Beat's, whenever it has looked what is due."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait = super().tick(*args, **kwargs)
        touch("beat")
        return min(float(wait), EVERY_SECONDS)
