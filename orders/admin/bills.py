"""Orders with their lines and payments: seen here, changed by services."""

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from orders.models import (
    CLOSED_STATUSES,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
)
from orders.services.closing import reopen_order
from orders.services.dojo_orders import accept_order, cancel_order_by_id
from orders.services.locking import release_lease
from orders.services.tenders import walk_out
from pos.back_office.access import venue_of
from pos.back_office.acts import ActingAdmin, ManagerAct, ReasonForm
from pos.back_office.home import Figure
from pos.back_office.inlines import ReadOnlyInline
from pos.back_office.venue_admin import Place, ReadOnlyAdmin
from pos.money import format_money
from pos.permissions import Act, Actor

_OPEN = ~Q(status__in=CLOSED_STATUSES)
STATUS_COLOURS = {
    "New": "info", "Submitted": "warning", "Confirmed": "info", "Accepted": "info", "Preparing": "info",
    "Prepared": "info", "Ready": "success", "Finalized": "success", "Canceled": "danger", "Failed": "danger",
}  # fmt: skip


def _accept(actor: Actor, order: Order) -> None:
    accept_order(actor=actor, order_id=order.pk)


def _cancel(actor: Actor, order: Order) -> None:
    cancel_order_by_id(actor=actor, order_id=order.pk)


def _release(actor: Actor, order: Order) -> None:
    release_lease(actor=actor, order_id=order.pk)


def _reopen(actor: Actor, order: Order, *, reason: str) -> None:
    reopen_order(actor=actor, order_id=order.pk, reason=reason)


def _walk_out(actor: Actor, order: Order, *, reason: str) -> None:
    walk_out(actor=actor, order_id=order.pk, reason=reason)


def _is_lent(order: Order) -> bool:
    return order.locks.filter(ended_at__isnull=True, expiry__gt=timezone.now()).exists()


def _ask_release(order: Order) -> str:
    return "Money may still arrive; if it does, the bill will show as overpaid."


class LineInline(ReadOnlyInline):
    model = OrderLine
    fk_name = "order"
    fields = ("quantity", "name", "state", "course", "seats", "note", "net", "taken_off", "taken_off_reason")
    readonly_fields = ("net",)
    verbose_name_plural = "lines"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderLine]":
        rows: QuerySet[OrderLine] = super().get_queryset(request).select_related("course", "order")
        return rows

    @display(description="Amount")
    def net(self, line: OrderLine) -> str:
        return format_money(line.net_amount, line.order.currency)


class PaymentInline(ReadOnlyInline):
    model = Payment
    fk_name = "order"
    fields = ("at", "kind", "entry", "paid", "tip", "intent", "taken_by", "reason")
    readonly_fields = ("paid", "tip")
    verbose_name_plural = "payments"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Payment]":
        rows: QuerySet[Payment] = super().get_queryset(request).select_related("intent", "taken_by__staff")
        return rows

    @display(description="Amount")
    def paid(self, payment: Payment) -> str:
        return format_money(payment.amount, payment.currency)

    @display(description="Tip")
    def tip(self, payment: Payment) -> str:
        return format_money(payment.tips, payment.currency)


@admin.register(Order)
class OrderAdmin(ActingAdmin):
    """Everything that was ordered, open or closed, with its whole story."""

    place = Place("Today", 1, "receipt_long", "Orders")
    inlines = (LineInline, PaymentInline)
    fieldsets = (
        (None, {
            "fields": (
                ("display_name", "number"), ("status", "order_type"), ("table", "waiter"), ("party", "covers"),
                ("total", "paid"), ("due", "over"), ("service", "tips"), ("opened_at", "closed_at"), "note",
            )
        }),
        ("Details", {
            "classes": ("bo-last",),
            "fields": (
                ("id", "reference"), ("origin", "dojo_order_id"), ("customer_name", "customer_phone"), "customer_email",
                ("is_tab", "tab_description"), ("is_prepaid", "is_separate_bill"), ("follows", "merged_into"),
                ("first_sent_at", "bill_printed_at"), ("accepted_at", "handed_over_at"),
                ("trading_period", "business_date"), ("reopened_at", "updated_at"),
            ),
        }),
    )  # fmt: skip
    readonly_fields = ("total", "paid", "due", "over", "service", "tips")
    words = {
        "display_name": ("Name", "As card machines list it."),
        "id": ("Id", ""),
        "is_tab": ("Tab", ""),
        "is_prepaid": ("Paid before it is made", ""),
        "is_separate_bill": ("A bill of its own", ""),
        "follows": ("Follows", ""),
        "merged_into": ("Joined", ""),
    }
    list_display = (
        "what", "state", "order_type", "table", "waiter_name", "covers", "total", "due", "opened_at", "closed_at",
    )  # fmt: skip
    list_filter = ("status", "order_type", "origin", "waiter", "table__area", "is_tab", "business_date")
    search_fields = ("display_name", "=number", "reference", "customer_name", "=dojo_order_id", "=id")
    ordering = ("-pk",)
    acts = (
        ManagerAct("accept", "Accept", Act.SEND, _accept, "accepted, and on its way to the kitchen.",
                   fits=lambda order: order.status == OrderStatus.SUBMITTED, icon="check"),
        ManagerAct("cancel", "Cancel", Act.CANCEL_AFTER_PREPARING, _cancel, "cancelled.",
                   fits=lambda order: order.is_open and not order.paid_amount, icon="close"),
        ManagerAct("release", "Release lock", Act.RELEASE_LEASE, _release, "taken back from the card machine.",
                   question=_ask_release, fits=_is_lent, icon="lock_open", only_one=True),
        ManagerAct("reopen", "Reopen", Act.REOPEN, _reopen, "open again.", form=ReasonForm, icon="undo",
                   fits=lambda order: order.status == OrderStatus.FINALIZED and order.outstanding > 0),
        ManagerAct("walk_out", "Walk-out", Act.WALK_OUT, _walk_out, "closed as left without paying.", form=ReasonForm,
                   fits=lambda order: order.is_open and order.outstanding > 0, icon="directions_run"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Order]":
        rows: QuerySet[Order] = super().get_queryset(request)
        return rows.select_related("table", "waiter__staff", "party").defer("tax_lines")

    @display(description="Order", header=True, ordering="number")
    def what(self, order: Order) -> tuple[str, str]:
        return order.display_name, f"No. {order.number}"

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def state(self, order: Order) -> str:
        return order.status

    @display(description="Waiter", ordering="waiter")
    def waiter_name(self, order: Order) -> str:
        return order.waiter.staff.name if order.waiter is not None else ""

    @display(description="Total", ordering="total_amount")
    def total(self, order: Order) -> str:
        return format_money(order.total_amount, order.currency)

    @display(description="Paid", ordering="paid_amount")
    def paid(self, order: Order) -> str:
        return format_money(order.paid_amount, order.currency)

    @display(description="Due", ordering="outstanding")
    def due(self, order: Order) -> str:
        return format_money(order.outstanding, order.currency) if order.outstanding else ""

    @display(description="Overpaid")
    def over(self, order: Order) -> str:
        return format_money(order.overpaid, order.currency) if order.overpaid else ""

    @display(description="Service")
    def service(self, order: Order) -> str:
        return format_money(order.service_amount, order.currency)

    @display(description="Tips")
    def tips(self, order: Order) -> str:
        return format_money(order.tips_amount, order.currency)

    def figures(self, request: HttpRequest) -> list[Figure]:
        venue = venue_of(request)
        still_open = Order.objects.filter(_OPEN, venue=venue)
        owed = still_open.aggregate(owed=Sum("outstanding"))["owed"] or 0
        if not Order.objects.filter(venue=venue).exists():
            return []
        return [
            Figure(10, "open orders", str(still_open.count()), self.address()),
            Figure(20, "still to pay", format_money(owed, venue.currency), self.address()),
        ]


@admin.register(OrderLine)
class LineAdmin(ReadOnlyAdmin):
    """Every line that was ever sold, or taken off."""

    place = Place("Records", 2, "format_list_bulleted", "Lines")
    is_searched = False
    fields = (
        ("name", "quantity"), ("order", "state"), ("plu", "kind"), ("each", "net"), ("vat_class", "eaten"),
        ("course", "station"), ("seats", "note"), ("added_by", "added_at"), ("sent_at", "served_at"),
        ("taken_off", "taken_off_by"), ("taken_off_at", "taken_off_reason"), ("price_rule", "price_rule_reason"),
    )  # fmt: skip
    readonly_fields = ("each", "net")
    list_display = ("name", "quantity", "order", "net", "state", "station", "waiter_name", "added_at", "taken_off")
    list_filter = ("state", "taken_off", "price_rule", "station", "course")
    list_select_related = ("order", "station", "added_by__staff")
    search_fields = ("name", "=plu", "order__display_name")
    ordering = ("-pk",)

    @display(description="Amount", ordering="net_amount")
    def net(self, line: OrderLine) -> str:
        return format_money(line.net_amount, line.order.currency)

    @display(description="Each")
    def each(self, line: OrderLine) -> str:
        return format_money(line.unit_price, line.order.currency)

    @display(description="Added by", ordering="added_by")
    def waiter_name(self, line: OrderLine) -> str:
        return line.added_by.staff.name if line.added_by is not None else ""
