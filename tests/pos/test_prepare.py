"""Before the doors open: the schema is brought up to date, and a new embedded venue gets its demo data once."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from orders.management.commands.seed_demo import DEMO_LOGINS, VENUE_SLUG
from pos.embedded import DataFolder
from pos.management.commands import prepare
from tests.factories import VenueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(settings, tmp_path: Path) -> Path:
    settings.DATA_FOLDER = DataFolder(tmp_path)
    return tmp_path


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that prepare would have run."""
    names: list[str] = []
    monkeypatch.setattr(prepare, "call_command", lambda name, **options: names.append(name))
    return names


def said() -> str:
    out = io.StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


def test_a_new_installation_gets_the_demo_venue(data: Path, called: list[str]) -> None:
    # when
    said()

    # then
    assert called == ["seed_demo"]
    assert list(data.iterdir()) == []


def test_a_new_installation_may_begin_without_a_demo(settings, data: Path, called: list[str]) -> None:
    # given
    settings.DEMO = False

    # when
    output = said()

    # then
    assert (called, output, list(data.iterdir())) == ([], "", [])


def test_a_seeding_that_was_killed_goes_on(data: Path, called: list[str]) -> None:
    # given
    VenueFactory()
    (data / "seeding").touch()

    # when
    said()

    # then
    assert "seed_demo" in called
    assert list(data.iterdir()) == []


def test_a_venue_that_is_there_is_left_alone(data: Path, called: list[str]) -> None:
    # given
    VenueFactory()

    # when
    output = said()

    # then
    assert called == ["rest_credential"]
    assert output == ""


def test_production_is_never_seeded(data: Path, called: list[str], settings) -> None:
    # given
    settings.PRODUCTION = True

    # when
    said()

    # then
    assert called == []


@pytest.mark.parametrize(("password", "expected"), [("", []), ("from the environment", ["rest_credential"])])
def test_production_takes_over_dojos_password_and_never_tells_one(
    data: Path, called: list[str], settings, password: str, expected: list[str]
) -> None:
    # given
    VenueFactory()
    settings.PRODUCTION, settings.EPOS_REST_PASSWORD = True, password

    # when
    output = said()

    # then
    assert (called, output) == (expected, "")


def test_the_demo_logins_are_told_in_columns(data: Path, called: list[str]) -> None:
    # given
    VenueFactory(slug=VENUE_SLUG)

    # when
    header, *rows = said().splitlines()

    # then
    assert header.split() == ["login", "password", "PIN", "role", "name"]
    assert [tuple(row.split()) for row in rows] == DEMO_LOGINS
    assert {row.index(login[2]) for row, login in zip(rows, DEMO_LOGINS, strict=True)} == {header.index("PIN")}
