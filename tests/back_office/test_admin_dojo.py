"""Dojo's pages: secrets go in and never come out, and a password is shown once."""

import logging
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from dojo_integration.auth import NotAuthenticated, venue_of
from dojo_integration.models import DojoConnection, RestCredential
from pos.models import AuditEntry
from tests.back_office.browsing import complaints, fill_in, form_on, text_of
from tests.back_office.houses import everything
from tests.bills import a_bill
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, WorkingVenue

pytestmark = pytest.mark.django_db

KEY = "sk_sandbox_first-key-of-ours-1234"
OTHER = "sk_prod_second-key-of-ours-9876"
SECRET = "whsec-first-secret-of-ours-5555"
LIST = "/admin/dojo_integration/dojoconnection/"


def connect(client: Client, **changes: Any) -> Any:
    row = DojoConnection.objects.first()
    url = f"{LIST}{row.pk}/change/" if row is not None else f"{LIST}add/"
    return fill_in(client, url, changes, form_id="dojoconnection_form")


def test_a_venue_has_one_connection_and_one_page_of_it(uk: WorkingVenue, manager: Client) -> None:
    # given
    assert manager.get(LIST).url == f"{LIST}add/"
    # when
    answer = connect(
        manager, new_api_key=KEY, software_house_id="softwareHouse1", public_url="https://pos.example.com/v1/"
    )
    # then
    assert answer.status_code == 302, complaints(answer)
    row = DojoConnection.objects.get()
    assert (row.venue, row.api_key.reveal(), row.software_house_id) == (uk.venue, KEY, "softwareHouse1")
    assert (row.public_url, row.is_live) == ("https://pos.example.com", False)
    assert manager.get(LIST).url == f"{LIST}{row.pk}/change/"
    page = text_of(manager.get(f"{LIST}{row.pk}/change/"))
    assert "Set, ends in …1234. Empty keeps it as it is." in page
    assert "Sandbox: no real money moves." in page
    # and: there is no second one
    assert manager.get(f"{LIST}add/").status_code == 403
    assert manager.post(f"{LIST}add/", {"new_api_key": OTHER}).status_code == 403
    assert manager.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_empty_keeps_and_clearing_is_said(uk: WorkingVenue, manager: Client) -> None:
    # given
    connect(manager, new_api_key=KEY, new_webhook_secret=SECRET)
    # when
    connect(manager, reseller_id="reseller1")
    # then
    row = DojoConnection.objects.get()
    assert (row.api_key.reveal(), row.webhook_secret.reveal(), row.reseller_id) == (KEY, SECRET, "reseller1")
    # when
    connect(manager, new_api_key=OTHER)
    # then
    row = DojoConnection.objects.get()
    assert (row.api_key.reveal(), row.webhook_secret.reveal(), row.is_live) == (OTHER, SECRET, True)
    # when
    connect(manager, clear_api_key="on")
    # then
    row = DojoConnection.objects.get()
    assert (row.api_key.reveal(), row.webhook_secret.reveal(), row.is_live) == ("", SECRET, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"new_api_key": "pk_live_1"}, "An API key begins with sk_sandbox_ or sk_prod_."),
        ({"new_api_key": "sk_prod_a\nb"}, "An API key begins with sk_sandbox_ or sk_prod_."),
        ({"new_api_key": OTHER, "clear_api_key": "on"}, "Either a new one, or none."),
        ({"new_webhook_secret": "x" * 501}, "at most 500 characters"),
        ({"public_url": "http://pos.example.com"}, "An https address without ? and #."),
        ({"public_url": "https://pos.example.com/?a=b"}, "An https address without ? and #."),
        ({"public_url": "pos"}, "Enter a valid URL."),
        ({"software_house_id": "house 1"}, "Letters, digits, dots, hyphens and underscores."),
    ],
)
def test_a_spoilt_connection_is_refused(uk: WorkingVenue, manager: Client, changes: dict[str, str], words: str) -> None:
    connect(manager, new_api_key=KEY)
    before = everything()
    answer = connect(manager, **changes)
    assert words in text_of(answer)
    assert everything() == before


def test_the_secrets_are_nowhere_to_be_read(
    uk: WorkingVenue, manager: Client, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    # when: right, wrong, and changed
    pages = [
        connect(manager, new_api_key=KEY, new_webhook_secret=SECRET),
        connect(manager, new_api_key=OTHER, public_url="pos"),
        connect(manager, new_api_key=OTHER),
    ]
    row = DojoConnection.objects.get()
    for path in (f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/", "/admin/", "/admin/pos/auditentry/",
                 "/admin/search/?s=sk_&extended=1"):  # fmt: skip
        pages.append(manager.get(path))
    pages += [manager.get(f"/admin/pos/auditentry/{entry.pk}/change/") for entry in AuditEntry.objects.all()]
    # then
    read = [page.content.decode() for page in pages]
    read += [str(entry) for entry in AuditEntry.objects.values()] + [str(log) for log in LogEntry.objects.values()]
    read += [record.getMessage() for record in caplog.records]
    for secret in (KEY, OTHER, SECRET, row.api_key.token, row.webhook_secret.token, "first-key", "second-key"):
        assert not [text for text in read if secret in text], secret
    assert form_on(manager.get(f"{LIST}{row.pk}/change/"), "dojoconnection_form").values["new_api_key"] == [""]
    first, second = AuditEntry.objects.filter(act__endswith="dojoconnection").order_by("pk")
    assert first.detail["changes"] == {"api_key": [None, "set"], "webhook_secret": [None, "set"]}
    assert second.detail["changes"] == {"api_key": ["set", "set"]}


# --- what Dojo must send us ------------------------------------------------------------------------------------------

PASSWORDS = "/admin/dojo_integration/restcredential/"


def test_a_password_of_dojos_is_shown_once(uk: WorkingVenue, manager: Client) -> None:
    # given
    asked = manager.get(f"{PASSWORDS}make/")
    assert "Make a new password for Dojo?" in text_of(asked)
    assert not RestCredential.objects.exists()
    # when
    made = manager.post(f"{PASSWORDS}make/")
    # then
    page = text_of(made)
    row = RestCredential.objects.get()
    secret = page.split("<dt>Password</dt><dd><code>")[1].split("</code>")[0]
    assert venue_of(basic(row.username, secret)) == uk.venue
    assert "no-store" in made["Cache-Control"]
    # and: never again
    for path in (PASSWORDS, f"{PASSWORDS}{row.pk}/change/", f"{PASSWORDS}{row.pk}/history/", "/admin/"):
        seen = manager.get(path).content.decode()
        assert secret not in seen
        assert row.secret_hash not in seen
    assert AuditEntry.objects.get(act="issue_rest_credential").membership == uk.manager
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_password_of_dojos_is_revoked(uk: WorkingVenue, manager: Client) -> None:
    # given
    row = RestCredentialFactory(venue=uk.venue, secret="the one before")
    assert venue_of(basic(row.username, "the one before")) == uk.venue
    # when
    sent = {"action": "revoke", "index": "0", "_selected_action": str(row.pk)}
    page = text_of(manager.post(PASSWORDS, sent, follow=True))
    # then
    assert f"{row.username}: refused from now on." in page
    with pytest.raises(NotAuthenticated):
        venue_of(basic(row.username, "the one before"))


def test_what_dojo_reads_is_there_to_be_read(uk: WorkingVenue, manager: Client) -> None:
    order = a_bill(uk)
    page = text_of(manager.get(f"/admin/dojo_integration/orderdocument/{order.pk.replace('_', '_5F')}/change/"))
    assert '"displayName": "Table 1"' in page
