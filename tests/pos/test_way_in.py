"""Login, tills and PINs: who gets in, on which till, and what a wrong try costs."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pos.errors import Conflict, InvalidRequest, NotPermitted
from pos.models import AuditEntry, Till
from pos.models.people import hash_till_token
from pos.permissions import Actor, ActorKind
from pos.services.tills import enrol_till, switch_user
from tests.factories import PASSWORD, PIN, MembershipFactory, WorkingVenue, a_venue


def log_in(client: Client, uk: WorkingVenue, login: str, password: str = PASSWORD, **more: str):
    return client.post(reverse("login", args=[uk.venue.slug]), {"login": login, "password": password} | more)


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    return a_venue("GB", slug="old-mill")


def test_the_first_login_names_a_till_and_keeps_only_the_hash_of_its_token(uk: WorkingVenue) -> None:
    client = Client()
    # when
    first = log_in(client, uk, uk.waiter.staff.login)
    asked = client.get(first.url)
    named = client.post(asked.url, {"name": " Bar  till "})
    # then
    assert first.url == "/old-mill/floor"
    assert asked.url == "/old-mill/till?next=%2Fold-mill%2Ffloor"
    assert named.url == "/old-mill/floor"
    till = Till.objects.get(name="Bar till")
    assert (till.venue, till.last_used_by) == (uk.venue, uk.waiter)
    cookie = next(value for name, value in client.cookies.items() if name.startswith("tableside_till_"))
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert int(cookie["max-age"]) > 300 * 24 * 3600
    token = cookie.value.split(":")[0]
    assert till.token_hash == hash_till_token(token)
    assert client.get("/old-mill/floor").status_code == 200
    # and: known from then on
    again = log_in(client, uk, uk.supervisor.staff.login)
    assert client.get(again.url).status_code == 200
    till.refresh_from_db()
    assert till.last_used_by == uk.supervisor


@pytest.mark.parametrize(
    ("login", "password"),
    [("nobody", PASSWORD), ("", ""), ("WAITER", "wrong"), ("a\x00b", PASSWORD), ("waiter", PASSWORD + " ")],
)
def test_a_wrong_login_says_the_same_and_starts_nothing(uk: WorkingVenue, login: str, password: str) -> None:
    client = Client()
    login = login.replace("WAITER", uk.waiter.staff.login)
    answer = log_in(client, uk, login, password)
    assert answer.status_code == 200
    assert "That login and password do not open this venue." in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_somebody_of_another_venue_does_not_get_in(uk: WorkingVenue) -> None:
    client, other = Client(), a_venue("GB", slug="new-mill")
    answer = log_in(client, uk, other.manager.staff.login)
    assert "do not open this venue" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_somebody_who_left_does_not_get_in_and_is_out_at_once(uk: WorkingVenue) -> None:
    client = Client()
    log_in(client, uk, uk.waiter.staff.login)
    uk.waiter.is_active = False
    uk.waiter.save()
    assert client.get("/old-mill/floor").status_code == 404
    assert "do not open this venue" in log_in(Client(), uk, uk.waiter.staff.login).content.decode()


@pytest.mark.parametrize("wanted", ["https://example.com/", "//example.com", "/new-mill/floor", "/old-mill/../x"])
def test_next_leads_only_to_pages_of_this_venue(uk: WorkingVenue, wanted: str) -> None:
    answer = log_in(Client(), uk, uk.waiter.staff.login, next=wanted)
    assert answer.url == ("/old-mill/floor" if not wanted.startswith("/old-mill/") else wanted)


def test_a_till_name_is_unique_in_its_venue_whatever_its_case(uk: WorkingVenue) -> None:
    # given
    enrol_till(actor=uk.by_waiter, name="Bar till")
    other = a_venue("GB")
    # then
    with pytest.raises(Conflict, match="already a till called bar TILL"):
        enrol_till(actor=uk.by_waiter, name="bar TILL")
    with pytest.raises(InvalidRequest):
        enrol_till(actor=uk.by_waiter, name="  ")
    with pytest.raises(InvalidRequest):
        enrol_till(actor=uk.by_waiter, name="x" * 41)
    assert Till.objects.filter(venue=uk.venue).count() == 2
    enrol_till(actor=other.by_waiter, name="Bar till")


def test_a_forged_till_cookie_is_no_till(uk: WorkingVenue) -> None:
    client = Client()
    log_in(client, uk, uk.waiter.staff.login)
    client.cookies[f"tableside_till_{uk.venue.pk}_8000"] = "token 0:forged"
    assert client.get("/old-mill/floor").url.startswith("/old-mill/till")


def test_switching_by_pin_needs_a_known_till(uk: WorkingVenue) -> None:
    assert Client().get("/old-mill/switch").url == "/old-mill/login"


def test_a_pin_takes_over_the_till(uk: WorkingVenue) -> None:
    # given
    client = Client()
    log_in(client, uk, uk.waiter.staff.login)
    client.post("/old-mill/till", {"name": "Bar till"})
    assert client.post("/old-mill/logout").url == "/old-mill/switch"
    assert client.get("/old-mill/floor").url == "/old-mill/switch?next=%2Fold-mill%2Ffloor"
    # when
    answer = client.post("/old-mill/switch", {"person": uk.supervisor.pk, "pin": PIN})
    # then
    assert answer.url == "/old-mill/floor"
    assert uk.supervisor.staff.name in client.get("/old-mill/floor").content.decode()
    assert AuditEntry.objects.filter(act="sign_in", membership=uk.supervisor).count() == 1


def test_five_wrong_pins_stop_that_person_and_nobody_else(uk: WorkingVenue) -> None:
    # given
    till = Actor(venue=uk.venue, kind=ActorKind.SYSTEM, till=uk.till)
    # when
    for _ in range(5):
        assert switch_user(actor=till, membership_id=uk.waiter.pk, pin="0000") is None
    # then: even the right one is refused, on any till
    with pytest.raises(NotPermitted, match="stopped for a while"):
        switch_user(actor=till, membership_id=uk.waiter.pk, pin=PIN)
    assert switch_user(actor=till, membership_id=uk.supervisor.pk, pin=PIN) == uk.supervisor
    assert AuditEntry.objects.filter(act="wrong_pin").count() == 5
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert switch_user(actor=till, membership_id=uk.waiter.pk, pin=PIN) == uk.waiter
    uk.waiter.staff.refresh_from_db()
    assert (uk.waiter.staff.pin_failures, uk.waiter.staff.pin_blocked_until) == (0, None)


def test_a_right_pin_forgets_the_wrong_ones(uk: WorkingVenue) -> None:
    till = Actor(venue=uk.venue, kind=ActorKind.SYSTEM, till=uk.till)
    for _ in range(4):
        switch_user(actor=till, membership_id=uk.waiter.pk, pin="0000")
    assert switch_user(actor=till, membership_id=uk.waiter.pk, pin=PIN) == uk.waiter
    for _ in range(4):
        switch_user(actor=till, membership_id=uk.waiter.pk, pin="0000")
    assert switch_user(actor=till, membership_id=uk.waiter.pk, pin=PIN) == uk.waiter


@pytest.mark.django_db
def test_the_front_door_of_an_empty_installation_says_how_to_make_a_venue() -> None:
    said = Client().get("/").content.decode()
    assert "manage.py create_venue" in said
    assert 'name="venue"' not in said


def test_the_front_door_leads_to_the_only_the_last_or_ones_own_venue(uk: WorkingVenue) -> None:
    # given: one venue
    assert Client().get("/").url == "/old-mill/floor"
    # when: a second opens, a stranger is asked and told no names
    other = a_venue("IE", slug="new-mill")
    asked = Client().get("/").content.decode()
    assert "Where are you working today?" in asked
    assert other.venue.name not in asked
    assert Client().post("/", {"venue": "new-mill"}).url == "/new-mill/floor"
    assert "No venue has that name." in Client().post("/", {"venue": "nowhere"}).content.decode()
    # then: who was here last comes back here
    client = Client()
    log_in(client, other, other.waiter.staff.login)
    assert client.get("/").url == "/new-mill/floor"
    # and: who works in both may choose
    MembershipFactory(venue=uk.venue, staff=other.waiter.staff, waiter_id="88")
    fresh = Client()
    fresh.force_login(other.waiter.staff)
    both = fresh.get("/").content.decode()
    assert uk.venue.name in both
    assert other.venue.name in both
