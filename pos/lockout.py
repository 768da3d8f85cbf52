"""Wrong passwords: ten for one login from one address, then half an hour's rest. django-axes counts them.

Who is stopped is one login at one address: never everybody on a till, never the same person in another place, and
never Dojo, whose credentials (dojo_integration.auth) do not come this way. A PIN has its own count (pos.pins).
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pos.models.people import tidy_login

TOO_MANY_TRIES = "Too many tries. Wait 30 minutes or ask a manager."
HTTP_TOO_MANY = 429


def is_locked_out(request: HttpRequest) -> bool:
    """Whether a password was refused in this request because there were too many wrong ones."""
    return bool(getattr(request, "axes_locked_out", False))


class PasswordTries(AxesDatabaseHandler):
    """The count, which only a right password ends."""

    def is_allowed(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        request.a_password_was_tried = True
        return bool(super().is_allowed(request, credentials))

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        # A PIN opens a session too. If it ended the count, whoever has seen one could try passwords for ever.
        if getattr(request, "a_password_was_tried", False):
            super().user_logged_in(sender, request, user, **kwargs)


def login_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The login that a password was tried for, as the database spells it: “Robin ” is not ten more tries for robin."""
    return tidy_login((credentials or {}).get("username"))


def refusal(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """What a page answers that refused: our own login page says it itself, any other makes way for a page that does."""
    if response.status_code == HTTP_TOO_MANY:
        return response
    return render(request, "pos/locked_out.html", {"refused": TOO_MANY_TRIES}, status=HTTP_TOO_MANY)
