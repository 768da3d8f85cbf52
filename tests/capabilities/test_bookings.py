"""Bookings as Dojo's diary does it: expect guests, seat them, move them, know what they paid, see them go."""

from collections.abc import Callable
from typing import Any

import pytest

from bookings.models import Party, Reservation, ReservationStatus
from bookings.selectors import sitting_at
from bookings.services.reservations import mark_no_show
from orders.models import ExceptionKind, Order, OrderException, OrderStatus
from orders.services.seating import clear_table, seat_party
from pos.models import Venue
from pos.permissions import Requester
from tests.bills import a_bill
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_deposit, a_party, a_payment, a_reservation, at, in_minutes, pounds
from tests.factories import PartyFactory, ReservationFactory, TableFactory, WorkingVenue

OF_DOJO = {"dojoPartyId", "dojoReservationId", "partyId", "reservationId"}


def told(sent: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What was sent, as it is read: under our id, without Dojo's."""
    return {name: value for name, value in sent.items() if name not in OF_DOJO} | more


def ids(dojo: Dojo, search: str, **params: Any) -> list[str]:
    return [found["id"] for found in dojo.get(search, params)["data"]]


def everything() -> list[Any]:
    """All that a request of this kind may write."""
    return [list(model.objects.order_by("pk").values()) for model in (Party, Reservation, Order, OrderException)]


# --- an evening ------------------------------------------------------------------------------------------------------


def test_an_evening_from_the_booking_to_the_door(dojo: Dojo, uk: WorkingVenue) -> None:
    # given a booking, changed in the afternoon
    booked = dojo.get("CreateReservation", a_reservation(guestRequests="Nut allergy"))
    later = a_reservation(covers=4, startTime=at(20), endTime=at(22), tableIds=["t4", "t5"], guestRequests="No nuts")
    changed = dojo.get("UpdateReservation", later | {"reservationId": booked["id"]})
    assert changed == told(later, id=booked["id"])
    assert dojo.get("GetReservationById", {"reservationId": booked["id"]}) == changed

    # when they come, and what they paid is told a moment later
    arrival = a_party(startTime=at(20, 5), guestRequests="No nuts", reservationId=booked["id"])
    seated = dojo.get("CreateParty", arrival)
    assert seated == told(arrival, id=seated["id"], status="Seated", expectedEndTime=at(22), reservationId=booked["id"])
    with_deposit = a_party(
        partyId=seated["id"], startTime=at(20, 5), guestRequests="No nuts", deposit=a_deposit(4000, "pi-1", "pi-2")
    )
    secured = dojo.get("UpdateParty", with_deposit)
    assert secured == told(with_deposit, id=seated["id"], reservationId=booked["id"])

    # when they have ordered and want to sit by the window
    order = a_bill(uk, table="t4", total=9000, party=Party.objects.get(pk=seated["id"]))
    moved = dojo.get("UpdateParty", with_deposit | {"tableIds": ["t8"], "status": "Seated"})
    assert (moved["tableIds"], moved["status"]) == (["t8"], "Ordered")
    shown = dojo.get("GetOrderById", {"orderId": order.pk})
    assert (shown["displayName"], shown["details"]["dineIn"]["tableId"]) == ("Table 8", "t8")
    assert ids(dojo, "SearchParties", tableId="t4") == []
    assert ids(dojo, "SearchParties", tableId="t8") == [seated["id"]]
    assert ids(dojo, "SearchOrders", dineIn={"tableId": "t8", "partyId": seated["id"]}) == [order.pk]

    # when they ask for the bill, the deposit has paid its part of it, once
    for _ in range(2):
        bill = dojo.get("GetOrderBillById", {"orderId": order.pk})
        assert (bill["order"]["totalAmount"], bill["order"]["paidAmount"]) == (pounds(9000), pounds(4000))
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 5000, "pi-3"))
    assert (paid["status"], paid["payable"]) == ("Finalized", False)
    assert dojo.get("GetPartyById", {"partyId": seated["id"]})["status"] == "Paid"

    # when they leave
    gone = dojo.get("UpdateParty", with_deposit | {"tableIds": ["t8"], "status": "Seated", "endTime": at(22, 10)})
    assert (gone["endTime"], gone["status"], gone["deposit"]) == (at(22, 10), "Left", with_deposit["deposit"])
    assert dojo.get("GetPartyById", {"partyId": seated["id"]}) == gone
    assert ids(dojo, "SearchParties") == []
    assert ids(dojo, "SearchParties", completedOnly=True) == [seated["id"]]
    assert sitting_at([uk.tables["t8"].pk]) == []


def test_guests_who_walk_in_have_no_booking(dojo: Dojo, uk: WorkingVenue) -> None:
    # given the host, who is known by the waiter id that the request carries
    host = Requester(waiter_id=uk.waiter.waiter_id)
    # when
    least = {"dojoPartyId": "walk-in", "tableIds": ["t2"], "startTime": at(19)}
    party = dojo.get("CreateParty", least, host)
    # then
    assert party == {"id": party["id"], "status": "Seated", "tableIds": ["t2"], "startTime": at(19)}
    assert Party.objects.get().waiter == uk.waiter


def test_guests_who_never_come_stay_in_the_diary(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    booked = dojo.get("CreateReservation", a_reservation())
    # when staff note it, and Dojo takes the booking off
    mark_no_show(actor=uk.by_supervisor, reservation_id=booked["id"])
    assert dojo.get("GetReservationById", {"reservationId": booked["id"]}) == booked
    assert ids(dojo, "SearchReservations") == [booked["id"]]
    assert dojo.get("DeleteReservationById", {"reservationId": booked["id"]}) == {}
    # then
    assert Reservation.objects.get().status == ReservationStatus.NO_SHOW


def test_whom_staff_seat_dojo_reads(dojo: Dojo, uk: WorkingVenue) -> None:
    # given a booking of Dojo's, seated at the till
    booked = dojo.get("CreateReservation", a_reservation(hostNotes="Window"))
    party = seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t6"].pk], reservation_id=booked["id"])
    # then
    assert dojo.get("GetPartyById", {"partyId": party.pk}) == {
        "id": party.pk,
        "name": "Sasha J.",
        "covers": 3,
        "tableIds": ["t6"],
        "status": "Seated",
        "startTime": party.start_time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "expectedEndTime": at(21),
        "hostNotes": "Window",
        "reservationId": booked["id"],
    }
    # when the diary seats the same guests, they are the same party
    again = dojo.get("CreateParty", a_party(reservationId=booked["id"]))
    assert (again["id"], again["tableIds"], Party.objects.count()) == (party.pk, ["t4"], 1)


# --- told twice ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "again"),
    [
        ("CreateParty", a_party(), a_party(name="Somebody else", tableIds=["t9"], deposit=a_deposit(100))),
        ("CreateReservation", a_reservation(), a_reservation(name="Somebody else", tableIds=[], covers=9)),
    ],
)
def test_the_same_id_again_is_the_same_and_changes_nothing(
    dojo: Dojo, uk: WorkingVenue, name: str, first: dict[str, Any], again: dict[str, Any]
) -> None:
    # given
    made = dojo.get(name, first)
    before = everything()
    # when / then
    assert dojo.get(name, first) == made
    assert dojo.get(name, again) == made
    assert everything() == before


def test_a_party_that_left_is_told_again_as_it_is(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    made = dojo.get("CreateParty", a_party())
    clear_table(actor=uk.by_waiter, party_id=made["id"])
    # when a late repeat of its arrival comes
    again = dojo.get("CreateParty", a_party())
    # then
    assert (again["id"], again["status"]) == (made["id"], "Left")
    assert again["endTime"]
    assert ids(dojo, "SearchParties") == []


@pytest.mark.parametrize(
    ("create", "sent", "delete", "id_name"),
    [
        ("CreateParty", a_party(), "DeletePartyById", "partyId"),
        ("CreateReservation", a_reservation(), "DeleteReservationById", "reservationId"),
    ],
)
def test_deleting_twice_is_once(
    dojo: Dojo, uk: WorkingVenue, create: str, sent: dict[str, Any], delete: str, id_name: str
) -> None:
    # given
    made = dojo.get(create, sent)
    assert dojo.get(delete, {id_name: made["id"]}) == {}
    before = everything()
    # when / then
    assert dojo.get(delete, {id_name: made["id"]}) == {}
    assert everything() == before


def test_a_deleted_party_is_read_as_one_that_left(dojo: Dojo, uk: WorkingVenue) -> None:
    # given a party with a bill that is still owed
    made = dojo.get("CreateParty", a_party())
    order = a_bill(uk, table="t4", total=9000, party=Party.objects.get())
    # when
    dojo.get("DeletePartyById", {"partyId": made["id"]})
    # then
    left = dojo.get("GetPartyById", {"partyId": made["id"]})
    assert (left["status"], left["tableIds"], "endTime" in left) == ("Left", ["t4"], True)
    assert ids(dojo, "SearchParties", completedOnly=True) == [made["id"]]
    shown = dojo.get("GetOrderById", {"orderId": order.pk})
    assert (shown["payable"], shown["details"]["dineIn"]["partyId"]) == (True, made["id"])


def test_a_deleted_reservation_is_gone_for_dojo_and_kept_for_us(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    made = dojo.get("CreateReservation", a_reservation())
    dojo.get("DeleteReservationById", {"reservationId": made["id"]})
    # when / then
    assert dojo.refused("GetReservationById", {"reservationId": made["id"]}).error_type == "NotFound"
    update = a_reservation(reservationId=made["id"])
    assert dojo.refused("UpdateReservation", update).error_type == "NotFound"
    assert ids(dojo, "SearchReservations") == []
    assert Reservation.objects.get().status == ReservationStatus.CANCELLED


# --- replaced --------------------------------------------------------------------------------------------------------


def test_what_an_update_of_a_party_leaves_out_is_cleared_but_its_booking(dojo: Dojo, uk: WorkingVenue) -> None:
    # given a party that we know everything of
    booked = dojo.get("CreateReservation", a_reservation())
    full = a_party(
        expectedEndTime=at(21),
        hostNotes="Called ahead",
        guestRequests="Nut allergy",
        deposit=a_deposit(5000, "pi-1"),
        reservationId=booked["id"],
    )
    party = dojo.get("CreateParty", full)
    assert party == told(full, id=party["id"], reservationId=booked["id"])
    # when
    least = {"dojoPartyId": "dojo-party-1", "startTime": at(19), "status": "Dessert", "tableIds": ["t4"]}
    updated = dojo.get("UpdateParty", least | {"partyId": party["id"]})
    # then
    assert updated == told(least, id=party["id"], reservationId=booked["id"])
    assert dojo.get("GetPartyById", {"partyId": party["id"]}) == updated


def test_what_an_update_of_a_reservation_leaves_out_is_cleared(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    made = dojo.get("CreateReservation", a_reservation(hostNotes="Regulars", guestRequests="Our dog comes too"))
    # when
    updated = dojo.get("UpdateReservation", a_reservation(reservationId=made["id"]))
    # then
    assert updated == told(a_reservation(), id=made["id"])
    assert dojo.get("GetReservationById", {"reservationId": made["id"]}) == updated


def test_guests_who_had_not_left_after_all_are_back(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    made = dojo.get("CreateParty", a_party())
    dojo.get("UpdateParty", a_party(partyId=made["id"], endTime=at(21)))
    # when
    back = dojo.get("UpdateParty", a_party(partyId=made["id"]))
    # then
    assert back == made
    assert ids(dojo, "SearchParties") == [made["id"]]


def test_an_id_that_is_another_party_or_booking_is_refused(dojo: Dojo, uk: WorkingVenue) -> None:
    # given two of each
    parties = [dojo.get("CreateParty", a_party(f"p-{n}"))["id"] for n in (1, 2)]
    bookings = [dojo.get("CreateReservation", a_reservation(f"r-{n}"))["id"] for n in (1, 2)]
    before = everything()
    # when
    party = dojo.refused("UpdateParty", a_party("p-1", partyId=parties[1]))
    booking = dojo.refused("UpdateReservation", a_reservation("r-1", reservationId=bookings[1]))
    # then
    assert (party.error_type, party.message.split(":")[0]) == ("InvalidRequest", "dojoPartyId")
    assert (booking.error_type, booking.message.split(":")[0]) == ("InvalidRequest", "dojoReservationId")
    assert everything() == before


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_table_that_is_promised_twice_is_accepted_and_flagged(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    first = dojo.get("CreateReservation", a_reservation())
    # when
    second = dojo.get("CreateReservation", a_reservation("dojo-res-2", name="Kim", startTime=at(20), endTime=at(22)))
    beside = dojo.get("CreateReservation", a_reservation("dojo-res-3", startTime=at(22), endTime=at(23)))
    # then
    assert ids(dojo, "SearchReservations", tableId="t4") == [beside["id"], second["id"], first["id"]]
    assert list(Reservation.objects.order_by("pk").values_list("overlaps", flat=True)) == [False, True, False]
    note = OrderException.objects.get()
    assert (note.kind, note.detail) == (ExceptionKind.RESERVATION_OVERLAP, {"other": first["id"]})


def test_two_parties_at_one_table_are_two_parties(dojo: Dojo, uk: WorkingVenue) -> None:
    first = dojo.get("CreateParty", a_party("p-1"))
    second = dojo.get("CreateParty", a_party("p-2"))
    assert ids(dojo, "SearchParties", tableId="t4") == [second["id"], first["id"]]


def test_a_table_named_twice_is_one_table_and_the_first_comes_first(dojo: Dojo, uk: WorkingVenue) -> None:
    party = dojo.get("CreateParty", a_party(tableIds=["t5", "t4", "t5"]))
    assert party["tableIds"] == ["t5", "t4"]
    booked = dojo.get("CreateReservation", a_reservation(tableIds=["t9", "t9"]))
    assert booked["tableIds"] == ["t9"]


@pytest.mark.parametrize("code", ["nowhere", "T4", " t4", "", "t13"])
def test_a_table_that_nobody_knows_is_refused_by_its_place(
    dojo: Dojo, uk: WorkingVenue, irish: WorkingVenue, code: str
) -> None:
    # given a table that exists, but not here
    TableFactory(venue=irish.venue, area=irish.area, code="t13")
    party = dojo.get("CreateParty", a_party())
    booked = dojo.get("CreateReservation", a_reservation())
    before = everything()
    for name, sent in (
        ("CreateParty", a_party("new")),
        ("UpdateParty", a_party(partyId=party["id"])),
        ("CreateReservation", a_reservation("new")),
        ("UpdateReservation", a_reservation(reservationId=booked["id"])),
    ):
        # when
        answer = dojo.refused(name, sent | {"tableIds": ["t4", code]})
        # then
        assert (answer.error_type, answer.message.split(":")[0]) == ("InvalidRequest", "tableIds[1]")
    assert everything() == before


def test_a_table_taken_out_of_use_is_kept_by_who_sits_there_and_given_to_nobody_else(
    dojo: Dojo, uk: WorkingVenue
) -> None:
    # given
    party = dojo.get("CreateParty", a_party())
    uk.tables["t4"].is_active = False
    uk.tables["t4"].save()
    # when / then
    assert dojo.get("UpdateParty", a_party(partyId=party["id"], covers=5))["covers"] == 5
    assert dojo.refused("CreateParty", a_party("p-2")).message.startswith("tableIds[0]: ")
    assert dojo.refused("CreateReservation", a_reservation()).message.startswith("tableIds[0]: ")
    assert (Party.objects.count(), Reservation.objects.count()) == (1, 0)


def test_nothing_moves_while_a_card_machine_has_the_bill(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    party = dojo.get("CreateParty", a_party())
    order = a_bill(uk, table="t4", party=Party.objects.get())
    dojo.get("CreateOrderLock", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)})
    party = dojo.get("GetPartyById", {"partyId": party["id"]})
    before = everything()
    # when
    answer = dojo.refused("UpdateParty", a_party(partyId=party["id"], tableIds=["t8"], name="Nobody"))
    # then
    assert answer.error_type == "Conflict"
    assert everything() == before
    assert dojo.get("GetPartyById", {"partyId": party["id"]}) == party


def test_a_bill_that_is_owed_does_not_keep_anybody_here(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    party = dojo.get("CreateParty", a_party())
    order = a_bill(uk, table="t4", party=Party.objects.get())
    # when
    gone = dojo.get("UpdateParty", a_party(partyId=party["id"], endTime=at(21)))
    # then
    assert gone["endTime"] == at(21)
    assert Order.objects.get(pk=order.pk).status != OrderStatus.CANCELED
    assert ids(dojo, "SearchOrders", payableOnly=True) == [order.pk]


# --- another venue ---------------------------------------------------------------------------------------------------


def test_what_is_another_venues_does_not_exist(
    dojo: Dojo, dojo_of: Callable[[Venue], Dojo], uk: WorkingVenue, irish: WorkingVenue
) -> None:
    # given
    party = PartyFactory(venue=irish.venue, at=[irish.tables["t4"]])
    booked = ReservationFactory(venue=irish.venue)
    before = everything()
    # when
    answers = [
        dojo.refused("GetPartyById", {"partyId": party.pk}),
        dojo.refused("UpdateParty", a_party(partyId=party.pk)),
        dojo.refused("DeletePartyById", {"partyId": party.pk}),
        dojo.refused("GetReservationById", {"reservationId": booked.pk}),
        dojo.refused("UpdateReservation", a_reservation(reservationId=booked.pk)),
        dojo.refused("DeleteReservationById", {"reservationId": booked.pk}),
    ]
    # then
    assert {answer.error_type for answer in answers} == {"NotFound"}
    assert ids(dojo, "SearchParties") == ids(dojo, "SearchReservations") == []
    seated = dojo.refused("CreateParty", a_party(reservationId=booked.pk))
    assert (seated.error_type, seated.message.split(":")[0]) == ("InvalidRequest", "reservationId")
    assert everything() == before
    # and the same ids of Dojo's are other guests elsewhere
    here = dojo.get("CreateParty", a_party())
    there = dojo_of(irish.venue).get("CreateParty", a_party())
    assert here["id"] != there["id"]
