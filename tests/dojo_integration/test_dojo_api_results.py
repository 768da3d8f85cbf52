"""Reading what Dojo answers: the document's own examples, its contradictions, and any JSON there is."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from dojo_integration.dojo_api import results
from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.errors import DojoError, Unreachable
from dojo_integration.dojo_api.reading import Garbled
from dojo_integration.dojo_api.results import Card, PaymentIntent, ReceiptLine, TerminalSession
from dojo_integration.redaction import redacted
from tests import dojo_api_document as document
from tests.dojo_integration.dojo_api import an_account, an_intent
from tests.dojo_integration.test_dojo_api import CASES, URL, Case
from tests.tally import Tally


def pounds(value: int) -> dict[str, Any]:
    return {"value": value, "currencyCode": "GBP"}


def answered(act: Callable[[DojoApi], Any], body: Any) -> Any:
    """What the client makes of that answer to whatever it asks."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    with responses.RequestsMock() as dojo, DojoApi(an_account(URL), deadline=2) as api:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            dojo.add(method, responses.matchers.re.compile(".*"), body=written)
        dojo.assert_all_requests_are_fired = False
        return act(api)


# --- payment intents -------------------------------------------------------------------------------------------------

A_PAYMENT = an_intent(
    captureMode="Manual",
    tipsAmount=pounds(200),
    serviceChargeAmount=pounds(125),
    cashbackAmount=pounds(2000),
    totalAmount=pounds(3325),
    requestedAmount=pounds(1000),
    refundedAmount=300,
    reference="Table 7",
    orderDetails={"id": "dojo-order-1", "externalId": "order_1"},
    metadata={"waiterId": "12", "till": "1"},
    captures=[{"id": "cp_1", "amount": 1125, "tipsAmount": 200, "status": "Successful"}],
    createdAt="2031-07-04T19:00:00Z",
    updatedAt="2031-07-04T20:01:02.973410318+01:00",
)


def test_an_intent_is_read() -> None:
    intent = PaymentIntent.read(A_PAYMENT)
    assert (intent.id, intent.status, intent.capture_mode, intent.currency) == ("pi_1", "Captured", "Manual", "GBP")
    assert (intent.amount, intent.tips_amount, intent.service_charge_amount) == (1000, 200, 125)
    assert (intent.cashback_amount, intent.total_amount, intent.requested_amount) == (2000, 3325, 1000)
    assert (intent.refunded_amount, intent.reference) == (300, "Table 7")
    assert (intent.order_id, intent.order_external_id, intent.waiter_id) == ("dojo-order-1", "order_1", "12")
    assert dict(intent.metadata) == {"waiterId": "12", "till": "1"}
    assert intent.updated_at == datetime(2031, 7, 4, 19, 1, 2, 973410, UTC)
    (capture,) = intent.captures
    assert (capture.id, capture.amount, capture.tips_amount, capture.status) == ("cp_1", 1125, 200, "Successful")


def test_what_an_intent_pays_of_an_order() -> None:
    """Its share of the service charge counts, tips and cashback do not."""
    assert PaymentIntent.read(A_PAYMENT).paid_amount == 1125
    assert PaymentIntent.read(an_intent(serviceChargeAmount=pounds(125), tipsAmount=pounds(7))).paid_amount == 1125
    assert PaymentIntent.read({"id": "pi_1", "status": "Created"}).paid_amount is None


@pytest.mark.parametrize("written", [300, {"value": 300, "currencyCode": "GBP"}, {"Value": 300}])
def test_amounts_are_read_as_numbers_and_as_money(written: Any) -> None:
    intent = PaymentIntent.read(
        an_intent(amount=written, refundedAmount=written, captures=[{"amount": written, "tipsAmount": written}])
    )
    assert (intent.amount, intent.refunded_amount) == (300, 300)
    assert (intent.captures[0].amount, intent.captures[0].tips_amount) == (300, 300)


@pytest.mark.parametrize("written", [None, "300", 3.5, True, [300], {"value": "300"}, {}])
def test_an_amount_that_is_none_is_not_guessed(written: Any) -> None:
    intent = PaymentIntent.read(an_intent(amount=written, refundedAmount=written))
    assert (intent.amount, intent.refunded_amount) == (None, 0)


@pytest.mark.parametrize(
    ("written", "read"),
    [("12/31", "12/31"), ("2031-12-31", "12/31"), ("2031-12", "12/31"), ("2031-12-31T00:00:00Z", "12/31"), (None, "")],
)
def test_a_cards_expiry_is_read_in_every_form(written: Any, read: str) -> None:
    assert Card.read({"expiryDate": written}).expiry == read


def test_a_card_is_read_as_far_as_a_receipt_may_show_it() -> None:
    written = {
        "cardNumber": "44565300****1096",
        "cardName": "SAM JONES",
        "cardType": "VISA",
        "entryMode": "Contactless",
    }
    for verification in ("verificationMethod", "verificationMode"):
        card = Card.read(written | {verification: "Pin"})
        assert card == Card(scheme="VISA", last_four="1096", expiry="", entry_mode="Contactless", verification="Pin")
    assert Card.read(written | {"last4PAN": "7777"}).last_four == "7777"


def test_what_the_examples_have_and_the_schema_does_not_is_let_be() -> None:
    body = an_intent(paymentSource="api", paymentEvents=[{"eventType": "Captured"}], tomorrows={"field": 1})
    assert PaymentIntent.read(body) == PaymentIntent.read(an_intent())


def test_a_body_in_other_capitals_is_read_too() -> None:
    body = {"Id": "pi_1", "Status": "Captured", "Amount": {"Value": 1000, "CurrencyCode": "GBP"}}
    assert PaymentIntent.read(body) == PaymentIntent.read(an_intent())


@pytest.mark.parametrize("missing", ["id", "status"])
@pytest.mark.parametrize("instead", [None, "", "  ", "\x00", [], {}, True])
def test_an_intent_without_id_or_status_is_none(missing: str, instead: Any) -> None:
    with pytest.raises(Garbled):
        PaymentIntent.read(an_intent() | {missing: instead})
    with pytest.raises(Unreachable):
        answered(lambda api: api.payment_intent("pi_1"), an_intent() | {missing: instead})


# --- everything else -------------------------------------------------------------------------------------------------


def lines(*values: str) -> dict[str, Any]:
    text = {"size": "SizeBody", "align": "AlignLeft", "emphasisBold": True}
    return {"lines": [{"lineType": "Text", "text": text | {"value": value}} for value in values]}


@pytest.mark.parametrize("name", ["receipt", "customerReceipt"])
def test_the_guests_receipt_is_read_by_either_name(name: str) -> None:
    session = TerminalSession.read(
        {
            "id": "ts_1",
            "status": "Captured",
            "details": {"sessionType": "Sale", "sale": {"paymentIntentId": "pi_1"}},
            name: lines("VISA"),
            "merchantReceipt": lines("COPY"),
            "notificationEvents": [{"notificationType": "PresentCard", "createdAt": "2031-07-04T19:00:00Z"}],
        }
    )
    assert session.customer_receipt == (ReceiptLine("Text", "VISA", "SizeBody", "AlignLeft", bold=True),)
    assert [line.value for line in session.merchant_receipt] == ["COPY"]
    assert (session.payment_intent_id, session.notifications[0].kind) == ("pi_1", "PresentCard")


@pytest.mark.parametrize("name", ["auth", "restAuth"])
def test_who_may_call_us_is_read_by_either_name(name: str) -> None:
    registered = {
        "url": "https://till.example",
        "capabilities": [{"name": "ListAreas", "version": "v1", "updatedAt": "2031-07-04T19:00:00Z"}],
        name: {"authType": "basic", "basic": {"username": "dojo"}},
    }
    found = answered(lambda api: api.integrations(), {"restIntegrations": [registered], "wsIntegrations": []})
    assert [(one.url, one.username, one.names) for one in found.rest] == [
        ("https://till.example", "dojo", {"ListAreas"})
    ]
    assert (found.ws, found.managed) == ((), ())


FLOW = {"name": "PayAtTable", "params": [{"name": "tableId", "type": "string", "required": True, "description": "T"}]}


@pytest.mark.parametrize("body", [FLOW, [FLOW], [FLOW, "junk", {"no": "name"}]])
def test_the_testers_flows_are_one_or_a_list(body: Any) -> None:
    (flow,) = answered(lambda api: api.tester_flows(), body)
    assert (flow.name, flow.params[0].name, flow.params[0].required) == ("PayAtTable", "tableId", True)


@pytest.mark.parametrize("body", ["flow-1", {"flowID": "flow-1"}, {"id": "flow-1"}])
def test_a_flow_that_began_has_an_id(body: Any) -> None:
    assert answered(lambda api: api.start_tester_flow("PayAtTable"), body) == "flow-1"


@pytest.mark.parametrize("body", ["", None, 5, [], {}])
def test_a_flow_without_an_id_cannot_be_asked_about(body: Any) -> None:
    with pytest.raises(Unreachable):
        answered(lambda api: api.start_tester_flow("PayAtTable"), body)


def test_a_flows_steps_are_read() -> None:
    step = {"name": "GetOrder", "status": "FAILURE", "additionalInformation": ["no order", 5], "startedAt": "x"}
    found = answered(lambda api: api.tester_flow("f"), {"flowID": "f", "status": "FAILURE", "steps": [step]})
    assert (found.id, found.status) == ("f", "FAILURE")
    assert [(one.name, one.status, one.information) for one in found.steps] == [
        ("GetOrder", "FAILURE", ("no order", "5"))
    ]


def test_secrets_are_read_and_not_shown() -> None:
    body = {"id": "ws_1", "secrets": [{"id": "sc_1", "value": "shh", "isActive": True}, {"value": "no id"}, None]}
    (secret,) = answered(lambda api: api.new_secret("ws_1"), body)
    assert (secret.id, secret.value, secret.is_active) == ("sc_1", "shh", True)
    assert "shh" not in repr(secret)
    assert answered(lambda api: api.secrets("ws_1"), {"id": "ws_1", "secrets": None}) == ()


@pytest.mark.parametrize("body", [{"id": "ws_1"}, [{"id": "ws_1"}, {}, 5]])
def test_webhooks_are_a_list_or_one(body: Any) -> None:
    assert [one.id for one in answered(lambda api: api.webhooks(), body)] == ["ws_1"]


# --- the document ----------------------------------------------------------------------------------------------------


def examples() -> Iterator[tuple[str, Case, Any]]:
    """Every example of a success that the document has for what we ask."""
    if not document.is_here():
        return
    paths = document._documents()["paths"]
    text = json.loads(document.API.read_text())["paths"]
    for name, case in CASES.items():
        method, path = case.operation.method.lower(), case.operation.path
        assert method in paths[path]
        content = text.get(path, {}).get(method, {}).get("responses", {}).get("200", {}).get("content", {})
        found = content.get("application/json", {})
        for example in (found.get("example"), found.get("schema", {}).get("example")):
            if example is not None:
                yield name, case, example


def test_the_documents_own_examples_are_read(tally: Tally) -> None:
    read = [name for name, case, example in examples() if answered(case.act, example) or case.answer is None]
    assert len(read) >= 8 or not document.is_here()
    tally.checked("contract", len(read))
    if not document.is_here():
        tally.skipped("contract")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_tests_answer_with_is_read(case: Case) -> None:
    found = answered(case.act, b"" if case.answer is None else case.answer)
    assert (found is None) == (case.answer is None)


# --- anything ---------------------------------------------------------------------------------------------------------

NAMES = sorted(
    {
        "id", "status", "amount", "value", "currencyCode", "tipsAmount", "totalAmount", "refundedAmount", "captures",
        "paymentDetails", "card", "expiryDate", "cardNumber", "last4PAN", "orderDetails", "externalId", "metadata",
        "waiterId", "terminalSessionHistory", "terminalSession", "payment", "createdAt", "updatedAt", "errors",
        "traceId", "TraceId", "extensions", "detail", "details", "sale", "paymentIntentId", "customerReceipt",
        "receipt", "lines", "text", "lineType", "notificationEvents", "statusEvents", "restIntegrations",
        "wsIntegrations", "capabilities", "auth", "restAuth", "basic", "username", "name", "params", "steps",
        "additionalInformation", "flowID", "secrets", "events", "isActive", "properties", "tid", "Id", "Status",
    }
)  # fmt: skip

texts = st.text(max_size=12) | st.sampled_from(
    ["pi_1", "Captured", "2031-07-04T19:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2031-12-31"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
bodies = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=8),
    max_leaves=25,
)
answers = bodies.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60)
statuses = st.sampled_from([200, 200, 200, 200, 201, 204, 302, 400, 401, 404, 409, 429, 500, 503])


@given(st.sampled_from(sorted(CASES)), statuses, answers)
def test_whatever_dojo_answers_is_a_result_or_an_error_of_ours(name: str, status: int, body: bytes) -> None:
    case = CASES[name]
    with responses.RequestsMock() as dojo, DojoApi(an_account(URL), deadline=0.01, on_call=lambda call: None) as api:
        dojo.add(case.operation.method, URL + case.path, body=body, status=status)
        with contextlib.suppress(DojoError):
            case.act(api)


@given(st.sampled_from([getattr(results, name) for name in results.__all__ if name != "Receipt"]), bodies)
def test_any_object_is_a_result_or_garbled(result: Any, body: Any) -> None:
    if not isinstance(body, dict):
        body = {"id": "x", "status": "y", "name": "z", "amount": body, "captures": body, "details": body, "lines": body}
    try:
        read = result.read(body)
    except Garbled:
        return
    assert isinstance(read, result)
    assert repr(read)


@given(bodies)
def test_any_json_can_be_shown(body: Any) -> None:
    json.dumps(redacted(body))
