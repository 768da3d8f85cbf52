"""Who did what: the append-only audit trail, and approvals that travel to a supervisor."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models

from pos.models.people import Membership, Till
from pos.models.venue import Venue

APPROVAL_LIFETIME = timedelta(minutes=2)


class AuditEntry(models.Model):
    """One act, kept for ever; the database refuses to change or delete it."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    act = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=8)
    membership = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    till = models.ForeignKey(Till, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    subject = models.CharField(max_length=60, db_collation="C", help_text="The id of the order, party, … acted on.")
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["venue", "subject", "id"], name="audit_by_subject"),
            models.Index(fields=["venue", "-id"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"


class Approval(models.Model):
    """A supervisor's yes to one act on one thing: single use, two minutes."""

    class Status(models.TextChoices):
        ASKED = "asked", "Asked"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        USED = "used", "Used"

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="+")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=60, db_collation="C")
    amount = models.BigIntegerField(null=True)
    summary = models.CharField(max_length=200, blank=True, help_text="What the supervisor reads.")
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    asked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    till = models.ForeignKey(Till, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["venue", "asked_at"], condition=models.Q(status="asked"), name="approval_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject} ({self.status})"

    def is_good_for(self, *, act: str, subject: str, amount: int | None, asked_by_id: int, now: datetime) -> bool:
        """Say whether this yes covers exactly that act, on that thing, for that person, now."""
        fits: tuple[Any, ...] = (act, subject, amount, asked_by_id)
        return (
            self.status == self.Status.GRANTED
            and (self.act, self.subject, self.amount, self.asked_by_id) == fits
            and self.decided_at is not None
            and now <= self.decided_at + APPROVAL_LIFETIME
        )
