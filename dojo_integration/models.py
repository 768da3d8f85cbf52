"""What only the conversation with Dojo needs: order documents, credentials, the connection, what comes and goes."""

import hashlib

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from orders.models import CaptureMode, IntentStatus
from pos.models import Venue
from pos.sealed import Sealed, SealedField


class OrderDocument(models.Model):
    """The finished wire JSON of one order, with the columns that searches filter on.

    Written in the transaction that changed the order, only when its text changed. No foreign keys: it is a
    projection, rebuilt from the rows at any time by ``manage.py rebuild_documents``.
    """

    order_id = models.CharField(max_length=40, primary_key=True, db_collation="C")
    venue_id = models.BigIntegerField()
    # The venue's own count, in which searches are sorted: a till with a wrong clock makes ids that are not in order.
    number = models.PositiveIntegerField()
    table_code = models.CharField(max_length=40, blank=True, db_collation="C")
    waiter_id = models.CharField(max_length=60, blank=True, db_collation="C")
    party_id = models.CharField(max_length=40, blank=True, db_collation="C")
    reservation_id = models.CharField(max_length=40, blank=True, db_collation="C")
    payable = models.BooleanField()
    body = models.TextField()

    class Meta:
        ordering = ["-order_id"]
        verbose_name = "order as Dojo reads it"
        verbose_name_plural = "orders as Dojo reads them"
        indexes = [
            models.Index(fields=["venue_id", "-number"], name="document_newest"),
            models.Index(fields=["venue_id", "-number"], condition=models.Q(payable=True), name="document_payable"),
            models.Index(fields=["venue_id", "table_code", "-number"], name="document_by_table"),
            models.Index(fields=["venue_id", "waiter_id", "-number"], name="document_by_waiter"),
            models.Index(
                fields=["venue_id", "table_code", "waiter_id", "-number"],
                condition=~models.Q(table_code="") & ~models.Q(waiter_id=""),
                name="document_by_table_waiter",
            ),
            models.Index(
                fields=["venue_id", "party_id", "-number"],
                condition=~models.Q(party_id=""),
                name="document_by_party",
            ),
            models.Index(
                fields=["venue_id", "reservation_id", "-number"],
                condition=~models.Q(reservation_id=""),
                name="document_by_reservation",
            ),
        ]

    def __str__(self) -> str:
        return self.order_id


def hash_secret(secret: str) -> str:
    """A 256-bit random secret needs no slow hash; Dojo sends it with every request."""
    return hashlib.sha256(secret.encode()).hexdigest()


class RestCredential(models.Model):
    """What Dojo must show when it calls us; two may live at once while one replaces the other."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="rest_credentials")
    username = models.CharField(max_length=80, db_collation="C")
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "password of Dojo"
        verbose_name_plural = "passwords of Dojo"
        constraints = [
            models.UniqueConstraint(fields=["username", "secret_hash"], name="rest_credential_unique"),
        ]

    def __str__(self) -> str:
        return self.username

    def accepts(self, secret: str) -> bool:
        return constant_time_compare(self.secret_hash, hash_secret(secret)) and self.revoked_at is None


class Road(models.TextChoices):
    """How Dojo reaches us."""

    REST = "rest", "REST"
    WEBSOCKET = "ws", "WebSocket"
    WEBHOOK = "webhook", "Webhook"


class EventName(models.TextChoices):
    """What Dojo tells of its own accord; each is registered by its own name."""

    INTENT_CREATED = "payment_intent.created", "Payment intent created"
    INTENT_STATUS_UPDATED = "payment_intent.status_updated", "Payment intent's status updated"


class DojoEvent(models.Model):
    """One event that Dojo told us of, by whichever road it came first; told again, it is the same row."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="dojo_events")
    event_id = models.CharField(max_length=120, db_collation="C")
    name = models.CharField(max_length=60, choices=EventName)
    account_id = models.CharField(max_length=120)
    payment_intent_id = models.CharField(max_length=120, db_collation="C")
    payment_status = models.CharField(max_length=12, choices=IntentStatus)
    capture_mode = models.CharField(max_length=8, choices=CaptureMode)
    created_at = models.DateTimeField(help_text="When it happened, as Dojo says.")
    received_at = models.DateTimeField()
    road = models.CharField(max_length=8, choices=Road, blank=True)
    body = models.JSONField(help_text="All of it, as it came.")
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True, help_text="What it came to, once Dojo was asked.")
    attempts = models.PositiveIntegerField(default=0, help_text="How often in vain, one after the other.")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="Till then it is somebody's work.")
    failing_since = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True, help_text="Given up, until a manager tries again.")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["venue", "event_id"], name="dojo_event_once")]
        indexes = [
            models.Index(
                fields=["venue", "next_attempt_at"],
                condition=models.Q(handled_at__isnull=True, parked_at__isnull=True),
                name="dojo_event_due",
            ),
            models.Index(
                fields=["venue", "-parked_at"],
                condition=models.Q(handled_at__isnull=True, parked_at__isnull=False),
                name="dojo_event_parked",
            ),
        ]

    def __str__(self) -> str:
        return self.event_id


class AnsweredRequest(models.Model):
    """A side effect that Dojo asked for over the WebSocket, with its answer: asked again, it gets the same one.

    JSON-RPC ids are not promised to be unique, so the method and the params are part of what is recognised.
    """

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="+")
    rpc_id = models.CharField(max_length=120, db_collation="C")
    method = models.CharField(max_length=40, db_collation="C")
    params_hash = models.CharField(max_length=64, db_collation="C")
    answer = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "rpc_id", "method", "params_hash"], name="answered_request_once"),
        ]
        indexes = [models.Index(fields=["at"], name="answered_request_by_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.rpc_id}"


class SocketState(models.TextChoices):
    NO_KEY = "no_key", "No key"
    STANDBY = "standby", "Waiting for the process that has it"
    CONNECTING = "connecting", "Connecting"
    CONNECTED = "connected", "Connected"
    REFUSED = "refused", "Refused by Dojo"
    STOPPED = "stopped", "Stopped"
    DOWN = "down", "Not running"


class SocketCommand(models.TextChoices):
    RECONNECT = "reconnect", "Connect again"
    DRAIN = "drain", "Hand over to another process"
    STOP = "stop", "Stop"


class DojoSocket(models.Model):
    """A venue's socket to Dojo, as the process that holds it last told; and what that process is asked to do."""

    venue = models.OneToOneField(Venue, on_delete=models.CASCADE, primary_key=True, related_name="dojo_socket")
    state = models.CharField(max_length=12, choices=SocketState, default=SocketState.DOWN)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When its process was last heard of.")
    host = models.CharField(max_length=120, blank=True)
    pid = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    served = models.PositiveBigIntegerField(default=0, help_text="Frames answered, of all time.")
    command = models.CharField(max_length=12, choices=SocketCommand, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.venue_id}: {self.get_state_display()}"


API_KEY_FORM = RegexValidator(r"^sk_(sandbox|prod)_[A-Za-z0-9_-]+\Z", "An API key begins with sk_sandbox_ or sk_prod_.")
_id_form = RegexValidator(r"^[A-Za-z0-9_.-]+\Z", "Letters, digits, dots, hyphens and underscores.")


class DojoConnection(models.Model):
    """How one venue reaches Dojo and is reached by it; its secrets are sealed, and told to nobody."""

    venue = models.OneToOneField(Venue, on_delete=models.CASCADE, related_name="dojo_connection")
    api_key = SealedField()
    webhook_secret = SealedField()
    software_house_id = models.CharField(max_length=80, blank=True, validators=[_id_form])
    reseller_id = models.CharField(max_length=80, blank=True, validators=[_id_form])
    public_url = models.URLField(blank=True, help_text="Where Dojo calls us, without /v1.")

    class Meta:
        ordering = ["pk"]
        verbose_name = "Dojo connection"

    def __str__(self) -> str:
        return self.venue.name

    @property
    def is_live(self) -> bool | None:
        """Real money, the sandbox's, or None without a key that can be read."""
        try:
            key = self.api_key.reveal()
        except ValueError:
            return None
        return key.startswith("sk_prod_") if key else None

    def set_api_key(self, plain: str) -> None:
        self.api_key = Sealed.of(plain)

    def set_webhook_secret(self, plain: str) -> None:
        self.webhook_secret = Sealed.of(plain)


class WebhookSecret(models.Model):
    """One secret with which Dojo signs what it posts to us; while one replaces another, both are good."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="webhook_secrets")
    secret = SealedField()
    subscription_id = models.CharField(max_length=120, db_collation="C")
    secret_id = models.CharField(max_length=120, db_collation="C")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "subscription_id", "secret_id"], name="webhook_secret_once"),
        ]

    def __str__(self) -> str:
        return self.secret_id


class EventKind(models.TextChoices):
    """What we tell Dojo of, by the names that it knows."""

    ORDER = "OrderUpdated", "Order"
    PARTY = "PartyUpdated", "Party"
    RESERVATION = "ReservationUpdated", "Reservation"


class ParkedFor(models.TextChoices):
    """Why an event is not sent again by itself."""

    REFUSED = "refused", "Dojo refused it for good"
    GIVEN_UP = "given_up", "Tried for a day"


class OutboundEvent(models.Model):
    """What Dojo has to hear of one order, party or reservation: how often it changed, and what of that Dojo knows.

    Due is what was wanted more often than it was sent. An event carries an id and no state: whoever hears of it reads
    what is true at that moment, so no order of sending can show something older after something newer.
    """

    # Checked by nobody: the same transaction wrote the entity, and whose it is.
    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=20, choices=EventKind, db_collation="C")
    entity_id = models.CharField(max_length=40, db_collation="C")
    # Orders have a document to compare; of guests, what Dojo sees of them is remembered by its hash alone.
    fingerprint = models.CharField(max_length=64, blank=True, db_collation="C")
    wanted = models.PositiveBigIntegerField(default=1, help_text="How often it changed.")
    sent = models.PositiveBigIntegerField(default=0, help_text="Up to which of those changes Dojo was told.")
    changed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, help_text="In vain, one after the other.")
    failing_since = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    # These two stay until Dojo was told after all.
    reason = models.CharField(max_length=12, choices=ParkedFor, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-changed_at"]
        verbose_name = "event for Dojo"
        verbose_name_plural = "events for Dojo"
        constraints = [
            models.UniqueConstraint(fields=["venue", "kind", "entity_id"], name="outbound_event_once"),
            models.CheckConstraint(
                condition=models.Q(sent__lte=models.F("wanted")), name="outbound_event_sent_was_wanted"
            ),
        ]
        indexes = [
            models.Index(
                fields=["venue", "next_attempt_at"],
                condition=models.Q(sent__lt=models.F("wanted"), parked_at__isnull=True),
                name="outbound_event_due",
            ),
            models.Index(
                fields=["venue", "-parked_at"],
                condition=models.Q(parked_at__isnull=False),
                name="outbound_event_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.entity_id}"


class SendingState(models.TextChoices):
    RUNNING = "running", "Dojo hears of every change"
    DOWN = "down", "Dojo does not answer"
    BUSY = "busy", "Dojo asks us to wait"
    REFUSED = "refused", "Dojo refuses the API key"
    NO_KEY = "no_key", "The API key cannot be read"


class DojoSending(models.Model):
    """How a venue's events get through to Dojo; while they do not, they wait together until it is tried again."""

    venue = models.OneToOneField(Venue, on_delete=models.CASCADE, primary_key=True, related_name="dojo_sending")
    state = models.CharField(max_length=12, choices=SendingState, default=SendingState.RUNNING)
    since = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="One after the other, whatever it was about.")
    rests_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.venue_id}: {self.get_state_display()}"
