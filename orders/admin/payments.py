"""Payments, what we know of Dojo's intents, and the holds of card machines."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from orders.models import (
    OrderLock,
    Payment,
    PaymentEntry,
    PaymentIntent,
    PaymentKind,
)
from orders.services.locking import release_lease
from orders.services.tenders import refund_payment, reverse_payment
from pos.back_office.access import venue_of
from pos.back_office.acts import ActingAdmin, ManagerAct, ReasonForm
from pos.back_office.fields import MoneyField
from pos.back_office.home import Figure
from pos.back_office.venue_admin import Place, ReadOnlyAdmin
from pos.money import format_money
from pos.permissions import Act, Actor

ENTRY_COLOURS = {"Reversal": "danger", "Refund": "warning", "Correction": "info"}


class RefundForm(ReasonForm):
    amount = MoneyField(label="Amount", help_text="How much is given back, out of the drawer.")
    field_order = ("amount", "reason")


class TakeBackForm(forms.Form):
    reason = forms.CharField(max_length=120, label="What went wrong", widget=UnfoldAdminTextInputWidget)


def _refund(actor: Actor, payment: Payment, *, amount: int, reason: str) -> None:
    refund_payment(actor=actor, payment_id=payment.pk, amount=amount, reason=reason)


def _take_back(actor: Actor, payment: Payment, *, reason: str) -> None:
    reverse_payment(actor=actor, payment_id=payment.pk, reason=reason)


def _is_by_hand(payment: Payment) -> bool:
    by_hand = payment.kind in (PaymentKind.CASH, PaymentKind.VOUCHER, PaymentKind.OTHER)
    return by_hand and payment.entry == PaymentEntry.PAYMENT


def _ask_refund(payment: Payment) -> str:
    paid = format_money(payment.amount, payment.currency)
    return f"{paid} were paid for {payment.order.display_name}. The sale stays closed; the refund is a row of its own."


@admin.register(Payment)
class PaymentAdmin(ActingAdmin):
    """Money recorded against orders; what was written stays, and a correction is a row of its own."""

    place = Place("Today", 3, "payments", "Payments")
    is_searched = False
    fields = (
        ("order", "at"), ("kind", "entry"), ("paid", "tip"), ("service", "currency"), ("given", "given_change"),
        ("intent", "about"), ("share", "reference"), ("taken_by", "till"), ("waiter_id", "reason"),
        ("trading_period", "business_date"),
    )  # fmt: skip
    readonly_fields = ("paid", "tip", "service", "given", "given_change")
    list_display = ("at", "order", "kind", "what", "paid", "tip", "taken_by_name", "intent")
    list_filter = ("kind", "entry", "business_date")
    list_select_related = ("order", "intent", "taken_by__staff")
    search_fields = ("order__display_name", "=intent__intent_id", "=reference")
    ordering = ("-pk",)
    acts = (
        ManagerAct("refund", "Refund", Act.CASH_REFUND, _refund, "refunded.", form=RefundForm, question=_ask_refund,
                   fits=lambda payment: _is_by_hand(payment) and not payment.order.is_open, icon="undo", only_one=True),
        ManagerAct("take_back", "Take back", Act.CASH_REFUND, _take_back, "taken back; the bill is owed again.",
                   form=TakeBackForm, fits=_is_by_hand, icon="backspace", only_one=True),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Payment]":
        rows: QuerySet[Payment] = super().get_queryset(request).select_related("order", "intent", "taken_by__staff")
        return rows

    @display(description="Entry", ordering="entry", label=ENTRY_COLOURS)
    def what(self, payment: Payment) -> str:
        return str(payment.get_entry_display())

    @display(description="Amount", ordering="amount")
    def paid(self, payment: Payment) -> str:
        return format_money(payment.amount, payment.currency)

    @display(description="Tip", ordering="tips")
    def tip(self, payment: Payment) -> str:
        return format_money(payment.tips, payment.currency) if payment.tips else ""

    @display(description="Of it service")
    def service(self, payment: Payment) -> str:
        return format_money(payment.service_part, payment.currency)

    @display(description="Given")
    def given(self, payment: Payment) -> str:
        return format_money(payment.tendered, payment.currency) if payment.tendered is not None else ""

    @display(description="Change")
    def given_change(self, payment: Payment) -> str:
        return format_money(payment.change, payment.currency) if payment.change is not None else ""

    @display(description="Taken by", ordering="taken_by")
    def taken_by_name(self, payment: Payment) -> str:
        return payment.taken_by.staff.name if payment.taken_by is not None else ""


@admin.register(PaymentIntent)
class IntentAdmin(ReadOnlyAdmin):
    """What we know of each of Dojo's payment intents."""

    place = Place("Records", 4, "credit_card", "Payment intents")
    is_searched = False
    fields = (
        ("intent_id", "order"), ("status", "purpose"), ("capture_mode", "made_here"), ("recorded_by", "recorded"),
        ("seen", "refunded"), ("refused_at", "refused_reason"), ("looks_after_refusal", "next_look_at"),
        ("created_at", "updated_at"),
    )  # fmt: skip
    readonly_fields = ("recorded", "seen", "refunded")
    list_display = ("intent_id", "order", "status", "recorded", "recorded_by", "refused_reason", "updated_at")
    list_filter = ("status", "purpose", "recorded_by", "made_here")
    list_select_related = ("order", "venue")
    search_fields = ("intent_id", "order__display_name")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[PaymentIntent]":
        rows: QuerySet[PaymentIntent] = super().get_queryset(request).select_related("order", "venue")
        return rows

    @display(description="Recorded", ordering="recorded_amount")
    def recorded(self, intent: PaymentIntent) -> str:
        return format_money(intent.recorded_amount, intent.venue.currency)

    @display(description="Seen at Dojo")
    def seen(self, intent: PaymentIntent) -> str:
        return format_money(intent.seen_amount, intent.venue.currency) if intent.seen_amount is not None else ""

    @display(description="Refunded at Dojo")
    def refunded(self, intent: PaymentIntent) -> str:
        return format_money(intent.seen_refunded, intent.venue.currency)


def _release_lock(actor: Actor, lock: OrderLock) -> None:
    release_lease(actor=actor, order_id=lock.order_id)


def _ask_release_lock(lock: OrderLock) -> str:
    return f"{lock.order.display_name} is with {lock.holder}. Money may still arrive; then it will show as overpaid."


@admin.register(OrderLock)
class HoldAdmin(ActingAdmin):
    """Which card machine has, or had, which bill."""

    place = Place("Today", 4, "lock", "Held by card machines")
    is_searched = False
    fields = (
        ("order", "kind"), ("holder_waiter_id", "holder_device"), ("membership", "lock_id"), ("created_at", "expiry"),
        ("ended_at", "end_reason"),
    )  # fmt: skip
    list_display = ("order", "who", "is_held", "created_at", "expiry", "ended_at", "end_reason")
    list_filter = ("kind", "end_reason")
    list_select_related = ("order",)
    search_fields = ("order__display_name", "=lock_id", "holder_device", "=holder_waiter_id")
    ordering = ("-pk",)
    acts = (
        ManagerAct("release", "Release lock", Act.RELEASE_LEASE, _release_lock, "taken back from the card machine.",
                   question=_ask_release_lock, fits=lambda lock: lock.is_live(timezone.now()), icon="lock_open",
                   only_one=True),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderLock]":
        rows: QuerySet[OrderLock] = super().get_queryset(request).select_related("order", "membership__staff")
        return rows

    @display(description="Held by")
    def who(self, lock: OrderLock) -> str:
        return lock.holder

    @display(description="Now", boolean=True)
    def is_held(self, lock: OrderLock) -> bool:
        return lock.is_live(timezone.now())

    def figures(self, request: HttpRequest) -> list[Figure]:
        live = OrderLock.objects.filter(venue=venue_of(request), ended_at__isnull=True, expiry__gt=timezone.now())
        count = live.count()
        return [Figure(30, "with a card machine", str(count), self.address())] if count else []
