"""The only SELECT … FOR UPDATE of this app."""

from dojo_integration.models import RestCredential
from pos.models import Venue


def credentials_for_update(venue: Venue) -> list[RestCredential]:
    """Lock a venue's credentials, oldest first, so that two hands replacing one do not leave three."""
    # The venue too: before the first credential there is no row of theirs to wait for.
    list(Venue.objects.select_for_update(no_key=True).filter(pk=venue.pk))
    return list(RestCredential.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue).order_by("pk"))
