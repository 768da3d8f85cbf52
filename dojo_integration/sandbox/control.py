"""The controls of the desk, under /_control/: JSON in and out, and from this machine only.

Here a person or a test does what Dojo's own systems and people with cards do, and tells the sandbox to misbehave.
"""

from collections.abc import Callable
from typing import Any

from dojo_integration.sandbox import desk, shapes
from dojo_integration.sandbox.accounts import account_of_key, open_account, own_account
from dojo_integration.sandbox.api import Asked, Family, Json, Refusal, Reply, read_body
from dojo_integration.sandbox.faults import KINDS
from dojo_integration.sandbox.models import Account
from dojo_integration.sandbox.requests import TERMINAL_STATUSES
from dojo_integration.sandbox.sessions import BEHAVIOURS

PREFIX = "/_control/"

_words = shapes.text(least=1)
_seconds = shapes.whole(least=0, most=600)
_road = shapes.one_of("rest", "ws")
_object = shapes.record(closed=False)
_amount = shapes.whole(least=0)
_nothing = shapes.record()


def _number(where: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield where, "This must be a number."


_SHAPES: dict[str, shapes.Shape] = {
    "reset": _nothing,
    "accounts": shapes.record({"apiKey": _words}),
    "routes": shapes.map_of(_words),
    "faults": shapes.record(
        {"on": _words, "kind": shapes.one_of(*KINDS)},
        count=shapes.or_null(shapes.whole(least=1)),
        seconds=_number,
        status=shapes.whole(least=200, most=599),
        retryAfter=shapes.any_of(_words, _number),
        times=shapes.whole(least=1, most=100),
        after=shapes.flag,
        location=_words,
        code=shapes.whole(least=1000, most=4999),
    ),
    "pay": shapes.record({"paymentIntentId": _words}),
    "reverse": shapes.record({"paymentIntentId": _words}),
    "refund": shapes.record({"paymentIntentId": _words, "amount": shapes.whole(least=1)}),
    "payments": shapes.record(
        {"orderId": _words, "amount": shapes.whole(least=1)},
        road=_road,
        record=shapes.flag,
        reference=_words,
        currencyCode=_words,
        tipsAmount=_amount,
        serviceChargeAmount=_amount,
        cashbackAmount=_amount,
        waiterId=_words,
        lockId=_words,
        seconds=_number,
    ),
    "ask": shapes.record({"capability": _words, "params": _object}, road=_road, seconds=_number),
    "deliver": shapes.record(
        {"paymentIntentId": _words, "road": shapes.one_of("rest", "ws", "webhook")},
        event=_words,
        id=_words,
        status=_words,
        times=shapes.whole(least=1, most=100),
    ),
    "terminals": shapes.record(
        {"terminalId": _words},
        status=shapes.one_of(*TERMINAL_STATUSES),
        behaviour=shapes.one_of(*BEHAVIOURS),
    ),
    "sessions": shapes.record({"terminalSessionId": _words, "do": shapes.one_of(*BEHAVIOURS)}),
    "gateway": shapes.record({"do": shapes.one_of("close", "cut")}, code=shapes.whole(least=1000, most=4999)),
}
_POSTS: dict[str, Callable[[Account, Json], Any]] = {
    "reset": desk.reset,
    "accounts": lambda account, body: {"accountId": open_account(body["apiKey"]).pk},
    "routes": desk.set_routes,
    "faults": desk.set_fault,
    "pay": desk.pay,
    "reverse": desk.reverse,
    "refund": desk.refund,
    "payments": desk.take_payment,
    "ask": desk.ask,
    "deliver": desk.deliver,
    "terminals": desk.set_terminal,
    "sessions": desk.at_session,
    "gateway": desk.gateway_do,
}
_GETS: dict[str, Callable[[Account], Any]] = {
    "account": desk.show_account,
    "events": desk.show_events,
    "calls": desk.show_calls,
    "deliveries": desk.show_deliveries,
    "faults": desk.show_faults,
    "gateway": desk.show_gateway,
}


def names() -> list[str]:
    """Every control, as method and path."""
    return [*(f"GET {PREFIX}{name}" for name in _GETS), *(f"POST {PREFIX}{name}" for name in _POSTS)]


def perform(asked: Asked, *, is_local: bool) -> Reply:
    try:
        if not is_local:
            raise Refusal(403, "The controls answer to this machine only.")
        return Reply(200, _perform(asked))
    except Refusal as refusal:
        return Reply(refusal.status, refusal.body(Family.PAYMENTS))


def _perform(asked: Asked) -> Any:
    what = asked.path.removeprefix(PREFIX)
    if asked.method == "GET" and what in _GETS:
        return _GETS[what](_whose(asked))
    if asked.method == "POST" and what in _POSTS:
        body = read_body(_SHAPES[what], asked)
        return _POSTS[what](_whose(asked), body)
    raise Refusal(404, f"There is no control {asked.method} {asked.path}.")


def _whose(asked: Asked) -> Account:
    """The account of the key that the request shows; without one, the desk's own."""
    key = asked.headers.get("authorization", "").removeprefix("Basic ")
    account = account_of_key(key) if key else own_account()
    if account is None:
        raise Refusal(401, "There is no account with that key.")
    return account
