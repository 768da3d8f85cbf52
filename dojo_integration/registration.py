"""What Dojo is told that it can ask of us, and what it has noted down of that. Nothing here asks or writes anything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dojo_integration.capabilities import BY_NAME, PREVIEW_NAMES, TABLE, find
from dojo_integration.dojo_api.results import Integration, Integrations
from dojo_integration.models import Road

VERSION = "v1"
# The roads that capabilities are registered for; a webhook is subscribed to.
ROADS = (Road.WEBSOCKET, Road.REST)

IMPLEMENTED = tuple(name for capability in TABLE for name in capability.registration_names)


@dataclass(frozen=True, slots=True)
class Row:
    """One name, for whoever compares: what we do, and what Dojo has noted down on each road."""

    name: str
    is_implemented: bool
    rest: bool
    ws: bool
    note: str


@dataclass(frozen=True, slots=True)
class RoadSeen:
    """What Dojo has noted down of one road, by the names of today.

    ``usernames`` are REST's, by their addresses; "" where Dojo does not tell.
    """

    road: Road
    is_registered: bool = False
    usernames: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    former_names: frozenset[str] = frozenset()
    other_versions: frozenset[str] = frozenset()

    def faults(self, wanted: Iterable[str], *, url: str = "", username: str = "") -> tuple[str, ...]:
        """In what it differs from what was asked for, in sentences; of an address and a name only what is given."""
        missing = sorted(set(wanted) - self.names)
        more = sorted(self.names - set(wanted))
        found = [f"not registered: {', '.join(missing)}"] if missing else []
        found += [f"registered without having been asked for: {', '.join(more)}"] if more else []
        found += [f"not in version {VERSION}: {', '.join(sorted(self.other_versions))}"] if self.other_versions else []
        if url and self.is_registered and url not in self.usernames:
            found.append(f"the address is {', '.join(sorted(self.usernames)) or 'unknown'} instead of {url}")
        elif username and (told := self.usernames.get(url)) and told != username:
            found.append(f"the user name is {told} instead of {username}")
        return tuple(f"{self.road.label}: {fault}." for fault in found)


@dataclass(frozen=True, slots=True)
class Seen:
    """What Dojo has noted down of both roads."""

    rest: RoadSeen
    ws: RoadSeen

    def on(self, road: Road) -> RoadSeen:
        return self.rest if road == Road.REST else self.ws


def wanted_names(asked_for: Sequence[str] = ()) -> tuple[str, ...]:
    """What is to be registered: all that we implement, or what is asked for by name. Raises InvalidRequest."""
    if not asked_for:
        return IMPLEMENTED
    asked = {one for name in asked_for for one in ([name] if name in IMPLEMENTED else find(name).registration_names)}
    return tuple(name for name in IMPLEMENTED if name in asked)


def former_names(names: Iterable[str]) -> tuple[str, ...]:
    """The same by the names they had before, for a Dojo that knows no others."""
    return tuple(find(name).legacy_name or name for name in names)


def read(integrations: Integrations) -> Seen:
    return Seen(
        rest=_seen(Road.REST, integrations.rest),
        ws=_seen(Road.WEBSOCKET, integrations.ws),
    )


def compare(seen: Seen) -> tuple[Row, ...]:
    """What we implement beside what is registered: our own capabilities first, then what else Dojo knows."""
    strange = sorted((seen.rest.names | seen.ws.names) - set(IMPLEMENTED))
    return tuple(_row(name, seen) for name in (*IMPLEMENTED, *strange))


def is_in_order(seen: Seen) -> bool:
    """Whether every road that Dojo knows has all that we implement, and there is one at all."""
    known = [road for road in (seen.rest, seen.ws) if road.is_registered]
    return bool(known) and not any(road.faults(IMPLEMENTED) for road in known)


def _seen(road: Road, found: Sequence[Integration]) -> RoadSeen:
    """All of a road's integrations together: Dojo may keep several, and asks by any of them."""
    told = [one for integration in found for one in integration.capabilities if one.name]
    former = [one.name for one in told if _today(one.name) != one.name]
    return RoadSeen(
        road=road,
        is_registered=bool(told),
        usernames={one.url.rstrip("/"): one.username for one in found if one.url},
        names=frozenset(_today(one.name) for one in told),
        former_names=frozenset(_today(name) for name in former),
        other_versions=frozenset(_today(one.name) for one in told if one.version not in ("", VERSION)),
    )


def _today(name: str) -> str:
    """Today's name for a former one; any other is left as it is."""
    capability = BY_NAME.get(name)
    return capability.name if capability is not None and name == capability.legacy_name else name


def _row(name: str, seen: Seen) -> Row:
    notes = [_what_we_know(name)] if name not in IMPLEMENTED else []
    for road in (seen.rest, seen.ws):
        if name in road.former_names:
            notes.append(f"{road.road.label}: by its former name")
        if name in road.other_versions:
            notes.append(f"{road.road.label}: not in version {VERSION}")
        if name in IMPLEMENTED and road.is_registered and name not in road.names:
            notes.append(f"{road.road.label}: not registered")
    return Row(
        name=name,
        is_implemented=name in IMPLEMENTED,
        rest=name in seen.rest.names,
        ws=name in seen.ws.names,
        note="; ".join(notes),
    )


def _what_we_know(name: str) -> str:
    return "a preview without a contract" if name in PREVIEW_NAMES else "not implemented"
