"""The REST road as HTTP: who is let in, what is refused before any capability, and that it is always an EPOSError."""

import base64
import io
import json
import uuid

import pytest
import structlog
from django.test import Client
from django.utils import timezone

from dojo_integration import rest
from dojo_integration.models import RestCredential
from orders.models import Order, OrderLock
from pos.errors import Busy
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, an_order, in_minutes
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, WorkingVenue

JSON = "application/json"


@pytest.fixture
def credential(uk: WorkingVenue) -> RestCredential:
    return RestCredentialFactory(venue=uk.venue, username="dojo-uk", secret="s3cret")


@pytest.fixture
def client(credential: RestCredential) -> Client:
    return Client(raise_request_exception=False, headers={"Authorization": basic("dojo-uk", "s3cret")})


def refusal(response, status: int, error_type: str) -> str:
    """Check that an answer is an EPOSError with a trace id, and return what it says."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == JSON
    body = json.loads(response.content)
    assert body.keys() == {"errorType", "debugMessage", "traceId"}
    assert body["errorType"] == error_type
    assert body["traceId"] == response["trace-id"] != ""
    return body["debugMessage"]


# --- who is let in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Bearer abc",
        "Basic !!!!",
        "Basic " + base64.b64encode(b"dojo-uk").decode(),
        "Basic " + base64.b64encode(b"dojo-uk:\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"dojo-uk:s3cret\x00").decode(),
        "Basic " + base64.b64encode(b"dojo\x00uk:s3cret").decode(),
        "Basic " + base64.b64encode(b"x" * 5_000).decode(),
        "dojo-uk:s3cret",
        basic("dojo-uk", "guessed"),
        basic("dojo-uk", ""),
        basic("dojo-uk", "S3CRET"),
        basic("DOJO-UK", "s3cret"),
        basic("nobody", "s3cret"),
        basic("", ""),
    ],
)
def test_strangers_are_refused(credential: RestCredential, header: str) -> None:
    client = Client(headers={"Authorization": header} if header else {})
    response = client.get("/v1/areas")
    refusal(response, 401, "InvalidRequest")
    assert response["WWW-Authenticate"].startswith("Basic ")
    assert "Set-Cookie" not in response


@pytest.mark.parametrize("header", ["basic {}", "BASIC {}", "Basic  {}"])
def test_the_scheme_is_read_as_http_says(credential: RestCredential, header: str) -> None:
    encoded = base64.b64encode(b"dojo-uk:s3cret").decode()
    assert Client(headers={"Authorization": header.format(encoded)}).get("/v1/areas").status_code == 200


def test_two_credentials_live_at_once_and_a_revoked_one_is_refused(
    uk: WorkingVenue, credential: RestCredential
) -> None:
    RestCredentialFactory(venue=uk.venue, username="dojo-uk", secret="newer")
    old, new = (Client(headers={"Authorization": basic("dojo-uk", secret)}) for secret in ("s3cret", "newer"))
    assert (old.get("/v1/areas").status_code, new.get("/v1/areas").status_code) == (200, 200)

    credential.revoked_at = timezone.now()
    credential.save()

    refusal(old.get("/v1/areas"), 401, "InvalidRequest")
    assert new.get("/v1/areas").status_code == 200


def test_credentials_decide_the_venue(uk: WorkingVenue, irish: WorkingVenue, client: Client) -> None:
    # given an order in each venue, and one name for both
    RestCredentialFactory(venue=irish.venue, username="dojo-uk", secret="irish")
    other = Client(headers={"Authorization": basic("dojo-uk", "irish")})
    here, there = a_bill(uk), a_bill(irish)
    # then each venue's order does not exist for the other
    assert client.get(f"/v1/orders/{here.pk}").status_code == 200
    refusal(client.get(f"/v1/orders/{there.pk}"), 404, "NotFound")
    refusal(other.get(f"/v1/orders/{here.pk}"), 404, "NotFound")
    assert [order["id"] for order in other.post("/v1/orders/search", {}, JSON).json()["data"]] == [there.pk]


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/v1/orders/{id}/record-payment", {"paymentIntentId": "pi-1", "paidAmount": {}}),
        ("POST", "/v1/orders/{id}/lock", {"lockId": "lock-1", "expiry": in_minutes(5)}),
        ("PUT", "/v1/orders/{id}/locks/lock-1", {"expiry": in_minutes(5)}),
        ("DELETE", "/v1/orders/{id}/locks/lock-1", None),
        ("DELETE", "/v1/orders/{id}", None),
        ("GET", "/v1/orders/{id}/bill", None),
    ],
)
def test_nothing_can_be_done_to_another_venues_order(
    irish: WorkingVenue, client: Client, verb: str, path: str, body: dict | None
) -> None:
    theirs = a_bill(irish)
    if body and "paidAmount" in body:
        body = {**body, "paidAmount": {"value": 5000, "currencyCode": "EUR"}}
    response = client.generic(verb, path.format(id=theirs.pk), json.dumps(body or {}), JSON)
    refusal(response, 404, "NotFound")
    assert Order.objects.filter(pk=theirs.pk, paid_amount=0, bill_printed_at=None, status=theirs.status).exists()
    assert not OrderLock.objects.exists()


# --- paths, verbs, kinds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/nothing", "/v1/orders/a/b/c", "/v1/areas/x", "/v1/a\nb", "/v1//areas"]
)
def test_other_paths_are_not_found(client: Client, path: str) -> None:
    refusal(client.get(path), 404, "NotFound")
    refusal(client.post(path, {}, JSON), 404, "NotFound")


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("POST", "/v1/areas", "GET"),
        ("GET", "/v1/orders", "POST"),
        ("GET", "/v1/orders/search", "POST"),
        ("PUT", "/v1/orders/order_1", "DELETE, GET"),
        ("PATCH", "/v1/orders/order_1/locks/l", "DELETE, PUT"),
        ("OPTIONS", "/v1/tables/search", "POST"),
    ],
)
def test_other_verbs_are_refused_with_the_ones_there_are(client: Client, verb: str, path: str, allowed: str) -> None:
    response = client.generic(verb, path)
    refusal(response, 405, "InvalidRequest")
    assert response["Allow"] == allowed


def test_a_slash_at_the_end_changes_nothing(uk: WorkingVenue, client: Client) -> None:
    order = a_bill(uk)
    assert client.get("/v1/areas/").status_code == 200
    assert client.get(f"/v1/orders/{order.pk}/").json()["id"] == order.pk
    assert client.post("/v1/orders/search/", {}, JSON).status_code == 200


def test_head_is_a_get_without_its_body(uk: WorkingVenue, client: Client) -> None:
    response = client.head(f"/v1/orders/{a_bill(uk).pk}")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("accept", ["text/html", "application/xml, text/*", "application/json;q=0"])
def test_an_answer_nobody_can_read_is_refused(client: Client, accept: str) -> None:
    refusal(client.get("/v1/areas", headers={"Accept": accept}), 406, "InvalidRequest")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/plain, application/json;q=0.9", "application/json; charset=utf-8", ""]
)
def test_what_can_be_read_is_answered(client: Client, accept: str) -> None:
    response = client.get("/v1/areas", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, JSON)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": JSON, "content-encoding": "gzip"},
    ],
)
def test_another_kind_of_body_is_refused(client: Client, headers: dict[str, str]) -> None:
    kind = headers.pop("content-type")
    response = client.generic("POST", "/v1/orders/search", b"{}", kind, headers=headers)
    refusal(response, 415, "InvalidRequest")


@pytest.mark.parametrize(
    "kind",
    [
        JSON,
        "application/json; charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON",
        "application/vnd.dojo+json",
        "",
    ],
)
def test_json_by_any_of_its_names_is_read(client: Client, kind: str) -> None:
    response = client.generic("POST", "/v1/orders/search", b"{}", kind, CONTENT_TYPE=kind)
    assert response.status_code == 200, response.content


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"cursor":{"limit":NaN}}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(client: Client, body: bytes) -> None:
    refusal(client.generic("POST", "/v1/orders/search", body, JSON), 400, "InvalidRequest")


def test_the_refusal_names_the_field(client: Client) -> None:
    body = b'{"dineIn": {"tableId": "t\\u0000"}}'
    assert refusal(client.generic("POST", "/v1/orders/search", body, JSON), 400, "InvalidRequest").startswith(
        "dineIn.tableId"
    )


def test_a_body_over_a_mebibyte_is_refused_unread(client: Client) -> None:
    class Endless(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("read, although its length says that it is too large")

    body = b'{"x": "' + b"x" * (1024 * 1024) + b'"}'
    refusal(client.generic("POST", "/v1/orders/search", body, JSON), 400, "InvalidRequest")
    response = client.generic(
        "POST", "/v1/orders/search", b"", JSON, CONTENT_LENGTH="2000000", **{"wsgi.input": Endless()}
    )
    refusal(response, 400, "InvalidRequest")


def test_a_body_that_broke_off_is_refused_even_where_it_could_be_read(client: Client) -> None:
    response = client.generic(
        "POST", "/v1/orders/search", b"", JSON, CONTENT_LENGTH="50", **{"wsgi.input": io.BytesIO(b"{}")}
    )
    assert "broke off" in refusal(response, 400, "InvalidRequest")


def test_a_chunked_body_is_read_to_its_end(uk: WorkingVenue, client: Client) -> None:
    # .NET sends JSON without a length; the server ends the stream, and says that it does
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    body = io.BytesIO(b'{"cursor": {"limit": 0}}')
    response = client.generic("POST", "/v1/orders/search", b"", JSON, **chunked, **{"wsgi.input": body})
    assert refusal(response, 400, "InvalidRequest").startswith("cursor.limit")
    endless = io.BytesIO(b" " * (2 * 1024 * 1024))
    response = client.generic("POST", "/v1/orders/search", b"", JSON, **chunked, **{"wsgi.input": endless})
    assert "larger" in refusal(response, 400, "InvalidRequest")


# --- what the paths mean ---------------------------------------------------------------------------------------------


def test_posting_orders_without_any_part_of_one_is_a_search(uk: WorkingVenue, client: Client) -> None:
    order = a_bill(uk)
    for body in ({}, {"payableOnly": True}, {"dineIn": {"tableId": "t1"}, "cursor": {"limit": 5}}):
        assert [found["id"] for found in client.post("/v1/orders", body, JSON).json()["data"]] == [order.pk]


@pytest.mark.parametrize("missing", ["items", "dojoOrderId", "totalAmount", "payments", "details"])
def test_posting_an_order_that_lacks_a_part_is_no_search(client: Client, missing: str) -> None:
    body = an_order()
    del body[missing]
    assert refusal(client.post("/v1/orders", body, JSON), 400, "InvalidRequest").startswith(missing)
    only = {name: an_order()[name] for name in ("details",)}
    refusal(client.post("/v1/orders", only, JSON), 400, "InvalidRequest")
    assert not Order.objects.exists()


def test_tables_are_searched_at_both_paths_in_an_array(uk: WorkingVenue, client: Client, settings) -> None:
    for path in ("/v1/tables/search", "/v1/tables"):
        (page,) = client.post(path, {}, JSON).json()
        assert len(page["data"]) == 12
    settings.EPOS_TABLES_IN_ARRAY = False
    assert len(client.post("/v1/tables/search", {}, JSON).json()["data"]) == 12


def test_the_path_wins_over_the_body(uk: WorkingVenue, client: Client) -> None:
    order = a_bill(uk)
    body = {"orderId": "another", "lockId": "lock-1", "expiry": in_minutes(5), "more": [1]}
    assert client.post(f"/v1/orders/{order.pk}/lock", body, JSON).json()["id"] == order.pk
    extended = client.put(f"/v1/orders/{order.pk}/locks/lock-1", {"expiry": in_minutes(9), "lockId": "x"}, JSON)
    assert (extended.status_code, extended.content) == (200, b"{}")
    assert [lease.lock_id for lease in OrderLock.objects.all()] == ["lock-1"]


@pytest.mark.parametrize("order_id", ["%00", "order_1%00", "x" * 121, "%20", "%ED%A0%80", "é", "..%2f", "a%0Ab"])
def test_an_odd_id_in_the_path_is_refused_or_unknown(client: Client, order_id: str) -> None:
    for path in (f"/v1/orders/{order_id}", f"/v1/orders/{order_id}/bill"):
        response = client.get(path)
        assert response.status_code in (400, 404), path
        refusal(response, response.status_code, {400: "InvalidRequest", 404: "NotFound"}[response.status_code])
    body = a_payment("", 100)
    response = client.post(f"/v1/orders/{order_id}/record-payment", body, JSON)
    assert response.status_code in (400, 404)


# --- traces and what goes wrong --------------------------------------------------------------------------------------


def test_the_trace_id_is_in_answer_header_and_log(client: Client) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        response = client.get("/v1/orders/order_1")
    (line,) = logs
    assert uuid.UUID(response["trace-id"])
    assert line["trace_id"] == response["trace-id"] == response.json()["traceId"]
    assert (line["capability"], line["road"], line["outcome"], line["status"]) == (
        "GetOrderById",
        "rest",
        "NotFound",
        404,
    )
    assert line["venue"].startswith("venue-")
    assert line["duration_ms"] >= 0


def test_a_sane_request_id_is_kept_and_another_replaced(client: Client) -> None:
    assert client.get("/v1/areas", headers={"X-Request-Id": "proxy-12345678"})["trace-id"] == "proxy-12345678"
    for odd in ("short", "x" * 65, "two words here", "new\u2028line"):
        assert uuid.UUID(client.get("/v1/areas", HTTP_X_REQUEST_ID=odd)["trace-id"])


def test_logs_hold_no_names_bodies_or_credentials(uk: WorkingVenue, client: Client) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        client.post("/v1/orders", an_order(customer={"name": "Quentin Quill", "phoneNumber": "07700900123"}), JSON)
    text = repr(logs)
    for secret in ("Quentin", "07700900123", "s3cret", basic("dojo-uk", "s3cret").split()[1]):
        assert secret not in text


def test_the_unexpected_is_told_without_our_insides(client: Client, monkeypatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret insides")

    monkeypatch.setattr(rest.capabilities, "call", broken)
    message = refusal(client.get("/v1/areas"), 500, "UnexpectedError")
    assert "insides" not in message


def test_busy_is_unexpected_and_worth_another_try(client: Client, monkeypatch) -> None:
    def busy(*args: object) -> None:
        raise Busy("The till is busy with this order. Try again.")

    monkeypatch.setattr(rest.capabilities, "call", busy)
    response = client.get("/v1/areas")
    refusal(response, 503, "UnexpectedError")
    assert response["Retry-After"] == "1"


def test_a_foreign_host_name_is_refused_in_dojos_words(client: Client) -> None:
    refusal(client.get("/v1/areas", headers={"Host": "evil.example"}), 400, "InvalidRequest")


def test_other_pages_keep_their_own_errors(db: None) -> None:
    response = Client().get("/static/nothing-here.css")
    assert response.status_code == 404
    assert "trace-id" not in response
    assert not response["Content-Type"].startswith(JSON)
