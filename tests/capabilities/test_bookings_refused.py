"""Parties and reservations as nobody should write them, and as clumsy hands do: read where it is safe, else refused."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bookings.models import Party, Reservation
from dojo_integration.capabilities import find
from tests.capabilities import contract
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_deposit, a_party, a_reservation, at, pounds
from tests.factories import WorkingVenue

Change = Callable[[dict[str, Any]], Any]


def _top(**changes: Any) -> Change:
    return lambda sent: sent.update(changes)


def _deposit(**changes: Any) -> Change:
    return lambda sent: sent.update(deposit=a_deposit(5000, "pi-1") | changes)


def _without(name: str) -> Change:
    return lambda sent: sent.pop(name)


def rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Party, Reservation)]


def refused(dojo: Dojo, name: str, sent: dict[str, Any], change: Change) -> str:
    """The field that a changed request is refused for, after seeing that nothing was written."""
    spoilt = copy.deepcopy(sent)
    change(spoilt)
    before = rows()
    answer = dojo.refused(name, spoilt)
    assert answer.error_type == "InvalidRequest"
    assert rows() == before
    return answer.message.split(": ")[0]


# --- clumsy, and read all the same -----------------------------------------------------------------------------------


def test_a_whole_number_is_read_where_the_contract_has_free_text(dojo: Dojo, uk: WorkingVenue) -> None:
    texts = {"name": 42, "hostNotes": 7, "guestRequests": 448000443550}
    party = dojo.get("CreateParty", a_party(**texts, status=5, deposit=a_deposit(100) | {"description": 2031}))
    booked = dojo.get("CreateReservation", a_reservation(**texts))
    for read in (party, booked):
        assert (read["name"], read["hostNotes"], read["guestRequests"]) == ("42", "7", "448000443550")
    assert (party["status"], party["deposit"]["description"]) == ("5", "2031")


def test_what_is_unknown_or_null_is_left_alone(dojo: Dojo, uk: WorkingVenue) -> None:
    nulls = dict.fromkeys(
        ("name", "covers", "status", "expectedEndTime", "hostNotes", "guestRequests", "reservationId", "deposit")
    )
    party = dojo.get("CreateParty", a_party(**nulls, dojoReservationId=None, color="red"))
    assert party == {"id": party["id"], "status": "Seated", "tableIds": ["t4"], "startTime": at(19)}
    updated = dojo.get("UpdateParty", a_party(partyId=party["id"], endTime=None, deposit=None, more={"x": [1]}))
    assert updated["name"] == "Martin B."
    booked = dojo.get("CreateReservation", a_reservation(hostNotes=None, guestRequests=None, more=1))
    assert "hostNotes" not in booked


def test_empty_texts_and_ids_count_as_left_out(dojo: Dojo, uk: WorkingVenue) -> None:
    empty = {"name": "", "hostNotes": "", "guestRequests": "", "reservationId": "", "dojoReservationId": ""}
    party = dojo.get("CreateParty", a_party(**empty, covers=None))
    assert party.keys() == {"id", "status", "tableIds", "startTime"}


def test_what_is_too_long_for_a_screen_is_shortened_and_wishes_never(dojo: Dojo, uk: WorkingVenue) -> None:
    wishes = "No nuts. " * 1_000
    party = dojo.get("CreateParty", a_party(name="n" * 1_000, status="s" * 1_000, guestRequests=wishes))
    assert (party["name"], party["status"], party["guestRequests"]) == ("n" * 120, "s" * 60, wishes)
    booked = dojo.get("CreateReservation", a_reservation(name="n" * 1_000, guestRequests=wishes))
    assert (booked["name"], booked["guestRequests"]) == ("n" * 120, wishes)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        # The deposit in it has no paymentIntentIds; and Dojo's own id, which no party can do without, is missing.
        ("CreateParty", {"dojoPartyId": "dojo-party-1"}),
        ("UpdateParty", {"dojoPartyId": "dojo-party-1"}),
        ("CreateReservation", {}),
        ("UpdateReservation", {"dojoReservationId": "dojo-res-1"}),
    ],
)
def test_the_contracts_own_examples_are_read(dojo: Dojo, uk: WorkingVenue, name: str, more: dict[str, Any]) -> None:
    if not contract.is_here():
        pytest.skip(f"no official specs in {contract.SPECS}")
    # given an example, for tables and guests that we have
    sent = contract.request_example(find(name)) | {"tableIds": ["t4", "t5"]} | more
    sent.pop("reservationId", None)
    made = {
        "UpdateParty": lambda: {"partyId": dojo.get("CreateParty", a_party())["id"]},
        "UpdateReservation": lambda: {"reservationId": dojo.get("CreateReservation", a_reservation())["id"]},
    }
    # when
    answer = dojo.get(name, sent | made.get(name, dict)())
    # then
    assert answer["tableIds"] == ["t4", "t5"]
    if "deposit" in sent:
        assert answer["deposit"] == {"totalAmount": pounds(5000), "paymentIntentIds": []}


# --- wrong, and refused by name --------------------------------------------------------------------------------------

OF_ANY_PARTY: list[tuple[Change, str]] = [
    (_without("dojoPartyId"), "dojoPartyId"),
    (_without("startTime"), "startTime"),
    (_without("tableIds"), "tableIds"),
    (_top(dojoPartyId=5), "dojoPartyId"),
    (_top(dojoPartyId=""), "dojoPartyId"),
    (_top(dojoPartyId=None), "dojoPartyId"),
    (_top(dojoPartyId="x" * 121), "dojoPartyId"),
    (_top(tableIds=[]), "tableIds"),
    (_top(tableIds="t4"), "tableIds"),
    (_top(tableIds={"t4": 1}), "tableIds"),
    (_top(tableIds=None), "tableIds"),
    (_top(tableIds=["t4"] * 101), "tableIds"),
    (_top(tableIds=["t4", 5]), "tableIds[1]"),
    (_top(tableIds=["t4", None]), "tableIds[1]"),
    (_top(tableIds=[["t4"]]), "tableIds[0]"),
    (_top(startTime="tonight"), "startTime"),
    (_top(startTime=1767225600), "startTime"),
    (_top(startTime=None), "startTime"),
    (_top(startTime="2031-07-04"), "startTime"),
    (_top(startTime="2031-02-30T19:00:00Z"), "startTime"),
    (_top(startTime="1969-12-31T23:59:59Z"), "startTime"),
    (_top(startTime="2200-01-01T00:00:00Z"), "startTime"),
    (_top(expectedEndTime="later"), "expectedEndTime"),
    (_top(covers=0), "covers"),
    (_top(covers=-4), "covers"),
    (_top(covers=1000), "covers"),
    (_top(covers=2**63 - 1), "covers"),
    (_top(covers="4"), "covers"),
    (_top(covers=4.0), "covers"),
    (_top(covers=True), "covers"),
    (_top(name={"first": "Martin"}), "name"),
    (_top(name=True), "name"),
    (_top(name="x" * 1_001), "name"),
    (_top(hostNotes=["x"]), "hostNotes"),
    (_top(hostNotes="x" * 10_001), "hostNotes"),
    (_top(guestRequests=7.5), "guestRequests"),
    (_top(guestRequests="x" * 10_001), "guestRequests"),
    (_top(guestRequests="no\u0000nuts"), "guestRequests"),
    (_top(status=[]), "status"),
    (_top(status=True), "status"),
    (_top(deposit=5000), "deposit"),
    (_top(deposit=[]), "deposit"),
    (_top(deposit={}), "deposit.totalAmount"),
    (_deposit(totalAmount=5000), "deposit.totalAmount"),
    (_deposit(totalAmount=pounds(-1)), "deposit.totalAmount.value"),
    (_deposit(totalAmount={"value": "5000", "currencyCode": "GBP"}), "deposit.totalAmount.value"),
    (_deposit(totalAmount={"value": 5000}), "deposit.totalAmount.currencyCode"),
    (_deposit(totalAmount={"value": 5000, "currencyCode": "EUR"}), "deposit.totalAmount.currencyCode"),
    (_deposit(description=[]), "deposit.description"),
    (_deposit(paymentIntentIds="pi-1"), "deposit.paymentIntentIds"),
    (_deposit(paymentIntentIds=["pi-1", 2]), "deposit.paymentIntentIds[1]"),
    (_deposit(paymentIntentIds=[""]), "deposit.paymentIntentIds[0]"),
    (_deposit(paymentIntentIds=["x" * 121]), "deposit.paymentIntentIds[0]"),
]

OF_ANY_RESERVATION: list[tuple[Change, str]] = [
    *((_without(name), name) for name in a_reservation()),
    *((_top(**{name: None}), name) for name in a_reservation()),
    (_top(dojoReservationId=5), "dojoReservationId"),
    (_top(dojoReservationId=""), "dojoReservationId"),
    (_top(dojoReservationId="x" * 121), "dojoReservationId"),
    (_top(name=""), "name"),
    (_top(name=" "), "name"),
    (_top(name=[]), "name"),
    (_top(covers=0), "covers"),
    (_top(covers=1000), "covers"),
    (_top(covers="3"), "covers"),
    (_top(covers=3.0), "covers"),
    (_top(tableIds="t4"), "tableIds"),
    (_top(tableIds=["t4", 5]), "tableIds[1]"),
    (_top(startTime="tonight"), "startTime"),
    (_top(endTime=at(19)), "endTime"),
    (_top(endTime=at(18)), "endTime"),
    (_top(endTime="2200-01-01T00:00:00Z"), "endTime"),
    (_top(hostNotes=True), "hostNotes"),
    (_top(guestRequests={}), "guestRequests"),
]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *OF_ANY_PARTY,
        (_top(reservationId=5), "reservationId"),
        (_top(reservationId="rsv_unknown"), "reservationId"),
        (_top(dojoReservationId=5), "dojoReservationId"),
    ],
)
def test_a_new_party_is_refused_by_name(dojo: Dojo, uk: WorkingVenue, change: Change, field: str) -> None:
    assert refused(dojo, "CreateParty", a_party(), change) == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *OF_ANY_PARTY,
        (_without("status"), "status"),
        (_top(status=""), "status"),
        (_top(status=" "), "status"),
        (_top(status=None), "status"),
        (_top(endTime="now"), "endTime"),
        (_top(endTime=5), "endTime"),
    ],
)
def test_an_update_of_a_party_is_refused_by_name(dojo: Dojo, uk: WorkingVenue, change: Change, field: str) -> None:
    party = dojo.get("CreateParty", a_party())
    assert refused(dojo, "UpdateParty", a_party(partyId=party["id"]), change) == field


@pytest.mark.parametrize(("change", "field"), OF_ANY_RESERVATION)
def test_a_reservation_is_refused_by_name(dojo: Dojo, uk: WorkingVenue, change: Change, field: str) -> None:
    assert refused(dojo, "CreateReservation", a_reservation("new"), change) == field
    made = dojo.get("CreateReservation", a_reservation())
    assert refused(dojo, "UpdateReservation", a_reservation(reservationId=made["id"]), change) == field


@pytest.mark.parametrize("name", ["GetPartyById", "DeletePartyById"])
@pytest.mark.parametrize("party_id", ["party_unknown", "x", "é"])
def test_a_party_that_nobody_knows_is_not_found(dojo: Dojo, uk: WorkingVenue, name: str, party_id: str) -> None:
    assert dojo.refused(name, {"partyId": party_id}).error_type == "NotFound"


@pytest.mark.parametrize("name", ["GetReservationById", "DeleteReservationById"])
@pytest.mark.parametrize("reservation_id", ["rsv_unknown", "x", "é"])
def test_a_reservation_that_nobody_knows_is_not_found(
    dojo: Dojo, uk: WorkingVenue, name: str, reservation_id: str
) -> None:
    assert dojo.refused(name, {"reservationId": reservation_id}).error_type == "NotFound"
