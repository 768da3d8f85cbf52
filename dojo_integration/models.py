"""What only the conversation with Dojo needs: order documents and credentials."""

import hashlib

from django.db import models
from django.utils.crypto import constant_time_compare

from pos.models import Venue


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
        constraints = [
            models.UniqueConstraint(fields=["username", "secret_hash"], name="rest_credential_unique"),
        ]

    def __str__(self) -> str:
        return self.username

    def accepts(self, secret: str) -> bool:
        return constant_time_compare(self.secret_hash, hash_secret(secret)) and self.revoked_at is None
