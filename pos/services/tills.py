"""Tills and who stands at them: enrol a browser, sign in, switch by PIN."""

from django.utils import timezone

from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.events import TillChanged, publish
from pos.models import Membership, Till
from pos.permissions import Act, Actor, require
from pos.pins import try_pin
from pos.service import retry_on_race, service

NAME_LENGTH = 40

retry_on_race("till_name_unique")


@service
def enrol_till(*, actor: Actor, name: str) -> tuple[Till, str]:
    """Make the browser that somebody logged in on a till of this venue; its token is told once, here.

    Raises InvalidRequest for no name or one too long, Conflict when another till has it.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise InvalidRequest(f"Give this till a name of up to {NAME_LENGTH} letters.", field="name")
    if Till.objects.filter(venue=actor.venue, name__iexact=name).exists():
        raise Conflict(f"There is already a till called {name} here. Choose another name.")
    till = Till(venue=actor.venue, name=name)
    token = till.new_token()
    if actor.membership is not None:
        till.seen(by=actor.membership, at=timezone.now())
    till.save()
    audit.record(actor, "enrol_till", f"till_{till.pk}", name=name)
    publish(TillChanged(venue_id=actor.venue.pk, till_id=till.pk))
    return till, token


@service
def revoke_till(*, actor: Actor, till_id: int) -> Till:
    """Forget a lost or given-away device: from its next tap on it is no till any more. Its history stays.

    Raises NotPermitted, NotFound.
    """
    require(actor, Act.ADMIN)
    till = Till.objects.filter(venue=actor.venue, pk=till_id).first()
    if till is None:
        raise NotFound("That till does not exist.")
    # Nobody knows the token that belongs to this.
    till.new_token()
    till.save(update_fields=["token_hash"])
    audit.record(actor, "revoke_till", f"till_{till.pk}", name=till.name)
    publish(TillChanged(venue_id=actor.venue.pk, till_id=till.pk))
    return till


@service
def note_sign_in(*, actor: Actor) -> None:
    """Somebody signed in with their password on a till that is known."""
    _note(actor)


@service
def switch_user(*, actor: Actor, membership_id: int, pin: str) -> Membership | None:
    """Somebody takes over a till with their PIN; None is a wrong PIN, counted against that person only.

    ``actor`` is the till itself. Raises NotFound, NotPermitted while the PIN is stopped.
    """
    person = (
        Membership.objects.select_related("staff", "venue")
        .filter(pk=membership_id, venue=actor.venue, is_active=True, staff__is_active=True)
        .first()
    )
    if person is None:
        raise NotFound("That person does not work here.")
    if not try_pin(actor, person, pin):
        return None
    _note(Actor.staff(person, actor.till))
    return person


def _note(actor: Actor) -> None:
    audit.record(actor, "sign_in", f"till_{actor.till.pk}" if actor.till else "browser")
    if actor.till is not None and actor.membership is not None:
        actor.till.seen(by=actor.membership, at=timezone.now())
        actor.till.save(update_fields=["last_used_by", "last_seen_at"])
        publish(TillChanged(venue_id=actor.venue.pk, till_id=actor.till.pk))
