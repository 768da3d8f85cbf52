"""The secrets with which Dojo signs its webhooks: while one replaces another both are good, and no event is lost."""

from django.utils import timezone

from dojo_integration.models import WebhookSecret
from dojo_integration.row_locks import webhook_secrets_for_update
from pos import audit
from pos.errors import InvalidRequest, NotFound
from pos.permissions import Act, Actor, require
from pos.sealed import Sealed
from pos.service import service

# A rotation needs two; one that broke off in the middle leaves a third.
MOST_ACTIVE = 3
LONGEST_ID = 120
LONGEST_SECRET = 500


@service
def add_webhook_secret(*, actor: Actor, secret: str, subscription_id: str, secret_id: str) -> WebhookSecret:
    """Accept what is signed with one more secret of Dojo's, from now on; the same one again is the same.

    The oldest beyond three is retired. Raises NotPermitted, InvalidRequest.
    """
    require(actor, Act.INTEGRATION)
    _check("secret", secret, LONGEST_SECRET)
    _check("subscription_id", subscription_id, LONGEST_ID)
    _check("secret_id", secret_id, LONGEST_ID)
    known = webhook_secrets_for_update(actor.venue)
    same = [row for row in known if (row.subscription_id, row.secret_id) == (subscription_id, secret_id)]
    row = same[0] if same else _new(actor, subscription_id, secret_id)
    row.secret = Sealed.of(secret)
    row.retired_at = None
    row.save()
    others = [other for other in known if other.retired_at is None and other.pk != row.pk]
    for outdated in others[: max(0, len(others) - MOST_ACTIVE + 1)]:
        _retire(outdated)
    audit.record(actor, "add_webhook_secret", _subject(row), secret_id=secret_id, subscription_id=subscription_id)
    return row


@service
def retire_webhook_secret(*, actor: Actor, webhook_secret_id: int) -> WebhookSecret:
    """Stop accepting what is signed with a secret; twice is once. Raises NotFound, NotPermitted."""
    require(actor, Act.INTEGRATION)
    known = webhook_secrets_for_update(actor.venue)
    row = next((row for row in known if row.pk == webhook_secret_id), None)
    if row is None:
        raise NotFound("That webhook secret does not exist.")
    if row.retired_at is None:
        _retire(row)
        audit.record(actor, "retire_webhook_secret", _subject(row), secret_id=row.secret_id)
    return row


def _new(actor: Actor, subscription_id: str, secret_id: str) -> WebhookSecret:
    return WebhookSecret(
        venue=actor.venue, subscription_id=subscription_id, secret_id=secret_id, created_at=timezone.now()
    )


def _retire(row: WebhookSecret) -> None:
    row.retired_at = timezone.now()
    # What is of no use any more need not be kept.
    row.secret = Sealed()
    row.save(update_fields=["retired_at", "secret"])


def _check(name: str, text: str, longest: int) -> None:
    if not 0 < len(text) <= longest or "\x00" in text:
        raise InvalidRequest(f"This has to be a text of up to {longest} letters.", field=name)


def _subject(row: WebhookSecret) -> str:
    return f"webhook_secret_{row.pk}"
