"""The sockets to Dojo as screens see them, and what a manager asks of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from dojo_integration.models import DojoSocket, SocketCommand, SocketState
from dojo_integration.row_locks import socket_for_update
from pos import audit
from pos.events import SocketChanged, publish
from pos.permissions import Act, Actor, require
from pos.service import service

# A process tells of itself every few seconds; whoever has been silent for so long is not there. By the database's
# clock, because the machines' own may differ.
SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Process:
    """Which process tells."""

    host: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketReport:
    """What the holder of a socket tells of it; ``served`` is how many more than it told before."""

    state: SocketState
    since: datetime
    last_error: str
    last_error_at: datetime | None
    served: int


@service
def report_socket(*, actor: Actor, process: Process, report: SocketReport) -> str:
    """Write down how a venue's socket is, and hear what a manager asks of it; a stop is asked until it is revoked."""
    row = socket_for_update(actor.venue)
    before = _as_shown(row)
    row.state, row.since = report.state, report.since
    row.host, row.pid = process.host[:120], process.pid
    if report.last_error:
        row.last_error, row.last_error_at = report.last_error[:200], report.last_error_at
    row.served += report.served
    row.seen_at = Now()
    command = row.command
    if command != SocketCommand.STOP:
        row.command = ""
    row.save()
    if _as_shown(row) != before:
        publish(SocketChanged(venue_id=actor.venue.pk))
    return command


@service
def report_nobody(*, actor: Actor, process: Process, state: SocketState) -> None:
    """Write down why a process does not hold a venue's socket, where nobody is heard of who does."""
    heard = DojoSocket.objects.filter(venue=actor.venue, seen_at__gt=Now() - SILENT_AFTER, pid__isnull=False)
    if heard.exclude(host=process.host[:120], pid=process.pid).exists():
        return
    row = socket_for_update(actor.venue)
    if row.state != state:
        row.state, row.since = state, timezone.now()
        publish(SocketChanged(venue_id=actor.venue.pk))
    row.host, row.pid, row.seen_at = process.host[:120], process.pid, Now()
    row.save()


@service
def command_socket(*, actor: Actor, command: SocketCommand) -> DojoSocket:
    """Ask the process that holds the venue's socket to connect again, to hand it over, or to stop until asked to.

    It hears of it within seconds. Raises NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    row = socket_for_update(actor.venue)
    row.command = command
    row.save(update_fields=["command"])
    audit.record(actor, "command_socket", f"dojo_socket_{actor.venue.pk}", command=str(command))
    publish(SocketChanged(venue_id=actor.venue.pk))
    return row


def _as_shown(row: DojoSocket) -> tuple[object, ...]:
    return row.state, row.since, row.host, row.pid, row.last_error, row.last_error_at, row.command
