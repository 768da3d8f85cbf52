"""People: what somebody is here, and what is their own. They stand here because their number is on bills."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from bookings.models import Party
from orders.models import CLOSED_STATUSES, Order
from orders.row_locks import hold_tills
from pos.back_office.access import actor_of, venue_of
from pos.back_office.acts import Acting, ManagerAct
from pos.back_office.changes import Change, Facts, Hidden
from pos.back_office.forms import VenueForm
from pos.back_office.home import Step
from pos.back_office.venue_admin import Place
from pos.events import Event, FloorChanged, OrderChanged, PartyChanged, WaiterRenumbered
from pos.models import Membership, Role, Staff
from pos.permissions import Act, Actor
from pos.services.lockouts import is_counted_against, let_in_again
from pos.services.people import (
    change_person,
    check_pin,
    employ,
    find_person,
    follow_roles,
    may_edit_person,
    refuse_without_manager,
    tidy_login,
)

_KNOWN = "This login belongs to somebody who works with Tableside already. Choose another one; or, if it is the same person, leave name, PIN and password empty: they keep theirs."  # noqa: E501
_login_form = RegexValidator(r"^[a-z0-9][a-z0-9._@+-]*\Z", "Small letters and digits; . _ @ + - inside.")
_quiet = {"autocomplete": "new-password"}


class PersonForm(VenueForm):
    """What somebody is here, and their own name, login, PIN and password in so far as they are this manager's."""

    actor: Actor
    name = forms.CharField(max_length=60, required=False, widget=UnfoldAdminTextInputWidget)
    login = forms.CharField(
        max_length=40, widget=UnfoldAdminTextInputWidget({"autocapitalize": "none", "autocomplete": "off"})
    )
    pin = forms.CharField(
        label="PIN", required=False, widget=UnfoldAdminPasswordWidget({**_quiet, "inputmode": "numeric"})
    )
    password = forms.CharField(required=False, strip=False, widget=UnfoldAdminPasswordWidget(_quiet))

    OWN = ("name", "login", "pin", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_hired:
            person = self.instance.staff
            if self.actor.membership is not None and self.actor.membership.staff_id == person.pk:
                # Their own password asks for the old one first, on its own page.
                del self.fields["password"]
            self.initial.update(name=person.name, login=person.login)
            for name in self.OWN:
                if name in self.fields and not may_edit_person(self.actor, person):
                    self.fields[name].disabled = True
                    self.fields[name].help_text = "Works in another venue too: only they change this."
            self._word_secrets(person)
        else:
            self.fields["pin"].help_text = "4 to 8 digits, to take over a till. It is shown to nobody."
            self.fields["password"].help_text = "Only for who opens tills or the back office."

    @property
    def is_hired(self) -> bool:
        return not self.instance._state.adding

    def _word_secrets(self, person: Staff) -> None:
        if "pin" in self.fields and not self.fields["pin"].disabled:
            self.fields["pin"].help_text = ("Set. " if person.pin_hash else "Not set. ") + "Empty keeps it as it is."
        if "password" in self.fields and not self.fields["password"].disabled:
            has_one = person.has_usable_password()
            self.fields["password"].help_text = ("Set. " if has_one else "None. ") + "Empty keeps it as it is."

    def clean_pin(self) -> str:
        return check_pin(self.cleaned_data["pin"])

    def clean_login(self) -> str:
        login = tidy_login(self.cleaned_data["login"])
        known = find_person(login)
        if self.is_hired:
            if known is not None and known.pk != self.instance.staff_id:
                raise ValidationError("This login is taken.", code="taken")
            if login != self.instance.staff.login:
                _login_form(login)
        elif known is None:
            _login_form(login)
        elif Membership.objects.filter(venue=self.venue, staff=known).exists():
            raise ValidationError(f"{known.name} is on the list already.", code="here")
        elif not known.is_active:
            raise ValidationError("This login is closed.", code="closed")
        return login

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if password:
            validate_password(password, self.instance.staff if self.is_hired else None)
        return password

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if self.is_hired and not is_active:
            _refuse_serving(self.instance)
        return is_active

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        login = cleaned.get("login")
        if login is None:
            return cleaned
        if self.is_hired:
            if not cleaned.get("name"):
                self.add_error("name", "Everybody has a name.")
        elif find_person(login) is None:
            self._check_new(cleaned)
        elif any(cleaned.get(name) for name in ("name", "pin", "password")):
            self.add_error("login", _KNOWN)
        return cleaned

    def _check_new(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("name"):
            self.add_error("name", "A new person needs a name.")
        if not {"pin", "password"} & set(self.errors) and not (cleaned.get("pin") or cleaned.get("password")):
            self.add_error("pin", "Give them a PIN or a password: without one they cannot sign in.")


def _refuse_serving(member: Membership) -> None:
    """Nothing open is ever left without a waiter. Raises ValidationError."""
    order = Order.objects.filter(waiter=member).exclude(status__in=CLOSED_STATUSES).first()
    if order is not None:
        raise ValidationError(f"{member.staff.name} still has {order.display_name}: hand it over first.", code="serves")
    if Party.objects.filter(waiter=member, end_time__isnull=True).exists():
        raise ValidationError(f"{member.staff.name} still serves guests: hand them over first.", code="serves")


def _let_in_again(actor: Actor, member: Membership) -> None:
    let_in_again(actor=actor, membership_id=member.pk)


@admin.register(Membership)
class PeopleAdmin(Acting):
    """Staff: hired by login, with a role and a number, and a PIN that nobody sees."""

    act = Act.STAFF
    noun = "person"
    may_delete = False
    form = PersonForm
    place = Place("People", 1, "badge", "Staff")
    fieldsets = (
        (None, {"fields": (("name", "login"), ("role", "waiter_id"), ("pin", "password"))}),
        ("", {"fields": ("is_active",)}),
    )
    words = {
        "waiter_id": ("Number", "Short: what they type on a card machine to find their tables."),
        "role": ("Role", "Supervisors approve; managers also come in here."),
        "is_active": ("Works here", "Nobody is deleted, because bills and the audit trail name them."),
    }
    list_display = ("who", "what", "waiter_id", "has_pin", "is_active")
    list_filter = ("role", "is_active")
    list_select_related = ("staff",)
    named_by = ("staff",)
    search_fields = ("staff__name", "staff__login", "waiter_id")
    acts = (
        ManagerAct("let_in_again", "Let in again", Act.STAFF, _let_in_again, "may try the password again at once.",
                   fits=lambda member: is_counted_against(member.staff), icon="lock_open"),
    )  # fmt: skip

    @display(description="Name", header=True, ordering="staff__name")
    def who(self, member: Membership) -> tuple[str, str]:
        return member.staff.name, member.staff.login

    @display(description="Role", ordering="role", label={"Manager": "primary", "Supervisor": "info", "Waiter": ""})
    def what(self, member: Membership) -> str:
        return str(member.get_role_display())

    @display(description="PIN", boolean=True)
    def has_pin(self, member: Membership) -> bool:
        return bool(member.staff.pin_hash)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        rows: QuerySet[Membership] = super().get_queryset(request).select_related("staff", "venue")
        return rows

    def get_form(self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.actor = actor_of(request)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": (("name", "login"), ("role", "waiter_id"), ("pin", "password"))}),)
        if obj.staff_id == request.user.pk:
            return ((None, {"fields": (("name", "login"), ("role", "waiter_id"), "pin")}), self.fieldsets[1])
        return self.fieldsets

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        taken = set(self.get_queryset(request).values_list("waiter_id", flat=True))
        free = next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)
        return {"waiter_id": free, **super().get_changeform_initial_data(request)}

    @method_decorator(sensitive_post_parameters("pin", "password"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def hold(self, request: HttpRequest, row: Membership | None) -> None:
        # Also keeps two managers from taking the role from each other at one moment.
        hold_tills(venue_of(request))

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        asked = {name: form.cleaned_data.get(name) or "" for name in PersonForm.OWN}
        if not change:
            obj.staff = find_person(asked["login"]) or employ(**asked)
        elif may_edit_person(actor_of(request), obj.staff):
            change_person(obj.staff, **asked)
        super().save_model(request, obj, form, change)

    def follow_up(self, change: Change) -> None:
        member = Membership.objects.select_related("staff", "venue").get(pk=change.key)
        follow_roles(member.staff)
        refuse_without_manager(member.venue)

    def more_facts(self, row: Membership) -> Facts:
        person = Staff.objects.get(pk=row.staff_id)
        password = person.password if person.has_usable_password() else ""
        secrets = {"PIN": Hidden(person.pin_hash), "password": Hidden(password)}
        return {"name": person.name, "login": person.login, **secrets}

    def events_of(self, change: Change) -> list[Event]:
        """Who serves what is on the floor; a number is on every order of theirs, and on the guests they serve."""
        events: list[Event] = [FloorChanged(venue_id=change.venue_id)]
        if change.is_new or not change.differs("waiter_id", "name"):
            return events
        mine = {"venue_id": change.venue_id}
        serving = Order.objects.filter(waiter=change.key).exclude(status__in=CLOSED_STATUSES)
        events += [OrderChanged(**mine, order_id=pk) for pk in serving.values_list("pk", flat=True)]
        here = Party.objects.filter(waiter=change.key, end_time__isnull=True)
        events += [PartyChanged(**mine, party_id=pk) for pk in here.values_list("pk", flat=True)]
        if change.differs("waiter_id"):
            events.append(WaiterRenumbered(**mine, membership_id=change.key))
        return events

    def step(self, request: HttpRequest) -> Step:
        people = Membership.objects.filter(venue=venue_of(request), is_active=True)
        words = "Waiters with a PIN take over a till in seconds."
        return Step(60, "Staff", words, people.exclude(role=Role.MANAGER).exists(), self.address(), people.count())
