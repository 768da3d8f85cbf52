"""The only SELECT … FOR UPDATE of this app: reservations first, then parties, each by primary key."""

from collections.abc import Iterable

from bookings.models import Party, Reservation
from pos.errors import NotFound
from pos.models import Venue
from pos.statements import Slot, Statement

_PARTIES = Statement(
    lambda: (
        Party.objects.select_for_update(no_key=True, of=("self",))
        .filter(venue=Slot("venue"), pk__anyof=Slot("party_ids"))
        .order_by("pk")
    )
)


def reservation_for_update(venue: Venue, reservation_id: str) -> Reservation:
    """Lock one reservation. Raises NotFound."""
    found = (
        Reservation.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue, pk=reservation_id).first()
    )
    if found is None:
        raise NotFound("That reservation does not exist.")
    return found


def parties_for_update(venue: Venue, party_ids: Iterable[str | None]) -> dict[str, Party]:
    """Lock parties in the order everyone locks them in; unknown ones are simply missing."""
    wanted = {party_id for party_id in party_ids if party_id}
    if not wanted:
        return {}
    return {party.pk: party for party in _PARTIES.all(venue=venue.pk, party_ids=list(wanted))}
