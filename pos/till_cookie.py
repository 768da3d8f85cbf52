"""The signed cookie by which a browser remembers that it is a till; of its token we keep only the hash."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from pos.models import Till, Venue
from pos.models.people import hash_till_token

# Browsers keep no cookie longer than 400 days; each sign-in starts them anew.
LIFETIME = 400 * 24 * 3600
SALT = "tableside.till"
# Cookies ignore ports: two embedded venues on one machine must not take each other's tills.
_SUFFIX = settings.SESSION_COOKIE_NAME.removeprefix("tableside_session")
LAST_VENUE = f"tableside_venue{_SUFFIX}"


def till_of(request: HttpRequest, venue: Venue) -> Till | None:
    """The till that this browser is in this venue, None before it was named."""
    token = request.get_signed_cookie(_name(venue), default=None, salt=SALT)
    if not token:
        return None
    return Till.objects.filter(venue=venue, token_hash=hash_till_token(token)).first()


def remember_till(request: HttpRequest, response: HttpResponse, venue: Venue, token: str) -> None:
    _set(request, response, _name(venue), token)


def remember_venue(request: HttpRequest, response: HttpResponse, venue: Venue) -> None:
    """Let / lead here next time, and keep the till for another 400 days."""
    _set(request, response, LAST_VENUE, venue.slug)
    token = request.get_signed_cookie(_name(venue), default=None, salt=SALT)
    if token and _name(venue) not in response.cookies:
        remember_till(request, response, venue, token)


def last_venue(request: HttpRequest) -> str | None:
    return request.get_signed_cookie(LAST_VENUE, default=None, salt=SALT)


def _name(venue: Venue) -> str:
    return f"tableside_till_{venue.pk}{_SUFFIX}"


def _set(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    response.set_signed_cookie(
        name, value, salt=SALT, max_age=LIFETIME, httponly=True, samesite="Lax", secure=request.is_secure()
    )
