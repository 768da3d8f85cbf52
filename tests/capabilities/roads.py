"""The roads to a capability, as Dojo walks them: tests say what is asked, a road says how it gets there.

A further road is one more class with the same two methods, and one more entry in ROADS.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.test import Client

from dojo_integration.capabilities import Capability
from dojo_integration.models import RestCredential
from pos.models import Venue
from pos.permissions import Requester
from tests.factories import RestCredentialFactory

NOBODY = Requester()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Dojo got: a body, and the type of error where it is one."""

    body: Any
    error_type: str | None = None
    status: int | None = None

    @property
    def ok(self) -> bool:
        return self.error_type is None

    @property
    def message(self) -> str:
        return self.body["debugMessage"]


class Road(Protocol):
    def call(self, capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY) -> Answer: ...

    def call_as_stranger(self, capability: Capability, params: Mapping[str, Any]) -> Answer: ...


class RestRoad:
    """HTTP with Basic credentials, as configured for one venue."""

    def __init__(self, venue: Venue) -> None:
        self.credential: RestCredential = RestCredentialFactory(venue=venue, secret="s3cret")
        self.client = Client(raise_request_exception=False)

    def call(self, capability: Capability, params: Mapping[str, Any], requester: Requester = NOBODY) -> Answer:
        return self._send(capability, params, requester, basic(self.credential.username, "s3cret"))

    def call_as_stranger(self, capability: Capability, params: Mapping[str, Any]) -> Answer:
        return self._send(capability, params, NOBODY, basic(self.credential.username, "guessed"))

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


ROADS: dict[str, type[RestRoad]] = {"rest": RestRoad}
