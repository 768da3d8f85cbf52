"""Dojo's EPOS tester: a flow is played through with us, and watched until it is over."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.errors import Unavailable, Unreachable
from dojo_integration.dojo_api.results import Flow, FlowParam, FlowResult
from pos.errors import InvalidRequest

IN_PROGRESS = "IN_PROGRESS"
SUCCESS = "SUCCESS"
PAUSE = 1.0
# Some flows wait for a person at a card machine.
PATIENCE = 600.0


def flow_named(flows: Sequence[Flow], name: str) -> Flow:
    """Raises InvalidRequest, naming those that there are."""
    found = next((flow for flow in flows if flow.name.lower() == name.lower()), None)
    if found is None:
        known = ", ".join(f"“{flow.name}”" for flow in flows) or "none"
        raise InvalidRequest(f"The tester has no flow “{name}”; it has {known}.", field="flow")
    return found


def params_of(flow: Flow, given: Sequence[str]) -> dict[str, Any]:
    """What stands in NAME=VALUE, as the flow wants it. Raises InvalidRequest."""
    known = {param.name: param for param in flow.params}
    values: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in known:
            wanted = ", ".join(known) or "none"
            raise InvalidRequest(f"“{one}” is not NAME=VALUE with a name that “{flow.name}” has: {wanted}.", field=name)
        values[name] = _value(known[name], value)
    missing = [name for name, param in known.items() if param.required and not param.default and name not in values]
    if missing:
        raise InvalidRequest(f"“{flow.name}” needs --param {missing[0]}=…", field=missing[0])
    return values


def play(
    api: DojoApi, flow: Flow, params: Mapping[str, Any], *, pause: float = PAUSE, patience: float = PATIENCE
) -> Iterator[FlowResult]:
    """How the flow stands, again and again until it is over; the last one may be in progress if it never is.

    That Dojo cannot be asked for a moment ends nothing. Raises DojoError.
    """
    flow_id = api.start_tester_flow(flow.name, params)
    until = time.monotonic() + patience
    while True:
        try:
            result = api.tester_flow(flow_id)
            yield result
            if result.status != IN_PROGRESS or time.monotonic() > until:
                return
        except (Unreachable, Unavailable):
            if time.monotonic() > until:
                raise
        time.sleep(pause)


def _value(param: FlowParam, written: str) -> Any:
    match param.type.lower():
        case "integer" | "int" | "number":
            try:
                return int(written)
            except ValueError:
                raise InvalidRequest(f"{param.name} has to be a whole number.", field=param.name) from None
        case "boolean" | "bool":
            if written.lower() not in ("true", "false"):
                raise InvalidRequest(f"{param.name} has to be true or false.", field=param.name)
            return written.lower() == "true"
    return written
