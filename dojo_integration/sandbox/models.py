"""What the sandbox remembers. It outlives its process; nothing here is a venue's, and no money is real.

What need not be searched for stays in the JSON that goes over the wire.
"""

import secrets

from django.db import models
from django.utils import timezone


def an_intent_id() -> str:
    return f"pi_sandbox_{secrets.token_urlsafe(16)}"


def a_refund_id() -> str:
    return f"rfd_sandbox_{secrets.token_urlsafe(16)}"


def a_terminal_id() -> str:
    return f"tm_sandbox_{secrets.token_hex(12)}"


def a_session_id() -> str:
    return f"ts_sandbox_{secrets.token_hex(12)}"


def a_subscription_id() -> str:
    return f"ws_{secrets.token_hex(12)}"


def a_secret_id() -> str:
    return f"sc_{secrets.token_hex(12)}"


class Row(models.Model):
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Account(Row):
    """Whoever holds the key. The key opens nothing but this sandbox, and stands here as it is."""

    id = models.CharField(primary_key=True, max_length=40)
    api_key = models.CharField(max_length=200, unique=True)
    # As in a hosts file: addresses that begin so are found there instead. Webhooks must be https, a desk is not.
    routes = models.JSONField(default=dict)


class Intent(Row):
    """A payment intent; ``document`` is what the API shows of it."""

    id = models.CharField(primary_key=True, max_length=60, default=an_intent_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    status = models.CharField(max_length=20)
    document = models.JSONField(default=dict)


class Refund(Row):
    id = models.CharField(primary_key=True, max_length=60, default=a_refund_id)
    intent = models.ForeignKey(Intent, on_delete=models.CASCADE, related_name="refunds")
    idempotency_key = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    document = models.JSONField(default=dict)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["intent", "idempotency_key"], name="sandbox_refund_once_per_key"),
        )


class Terminal(Row):
    """A card machine, and how whoever stands at it behaves."""

    id = models.CharField(primary_key=True, max_length=60, default=a_terminal_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    tid = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    behaviour = models.CharField(max_length=20, default="pays")
    updated_at = models.DateTimeField(default=timezone.now)


class Session(Row):
    """What a terminal is asked to do; ``due_at`` is when it goes on by itself."""

    id = models.CharField(primary_key=True, max_length=60, default=a_session_id)
    terminal = models.ForeignKey(Terminal, on_delete=models.CASCADE, related_name="sessions")
    status = models.CharField(max_length=40)
    document = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True, db_index=True)


class Integration(Row):
    """What an account has registered for one road: ``rest`` or ``ws``."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    road = models.CharField(max_length=10)
    url = models.TextField(blank=True)
    username = models.TextField(blank=True)
    password = models.TextField(blank=True)
    capabilities = models.JSONField(default=list)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["account", "road"], name="sandbox_one_integration_per_road"),)


class Subscription(Row):
    id = models.CharField(primary_key=True, max_length=60, default=a_subscription_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    url = models.TextField()
    events = models.JSONField(default=list)
    updated_at = models.DateTimeField(default=timezone.now)


class Secret(Row):
    id = models.CharField(primary_key=True, max_length=60, default=a_secret_id)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="secrets")
    value = models.CharField(max_length=100, default=secrets.token_urlsafe)
    is_active = models.BooleanField(default=False)


class ReceivedEvent(Row):
    """What the POS has told us has changed."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    event_type = models.CharField(max_length=60)
    entity_id = models.TextField()
    body = models.JSONField()


class Delivery(Row):
    """One event on its way to the POS on one road; ``due_at`` is empty when it has arrived or was given up."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    road = models.CharField(max_length=10)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, null=True)
    body = models.JSONField()
    due_at = models.DateTimeField(null=True, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=200, blank=True)
    arrived = models.BooleanField(default=False)


class Fault(Row):
    """How to misbehave where a name fits ``pattern``, for ``remaining`` times or, empty, until told otherwise."""

    pattern = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    options = models.JSONField(default=dict)
    remaining = models.PositiveIntegerField(null=True)


class Call(Row):
    """One request: of the POS to us over ``api``, or of ours to the POS over ``rest``, ``ws`` or ``webhook``."""

    road = models.CharField(max_length=10)
    name = models.CharField(max_length=300)
    request = models.JSONField(null=True)
    response = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    status = models.IntegerField(null=True)
    milliseconds = models.PositiveIntegerField(default=0)


class Flow(Row):
    """A run of the EPOS tester tool."""

    id = models.CharField(primary_key=True, max_length=36)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    status = models.CharField(max_length=20)
    steps = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)
