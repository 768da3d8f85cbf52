"""The evening and its end: parties, the manager's inbox, trading periods."""

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.models import Party
from orders.models import CLOSED_STATUSES, Order, OrderException, Payment, PaymentKind, TradingPeriod
from orders.services.exceptions import LONGEST_RESOLUTION, resolve_exception
from orders.services.seating import clear_table
from orders.services.trading import close_period
from pos.back_office.access import venue_of
from pos.back_office.acts import ActingAdmin, ManagerAct
from pos.back_office.home import Figure
from pos.back_office.venue_admin import Place
from pos.back_office.words import json_text
from pos.money import format_money
from pos.permissions import Act, Actor


def _clear(actor: Actor, party: Party) -> None:
    clear_table(actor=actor, party_id=party.pk)


@admin.register(Party)
class PartyAdmin(ActingAdmin):
    """Guests, sitting or gone."""

    place = Place("Today", 2, "groups", "Parties")
    fields = (
        ("name", "covers"), ("seats", "waiter"), ("status", "reservation"), ("start_time", "end_time"),
        ("expected_end_time", "needs_seating"), ("host_notes", "guest_requests"), ("allergens", "allergy_note"),
        ("deposit", "deposit_description"), ("id", "dojo_party_id"),
    )  # fmt: skip
    readonly_fields = ("seats", "deposit")
    list_display = ("name_or_number", "seats", "covers", "waiter_name", "status", "start_time", "end_time")
    list_filter = ("status", "waiter", "needs_seating")
    search_fields = ("name", "tables__name", "=dojo_party_id", "=id")
    ordering = ("-start_time",)
    acts = (
        ManagerAct("clear", "Clear table", Act.OPEN, _clear, "gone; the table is free.",
                   fits=lambda party: party.is_here, icon="cleaning_services"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Party]":
        rows: QuerySet[Party] = super().get_queryset(request)
        return rows.select_related("waiter__staff", "reservation", "venue").prefetch_related("table_links__table")

    @display(description="Party")
    def name_or_number(self, party: Party) -> str:
        return str(party)

    @display(description="Tables")
    def seats(self, party: Party) -> str:
        return ", ".join(link.table.name for link in party.table_links.all())

    @display(description="Waiter", ordering="waiter")
    def waiter_name(self, party: Party) -> str:
        return party.waiter.staff.name if party.waiter is not None else ""

    @display(description="Deposit")
    def deposit(self, party: Party) -> str:
        return format_money(party.deposit_amount, party.venue.currency) if party.deposit_amount is not None else ""


class ResolutionForm(forms.Form):
    resolution = forms.CharField(
        max_length=LONGEST_RESOLUTION, label="What was done", widget=UnfoldAdminTextInputWidget({"autofocus": ""})
    )


def _resolve(actor: Actor, row: OrderException, *, resolution: str) -> None:
    resolve_exception(actor=actor, exception_id=row.pk, resolution=resolution)


class IsOpenFilter(admin.SimpleListFilter):
    """Those that still wait for somebody, or those that were dealt with."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "To deal with"), ("done", "Dealt with")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[OrderException]") -> "QuerySet[OrderException]":
        if self.value() in ("open", "done"):
            return queryset.filter(resolved_at__isnull=self.value() == "open")
        return queryset


@admin.register(OrderException)
class ExceptionAdmin(ActingAdmin):
    """What no till could settle by itself."""

    place = Place("Today", 5, "report", "Exceptions")
    is_searched = False
    fields = (
        "message", ("kind", "raised_at"), ("order", "how_much"), ("payment", "intent"), "facts",
        ("resolved_at", "resolved_by"), "resolution",
    )  # fmt: skip
    readonly_fields = ("how_much", "facts")
    list_display = ("message", "kind", "order", "how_much", "raised_at", "is_done", "resolution")
    list_filter = (IsOpenFilter, "kind")
    list_select_related = ("order", "venue")
    search_fields = ("message", "order__display_name", "subject")
    ordering = ("-pk",)
    acts = (
        ManagerAct("resolve", "Dealt with", Act.ADMIN, _resolve, "dealt with.", form=ResolutionForm,
                   fits=lambda row: row.resolved_at is None, icon="task_alt"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderException]":
        rows: QuerySet[OrderException] = super().get_queryset(request)
        return rows.select_related("order", "venue", "payment", "intent", "resolved_by__staff")

    @display(description="Amount", ordering="amount")
    def how_much(self, row: OrderException) -> str:
        return format_money(row.amount, row.venue.currency) if row.amount is not None else ""

    @display(description="Dealt with", boolean=True)
    def is_done(self, row: OrderException) -> bool:
        return row.resolved_at is not None

    @display(description="Facts")
    def facts(self, row: OrderException) -> SafeString | str:
        return json_text(row.detail)

    def figures(self, request: HttpRequest) -> list[Figure]:
        count = OrderException.objects.filter(venue=venue_of(request), resolved_at__isnull=True).count()
        link = f"{self.address()}?state=open"
        return [Figure(40, "to deal with", str(count), link, is_urgent=True)] if count else []


def _close(actor: Actor, period: TradingPeriod) -> None:
    close_period(actor=actor, period_id=period.pk)


def _ask_close(period: TradingPeriod) -> str:
    still_open = Order.objects.filter(venue=period.venue_id).exclude(status__in=CLOSED_STATUSES).count()
    bills = (
        "No bill is open." if not still_open else f"{still_open} bills are open: they stay, and count where they close."
    )
    return f"{period} ends now, and the next one begins. This cannot be undone. {bills}"


@admin.register(TradingPeriod)
class PeriodAdmin(ActingAdmin):
    """From Z to Z, numbered without gaps."""

    place = Place("Today", 6, "calendar_today", "Trading periods")
    is_searched = False
    fields = (("number", "closed_by"), ("opened_at", "closed_at"), ("sales", "taken"))
    readonly_fields = ("sales", "taken")
    list_display = ("name", "opened_at", "closed_at", "closed_by_name", "sales", "taken")
    search_fields = ("=number",)
    ordering = ("-number",)
    acts = (
        ManagerAct("close", "Close the day (Z)", Act.CLOSE_PERIOD, _close, "closed; the next one is open.",
                   question=_ask_close, fits=lambda period: period.closed_at is None, icon="nightlight", only_one=True),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[TradingPeriod]":
        rows: QuerySet[TradingPeriod] = super().get_queryset(request).select_related("venue", "closed_by__staff")
        # Two sums over two kinds of rows would multiply each other in one join.
        mine = {"trading_period": OuterRef("pk")}
        money = Payment.objects.filter(**mine).exclude(kind=PaymentKind.WALK_OUT).order_by().values("trading_period")
        bills = Order.objects.filter(**mine).order_by().values("trading_period")
        return rows.annotate(
            taken_amount=Subquery(money.annotate(sum=Sum("amount")).values("sum")),
            sale_count=Subquery(bills.annotate(count=Count("pk")).values("count")),
        )

    @display(description="Period", ordering="number")
    def name(self, period: TradingPeriod) -> str:
        return str(period)

    @display(description="Closed by", ordering="closed_by")
    def closed_by_name(self, period: TradingPeriod) -> str:
        return period.closed_by.staff.name if period.closed_by is not None else ""

    @display(description="Bills closed")
    def sales(self, period: TradingPeriod) -> int:
        return int(period.sale_count or 0)  # type: ignore[attr-defined]

    @display(description="Taken")
    def taken(self, period: TradingPeriod) -> str:
        return format_money(period.taken_amount or 0, period.venue.currency)  # type: ignore[attr-defined]

    def figures(self, request: HttpRequest) -> list[Figure]:
        period = TradingPeriod.objects.filter(venue=venue_of(request), closed_at__isnull=True).first()
        return [Figure(50, "trading period", str(period), self.address(period))] if period is not None else []
