"""Trading periods: from Z to Z, one open at a time, numbered without gaps."""

from django.db import models
from django.db.models import Q

from pos.models import Membership, Venue


class TradingPeriod(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="trading_periods")
    number = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "number"], name="trading_period_number_unique"),
            models.UniqueConstraint(
                fields=["venue"], condition=Q(closed_at__isnull=True), name="trading_period_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"Z {self.number}"
