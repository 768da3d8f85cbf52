"""What the client asks of Dojo's API, held against its official document, and what it makes of the statuses."""

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
import structlog
from django.db import transaction

from dojo_integration.dojo_api import operations, payloads
from dojo_integration.dojo_api.client import DojoApi, api_of
from dojo_integration.dojo_api.errors import DojoError, NotFound, Refused, Unauthorized, Unavailable, Unreachable
from dojo_integration.dojo_api.operations import Operation
from dojo_integration.dojo_api.payloads import ItemLine, ItemModifier, ItemTax, NewPaymentIntent, NewTerminalSession
from dojo_integration.dojo_api.transport import Call
from orders.models import CaptureMode
from pos import events
from pos.errors import InvalidRequest
from tests import dojo_api_document as document
from tests.dojo_integration.dojo_api import an_account, an_intent
from tests.factories import VenueFactory
from tests.tally import Tally

URL = "https://api.dojo.example"

SESSION = {"id": "ts_1", "terminalId": "tm_1", "status": "InitiateRequested"}
TERMINAL = {"id": "tm_1", "properties": {"tid": "12345678"}, "status": "Available"}
SUBSCRIPTION = {"id": "ws_1", "url": "https://till.example/hook", "events": ["payment_intent.created"]}
SECRETS = {"id": "ws_1", "secrets": [{"id": "sc_1", "value": "shh", "isActive": False}]}
FLOW_ID = "0b8f3a52-8a4e-4a3c-9d8e-5f6a7b8c9d0e"


def pounds(value: int) -> dict[str, Any]:
    return {"value": value, "currencyCode": "GBP"}


@dataclass(frozen=True, slots=True)
class Case:
    """One method of the client, what it has to send, and an answer to it."""

    act: Callable[[DojoApi], Any]
    operation: Operation
    path: str
    body: Any = None
    answer: Any = None


AN_EVENING = NewPaymentIntent(
    amount=4500,
    currency="GBP",
    reference="Table 7",
    description="Dinner",
    capture_mode=CaptureMode.MANUAL,
    order_external_id="order_1",
    waiter_id="12",
    tips_amount=500,
    service_charge_amount=450,
    tips_allowed=True,
    expire_at=datetime(2031, 7, 4, 20, tzinfo=UTC),
    metadata={"till": "1"},
    item_lines=(
        ItemLine(
            id="line_1",
            name="Burger",
            quantity=2,
            amount_total=3600,
            plu="burger",
            category="Mains",
            modifiers=(ItemModifier(id="cheese", name="Cheese", quantity=1, amount=150),),
        ),
    ),
    tax_lines=(ItemTax(id="20", caption="VAT 20 %", amount_total=600),),
)

CASES = {
    "send_event of an order": Case(
        lambda api: api.send_event(event_type="OrderUpdated", entity_id="order_1"),
        operations.SEND_EVENT,
        "/epos/events",
        {"eventType": "OrderUpdated", "event": {"orderId": "order_1"}},
    ),
    "send_event of a party": Case(
        lambda api: api.send_event(event_type="PartyUpdated", entity_id="party_1"),
        operations.SEND_EVENT,
        "/epos/events",
        {"eventType": "PartyUpdated", "event": {"partyId": "party_1"}},
    ),
    "send_event of a reservation": Case(
        lambda api: api.send_event(event_type="ReservationUpdated", entity_id="rsv_1"),
        operations.SEND_EVENT,
        "/epos/events",
        {"eventType": "ReservationUpdated", "event": {"reservationId": "rsv_1"}},
    ),
    "create_payment_intent": Case(
        lambda api: api.create_payment_intent(AN_EVENING),
        operations.CREATE_INTENT,
        "/payment-intents",
        {
            "amount": pounds(4500),
            "reference": "Table 7",
            "description": "Dinner",
            "captureMode": "Manual",
            "tipsAmount": pounds(500),
            "serviceChargeAmount": pounds(450),
            "orderDetails": {"externalId": "order_1"},
            "config": {"payment": {"tipsAllowed": True}},
            "expireAt": "2031-07-04T20:00:00.000Z",
            "metadata": {"till": "1", "waiterId": "12"},
            "itemLines": [
                {
                    "id": "line_1",
                    "name": "Burger",
                    "quantity": 2,
                    "amountTotal": pounds(3600),
                    "plu": "burger",
                    "category": "Mains",
                    "modifiers": [{"id": "cheese", "name": "Cheese", "quantity": 1, "amountPerModifier": pounds(150)}],
                }
            ],
            "taxLines": [{"id": "20", "caption": "VAT 20 %", "amountTotal": pounds(600)}],
        },
        an_intent(),
    ),
    "create_payment_intent with the least": Case(
        lambda api: api.create_payment_intent(NewPaymentIntent(amount=1000, currency="EUR", reference="Tab")),
        operations.CREATE_INTENT,
        "/payment-intents",
        {"amount": {"value": 1000, "currencyCode": "EUR"}, "reference": "Tab", "captureMode": "Auto"},
        an_intent(),
    ),
    "payment_intent": Case(
        lambda api: api.payment_intent("pi_1"),
        operations.GET_INTENT,
        "/payment-intents/pi_1?returnCanceled=true",
        answer=an_intent(),
    ),
    "payment_intent unless canceled": Case(
        lambda api: api.payment_intent("pi_1", with_canceled=False),
        operations.GET_INTENT,
        "/payment-intents/pi_1",
        answer=an_intent(),
    ),
    "cancel_payment_intent": Case(
        lambda api: api.cancel_payment_intent("pi_1"),
        operations.CANCEL_INTENT,
        "/payment-intents/pi_1",
        answer=an_intent(status="Canceled"),
    ),
    "capture": Case(
        lambda api: api.capture("pi_1", amount=900, tips_amount=100),
        operations.CAPTURE_INTENT,
        "/payment-intents/pi_1/captures",
        {"amount": 900, "tipsAmount": 100},
        {"captureId": "cp_1"},
    ),
    "refund": Case(
        lambda api: api.refund("pi_1", amount=900, idempotency_key="key-1", reason="Cold soup", notes="Twice"),
        operations.REFUND_INTENT,
        "/payment-intents/pi_1/refunds",
        {"amount": 900, "refundReason": "Cold soup", "notes": "Twice"},
        {"refundId": "rf_1"},
    ),
    "reverse": Case(
        lambda api: api.reverse("pi_1"),
        operations.REVERSE_INTENT,
        "/payment-intents/pi_1/reversal",
        answer={"reversalId": "rv_1"},
    ),
    "terminals": Case(
        lambda api: api.terminals(["Available", "InUse"]),
        operations.GET_TERMINALS,
        "/terminals?statuses=Available&statuses=InUse",
        answer=[TERMINAL],
    ),
    "all terminals": Case(lambda api: api.terminals(), operations.GET_TERMINALS, "/terminals", answer=[TERMINAL]),
    "terminal": Case(lambda api: api.terminal("tm_1"), operations.GET_TERMINAL, "/terminals/tm_1", answer=TERMINAL),
    "a sale": Case(
        lambda api: api.create_terminal_session(NewTerminalSession.sale("tm_1", "pi_1")),
        operations.CREATE_SESSION,
        "/terminal-sessions",
        {"terminalId": "tm_1", "details": {"sessionType": "Sale", "sale": {"paymentIntentId": "pi_1"}}},
        SESSION,
    ),
    "a matched refund": Case(
        lambda api: api.create_terminal_session(
            NewTerminalSession.matched_refund("tm_1", "pi_1", amount=500, currency="GBP")
        ),
        operations.CREATE_SESSION,
        "/terminal-sessions",
        {
            "terminalId": "tm_1",
            "details": {
                "sessionType": "MatchedRefund",
                "matchedRefund": {"paymentIntentId": "pi_1", "amount": pounds(500)},
            },
        },
        SESSION,
    ),
    "a matched refund of everything": Case(
        lambda api: api.create_terminal_session(NewTerminalSession.matched_refund("tm_1", "pi_1")),
        operations.CREATE_SESSION,
        "/terminal-sessions",
        {
            "terminalId": "tm_1",
            "details": {"sessionType": "MatchedRefund", "matchedRefund": {"paymentIntentId": "pi_1"}},
        },
        SESSION,
    ),
    "an unlinked refund": Case(
        lambda api: api.create_terminal_session(NewTerminalSession.unlinked_refund("tm_1", amount=500, currency="GBP")),
        operations.CREATE_SESSION,
        "/terminal-sessions",
        {
            "terminalId": "tm_1",
            "details": {"sessionType": "UnlinkedRefund", "unlinkedRefund": {"amount": pounds(500)}},
        },
        SESSION,
    ),
    "terminal_session": Case(
        lambda api: api.terminal_session("ts_1"), operations.GET_SESSION, "/terminal-sessions/ts_1", answer=SESSION
    ),
    "cancel_terminal_session": Case(
        lambda api: api.cancel_terminal_session("ts_1"),
        operations.CANCEL_SESSION,
        "/terminal-sessions/ts_1/cancel",
        answer=SESSION,
    ),
    "answer_signature": Case(
        lambda api: api.answer_signature("ts_1", accepted=False),
        operations.ANSWER_SIGNATURE,
        "/terminal-sessions/ts_1/signature",
        {"accepted": False},
        SESSION,
    ),
    "integrations": Case(
        lambda api: api.integrations(),
        operations.GET_INTEGRATIONS,
        "/epos/integrations",
        answer={"restIntegrations": [], "wsIntegrations": []},
    ),
    "register_rest": Case(
        lambda api: api.register_rest(
            url="https://till.example", username="dojo", password="pw", names=["ListAreas", "SearchOrders"]
        ),
        operations.PUT_REST,
        "/epos/integrations/rest",
        {
            "url": "https://till.example",
            "auth": {"authType": "basic", "basic": {"username": "dojo", "password": "pw"}},
            "capabilities": [{"name": "ListAreas", "version": "v1"}, {"name": "SearchOrders", "version": "v1"}],
        },
        [],
    ),
    "register_ws": Case(
        lambda api: api.register_ws(names=["ListAreas"]),
        operations.PUT_WS,
        "/epos/integrations/ws",
        {"capabilities": [{"name": "ListAreas", "version": "v1"}]},
        [],
    ),
    "webhook_events": Case(
        lambda api: api.webhook_events(),
        operations.GET_WEBHOOK_EVENTS,
        "/webhooks/events",
        answer=[{"model": "PaymentIntent", "events": ["payment_intent.created"]}],
    ),
    "webhooks": Case(lambda api: api.webhooks(), operations.GET_WEBHOOKS, "/webhooks", answer=[SUBSCRIPTION]),
    # One subscription for several events: Dojo's text says one webhook per event, its contract a list.
    "subscribe": Case(
        lambda api: api.subscribe(
            url="https://till.example/hook",
            events=["payment_intent.created", "payment_intent.status_updated"],
            description="Till",
        ),
        operations.CREATE_WEBHOOK,
        "/webhooks",
        {
            "url": "https://till.example/hook",
            "events": ["payment_intent.created", "payment_intent.status_updated"],
            "description": "Till",
        },
        SUBSCRIPTION,
    ),
    "update_subscription": Case(
        lambda api: api.update_subscription("ws_1", events=["payment_intent.created"]),
        operations.UPDATE_WEBHOOK,
        "/webhooks/ws_1",
        {"events": ["payment_intent.created"]},
        SUBSCRIPTION,
    ),
    "delete_webhook": Case(lambda api: api.delete_webhook("ws_1"), operations.DELETE_WEBHOOK, "/webhooks/ws_1"),
    "secrets": Case(
        lambda api: api.secrets("ws_1"), operations.GET_SECRETS, "/webhooks/ws_1/secrets", answer=SECRETS
    ),
    "new_secret": Case(
        lambda api: api.new_secret("ws_1"), operations.CREATE_SECRET, "/webhooks/ws_1/secrets", answer=SECRETS
    ),
    "activate_secret": Case(
        lambda api: api.activate_secret("ws_1", "sc_1"),
        operations.ACTIVATE_SECRET,
        "/webhooks/ws_1/secrets/sc_1/activate",
    ),
    "delete_secret": Case(
        lambda api: api.delete_secret("ws_1", "sc_1"), operations.DELETE_SECRET, "/webhooks/ws_1/secrets/sc_1"
    ),
    "tester_flows": Case(
        lambda api: api.tester_flows(),
        operations.GET_FLOWS,
        "/epos-tester-tool/flows",
        answer=[{"name": "PayAtTable", "params": []}],
    ),
    "start_tester_flow": Case(
        lambda api: api.start_tester_flow("PayAtTable", {"tableId": "t1"}),
        operations.START_FLOW,
        "/epos-tester-tool/flows",
        {"flow": "PayAtTable", "params": {"tableId": "t1"}},
        FLOW_ID,
    ),
    "tester_flow": Case(
        lambda api: api.tester_flow(FLOW_ID),
        operations.GET_FLOW,
        f"/epos-tester-tool/flows/{FLOW_ID}",
        answer={"flowID": FLOW_ID, "flowName": "PayAtTable", "status": "IN_PROGRESS", "startedAt": "2031-07-04T19:00Z"},
    ),
}  # fmt: skip


@pytest.fixture
def dojo() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def api() -> Iterator[DojoApi]:
    with DojoApi(an_account(URL, reseller_id="reseller1"), deadline=2) as made:
        yield made


def answer(dojo: responses.RequestsMock, case: Case, status: int = 200, **fields: Any) -> None:
    written = fields.pop("body", None if case.answer is None else json.dumps(case.answer))
    dojo.add(case.operation.method, URL + case.path, body=written or "", status=status, **fields)


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_sent_is_what_the_document_wants(
    dojo: responses.RequestsMock, api: DojoApi, tally: Tally, case: Case
) -> None:
    # given
    answer(dojo, case)

    # when
    case.act(api)

    # then
    (call,) = dojo.calls
    method, path = case.operation.method, case.operation.path
    sent = json.loads(call.request.body) if call.request.body else None
    assert (call.request.method, call.request.url, sent) == (method, URL + case.path, case.body)
    if not document.is_here():
        tally.skipped("contract")
        return
    validator = document.request_validator(method, path)
    assert (validator is None) == (sent is None)
    assert validator is None or [error.message for error in validator.iter_errors(sent)] == []
    assert document.headers_required(method, path) - {name.lower() for name in call.request.headers} == set()
    tally.checked("contract")


def test_every_method_is_tried_above() -> None:
    known = {name for name, made in vars(operations).items() if isinstance(made, Operation)}
    tried = {name for name in known if any(case.operation == getattr(operations, name) for case in CASES.values())}
    assert known == tried


def test_what_is_repeated_is_named_one_by_one() -> None:
    made = [made for made in vars(operations).values() if isinstance(made, Operation)]
    assert {f"{one.method} {one.path}" for one in made if one.is_repeatable and one.method != "GET"} == {
        "POST /payment-intents/{paymentIntentId}/refunds",
        "PUT /epos/integrations/rest",
        "PUT /epos/integrations/ws",
    }
    assert all(one.is_repeatable for one in made if one.method == "GET")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_who_asks_stands_in_the_headers(dojo: responses.RequestsMock, api: DojoApi, case: Case) -> None:
    answer(dojo, case)
    case.act(api)
    headers = dojo.calls[0].request.headers
    # Literally the key, not its base64.
    assert headers["Authorization"] == "Basic sk_sandbox_abc"
    assert headers["version"] == "2026-02-27"
    assert headers["software-house-id"] == "softwareHouse1"
    # Where the document declares it and nowhere else: Dojo has asked others to leave it out.
    assert ("reseller-id" in headers) == case.path.startswith(("/terminals", "/terminal-sessions"))


def test_where_the_seller_is_named_can_be_said(dojo: responses.RequestsMock, api: DojoApi, settings: Any) -> None:
    settings.DOJO_RESELLER_PATHS = ["/epos/"]
    for case in (CASES["integrations"], CASES["terminal"]):
        answer(dojo, case)
        case.act(api)
    assert ["reseller-id" in call.request.headers for call in dojo.calls] == [True, False]


def test_a_seller_that_there_is_none_of_is_not_named(dojo: responses.RequestsMock) -> None:
    answer(dojo, CASES["terminal"])
    with DojoApi(an_account(URL)) as api:
        api.terminal("tm_1")
    assert "reseller-id" not in dojo.calls[0].request.headers


def test_keys_of_idempotency_go_along_wherever_money_moves(dojo: responses.RequestsMock, api: DojoApi) -> None:
    for name in ("create_payment_intent", "capture", "reverse", "refund"):
        answer(dojo, CASES[name])
    api.create_payment_intent(AN_EVENING, idempotency_key="k1")
    api.capture("pi_1", amount=900, tips_amount=100, idempotency_key="k2")
    api.reverse("pi_1", idempotency_key="k3")
    api.refund("pi_1", amount=900, idempotency_key="k4")
    assert [call.request.headers["IdempotencyKey"] for call in dojo.calls] == ["k1", "k2", "k3", "k4"]


@pytest.mark.parametrize("given", ["", ".", "..", "..."])
def test_what_can_be_nobodys_id_is_not_asked_for(dojo: responses.RequestsMock, api: DojoApi, given: str) -> None:
    """Between slashes it would mean another path."""
    with pytest.raises(NotFound) as caught:
        api.delete_webhook(given)
    assert caught.value.status is None
    assert len(dojo.calls) == 0


def test_an_id_stays_in_its_place(dojo: responses.RequestsMock, api: DojoApi) -> None:
    dojo.add("DELETE", f"{URL}/webhooks/a%2Fb%3Fc%23d%20%C3%A9", status=204)
    api.delete_webhook("a/b?c#d é")
    assert dojo.calls[0].request.path_url == "/webhooks/a%2Fb%3Fc%23d%20%C3%A9"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (NewPaymentIntent(amount=-1, currency="GBP", reference="Tab"), "amount"),
        (NewPaymentIntent(amount=1, currency="GBP", reference=""), "reference"),
        (NewPaymentIntent(amount=1, currency="GBP", reference="x" * 61), "reference"),
        (NewTerminalSession.unlinked_refund("tm_1", amount=0, currency="GBP"), "amount"),
        (NewTerminalSession.matched_refund("tm_1", "pi_1", amount=-5, currency="GBP"), "amount"),
    ],
)
def test_what_dojo_would_never_take_is_not_sent(asked: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked.render()
    assert caught.value.field == field


def test_what_is_too_long_for_a_receipt_is_cut(tally: Tally) -> None:
    long = ItemLine(id="i" * 90, name="n" * 300, quantity=1, amount_total=0, plu="p" * 300)
    made = NewPaymentIntent(
        amount=0,
        currency="GBP",
        reference="r" * 60,
        description="d" * 5_000,
        item_lines=(long,),
        tax_lines=(ItemTax(id="i" * 90, caption="c" * 300, amount_total=0),),
    ).render()
    line = made["itemLines"][0]
    assert [len(line[name]) for name in ("id", "name", "plu")] == [60, 100, 200]
    assert len(made["description"]) == payloads.LONGEST_DESCRIPTION
    if not document.is_here():
        tally.skipped("contract")
        return
    validator = document.request_validator("POST", "/payment-intents")
    assert validator is not None
    assert [error.message for error in validator.iter_errors(made)] == []
    tally.checked("contract")


# --- what the statuses mean ------------------------------------------------------------------------------------------

MEANINGS = [
    (400, Refused), (401, Unauthorized), (403, Unauthorized), (404, NotFound), (405, Refused), (408, Unavailable),
    (409, Refused), (418, Refused), (422, Refused), (425, Unavailable), (429, Unavailable), (500, Unavailable),
    (502, Unavailable), (503, Unavailable), (599, Unavailable), (302, Unreachable), (307, Unreachable),
    (600, Unavailable),
]  # fmt: skip

WORDS = [
    {"type": "x", "title": "Bad", "status": 400, "detail": "It is bad.", "traceId": "00-abc-01"},
    {"Type": "x", "Title": "Bad", "Status": 400, "Detail": "It is bad.", "TraceId": "00-abc-01"},
    {"title": "Bad", "detail": "It is bad.", "extensions": {"traceId": "00-abc-01"}},
]


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(("status", "error"), MEANINGS)
def test_every_status_has_its_meaning(
    dojo: responses.RequestsMock, api: DojoApi, status: int, error: type[DojoError], words: dict[str, Any]
) -> None:
    answer(dojo, CASES["capture"], status=status, body=json.dumps(words))
    with pytest.raises(DojoError) as caught:
        api.capture("pi_1", amount=900)
    raised = caught.value
    assert type(raised) is error
    assert (raised.status, raised.method, raised.trace_id) == (status, "POST", "00-abc-01")
    # The template: an id is nobody's business in a log of errors.
    assert raised.path == "/payment-intents/{paymentIntentId}/captures"
    assert str(raised).endswith(f"POST {raised.path} (status {status}, trace 00-abc-01).")
    if isinstance(raised, Refused):
        assert raised.problems == {"": ("It is bad.",)}


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '"no"', '{"errors": 5, "traceId": {"a": 1}}'])
@pytest.mark.parametrize(("status", "error"), MEANINGS)
def test_an_errors_body_may_say_anything(
    dojo: responses.RequestsMock, api: DojoApi, status: int, error: type[DojoError], body: str
) -> None:
    answer(dojo, CASES["capture"], status=status, body=body)
    with pytest.raises(error) as caught:
        api.capture("pi_1", amount=900)
    assert caught.value.trace_id == ""


@pytest.mark.parametrize(
    ("errors", "problems"),
    [
        ({"amount": ["too much", "too odd"], "url": []}, {"amount": ("too much", "too odd"), "url": ()}),
        ({"amount": "too much"}, {"amount": ("too much",)}),
        ({"amount": [5, None, {"a": 1}]}, {"amount": ("5",)}),
        ({}, {"": ("No.",)}),
        (None, {"": ("No.",)}),
    ],
)
@pytest.mark.parametrize("name", ["errors", "Errors"])
def test_a_refusal_says_what_is_wrong_where(
    dojo: responses.RequestsMock, api: DojoApi, name: str, errors: Any, problems: dict[str, tuple[str, ...]]
) -> None:
    answer(dojo, CASES["capture"], status=400, body=json.dumps({"title": "No.", name: errors}))
    with pytest.raises(Refused) as caught:
        api.capture("pi_1", amount=900)
    assert caught.value.problems == problems


def test_an_error_says_nothing_that_is_secret(dojo: responses.RequestsMock, api: DojoApi) -> None:
    told = {"title": "Sam Jones", "detail": "sk_sandbox_abc of sam@example.org", "traceId": "Sam Jones's own"}
    answer(dojo, CASES["capture"], status=400, body=json.dumps(told))
    with pytest.raises(Refused) as caught:
        api.capture("pi_1", amount=900)
    for said in (str(caught.value), repr(caught.value)):
        assert not any(word in said for word in ("Sam", "sk_", "example", "pi_1"))
    assert caught.value.problems == {"": ("… of …",)}


# --- what is told of a call ------------------------------------------------------------------------------------------


def test_a_call_is_one_line_in_the_log_and_nobodys_business(dojo: responses.RequestsMock, api: DojoApi) -> None:
    dojo.add(
        "POST",
        f"{URL}/payment-intents",
        json=an_intent(paymentDetails={"card": {"cardName": "SAM JONES", "cardNumber": "4456530000001096"}}),
    )
    with structlog.testing.capture_logs() as lines:
        api.create_payment_intent(AN_EVENING)
    (line,) = lines
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "called Dojo",
        "log_level": "info",
        "method": "POST",
        "path": "/payment-intents",
        "status": 200,
        "tries": 1,
        "dojo_trace_id": "",
    }


def test_a_manager_sees_a_call_without_names_and_secrets(dojo: responses.RequestsMock) -> None:
    seen: list[Call] = []
    answer(dojo, CASES["register_rest"])
    with DojoApi(an_account(URL), on_call=seen.append) as api:
        CASES["register_rest"].act(api)
    (call,) = seen
    assert (call.direction, call.method, call.path, call.status) == ("out", "PUT", "/epos/integrations/rest", 200)
    assert call.duration_ms >= 0
    assert call.request_body == {
        "url": "https://till.example",
        "auth": {"authType": "basic", "basic": {"username": "…", "password": "…"}},
        "capabilities": [{"name": "ListAreas", "version": "v1"}, {"name": "SearchOrders", "version": "v1"}],
    }
    assert call.response_body == []


def test_a_call_that_went_wrong_is_told_too(dojo: responses.RequestsMock) -> None:
    seen: list[Call] = []
    answer(dojo, CASES["payment_intent"], status=404, body='{"traceId": "00-abc-01", "detail": "Gone."}')
    with DojoApi(an_account(URL), on_call=seen.append) as api, pytest.raises(NotFound):
        api.payment_intent("pi_1")
    (call,) = seen
    assert (call.path, call.status, call.trace_id) == ("/payment-intents/pi_1", 404, "00-abc-01")
    assert call.response_body == {"traceId": "00-abc-01", "detail": "Gone."}


def test_a_call_that_nobody_answered_is_told_too() -> None:
    seen: list[Call] = []
    with DojoApi(an_account(), on_call=seen.append) as api, pytest.raises(Unreachable):
        api.payment_intent("pi_1")
    assert [(call.status, call.response_body) for call in seen] == [(None, None)]


def test_whoever_listens_does_not_lose_an_answer(dojo: responses.RequestsMock) -> None:
    def break_down(call: Call) -> None:
        raise ValueError(call.method)

    answer(dojo, CASES["refund"])
    with DojoApi(an_account(URL), on_call=break_down) as api:
        assert api.refund("pi_1", amount=900, idempotency_key="key-1").id == "rf_1"


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("GET", "/terminals", was_sent=False),
        Unavailable("GET", "/terminals", 429, "00-abc-01", retry_after=5.0),
        Refused("GET", "/terminals", 400, problems={"amount": ("no",)}),
        NotFound("GET", "/terminals", 404),
    ],
)
def test_an_error_travels_whole(error: DojoError) -> None:
    """From a worker's process to another, as Celery sends them."""
    arrived = pickle.loads(pickle.dumps(error))
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


# --- where it may be called ------------------------------------------------------------------------------------------


def test_dojo_is_never_called_inside_a_service(dojo: responses.RequestsMock, api: DojoApi) -> None:
    token = events.begin_collecting()
    try:
        with pytest.raises(RuntimeError, match="never called inside a transaction"):
            api.payment_intent("pi_1")
    finally:
        events.stop_collecting(token)
    assert len(dojo.calls) == 0


@pytest.mark.django_db
def test_dojo_is_never_called_inside_a_transaction(dojo: responses.RequestsMock, api: DojoApi) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="commit first"):
        api.payment_intent("pi_1")
    assert len(dojo.calls) == 0
    # The control: the transaction that this test runs in is not one of ours.
    answer(dojo, CASES["payment_intent"])
    assert api.payment_intent("pi_1").id == "pi_1"


@pytest.mark.django_db(transaction=True)
def test_nor_inside_one_that_is_no_tests_own(dojo: responses.RequestsMock, api: DojoApi) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="commit first"):
        api.payment_intent("pi_1")
    assert len(dojo.calls) == 0


@pytest.mark.django_db
def test_a_venue_without_a_key_has_no_line(settings: Any) -> None:
    venue = VenueFactory(bare=True)
    assert api_of(venue) is None
    settings.DOJO_API_KEY, settings.DOJO_API_URL = "sk_sandbox_abc", URL
    line = api_of(venue)
    assert line is not None
    with responses.RequestsMock() as dojo, line as api:
        answer(dojo, CASES["payment_intent"])
        assert api.payment_intent("pi_1").id == "pi_1"
        assert dojo.calls[0].request.headers["Authorization"] == "Basic sk_sandbox_abc"
