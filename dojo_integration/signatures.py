"""Who signed a webhook: HMAC-SHA256 over the body's bytes, with one of the venue's secrets.

Dojo writes it ``sha256=4B-49-F8-…``. An unknown venue, one without a secret and a wrong signature cost the same work
and the same two questions to the database, so that the answer's time tells nobody which it was.
"""

import hashlib
import hmac
import re
import secrets
from functools import cache

import structlog

from dojo_integration.models import DojoConnection, WebhookSecret
from dojo_integration.services.webhook_secrets import MOST_ACTIVE
from pos.models import Venue
from pos.sealed import Sealed

log = structlog.get_logger(__name__)

HEADER = "HTTP_DOJO_SIGNATURE"
LONGEST_HEADER = 200

_PREFIX = re.compile(r"sha256[=:]", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{64}")
# What no signature is equal to, compared where there is none.
_NOBODYS = "-" * 64
# Those of a rotation, and the one that a manager has entered.
_TRIED = MOST_ACTIVE + 1


def signature_of(body: bytes, secret: str) -> str:
    """The header's value for a body, as Dojo writes it."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={digest.hex('-').upper()}"


def venue_that_signed(slug: str, body: bytes, header: str) -> Venue | None:
    """The venue of that name, if one of its secrets signed the body; else None."""
    signed = _read(header)
    signer = None
    for venue, sealed in _secrets_to_try(slug):
        secret = _reveal(sealed, slug)
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        is_signed = hmac.compare_digest(digest, signed)
        # Anybody can sign with no secret at all.
        if is_signed and secret:
            signer = venue
    return signer


def _read(header: str) -> str:
    """Lower-case hex, whatever the writing: with or without prefix, dashes and capitals."""
    if len(header) > LONGEST_HEADER:
        return _NOBODYS
    found = _PREFIX.sub("", header.strip(), count=1).replace("-", "").strip().lower()
    return found if _HEX.fullmatch(found) else _NOBODYS


def _secrets_to_try(slug: str) -> list[tuple[Venue | None, Sealed]]:
    """Always as many; where the venue has fewer, the rest are nobody's."""
    made = WebhookSecret.objects.filter(venue__slug=slug, retired_at__isnull=True).select_related("venue")
    entered = DojoConnection.objects.filter(venue__slug=slug).select_related("venue")
    found: list[tuple[Venue | None, Sealed]] = [(row.venue, row.secret) for row in made.order_by("-pk")[:MOST_ACTIVE]]
    found += [(row.venue, row.webhook_secret) for row in entered if row.webhook_secret]
    return found + [(None, _nobodys_secret())] * (_TRIED - len(found))


def _reveal(sealed: Sealed, slug: str) -> str:
    try:
        return sealed.reveal()
    except ValueError as error:
        log.error("a webhook secret of Dojo's cannot be read", venue=slug, reason=str(error))
        return ""


@cache
def _nobodys_secret() -> Sealed:
    return Sealed.of(secrets.token_urlsafe(32))
