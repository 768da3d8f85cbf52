"""A venue's last calls, as they are kept, for its manager to read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from redis.exceptions import RedisError

from dojo_integration.call_log import API, OK, entries_of
from dojo_integration.models import Road
from pos.errors import NotFound
from pos.models import Venue

_ROADS = {**dict(Road.choices), API: "API"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """One call; nobody's name, card or secret is in it any more."""

    id: str
    road: str
    capability: str
    where: str
    status: int | None
    outcome: str
    at: datetime
    ms: float
    trace_id: str
    request: str
    answer: str

    @property
    def is_ours(self) -> bool:
        """Whether we asked Dojo."""
        return self.road == API

    @property
    def is_ok(self) -> bool:
        return self.outcome == OK

    @property
    def way(self) -> str:
        """Who asked whom, and how."""
        return f"To Dojo · {_ROADS[API]}" if self.is_ours else f"From Dojo · {_ROADS.get(self.road, self.road)}"

    @property
    def what(self) -> str:
        return self.capability or self.where or "not readable"

    @property
    def took(self) -> str:
        return f"{self.ms:.0f} ms" if self.ms < 1000 else f"{self.ms / 1000:.1f} s"

    @property
    def result(self) -> str:
        """How it went, in a word or a number."""
        if self.status is None:
            return self.outcome
        return str(self.status) if self.is_ok or self.is_ours else f"{self.status} {self.outcome}"


def last_calls(venue: Venue) -> list[LoggedCall] | None:
    """The venue's calls, newest first; None while Redis, where they are kept, does not answer."""
    try:
        entries = entries_of(venue.pk)
    except (RedisError, OSError):
        return None
    found = [call for entry in entries if (call := _read(entry)) is not None]
    # Several processes write, each when it comes to it.
    return sorted(found, key=lambda call: call.at, reverse=True)


def call_by_id(venue: Venue, call_id: str) -> LoggedCall:
    """One of them. Raises NotFound, also when so many came since that it is no longer kept."""
    for call in last_calls(venue) or []:
        if call.id == call_id:
            return call
    raise NotFound("That call is no longer among the last ones.")


def _read(entry: bytes) -> LoggedCall | None:
    """None for what another version of this program kept."""
    try:
        found: dict[str, Any] = orjson.loads(entry)
        return LoggedCall(**found | {"at": datetime.fromtimestamp(found["at"], UTC)})
    except (ValueError, TypeError, KeyError):
        return None
