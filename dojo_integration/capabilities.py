"""THE TABLE: what Dojo can ask of us, and the one way in.

Each row names a capability, the function that does it and how it reads and writes; both roads, what we register and
the tests are made from it. A road only builds params and an actor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from dojo_integration import documents, selectors
from dojo_integration.cursors import Page
from dojo_integration.wire import bill, requests, shapes
from dojo_integration.wire.bill_shapes import BillOut
from dojo_integration.wire.create_order import CreateOrderIn
from dojo_integration.wire.fields import RequestSerializer, validated
from dojo_integration.wire.floorplan import render_area, render_table
from floorplan.selectors import ServedArea, ServedTable
from orders.models import Order
from orders.services.closing import get_order_bill_by_id
from orders.services.dojo_orders import cancel_order_by_id, create_order
from orders.services.locking import create_order_lock, delete_order_lock, extend_order_lock
from orders.services.payments import record_order_payment_by_id
from pos.errors import InvalidRequest
from pos.permissions import Actor

# Named in Dojo's lists, without a published contract: never registered.
PREVIEW_NAMES = frozenset({"AddOrderItems", "CalculateOrder", "SubmitCalculatedOrder", "SearchMenus"})

Render = Callable[[Any, Actor], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestShape:
    """Where REST wants another shape than the WebSocket: what becomes of the answer, and of its schema."""

    of_answer: Callable[[bytes], bytes]
    of_schema: Callable[[dict[str, Any]], dict[str, Any]]


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
    # What the answer looks like, for the API document; a test holds every row and every answer to it.
    response: shapes.Answer | None = None
    rest_shape: RestShape | None = None

    @property
    def ws_method(self) -> str:
        return f"{self.name}V1"


def call(capability: Capability, params: Mapping[str, Any], actor: Actor) -> bytes:
    """Do what Dojo asks and return the answer's JSON. Raises PosError."""
    arguments = validated(capability.request, params)
    with documents.remembered():
        return capability.render(capability.run(actor=actor, **arguments), actor)


def find(name: str) -> Capability:
    """The capability of that name, present or former, or WebSocket method. Raises InvalidRequest."""
    if name.removesuffix("V1") in PREVIEW_NAMES:
        raise InvalidRequest(f"{name} is a preview of Dojo's without a published contract; it is never registered.")
    capability = BY_NAME.get(name)
    if capability is None:
        raise InvalidRequest(f"{name} is not a capability that we implement.")
    return capability


def _as_order(order: Order, actor: Actor) -> bytes:
    return documents.body_of(order).encode()


def _as_text(body: str, actor: Actor) -> bytes:
    return body.encode()


def _as_nothing(result: object, actor: Actor) -> bytes:
    return b"{}"


def _as_bill(order: Order, actor: Actor) -> bytes:
    return orjson.dumps(
        {
            "header": bill.render_header(order, actor.venue, timezone.now()),
            "order": orjson.Fragment(documents.body_of(order)),
            "footer": bill.render_footer(order, actor.venue),
        }
    )


def _as_orders(page: Page[selectors.OrderText], actor: Actor) -> bytes:
    return _page(page, b",".join(body.encode() for _, body in page.rows))


def _as_tables(page: Page[ServedTable], actor: Actor) -> bytes:
    return _page(page, b",".join(orjson.dumps(render_table(table)) for table in page.rows))


def _as_areas(areas: list[ServedArea], actor: Actor) -> bytes:
    return orjson.dumps([render_area(area) for area in areas])


def _page(page: Page[Any], rows: bytes) -> bytes:
    neighbours = {"before": page.before, "after": page.after}
    cursors = b"".join(b',"%s":%s' % (name.encode(), orjson.dumps(text)) for name, text in neighbours.items() if text)
    return b'{"data":[%s]%s}' % (rows, cursors)


def _in_array(answer: bytes) -> bytes:
    """The REST contract wraps the one page of tables in an array; an older reader may want it bare."""
    return b"[%s]" % answer if settings.EPOS_TABLES_IN_ARRAY else answer


def _schema_in_array(schema: dict[str, Any]) -> dict[str, Any]:
    if not settings.EPOS_TABLES_IN_ARRAY:
        return schema
    return {"type": "array", "items": schema, "minItems": 1, "maxItems": 1}


TABLE: tuple[Capability, ...] = (
    Capability(
        name="ListAreas",
        verb="GET",
        path="/v1/areas",
        request=requests.NothingIn,
        run=selectors.list_areas,
        render=_as_areas,
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
        render=_as_tables,
        rest_shape=RestShape(of_answer=_in_array, of_schema=_schema_in_array),
        response=shapes.TablesPageOut(),
        has_side_effects=False,
    ),
    Capability(
        name="SearchOrders",
        verb="POST",
        path="/v1/orders/search",
        request=requests.SearchOrdersIn,
        run=selectors.search_orders,
        render=_as_orders,
        response=shapes.OrdersPageOut(),
        has_side_effects=False,
    ),
    Capability(
        name="GetOrderById",
        verb="GET",
        path="/v1/orders/{orderId}",
        request=requests.OrderIn,
        run=selectors.get_order_by_id,
        render=_as_text,
        response=shapes.OrderOut(),
        has_side_effects=False,
    ),
    Capability(
        name="CreateOrder",
        verb="POST",
        path="/v1/orders",
        request=CreateOrderIn,
        run=create_order,
        render=_as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="CancelOrderById",
        verb="DELETE",
        path="/v1/orders/{orderId}",
        request=requests.OrderIn,
        run=cancel_order_by_id,
        render=_as_order,
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
        render=_as_order,
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
        render=_as_bill,
        response=BillOut(),
        has_side_effects=True,
    ),
    Capability(
        name="CreateOrderLock",
        verb="POST",
        path="/v1/orders/{orderId}/lock",
        request=requests.CreateOrderLockIn,
        run=create_order_lock,
        render=_as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
    Capability(
        name="ExtendOrderLock",
        verb="PUT",
        path="/v1/orders/{orderId}/locks/{lockId}",
        request=requests.ExtendOrderLockIn,
        run=extend_order_lock,
        render=_as_nothing,
        response=shapes.NothingOut(),
        has_side_effects=True,
    ),
    Capability(
        name="DeleteOrderLock",
        verb="DELETE",
        path="/v1/orders/{orderId}/locks/{lockId}",
        request=requests.DeleteOrderLockIn,
        run=delete_order_lock,
        render=_as_order,
        response=shapes.OrderOut(),
        has_side_effects=True,
    ),
)

BY_NAME: dict[str, Capability] = {
    name: capability
    for capability in TABLE
    for plain in (capability.name, capability.legacy_name)
    if plain
    for name in (plain, f"{plain}V1")
}
