"""Asking the POS, on either road, as Dojo does."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
from django.db import close_old_connections

from dojo_integration.sandbox import faults, gateway
from dojo_integration.sandbox.api import Json, parsed
from dojo_integration.sandbox.gateway import Unanswered
from dojo_integration.sandbox.models import Account, Call, Integration

PATIENCE = 10.0

# Where a capability is over HTTP; what stands in braces is taken out of the parameters.
REST = {
    "ListAreas": "GET /v1/areas",
    "SearchTables": "POST /v1/tables/search",
    "SearchOrders": "POST /v1/orders/search",
    "CreateOrder": "POST /v1/orders",
    "GetOrderById": "GET /v1/orders/{orderId}",
    "CancelOrderById": "DELETE /v1/orders/{orderId}",
    "GetOrderBillById": "GET /v1/orders/{orderId}/bill",
    "CreateOrderLock": "POST /v1/orders/{orderId}/lock",
    "ExtendOrderLock": "PUT /v1/orders/{orderId}/locks/{lockId}",
    "DeleteOrderLock": "DELETE /v1/orders/{orderId}/locks/{lockId}",
    "RecordOrderPaymentById": "POST /v1/orders/{orderId}/record-payment",
    "CreateParty": "POST /v1/parties",
    "GetPartyById": "GET /v1/parties/{partyId}",
    "UpdateParty": "PUT /v1/parties/{id}",
    "DeletePartyById": "DELETE /v1/parties/{partyId}",
    "SearchParties": "POST /v1/parties/search",
    "CreateReservation": "POST /v1/reservations",
    "GetReservationById": "GET /v1/reservations/{reservationId}",
    "UpdateReservation": "PUT /v1/reservations/{id}",
    "DeleteReservationById": "DELETE /v1/reservations/{reservationId}",
    "SearchReservations": "POST /v1/reservations/search",
    "HandleEvent": "POST /v1/events",
}
_HEADERS = {
    "waiterId": "waiter-id",
    "dojoRequestingProduct": "dojo-requesting-product",
    "deviceId": "device-id",
    "deviceType": "device-type",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the POS answers: a result, or an error of the EPOS Data API; ``status`` is of HTTP alone."""

    is_ok: bool
    body: Any
    status: int | None = None

    @property
    def error_type(self) -> str:
        return "" if self.is_ok or not isinstance(self.body, dict) else str(self.body.get("errorType", ""))


def ask(account: Account, capability: str, params: Json, *, road: str, seconds: float = PATIENCE) -> Answer:
    """Ask the POS, registered or not; raises Unanswered."""
    began = time.monotonic()
    call = Call(road=road, name=capability[:300], request=params)
    try:
        answer = _ask(account, capability, params, road, seconds)
        call.status, call.response = answer.status, _kept(answer.body)
        return answer
    except Unanswered as error:
        call.response = {"unanswered": str(error)}
        raise
    finally:
        call.milliseconds = round(1000 * (time.monotonic() - began))
        call.save()


def _kept(body: Any) -> Any:
    """An answer for the record: PostgreSQL does not take everything that JSON can say."""
    try:
        return parsed(json.dumps(body).encode())
    except ValueError:
        return {"cannot be kept": ascii(body)[:1000]}


def _ask(account: Account, capability: str, params: Json, road: str, seconds: float) -> Answer:
    times, is_lost, is_cut = 1, False, False
    for fault in faults.all_of(f"CALL {capability}"):
        match fault.kind:
            case "delay":
                time.sleep(float(fault.options.get("seconds", 1)))
            case "duplicate":
                times += int(fault.options.get("times", 1))
            case "drop":
                is_lost = True
            case "hang_up":
                is_cut = True
    if road == "ws":
        answer = _over_ws(account, capability, params, seconds, times, is_cut)
    else:
        answer = [_over_rest(account, capability, params, seconds) for _ in range(times)][-1]
    if is_lost:
        raise Unanswered("The answer was lost on its way, as it was told to.")
    return answer


def _over_ws(account: Account, capability: str, params: Json, seconds: float, times: int, is_cut: bool) -> Answer:
    asked = {"headers": {}, **params}
    close_old_connections()  # somebody else may have it while we wait
    frame = gateway.ask(account.pk, f"{capability}V1", asked, seconds=seconds, times=times, is_cut=is_cut)
    if "error" in frame:
        return Answer(False, frame["error"])
    if "result" not in frame:
        raise Unanswered("The POS answered with neither a result nor an error.")
    return Answer(True, frame["result"])


def _over_rest(account: Account, capability: str, params: Json, seconds: float) -> Answer:
    registered = Integration.objects.filter(account=account, road="rest").first()
    if registered is None:
        raise Unanswered("No REST integration is registered.")
    verb, _, path = REST[capability].partition(" ")
    body = {name: value for name, value in params.items() if name != "headers"}
    for name in [name for name in body if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(body.pop(name)), safe=""))
    headers = {_HEADERS[name]: str(value) for name, value in (params.get("headers") or {}).items() if name in _HEADERS}
    # One base for all capabilities; what was registered with a capability's own address has it in front of that.
    base = routed(account, registered.url).partition("/v1/")[0].rstrip("/")
    response = send(
        verb, f"{base}{path}", json=None if verb in ("GET", "DELETE") else body, headers=headers,
        auth=(registered.username.encode(), registered.password.encode()), seconds=seconds,
    )  # fmt: skip
    try:
        answered = response.json() if response.content else {}
    except ValueError:
        raise Unanswered(f"The POS answered HTTP {response.status_code} without JSON.") from None
    return Answer(response.ok and not response.is_redirect, answered, response.status_code)


def routed(account: Account, url: str) -> str:
    """Where an address is found on this desk."""
    for beginning, instead in account.routes.items():
        if url.startswith(beginning):
            return str(instead) + url[len(beginning) :]
    return url


def send(verb: str, url: str, *, seconds: float, **what: Any) -> requests.Response:
    """One request, with nothing of the environment in it; raises Unanswered."""
    close_old_connections()  # somebody else may have it while we wait
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.request(verb, url, timeout=seconds, allow_redirects=False, **what)
        except requests.RequestException as error:
            raise Unanswered(f"The POS cannot be reached at {url}: {type(error).__name__}") from None
