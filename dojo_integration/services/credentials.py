"""The credentials that Dojo shows when it calls a venue: made, replaced, revoked."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from dojo_integration.accounts import is_oldest
from dojo_integration.models import RestCredential, hash_secret
from dojo_integration.row_locks import credentials_for_update
from pos import audit
from pos.errors import NotFound
from pos.permissions import Act, Actor, require
from pos.service import service

SECRET_BYTES = 32
# Whoever reads back what is registered can tell by the name alone which password Dojo has.
NAME_BYTES = 4
MOST_LIVE = 2


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A credential with its secret, which is told once and kept nowhere."""

    credential: RestCredential
    secret: str


@service
def issue_credential(*, actor: Actor) -> IssuedCredential:
    """Make a new password for Dojo; the one before stays good until it is revoked, an older one does not.

    Raises NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    issued = _issue(actor, username=_username(actor), secret=secrets.token_urlsafe(SECRET_BYTES))
    audit.record(actor, "issue_rest_credential", _subject(issued.credential))
    return issued


@service
def revoke_credential(*, actor: Actor, credential_id: int) -> RestCredential:
    """Stop accepting a password of Dojo's, from this moment on; twice is once. Raises NotFound, NotPermitted."""
    require(actor, Act.INTEGRATION)
    credential = next((row for row in credentials_for_update(actor.venue) if row.pk == credential_id), None)
    if credential is None:
        raise NotFound("That credential does not exist.")
    if credential.revoked_at is None:
        _revoke(credential)
        audit.record(actor, "revoke_rest_credential", _subject(credential))
    return credential


@service
def ensure_credential(*, actor: Actor) -> IssuedCredential | None:
    """See that a venue can be called: with the environment's password where there is one, else with a new one.

    Returns what has to be told to a person, once; None when the venue has what it needs. Raises NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    live = [row for row in credentials_for_update(actor.venue) if row.revoked_at is None]
    if settings.EPOS_REST_PASSWORD:
        username = settings.EPOS_REST_USERNAME or _username(actor)
        known = {(row.username, row.secret_hash) for row in live}
        if (username, hash_secret(settings.EPOS_REST_PASSWORD)) not in known:
            _issue(actor, username=username, secret=settings.EPOS_REST_PASSWORD)
        return None
    if live:
        return None
    username = settings.EPOS_REST_USERNAME or _username(actor)
    return _issue(actor, username=username, secret=secrets.token_urlsafe(SECRET_BYTES))


@service
def offer_credential(*, actor: Actor) -> IssuedCredential:
    """Have a password to register with Dojo: the environment's, else a new one under a name of its own.

    Every other one stays good, because until Dojo has taken this one it shows one of those. Raises NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    credentials_for_update(actor.venue)
    if settings.EPOS_REST_PASSWORD and is_oldest(actor.venue):
        username = settings.EPOS_REST_USERNAME or _username(actor)
        return _keep(actor, username=username, secret=settings.EPOS_REST_PASSWORD)
    username = f"{_offered(actor)}{secrets.token_hex(NAME_BYTES)}"
    offered = _keep(actor, username=username, secret=secrets.token_urlsafe(SECRET_BYTES))
    audit.record(actor, "issue_rest_credential", _subject(offered.credential))
    return offered


@service
def settle_on_credential(
    *, actor: Actor, credential_id: int, replaced: Collection[str] = ()
) -> tuple[RestCredential, ...]:
    """Keep the password that Dojo has taken, and refuse those that it replaces; returns these.

    ``replaced`` are the user names of before. Others that were offered and never taken end with them. What people were
    told of stays as it is. Raises NotFound, NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    rows = credentials_for_update(actor.venue)
    taken = next((row for row in rows if row.pk == credential_id), None)
    if taken is None:
        raise NotFound("That credential does not exist.")
    if taken.revoked_at is not None:
        # Somebody who registered at the same moment took it for an old one.
        taken.revoked_at = None
        taken.save(update_fields=["revoked_at"])
    ended = [row for row in rows if row.revoked_at is None and row.pk != taken.pk]
    ended = [row for row in ended if row.username in replaced or row.username.startswith(_offered(actor))]
    for row in ended:
        _revoke(row)
        audit.record(actor, "revoke_rest_credential", _subject(row))
    return tuple(ended)


@service
def withdraw_credential(*, actor: Actor, credential_id: int) -> None:
    """Refuse a password that was offered and that Dojo has surely not taken; the environment's stays.

    Raises NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    for row in credentials_for_update(actor.venue):
        if row.pk == credential_id and row.revoked_at is None and row.username.startswith(_offered(actor)):
            _revoke(row)
            audit.record(actor, "revoke_rest_credential", _subject(row))


def _issue(actor: Actor, *, username: str, secret: str) -> IssuedCredential:
    live = [row for row in credentials_for_update(actor.venue) if row.revoked_at is None]
    for outdated in live[: max(0, len(live) - MOST_LIVE + 1)]:
        _revoke(outdated)
    return _keep(actor, username=username, secret=secret)


def _keep(actor: Actor, *, username: str, secret: str) -> IssuedCredential:
    # A password that comes back after having been revoked is the same row again.
    credential, _ = RestCredential.objects.update_or_create(
        venue=actor.venue, username=username, secret_hash=hash_secret(secret), defaults={"revoked_at": None}
    )
    return IssuedCredential(credential=credential, secret=secret)


def _revoke(credential: RestCredential) -> None:
    credential.revoked_at = timezone.now()
    credential.save(update_fields=["revoked_at"])


def _username(actor: Actor) -> str:
    return f"dojo-{actor.venue.slug}"


def _offered(actor: Actor) -> str:
    """How the names begin that are made for a registration."""
    return f"{_username(actor)}-"


def _subject(credential: RestCredential) -> str:
    return f"rest_credential_{credential.pk}"
