"""Taking events to the POS: over its roads as HandleEvent and as signed webhooks, again where it does not take them."""

import hashlib
import hmac
import json
import time
from datetime import timedelta

from django.utils import timezone

from dojo_integration.sandbox import pos_calls, waking
from dojo_integration.sandbox.api import Json
from dojo_integration.sandbox.gateway import Unanswered
from dojo_integration.sandbox.models import Account, Call, Delivery, Subscription

# Seconds until the next attempt; after the last one an event is given up.
RETRIES = (1, 2, 4, 8, 16)
PATIENCE = 10.0
# For so long nobody else takes what is being delivered.
CLAIM = timedelta(seconds=3 * PATIENCE)


def give_back_claims() -> None:
    """What a process that died had in its hands is due at once; for the start of the one that follows it."""
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


def claim_due() -> list[Delivery]:
    """What is to be delivered now, taken for this process."""
    now = timezone.now()
    due = list(Delivery.objects.filter(due_at__lte=now).select_related("account", "subscription").order_by("due_at"))
    Delivery.objects.filter(pk__in=[one.pk for one in due]).update(due_at=now + CLAIM)
    return due


def deliver(delivery: Delivery) -> None:
    """Try once; what is not taken is tried again later, and in the end no more."""
    arrived, outcome = attempt(delivery.account, delivery.road, delivery.body, delivery.subscription)
    attempts = delivery.attempts + 1
    again = None
    if not arrived and attempts <= len(RETRIES):
        again = timezone.now() + timedelta(seconds=RETRIES[attempts - 1])
    Delivery.objects.filter(pk=delivery.pk).update(
        arrived=arrived, outcome=outcome[:200], attempts=attempts, due_at=again
    )
    waking.wake()


def attempt(account: Account, road: str, body: Json, subscription: Subscription | None = None) -> tuple[bool, str]:
    """Whether the POS has taken the event, and its answer in words."""
    try:
        if road == "webhook":
            assert subscription
            return _webhook(account, subscription, body)
        answer = pos_calls.ask(account, "HandleEvent", body, road=road, seconds=PATIENCE)
    except Unanswered as error:
        return False, str(error)
    return answer.is_ok, "taken" if answer.is_ok else f"refused: {answer.error_type}"


def signature(body: bytes, secret: str) -> str:
    """The header ``dojo-signature``: pairs of hex digits in capitals, with dashes between them."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().upper()
    return "sha256=" + "-".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _webhook(account: Account, subscription: Subscription, body: Json) -> tuple[bool, str]:
    # Sorted newest first: during a rotation the POS knows both.
    secret = subscription.secrets.filter(is_active=True).order_by("-created_at").first()
    if secret is None:
        return False, "The subscription has no active secret."
    raw = json.dumps(body, separators=(",", ":")).encode()
    began = time.monotonic()
    response = None
    try:
        response = pos_calls.send(
            "POST", pos_calls.routed(account, subscription.url), data=raw, seconds=PATIENCE,
            headers={"content-type": "application/json", "dojo-signature": signature(raw, secret.value)},
        )  # fmt: skip
    finally:
        Call.objects.create(
            road="webhook", name=body["event"], request=body,
            status=None if response is None else response.status_code,
            milliseconds=round(1000 * (time.monotonic() - began)),
        )  # fmt: skip
    return 200 <= response.status_code < 300, f"HTTP {response.status_code}"
