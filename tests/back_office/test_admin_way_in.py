"""Into the back office: who, with which password, to which venue; and under which policy its pages stand."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from pos.back_office.access import SESSION_KEY
from pos.models import AuditEntry, Role, Staff
from tests.back_office.browsing import text_of
from tests.factories import PASSWORD, MembershipFactory, StaffFactory, VenueFactory, WorkingVenue, a_venue
from tests.policies import directives

pytestmark = pytest.mark.django_db


def sign_in(client: Client, login: str, password: str = PASSWORD, *, onward: str = "") -> Any:
    return client.post("/admin/login/", {"username": login, "password": password, "next": onward})


def test_a_manager_signs_in_and_comes_back_to_where_they_wanted(uk: WorkingVenue) -> None:
    # given
    client = Client()
    asked = client.get("/admin/floorplan/table/?q=1")
    assert asked.url == "/admin/login/?next=/admin/floorplan/table/%3Fq%3D1"
    assert 'name="next" value="/admin/floorplan/table/?q=1"' in client.get(asked.url).content.decode()
    # when
    answer = sign_in(client, uk.manager.staff.login.upper(), onward="/admin/floorplan/table/?q=1")
    # then
    assert answer.url == "/admin/floorplan/table/?q=1"
    assert client.get(answer.url).status_code == 200
    assert AuditEntry.objects.get(act="sign_in").membership == uk.manager


@pytest.mark.parametrize("onward", ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(uk: WorkingVenue, onward: str) -> None:
    answer = sign_in(Client(), uk.manager.staff.login, onward=onward)
    assert answer.url == "/admin/"


@pytest.mark.parametrize("who", ["waiter", "supervisor", "nobody", "wrong password", "nul"])
def test_nobody_else_signs_in_here(uk: WorkingVenue, who: str) -> None:
    # given
    client = Client()
    login = {"waiter": uk.waiter.staff.login, "supervisor": uk.supervisor.staff.login, "nul": "a\x00b"}
    # when
    answer = sign_in(client, login.get(who, uk.manager.staff.login if "wrong" in who else "nobody"),
                     "wrong" if "wrong" in who else PASSWORD)  # fmt: skip
    # then
    assert answer.status_code == (400 if who == "nul" else 200)
    if who in ("waiter", "supervisor"):
        assert "This login manages no venue" in text_of(answer)
    assert "_auth_user_id" not in client.session
    assert not AuditEntry.objects.exists()


def test_a_waiter_who_strays_here_is_told_why_and_finds_back(uk: WorkingVenue, signed_in: Any) -> None:
    page = signed_in(uk.waiter).get("/admin/")
    assert page.status_code == 403
    assert f"You are signed in as <strong>{uk.waiter.staff.name}</strong>, waiter at {uk.venue.name}" in text_of(page)
    assert f'href="/{uk.venue.slug}/floor"' in text_of(page)


def test_the_floor_leads_here_and_back_for_managers_only(uk: WorkingVenue) -> None:
    for member in (uk.waiter, uk.supervisor, uk.manager):
        client = Client()
        client.post(f"/{uk.venue.slug}/login", {"login": member.staff.login, "password": PASSWORD})
        client.post(f"/{uk.venue.slug}/till", {"name": f"Till of {member.pk}"})
        page = text_of(client.get(f"/{uk.venue.slug}/floor"))
        assert ('action="/admin/venue/"' in page) is (member is uk.manager)
    # when
    opened = client.post("/admin/venue/", {"venue": uk.venue.slug})
    # then
    assert opened.url == "/admin/"
    assert f'href="/{uk.venue.slug}/floor"' in text_of(client.get("/admin/"))


def test_who_manages_several_is_asked_which_and_can_change_it(uk: WorkingVenue, signed_in: Any) -> None:
    # given
    second = a_venue("IE", slug="second", name="The Second")
    MembershipFactory(venue=second.venue, staff=uk.manager.staff, role=Role.MANAGER)
    client = signed_in(uk.manager)
    # when
    asked = client.get("/admin/floorplan/table/")
    # then
    assert asked.url == "/admin/venue/?next=/admin/floorplan/table/"
    assert "The Second" in text_of(client.get(asked.url))
    # when
    chosen = client.post("/admin/venue/", {"venue": "second", "next": "/admin/floorplan/table/"})
    # then
    assert chosen.url == "/admin/floorplan/table/"
    assert client.session[SESSION_KEY] == second.venue.pk
    assert f"/admin/floorplan/table/{second.tables['t1'].pk}/change/" in text_of(client.get(chosen.url))
    # when
    client.post("/admin/venue/", {"venue": uk.venue.slug})
    # then
    assert client.get(f"/admin/floorplan/table/{second.tables['t1'].pk}/change/").status_code == 404
    assert client.get(f"/admin/floorplan/table/{uk.tables['t1'].pk}/change/").status_code == 200


def test_the_browsers_last_venue_counts_until_another_is_chosen(uk: WorkingVenue) -> None:
    # given
    second = a_venue("IE", slug="second", name="The Second")
    MembershipFactory(venue=second.venue, staff=uk.manager.staff, role=Role.MANAGER)
    client = Client()
    # when
    client.post("/second/login", {"login": uk.manager.staff.login, "password": PASSWORD})
    # then
    assert "The Second" in text_of(client.get("/admin/"))


def test_a_venue_that_is_not_theirs_cannot_be_chosen(uk: WorkingVenue, signed_in: Any) -> None:
    # given
    other = a_venue(slug="other", name="The Other")
    client = signed_in(uk.manager)
    # when
    answer = client.post("/admin/venue/", {"venue": "other"})
    # then
    assert answer.status_code == 200
    assert "That is no venue you manage" in text_of(answer)
    assert SESSION_KEY not in client.session
    assert client.get(f"/admin/floorplan/table/{other.tables['t1'].pk}/change/").status_code == 404


def test_a_role_that_was_taken_away_counts_at_once(uk: WorkingVenue, signed_in: Any) -> None:
    # given
    client = signed_in(uk.manager)
    assert client.get("/admin/").status_code == 200
    # when
    uk.manager.role = Role.WAITER
    uk.manager.save()
    # then
    assert client.get("/admin/").status_code == 403


def test_a_superuser_looks_after_every_venue_without_working_there(uk: WorkingVenue) -> None:
    # given
    other = VenueFactory(slug="other", name="The Other")
    support = Staff.objects.create_superuser("support", PASSWORD)
    client = Client()
    # when
    assert sign_in(client, "support").url == "/admin/"
    assert client.get("/admin/").url == "/admin/venue/?next=/admin/"
    client.post("/admin/venue/", {"venue": "other"})
    client.post("/admin/floorplan/area/add/", {"name": "Garden", "position": "0", "is_active": "on"})
    # then
    assert other.areas.get().name == "Garden"
    entry = AuditEntry.objects.get(act="add_area")
    assert (entry.membership, entry.detail["by"]) == (None, support.login)


def test_a_form_opened_in_one_venue_writes_nothing_in_another(uk: WorkingVenue, signed_in: Any) -> None:
    # given: opened here, and then this browser went on to another venue
    second = a_venue("IE", slug="second", name="The Second")
    MembershipFactory(venue=second.venue, staff=uk.manager.staff, role=Role.MANAGER)
    client = signed_in(uk.manager)
    client.post("/admin/venue/", {"venue": "second"})
    sent = {"name": "Garden", "position": "0", "is_active": "on", "back_office_venue": str(uk.venue.pk)}
    # when
    answer = client.post("/admin/floorplan/area/add/", sent, follow=True)
    # then
    assert "You look after The Second now. Nothing was saved." in text_of(answer)
    assert not uk.venue.areas.filter(name="Garden").exists()
    assert not second.venue.areas.filter(name="Garden").exists()


def test_a_manager_signs_out_here(uk: WorkingVenue, signed_in: Any) -> None:
    client = signed_in(uk.manager)
    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").url == "/admin/login/"
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"


def test_a_manager_changes_their_own_password_with_the_old_one(uk: WorkingVenue, signed_in: Any) -> None:
    # given
    client, new = signed_in(uk.manager), "four copper kettles"
    # when
    wrong = client.post("/admin/password_change/", {"old_password": "x", "new_password1": new, "new_password2": new})
    # then
    assert wrong.status_code == 200
    assert not Staff.objects.get(pk=uk.manager.staff_id).check_password(new)
    # when
    right = client.post(
        "/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    # then
    assert right.url == reverse("admin:password_change_done")
    assert client.get(right.url).status_code == 200
    assert Staff.objects.get(pk=uk.manager.staff_id).check_password(new)
    assert AuditEntry.objects.get(act="change_own_password").detail == {}
    assert new not in client.get(right.url).content.decode()


# --- the policy ------------------------------------------------------------------------------------------------------


def policy(client: Client, path: str) -> dict[str, str]:
    return directives(client.get(path).headers)


def test_the_back_office_has_a_policy_of_its_own_on_no_other_path(uk: WorkingVenue) -> None:
    # given
    client = Client()
    client.post(f"/{uk.venue.slug}/login", {"login": uk.manager.staff.login, "password": PASSWORD})
    client.post(f"/{uk.venue.slug}/till", {"name": "Till"})
    # then
    for path in ("/admin/", "/admin/floorplan/table/", f"/admin/pos/venue/{uk.venue.pk}/change/"):
        found = policy(client, path)
        assert found["script-src"] == "'self' 'unsafe-eval'"
        assert found["style-src"] == "'self' 'unsafe-inline'"
        assert found["default-src"] == "'none'"
    for path in ("/", f"/{uk.venue.slug}/floor", f"/{uk.venue.slug}/stations", f"/{uk.venue.slug}/login", "/nowhere"):
        found = policy(client, path)
        assert "unsafe" not in str(found), path
        assert found["script-src"].startswith("'self'"), path
    # and: who is not let in needs nothing of it either
    for path in ("/admin/login/", "/admin/venue/"):
        found = policy(Client(), path)
        assert found, path
        assert "unsafe" not in str(found), path


def test_nothing_of_the_back_office_comes_from_elsewhere(uk: WorkingVenue, signed_in: Any) -> None:
    client = signed_in(uk.manager)
    product = uk.products["ribeye"].pk
    for path in ("/admin/", "/admin/orders/product/", f"/admin/orders/product/{product}/change/"):
        page = client.get(path).content.decode()
        linked = [part.split('"')[0] for key in ('src="', 'href="') for part in page.split(key)[1:]]
        assert linked
        assert [one for one in linked if one.startswith(("http", "//"))] == []


def test_sessions_of_the_till_open_the_back_office_for_managers(uk: WorkingVenue) -> None:
    client = Client()
    client.post(f"/{uk.venue.slug}/login", {"login": uk.manager.staff.login, "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    assert settings.SESSION_COOKIE_NAME in client.cookies


def test_somebody_of_no_venue_at_all_is_refused(db: None) -> None:
    client = Client()
    client.force_login(StaffFactory())
    page = client.get("/admin/")
    assert page.status_code == 403
    assert "Sign in as somebody else" in text_of(page)
