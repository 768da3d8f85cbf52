"""What only HTTP can say: a success without a body, a status for each kind of error, the path before the body."""

import pytest
from django.test import Client

from bookings.models import Party
from dojo_integration.models import DojoEvent
from tests.bills import a_bill
from tests.capabilities.requests import a_party, a_payment, a_reservation, an_event, in_minutes
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, WorkingVenue

JSON = "application/json"


@pytest.fixture
def client(uk: WorkingVenue) -> Client:
    RestCredentialFactory(venue=uk.venue, username="dojo-uk", secret="s3cret")
    return Client(raise_request_exception=False, headers={"Authorization": basic("dojo-uk", "s3cret")})


def assert_empty(response) -> None:
    assert (response.status_code, response.content) == (200, b"")
    # Not a byte is no JSON: a reader that is told it were would fail to parse it.
    assert "Content-Type" not in response
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Length"] == "0"
    assert response["trace-id"]


def test_deleting_is_answered_by_an_empty_200(client: Client) -> None:
    party = client.post("/v1/parties", a_party(), JSON).json()["id"]
    reservation = client.post("/v1/reservations", a_reservation(), JSON).json()["id"]
    for path in (f"/v1/parties/{party}", f"/v1/reservations/{reservation}"):
        assert_empty(client.delete(path))
        assert_empty(client.delete(path))


def test_an_event_is_answered_by_an_empty_200_and_kept_with_its_road(client: Client) -> None:
    for _ in range(2):
        assert_empty(client.post("/v1/events", an_event(), JSON))
    assert [event.road for event in DojoEvent.objects.all()] == ["rest"]


def test_extending_a_lock_is_answered_by_an_empty_object(uk: WorkingVenue, client: Client) -> None:
    order = a_bill(uk)
    lock = {"lockId": "lock-1", "expiry": in_minutes(5)}
    client.post(f"/v1/orders/{order.pk}/lock", lock, JSON)
    response = client.put(f"/v1/orders/{order.pk}/locks/lock-1", lock, JSON)
    assert (response.content, response["Content-Type"]) == (b"{}", JSON)


def test_each_kind_of_error_has_its_status(uk: WorkingVenue, client: Client) -> None:
    order = a_bill(uk, total=5000)
    payment = a_payment("", 5001)
    answers = [
        client.get("/v1/orders/order_unknown"),
        client.get("/v1/parties/party_unknown"),
        client.post(f"/v1/orders/{order.pk}/record-payment", payment, JSON),
        client.post("/v1/parties", a_party(tableIds=[]), JSON),
        Client().get("/v1/areas"),
    ]
    assert [(answer.status_code, answer.json()["errorType"]) for answer in answers] == [
        (404, "NotFound"),
        (404, "NotFound"),
        (409, "Conflict"),
        (400, "InvalidRequest"),
        (401, "InvalidRequest"),
    ]


def test_the_path_says_which_party_and_booking_whatever_the_body_says(client: Client) -> None:
    # given two of each
    parties = [client.post("/v1/parties", a_party(f"p-{n}"), JSON).json()["id"] for n in (1, 2)]
    bookings = [client.post("/v1/reservations", a_reservation(f"r-{n}"), JSON).json()["id"] for n in (1, 2)]
    # when
    other = {"id": parties[1], "partyId": parties[1]}
    party = client.put(f"/v1/parties/{parties[0]}", a_party("p-1", **other, name="Kim"), JSON).json()
    other = {"id": bookings[1], "reservationId": bookings[1]}
    booking = client.put(f"/v1/reservations/{bookings[0]}", a_reservation("r-1", **other, name="Kim"), JSON).json()
    # then
    assert (party["id"], booking["id"]) == (parties[0], bookings[0])
    assert sorted(Party.objects.values_list("name", flat=True)) == ["Kim", "Martin B."]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/parties", "POST"),
        ("/v1/parties/search", "POST"),
        ("/v1/parties/party_1", "DELETE, GET, PUT"),
        ("/v1/reservations/search", "POST"),
        ("/v1/reservations/rsv_1", "DELETE, GET, PUT"),
        ("/v1/events", "POST"),
    ],
)
def test_the_paths_of_bookings_and_events_and_their_verbs(client: Client, path: str, allowed: str) -> None:
    response = client.patch(path)
    assert (response.status_code, response["Allow"]) == (405, allowed)


@pytest.mark.parametrize("id_", ["%00", "x%00", "x" * 121, "%20", "é", "..%2f", "a%0Ab"])
def test_an_odd_id_in_the_path_is_refused_or_unknown(client: Client, id_: str) -> None:
    for path in (f"/v1/parties/{id_}", f"/v1/reservations/{id_}"):
        for response in (client.get(path), client.delete(path), client.put(path, a_party(), JSON)):
            assert response.status_code in (400, 404), path
            assert response.json()["errorType"] in ("InvalidRequest", "NotFound")
