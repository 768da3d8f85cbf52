"""Our one webhook at Dojo, with its secret; Dojo is called between transactions, never inside one.

A secret is kept before anything is signed with it, and given up only when nothing is signed with it any more: there is
no moment in which an event of Dojo's is refused.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from dojo_integration.accounts import public_url_of
from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.errors import NotFound
from dojo_integration.dojo_api.results import Secret, Subscription
from dojo_integration.models import EventName, WebhookSecret
from dojo_integration.services.registration import account_of
from dojo_integration.services.webhook_secrets import add_webhook_secret, retire_webhook_secret
from pos import audit
from pos.errors import Conflict
from pos.models import AuditEntry, Venue
from pos.permissions import Act, Actor, require
from pos.service import service

# So long an event may be on its way that was signed with a secret which Dojo has just been told to drop.
ON_ITS_WAY = 10.0


@dataclass(frozen=True, slots=True)
class WebhookOutcome:
    """What Dojo has noted down of our webhook; ``faults`` say in what it is not what was asked for."""

    url: str
    events: tuple[str, ...]
    faults: tuple[str, ...]
    # Other addresses that this account's events go to as well; not ours to take away.
    others: tuple[str, ...]

    @property
    def is_as_asked(self) -> bool:
        return not self.faults


def webhook_url_of(venue: Venue) -> str:
    """Where Dojo posts the venue's events. Raises Conflict where nobody has said how the venue is found."""
    base = public_url_of(venue)
    if not base:
        raise Conflict(
            "Dojo cannot post events to this venue, because its public address is not known: set EPOS_PUBLIC_URL, "
            "or enter it in the back office under Dojo, Connection."
        )
    if not base.startswith("https://"):
        raise Conflict(f"Dojo posts events to https addresses alone, and this venue's is {base}.")
    return f"{base}/webhooks/dojo/{venue.slug}"


def keep_webhook(*, actor: Actor) -> WebhookOutcome:
    """See that Dojo posts us the events that we handle, signed with a secret that we know; twice is once.

    Raises NotPermitted, Conflict, DojoError.
    """
    require(actor, Act.INTEGRATION)
    url = webhook_url_of(actor.venue)
    with account_of(actor.venue) as api:
        events = _events(api)
        note_webhook(actor=actor, act="register_webhook", url=url)
        subscription = _subscribe(api, url, events)
        if not _keep_active_ones(actor, api, subscription):
            _sign_with_a_new_one(actor, api, subscription)
        # What a rotation that broke off has not come to.
        _retire_all_but(actor, subscription, [secret.id for secret in api.secrets(subscription.id)])
        return _read_back(actor, api, subscription, url, events)


def rotate_webhook_secret(*, actor: Actor, on_its_way: float = ON_ITS_WAY) -> WebhookOutcome:
    """Have Dojo sign with a new secret and give up those of before, while every event is taken.

    A rotation that broke off in the middle is finished first. Raises NotPermitted, Conflict, DojoError.
    """
    require(actor, Act.INTEGRATION)
    url = webhook_url_of(actor.venue)
    with account_of(actor.venue) as api:
        events = _events(api)
        note_webhook(actor=actor, act="rotate_webhook_secret", url=url)
        subscription = _subscribe(api, url, events)
        active = _keep_active_ones(actor, api, subscription)
        # Dojo keeps but a few of them: what an earlier rotation has left behind has to go first.
        _drop(api, subscription, active[:-1])
        fresh = _sign_with_a_new_one(actor, api, subscription)
        signing = {secret.id for secret in api.secrets(subscription.id) if secret.is_active}
        if fresh.id not in signing:
            return WebhookOutcome(url, events, ("Dojo does not sign with the new secret.",), ())
        _drop(api, subscription, active[-1:])
        time.sleep(on_its_way)
        _retire_all_but(actor, subscription, [fresh.id])
        return _read_back(actor, api, subscription, url, events)


@service
def note_webhook(*, actor: Actor, act: str, url: str) -> AuditEntry:
    """Keep who is about to do what with our webhook, before Dojo hears of it. Raises NotPermitted."""
    require(actor, Act.INTEGRATION)
    return audit.record(actor, act, "dojo", url=url)


def _events(api: DojoApi) -> tuple[str, ...]:
    """Those that Dojo has and we handle."""
    offered = {name for one in api.webhook_events() for name in one.events}
    events = tuple(name for name in EventName.values if name in offered)
    if not events:
        raise Conflict("Dojo has no webhook event that we handle.")
    return events


def _subscribe(api: DojoApi, url: str, events: tuple[str, ...]) -> Subscription:
    known = _subscription(api.webhooks(), url)
    if known is None:
        return api.subscribe(url=url, events=events)
    if set(known.events) != set(events):
        return api.update_subscription(known.id, events=events)
    return known


def _subscription(found: Sequence[Subscription], url: str) -> Subscription | None:
    return next((one for one in found if one.url.rstrip("/") == url), None)


def _keep_active_ones(actor: Actor, api: DojoApi, subscription: Subscription) -> list[Secret]:
    """Know whatever Dojo signs with; returns that, oldest first."""
    active = [secret for secret in _oldest_first(api.secrets(subscription.id)) if secret.is_active]
    for secret in active:
        _keep(actor, subscription, secret)
    return active


def _sign_with_a_new_one(actor: Actor, api: DojoApi, subscription: Subscription) -> Secret:
    """Known here before anything is signed with it."""
    fresh = _new_secret(api, subscription)
    _keep(actor, subscription, fresh)
    api.activate_secret(subscription.id, fresh.id)
    return fresh


def _new_secret(api: DojoApi, subscription: Subscription) -> Secret:
    """One that Dojo does not sign with yet; what an earlier attempt has left over will do."""
    waiting = _waiting(api.secrets(subscription.id)) or _waiting(api.new_secret(subscription.id))
    if not waiting:
        raise Conflict("Dojo has made no secret that can be activated.")
    return waiting[-1]


def _waiting(secrets: Sequence[Secret]) -> list[Secret]:
    return [secret for secret in _oldest_first(secrets) if not secret.is_active and secret.value]


def _oldest_first(secrets: Sequence[Secret]) -> list[Secret]:
    return sorted(secrets, key=lambda secret: secret.created_at or datetime.min.replace(tzinfo=UTC))


def _keep(actor: Actor, subscription: Subscription, secret: Secret) -> None:
    if not _is_kept(actor.venue, subscription, secret) and secret.value:
        add_webhook_secret(actor=actor, secret=secret.value, subscription_id=subscription.id, secret_id=secret.id)


def _is_kept(venue: Venue, subscription: Subscription, secret: Secret) -> bool:
    """Whether we know it, as far as Dojo tells its value."""
    row = _kept(venue, subscription).get(secret.id)
    if row is None:
        return False
    try:
        return not secret.value or row.secret.reveal() == secret.value
    except ValueError:
        # Sealed with a key that is gone: as good as unknown.
        return False


def _kept(venue: Venue, subscription: Subscription) -> dict[str, WebhookSecret]:
    rows = WebhookSecret.objects.filter(venue=venue, subscription_id=subscription.id, retired_at__isnull=True)
    return {row.secret_id: row for row in rows}


def _drop(api: DojoApi, subscription: Subscription, secrets: Sequence[Secret]) -> None:
    for secret in secrets:
        with suppress(NotFound):  # gone already
            api.delete_secret(subscription.id, secret.id)


def _retire_all_but(actor: Actor, subscription: Subscription, secret_ids: Sequence[str]) -> None:
    for secret_id, row in _kept(actor.venue, subscription).items():
        if secret_id not in secret_ids:
            retire_webhook_secret(actor=actor, webhook_secret_id=row.pk)


def _read_back(
    actor: Actor, api: DojoApi, subscription: Subscription, url: str, events: tuple[str, ...]
) -> WebhookOutcome:
    found = api.webhooks()
    ours = _subscription(found, url)
    others = tuple(sorted(one.url for one in found if ours is None or one.id != ours.id))
    if ours is None:
        return WebhookOutcome(url, events, (f"There is no webhook at {url}.",), others)
    faults = []
    if set(ours.events) != set(events):
        faults.append(f"It tells of {', '.join(sorted(ours.events)) or 'nothing'} instead of {', '.join(events)}.")
    active = [secret for secret in api.secrets(ours.id) if secret.is_active]
    if not active:
        faults.append("No secret signs it.")
    if not all(_is_kept(actor.venue, subscription, secret) for secret in active):
        faults.append("It is signed with a secret that Dojo does not tell: --rotate makes another.")
    return WebhookOutcome(url, events, tuple(faults), others)
