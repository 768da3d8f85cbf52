"""What is asked, and how an answer shows that it was done: the same questions for ours and for the floor."""

import base64
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

import orjson

from benchmarks.stories import item, payment, phone_order
from orders.models import Modifier, Portion, ProductKind
from pos.models import Venue

PAGE = 100
LINES, CHOICES = 10, 3

OURS, FLOOR = "/v1", "/floor"
"""Where the two roads begin; below, their paths are the same."""

Answered = Callable[[int, bytes], str | None]
"""Says what is wrong with an answer's status and body; None when it is the expected one."""

Bills = dict[str, deque[tuple[str, int]]]
"""By road: open orders that nobody has paid yet, and what they owe."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to be sent, and how to tell its answer."""

    request: bytes
    wrong: Answered


@dataclass(frozen=True, slots=True)
class Operation:
    """A capability under load."""

    name: str
    goal: float
    ask: Callable[[str], Ask | None]
    """Makes the next request for a road; None when nothing is left to ask for."""
    uses_up_bills: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Writes requests as Dojo does."""

    host: str
    username: str
    password: str

    def request(self, verb: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        credentials = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        content = orjson.dumps(body) if body is not None else b""
        head = [
            f"{verb} {path} HTTP/1.1",
            f"Host: {self.host}",
            f"Authorization: Basic {credentials}",
            "Accept: application/json",
        ]
        if body is not None:
            head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*head, "", ""]).encode() + content


def worker(client: Client) -> Ask:
    """Which process answers."""
    return Ask(client.request("GET", f"{FLOOR}/worker"), lambda status, _: _unless(status == 200, "not a process"))


def get_order(client: Client, order_ids: Sequence[str]) -> Operation:
    """One order by its id, a different one each time."""
    ids = cycle(order_ids)

    def ask(road: str) -> Ask:
        order_id = next(ids)
        begins = f'{{"id":"{order_id}"'.encode()
        return Ask(
            client.request("GET", f"{road}/orders/{order_id}"),
            lambda status, body: _unless(status == 200 and body.startswith(begins), f"not order {order_id}"),
        )

    return Operation("GetOrderById", 0.7, ask)


def search_orders(client: Client) -> Operation:
    """What a card machine lists: the hundred newest orders that still owe something."""
    body = {"payableOnly": True, "cursor": {"limit": PAGE}}

    def wrong(status: int, body: bytes) -> str | None:
        found = body.count(b'"payable":true')
        return _unless(
            status == 200 and body.startswith(b'{"data":[{"id":"order_') and found == PAGE, f"{found} payable orders"
        )

    return Operation(
        "SearchOrders", 0.6, lambda road: Ask(client.request("POST", f"{road}/orders/search", body), wrong)
    )


def create_order(client: Client, venue: Venue, *, series: str) -> Operation:
    """An order from a phone: ten lines, three of them with a choice, paid in full."""
    items, number = ten_lines(venue), count(1)

    def ask(road: str) -> Ask:
        name, turn = road.strip("/"), next(number)
        mark = f"{series}_{name}_{turn}"
        # Names are unique among open orders, and short.
        order = phone_order(items, mark=mark, guest=f"Sam {name[0]}{turn}", currency=venue.currency)
        paid = f'"paymentIntentId":"{order["payments"][0]["paymentIntentId"]}"'.encode()

        def wrong(status: int, body: bytes) -> str | None:
            lines = body.count(b'"amountPerItem"')
            return _unless(
                status == 200 and body.startswith(b'{"id":"order_') and lines == LINES and paid in body,
                f"not the order {mark} with its lines and its payment",
            )

        return Ask(client.request("POST", f"{road}/orders", order), wrong)

    return Operation("CreateOrder", 0.4, ask)


def record_payment(client: Client, venue: Venue, bills: Bills, *, series: str) -> Operation:
    """What is left of an open bill, paid by card; each time another bill."""
    number = count(1)

    def ask(road: str) -> Ask | None:
        if not bills[road]:
            return None
        order_id, owed = bills[road].popleft()
        intent_id = f"pi_{series}_{road.strip('/')}_{next(number)}"
        begins, paid = f'{{"id":"{order_id}"'.encode(), f'"paymentIntentId":"{intent_id}"'.encode()

        def wrong(status: int, body: bytes) -> str | None:
            there = status == 200 and body.startswith(begins) and paid in body
            return _unless(there and b'"payable":false' in body, f"not {order_id} paid in full by {intent_id}")

        body = payment(intent_id, owed, 0, venue.currency)
        return Ask(client.request("POST", f"{road}/orders/{order_id}/record-payment", body), wrong)

    return Operation("RecordOrderPaymentById", 0.5, ask, uses_up_bills=True)


def ten_lines(venue: Venue) -> list[dict[str, Any]]:
    """Ten things of the menu, the first three with a choice."""
    dishes = Portion.objects.filter(venue=venue, is_default=True, product__kind=ProductKind.GOODS)
    portions = list(dishes.filter(product__combo_parts=None).select_related("product").order_by("pk")[:LINES])
    choices = list(Modifier.objects.filter(venue=venue).order_by("pk")[:CHOICES])
    return [
        item(portion, choices[index : index + 1], quantity=1 + index % 2, note="", currency=venue.currency)
        for index, portion in enumerate(portions)
    ]


def _unless(right: bool, words: str) -> str | None:
    return None if right else words
