"""Lines and what hangs on them; production lives here, not on the order."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from orders.models.menu import ALLERGENS, Course, Modifier, Portion, Product, ProductKind, Station, VatClass
from orders.models.order import Order
from pos.errors import Conflict
from pos.ids import LINE, TypeIdField
from pos.models import Membership, Till, Venue


class LineState(models.TextChoices):
    UNSENT = "unsent", "Unsent"
    HELD = "held", "Held"
    SENT = "sent", "Sent"
    STARTED = "started", "Started"
    READY = "ready", "Ready"
    SERVED = "served", "Served"
    VOIDED = "voided", "Voided"


_NEXT: dict[str, tuple[str, ...]] = {
    LineState.UNSENT: (LineState.HELD, LineState.SENT, LineState.SERVED, LineState.VOIDED),
    LineState.HELD: (LineState.SENT, LineState.SERVED, LineState.VOIDED),
    LineState.SENT: (LineState.STARTED, LineState.READY, LineState.SERVED, LineState.VOIDED),
    LineState.STARTED: (LineState.READY, LineState.SERVED, LineState.VOIDED),
    LineState.READY: (LineState.SERVED, LineState.VOIDED),
    LineState.SERVED: (LineState.VOIDED,),
    LineState.VOIDED: (),
}
# A cook who bumped too early takes it back one step.
_RECALL = {LineState.SERVED: LineState.READY, LineState.READY: LineState.STARTED, LineState.STARTED: LineState.SENT}

TAKEN_OFF_FIELDS = ("state", "taken_off", "taken_off_at", "taken_off_by", "taken_off_reason")
WAITING_STATES = (LineState.UNSENT, LineState.HELD)
KITCHEN_STATES = (LineState.SENT, LineState.STARTED, LineState.READY)


class TakenOff(models.TextChoices):
    """Why a line left the bill."""

    NO = "", "On the bill"
    REMOVE = "remove", "Removed before it was sent"
    CORRECT = "correct", "Corrected"
    VOID = "void", "Voided"


class PriceRule(models.TextChoices):
    MENU = "", "As on the menu"
    COMP = "comp", "On the house"
    STAFF_MEAL = "staff_meal", "Staff meal"


class Eaten(models.TextChoices):
    IN = "in", "Eat in"
    OUT = "out", "Take away"


class Round(models.Model):
    """One press of Send: what went to the stations together."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    till = models.ForeignKey(Till, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="round_number_unique")]

    def __str__(self) -> str:
        return f"Round {self.number}"


class OrderLine(models.Model):
    id = TypeIdField(LINE, primary_key=True)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    portion = models.ForeignKey(Portion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    plu = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=ProductKind, default=ProductKind.GOODS)
    quantity = models.PositiveIntegerField(default=1)
    unit_price = models.BigIntegerField()
    note = models.CharField(max_length=500, blank=True)
    seats = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey(Station, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    vat_class = models.ForeignKey(VatClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    eaten = models.CharField(max_length=4, choices=Eaten, default=Eaten.IN)
    # Follows the table of rates until the line is first sent; from then on it is history.
    vat_rate = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=8, choices=LineState, default=LineState.UNSENT)
    round = models.ForeignKey(Round, null=True, blank=True, on_delete=models.PROTECT, related_name="lines")
    sent_at = models.DateTimeField(null=True, blank=True)
    station_has_it_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    till = models.ForeignKey(Till, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    taken_off = models.CharField(max_length=8, choices=TakenOff, default=TakenOff.NO, blank=True)
    taken_off_at = models.DateTimeField(null=True, blank=True)
    taken_off_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_off_reason = models.CharField(max_length=120, blank=True)
    was_made = models.BooleanField(null=True, blank=True)
    cancellation_seen_at = models.DateTimeField(null=True, blank=True)
    price_rule = models.CharField(max_length=12, choices=PriceRule, default=PriceRule.MENU, blank=True)
    price_rule_reason = models.CharField(max_length=120, blank=True)
    price_rule_amount = models.BigIntegerField(null=True, blank=True)
    meal_of = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    gross_amount = models.BigIntegerField(default=0)
    discount_amount = models.BigIntegerField(default=0)
    net_amount = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "line"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_positive"),
            models.CheckConstraint(condition=Q(state__in=LineState.values), name="line_state_known"),
            models.CheckConstraint(condition=Q(state="voided") ^ Q(taken_off=""), name="line_voided_says_why"),
            models.CheckConstraint(condition=Q(net_amount__gte=0), name="line_net_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["station", "sent_at"],
                condition=Q(state__in=("sent", "started", "ready")),
                name="line_at_station",
            ),
            models.Index(
                fields=["station"],
                condition=Q(state="voided", sent_at__isnull=False, cancellation_seen_at__isnull=True),
                name="line_cancelled_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.name}"

    @property
    def is_on_bill(self) -> bool:
        return self.state != LineState.VOIDED

    def move(self, state: str) -> None:
        """Go on to a later state. Raises Conflict when that is not where it can go."""
        if state not in _NEXT[self.state]:
            was, wanted = LineState(self.state).label.lower(), LineState(state).label.lower()
            raise Conflict(f"{self.name} is {was}, it cannot become {wanted}.", line=self.pk)
        self.state = state

    def take_off(self, how: str, *, by: Membership | None, at: datetime, reason: str = "") -> None:
        """Take the line off the bill, saying how, who and why; save ``TAKEN_OFF_FIELDS``. Raises Conflict."""
        self.move(LineState.VOIDED)
        self.taken_off = how
        self.taken_off_at = at
        self.taken_off_by = by
        self.taken_off_reason = reason

    def recall(self) -> None:
        """Take one step back on the station's screen. Raises Conflict where there is none."""
        back = _RECALL.get(LineState(self.state))
        if back is None:
            raise Conflict(f"{self.name} is not on this screen.", line=self.pk)
        self.state = back


class LineSubItem(models.Model):
    """A part of a combo."""

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="sub_items")
    portion = models.ForeignKey(Portion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    plu = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    price = models.BigIntegerField(default=0)
    standalone_price = models.BigIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    vat_class = models.ForeignKey(VatClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    vat_rate = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class LineModifier(models.Model):
    """A choice on a line or on one part of a combo; the quantity is per single item."""

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="modifiers")
    sub_item = models.ForeignKey(LineSubItem, null=True, blank=True, on_delete=models.CASCADE, related_name="modifiers")
    modifier = models.ForeignKey(Modifier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    plu = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    price = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Discount(models.Model):
    """Money off one line or the whole order, fixed or a share of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="discounts")
    line = models.ForeignKey(OrderLine, null=True, blank=True, on_delete=models.CASCADE, related_name="discounts")
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    affected_plu = models.CharField(max_length=120, blank=True)
    fixed_amount = models.BigIntegerField(null=True, blank=True)
    percent = models.PositiveIntegerField(null=True, blank=True)
    # A guest was shown this share beside the amount; the amount is what counts.
    stated_percent = models.PositiveIntegerField(null=True, blank=True)
    amount = models.BigIntegerField(default=0)
    given_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(fixed_amount__isnull=False, percent__isnull=True)
                | Q(fixed_amount__isnull=True, percent__isnull=False, percent__lte=10_000),
                name="discount_fixed_or_percent",
            ),
            models.CheckConstraint(
                condition=Q(fixed_amount__isnull=True) | Q(fixed_amount__gte=0), name="discount_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SeatAllergy(models.Model):
    """What the guest on one seat must not eat; heads every kitchen ticket of the order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="seat_allergies")
    seat = models.PositiveSmallIntegerField()
    allergens = ArrayField(models.CharField(max_length=16, choices=[(name, name) for name in ALLERGENS]), default=list)
    note = models.CharField(max_length=200, blank=True)
    noted_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["seat"]
        verbose_name_plural = "seat allergies"
        constraints = [models.UniqueConstraint(fields=["order", "seat"], name="seat_allergy_once")]

    def __str__(self) -> str:
        return f"Seat {self.seat}: {', '.join(self.allergens)}"


class AllergyAcknowledgement(models.Model):
    """A station said it has seen the allergies of an order, as they were then."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="allergy_acknowledgements")
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    seen_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "station"], name="allergy_seen_once_per_station")]

    def __str__(self) -> str:
        return f"{self.station_id} saw {self.order_id}"
