"""The way in: which venue, who, on which till."""

from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from pos.errors import PosError
from pos.forms import LoginForm, PinForm, TillForm, VenueForm
from pos.lockout import HTTP_TOO_MANY, TOO_MANY_TRIES, is_locked_out
from pos.models import Membership, Staff, Till, Venue
from pos.permissions import Actor, ActorKind
from pos.selectors import people_with_pin, venues_for
from pos.services.tills import enrol_till, note_sign_in, switch_user
from pos.staff_pages import next_page, venue_by_slug
from pos.till_cookie import last_venue, remember_till, remember_venue, till_of

_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
_NOT_HERE = "That login and password do not open this venue."


@never_cache
@require_http_methods(["GET", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """To the last venue, or the only one; else ask which."""
    form = VenueForm(request.POST or None)
    if request.method == "POST":
        if form.is_valid() and Venue.objects.filter(slug=form.cleaned_data["venue"]).exists():
            return redirect("floor", form.cleaned_data["venue"])
        messages.error(request, "No venue has that name. It is the word after the slash in its address.")
    venues = venues_for(request.user, last_slug=last_venue(request))
    if request.method == "GET" and len(venues) == 1:
        return redirect("floor", venues[0].slug)
    return render(request, "pos/choose_venue.html", {"venues": venues, "is_empty": not Venue.objects.exists()})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest, venue: str) -> HttpResponse:
    """Login and password; the browser's first login goes on to name the till."""
    here = venue_by_slug(venue)
    till = till_of(request, here)
    form = LoginForm(request.POST or None)
    if request.method == "POST":
        member = _member(request, here, form) if form.is_valid() else None
        if member is not None:
            return _come_in(request, member, till)
        if not is_locked_out(request):
            messages.error(request, _NOT_HERE)
    context = {"venue": here, "till": till, "login": form["login"].value() or "", "next": next_page(request, here)}
    if is_locked_out(request):
        return render(request, "pos/login.html", context | {"refused": TOO_MANY_TRIES}, status=HTTP_TOO_MANY)
    return render(request, "pos/login.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def name_till(request: HttpRequest, venue: str) -> HttpResponse:
    """Ask once what this browser is called; from then on it knows."""
    here = venue_by_slug(venue)
    member = Membership.objects.filter(venue=here, staff_id=request.user.pk or 0, is_active=True).first()
    if member is None:
        return redirect("login", venue)
    onward = next_page(request, here) or reverse("floor", args=[venue])
    if till_of(request, here) is not None:
        return HttpResponseRedirect(onward)
    form = TillForm(request.POST or None)
    if request.method == "POST":
        name = form.cleaned_data.get("name", "") if form.is_valid() else ""
        try:
            _, token = enrol_till(actor=Actor.staff(member), name=name)
        except PosError as error:
            messages.error(request, error.message)
        else:
            response = HttpResponseRedirect(onward)
            remember_till(request, response, here, token)
            remember_venue(request, response, here)
            return response
    return render(
        request,
        "pos/name_till.html",
        {"venue": here, "name": form["name"].value() or "", "next": next_page(request, here)},
    )


@never_cache
@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest, venue: str) -> HttpResponse:
    """Who is it? A face, then a PIN; only on a till that is known."""
    here = venue_by_slug(venue)
    till = till_of(request, here)
    if till is None:
        return redirect("login", venue)
    picked = ""
    if request.method == "POST":
        form = PinForm(request.POST)
        picked = request.POST.get("person", "")
        try:
            actor = Actor(venue=here, kind=ActorKind.SYSTEM, till=till)
            person = (
                switch_user(actor=actor, membership_id=form.cleaned_data["person"], pin=form.cleaned_data["pin"])
                if form.is_valid()
                else None
            )
        except PosError as error:
            messages.error(request, error.message)
        else:
            if person is not None:
                return _start(request, person)
            messages.error(request, "That PIN is not right.")
    context = {"venue": here, "till": till, "people": people_with_pin(here), "next": next_page(request, here)}
    return render(request, "pos/switch.html", context | {"picked": picked})


@require_POST
def logout(request: HttpRequest, venue: str) -> HttpResponse:
    here = venue_by_slug(venue)
    end_session(request)
    return redirect("switch_user" if till_of(request, here) else "login", venue)


def _member(request: HttpRequest, venue: Venue, form: LoginForm) -> Membership | None:
    name, password = form.cleaned_data["login"], form.cleaned_data["password"]
    person = authenticate(request, username=name, password=password)
    if not isinstance(person, Staff):
        return None
    return Membership.objects.select_related("venue", "staff").filter(venue=venue, staff=person, is_active=True).first()


def _come_in(request: HttpRequest, member: Membership, till: Till | None) -> HttpResponse:
    if till is not None:
        note_sign_in(actor=Actor.staff(member, till))
    return _start(request, member)


def _start(request: HttpRequest, member: Membership) -> HttpResponse:
    start_session(request, member.staff, backend=_MODEL_BACKEND)
    # Straight to the page: it asks for the till's name itself, where that is still missing.
    response = HttpResponseRedirect(next_page(request, member.venue) or reverse("floor", args=[member.venue.slug]))
    remember_venue(request, response, member.venue)
    return response
