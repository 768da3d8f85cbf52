"""Who gets into the back office, and which one venue they look after at the moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest

from pos.models import Membership, Role, Staff, Venue
from pos.permissions import Actor
from pos.till_cookie import last_venue, till_of

SESSION_KEY = "back_office_venue"


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may look after, and on whose behalf this request acts."""

    venues: Sequence[Venue] = ()
    """Those they manage; for a superuser all."""
    actor: Actor | None = None
    """In the current venue; None while nobody has said which of several."""

    @property
    def venue(self) -> Venue | None:
        return self.actor.venue if self.actor is not None else None


def access_of(request: HttpRequest) -> Access:
    """Look it up once for each request."""
    found: Access | None = getattr(request, "_back_office", None)
    if found is None:
        found = _find(request)
        request._back_office = found  # type: ignore[attr-defined]
    return found


def actor_of(request: HttpRequest) -> Actor:
    """The manager at work. Raises LookupError before the site has let anybody in."""
    actor = access_of(request).actor
    if actor is None:
        raise LookupError("nobody was let into a venue with this request")
    return actor


def venue_of(request: HttpRequest) -> Venue:
    """The one venue that this request is about. Raises LookupError before the site has let anybody in."""
    return actor_of(request).venue


def is_manager_somewhere(person: Staff) -> bool:
    return person.is_superuser or _managed_by(person).exists()


def look_after(request: HttpRequest, venue: Venue) -> None:
    """Go on with another venue, from the next request on."""
    request.session[SESSION_KEY] = venue.pk


def _managed_by(person: Staff) -> "QuerySet[Membership]":
    return Membership.objects.filter(staff=person, is_active=True, role=Role.MANAGER)


def _find(request: HttpRequest) -> Access:
    person = request.user
    if not isinstance(person, Staff) or not person.is_active:
        return Access()
    memberships = {row.venue_id: row for row in _managed_by(person).select_related("venue", "staff").order_by("venue")}
    venues = list(Venue.objects.all()) if person.is_superuser else [row.venue for row in memberships.values()]
    venue = _current(request, venues)
    if venue is None:
        return Access(venues)
    member = memberships.get(venue.pk)
    actor = Actor.staff(member, till_of(request, venue)) if member is not None else Actor.system(venue)
    return Access(venues, actor)


def _current(request: HttpRequest, venues: Sequence[Venue]) -> Venue | None:
    """The venue they chose here last, else the one this browser worked in last, else the only one."""
    chosen, slug = request.session.get(SESSION_KEY), last_venue(request)
    for venue in venues:
        if venue.pk == chosen:
            return venue
    for venue in venues:
        if venue.slug == slug:
            return venue
    return venues[0] if len(venues) == 1 else None
