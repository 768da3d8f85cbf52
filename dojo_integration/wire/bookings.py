"""Parties and reservations: how Dojo writes them, and how it reads them.

The WebSocket's contract calls the thing that is replaced ``id``, the REST path ``partyId`` and ``reservationId``: both
are read, the path's first. An answer holds nothing that is null: what there is not is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from bookings.models import Party, PartyStatus, PartyTable, Reservation, ReservationTable
from bookings.services.parties import Deposit, PartyDetails
from bookings.services.reservations import ReservationDetails
from dojo_integration.wire.fields import (
    FreeText,
    Identifier,
    Moment,
    MoneyIn,
    RequestSerializer,
    Text,
    WholeNumber,
    YesNo,
    renamed,
)
from dojo_integration.wire.order import moment, money
from dojo_integration.wire.requests import CursorIn, page_ask
from orders.services.dojo_bookings import NewDojoParty, NewDojoReservation

MOST_TABLES = 100
MOST_INTENTS = 100
# What is longer than a screen shows is shortened; refusing it would lose the guests.
LONG_NAME = 1_000
LONG_TEXT = 10_000

# --- requests --------------------------------------------------------------------------------------------------------


class PartyIn(RequestSerializer):
    partyId = Identifier(source="party_id", help_text="The party's id.")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(renamed(data, "id", "partyId"))


class ReservationIn(RequestSerializer):
    reservationId = Identifier(source="reservation_id", help_text="The reservation's id.")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(renamed(data, "id", "reservationId"))


class DepositIn(RequestSerializer):
    totalAmount = MoneyIn(source="total")
    description = FreeText(required=False, max_length=LONG_NAME)
    # The contract requires them, its own example leaves them out.
    paymentIntentIds = serializers.ListField(
        source="intent_ids", child=Identifier(), required=False, max_length=MOST_INTENTS
    )


class PartyDetailsIn(RequestSerializer):
    """What a party is made of, whether it is new or replaced."""

    startTime = Moment(source="start_time", help_text="When they sat down.")
    tableIds = serializers.ListField(
        source="table_codes", child=Text(), max_length=MOST_TABLES, help_text="Where they sit: one table at least."
    )
    name = FreeText(required=False, max_length=LONG_NAME, help_text="Who they are, mostly the lead guest.")
    covers = WholeNumber(required=False, help_text="How many they are.")
    expectedEndTime = Moment(source="expected_end_time", required=False, help_text="When they should leave.")
    hostNotes = FreeText(source="host_notes", required=False, max_length=LONG_TEXT, help_text="For staff only.")
    guestRequests = FreeText(
        source="guest_requests", required=False, max_length=LONG_TEXT, help_text="In the guests' own words."
    )
    deposit = DepositIn(required=False, help_text="What was paid to secure the booking.")


class CreatePartyIn(PartyDetailsIn):
    dojoPartyId = Identifier(source="dojo_party_id", help_text="Makes one party, however often it is sent.")
    status = FreeText(required=False, max_length=LONG_NAME, help_text="In any words; “Seated” where there are none.")
    reservationId = Identifier(
        source="reservation_id", required=False, allow_blank=True, help_text="The booking they came for, by our id."
    )
    dojoReservationId = Identifier(
        source="dojo_reservation_id", required=False, allow_blank=True, help_text="The same by Dojo's id."
    )

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        status = valid.get("status", "")
        request = NewDojoParty(
            dojo_party_id=valid["dojo_party_id"],
            details=_party_details(valid, status=status if status.strip() else PartyStatus.SEATED),
            reservation_id=valid.get("reservation_id") or None,
            dojo_reservation_id=valid.get("dojo_reservation_id") or None,
        )
        return {"request": request}


class UpdatePartyIn(PartyDetailsIn, PartyIn):
    dojoPartyId = Identifier(source="dojo_party_id", help_text="Dojo's id of the party.")
    status = FreeText(allow_blank=False, max_length=LONG_NAME, help_text="In any words, but in some.")
    endTime = Moment(source="end_time", required=False, help_text="When they left; ends the party.")

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {
            "party_id": valid["party_id"],
            "dojo_party_id": valid["dojo_party_id"],
            "details": _party_details(valid, status=valid["status"]),
        }


class CreateReservationIn(RequestSerializer):
    dojoReservationId = Identifier(
        source="dojo_reservation_id", help_text="Makes one reservation, however often it is sent."
    )
    name = FreeText(max_length=LONG_NAME, help_text="Who booked.")
    covers = WholeNumber(help_text="How many are expected.")
    startTime = Moment(source="start_time", help_text="When they are expected.")
    endTime = Moment(source="end_time", help_text="When they should leave.")
    tableIds = serializers.ListField(
        source="table_codes", child=Text(), max_length=MOST_TABLES, help_text="Where they will sit; none is not yet."
    )
    hostNotes = FreeText(source="host_notes", required=False, max_length=LONG_TEXT, help_text="For staff only.")
    guestRequests = FreeText(
        source="guest_requests", required=False, max_length=LONG_TEXT, help_text="In the guests' own words."
    )

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {"request": _new_reservation(valid)}


class UpdateReservationIn(CreateReservationIn, ReservationIn):
    dojoReservationId = Identifier(source="dojo_reservation_id", help_text="Dojo's id of the reservation.")

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return {"reservation_id": valid["reservation_id"], "request": _new_reservation(valid)}


class SearchPartiesIn(RequestSerializer):
    tableId = Text(source="table_id", required=False, allow_blank=True, help_text="Parties at this table.")
    completedOnly = YesNo(
        source="completed_only", required=False, help_text="Those who have left instead of those who are here."
    )
    cursor = CursorIn(required=False)

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return _search(valid, "table_id", "completed_only")


class SearchReservationsIn(RequestSerializer):
    tableId = Text(source="table_id", required=False, allow_blank=True, help_text="Reservations of this table.")
    fromTime = Moment(source="from_time", required=False, help_text="Those that end after this.")
    toTime = Moment(source="to_time", required=False, help_text="Those that begin before this.")
    cursor = CursorIn(required=False)

    def arguments(self, valid: dict[str, Any]) -> dict[str, Any]:
        return _search(valid, "table_id", "from_time", "to_time")


def _search(valid: Mapping[str, Any], *filters: str) -> dict[str, Any]:
    return {**{name: valid[name] for name in filters if name in valid}, "ask": page_ask(valid)}


def _party_details(valid: Mapping[str, Any], *, status: str) -> PartyDetails:
    deposit = valid.get("deposit")
    return PartyDetails(
        start_time=valid["start_time"],
        table_codes=tuple(valid["table_codes"]),
        status=status,
        name=valid.get("name", ""),
        covers=valid.get("covers"),
        expected_end_time=valid.get("expected_end_time"),
        end_time=valid.get("end_time"),
        host_notes=valid.get("host_notes", ""),
        guest_requests=valid.get("guest_requests", ""),
        deposit=_deposit(deposit) if deposit is not None else None,
    )


def _deposit(valid: Mapping[str, Any]) -> Deposit:
    return Deposit(
        amount=valid["total"]["value"],
        currency=valid["total"]["currency"],
        description=valid.get("description", ""),
        intent_ids=tuple(valid.get("intent_ids", ())),
    )


def _new_reservation(valid: Mapping[str, Any]) -> NewDojoReservation:
    return NewDojoReservation(
        dojo_reservation_id=valid["dojo_reservation_id"],
        details=ReservationDetails(
            name=valid["name"],
            covers=valid["covers"],
            start_time=valid["start_time"],
            end_time=valid["end_time"],
            table_codes=tuple(valid["table_codes"]),
            host_notes=valid.get("host_notes", ""),
        ),
        guest_requests=valid.get("guest_requests", ""),
    )


# --- answers ---------------------------------------------------------------------------------------------------------


def render_party(party: Party, currency: str) -> dict[str, Any]:
    """Write a party, whose tables are at hand, as Dojo reads it."""
    wire: dict[str, Any] = {
        "id": party.pk,
        "status": party.status,
        "startTime": moment(party.start_time),
        "tableIds": _codes(party.table_links.all()),
    }
    known = {
        "name": party.name,
        "covers": party.covers,
        "expectedEndTime": moment(party.expected_end_time) if party.expected_end_time else None,
        "endTime": moment(party.end_time) if party.end_time else None,
        "hostNotes": party.host_notes,
        "guestRequests": party.guest_requests,
        "reservationId": party.reservation_id,
        "deposit": _render_deposit(party, currency),
    }
    return {**wire, **{name: value for name, value in known.items() if value}}


def render_reservation(reservation: Reservation) -> dict[str, Any]:
    """Write a reservation, whose tables are at hand, as Dojo reads it."""
    wire: dict[str, Any] = {
        "id": reservation.pk,
        "name": reservation.name,
        "covers": reservation.covers,
        "startTime": moment(reservation.start_time),
        "endTime": moment(reservation.end_time),
        "tableIds": _codes(reservation.table_links.all()),
    }
    known = {"hostNotes": reservation.host_notes, "guestRequests": reservation.guest_requests}
    return {**wire, **{name: value for name, value in known.items() if value}}


def _codes(links: Iterable[PartyTable] | Iterable[ReservationTable]) -> list[str]:
    return [link.table.code for link in links]


def _render_deposit(party: Party, currency: str) -> dict[str, Any] | None:
    if party.deposit_amount is None:
        return None
    deposit: dict[str, Any] = {"totalAmount": money(party.deposit_amount, currency)}
    if party.deposit_description:
        deposit["description"] = party.deposit_description
    return {**deposit, "paymentIntentIds": list(party.deposit_intent_ids)}
