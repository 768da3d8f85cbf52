"""Order locks, or leases: a card machine's hold on a bill. Not to be mixed up with SQL row locks."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from orders.models.order import Order
from pos.models import Membership, Venue


class LockKind(models.TextChoices):
    DOJO = "dojo", "Taken by Dojo"
    TERMINAL = "terminal", "Sent to a card machine by staff"


class OrderLock(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="locks")
    kind = models.CharField(max_length=10, choices=LockKind, default=LockKind.DOJO)
    lock_id = models.CharField(max_length=120, db_collation="C")
    expiry = models.DateTimeField()
    holder_waiter_id = models.CharField(max_length=60, blank=True)
    holder_device = models.CharField(max_length=120, blank=True)
    membership = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "hold of a card machine"
        verbose_name_plural = "holds of card machines"
        constraints = [
            models.UniqueConstraint(fields=["order", "lock_id"], name="order_lock_id_unique"),
            models.UniqueConstraint(fields=["order"], condition=Q(ended_at__isnull=True), name="order_lock_one_held"),
        ]
        indexes = [models.Index(fields=["expiry"], condition=Q(ended_at__isnull=True), name="order_lock_expiring")]

    def __str__(self) -> str:
        return f"{self.lock_id} on {self.order_id}"

    def is_live(self, now: datetime) -> bool:
        """A lease past its expiry does not exist, swept or not."""
        return self.ended_at is None and now < self.expiry

    @property
    def holder(self) -> str:
        who = f"waiter {self.holder_waiter_id}" if self.holder_waiter_id else ""
        where = self.holder_device or "a card machine"
        return f"{who} on {where}" if who else where

    def end(self, reason: str, now: datetime) -> None:
        self.ended_at = now
        self.end_reason = reason
