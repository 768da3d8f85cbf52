"""Secrets at rest: what the database holds, what the server opens, and what anybody sees."""

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import Settings

from dojo_integration.models import DojoConnection
from pos.sealed import Sealed
from tests.factories import VenueFactory

KEY = "sk_prod_a-key-that-nobody-sees-1234"


def test_it_opens_for_its_use_and_for_nothing_else() -> None:
    sealed = Sealed.of(KEY)
    assert sealed.reveal() == KEY
    assert (str(sealed), bool(sealed), repr(sealed)) == ("set", True, "<Sealed: set>")
    for text in (sealed.token, f"{sealed}", f"{sealed!r}", str([sealed]), str({"key": sealed})):
        assert "sk_prod" not in text
        assert "1234" not in text


def test_nothing_stays_nothing() -> None:
    assert Sealed.of("") == Sealed()
    assert (Sealed().reveal(), Sealed().hint, bool(Sealed()), str(Sealed())) == ("", "Not set", False, "not set")


@pytest.mark.parametrize(("plain", "hint"), [(KEY, "Set, ends in …1234"), ("short", "Set"), ("elevenchars", "Set")])
def test_the_hint_shows_four_letters_of_a_long_secret_only(plain: str, hint: str) -> None:
    assert Sealed.of(plain).hint == hint


def test_an_older_key_opens_as_long_as_it_is_a_fallback(settings: Settings) -> None:
    # given
    sealed, old = Sealed.of(KEY), settings.SECRET_KEY
    # when
    settings.SECRET_KEY = "a new key of the server's"
    # then
    with pytest.raises(ValueError, match="SECRET_KEY_FALLBACKS"):
        sealed.reveal()
    assert "Enter it again" in sealed.hint
    # when
    settings.SECRET_KEY_FALLBACKS = [old]
    # then
    assert sealed.reveal() == KEY
    assert Sealed.of(KEY).token != sealed.token


def test_a_tampered_token_does_not_open() -> None:
    with pytest.raises(ValueError, match="not among"):
        Sealed(Sealed.of(KEY).token[:-2] + "xx").reveal()


@pytest.mark.django_db
def test_the_database_holds_no_plain_secret() -> None:
    # given
    row = DojoConnection(venue=VenueFactory())
    row.set_api_key(KEY)
    row.save()
    # when
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key, webhook_secret FROM dojo_integration_dojoconnection")
        ((stored, empty),) = cursor.fetchall()
    # then
    assert "sk_prod" not in stored
    assert empty == ""
    found = DojoConnection.objects.get()
    assert (found.api_key.reveal(), found.webhook_secret, found.is_live) == (KEY, Sealed(), True)
    assert settings.SECRET_KEY not in stored


@pytest.mark.django_db
def test_plain_text_does_not_slip_into_the_column() -> None:
    row = DojoConnection(venue=VenueFactory())
    row.api_key = KEY  # type: ignore[assignment]
    with pytest.raises(TypeError, match="seal it first"), transaction.atomic():
        row.save()
    assert not DojoConnection.objects.exists()
