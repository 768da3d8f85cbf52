"""The webhook: what is signed with a secret of the venue's is kept like any event, everything else is refused alike."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dojo_integration.capabilities import find
from dojo_integration.models import DojoEvent
from dojo_integration.services.webhook_secrets import retire_webhook_secret
from dojo_integration.signatures import signature_of
from pos.sealed import Sealed
from tests.capabilities.requests import an_event
from tests.capabilities.roads import ROADS
from tests.dojo_integration.test_rest import refusal
from tests.factories import DojoConnectionFactory, VenueFactory, WebhookSecretFactory, WorkingVenue, a_venue

SECRET = "whsec_a-secret-of-the-test"


@pytest.fixture
def signed_uk(uk: WorkingVenue) -> WorkingVenue:
    """The British venue, with one secret that Dojo signs with."""
    WebhookSecretFactory(venue=uk.venue, plain=SECRET)
    return uk


def post(venue_slug: str, body: bytes | dict[str, Any], signature: str | None = None, secret: str = SECRET, **headers):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = signature_of(sent, secret) if signature is None else signature
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    return client.post(
        f"/webhooks/dojo/{venue_slug}",
        sent,
        content_type="application/json",
        headers={**({"dojo-signature": signature} if signature else {}), **headers},
    )


def kept() -> list[tuple[str, str]]:
    return list(DojoEvent.objects.order_by("pk").values_list("event_id", "road"))


# --- the signature ---------------------------------------------------------------------------------------------------


def test_a_signature_is_written_as_dojo_writes_it() -> None:
    # Worked out beforehand: openssl dgst -sha256 -hmac whsec_abc
    body = b'{"id":"evt_1","event":"payment_intent.status_updated"}'
    assert signature_of(body, "whsec_abc") == (
        "sha256=C1-88-7E-D1-9B-DF-68-84-82-27-B5-37-80-6B-C3-CD-F1-ED-25-07-A6-52-ED-52-54-22-EE-69-4E-34-86-80"
    )


def test_what_is_signed_is_kept_and_answered_with_nothing(signed_uk: WorkingVenue) -> None:
    # given
    sent = an_event(more={"deep": [1, "🍷"]})
    # when: from a browser's road nothing is asked for, no token, no session
    response = post(signed_uk.venue.slug, sent)
    # then
    assert (response.status_code, response.content) == (200, b"")
    assert "Set-Cookie" not in response
    event = DojoEvent.objects.get()
    assert (event.venue, event.event_id, event.road, event.body) == (signed_uk.venue, "event-1", "webhook", sent)
    assert event.handled_at is None


@pytest.mark.parametrize(
    "write",
    [
        lambda signature: signature.lower(),
        lambda signature: signature.replace("-", ""),
        lambda signature: signature.removeprefix("sha256="),
        lambda signature: signature.removeprefix("sha256=").replace("-", "").lower(),
        lambda signature: signature.replace("sha256=", "SHA256="),
        lambda signature: f"  {signature} ",
        lambda signature: signature.replace("sha256=", "sha256= "),
    ],
)
def test_a_signature_is_read_however_it_is_written(signed_uk: WorkingVenue, write) -> None:
    body = json.dumps(an_event()).encode()
    assert post(signed_uk.venue.slug, body, write(signature_of(body, SECRET))).status_code == 200
    assert kept() == [("event-1", "webhook")]


def test_every_secret_that_is_good_is_tried(uk: WorkingVenue) -> None:
    # given: what a manager has entered, and the two of a rotation
    DojoConnectionFactory(venue=uk.venue, webhook_secret=Sealed.of("entered"))
    old, _ = (WebhookSecretFactory(venue=uk.venue, plain=plain) for plain in ("old", "new"))
    secrets = ("entered", "old", "new")
    # when / then
    statuses = [post(uk.venue.slug, an_event(f"event-{s}"), secret=s).status_code for s in secrets]
    assert statuses == [200, 200, 200]
    # when the rotation is over
    retire_webhook_secret(actor=uk.by_manager, webhook_secret_id=old.pk)
    # then
    statuses = [post(uk.venue.slug, an_event(f"later-{s}"), secret=s).status_code for s in secrets]
    assert statuses == [200, 401, 200]
    assert [event_id for event_id, _ in kept()] == [
        "event-entered", "event-old", "event-new", "later-entered", "later-new",
    ]  # fmt: skip


def test_the_bytes_are_signed_and_not_what_they_mean(signed_uk: WorkingVenue) -> None:
    # given: the same object, written otherwise
    signature = signature_of(json.dumps(an_event()).encode(), SECRET)
    # when / then
    assert post(signed_uk.venue.slug, json.dumps(an_event(), indent=1).encode(), signature).status_code == 401
    assert kept() == []


# --- strangers -------------------------------------------------------------------------------------------------------


def _good(body: bytes) -> str:
    return signature_of(body, SECRET)


@pytest.mark.parametrize(
    "sign",
    [
        lambda body: "",
        lambda body: "sha256=",
        lambda body: "sha256",
        lambda body: signature_of(body, ""),
        lambda body: signature_of(body, "guessed"),
        lambda body: signature_of(body + b" ", SECRET),
        lambda body: _good(body)[:-3],
        lambda body: _good(body) + "-00",
        lambda body: _good(body).replace("sha256=", "sha512="),
        lambda body: _good(body).replace("-", ":"),
        lambda body: "é" * 64,
        lambda body: "-" * 64,
        lambda body: "0" * 64,
        lambda body: "x" * 5_000,
        lambda body: f"{_good(body)}, {_good(body)}",
    ],
)
def test_what_is_not_signed_by_the_venues_dojo_is_refused(signed_uk: WorkingVenue, sign) -> None:
    body = json.dumps(an_event()).encode()
    response = post(signed_uk.venue.slug, body, sign(body))
    assert refusal(response, 401, "InvalidRequest") == "This is not signed with a secret of the venue's."
    assert kept() == []


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\x00", b"\xff", b'{"event": "payment_intent.created"}'])
def test_a_stranger_learns_nothing_of_how_a_body_is_read(signed_uk: WorkingVenue, body: bytes) -> None:
    response = post(signed_uk.venue.slug, body, secret="guessed")
    assert refusal(response, 401, "InvalidRequest") == "This is not signed with a secret of the venue's."


def test_an_unknown_venue_one_without_a_secret_and_a_wrong_signature_look_alike(uk: WorkingVenue) -> None:
    # given
    WebhookSecretFactory(venue=uk.venue, plain=SECRET)
    others, retired = VenueFactory(), VenueFactory()
    WebhookSecretFactory(venue=others, plain="another venue's")
    DojoConnectionFactory(venue=retired)
    WebhookSecretFactory(venue=retired, secret=Sealed(), retired_at=uk.period.opened_at)
    without = VenueFactory()
    # when
    tries = [
        (uk.venue.slug, "another venue's"),
        (others.slug, SECRET),
        (without.slug, SECRET),
        (without.slug, ""),
        (retired.slug, ""),
        ("nobody", SECRET),
        ("nobody", ""),
        ("nobody" * 50, SECRET),
    ]
    seen = []
    for slug, secret in tries:
        with CaptureQueriesContext(connection) as queries:
            response = post(slug, an_event(), secret=secret)
        seen.append(
            (refusal(response, 401, "InvalidRequest"), len(queries), sorted(set(response.headers) - {"trace-id"}))
        )
    # then: the same words, the same headers, the same work
    assert seen == [seen[0]] * len(tries)
    assert seen[0][1] == 2
    assert kept() == []


def test_a_secret_that_cannot_be_read_any_more_signs_nothing(uk: WorkingVenue) -> None:
    # given: sealed with a key that is gone
    WebhookSecretFactory(venue=uk.venue, secret=Sealed("gAAAAAB-not-a-token"))
    # when / then
    for secret in (SECRET, ""):
        assert post(uk.venue.slug, an_event(), secret=secret).status_code == 401
    assert kept() == []


def test_the_same_words_signed_for_one_venue_are_nothing_to_another(signed_uk: WorkingVenue) -> None:
    # given
    irish = a_venue("IE")
    WebhookSecretFactory(venue=irish.venue, plain="the irish one")
    body = json.dumps(an_event()).encode()
    # when / then
    assert post(irish.venue.slug, body, signature_of(body, SECRET)).status_code == 401
    assert post(irish.venue.slug, body, signature_of(body, "the irish one")).status_code == 200
    assert list(DojoEvent.objects.values_list("venue", flat=True)) == [irish.venue.pk]


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability_first", [True, False])
@pytest.mark.parametrize("road", ROADS)
def test_the_same_event_by_capability_and_webhook_is_one(
    signed_uk: WorkingVenue, road: str, capability_first: bool
) -> None:
    # given
    slug, capability = signed_uk.venue.slug, ROADS[road](signed_uk.venue)
    ways = [
        lambda: capability.call(find("HandleEvent"), an_event()).ok,
        lambda: post(slug, an_event()).status_code == 200,
    ]
    # when
    for tell in ways if capability_first else reversed(ways):
        assert tell()
    # then
    assert kept() == [("event-1", road if capability_first else "webhook")]


@pytest.mark.parametrize(
    "told",
    [
        an_event(event="payment_intent.send-receipt"),
        an_event(event=""),
        an_event(event="something new"),
        {"event": "x" * 5_000},
        {"event": "terminal_session.updated", "data": "as it likes"},
    ],
)
def test_an_event_of_no_concern_is_taken_with_thanks_and_not_kept(
    signed_uk: WorkingVenue, told: dict[str, Any]
) -> None:
    response = post(signed_uk.venue.slug, told)
    assert (response.status_code, response.content) == (200, b"")
    assert kept() == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"payment_intent.created"', "not a JSON object"),
        (b"[" * 5_000, "nested deeper"),
        (b'{"event": "payment_intent.created", "event": "x"}', "event: is given twice"),
        (b'{"event": "payment_intent.send-receipt", "note": "a\\u0000b"}', "note: contains a NUL"),
        (b'{"event": "payment_intent.send-receipt", "n": 1e999}', "n: is a number too large"),
        (b"{}", "id: This field is required"),
        (json.dumps(an_event(event=5)).encode(), "event: "),
        (json.dumps(an_event(data={})).encode(), "data.paymentIntentId: This field is required"),
        (json.dumps(an_event(id="")).encode(), "id: "),
        (json.dumps(an_event(createdAt="yesterday")).encode(), "createdAt: "),
    ],
)
def test_what_dojo_signed_and_nobody_can_read_is_refused_by_name(
    signed_uk: WorkingVenue, body: bytes, says: str
) -> None:
    assert says in refusal(post(signed_uk.venue.slug, body), 400, "InvalidRequest")
    assert kept() == []


def test_a_body_beyond_a_mebibyte_is_refused_before_anything_else(signed_uk: WorkingVenue) -> None:
    # given: the largest that is taken, and one byte more
    most = json.dumps(an_event(note="")).encode()
    most = most[:-2] + b"x" * (1024 * 1024 - len(most)) + most[-2:]
    # when / then
    assert post(signed_uk.venue.slug, most).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        response = post(signed_uk.venue.slug, most + b" ")
    assert "larger than" in refusal(response, 400, "InvalidRequest")
    assert (len(queries), kept()) == (0, [("event-1", "webhook")])


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("slug", ["known", "nobody"])
def test_it_can_only_be_posted_to(signed_uk: WorkingVenue, verb: str, slug: str) -> None:
    path = f"/webhooks/dojo/{signed_uk.venue.slug if slug == 'known' else slug}"
    response = Client(raise_request_exception=False).generic(verb, path)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    if verb != "HEAD":
        refusal(response, 405, "InvalidRequest")


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/", "/webhooks/dojo", "/webhooks/dojo/", "/webhooks/x/y"])
def test_there_is_nothing_beside_it(db: None, path: str) -> None:
    refusal(Client().post(path, b"{}", content_type="application/json"), 404, "NotFound")


def test_a_slash_at_the_end_is_let_be_and_the_kind_of_content_too(signed_uk: WorkingVenue) -> None:
    body = json.dumps(an_event()).encode()
    response = Client().post(
        f"/webhooks/dojo/{signed_uk.venue.slug}/",
        body,
        content_type="text/plain",
        headers={"dojo-signature": signature_of(body, SECRET)},
    )
    assert response.status_code == 200
    assert kept() == [("event-1", "webhook")]
