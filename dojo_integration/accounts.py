"""Which Dojo account is a venue's: what has to be shown to Dojo, and where Dojo is."""

from dataclasses import dataclass, field

from django.conf import settings

from pos.models import Venue


@dataclass(frozen=True, slots=True)
class DojoAccount:
    """What a venue needs to speak with Dojo."""

    api_key: str = field(repr=False)
    software_house_id: str
    reseller_id: str
    ws_url: str


def connection_of(venue: Venue) -> DojoAccount | None:
    """The venue's account, None where nobody has given it a key. The environment's key is the oldest venue's."""
    if not settings.DOJO_API_KEY or venue.pk != _oldest_venue():
        return None
    return DojoAccount(
        api_key=settings.DOJO_API_KEY,
        software_house_id=settings.DOJO_SOFTWARE_HOUSE_ID,
        reseller_id=settings.DOJO_RESELLER_ID,
        ws_url=settings.DOJO_WS_URL,
    )


def _oldest_venue() -> int | None:
    return Venue.objects.order_by("pk").values_list("pk", flat=True).first()
