"""Money recorded against orders, once; and what we know of Dojo's payment intents."""

from django.db import models
from django.db.models import Q

from orders.models.order import Order
from orders.models.share import OrderShare
from orders.models.trading import TradingPeriod
from pos.models import Membership, Till, Venue


class IntentStatus(models.TextChoices):
    UNKNOWN = "", "Not looked up yet"
    CREATED = "Created", "Created"
    AUTHORIZED = "Authorized", "Authorized"
    CAPTURED = "Captured", "Captured"
    REVERSED = "Reversed", "Reversed"
    REFUNDED = "Refunded", "Refunded"
    CANCELED = "Canceled", "Canceled"


class IntentSource(models.TextChoices):
    """By which way an intent's money was recorded first."""

    NONE = "", "Nothing recorded"
    RECORD = "record", "RecordOrderPaymentById"
    CREATE = "create", "CreateOrder"
    EVENT = "event", "Event, webhook or lookup"


class IntentPurpose(models.TextChoices):
    SALE = "sale", "Sale"
    HOLD = "hold", "Hold for a tab"
    DEPOSIT = "deposit", "Deposit of a booking"


class CaptureMode(models.TextChoices):
    UNKNOWN = "", "Unknown"
    AUTO = "Auto", "Auto"
    MANUAL = "Manual", "Manual"


class PaymentIntent(models.Model):
    """One row for each of Dojo's intents that we ever heard of; every road writes it under its row lock."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="payment_intents")
    intent_id = models.CharField(max_length=120, db_collation="C")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="payment_intents")
    made_here = models.BooleanField(default=False, help_text="Created by a till of ours, not by Dojo.")
    purpose = models.CharField(max_length=8, choices=IntentPurpose, default=IntentPurpose.SALE)
    capture_mode = models.CharField(max_length=8, choices=CaptureMode, default=CaptureMode.UNKNOWN, blank=True)
    status = models.CharField(max_length=12, choices=IntentStatus, default=IntentStatus.UNKNOWN, blank=True)
    recorded_by = models.CharField(max_length=8, choices=IntentSource, default=IntentSource.NONE, blank=True)
    recorded_amount = models.BigIntegerField(default=0)
    recorded_tips = models.BigIntegerField(default=0)
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_reason = models.CharField(max_length=200, blank=True)
    looks_after_refusal = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField(null=True, blank=True)
    looking_until = models.DateTimeField(null=True, blank=True, help_text="Till then somebody asks Dojo about it.")
    failed_looks = models.PositiveIntegerField(default=0, help_text="How often in vain, one after the other.")
    seen_amount = models.BigIntegerField(null=True, blank=True)
    seen_tips = models.BigIntegerField(null=True, blank=True)
    seen_refunded = models.BigIntegerField(default=0)
    order_names = models.JSONField(default=list, blank=True, help_text="Of an order that we do not have yet.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["venue", "intent_id"], name="payment_intent_id_unique")]
        indexes = [
            models.Index(
                fields=["venue", "next_look_at"], condition=Q(next_look_at__isnull=False), name="payment_intent_due"
            )
        ]

    def __str__(self) -> str:
        return self.intent_id


class PaymentKind(models.TextChoices):
    CARD = "card", "Card"
    CASH = "cash", "Cash"
    VOUCHER = "voucher", "Voucher"
    DEPOSIT = "deposit", "Deposit"
    OTHER = "other", "Other"
    WALK_OUT = "walk_out", "Walk-out"


class PaymentEntry(models.TextChoices):
    PAYMENT = "payment", "Payment"
    CORRECTION = "correction", "Correction"
    REVERSAL = "reversal", "Reversal"
    REFUND = "refund", "Refund"


class Payment(models.Model):
    """One movement of money on an order. Append-only: the database refuses to change or delete a row.

    ``amount`` excludes tips and includes the service part; it is negative for a reversal, a refund or a correction
    downwards. Those point at the payment they are about.
    """

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    intent = models.ForeignKey(PaymentIntent, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=10, choices=PaymentKind)
    entry = models.CharField(max_length=10, choices=PaymentEntry, default=PaymentEntry.PAYMENT)
    about = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    share = models.ForeignKey(OrderShare, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    amount = models.BigIntegerField()
    service_part = models.BigIntegerField(default=0)
    tips = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    tendered = models.BigIntegerField(null=True, blank=True)
    change = models.BigIntegerField(null=True, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    trading_period = models.ForeignKey(TradingPeriod, on_delete=models.PROTECT, related_name="payments")
    business_date = models.DateField()
    taken_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    till = models.ForeignKey(Till, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    waiter_id = models.CharField(max_length=60, blank=True, help_text="As typed on the card machine.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "intent"],
                condition=Q(entry="payment", intent__isnull=False),
                name="payment_once_per_intent",
            ),
            models.CheckConstraint(condition=Q(kind__in=PaymentKind.values), name="payment_kind_known"),
            models.CheckConstraint(condition=Q(entry__in=PaymentEntry.values), name="payment_entry_known"),
            models.CheckConstraint(
                condition=Q(entry="payment", about__isnull=True, amount__gt=0)
                | Q(entry="correction", about__isnull=False)
                | Q(entry__in=("reversal", "refund"), about__isnull=False, amount__lte=0),
                name="payment_sign_fits_entry",
            ),
            models.CheckConstraint(
                condition=Q(tendered__isnull=True) | Q(tendered__gte=models.F("amount")), name="payment_cash_covers"
            ),
        ]
        indexes = [models.Index(fields=["trading_period", "kind"], name="payment_by_period")]

    def __str__(self) -> str:
        return f"{self.entry} {self.amount}"
