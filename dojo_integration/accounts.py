"""Which Dojo account is a venue's: what has to be shown to Dojo, and where Dojo is."""

from dataclasses import dataclass, field

import structlog
from django.conf import settings

from dojo_integration.models import DojoConnection
from pos.models import Venue

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DojoAccount:
    """What a venue needs to speak with Dojo."""

    api_key: str = field(repr=False)
    software_house_id: str
    reseller_id: str
    ws_url: str
    api_url: str


def connection_of(venue: Venue) -> DojoAccount | None:
    """The venue's account, None where nobody has given it a key.

    What its manager entered comes first; the environment's key is the oldest venue's.
    """
    entered = DojoConnection.objects.filter(venue=venue).first() or DojoConnection()
    api_key = _reveal(entered, venue) if entered.api_key else _key_of_environment(venue)
    if not api_key:
        return None
    return DojoAccount(
        api_key=api_key,
        software_house_id=entered.software_house_id or settings.DOJO_SOFTWARE_HOUSE_ID,
        reseller_id=entered.reseller_id or settings.DOJO_RESELLER_ID,
        ws_url=settings.DOJO_PUBLIC_WS_URL if _is_for_dojo_itself(api_key) else settings.DOJO_WS_URL,
        api_url=settings.DOJO_PUBLIC_API_URL if _is_for_dojo_itself(api_key) else settings.DOJO_API_URL,
    )


def public_url_of(venue: Venue) -> str:
    """Where Dojo finds the venue from outside, without /v1 and a slash; "" where it only calls by the WebSocket."""
    entered = DojoConnection.objects.filter(venue=venue).values_list("public_url", flat=True).first()
    return (entered or str(settings.EPOS_PUBLIC_URL)).rstrip("/")


def is_oldest(venue: Venue) -> bool:
    """Whether it is the venue for which the environment speaks."""
    return venue.pk == Venue.objects.order_by("pk").values_list("pk", flat=True).first()


def _is_for_dojo_itself(api_key: str) -> bool:
    """Whether the key is Dojo's own while everybody else here is on the sandbox, which must not be shown it."""
    return settings.SANDBOX and api_key != settings.DOJO_API_KEY


def _reveal(entered: DojoConnection, venue: Venue) -> str:
    try:
        return entered.api_key.reveal()
    except ValueError as error:
        # The admin says so to whoever can enter it again. Another account's key would be worse than none.
        log.error("Dojo's key cannot be read", venue=venue.slug, reason=str(error))
        return ""


def _key_of_environment(venue: Venue) -> str:
    return str(settings.DOJO_API_KEY) if is_oldest(venue) else ""
