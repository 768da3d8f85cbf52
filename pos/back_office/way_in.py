"""Into the back office: login and password, and which venue where there are several."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from unfold.forms import AdminOwnPasswordChangeForm

from pos import audit
from pos.back_office.access import access_of, actor_of, is_manager_somewhere
from pos.models import Staff
from pos.permissions import Actor
from pos.service import service
from pos.services.tills import note_sign_in

NO_MANAGER = "The back office is for managers. This login manages no venue."


class ManagerLoginForm(AuthenticationForm):
    """Asks as every login does, and lets in who manages a venue."""

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active or not is_manager_somewhere(user):
            raise ValidationError(NO_MANAGER, code="no_manager")


class ManagerLogin(LoginView):
    """Sign in with a password, from wherever the browser stands."""

    authentication_form = ManagerLoginForm
    template_name = "back_office/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        actor = access_of(self.request).actor
        if actor is not None and actor.membership is not None:
            note_sign_in(actor=actor)
        return answer


class OwnPassword(PasswordChangeView):
    """A manager's own password; whoever knew the old one elsewhere is signed out."""

    form_class = AdminOwnPasswordChangeForm
    template_name = "registration/password_change_form.html"

    def form_valid(self, form: Any) -> HttpResponse:
        _save_own_password(actor_of(self.request), form)
        return super().form_valid(form)


@service
def _save_own_password(actor: Actor, form: Any) -> None:
    person: Staff = form.save()
    audit.record(actor, "change_own_password", f"staff_{person.pk}")
