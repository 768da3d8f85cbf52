"""Staff: hired by login, with a PIN that nobody sees, and never taken over from another venue."""

import contextlib
import logging
import threading
from functools import partial
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bookings.models import Party
from orders.admin import people
from orders.services.seating import seat_party
from pos.models import AuditEntry, Membership, Role, Staff, Venue
from tests.back_office.browsing import complaints, fill_in, form_on, text_of
from tests.back_office.houses import everything
from tests.bills import a_bill
from tests.factories import PASSWORD, PIN, MembershipFactory, StaffFactory, WorkingVenue, a_venue
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "nine brass kettles"


def hire(client: Client, **changes: Any) -> Any:
    return fill_in(client, "/admin/pos/membership/add/", changes, form_id="membership_form")


def change(client: Client, member: Membership, **changes: Any) -> Any:
    return fill_in(client, f"/admin/pos/membership/{member.pk}/change/", changes, form_id="membership_form")


# --- hiring ----------------------------------------------------------------------------------------------------------


def test_a_new_waiter_gets_a_pin_and_takes_over_a_till(uk: WorkingVenue, manager: Client) -> None:
    # when
    answer = hire(manager, name="Ana", login=" Ana ", pin="8642")
    # then
    assert answer.url == "/admin/pos/membership/"
    ana = Membership.objects.get(staff__login="ana")
    assert (ana.venue, ana.role, ana.waiter_id, ana.staff.name) == (uk.venue, Role.WAITER, "3", "Ana")
    assert ana.staff.has_pin("8642")
    assert not ana.staff.has_usable_password()
    assert not ana.staff.is_staff
    # and: on a till that is known
    client = Client()
    client.post(f"/{uk.venue.slug}/login", {"login": uk.waiter.staff.login, "password": PASSWORD})
    client.post(f"/{uk.venue.slug}/till", {"name": "Bar till"})
    client.post(f"/{uk.venue.slug}/logout")
    assert client.post(f"/{uk.venue.slug}/switch", {"person": ana.pk, "pin": "8642"}).url.endswith("/floor")


def test_a_new_manager_signs_in_here_at_once(uk: WorkingVenue, manager: Client) -> None:
    # when
    hire(manager, name="Robin", login="robin", role="manager", password=NEW_PASSWORD)
    # then
    client = Client()
    answer = client.post("/admin/login/", {"username": "robin", "password": NEW_PASSWORD, "next": "/admin/"})
    assert answer.url == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert Staff.objects.get(login="robin").is_staff


def test_who_works_elsewhere_becomes_a_member_and_nothing_else(uk: WorkingVenue, manager: Client) -> None:
    # given
    elsewhere = MembershipFactory(role=Role.MANAGER, staff__login="sam", staff__name="Sam")
    hashes = (elsewhere.staff.password, elsewhere.staff.pin_hash)
    # when
    answer = hire(manager, login="SAM", name="", role="supervisor")
    # then
    assert answer.status_code == 302, complaints(answer)
    here = Membership.objects.get(venue=uk.venue, staff=elsewhere.staff)
    assert here.role == Role.SUPERVISOR
    sam = Staff.objects.get(login="sam")
    assert (sam.name, sam.password, sam.pin_hash) == ("Sam", *hashes)
    elsewhere.refresh_from_db()
    assert elsewhere.role == Role.MANAGER


@pytest.mark.parametrize("own", [{"name": "Mine"}, {"pin": "1111"}, {"password": NEW_PASSWORD}])
def test_hiring_takes_nobodys_login_over(uk: WorkingVenue, manager: Client, own: dict[str, str]) -> None:
    # given
    MembershipFactory(staff__login="sam", staff__name="Sam")
    before = everything()
    # when
    answer = hire(manager, **{"login": "sam", "name": "", **own})
    # then
    assert "This login belongs to somebody who works with Tableside already" in text_of(answer)
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "", "login": "kim", "pin": "1234"}, "A new person needs a name."),
        ({"name": "Kim", "login": "kim"}, "Give them a PIN or a password"),
        ({"name": "Kim", "login": "", "pin": "1234"}, "This field is required."),
        ({"name": "Kim", "login": "k m", "pin": "1234"}, "Small letters and digits"),
        ({"name": "Kim", "login": "kim", "pin": "12a4"}, "A PIN is 4 to 8 digits."),
        ({"name": "Kim", "login": "kim", "pin": "123"}, "A PIN is 4 to 8 digits."),
        ({"name": "Kim", "login": "kim", "pin": "１２３４"}, "A PIN is 4 to 8 digits."),
        ({"name": "Kim", "login": "kim", "password": "password"}, "too common"),
        ({"name": "Kim", "login": "kim", "pin": "1234", "waiter_id": "7"}, "There is another person with this number."),
        ({"name": "Kim", "login": "kim", "pin": "1234", "waiter_id": "7 8"}, "Enter a valid value."),
        ({"name": "Kim", "login": "kim", "pin": "1234", "role": "owner"}, "Select a valid choice."),
        ({"name": "", "login": "closed"}, "This login is closed."),
        ({"name": "", "login": "here"}, "is on the list already."),
    ],
)
def test_a_spoilt_person_is_not_hired(uk: WorkingVenue, manager: Client, changes: dict[str, str], words: str) -> None:
    # given
    StaffFactory(login="closed", is_active=False)
    MembershipFactory(venue=uk.venue, staff__login="here", is_active=False)
    before = everything()
    # when
    answer = hire(manager, **changes)
    # then
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert everything() == before


# --- changing --------------------------------------------------------------------------------------------------------


def test_a_manager_changes_what_is_their_own_peoples(uk: WorkingVenue, manager: Client) -> None:
    # given: a PIN that was stopped
    Staff.objects.filter(pk=uk.waiter.staff_id).update(pin_failures=4)
    # when
    new = {"name": "Anna", "login": "anna", "role": "supervisor", "waiter_id": "70"}
    answer = change(manager, uk.waiter, **new, pin="9753", password=NEW_PASSWORD)
    # then
    assert answer.status_code == 302, complaints(answer)
    member = Membership.objects.get(pk=uk.waiter.pk)
    assert (member.staff.name, member.staff.login) == ("Anna", "anna")
    assert (member.role, member.waiter_id) == ("supervisor", "70")
    assert member.staff.has_pin("9753")
    assert member.staff.check_password(NEW_PASSWORD)
    assert member.staff.pin_failures == 0


def test_empty_keeps_pin_and_password(uk: WorkingVenue, manager: Client) -> None:
    change(manager, uk.waiter, name="Anna")
    person = Staff.objects.get(pk=uk.waiter.staff_id)
    assert person.name == "Anna"
    assert person.has_pin(PIN)
    assert person.check_password(PASSWORD)


def test_a_new_password_signs_the_person_out_everywhere(uk: WorkingVenue, manager: Client, signed_in: Any) -> None:
    theirs = signed_in(uk.supervisor)
    assert theirs.get("/admin/").status_code == 403
    change(manager, uk.supervisor, password=NEW_PASSWORD)
    assert theirs.get("/admin/").url == "/admin/login/?next=/admin/"


@pytest.mark.parametrize("who", ["works elsewhere", "worked elsewhere", "superuser"])
def test_what_is_somebodys_own_is_not_this_managers_alone(uk: WorkingVenue, manager: Client, who: str) -> None:
    # given
    member = MembershipFactory(venue=uk.venue, waiter_id="50", staff__is_superuser=who == "superuser")
    if "else" in who:
        MembershipFactory(staff=member.staff, is_active=who == "works elsewhere")
    person = Staff.objects.get(pk=member.staff_id)
    page = manager.get(f"/admin/pos/membership/{member.pk}/change/")
    own = {"name": "Mine", "login": "mine", "pin": "1111", "password": NEW_PASSWORD}
    # then: the page does not even offer it
    assert not {"name", "login", "pin", "password"} & set(form_on(page, "membership_form").values)
    # when
    answer = change(manager, member, **own, waiter_id="51")
    # then: what they are here is, what they are everywhere is not
    assert answer.status_code == 302, complaints(answer)
    member.refresh_from_db()
    assert member.waiter_id == "51"
    after = Staff.objects.get(pk=member.staff_id)
    columns = ("name", "login", "pin_hash", "password", "is_superuser")
    assert [getattr(after, name) for name in columns] == [getattr(person, name) for name in columns]


def test_who_looks_after_all_their_venues_may(uk: WorkingVenue, manager: Client) -> None:
    # given: the manager looks after the other venue as well
    member = MembershipFactory(venue=uk.venue, waiter_id="50")
    other = a_venue("IE").venue
    MembershipFactory(venue=other, staff=member.staff)
    MembershipFactory(venue=other, staff=uk.manager.staff, role=Role.MANAGER)
    manager.post("/admin/venue/", {"venue": uk.venue.slug})
    # when
    change(manager, member, pin="1111")
    # then
    assert Staff.objects.get(pk=member.staff_id).has_pin("1111")


def test_a_managers_own_password_asks_for_the_old_one(uk: WorkingVenue, manager: Client) -> None:
    page = manager.get(f"/admin/pos/membership/{uk.manager.pk}/change/")
    assert "password" not in form_on(page, "membership_form").values
    change(manager, uk.manager, password=NEW_PASSWORD, pin="1357")
    person = Staff.objects.get(pk=uk.manager.staff_id)
    assert person.check_password(PASSWORD)
    assert person.has_pin("1357")


def test_a_login_that_is_taken_stays_with_whom_has_it(uk: WorkingVenue, manager: Client) -> None:
    before = everything()
    answer = change(manager, uk.waiter, login=uk.supervisor.staff.login)
    assert "This login is taken." in text_of(answer)
    assert everything() == before


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_who_leaves_is_out_at_once_and_stays_on_old_bills(uk: WorkingVenue, manager: Client, signed_in: Any) -> None:
    # given
    theirs = signed_in(uk.waiter)
    # when
    change(manager, uk.waiter, is_active=None)
    # then
    assert not Membership.objects.get(pk=uk.waiter.pk).is_active
    assert theirs.get(f"/{uk.venue.slug}/floor").status_code == 404
    assert manager.post(f"/admin/pos/membership/{uk.waiter.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("what", ["bill", "guests"])
def test_nobody_leaves_with_something_open(uk: WorkingVenue, manager: Client, what: str) -> None:
    # given
    if what == "bill":
        a_bill(uk)
    else:
        seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t3"].pk], covers=2)
        assert Party.objects.get().waiter == uk.waiter
    before = everything()
    # when
    answer = change(manager, uk.waiter, is_active=None)
    # then
    assert "over first" in text_of(answer)
    assert everything() == before


@pytest.mark.parametrize("changes", [{"is_active": None}, {"role": "supervisor"}])
def test_the_last_manager_stays(uk: WorkingVenue, manager: Client, changes: dict[str, Any]) -> None:
    # given
    MembershipFactory(venue=uk.venue, role=Role.MANAGER, is_active=False)
    MembershipFactory(venue=uk.venue, role=Role.MANAGER, staff__is_active=False)
    before = everything()
    # when
    answer = change(manager, uk.manager, **changes)
    # then
    assert "That is the last manager" in text_of(manager.get(answer.url))
    assert everything() == before
    # and: with another one they may go
    MembershipFactory(venue=uk.venue, role=Role.MANAGER)
    change(manager, uk.manager, **changes)
    assert manager.get("/admin/").status_code == 403
    assert not Staff.objects.get(pk=uk.manager.staff_id).is_staff


def two_managers_drop_each_other(monkeypatch: pytest.MonkeyPatch) -> int:
    """Each takes the role from the other, and both ask at the same moment whether one is left; says how many are."""
    house = a_venue("GB")
    second = MembershipFactory(venue=house.venue, role=Role.MANAGER)
    ask, together = people.refuse_without_manager, threading.Barrier(2)

    def ask_together(venue: Venue) -> None:
        # Where the lock keeps them apart, the first one waits for nobody.
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(timeout=0.5)
        ask(venue)

    monkeypatch.setattr(people, "refuse_without_manager", ask_together)
    calls = []
    for me, other in ((house.manager, second), (second, house.manager)):
        client = Client()
        client.force_login(me.staff)
        url = f"/admin/pos/membership/{other.pk}/change/"
        sent = dict(form_on(client.get(url), "membership_form").values) | {"role": "waiter", "_save": "1"}
        calls.append(partial(client.post, url, sent))
    all_at_once(calls)
    return Membership.objects.filter(venue=house.venue, role=Role.MANAGER).count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_managers_cannot_drop_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert two_managers_drop_each_other(monkeypatch) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_managers_drop_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "hold_tills", lambda venue: None)
    assert two_managers_drop_each_other(monkeypatch) == 0


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_pins_and_passwords_are_nowhere_to_be_read(
    uk: WorkingVenue, manager: Client, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    secrets = ("86420", "97531", NEW_PASSWORD, "eleven tin kettles")
    # when: right, and wrong in another field so that the form comes back
    pages = [
        hire(manager, name="Ana", login="ana", pin=secrets[0], password=secrets[2]),
        hire(manager, name="", login="eva", pin=secrets[0], password=secrets[2]),
    ]
    ana = Membership.objects.get(staff__login="ana")
    pages.append(change(manager, ana, pin=secrets[1], password=secrets[3]))
    pages.append(change(manager, ana, pin=secrets[1], password=secrets[3], waiter_id=""))
    url = f"/admin/pos/membership/{ana.pk}"
    pages += [manager.get(f"{url}/change/"), manager.get(f"{url}/history/"), manager.get("/admin/pos/membership/")]
    pages += [manager.get("/admin/pos/auditentry/"), manager.get("/admin/")]
    pages += [manager.get(f"/admin/pos/auditentry/{entry.pk}/change/") for entry in AuditEntry.objects.all()]
    # then
    person = Staff.objects.get(login="ana")
    read = [page.content.decode() for page in pages]
    read += [str(row) for row in AuditEntry.objects.values()] + [str(row) for row in LogEntry.objects.values()]
    read += [record.getMessage() for record in caplog.records]
    for secret in (*secrets, person.pin_hash, person.password):
        assert not [text for text in read if secret in text], secret
    # and yet the trail says that they were given
    assert AuditEntry.objects.get(act="change_person").detail["changes"] == {
        "PIN": ["set", "set"],
        "password": ["set", "set"],
    }
