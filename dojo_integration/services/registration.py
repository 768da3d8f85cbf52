"""Telling Dojo what it can ask of us, and reading back what it has noted down.

Dojo is called between transactions, never inside one: what is to be is kept first, then Dojo is asked, then what became
of it is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from dojo_integration import registration
from dojo_integration.accounts import public_url_of
from dojo_integration.dojo_api.client import DojoApi, api_of
from dojo_integration.dojo_api.errors import DojoError, NotFound, Refused, Unauthorized, Unreachable
from dojo_integration.models import Road
from dojo_integration.registration import Row, Seen
from dojo_integration.services.credentials import (
    IssuedCredential,
    offer_credential,
    settle_on_credential,
    withdraw_credential,
)
from pos import audit
from pos.errors import Conflict
from pos.models import AuditEntry, Venue
from pos.permissions import Act, Actor, require
from pos.service import service

log = structlog.get_logger(__name__)

BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be registered, and where."""

    roads: tuple[Road, ...]
    names: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Dojo has noted down after a registration; ``faults`` say in what it is not what was asked for."""

    plan: Plan
    seen: Seen
    faults: tuple[str, ...]
    # Where Dojo knew only the names of before.
    by_former_names: tuple[Road, ...]

    @property
    def is_as_asked(self) -> bool:
        return not self.faults

    @property
    def rows(self) -> tuple[Row, ...]:
        return registration.compare(self.seen)


def default_roads(venue: Venue) -> tuple[Road, ...]:
    """Both where Dojo can find the venue from outside, else the WebSocket alone."""
    return registration.ROADS if public_url_of(venue) else (Road.WEBSOCKET,)


def plan(venue: Venue, roads: Sequence[Road] = (), names: Sequence[str] = ()) -> Plan:
    """What a registration would ask for, without asking. Raises InvalidRequest, Conflict."""
    wanted = registration.wanted_names(names)
    chosen = tuple(road for road in registration.ROADS if road in (roads or default_roads(venue)))
    url = public_url_of(venue) if Road.REST in chosen else ""
    if Road.REST in chosen and not url:
        raise Conflict(
            "Dojo cannot call this venue over REST, because its public address is not known: set EPOS_PUBLIC_URL, "
            "or enter it in the back office under Dojo, Connection."
        )
    return Plan(roads=chosen, names=wanted, url=url)


def register(*, actor: Actor, roads: Sequence[Road] = (), names: Sequence[str] = ()) -> Outcome:
    """Let Dojo know all that it can ask of this venue, on these roads, and see whether it does.

    Without roads: on all by which Dojo can come. Its password over REST is new each time, unless the environment says
    one; the one before stays good until Dojo has been seen to have the new one.
    Raises NotPermitted, Conflict, InvalidRequest, DojoError.
    """
    require(actor, Act.INTEGRATION)
    planned = plan(actor.venue, roads, names)
    with account_of(actor.venue) as api:
        note_registration(actor=actor, planned=planned)
        try:
            outcome = _register(actor, api, planned)
        except DojoError as error:
            note_outcome(actor=actor, faults=(str(error),))
            raise
    note_outcome(actor=actor, faults=outcome.faults)
    return outcome


def look(venue: Venue) -> Seen:
    """What Dojo has noted down of the venue at this moment. Raises Conflict without an account, DojoError."""
    with account_of(venue) as api:
        return registration.read(api.integrations())


def account_of(venue: Venue) -> DojoApi:
    """The venue's line to Dojo. Raises Conflict where there is none."""
    api = api_of(venue)
    if api is None:
        raise Conflict(
            f"{venue.name} has no Dojo account: enter its API key in the back office under Dojo, Connection, "
            "or set DOJO_API_KEY."
        )
    return api


@service
def note_registration(*, actor: Actor, planned: Plan) -> AuditEntry:
    """Keep who is about to register what, before Dojo hears of it. Raises NotPermitted."""
    require(actor, Act.INTEGRATION)
    roads = [road.value for road in planned.roads]
    return audit.record(
        actor, "register_capabilities", "dojo", roads=roads, url=planned.url, capabilities=len(planned.names)
    )


@service
def note_outcome(*, actor: Actor, faults: Sequence[str]) -> AuditEntry:
    """Keep what became of a registration. Raises NotPermitted."""
    require(actor, Act.INTEGRATION)
    return audit.record(actor, "registered_capabilities", "dojo", as_asked=not faults, faults=list(faults))


def _register(actor: Actor, api: DojoApi, planned: Plan) -> Outcome:
    former = []
    if Road.WEBSOCKET in planned.roads and _put(lambda names: api.register_ws(names=names), planned.names):
        former.append(Road.WEBSOCKET)
    offered: IssuedCredential | None = None
    replaced: frozenset[str] = frozenset()
    if Road.REST in planned.roads:
        # Whose password is replaced has to be known before it is.
        replaced = frozenset(registration.read(api.integrations()).rest.usernames.values()) - {""}
        offered = offer_credential(actor=actor)
        if _put_rest(actor, api, planned, offered):
            former.append(Road.REST)
    seen = registration.read(api.integrations())
    faults = {road: _faults(seen, road, planned, offered) for road in planned.roads}
    if offered is not None and not faults[Road.REST]:
        settle_on_credential(actor=actor, credential_id=offered.credential.pk, replaced=replaced)
    return Outcome(
        plan=planned,
        seen=seen,
        faults=tuple(fault for road in planned.roads for fault in faults[road]),
        by_former_names=tuple(former),
    )


def _put_rest(actor: Actor, api: DojoApi, planned: Plan, offered: IssuedCredential) -> bool:
    """Whether Dojo knew only the names of before."""
    username, password = offered.credential.username, offered.secret
    try:
        return _put(
            lambda names: api.register_rest(url=planned.url, username=username, password=password, names=names),
            planned.names,
        )
    except DojoError as error:
        if _was_surely_not_done(error):
            withdraw_credential(actor=actor, credential_id=offered.credential.pk)
        raise


def _put(put: Callable[[Sequence[str]], object], names: Sequence[str]) -> bool:
    """Register by the names of today, else by those of before, and say whether it took those."""
    try:
        put(names)
        return False
    except Refused as refused:
        if refused.status != BAD_REQUEST or (former := registration.former_names(names)) == tuple(names):
            raise
        first = refused
    log.info("Dojo does not take the names of today, trying those of before", status=first.status)
    try:
        put(former)
        return True
    except Refused as second:
        # What is wrong besides the names stands in the first answer; the second one's is about names that are gone.
        raise first from second


def _faults(seen: Seen, road: Road, planned: Plan, offered: IssuedCredential | None) -> tuple[str, ...]:
    if road != Road.REST or offered is None:
        return seen.on(road).faults(planned.names)
    return seen.on(road).faults(planned.names, url=planned.url, username=offered.credential.username)


def _was_surely_not_done(error: DojoError) -> bool:
    """Where Dojo may have the new password after all, it must go on being good."""
    if isinstance(error, Unreachable):
        return not error.was_sent
    return isinstance(error, Refused | Unauthorized | NotFound)
