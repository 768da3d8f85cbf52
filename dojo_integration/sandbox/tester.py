"""The EPOS tester tool: flows that ask the POS over the road that is registered, and report step by step."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import close_old_connections
from django.utils import timezone

from dojo_integration.sandbox import moments, pos_calls
from dojo_integration.sandbox.api import Json, Request, invalid, not_found
from dojo_integration.sandbox.gateway import Unanswered
from dojo_integration.sandbox.integrations import is_registered
from dojo_integration.sandbox.models import Flow

log = structlog.get_logger(__name__)

R = TypeVar("R")

GET_ORDER = "Get Order"
PATIENCE = 10.0
# A run whose process was killed does not go on for ever.
LONGEST = timedelta(seconds=3 * PATIENCE)

_threads = ThreadPoolExecutor(2, thread_name_prefix="sandbox-flow")


def list_all(request: Request) -> Json:
    """There is one flow, and the tool's document describes one."""
    about = "The id of an order that the POS has."
    order_id = {"name": "orderId", "type": "string", "required": True, "description": about}
    return {"name": GET_ORDER, "params": [order_id]}


def start(request: Request) -> str:
    name, params = request.body["flow"], request.body.get("params", {})
    if name != GET_ORDER:
        raise invalid("Flow", f"There is no flow “{name[:100]}”.")
    if not isinstance(params.get("orderId"), str) or not params["orderId"]:
        raise invalid("Params.OrderId", "The orderId field is required.")
    flow = Flow.objects.create(
        id=str(uuid.uuid4()), account=request.account, name=name, params=params, status="IN_PROGRESS"
    )
    _threads.submit(_run, flow)
    return flow.pk


def get(request: Request) -> Json:
    flow = Flow.objects.filter(pk=request.named["flowId"], account=request.account).first()
    if flow is None:
        raise not_found("flow")
    is_dead = flow.status == "IN_PROGRESS" and timezone.now() - flow.created_at > LONGEST
    shown: Json = {
        "flowID": flow.pk,
        "flowName": "Get Order through EPOS Data API",
        "status": "TIMED_OUT" if is_dead else flow.status,
        "startedAt": moments.written(flow.created_at),
        "steps": flow.steps,
    }
    if flow.finished_at:
        shown["finishedAt"] = moments.written(flow.finished_at)
    return shown


class _Failed(Exception):
    def __init__(self, *words: str, status: str = "FAILURE") -> None:
        super().__init__(*words)
        self.words = list(words)
        self.status = status


def _run(flow: Flow) -> None:
    close_old_connections()
    try:
        status = "SUCCESS"
        try:
            _get_order(flow)
        except _Failed as failed:
            status = failed.status
        flow.status, flow.finished_at = status, timezone.now()
        Flow.objects.filter(pk=flow.pk).update(status=status, steps=flow.steps, finished_at=flow.finished_at)
    except Exception:
        log.exception("a flow of the tester tool broke")
    finally:
        close_old_connections()


def _get_order(flow: Flow) -> None:
    road = _step(flow, "Check whether GetOrder has been registered", lambda: _registered_road(flow))
    order = _step(flow, f"Call GetOrder over {road}", lambda: _ask(flow, road))
    _step(flow, "Check the order that GetOrder has returned", lambda: _check_order(flow, order))


def _step(flow: Flow, name: str, do: Callable[[], R]) -> R:
    step: Json = {"name": name, "status": "IN_PROGRESS", "startedAt": moments.now()}
    flow.steps.append(step)
    Flow.objects.filter(pk=flow.pk).update(steps=flow.steps)
    try:
        result = do()
        step["status"] = "SUCCESS"
        return result
    except _Failed as failed:
        step["status"], step["additionalInformation"] = failed.status, failed.words
        raise
    finally:
        step["finishedAt"] = moments.now()


def _registered_road(flow: Flow) -> str:
    for road in ("ws", "rest"):
        if is_registered(flow.account, road, "GetOrderById"):
            return road
    raise _Failed("GetOrder method not found", "Please register the GetOrder method on an EPOS Data API adapter")


def _ask(flow: Flow, road: str) -> Json:
    try:
        answer = pos_calls.ask(
            flow.account, "GetOrderById", {"orderId": flow.params["orderId"]}, road=road, seconds=PATIENCE
        )
    except Unanswered as error:
        raise _Failed("GetOrder was not answered", str(error), status="TIMED_OUT") from None
    if not answer.is_ok:
        said = answer.body if isinstance(answer.body, dict) else {}
        raise _Failed("GetOrder failed", f"{answer.error_type or 'error'}: {said.get('debugMessage', '')}")
    if not isinstance(answer.body, dict):
        raise _Failed("GetOrder has not returned an object")
    return answer.body


def _check_order(flow: Flow, order: Json) -> None:
    if missing := [name for name in ("id", "status", "details", "items") if name not in order]:
        raise _Failed(f"The order is without {', '.join(missing)}")
    if order["id"] != flow.params["orderId"]:
        raise _Failed(f"Another order was returned: {order['id']}")
