"""The only SELECT … FOR UPDATE of this app."""

from django.utils import timezone

from dojo_integration.models import DojoSocket, RestCredential
from pos.models import Venue


def credentials_for_update(venue: Venue) -> list[RestCredential]:
    """Lock a venue's credentials, oldest first, so that two hands replacing one do not leave three."""
    # The venue too: before the first credential there is no row of theirs to wait for.
    list(Venue.objects.select_for_update(no_key=True).filter(pk=venue.pk))
    return list(RestCredential.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue).order_by("pk"))


def socket_for_update(venue: Venue) -> DojoSocket:
    """Lock the row of a venue's socket, making it on first hearing."""
    known = DojoSocket.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue)
    if (row := known.first()) is not None:
        return row
    now = timezone.now()
    DojoSocket.objects.bulk_create([DojoSocket(venue=venue, since=now, seen_at=now)], ignore_conflicts=True)
    return known.get()
