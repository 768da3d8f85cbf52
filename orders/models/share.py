"""Shares: a plan of who pays what of one order. An intention, not a lock."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from orders.models.order import Order
from orders.models.order_line import OrderLine


class ShareKind(models.TextChoices):
    SEAT = "seat", "By seat"
    ITEM = "item", "By item"
    EQUAL = "equal", "Equal"
    AMOUNT = "amount", "Amount"


class OrderShare(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="shares")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=ShareKind)
    label = models.CharField(max_length=40, blank=True)
    seats = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    weight = models.PositiveSmallIntegerField(default=1)
    fixed_amount = models.BigIntegerField(null=True, blank=True)
    service_removed = models.BooleanField(default=False)
    is_paid = models.BooleanField(default=False)
    goods_amount = models.BigIntegerField(default=0)
    service_amount = models.BigIntegerField(default=0)
    waived_amount = models.BigIntegerField(default=0, help_text="Its part of the service, when that was removed.")
    total_amount = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="share_number_unique"),
            models.CheckConstraint(condition=Q(kind__in=ShareKind.values), name="share_kind_known"),
            models.CheckConstraint(condition=Q(total_amount__gte=0), name="share_not_negative"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="share_weighs_something"),
        ]

    def __str__(self) -> str:
        return self.label or f"Share {self.number}"


class ShareLine(models.Model):
    """How much of one line a share carries: by weight while it is a plan, as an amount once it is paid."""

    share = models.ForeignKey(OrderShare, on_delete=models.CASCADE, related_name="share_lines")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="share_lines")
    weight = models.PositiveSmallIntegerField(default=1)
    amount = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["share", "line"], name="share_line_once")]

    def __str__(self) -> str:
        return f"{self.share_id}: {self.line_id}"
