"""Reading who works where."""

from django.contrib.auth.models import AnonymousUser

from pos.models import Membership, Role, Staff, Venue


def venues_for(user: Staff | AnonymousUser, *, last_slug: str | None) -> list[Venue]:
    """The venues this browser may mean: its last one, else the person's own, else the only one there is."""
    last = Venue.objects.filter(slug=last_slug).first() if last_slug else None
    if last is not None:
        return [last]
    if user.is_authenticated:
        return list(Venue.objects.filter(memberships__staff_id=user.pk, memberships__is_active=True))
    # Names of venues are nothing for strangers, unless there is only one to come to.
    two = list(Venue.objects.all()[:2])
    return two if len(two) == 1 else []


def people_with_pin(venue: Venue) -> list[Membership]:
    """Everybody who can sign in here by PIN, by name."""
    return list(
        Membership.objects.filter(venue=venue, is_active=True, staff__is_active=True)
        .exclude(staff__pin_hash="")
        .select_related("staff")
    )


def supervisors_with_pin(venue: Venue) -> list[Membership]:
    """Who can say yes at somebody else's till."""
    return [person for person in people_with_pin(venue) if person.role != Role.WAITER]
