"""The outbox, where it is written: Dojo is to hear of every change, once, whoever made it, and of nothing else."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.models import Party, Reservation
from bookings.services.reservations import (
    Contact,
    ReservationDetails,
    book,
    cancel_booking,
    change_booking,
    expect_again,
    mark_no_show,
)
from dojo_integration import documents
from dojo_integration.capabilities import TABLE
from dojo_integration.models import DojoEvent, OrderDocument, OutboundEvent
from orders.demo.building import build_venue
from orders.demo.history import first_opening, write_day
from orders.models import Order
from orders.services.allergies import note_allergy
from orders.services.locking import create_order_lock, delete_order_lock, end_lapsed_leases, extend_order_lock
from orders.services.seating import clear_paid_tables, seat_party
from orders.services.targets import AtTable
from pos.errors import Conflict
from pos.events import OrderChanged, PartyChanged, ReservationChanged, publish
from pos.permissions import Actor
from pos.service import accompanied_by, service
from tests.bills import a_bill, settled
from tests.capabilities.requests import a_party, a_payment, a_reservation, an_event, an_order, in_minutes
from tests.capabilities.roads import ROADS
from tests.factories import PartyFactory, ReservationFactory, WorkingVenue
from tests.outbox import as_dojo_sees_it, kinds, newly_wanted, wanted

Ask = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(params=ROADS)
def ask(request: pytest.FixtureRequest, uk: WorkingVenue) -> Ask:
    """Dojo asks for something, over each road, and is not refused."""
    road = ROADS[request.param](uk.venue)
    capabilities = {capability.name: capability for capability in TABLE}

    def call(name: str, params: dict[str, Any]) -> Any:
        answer = road.call(capabilities[name], params)
        assert answer.ok, answer.body
        return answer.body

    return call


# --- what Dojo asks for ----------------------------------------------------------------------------------------------


def _a_party(ask: Ask, shop: WorkingVenue) -> str:
    return str(ask("CreateParty", a_party())["id"])


def _a_booking(ask: Ask, shop: WorkingVenue) -> str:
    return str(ask("CreateReservation", a_reservation())["id"])


def _lent(ask: Ask, shop: WorkingVenue) -> dict[str, Any]:
    params = {"orderId": a_bill(shop).pk, "lockId": "lock-1", "expiry": in_minutes(5)}
    ask("CreateOrderLock", params)
    return params | {"expiry": in_minutes(9)}


def _cancellable(ask: Ask, shop: WorkingVenue) -> dict[str, Any]:
    return {"orderId": ask("CreateOrder", an_order(payments=[]))["id"]}


Prepare = Callable[[Ask, WorkingVenue], dict[str, Any]]

# What each capability with side effects changes; the guests' status follows their bill.
CHANGES: dict[str, tuple[Prepare, list[str]]] = {
    "CreateOrder": (lambda ask, shop: an_order(), ["Order"]),
    "CancelOrderById": (_cancellable, ["Order"]),
    "RecordOrderPaymentById": (lambda ask, shop: a_payment(a_bill(shop).pk, 5000), ["Order", "Party"]),
    "GetOrderBillById": (lambda ask, shop: {"orderId": a_bill(shop).pk}, ["Order"]),
    "CreateOrderLock": (
        lambda ask, shop: {"orderId": a_bill(shop).pk, "lockId": "lock-1", "expiry": in_minutes(5)},
        ["Party"],
    ),
    "ExtendOrderLock": (_lent, []),
    "DeleteOrderLock": (_lent, ["Party"]),
    "CreateParty": (lambda ask, shop: a_party(), ["Party"]),
    "UpdateParty": (lambda ask, shop: a_party(covers=5) | {"partyId": _a_party(ask, shop)}, ["Party"]),
    "DeletePartyById": (lambda ask, shop: {"partyId": _a_party(ask, shop)}, ["Party"]),
    "CreateReservation": (lambda ask, shop: a_reservation(), ["Reservation"]),
    "UpdateReservation": (
        lambda ask, shop: a_reservation(covers=5) | {"reservationId": _a_booking(ask, shop)},
        ["Reservation"],
    ),
    "DeleteReservationById": (lambda ask, shop: {"reservationId": _a_booking(ask, shop)}, ["Reservation"]),
    "HandleEvent": (lambda ask, shop: an_event(), []),
}


def test_every_capability_that_writes_stands_in_that_table() -> None:
    assert CHANGES.keys() == {capability.name for capability in TABLE if capability.has_side_effects}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_capability_changes_dojo_is_to_hear_of_once(uk: WorkingVenue, ask: Ask, name: str) -> None:
    # given
    prepare, expected = CHANGES[name]
    params = prepare(ask, uk)
    before = as_dojo_sees_it()
    # when
    news = newly_wanted(lambda: ask(name, params))
    # then: just what reads differently
    after = as_dojo_sees_it()
    assert set(news) == {key for key in after if after[key] != before.get(key)}
    assert set(news.values()) <= {1}
    assert kinds(news) == expected


@pytest.mark.parametrize(
    ("name", "read", "again"),
    [
        ("UpdateParty", "partyId", a_party(dojo_party_id="dojo-party-1")),
        ("UpdateReservation", "reservationId", a_reservation()),
    ],
)
def test_the_same_words_again_are_no_news(uk: WorkingVenue, ask: Ask, name: str, read: str, again: Any) -> None:
    made = ask(name.replace("Update", "Create"), again)
    assert newly_wanted(lambda: ask(name, again | {read: made["id"]})) == {}


@pytest.mark.parametrize(("name", "key"), [("DeletePartyById", "partyId"), ("DeleteReservationById", "reservationId")])
def test_what_is_deleted_twice_is_told_once(uk: WorkingVenue, ask: Ask, name: str, key: str) -> None:
    made = _a_party(ask, uk) if key == "partyId" else _a_booking(ask, uk)
    assert list(newly_wanted(lambda: ask(name, {key: made})).values()) == [1]
    assert newly_wanted(lambda: ask(name, {key: made})) == {}


def test_what_is_refused_is_no_news(uk: WorkingVenue) -> None:
    road = ROADS["rest"](uk.venue)
    record = next(capability for capability in TABLE if capability.name == "RecordOrderPaymentById")
    order = a_bill(uk)
    assert newly_wanted(lambda: road.call(record, a_payment(order.pk, 9_999))) == {}


# --- leases ----------------------------------------------------------------------------------------------------------


def test_a_lease_from_its_beginning_to_its_end_is_no_news_of_the_order(uk: WorkingVenue) -> None:
    # given
    order = a_bill(uk)
    now = timezone.now()

    def lend_and_take_back() -> None:
        lent = {"actor": uk.by_dojo, "order_id": order.pk, "lock_id": "lock-1"}
        create_order_lock(**lent, expiry=now + timedelta(minutes=1))
        extend_order_lock(**lent, expiry=now + timedelta(minutes=2))
        delete_order_lock(**lent)
        create_order_lock(**lent | {"lock_id": "lock-2"}, expiry=now + timedelta(minutes=1))
        with time_machine.travel(now + timedelta(minutes=5)):
            assert end_lapsed_leases(venue=uk.venue) == 1

    # when / then
    assert {kind for kind, _ in newly_wanted(lend_and_take_back)} == {"PartyUpdated"}


# --- staff and the clock ---------------------------------------------------------------------------------------------


def _details(**changes: Any) -> ReservationDetails:
    begins = timezone.now() + timedelta(hours=2)
    fields = {"name": "Kim", "covers": 4, "start_time": begins, "end_time": begins + timedelta(hours=2)}
    return ReservationDetails(**fields | {"table_codes": ("t1",)} | changes)


def test_the_diary_of_staff(uk: WorkingVenue) -> None:
    # given
    details = _details()
    book(actor=uk.by_waiter, details=details, contact=Contact())
    booking = Reservation.objects.get()
    this = {"actor": uk.by_supervisor, "reservation_id": booking.pk}
    key = ("ReservationUpdated", booking.pk)
    assert OutboundEvent.objects.get().wanted == 1
    # when / then
    changed = _details(covers=5, start_time=details.start_time, end_time=details.end_time)
    assert newly_wanted(lambda: change_booking(**this, details=changed, contact=Contact())) == {key: 1}
    # how to reach them Dojo never reads
    other = Contact(phone="07700 900123")
    assert newly_wanted(lambda: change_booking(**this, details=changed, contact=other)) == {}
    # that they did not come, neither; for Dojo it is there
    assert newly_wanted(lambda: mark_no_show(**this)) == {}
    assert newly_wanted(lambda: cancel_booking(**this)) == {key: 1}
    assert newly_wanted(lambda: expect_again(**this)) == {key: 1}


def test_guests_who_are_seated_with_a_booking(uk: WorkingVenue) -> None:
    booking = ReservationFactory(venue=uk.venue)
    tables = [uk.tables["t1"].pk]
    news = newly_wanted(lambda: seat_party(actor=uk.by_waiter, table_ids=tables, reservation_id=booking.pk))
    # the booking itself reads as before, but nobody knew yet that Dojo had heard of it
    assert kinds(news) == ["Party", "Reservation"]


def test_an_allergy_is_not_on_the_wire(uk: WorkingVenue) -> None:
    seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t1"].pk])
    note = {"actor": uk.by_waiter, "target": AtTable("t1"), "seat": None, "allergens": ["nuts"]}
    assert newly_wanted(lambda: note_allergy(**note)) == {}


def test_a_table_that_the_clock_clears(uk: WorkingVenue, ask: Ask) -> None:
    # given
    uk.venue.clear_after_minutes = 5
    uk.venue.save()
    order = a_bill(uk)
    ask("RecordOrderPaymentById", a_payment(order.pk, 5000))
    # when
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        news = newly_wanted(lambda: clear_paid_tables(venue=uk.venue))
    # then
    assert news == {("PartyUpdated", order.party_id): 1}


# --- only what reads differently -------------------------------------------------------------------------------------


@service
def tell(*, actor: Actor, order: Order | None = None, party: Party | None = None, booking: Any = None) -> None:
    """Say that these changed, whether they did or not."""
    mine = {"venue_id": actor.venue.pk}
    if order is not None:
        publish(OrderChanged(**mine, order_id=order.pk))
    if party is not None:
        publish(PartyChanged(**mine, party_id=party.pk))
    if booking is not None:
        publish(ReservationChanged(**mine, reservation_id=booking.pk))


def test_an_order_is_told_only_when_its_text_changed(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    assert newly_wanted(lambda: tell(actor=uk.by_system, order=order)) == {}
    Order.objects.filter(pk=order.pk).update(bill_printed_at=timezone.now())
    assert newly_wanted(lambda: tell(actor=uk.by_system, order=order)) == {}
    Order.objects.filter(pk=order.pk).update(note="By the window")
    assert newly_wanted(lambda: tell(actor=uk.by_system, order=order)) == {("OrderUpdated", order.pk): 1}


# A new value for every column; which of them Dojo reads, the wire form itself says.
_PARTY: dict[str, Any] = {
    "dojo_party_id": "dojo-9",
    "name": "Zoë",
    "covers": 9,
    "status": "Dessert",
    "status_is_written": True,
    "start_time": timezone.now() - timedelta(hours=3),
    "expected_end_time": timezone.now() + timedelta(hours=3),
    "end_time": timezone.now() + timedelta(hours=1),
    "host_notes": "Regulars",
    "guest_requests": "No nuts",
    "allergens": ["nuts"],
    "allergy_note": "All of them",
    "needs_seating": True,
    "deposit_amount": 0,
    "deposit_description": "Friday",
    "deposit_intent_ids": ["pi-9"],
}
_BOOKING: dict[str, Any] = {
    "dojo_reservation_id": "dojo-9",
    "name": "Zoë",
    "covers": 9,
    "start_time": timezone.now() - timedelta(hours=3),
    "end_time": timezone.now() + timedelta(hours=30),
    "status": "cancelled",
    "phone": "07700 900123",
    "email": "zoe@example.com",
    "host_notes": "Regulars",
    "guest_requests": "No nuts",
    "overlaps": True,
}
# Whose row it is, and what no single column is.
_NOT_ALONE = {"id", "venue", "waiter", "reservation", "created_at", "updated_at"}


def test_every_column_is_tried() -> None:
    for model, tried in ((Party, _PARTY), (Reservation, _BOOKING)):
        assert {column.name for column in model._meta.concrete_fields} - _NOT_ALONE == tried.keys()


@pytest.mark.parametrize("column", _PARTY)
def test_a_party_is_told_when_dojo_sees_a_difference(uk: WorkingVenue, column: str) -> None:
    # given: a deposit, without which its words are not on the wire
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], deposit_amount=500)
    tell(actor=uk.by_system, party=party)
    assert newly_wanted(lambda: tell(actor=uk.by_system, party=party)) == {}
    before = as_dojo_sees_it()
    # when
    Party.objects.filter(pk=party.pk).update(**{column: _PARTY[column]})
    # then
    is_seen = as_dojo_sees_it() != before
    assert newly_wanted(lambda: tell(actor=uk.by_system, party=party)) == (
        {("PartyUpdated", party.pk): 1} if is_seen else {}
    )


@pytest.mark.parametrize("column", _BOOKING)
def test_a_reservation_is_told_when_dojo_sees_a_difference(uk: WorkingVenue, column: str) -> None:
    # given
    booking = ReservationFactory(venue=uk.venue)
    tell(actor=uk.by_system, booking=booking)
    before = as_dojo_sees_it()
    # when
    Reservation.objects.filter(pk=booking.pk).update(**{column: _BOOKING[column]})
    # then
    is_seen = as_dojo_sees_it() != before
    assert newly_wanted(lambda: tell(actor=uk.by_system, booking=booking)) == (
        {("ReservationUpdated", booking.pk): 1} if is_seen else {}
    )


def test_where_they_sit_in_which_order_and_from_which_booking_is_seen(uk: WorkingVenue) -> None:
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t1"], uk.tables["t2"]])
    booking = ReservationFactory(venue=uk.venue)
    booking.tables.add(uk.tables["t3"])
    tell(actor=uk.by_system, party=party, booking=booking)
    for change in (
        lambda: party.table_links.filter(table=uk.tables["t1"]).update(position=5),
        lambda: party.table_links.filter(table=uk.tables["t2"]).delete(),
        lambda: Party.objects.filter(pk=party.pk).update(reservation=booking),
    ):
        change()
        assert newly_wanted(lambda: tell(actor=uk.by_system, party=party, booking=booking)) == {
            ("PartyUpdated", party.pk): 1
        }
    booking.table_links.all().delete()
    assert kinds(newly_wanted(lambda: tell(actor=uk.by_system, party=party, booking=booking))) == ["Reservation"]


def test_what_is_shorter_than_a_millisecond_dojo_does_not_see(uk: WorkingVenue) -> None:
    moment = timezone.now().replace(microsecond=500_100)
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], start_time=moment)
    tell(actor=uk.by_system, party=party)
    for microsecond, expected in ((500_999, []), (501_000, ["Party"])):
        Party.objects.filter(pk=party.pk).update(start_time=moment.replace(microsecond=microsecond))
        assert kinds(newly_wanted(lambda: tell(actor=uk.by_system, party=party))) == expected


def test_what_is_gone_altogether_is_told_once(uk: WorkingVenue) -> None:
    party = PartyFactory(venue=uk.venue)
    tell(actor=uk.by_system, party=party)
    Party.objects.filter(pk=party.pk).delete()
    assert newly_wanted(lambda: tell(actor=uk.by_system, party=party)) == {("PartyUpdated", party.pk): 1}
    assert newly_wanted(lambda: tell(actor=uk.by_system, party=party)) == {}


# --- how it is written -----------------------------------------------------------------------------------------------


def test_a_change_is_one_statement_with_its_documents(uk: WorkingVenue) -> None:
    orders = [a_bill(uk, table=f"t{number}") for number in range(1, 4)]
    Order.objects.update(note="Changed")
    events = [OrderChanged(venue_id=uk.venue.pk, order_id=order.pk) for order in orders]
    guests = [PartyChanged(venue_id=uk.venue.pk, party_id=order.party_id or "") for order in orders]
    Party.objects.update(name="Changed")
    with CaptureQueriesContext(connection) as queries:
        news = newly_wanted(lambda: documents.write_order_documents([*events, *guests]))
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 1
    assert kinds(news) == ["Order"] * 3 + ["Party"] * 3


def test_what_is_taken_back_was_never_wanted(uk: WorkingVenue) -> None:
    class FailsLast:
        def begin(self) -> None: ...

        def finish(self, result: Any) -> None:
            assert kinds(wanted() - before) == ["Order"]
            raise Conflict("Too late.")

    # given
    order = a_bill(uk)
    before = wanted()

    def change_and_fail() -> None:
        with pytest.raises(Conflict), accompanied_by(FailsLast()):
            settled(order)

    # when / then
    assert newly_wanted(change_and_fail) == {}


def test_a_change_takes_up_again_what_was_parked(uk: WorkingVenue) -> None:
    # given
    order = a_bill(uk)
    earlier = timezone.now() - timedelta(hours=30)
    OutboundEvent.objects.filter(entity_id=order.pk).update(
        parked_at=earlier,
        reason="refused",
        last_error="No.",
        attempts=9,
        failing_since=earlier,
        next_attempt_at=earlier,
    )
    # when
    settled(order)
    # then: why it was parked is known until it is sent
    row = OutboundEvent.objects.get(entity_id=order.pk)
    assert (row.parked_at, row.attempts, row.failing_since) == (None, 0, None)
    assert (row.reason, row.last_error) == ("refused", "No.")
    assert abs(row.next_attempt_at - timezone.now()) < timedelta(seconds=10)


def test_a_change_does_not_hurry_what_dojo_asked_to_wait_for(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    later = timezone.now() + timedelta(minutes=3)
    OutboundEvent.objects.filter(entity_id=order.pk).update(attempts=4, next_attempt_at=later)
    settled(order)
    row = OutboundEvent.objects.get(entity_id=order.pk)
    assert (row.attempts, row.next_attempt_at, row.wanted) == (4, later, 2)


def test_every_venue_has_its_own(uk: WorkingVenue, irish: WorkingVenue) -> None:
    ours, theirs = a_bill(uk), a_bill(irish)
    venues = dict(OutboundEvent.objects.filter(kind="OrderUpdated").values_list("entity_id", "venue_id"))
    assert venues == {ours.pk: uk.venue.pk, theirs.pk: irish.venue.pk}


# --- what is no news -------------------------------------------------------------------------------------------------


def test_rebuilding_documents_tells_dojo_nothing(uk: WorkingVenue) -> None:
    # given a damaged, a missing and a stray document
    orders = [a_bill(uk, table=f"t{number}") for number in range(1, 4)]
    OrderDocument.objects.filter(order_id=orders[0].pk).update(body="{}")
    OrderDocument.objects.filter(order_id=orders[1].pk).delete()
    OrderDocument.objects.create(order_id="order_stray", venue_id=uk.venue.pk, number=0, payable=True, body="{}")
    # when / then
    assert newly_wanted(lambda: call_command("rebuild_documents", stdout=StringIO())) == {}


def test_a_past_that_is_written_down_tells_dojo_nothing(db: None) -> None:
    # given
    venue = build_venue(opened_at=first_opening(timezone.now(), ZoneInfo("Europe/London")))
    # when
    write_day(actor=Actor.system(venue), number=1)
    # then
    assert OrderDocument.objects.count() > 20
    assert OutboundEvent.objects.count() == 0


def test_an_event_of_dojos_is_kept_and_is_no_news(uk: WorkingVenue, ask: Ask) -> None:
    assert newly_wanted(lambda: ask("HandleEvent", an_event())) == {}
    assert DojoEvent.objects.count() == 1
