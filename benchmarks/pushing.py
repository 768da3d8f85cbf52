"""How fast a backlog of the outbox is sent, to a Dojo that answers at once: what is left is our own work."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import F
from django.utils import timezone

from benchmarks.driver import WrongAnswer
from benchmarks.echo import HOST
from dojo_integration.accounts import DojoAccount
from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.models import EventKind, OutboundEvent
from dojo_integration.sending import SIDE_BY_SIDE, send_due
from pos.ids import ORDER, new_id
from pos.models import Venue

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Pushed:
    """So many events in so many seconds."""

    events: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def as_json(self) -> dict[str, Any]:
        return {"op": "OutboxPush", "road": "outbox", "conn": SIDE_BY_SIDE, "rps": round(self.rate, 1)}

    @property
    def as_words(self) -> str:
        return f"OutboxPush: {self.events} events that waited were sent in {self.seconds:.1f} s"


def measure_pushes(venue: Venue, *, events: int) -> Pushed:
    """Send so many events of a venue by the sender of the worker, one run after another. Raises WrongAnswer."""
    OutboundEvent.objects.filter(venue=venue).update(sent=F("wanted"))
    now = timezone.now()
    OutboundEvent.objects.bulk_create(
        OutboundEvent(venue=venue, kind=EventKind.ORDER, entity_id=new_id(ORDER), changed_at=now, next_attempt_at=now)
        for _ in range(events)
    )
    with _echo() as url, _quiet():
        account = DojoAccount(
            api_key="sk_sandbox_bench", software_house_id="bench", reseller_id="", ws_url="", api_url=url
        )
        began = time.perf_counter()
        told = 0
        while sent := send_due(venue, connect=lambda venue: partial(DojoApi, account)):
            told += sent
        seconds = time.perf_counter() - began
    if told != events or OutboundEvent.objects.filter(venue=venue, sent__lt=F("wanted")).exists():
        raise WrongAnswer(f"{told} of {events} events were sent.")
    return Pushed(events, seconds)


@contextmanager
def _echo() -> Iterator[str]:
    """Where somebody answers."""
    argv = [sys.executable, "-m", "benchmarks.echo"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as echo:
        try:
            assert echo.stdout is not None
            yield f"http://{HOST}:{int(echo.stdout.readline())}"
        finally:
            echo.terminate()


@contextmanager
def _quiet() -> Iterator[None]:
    """A line of log for each of thousands of events is nothing that anybody wants to see here."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
