"""The order: what a party, a tab or a collecting guest owes."""

from django.db import models
from django.db.models import F, Q

from bookings.models import Party, Reservation
from floorplan.models import Table
from orders.models.trading import TradingPeriod
from pos.errors import Conflict
from pos.ids import ORDER, TypeIdField
from pos.models import Membership, Venue

DISPLAY_NAME_LENGTH = 24


class OrderType(models.TextChoices):
    DINE_IN = "DineIn", "Dine in"
    COLLECTION = "Collection", "Collection"


class OrderStatus(models.TextChoices):
    NEW = "New", "New"
    SUBMITTED = "Submitted", "Submitted"
    CONFIRMED = "Confirmed", "Confirmed"
    ACCEPTED = "Accepted", "Accepted"
    PREPARING = "Preparing", "Preparing"
    PREPARED = "Prepared", "Prepared"
    READY = "Ready", "Ready"
    FINALIZED = "Finalized", "Finalized"
    CANCELED = "Canceled", "Canceled"
    FAILED = "Failed", "Failed"


CLOSED_STATUSES = (OrderStatus.FINALIZED, OrderStatus.CANCELED, OrderStatus.FAILED)
_FORWARD = (
    OrderStatus.NEW,
    OrderStatus.SUBMITTED,
    OrderStatus.CONFIRMED,
    OrderStatus.ACCEPTED,
    OrderStatus.PREPARING,
    OrderStatus.PREPARED,
    OrderStatus.READY,
    OrderStatus.FINALIZED,
)


def may_follow(before: str, after: str) -> bool:
    """The one transition table: forward along the line, skipping allowed; open orders may end."""
    if before in CLOSED_STATUSES:
        return False
    if after in (OrderStatus.CANCELED, OrderStatus.FAILED):
        return True
    return _FORWARD.index(OrderStatus(after)) > _FORWARD.index(OrderStatus(before))


class Origin(models.TextChoices):
    STAFF = "staff", "Staff"
    DOJO = "dojo", "Dojo"


class ServiceChoice(models.TextChoices):
    """Service on this bill: by the venue's rule, taken off, put on, or the amount Dojo stated."""

    AUTOMATIC = "automatic", "By the venue's rule"
    OFF = "off", "Taken off"
    ON = "on", "Put on"
    STATED = "stated", "As Dojo stated"


class Order(models.Model):
    id = TypeIdField(ORDER, primary_key=True)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="orders")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.STAFF)
    order_type = models.CharField(max_length=12, choices=OrderType, default=OrderType.DINE_IN)
    status = models.CharField(max_length=12, choices=OrderStatus, default=OrderStatus.NEW)
    display_base = models.CharField(max_length=DISPLAY_NAME_LENGTH)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH)
    reference = models.CharField(max_length=120, blank=True)
    dojo_order_id = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001

    table = models.ForeignKey(Table, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    party = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    reservation = models.ForeignKey(Reservation, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    waiter = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    covers = models.PositiveSmallIntegerField(null=True, blank=True)
    is_tab = models.BooleanField(default=False)
    tab_description = models.CharField(max_length=80, blank=True)
    tab_limit = models.BigIntegerField(null=True, blank=True)
    is_separate_bill = models.BooleanField(default=False, help_text="Guests asked for a bill of their own.")
    is_prepaid = models.BooleanField(default=False, help_text="Paid before it is made: Order & Pay, counter.")
    is_parked = models.BooleanField(default=False)
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
        help_text="The party's earlier order, paid or locked when this one began.",
    )
    joins_back = models.BooleanField(
        default=False, help_text="Born during a card machine's lease; merged into the earlier order if still unpaid."
    )
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from")

    note = models.TextField(blank=True)
    customer_id = models.CharField(max_length=120, blank=True)
    customer_name = models.CharField(max_length=120, blank=True)
    customer_email = models.CharField(max_length=254, blank=True)
    customer_phone = models.CharField(max_length=50, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    collect_at = models.DateTimeField(null=True, blank=True)
    collect_asap = models.BooleanField(null=True, blank=True)

    currency = models.CharField(max_length=3)
    service_choice = models.CharField(max_length=12, choices=ServiceChoice, default=ServiceChoice.AUTOMATIC)
    service_stated = models.BigIntegerField(null=True, blank=True)
    # What the guest was shown less what we compute; keeps a Dojo order at the sum it was paid for.
    price_difference = models.BigIntegerField(default=0)
    goods_amount = models.BigIntegerField(default=0)
    discount_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0)
    tax_lines = models.JSONField(default=list, help_text="[rate, base, amount] per rate.")
    service_amount = models.BigIntegerField(default=0)
    service_waived = models.BigIntegerField(default=0, help_text="Service that paid shares had taken off.")
    total_amount = models.BigIntegerField(default=0)
    paid_amount = models.BigIntegerField(default=0)
    tips_amount = models.BigIntegerField(default=0)
    outstanding = models.BigIntegerField(default=0)
    overpaid = models.BigIntegerField(default=0)

    bill_printed_at = models.DateTimeField(null=True, blank=True)
    bill_shown_amount = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The total a guest was last shown or paid against; below it a supervisor decides.",
    )
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    trading_period = models.ForeignKey(
        TradingPeriod, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    business_date = models.DateField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "number"], name="order_number_unique"),
            models.UniqueConstraint(fields=["venue", "dojo_order_id"], name="order_dojo_id_unique"),
            models.UniqueConstraint(
                fields=["venue", "display_name"], condition=~Q(status__in=CLOSED_STATUSES), name="order_name_unique"
            ),
            models.CheckConstraint(condition=~Q(display_name=""), name="order_name_set"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(order_type__in=OrderType.values), name="order_type_known"),
            models.CheckConstraint(condition=Q(total_amount__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=(
                    Q(paid_amount__gte=F("total_amount"), outstanding=0)
                    | Q(paid_amount__lt=F("total_amount"), outstanding=F("total_amount") - F("paid_amount"))
                ),
                name="order_outstanding_is_total_less_paid",
            ),
            models.CheckConstraint(
                condition=(
                    Q(paid_amount__lte=F("total_amount"), overpaid=0)
                    | Q(paid_amount__gt=F("total_amount"), overpaid=F("paid_amount") - F("total_amount"))
                ),
                name="order_overpaid_is_paid_less_total",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=CLOSED_STATUSES, closed_at__isnull=False, business_date__isnull=False)
                    | (~Q(status__in=CLOSED_STATUSES) & Q(closed_at__isnull=True, business_date__isnull=True))
                ),
                name="order_close_is_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["venue", "table"], condition=~Q(status__in=CLOSED_STATUSES), name="order_open"),
            models.Index(fields=["venue", "business_date"], name="order_by_business_date"),
            models.Index(fields=["trading_period"], name="order_by_period"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_open(self) -> bool:
        return self.status not in CLOSED_STATUSES

    @property
    def payable(self) -> bool:
        return self.is_open and self.outstanding > 0

    def advance(self, status: OrderStatus) -> bool:
        """Move forward, or stay where it already is further on. Raises Conflict when it has ended."""
        if status == self.status:
            return False
        if may_follow(self.status, status):
            self.status = status
            return True
        if self.status in CLOSED_STATUSES:
            raise Conflict(f"{self.display_name} is already {OrderStatus(self.status).label.lower()}.")
        return False

    def set_amounts(self, *, total: int | None = None, paid: int | None = None) -> None:
        """Keep what is owed in step with what is charged and what was paid."""
        if total is not None:
            self.total_amount = total
        if paid is not None:
            self.paid_amount = paid
        self.outstanding = max(0, self.total_amount - self.paid_amount)
        self.overpaid = max(0, self.paid_amount - self.total_amount)


class OrderNumber(models.Model):
    """The last order number a venue gave out."""

    venue = models.OneToOneField(Venue, primary_key=True, on_delete=models.CASCADE)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last)
