"""The only SELECT … FOR UPDATE of this app."""

from pos.errors import NotFound
from pos.models import Approval, Staff, Venue


def approval_for_update(venue: Venue, approval_id: int) -> Approval:
    try:
        return Approval.objects.select_for_update(no_key=True, of=("self",)).get(pk=approval_id, venue=venue)
    except Approval.DoesNotExist:
        raise NotFound("That approval does not exist.") from None


def staff_for_update(staff_id: int) -> Staff:
    return Staff.objects.select_for_update(no_key=True, of=("self",)).get(pk=staff_id)
