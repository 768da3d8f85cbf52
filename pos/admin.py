"""Tills, and the two records of who did what: the audit trail and approvals."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from pos.back_office.access import venue_of
from pos.back_office.acts import Acting, ManagerAct
from pos.back_office.changes import Change
from pos.back_office.forms import VenueForm
from pos.back_office.home import Step
from pos.back_office.venue_admin import Place, ReadOnlyAdmin
from pos.back_office.words import json_text
from pos.events import Event, TillChanged
from pos.models import Approval, AuditEntry, Till
from pos.money import format_money
from pos.permissions import Act, Actor
from pos.services.tills import revoke_till


def _revoke(actor: Actor, till: Till) -> None:
    revoke_till(actor=actor, till_id=till.pk)


class TillForm(VenueForm):
    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not name:
            raise ValidationError("Give this till a name.", code="required")
        if Till.objects.filter(venue=self.venue, name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"There is already a till called {name} here.", code="unique")
        return name


@admin.register(Till)
class TillAdmin(Acting):
    """The browsers and devices that people work on; each names itself at its first login."""

    place = Place("People", 2, "point_of_sale", "Tills")
    may_add = may_delete = False
    form = TillForm
    fields = (("name",), ("last_seen_at", "last_used_by"), "created_at")
    readonly_fields = ("last_seen_at", "last_used_by", "created_at")
    words = {"name": ("Name", "What staff read on it: Bar till, Handheld 2.")}
    nothing_yet = "Open the floor on a device and sign in: it asks what it is called."
    list_display = ("name", "last_seen_at", "used_by", "created_at")
    list_select_related = ("last_used_by__staff",)
    search_fields = ("name",)
    acts = (
        ManagerAct("revoke", "Revoke", Act.ADMIN, _revoke, "is no till any more until it is named again.",
                   icon="phonelink_erase"),
    )  # fmt: skip

    @display(description="Last used by", ordering="last_used_by")
    def used_by(self, till: Till) -> str:
        return till.last_used_by.staff.name if till.last_used_by is not None else ""

    def events_of(self, change: Change) -> list[Event]:
        return [TillChanged(venue_id=change.venue_id, till_id=change.key)]

    def step(self, request: HttpRequest) -> Step:
        count = Till.objects.filter(venue=venue_of(request)).count()
        words = "Open the floor on each device and sign in: it asks for its name once."
        return Step(70, "Tills", words, count > 0, self.address(), count)


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what to which thing, for ever."""

    place = Place("Records", 1, "history_edu", "Audit trail")
    is_searched = False
    fields = (("did", "at"), ("who", "approver"), ("till_name", "subject"), "facts")
    readonly_fields = ("did", "who", "approver", "till_name", "facts")
    list_display = ("at", "did", "who", "approver", "till_name", "subject", "brief")
    list_filter = ("actor_kind", "membership")
    search_fields = ("=subject", "=act")
    ordering = ("-pk",)
    list_select_related = ("membership__staff", "approved_by__staff", "till")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AuditEntry]":
        rows: QuerySet[AuditEntry] = super().get_queryset(request)
        return rows.select_related("membership__staff", "approved_by__staff", "till")

    @display(description="Act", ordering="act")
    def did(self, entry: AuditEntry) -> str:
        return entry.act.replace("_", " ").capitalize()

    @display(description="Who", ordering="membership")
    def who(self, entry: AuditEntry) -> str:
        if entry.membership is not None:
            return entry.membership.staff.name
        return str(entry.detail.get("by") or {"dojo": "Dojo"}.get(entry.actor_kind, "Tableside"))

    @display(description="Approved by")
    def approver(self, entry: AuditEntry) -> str:
        return entry.approved_by.staff.name if entry.approved_by is not None else ""

    @display(description="Till")
    def till_name(self, entry: AuditEntry) -> str:
        return entry.till.name if entry.till is not None else ""

    @display(description="What")
    def brief(self, entry: AuditEntry) -> str:
        name = entry.detail.get("name") or entry.detail.get("reason") or ""
        changed = ", ".join(entry.detail.get("changes") or {})
        return f"{name}: {changed}"[:80] if changed else str(name)[:80]

    @display(description="Facts")
    def facts(self, entry: AuditEntry) -> SafeString | str:
        return json_text(entry.detail)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """A supervisor's yes or no, to one act on one thing."""

    place = Place("Records", 3, "approval", "Approvals")
    is_searched = False
    fields = (
        "summary",
        ("act", "status"),
        ("asked_by", "asked_at"),
        ("decided_by", "decided_at"),
        ("how_much", "used_at"),
    )
    readonly_fields = ("how_much",)
    list_display = ("asked_at", "act", "summary", "how_much", "asker", "status", "decider")
    list_filter = ("status", "asked_by")
    search_fields = ("summary", "=subject")
    ordering = ("-pk",)
    list_select_related = ("asked_by__staff", "decided_by__staff", "venue")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Approval]":
        rows: QuerySet[Approval] = super().get_queryset(request)
        return rows.select_related("asked_by__staff", "decided_by__staff", "venue")

    @display(description="Amount")
    def how_much(self, approval: Approval) -> str:
        return format_money(approval.amount, approval.venue.currency) if approval.amount is not None else ""

    @display(description="Asked by", ordering="asked_by")
    def asker(self, approval: Approval) -> str:
        return approval.asked_by.staff.name

    @display(description="Decided by", ordering="decided_by")
    def decider(self, approval: Approval) -> str:
        return approval.decided_by.staff.name if approval.decided_by is not None else ""
