"""Somebody tried too many wrong passwords, and a manager knows who it was."""

from axes.models import AccessAttempt

from pos import audit
from pos.errors import NotFound
from pos.models import Membership, Staff
from pos.permissions import Act, Actor, require
from pos.service import service


def is_counted_against(person: Staff) -> bool:
    """Whether wrong passwords for this person's login are remembered, at any address."""
    return AccessAttempt.objects.filter(username=person.login).exists()


@service
def let_in_again(*, actor: Actor, membership_id: int) -> bool:
    """Let a person of this venue try their password again at once, wherever they were stopped.

    False when nothing was counted against them. Raises NotFound, NotPermitted.
    """
    require(actor, Act.STAFF)
    person = Membership.objects.select_related("staff").filter(pk=membership_id, venue=actor.venue).first()
    if person is None:
        raise NotFound("That person does not work here.")
    forgotten, _ = AccessAttempt.objects.filter(username=person.staff.login).delete()
    if forgotten:
        audit.record(actor, "let_in_again", f"staff_{person.staff_id}")
    return bool(forgotten)
