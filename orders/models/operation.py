"""What tills did, each once: the operations log that makes every tap safe to send again."""

from django.db import models

from orders.models.order import Order
from pos.models import Till, Venue


class TillOperation(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="+")
    till = models.ForeignKey(Till, on_delete=models.CASCADE, related_name="operations")
    sequence = models.PositiveBigIntegerField()
    op_id = models.CharField(max_length=64, db_collation="C")
    kind = models.CharField(max_length=24)
    # The same op id with another body is a fault of the till, never a replay.
    body_hash = models.CharField(max_length=64)
    order = models.ForeignKey(Order, null=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["venue", "op_id"], name="till_operation_once")]
        indexes = [models.Index(fields=["at"], name="till_operation_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.op_id}"
