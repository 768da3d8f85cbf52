"""Too many wrong passwords: who is stopped, for how long, and who is not."""

import base64
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.views import LoginView
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from pos.errors import NotFound, NotPermitted
from pos.lockout import TOO_MANY_TRIES
from pos.models import AuditEntry
from pos.services.lockouts import let_in_again
from tests.factories import PASSWORD, PIN, RestCredentialFactory, WorkingVenue, a_venue

TRIES = 10
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.1"

# Any other page with a login of Django's own, as an admin has.
urlpatterns = [
    path("elsewhere/login", LoginView.as_view(template_name="pos/name_till.html")),
    path("", include("pos.urls")),
]


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    return a_venue("GB", slug="old-mill")


def try_login(
    login: str, password: str = "wrong", *, address: str = HERE, client: Client | None = None, **headers: str
):
    form = {"login": login, "password": password}
    return (client or Client()).post("/old-mill/login", form, REMOTE_ADDR=address, headers=headers)


def is_refused(answer: HttpResponse) -> bool:
    """Whether this login has to wait; else the password was looked at."""
    assert answer.status_code in (200, 302, 429)
    assert (answer.status_code == 429) == (TOO_MANY_TRIES in answer.content.decode())
    return answer.status_code == 429


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302


def lock_out(login: str, **where: str) -> None:
    answers = [try_login(login, **where) for _ in range(TRIES)]
    assert [is_refused(answer) for answer in answers] == [False] * (TRIES - 1) + [True]


def test_ten_wrong_passwords_stop_that_login_for_half_an_hour(uk: WorkingVenue) -> None:
    login = uk.waiter.staff.login
    # when
    lock_out(login)
    # then: even the right one is refused, on our own page, which keeps the name
    answer = try_login(login, PASSWORD)
    assert is_refused(answer)
    assert f'value="{login}"' in answer.content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        assert is_refused(try_login(login, PASSWORD))
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert is_in(try_login(login, PASSWORD))


def test_who_keeps_trying_does_not_wait_longer_for_it(uk: WorkingVenue) -> None:
    # given
    login = uk.waiter.staff.login
    lock_out(login)
    # when
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        assert is_refused(try_login(login))
    # then
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert is_in(try_login(login, PASSWORD))


def test_nobody_else_on_the_till_is_stopped_nor_the_same_person_in_another_place(uk: WorkingVenue) -> None:
    # given: a till that somebody signed in on before
    till = Client()
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD, client=till))
    till.post("/old-mill/till", {"name": "Bar till"}, REMOTE_ADDR=HERE)
    # when
    for _ in range(TRIES):
        try_login(uk.waiter.staff.login, client=till)
    # then
    assert is_refused(try_login(uk.waiter.staff.login, PASSWORD, client=till))
    assert is_in(try_login(uk.supervisor.staff.login, PASSWORD, client=till))
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD, address=ELSEWHERE))
    # and: a PIN has its own count
    answer = till.post("/old-mill/switch", {"person": uk.waiter.pk, "pin": PIN}, REMOTE_ADDR=HERE)
    assert (answer.status_code, answer.url) == (302, "/old-mill/floor")


def test_another_spelling_or_browser_is_no_further_try(uk: WorkingVenue) -> None:
    # given
    login = uk.waiter.staff.login
    for number in range(TRIES - 1):
        try_login(login.upper() if number % 2 else login, **{"user-agent": f"browser {number}"})
    # when
    assert is_refused(try_login(f" {login.title()} ", **{"user-agent": "one more"}))
    # then
    assert is_refused(try_login(login, PASSWORD))


def test_without_our_reading_of_it_every_spelling_would_be_ten_more_tries(uk: WorkingVenue, settings) -> None:
    # given
    settings.AXES_USERNAME_CALLABLE = None
    login = uk.waiter.staff.login
    for number in range(TRIES - 1):
        try_login(login.upper() if number % 2 else login)
    # then
    assert not is_refused(try_login(login.title()))


def test_a_right_password_ends_the_count(uk: WorkingVenue) -> None:
    login = uk.waiter.staff.login
    for _ in range(2):
        for _ in range(TRIES - 1):
            assert not is_refused(try_login(login))
        assert is_in(try_login(login, PASSWORD))
    assert AccessAttempt.objects.count() == 0


@pytest.mark.parametrize(
    ("handler", "is_stopped"),
    [
        ("pos.lockout.PasswordTries", True),
        # The control: as it comes, any sign-in ends the count.
        ("axes.handlers.database.AxesDatabaseHandler", False),
    ],
)
def test_a_pin_does_not_end_the_count_of_passwords(uk: WorkingVenue, settings, handler: str, is_stopped: bool) -> None:
    # given: nine wrong passwords, on a till where one's PIN was seen
    settings.AXES_HANDLER = handler
    till, manager = Client(), uk.manager
    assert is_in(try_login(manager.staff.login, PASSWORD, client=till))
    till.post("/old-mill/till", {"name": "Bar till"}, REMOTE_ADDR=HERE)
    for _ in range(TRIES - 1):
        try_login(manager.staff.login, client=till)
    # when
    assert is_in(till.post("/old-mill/switch", {"person": manager.pk, "pin": PIN}, REMOTE_ADDR=HERE))
    # then
    assert is_refused(try_login(manager.staff.login, client=till)) == is_stopped


def test_wrong_pins_are_no_wrong_passwords(uk: WorkingVenue) -> None:
    # given
    till = Client()
    try_login(uk.waiter.staff.login, PASSWORD, client=till)
    till.post("/old-mill/till", {"name": "Bar till"}, REMOTE_ADDR=HERE)
    # when
    for _ in range(TRIES):
        till.post("/old-mill/switch", {"person": uk.waiter.pk, "pin": "0000"}, REMOTE_ADDR=HERE)
    # then
    assert AccessAttempt.objects.count() == 0
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD, client=till))


def test_behind_the_proxy_a_forged_header_neither_dodges_nor_frames(uk: WorkingVenue, settings) -> None:
    settings.PRODUCTION = True
    login, proxy = uk.waiter.staff.login, "172.18.0.2"

    def through_the_proxy(client: str, sent: str = "", password: str = "wrong"):
        written = f"{sent}, {client}" if sent else client
        return try_login(login, password, address=proxy, **{"x-forwarded-for": written})

    # when: another address is claimed with every try, then a victim's with all of them
    dodging = [through_the_proxy(HERE, sent=f"192.0.2.{number}") for number in range(TRIES)]
    framing = [through_the_proxy(HERE, sent=ELSEWHERE) for _ in range(TRIES)]

    # then
    assert [is_refused(answer) for answer in dodging] == [False] * (TRIES - 1) + [True]
    assert all(is_refused(answer) for answer in framing)
    assert is_in(through_the_proxy(ELSEWHERE, password=PASSWORD))


def test_dojos_credential_is_never_stopped(uk: WorkingVenue) -> None:
    # given
    credential = RestCredentialFactory(venue=uk.venue, username="dojo-old-mill", secret="the right one")

    def areas(secret: str) -> int:
        basic = base64.b64encode(f"{credential.username}:{secret}".encode()).decode()
        return Client().get("/v1/areas", headers={"authorization": f"Basic {basic}"}, REMOTE_ADDR=HERE).status_code

    # when
    wrong = [areas(f"wrong {number}") for number in range(50)]

    # then
    assert wrong == [401] * 50
    assert areas("the right one") == 200
    assert AccessAttempt.objects.count() == 0
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD))
    # and: somebody's login that is stopped at that address stops nothing of Dojo's
    lock_out(uk.supervisor.staff.login)
    assert areas("the right one") == 200


def test_a_manager_lets_somebody_in_again(uk: WorkingVenue) -> None:
    # given
    lock_out(uk.waiter.staff.login)
    lock_out(uk.waiter.staff.login, address=ELSEWHERE)
    lock_out(uk.supervisor.staff.login)
    # when
    assert let_in_again(actor=uk.by_manager, membership_id=uk.waiter.pk)
    # then
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD))
    assert is_in(try_login(uk.waiter.staff.login, PASSWORD, address=ELSEWHERE))
    assert is_refused(try_login(uk.supervisor.staff.login, PASSWORD))
    entry = AuditEntry.objects.get(act="let_in_again")
    assert (entry.membership, entry.subject) == (uk.manager, f"staff_{uk.waiter.staff_id}")
    # and: a second time there is nothing to do, and nothing to tell
    assert not let_in_again(actor=uk.by_manager, membership_id=uk.waiter.pk)
    assert AuditEntry.objects.filter(act="let_in_again").count() == 1


def test_nobody_else_does_nor_the_manager_of_another_venue(uk: WorkingVenue) -> None:
    # given
    other = a_venue("GB")
    lock_out(uk.waiter.staff.login)
    # when
    for actor in (uk.by_waiter, uk.by_supervisor):
        with pytest.raises(NotPermitted):
            let_in_again(actor=actor, membership_id=uk.waiter.pk)
    with pytest.raises(NotFound):
        let_in_again(actor=other.by_manager, membership_id=uk.waiter.pk)
    # then
    assert is_refused(try_login(uk.waiter.staff.login, PASSWORD))
    assert not AuditEntry.objects.filter(act="let_in_again").exists()


def test_without_a_manager_a_command_does_it(uk: WorkingVenue) -> None:
    # given
    lock_out(uk.manager.staff.login)
    # when
    call_command("axes_reset_username", uk.manager.staff.login, verbosity=0)
    # then
    assert is_in(try_login(uk.manager.staff.login, PASSWORD))


@pytest.mark.urls("tests.pos.test_lockout")
def test_any_other_page_with_a_login_says_it_on_a_page_of_its_own(uk: WorkingVenue) -> None:
    # given
    lock_out(uk.manager.staff.login)
    # when
    form = {"username": uk.manager.staff.login, "password": PASSWORD}
    answer = Client().post("/elsewhere/login", form, REMOTE_ADDR=HERE)
    # then
    assert is_refused(answer)
    assert "pos/locked_out.html" in [template.name for template in answer.templates]


def test_what_was_typed_is_kept_nowhere_but_in_the_count(uk: WorkingVenue) -> None:
    # when: a password in the wrong field
    try_login("my secret words", "other words")
    # then
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.ip_address) == ("my secret words", HERE)
    assert "words" not in attempt.post_data + attempt.get_data + attempt.path_info
