"""What the POS tells Dojo about itself: what has changed there, and which capabilities it has on which road."""

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import moments
from dojo_integration.sandbox.api import Json, Request, invalid
from dojo_integration.sandbox.models import Account, Integration, ReceivedEvent

# What may be registered, old names behind the ones that took their place.
RENAMED = {
    "GetOrderBill": "GetOrderBillById",
    "RecordOrderPayment": "RecordOrderPaymentById",
    "UpdatePartyById": "UpdateParty",
    "UpdateReservationById": "UpdateReservation",
}
NAMES = {
    "CreateOrder", "GetOrderById", "CancelOrderById", "SearchOrders", "RecordOrderPaymentById", "GetOrderBillById",
    "AddOrderItems", "CreateOrderLock", "DeleteOrderLock", "ExtendOrderLock", "CalculateOrder", "SubmitCalculatedOrder",
    "SearchMenus", "CreateParty", "GetPartyById", "UpdateParty", "DeletePartyById", "SearchParties",
    "CreateReservation", "GetReservationById", "UpdateReservation", "DeleteReservationById", "SearchReservations",
    "SearchTables", "ListAreas", "HandleEvent:payment_intent.created", "HandleEvent:payment_intent.status_updated",
    *RENAMED,
}  # fmt: skip
_EVENT_IDS = {"OrderUpdated": "orderId", "PartyUpdated": "partyId", "ReservationUpdated": "reservationId"}


def receive_event(request: Request) -> Json:
    event_type, event = request.body["eventType"], request.body["event"]
    wanted = _EVENT_IDS.get(event_type)
    if wanted is None:
        raise invalid("EventType", f"The event type is one of {', '.join(_EVENT_IDS)}.")
    if wanted not in event:
        raise invalid(f"Event.{wanted[0].upper()}{wanted[1:]}", f"{event_type} is about an {wanted}.")
    ReceivedEvent.objects.create(
        account=request.account, event_type=event_type, entity_id=event[wanted], body=request.body
    )
    return dict(request.body)


def all_of(request: Request) -> Json:
    return {
        "restIntegrations": _shown(request.account, "rest"),
        "wsIntegrations": _shown(request.account, "ws"),
        "dojoManagedIntegrations": [],
    }


def rest(request: Request) -> list[Json]:
    return _shown(request.account, "rest")


def ws(request: Request) -> list[Json]:
    return _shown(request.account, "ws")


def dojo(request: Request) -> list[Json]:
    return []


def register_rest(request: Request) -> list[Json]:
    basic = request.body["auth"].get("basic") or {}
    _register(request, "rest", url=request.body["url"], **basic)
    return rest(request)


def register_ws(request: Request) -> list[Json]:
    _register(request, "ws")
    return ws(request)


def is_registered(account: Account, road: str, capability: str) -> bool:
    row = Integration.objects.filter(account=account, road=road).first()
    if row is None:
        return False
    return any(RENAMED.get(known["name"], known["name"]) == capability for known in row.capabilities)


@transaction.atomic
def _register(request: Request, road: str, **fields: str) -> None:
    asked = request.body["capabilities"]
    for number, capability in enumerate(asked):
        if capability["name"] not in NAMES:
            raise invalid(f"Capabilities[{number}].Name", f"There is no capability “{capability['name'][:100]}”.")
        if capability["version"] != "v1":
            raise invalid(f"Capabilities[{number}].Version", "The only version is v1.")
    if not asked:
        # Dojo answers well and changes nothing; what is once registered cannot be taken back by an empty list.
        return
    now = moments.written(timezone.now())
    named = [{"name": one["name"], "version": one["version"], "updatedAt": now} for one in asked]
    known = {name: value for name, value in fields.items() if name in ("url", "username", "password")}
    Integration.objects.update_or_create(account=request.account, road=road, defaults={"capabilities": named, **known})


def _shown(account: Account, road: str) -> list[Json]:
    found = []
    for row in Integration.objects.filter(account=account, road=road):
        shown: Json = {"createdAt": moments.written(row.created_at), "capabilities": row.capabilities}
        if road == "rest":
            basic = {"basic": {"username": row.username}} if row.username else {}
            shown |= {"url": row.url, "auth": {"authType": "basic", **basic}}
        found.append(shown)
    return found
