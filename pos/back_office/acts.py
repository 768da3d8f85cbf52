"""Acts of a manager on rows that services own: buttons of a page, actions of a list, and a question where it needs one.

Each act calls a service outside any transaction, once for each row; a refusal is told by name, and the others go on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.widgets import UnfoldAdminTextInputWidget

from pos.back_office.access import actor_of
from pos.back_office.venue_admin import ReadOnlyAdmin, VenueModelAdmin
from pos.errors import PosError
from pos.permissions import Act, Actor, may

MOST_AT_ONCE = 100


class ReasonForm(forms.Form):
    """Why: some acts cannot be understood later without it."""

    reason = forms.CharField(
        max_length=120, label="Reason", widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": ""})
    )


def always(row: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class ManagerAct:
    """Something a manager does to a row by way of a service."""

    name: str
    label: str
    act: Act
    run: Callable[..., object]
    """Called with the actor, the row, and what the form asked."""
    done: str
    """What is said afterwards, behind the row's name."""
    question: Callable[[Any], str] | None = None
    """What they are asked first about the row; only where it cannot be undone."""
    form: type[forms.Form] | None = None
    fits: Callable[[Any], bool] = field(default=always)
    """Whether the button makes sense on this row's page; the service decides for good."""
    icon: str = "play_arrow"
    only_one: bool = False


class Acting(VenueModelAdmin):
    """A page with acts."""

    acts: ClassVar[Sequence[ManagerAct]] = ()
    change_form_outer_before_template = "back_office/acts.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if "_popup" in request.GET:
            return {}
        return {one.name: (self._action(one), one.name, one.label) for one in self._allowed(request)}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        row = self.row_of(request, object_id)
        fitting = [one for one in self._allowed(request) if row is not None and one.fits(row)]
        context = {"acts": fitting, "acts_url": self.address(), "back": request.path}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _allowed(self, request: HttpRequest) -> list[ManagerAct]:
        return [one for one in self.acts if may(actor_of(request), one.act)]

    def _action(self, act: ManagerAct) -> Callable[..., HttpResponse]:
        def run(admin: "Acting", request: HttpRequest, queryset: Any) -> HttpResponse:
            return admin.perform(request, act, list(queryset[: MOST_AT_ONCE + 1]))

        return run

    def perform(self, request: HttpRequest, act: ManagerAct, rows: Sequence[Any]) -> HttpResponse:
        """Ask what has to be asked, then do it to each of these rows."""
        if not rows or len(rows) > (1 if act.only_one else MOST_AT_ONCE):
            most = "one" if act.only_one else f"up to {MOST_AT_ONCE}"
            self.message_user(request, f"Choose {most} of this list. Nothing was changed.", messages.ERROR)
            return self._back(request)
        form = None
        if act.form is not None or act.question is not None:
            answered = request.POST.get("answer") == act.name
            form = (act.form or forms.Form)(request.POST if answered else None)
            if not answered or not form.is_valid():
                return self._ask(request, act, rows, form)
        for row in rows:
            self._do(request, act, row, form.cleaned_data if form is not None else {})
        return self._back(request)

    def _do(self, request: HttpRequest, act: ManagerAct, row: Any, asked: dict[str, Any]) -> None:
        actor: Actor = actor_of(request)
        try:
            act.run(actor, row, **asked)
        except PosError as error:
            self.message_user(request, f"{row}: {error.message}", messages.ERROR)
        else:
            self.log_change(request, row, act.label)
            self.message_user(request, f"{row}: {act.done}", messages.SUCCESS)

    def _ask(self, request: HttpRequest, act: ManagerAct, rows: Sequence[Any], form: forms.Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "opts": self.opts,
            "act": act,
            "rows": rows,
            "questions": [act.question(row) for row in rows] if act.question is not None else [],
            "form": form,
            "acts_url": self.address(),
            "back": self._back_url(request),
        }
        return TemplateResponse(request, "back_office/ask.html", context)

    def _back(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self._back_url(request))

    def _back_url(self, request: HttpRequest) -> str:
        wanted = request.POST.get("back", "")
        ours = wanted.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(wanted, None)
        return wanted if ours else self.address()


class ActingAdmin(Acting, ReadOnlyAdmin):
    """A page of rows that services own: nothing changes here but by an act."""
