"""Events of payment intents, as they leave for the POS: on every road that has registered or subscribed for them.

At least once: a fault may send one several times, or out of order.
"""

import random
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import faults, moments, waking
from dojo_integration.sandbox.api import Json
from dojo_integration.sandbox.models import Delivery, Integration, Intent, Subscription

CREATED = "payment_intent.created"
STATUS_UPDATED = "payment_intent.status_updated"
ALL = (CREATED, STATUS_UPDATED)

_Way = tuple[str, Subscription | None]


def an_event(intent: Intent, event: str) -> Json:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "event": event,
        "accountId": intent.account_id,
        "createdAt": moments.now(),
        "data": {
            "paymentIntentId": intent.pk,
            "paymentStatus": intent.status,
            "captureMode": intent.document["captureMode"],
        },
    }


def emit(intent: Intent, event: str) -> None:
    """Put an event on its ways, within the transaction that it tells of."""
    ways = _ways(intent, event)
    if not ways:
        return
    body = an_event(intent, event)
    rows = [row for road, subscription in ways for row in _deliveries(intent, road, subscription, body)]
    Delivery.objects.bulk_create(rows)
    transaction.on_commit(waking.wake)


def _ways(intent: Intent, event: str) -> list[_Way]:
    capability = f"HandleEvent:{event}"
    registered = Integration.objects.filter(account_id=intent.account_id, capabilities__contains=[{"name": capability}])
    subscribed = Subscription.objects.filter(account_id=intent.account_id, events__contains=[event])
    return [*((row.road, None) for row in registered), *(("webhook", row) for row in subscribed)]


def _deliveries(intent: Intent, road: str, subscription: Subscription | None, body: Json) -> list[Delivery]:
    times, latest = 1, 0.0
    for fault in faults.all_of(f"EVENT {road} {body['event']}"):
        match fault.kind:
            case "duplicate":
                times += int(fault.options.get("times", 1))
            case "reorder":
                latest = float(fault.options.get("seconds", 1))
            case "drop":
                return []
    return [
        Delivery(
            account_id=intent.account_id,
            road=road,
            subscription=subscription,
            body=body,
            due_at=timezone.now() + timedelta(seconds=random.uniform(0, latest)),
        )
        for _ in range(times)
    ]
