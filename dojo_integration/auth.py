"""HTTP Basic for Dojo's calls: the credentials say which venue is meant.

The secret has 256 bits and comes with every request, so one SHA-256 is enough and a slow password hash would only
slow down payments. An unknown name costs the same work as a known one.
"""

import base64
import binascii

from django.utils.crypto import constant_time_compare

from dojo_integration.models import RestCredential, hash_secret
from pos.models import Venue
from pos.statements import Slot, Statement

LONGEST_HEADER = 1_000

# Nobody's secret has this hash: it is compared with where there is no credential to compare with.
_NOBODY = "0" * 64


_LIVE_CREDENTIALS = Statement(
    lambda: (
        RestCredential.objects.filter(username=Slot("username"), revoked_at__isnull=True)
        .select_related("venue")
        .order_by()
    )
)


class NotAuthenticated(Exception):
    """The request does not carry credentials of any venue."""


def venue_of(authorization: str) -> Venue:
    """The venue whose credentials an Authorization header carries. Raises NotAuthenticated."""
    username, secret = _read_basic(authorization)
    hashed = hash_secret(secret)
    candidates = _LIVE_CREDENTIALS.all(username=username)
    matching = [row.venue for row in candidates if constant_time_compare(row.secret_hash, hashed)]
    if not candidates:
        constant_time_compare(_NOBODY, hashed)
    if not matching:
        raise NotAuthenticated
    return matching[0]


def _read_basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic" or len(authorization) > LONGEST_HEADER:
        raise NotAuthenticated
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise NotAuthenticated from None
    username, colon, secret = text.partition(":")
    if not colon or "\x00" in text:
        raise NotAuthenticated
    return username, secret
