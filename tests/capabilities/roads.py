"""The roads to a capability, as Dojo walks them: tests say what is asked, a road says how it gets there.

A further road is one more class with the same three methods, and one more entry in ROADS.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.test import Client

from dojo_integration import rpc
from dojo_integration.capabilities import Capability
from dojo_integration.models import RestCredential
from pos.models import Venue
from pos.permissions import Requester
from tests.capabilities import contract
from tests.factories import RestCredentialFactory

NOBODY = Requester()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Dojo got: a body, and the type of error where it is one; on the WebSocket in a frame."""

    body: Any
    error_type: str | None = None
    status: int | None = None
    frame: Any = None

    @property
    def ok(self) -> bool:
        return self.error_type is None

    @property
    def message(self) -> str:
        return self.body["debugMessage"]


class Road(Protocol):
    def call(self, capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY) -> Answer: ...

    def call_as_stranger(self, capability: Capability, params: Mapping[str, Any]) -> Answer: ...

    def problems(self, capability: Capability, answer: Answer) -> list[str]: ...


class RestRoad:
    """HTTP with Basic credentials, as configured for one venue."""

    def __init__(self, venue: Venue) -> None:
        self.credential: RestCredential = RestCredentialFactory(venue=venue, secret="s3cret")
        self.client = Client(raise_request_exception=False)

    def call(self, capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY) -> Answer:
        return self._send(capability, params, requester, basic(self.credential.username, "s3cret"))

    def call_as_stranger(self, capability: Capability, params: Mapping[str, Any]) -> Answer:
        return self._send(capability, params, NOBODY, basic(self.credential.username, "guessed"))

    def problems(self, capability: Capability, answer: Answer) -> list[str]:
        assert answer.status is not None
        return contract.problems(capability, answer.status, answer.body)

    def _send(
        self, capability: Capability, params: Mapping[str, Any], requester: Requester, authorization: str
    ) -> Answer:
        body = dict(params)
        path = capability.path
        for name in list(body):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", body.pop(name))
        sent = {} if capability.verb in ("GET", "DELETE") else {"data": json.dumps(body)}
        response = self.client.generic(
            capability.verb,
            path,
            **sent,
            content_type="application/json",
            headers={"Authorization": authorization, **_requester_headers(requester)},
        )
        return read(response)


def read(response: Any) -> Answer:
    # An empty answer is "{}" on a road that cannot be silent; tests see the same on every road.
    body = json.loads(response.content) if response.content else {}
    error_type = body["errorType"] if response.status_code >= 400 else None
    return Answer(body=body, error_type=error_type, status=response.status_code)


def basic(username: str, secret: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{secret}'.encode()).decode()}"


def _requester_headers(requester: Requester) -> dict[str, str]:
    known = {
        "waiter-id": requester.waiter_id,
        "dojo-requesting-product": requester.product,
        "device-id": requester.device_id,
        "device-type": requester.device_type,
    }
    return {name: value for name, value in known.items() if value}


class WsRoad:
    """JSON-RPC as it comes through the socket that is held for one venue; the socket itself left out."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    def call(self, capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY) -> Answer:
        return self._send(rpc_request(capability, params, requester))

    def call_as_stranger(self, capability: Capability, params: Mapping[str, Any]) -> Answer:
        # Nobody else can speak on a socket that we dialled. What comes nearest does not even speak the language.
        return self._send(rpc_request(capability, params) | {"jsonrpc": "1.0"})

    def problems(self, capability: Capability, answer: Answer) -> list[str]:
        return contract.frame_problems(capability, answer.frame)

    def _send(self, request: dict[str, Any]) -> Answer:
        frame = json.loads(rpc.answer(rpc.read(json.dumps(request).encode()), self.venue.pk) or b"")
        assert (frame["jsonrpc"], frame["id"], frame["method"]) == ("2.0", request["id"], request["method"])
        if "error" in frame:
            return Answer(body=frame["error"], error_type=frame["error"]["errorType"], frame=frame)
        return Answer(body=frame["result"], frame=frame)


# What the path names on the one road, the other road's contract calls by a name of its own.
IDS_ON_WS = {"UpdateParty": "partyId", "UpdateReservation": "reservationId"}


def rpc_request(
    capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY, *, id: object = None
) -> dict[str, Any]:
    """A request as Dojo's gateway writes it."""
    known = {
        "waiterId": requester.waiter_id,
        "dojoRequestingProduct": requester.product,
        "deviceId": requester.device_id,
        "deviceType": requester.device_type,
    }
    own = IDS_ON_WS.get(capability.name) if "id" not in params else None
    named = {"id" if name == own else name: value for name, value in params.items()}
    return {
        "jsonrpc": "2.0",
        "id": str(uuid.uuid4()) if id is None else id,
        "method": capability.ws_method,
        "params": {**named, "headers": {name: value for name, value in known.items() if value}},
    }


ROADS: dict[str, type[RestRoad] | type[WsRoad]] = {"rest": RestRoad, "ws": WsRoad}
