"""Dojo, as a manager sets it up: the connection with its secrets, what Dojo must send us, what it reads of orders."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from dojo_integration.models import API_KEY_FORM, DojoConnection, OrderDocument, OutboundEvent, RestCredential
from dojo_integration.services.credentials import issue_credential, revoke_credential
from dojo_integration.services.outbox import resume_sending, retry_event
from pos.back_office.access import actor_of, venue_of
from pos.back_office.acts import ActingAdmin, ManagerAct
from pos.back_office.changes import Change
from pos.back_office.forms import VenueForm
from pos.back_office.home import Step
from pos.back_office.venue_admin import Place, ReadOnlyAdmin, VenueModelAdmin
from pos.back_office.words import json_text
from pos.errors import PosError
from pos.permissions import Act, Actor
from pos.sealed import Sealed

SECRETS = ("api_key", "webhook_secret")
LONGEST_SECRET = 500


def _secret(label: str) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password", "spellcheck": "false"})
    return forms.CharField(label=label, required=False, max_length=LONGEST_SECRET, widget=widget)


def _clear(label: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanSwitchWidget)


class ConnectionForm(VenueForm):
    """Secrets go in and never come out: empty keeps what is there, and taking it away is a tick of its own."""

    new_api_key = _secret("API key")
    clear_api_key = _clear("Forget the API key")
    new_webhook_secret = _secret("Webhook secret")
    clear_webhook_secret = _clear("Forget the webhook secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            stored: Sealed = getattr(self.instance, name)
            self.fields[f"new_{name}"].help_text = f"{escape(stored.hint)}. Empty keeps it as it is."

    def clean_new_api_key(self) -> str:
        key = str(self.cleaned_data["new_api_key"])
        if key:
            API_KEY_FORM(key)
        return key

    def clean_public_url(self) -> str:
        url = str(self.cleaned_data["public_url"] or "").rstrip("/").removesuffix("/v1")
        if url and (not url.startswith("https://") or "?" in url or "#" in url):
            raise ValidationError("An https address without ? and #.", code="url")
        return url

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in SECRETS:
            if cleaned.get(f"new_{name}") and cleaned.get(f"clear_{name}"):
                self.add_error(f"new_{name}", "Either a new one, or none.")
            elif cleaned.get(f"new_{name}"):
                setattr(self.instance, name, Sealed.of(cleaned[f"new_{name}"]))
            elif cleaned.get(f"clear_{name}"):
                setattr(self.instance, name, Sealed())
        return cleaned

    @property
    def changed_columns(self) -> list[str]:
        said = self.cleaned_data
        secrets = [name for name in SECRETS if said.get(f"new_{name}") or said.get(f"clear_{name}")]
        return [*super().changed_columns, *secrets]


@admin.register(DojoConnection)
class ConnectionAdmin(VenueModelAdmin):
    """How this venue reaches Dojo. One venue, one connection, one page."""

    act = Act.INTEGRATION
    place = Place("Dojo", 1, "cable", "Connection")
    may_delete = False
    is_searched = False
    form = ConnectionForm
    fieldsets = (
        (None, {"fields": ("state",)}),
        ("From us to Dojo", {
            "fields": (("new_api_key", "clear_api_key"), ("software_house_id", "reseller_id")),
        }),
        ("From Dojo to us", {"fields": ("public_url", ("new_webhook_secret", "clear_webhook_secret"))}),
    )  # fmt: skip
    readonly_fields = ("state",)
    words = {
        "software_house_id": ("Software house id", "Empty: the one of this installation."),
        "reseller_id": ("Reseller id", "Empty: the one of this installation."),
        "public_url": (
            "Public address",
            "Where Dojo finds us from outside, without /v1. Empty: by socket only.",
        ),
    }

    @display(description="Now")
    def state(self, connection: DojoConnection) -> str:
        if connection.pk is None or not connection.api_key:
            return "No API key of its own yet."
        return {
            True: "Live: cards are charged for real.",
            False: "Sandbox: no real money moves.",
            None: "The API key cannot be read any more. Enter it again.",
        }[connection.is_live]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        has_one = DojoConnection.objects.filter(venue=venue_of(request)).exists()
        return super().has_add_permission(request, obj) and not has_one

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        row = self.get_queryset(request).first()
        page = self.address(row) if row is not None else f"{self.address()}add/"
        return HttpResponseRedirect(page)

    @method_decorator(sensitive_post_parameters("new_api_key", "new_webhook_secret"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def follow_up(self, change: Change) -> None:
        if change.differs("api_key"):
            # Whatever the old one was refused for need not be true of this one.
            resume_sending(change.actor)

    def step(self, request: HttpRequest) -> Step:
        row = self.get_queryset(request).first()
        is_done = row is not None and bool(row.api_key)
        return Step(
            80, "Dojo", "Card machines and phone orders: your API key.", is_done, self.address(), is_optional=True
        )


def _revoke(actor: Actor, credential: RestCredential) -> None:
    revoke_credential(actor=actor, credential_id=credential.pk)


@admin.register(RestCredential)
class CredentialAdmin(ActingAdmin):
    """What Dojo must send when it calls us: two may be good at once, while one replaces the other."""

    act = Act.INTEGRATION
    place = Place("Dojo", 2, "key", "Passwords of Dojo")
    is_searched = False
    fields = (("username", "created_at"), "revoked_at")
    list_display = ("username", "created_at", "is_good", "revoked_at")
    search_fields = ("=username",)
    ordering = ("-pk",)
    nothing_yet = "Dojo cannot call this venue yet: make the first one."
    actions_list = ("make",)
    acts = (
        ManagerAct("revoke", "Revoke", Act.INTEGRATION, _revoke, "refused from now on.",
                   fits=lambda credential: credential.revoked_at is None, icon="block"),
    )  # fmt: skip

    @display(description="Good", boolean=True)
    def is_good(self, credential: RestCredential) -> bool:
        return credential.revoked_at is None

    @action(description="Make a new one", icon="add")
    def make(self, request: HttpRequest) -> HttpResponse:
        """Ask, make, and show the password this once: it is kept nowhere."""
        issued = None
        if request.method == "POST":
            try:
                issued = issue_credential(actor=actor_of(request))
            except PosError as error:
                messages.error(request, error.message)
                return HttpResponseRedirect(self.address())
            self.log_addition(request, issued.credential, "Made.")
        title = "Dojo's password"
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "issued": issued}
        return TemplateResponse(request, "back_office/credential.html", {**context, "list_url": self.address()})


@admin.register(OrderDocument)
class DocumentAdmin(ReadOnlyAdmin):
    """What Dojo reads of each order, word for word."""

    act = Act.INTEGRATION
    place = Place("Dojo", 3, "data_object", "What Dojo reads")
    venue_path = "venue_id"
    is_searched = False
    fields = (
        ("order_id", "payable"), ("table_code", "waiter_id"), ("party_id", "reservation_id"), "text",
    )  # fmt: skip
    readonly_fields = ("text",)
    list_display = ("order_id", "table_code", "waiter_id", "payable")
    list_filter = ("payable",)
    search_fields = ("=order_id", "=table_code", "=waiter_id")
    ordering = ("-order_id",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderDocument]":
        rows: QuerySet[OrderDocument] = super().get_queryset(request)
        return rows

    @display(description="JSON")
    def text(self, document: OrderDocument) -> SafeString | str:
        return json_text(json.loads(document.body))


def _retry(actor: Actor, event: OutboundEvent) -> None:
    retry_event(actor=actor, event_id=event.pk)


@admin.register(OutboundEvent)
class OutboundEventAdmin(ActingAdmin):
    """What Dojo has to hear of, and what it refused to."""

    act = Act.INTEGRATION
    place = Place("Dojo", 4, "outbox", "What Dojo has to hear")
    is_searched = False
    fields = (
        ("kind", "entity_id"), ("wanted", "sent"), ("changed_at", "sent_at"), ("attempts", "failing_since"),
        ("next_attempt_at", "claimed_until"), ("parked_at", "reason"), "last_error",
    )  # fmt: skip
    list_display = ("kind", "entity_id", "is_told", "changed_at", "attempts", "reason", "parked_at")
    list_filter = ("kind", "reason")
    search_fields = ("=entity_id",)
    ordering = ("-changed_at",)
    nothing_yet = "Nothing has changed yet that Dojo would have to hear of."
    acts = (
        ManagerAct("retry", "Send again", Act.INTEGRATION, _retry, "on its way.",
                   fits=lambda event: event.parked_at is not None, icon="send"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OutboundEvent]":
        rows: QuerySet[OutboundEvent] = super().get_queryset(request)
        return rows

    @display(description="Told", boolean=True)
    def is_told(self, event: OutboundEvent) -> bool:
        return event.sent == event.wanted
