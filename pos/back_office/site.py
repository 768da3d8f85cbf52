"""The site behind /admin/: its door, its side bar, its search, its first page."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import update_wrapper
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib import messages
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from unfold.dataclasses import Favicon, SearchResult
from unfold.sites import UnfoldAdminSite

from pos.back_office.access import access_of, look_after, venue_of
from pos.back_office.home import Figure, Step
from pos.back_office.venue_admin import VenueModelAdmin
from pos.back_office.way_in import ManagerLogin, OwnPassword
from pos.models import Role, Staff

View = Callable[..., HttpResponse]

# The tables inside its pages need eval (Alpine) and inline styles; nothing comes from elsewhere here either.
CONTENT_SECURITY_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

# In the side bar from top to bottom.
GROUPS = ("Venue", "Floor plan", "Menu", "People", "Dojo", "Today", "Records")
MOST_FOUND = 40
# Pages that packages bring along; they know no venues, and are left out.
OF_OTHERS = ("django.", "axes.")


class VenueAdminSite(UnfoldAdminSite):
    """Managers of a venue, and nobody else, in one venue at a time."""

    site_title = "Tableside"
    index_title = "Set-up"
    index_template = "back_office/home.html"
    enable_nav_sidebar = True

    # --- the door ------------------------------------------------------------------------------------------------

    def has_permission(self, request: HttpRequest) -> bool:
        return access_of(request).actor is not None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        inner = super().admin_view(view, cacheable)

        def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            turned_away = self._turn_away(request)
            if turned_away is not None:
                return turned_away
            with timezone.override(_zone(request)):
                return with_our_policy(_rendered(inner(request, *args, **kwargs)))

        return update_wrapper(serve, view)

    def _turn_away(self, request: HttpRequest) -> HttpResponse | None:
        if _has_nul(request):
            return HttpResponseBadRequest("No text of ours has a NUL byte in it.", content_type="text/plain")
        access = access_of(request)
        if access.actor is not None:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if access.venues:
            return redirect_to_login(request.get_full_path(), reverse("admin:choose_venue"))
        return self._refuse(request)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        response = TemplateResponse(request, "back_office/refused.html", _bare(request), status=403)
        add_never_cache_headers(response)
        return response

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if _has_nul(request):
            return HttpResponseBadRequest("No login has a NUL byte in it.", content_type="text/plain")
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        serve = ManagerLogin.as_view(extra_context=_bare(request), next_page=reverse("admin:index"))
        response: Any = serve(request)
        add_never_cache_headers(response)
        return response

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer: Any = LogoutView.as_view(next_page=reverse("admin:login"))(request)
        return answer

    def choose_venue(self, request: HttpRequest) -> HttpResponse:
        """Which of the venues that this person manages?"""
        if _has_nul(request):
            return HttpResponseBadRequest("No venue has a NUL byte in it.", content_type="text/plain")
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        access = access_of(request)
        if not access.venues:
            return self._refuse(request)
        if request.method == "POST":
            for venue in access.venues:
                if venue.slug == request.POST.get("venue"):
                    look_after(request, venue)
                    return HttpResponseRedirect(_onward(request))
            messages.error(request, "That is no venue you manage.")
        context = {**_bare(request), "venues": access.venues}
        return TemplateResponse(request, "back_office/choose_venue.html", context)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**self.each_context(request), **(extra_context or {})}
        done = reverse("admin:password_change_done")
        answer: Any = OwnPassword.as_view(success_url=done, extra_context=context)(request)
        return answer

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take a page in that keeps to one venue. Raises ImproperlyConfigured for any other of ours."""
        if admin_class is not None and issubclass(admin_class, VenueModelAdmin):
            super().register(model_or_iterable, admin_class, **options)
        elif admin_class is None or not admin_class.__module__.startswith(OF_OTHERS):
            raise ImproperlyConfigured(f"{admin_class} shows rows of every venue: begin with VenueModelAdmin.")

    # --- addresses -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        # Django's way to an object's page on the site asks any model for any row; nothing of ours has such a page.
        others = [one for one in super().get_urls() if getattr(one, "name", "") not in ("view_on_site", "logout")]
        # These two are for who has signed in and is in no venue yet, too.
        ours = [
            path("venue/", never_cache(self.choose_venue), name="choose_venue"),
            path("logout/", never_cache(self.logout), name="logout"),
        ]
        return [*ours, *others]

    # --- what stands around every page ---------------------------------------------------------------------------

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        access = access_of(request)
        icon = Favicon(href=static("favicon.svg"), rel="icon", type="image/svg+xml")
        context |= {"styles": [static("css/back-office.css")], "site_favicons": [icon]}
        if access.venue is not None:
            floor = reverse("floor", args=[access.venue.slug])
            back = {"title": "Back to the floor", "link": floor, "icon": "map"}
            password = {"title": "Change password", "link": reverse("admin:password_change")}
            context |= {"site_header": access.venue.name, "site_subheader": "Set-up", "site_url": None}
            context["account_links"] = [back, password]
            if len(access.venues) > 1:
                switch = {"title": "Another venue", "link": reverse("admin:choose_venue"), "icon": "swap_horiz"}
                context["site_dropdown"] = [back, switch]
        return context

    def get_log_entries(self, request: HttpRequest) -> Any:
        # Django remembers what a person did, not in which venue.
        return super().get_log_entries(request).none()

    def pages(self) -> list[VenueModelAdmin]:
        """Every page of the back office."""
        return [one for one in self._registry.values() if isinstance(one, VenueModelAdmin)]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The side bar, in the words of the trade."""
        home = reverse("admin:index")
        floor = reverse("floor", args=[venue_of(request).slug])
        first = [
            {"title": "Back to the floor", "icon": "map", "link": floor, "active": False},
            {"title": "Set-up", "icon": "checklist", "link": home, "active": request.path == home},
        ]
        groups: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in GROUPS}
        for page in self.pages():
            if page.place is None or not page.has_module_permission(request):
                continue
            link = page.address()
            title = page.place.title or str(page.opts.verbose_name_plural).capitalize()
            active = request.path.startswith(link)
            item = {"title": title, "icon": page.place.icon, "link": link, "active": active, "has_permission": True}
            groups[page.place.group].append((page.place.position, item))
        listed = [
            {"title": name, "items": [item for _, item in sorted(items, key=lambda pair: pair[0])]}
            for name, items in groups.items()
            if items
        ]
        top = [{**item, "has_permission": True} for item in first]
        return [{"title": "", "items": top}, *listed]

    # --- first page, search --------------------------------------------------------------------------------------

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        pages = [page for page in self.pages() if page.has_module_permission(request)]
        steps: list[Step] = [step for page in pages if (step := page.step(request)) is not None]
        figures: list[Figure] = [figure for page in pages for figure in page.figures(request)]
        steps.sort(key=lambda step: step.position)
        needed = [step for step in steps if not step.is_optional]
        context = {
            "steps": steps,
            "steps_done": sum(step.is_done for step in needed),
            "steps_needed": len(needed),
            "figures": sorted(figures, key=lambda figure: figure.position),
            "venue": venue_of(request),
        }
        return super().index(request, context | (extra_context or {}))

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        # Our pages are sorted by what they are for, not by the app that holds them.
        return HttpResponseRedirect(reverse("admin:index"))

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Find anything of this venue by a few letters; what unfold remembers across venues, we look up."""
        term = request.GET.get("s", "").strip()[:100]
        if not term:
            return HttpResponse()
        found: list[SearchResult] = []
        for page in self.pages():
            if page.has_module_permission(request):
                found += page.found(request, term)
        found.sort(key=lambda one: (not one.title.lower().startswith(term.lower()), one.description, one.title))
        context = {"results": found[:MOST_FOUND]}
        return TemplateResponse(request, "back_office/found.html", context, headers={"HX-Trigger": "search"})


def with_our_policy(response: HttpResponse) -> HttpResponse:
    response._csp_replace = CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
    return response


def _zone(request: HttpRequest) -> tzinfo:
    venue = access_of(request).venue
    return venue.zone if venue is not None else UTC


def _rendered(response: HttpResponse) -> HttpResponse:
    """Written out while the clock on the venue's wall is the one that counts."""
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


def _has_nul(request: HttpRequest) -> bool:
    """No form of ours sends one, and no text of the database holds one."""
    sent = [request.GET, request.POST] if request.method == "POST" else [request.GET]
    return any("\x00" in value for each in sent for values in each.lists() for value in (values[0], *values[1]))


def _bare(request: HttpRequest) -> dict[str, Any]:
    """For pages that stand alone: nothing of any venue is on them but where this person works."""
    roles = []
    if isinstance(request.user, Staff):
        memberships = request.user.memberships.filter(is_active=True).select_related("venue")
        roles = [(member.venue, Role(member.role).label.lower()) for member in memberships]
    return {"roles": roles, "next": _onward(request)}


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    home = reverse("admin:index")
    ours = wanted.startswith(home) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and not wanted.startswith(reverse("admin:choose_venue")) else home
