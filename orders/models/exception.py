"""What a manager has to look at: rows that services write when money or menu did not fit."""

from django.db import models

from orders.models.order import Order
from orders.models.payment import Payment, PaymentIntent
from pos.models import Membership, Venue


class ExceptionKind(models.TextChoices):
    OVERPAID = "overpaid", "Overpaid"
    AMOUNTS_DIFFER = "amounts_differ", "Two amounts for one payment"
    TOTAL_DIFFERS = "total_differs", "Dojo's total is not ours"
    BILL_LOWERED = "bill_lowered", "Bill lowered after printing or part payment"
    UNKNOWN_PLU = "unknown_plu", "Sold a thing the menu lacks"
    UNKNOWN_TABLE = "unknown_table", "Order for a table we do not have"
    PAYMENT_REVERSED = "payment_reversed", "Card payment reversed"
    PAYMENT_REFUSED = "payment_refused", "Payment refused"
    REFUND_WITHOUT_SALE = "refund_without_sale", "Refund of a payment we never recorded"
    LEASE_RELEASED = "lease_released", "Card machine's hold released by a manager"
    RESERVATION_OVERLAP = "reservation_overlap", "Two bookings for one table"
    ORPHAN_PAYMENT = "orphan_payment", "Payment for no order of ours"
    WALK_OUT = "walk_out", "Left without paying"


class OrderException(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="exceptions")
    kind = models.CharField(max_length=24, choices=ExceptionKind)
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.CASCADE, related_name="exceptions")
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    intent = models.ForeignKey(PaymentIntent, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=120, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    message = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    resolution = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "exception"
        indexes = [
            models.Index(fields=["venue", "-id"], condition=models.Q(resolved_at__isnull=True), name="exception_open")
        ]

    def __str__(self) -> str:
        return self.message
