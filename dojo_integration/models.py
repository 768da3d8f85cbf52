"""What only the conversation with Dojo needs: order documents, credentials, and the venue's own connection."""

import hashlib

from django.core.validators import RegexValidator
from django.db import models
from django.utils.crypto import constant_time_compare

from pos.models import Venue
from pos.sealed import Sealed, SealedField


class OrderDocument(models.Model):
    """The finished wire JSON of one order, with the columns that searches filter on.

    Written in the transaction that changed the order, only when its text changed. No foreign keys: it is a
    projection, rebuilt from the rows at any time by ``manage.py rebuild_documents``.
    """

    order_id = models.CharField(max_length=40, primary_key=True, db_collation="C")
    venue_id = models.BigIntegerField()
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
            models.Index(fields=["venue_id", "-order_id"], name="document_newest"),
            models.Index(fields=["venue_id", "-order_id"], condition=models.Q(payable=True), name="document_payable"),
            models.Index(fields=["venue_id", "table_code", "-order_id"], name="document_by_table"),
            models.Index(fields=["venue_id", "waiter_id", "-order_id"], name="document_by_waiter"),
            models.Index(
                fields=["venue_id", "party_id", "-order_id"],
                condition=~models.Q(party_id=""),
                name="document_by_party",
            ),
            models.Index(
                fields=["venue_id", "reservation_id", "-order_id"],
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
