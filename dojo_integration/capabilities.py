"""THE TABLE: what Dojo can ask of us, and the one way in.

Each row names a capability, the function that does it and how it reads and writes; both roads, what we register and
the tests are made from it. A road only builds params and an actor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dojo_integration import answers, documents, selectors
from dojo_integration.answers import RestShape
from dojo_integration.dojo_clock import with_expiry_on_our_clock
from dojo_integration.models import EventName
from dojo_integration.request_memory import RequestKey, once
from dojo_integration.services.inbox import handle_event
from dojo_integration.wire import booking_shapes, bookings, requests, shapes
from dojo_integration.wire.bill_shapes import BillOut
from dojo_integration.wire.create_order import CreateOrderIn
from dojo_integration.wire.events import HandleEventIn
from dojo_integration.wire.fields import RequestSerializer, validated
from orders.services.closing import get_order_bill_by_id
from orders.services.dojo_bookings import (
    create_party,
    create_reservation,
    delete_party_by_id,
    delete_reservation_by_id,
    update_party,
    update_reservation,
)
from orders.services.dojo_orders import cancel_order_by_id, create_order
from orders.services.locking import create_order_lock, delete_order_lock, extend_order_lock
from orders.services.payments import record_order_payment_by_id
from pos.errors import InvalidRequest
from pos.permissions import Actor

# Named in Dojo's lists, without a published contract: never registered.
PREVIEW_NAMES = frozenset({"AddOrderItems", "CalculateOrder", "SubmitCalculatedOrder", "SearchMenus"})

Render = Callable[[Any, Actor], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing Dojo can ask for."""

    name: str
    legacy_name: str = ""
    verb: str
    path: str
    request: type[RequestSerializer]
    run: Callable[..., Any]
    render: Render
    has_side_effects: bool
    # Paths that Dojo's documents also name, for the same verb.
    other_paths: tuple[str, ...] = ()
    # What the answer looks like, for the API document; a test holds every row to it, and every answer.
    response: shapes.Answer | None = None
    # Where REST wants another shape than the WebSocket.
    rest_shape: RestShape | None = None
    # What it is registered for one by one, under a name of its own each: "HandleEvent:payment_intent.created".
    topics: tuple[str, ...] = ()

    @property
    def registration_names(self) -> tuple[str, ...]:
        """What Dojo is told that we implement."""
        return tuple(f"{self.name}:{topic}" for topic in self.topics) or (self.name,)

    @property
    def ws_method(self) -> str:
        return f"{self.name}V1"

    @property
    def is_remembered(self) -> bool:
        """Whether the same request again gets its first answer. What is read is read as it is now, a bill too."""
        return self.has_side_effects and self.verb != "GET"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that stands for it, of then and now, on either road."""
        plain = (self.name, self.legacy_name) if self.legacy_name else (self.name,)
        return (*dict.fromkeys((*plain, *self.registration_names)), *(f"{name}V1" for name in plain))


def call(
    capability: Capability, params: Mapping[str, Any], actor: Actor, *, request: RequestKey | None = None
) -> bytes:
    """Do what Dojo asks and return the answer's JSON; what changes something, once per request that says which it is.

    Raises PosError.
    """
    arguments = validated(capability.request, params)
    with documents.remembered():
        if request is not None and capability.is_remembered:
            return once(
                request,
                run=lambda: capability.run(actor=actor, **arguments),
                render=lambda result: capability.render(result, actor),
            )
        return capability.render(capability.run(actor=actor, **arguments), actor)


def find(name: str) -> Capability:
    """The capability of that name, present or former, or WebSocket method. Raises InvalidRequest."""
    if name.removesuffix("V1") in PREVIEW_NAMES:
        raise InvalidRequest(f"{name} is a preview of Dojo's without a published contract; it is never registered.")
    capability = BY_NAME.get(name)
    if capability is None:
        raise InvalidRequest(f"{name} is not a capability that we implement.")
    return capability


TABLE: tuple[Capability, ...] = (
    Capability(
        name="ListAreas",
        verb="GET",
        path="/v1/areas",
        request=requests.NothingIn,
        run=selectors.list_areas,
        render=answers.as_areas,
        response=shapes.AreaOut(many=True),
        has_side_effects=False,
    ),
    Capability(
        name="SearchTables",
        verb="POST",
        path="/v1/tables/search",
        other_paths=("/v1/tables",),
        request=requests.SearchTablesIn,
        run=selectors.search_tables,
        render=answers.as_tables,
        response=shapes.TablesPageOut(),
        rest_shape=answers.IN_ARRAY,
        has_side_effects=False,
    ),
    Capability(
        name="SearchOrders",
        verb="POST",
        path="/v1/orders/search",
        request=requests.SearchOrdersIn,
        run=selectors.search_orders,
        render=answers.as_orders,
        response=shapes.OrdersPageOut(),
        has_side_effects=False,
    ),
    Capability(
        name="GetOrderById",
        verb="GET",
        path="/v1/orders/{orderId}",
        request=requests.OrderIn,
        run=selectors.get_order_by_id,
        render=answers.as_text,
        response=shapes.OrderOut(),
        has_side_effects=False,
    ),
    Capability(
        name="CreateOrder",
        verb="POST",
        path="/v1/orders",
        request=CreateOrderIn,
        run=create_order,
        render=answers.as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="CancelOrderById",
        verb="DELETE",
        path="/v1/orders/{orderId}",
        request=requests.OrderIn,
        run=cancel_order_by_id,
        render=answers.as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="RecordOrderPaymentById",
        legacy_name="RecordOrderPayment",
        verb="POST",
        path="/v1/orders/{orderId}/record-payment",
        request=requests.RecordOrderPaymentIn,
        run=record_order_payment_by_id,
        render=answers.as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="GetOrderBillById",
        legacy_name="GetOrderBill",
        verb="GET",
        path="/v1/orders/{orderId}/bill",
        request=requests.OrderIn,
        run=get_order_bill_by_id,
        render=answers.as_bill,
        response=BillOut(),
        has_side_effects=True,
    ),
    Capability(
        name="CreateOrderLock",
        verb="POST",
        path="/v1/orders/{orderId}/lock",
        request=requests.CreateOrderLockIn,
        run=with_expiry_on_our_clock(create_order_lock),
        render=answers.as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="ExtendOrderLock",
        verb="PUT",
        path="/v1/orders/{orderId}/locks/{lockId}",
        request=requests.ExtendOrderLockIn,
        run=with_expiry_on_our_clock(extend_order_lock),
        render=answers.as_nothing,
        response=shapes.NothingOut(),
        has_side_effects=True,
    ),
    Capability(
        name="DeleteOrderLock",
        verb="DELETE",
        path="/v1/orders/{orderId}/locks/{lockId}",
        request=requests.DeleteOrderLockIn,
        run=delete_order_lock,
        render=answers.as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="CreateParty",
        verb="POST",
        path="/v1/parties",
        request=bookings.CreatePartyIn,
        run=create_party,
        render=answers.as_party,
        response=booking_shapes.PartyOut(),
        has_side_effects=True,
    ),
    Capability(
        name="GetPartyById",
        verb="GET",
        path="/v1/parties/{partyId}",
        request=bookings.PartyIn,
        run=selectors.get_party_by_id,
        render=answers.as_party,
        response=booking_shapes.PartyOut(),
        has_side_effects=False,
    ),
    Capability(
        name="UpdateParty",
        legacy_name="UpdatePartyById",
        verb="PUT",
        path="/v1/parties/{partyId}",
        request=bookings.UpdatePartyIn,
        run=update_party,
        render=answers.as_party,
        response=booking_shapes.PartyOut(),
        has_side_effects=True,
    ),
    Capability(
        name="DeletePartyById",
        verb="DELETE",
        path="/v1/parties/{partyId}",
        request=bookings.PartyIn,
        run=delete_party_by_id,
        render=answers.as_nothing,
        response=shapes.NothingOut(),
        rest_shape=answers.NOTHING_AT_ALL,
        has_side_effects=True,
    ),
    Capability(
        name="SearchParties",
        verb="POST",
        path="/v1/parties/search",
        request=bookings.SearchPartiesIn,
        run=selectors.search_parties,
        render=answers.as_parties,
        response=booking_shapes.PartiesPageOut(),
        has_side_effects=False,
    ),
    Capability(
        name="CreateReservation",
        verb="POST",
        path="/v1/reservations",
        request=bookings.CreateReservationIn,
        run=create_reservation,
        render=answers.as_reservation,
        response=booking_shapes.ReservationOut(),
        has_side_effects=True,
    ),
    Capability(
        name="GetReservationById",
        verb="GET",
        path="/v1/reservations/{reservationId}",
        request=bookings.ReservationIn,
        run=selectors.get_reservation_by_id,
        render=answers.as_reservation,
        response=booking_shapes.ReservationOut(),
        has_side_effects=False,
    ),
    Capability(
        name="UpdateReservation",
        legacy_name="UpdateReservationById",
        verb="PUT",
        path="/v1/reservations/{reservationId}",
        request=bookings.UpdateReservationIn,
        run=update_reservation,
        render=answers.as_reservation,
        response=booking_shapes.ReservationOut(),
        has_side_effects=True,
    ),
    Capability(
        name="DeleteReservationById",
        verb="DELETE",
        path="/v1/reservations/{reservationId}",
        request=bookings.ReservationIn,
        run=delete_reservation_by_id,
        render=answers.as_nothing,
        response=shapes.NothingOut(),
        rest_shape=answers.NOTHING_AT_ALL,
        has_side_effects=True,
    ),
    Capability(
        name="SearchReservations",
        verb="POST",
        path="/v1/reservations/search",
        request=bookings.SearchReservationsIn,
        run=selectors.search_reservations,
        render=answers.as_reservations,
        response=booking_shapes.ReservationsPageOut(),
        has_side_effects=False,
    ),
    Capability(
        name="HandleEvent",
        topics=tuple(EventName.values),
        verb="POST",
        path="/v1/events",
        request=HandleEventIn,
        run=handle_event,
        render=answers.as_nothing,
        response=shapes.NothingOut(),
        rest_shape=answers.NOTHING_AT_ALL,
        has_side_effects=True,
    ),
)

BY_NAME: dict[str, Capability] = {name: capability for capability in TABLE for name in capability.names}
