"""What the sandbox answers is what Dojo's document announces: every operation, done and refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from dojo_integration.sandbox.operations import OPERATIONS
from tests import dojo_api_document as document
from tests.dojo_integration.sandbox.good_requests import GOOD
from tests.sandbox import Answer, Sandbox, gbp
from tests.tally import Tally

INTENT = "/payment-intents/{paymentIntentId}"
SESSION = "/terminal-sessions/{terminalSessionId}"
WEBHOOK = "/webhooks/{subscriptionId}"
SECRET = f"{WEBHOOK}/secrets/{{secretId}}"
UNKNOWN = "nobody_knows"
REFUND = {"idempotencykey": "k"}


class Clerk:
    """Asks, and holds each answer against the document."""

    def __init__(self, sandbox: Sandbox, tally: Tally) -> None:
        self.sandbox = sandbox
        self.tally = tally
        self.seen: set[tuple[str, str, int]] = set()

    def ask(self, method: str, path: str, body: Any = None, *names: str, status: int = 200, **headers: Any) -> Any:
        """``names`` go where the path has braces; the answer's body, which has to have that status."""
        filled = path
        for name in names:
            before, _, rest = filled.partition("{")
            filled = f"{before}{name}{rest.partition('}')[2]}"
        answer = self.sandbox.call(method, filled, body, **headers)
        assert answer.status == status, answer.body
        self._check(method, path.partition("?")[0], answer)
        return answer.body

    def _check(self, method: str, path: str, answer: Answer) -> None:
        self.seen.add((method, path, answer.status))
        if not document.is_here():
            return self.tally.skipped("contract")
        assert document.answer_problems(method, path, answer.status, answer.body) == [], answer.body
        return self.tally.checked("contract")


@pytest.fixture
def clerk(sandbox: Sandbox, tally: Tally) -> Iterator[Clerk]:
    return Clerk(sandbox, tally)


def test_every_operation_refuses_a_stranger_in_its_own_words(clerk: Clerk) -> None:
    for one in OPERATIONS:
        clerk.ask(one.method, one.path, GOOD.get((one.method, one.path)), status=401, authorization="Basic x")
    assert len(clerk.seen) == len(OPERATIONS)


def test_what_is_wrong_is_said_in_each_operations_own_words(clerk: Clerk) -> None:
    for method, path in GOOD:
        clerk.ask(method, path, [], status=400)
    assert len(clerk.seen) == len(GOOD)


def test_payment_intents(clerk: Clerk) -> None:
    ask, make = clerk.ask, clerk.sandbox.intent_made
    full = ask("POST", "/payment-intents", GOOD["POST", "/payment-intents"])
    ask("GET", INTENT, None, full["id"])
    ask("POST", f"{INTENT}/tips-amount", {"tipsAmount": gbp(1)}, full["id"])
    ask("POST", f"{INTENT}/amount", GOOD["POST", f"{INTENT}/amount"], full["id"])
    ask("DELETE", INTENT, None, full["id"])
    ask("GET", f"{INTENT}?returnCanceled=true", None, full["id"])
    ask("GET", INTENT, None, full["id"], status=404)
    for method in ("GET", "DELETE"):
        ask(method, INTENT, None, UNKNOWN, status=404)

    plain, held, paid = make("Created"), make("Authorized"), make("Captured")
    ask("POST", f"{INTENT}/captures", {"amount": 900, "tipsAmount": 100}, held["id"])
    ask("POST", f"{INTENT}/captures", {"amount": 900}, held["id"], status=409)
    ask("GET", INTENT, None, held["id"])
    ask("POST", f"{INTENT}/tips-amount", {"tipsAmount": gbp(1)}, plain["id"], status=405)
    ask("POST", f"{INTENT}/amount", {"amount": gbp(1)}, plain["id"], status=405)
    ask("DELETE", INTENT, None, paid["id"], status=400)
    ask("GET", INTENT, None, paid["id"])

    refund = ask("POST", f"{INTENT}/refunds", {"amount": 10, "refundReason": "a", "notes": "b"}, paid["id"], **REFUND)
    ask("GET", "/payment-intents/refunds/{refundId}", None, refund["refundId"])
    ask("GET", "/payment-intents/refunds/{refundId}", None, UNKNOWN, status=404)
    ask("POST", f"{INTENT}/refunds", {"amount": 10}, plain["id"], status=400, **REFUND)
    ask("POST", f"{INTENT}/reversal", None, paid["id"], status=409)
    ask("POST", f"{INTENT}/reversal", None, make("Captured")["id"])
    for path, body in ((f"{INTENT}/captures", {"amount": 1}), (f"{INTENT}/reversal", None)):
        ask("POST", path, body, UNKNOWN, status=404)


def test_terminals_and_their_sessions(clerk: Clerk) -> None:
    ask = clerk.ask
    free, second, away = ask("GET", "/terminals")
    ask("GET", "/terminals?statuses=Available&statuses=InUse")
    ask("GET", "/terminals?statuses=Asleep", status=400)
    ask("GET", "/terminals/{terminalId}", None, free["id"])
    ask("GET", "/terminals/{terminalId}", None, UNKNOWN, status=404)
    clerk.sandbox.control("terminals", terminalId=free["id"], behaviour="by_hand")
    clerk.sandbox.control("terminals", terminalId=second["id"], behaviour="by_hand")

    sale = {"sessionType": "Sale", "sale": {"paymentIntentId": clerk.sandbox.make_intent()["id"]}}
    made = ask("POST", "/terminal-sessions", {"terminalId": free["id"], "details": sale})
    ask("POST", "/terminal-sessions", {"terminalId": free["id"], "details": sale}, status=409)
    ask("POST", "/terminal-sessions", {"terminalId": away["id"], "details": sale}, status=409)
    ask("POST", "/terminal-sessions", {"terminalId": UNKNOWN, "details": sale}, status=404)
    ask("GET", SESSION, None, made["id"])
    ask("PUT", f"{SESSION}/signature", {"accepted": True}, made["id"], status=422)
    clerk.sandbox.control("sessions", terminalSessionId=made["id"], do="signature")
    ask("GET", SESSION, None, made["id"])
    ask("PUT", f"{SESSION}/cancel", None, made["id"], status=422)
    ask("PUT", f"{SESSION}/signature", {"accepted": False}, made["id"])

    loose = {"sessionType": "UnlinkedRefund", "unlinkedRefund": {"amount": gbp(5)}}
    made = ask("POST", "/terminal-sessions", {"terminalId": second["id"], "details": loose})
    ask("PUT", f"{SESSION}/cancel", None, made["id"])
    for method, path, body in (("GET", "", None), ("PUT", "/cancel", None), ("PUT", "/signature", {"accepted": True})):
        ask(method, f"{SESSION}{path}", body, UNKNOWN, status=404)
    assert [one["terminalSession"]["id"] for one in ask("GET", INTENT, None, sale["sale"]["paymentIntentId"])[
        "terminalSessionHistory"
    ]]  # fmt: skip


def test_webhooks(clerk: Clerk) -> None:
    ask = clerk.ask
    assert ask("GET", "/webhooks/events")[0]["model"] == "PaymentIntent"
    made = ask("POST", "/webhooks", GOOD["POST", "/webhooks"])
    ask("POST", "/webhooks", GOOD["POST", "/webhooks"], status=409)
    ask("POST", "/webhooks", {"events": ["payment.guessed"], "url": "https://example.com"}, status=400)
    ask("PATCH", WEBHOOK, GOOD["PATCH", WEBHOOK], made["id"])
    first, second = ask("POST", f"{WEBHOOK}/secrets", None, made["id"])["secrets"]
    ask("POST", f"{WEBHOOK}/secrets", None, made["id"], status=409)
    ask("PUT", f"{SECRET}/activate", None, made["id"], second["id"], status=204)
    ask("DELETE", SECRET, None, made["id"], first["id"], status=204)
    assert [one["isActive"] for one in ask("GET", f"{WEBHOOK}/secrets", None, made["id"])["secrets"]] == [True]
    assert [one["id"] for one in ask("GET", "/webhooks")] == [made["id"]]
    ask("DELETE", WEBHOOK, None, made["id"], status=204)
    for method, path, body in (
        ("PATCH", WEBHOOK, {}), ("DELETE", WEBHOOK, None), ("GET", f"{WEBHOOK}/secrets", None),
        ("POST", f"{WEBHOOK}/secrets", None), ("PUT", f"{SECRET}/activate", None), ("DELETE", SECRET, None),
    ):  # fmt: skip
        ask(method, path, body, made["id"], first["id"], status=404)


def test_what_the_pos_tells_about_itself(clerk: Clerk) -> None:
    ask = clerk.ask
    assert ask("GET", "/epos/integrations")["restIntegrations"] == []
    for path in ("rest", "ws"):
        where = f"/epos/integrations/{path}"
        ask("PUT", where, GOOD["PUT", where])
        ask("GET", where)
        ask("PUT", where, {**GOOD["PUT", where], "capabilities": [{"name": "Guess", "version": "v1"}]}, status=400)
    assert ask("GET", "/epos/integrations/dojo") == []
    assert len(ask("GET", "/epos/integrations")["restIntegrations"]) == 1
    ask("POST", "/epos/events", {"eventType": "PartyUpdated", "event": {"partyId": "p"}})
    ask("POST", "/epos/events", {"eventType": "PartyUpdated", "event": {"orderId": "p"}}, status=400)
    ask("POST", "/epos/events", {"eventType": "Guess", "event": {"orderId": "p"}}, status=400)


def test_the_tester_tool(clerk: Clerk) -> None:
    ask, flows = clerk.ask, "/epos-tester-tool/flows"
    assert ask("GET", flows)["name"] == "Get Order"
    flow = ask("POST", flows, GOOD["POST", flows])
    ask("GET", f"{flows}/{{flowId}}", None, flow)
    ask("GET", f"{flows}/{{flowId}}", None, UNKNOWN, status=404)
    ask("POST", flows, {"flow": "Guess"}, status=400)
    ask("POST", flows, {"flow": "Get Order", "params": {}}, status=400)


def test_no_operation_is_left_out(clerk: Clerk) -> None:
    """The tests above, together, see every operation succeed."""
    for scenario in (
        test_payment_intents, test_terminals_and_their_sessions, test_webhooks, test_what_the_pos_tells_about_itself,
        test_the_tester_tool,
    ):  # fmt: skip
        clerk.sandbox.reset()
        scenario(clerk)
    succeeded = {(method, path) for method, path, status in clerk.seen if status < 300}
    assert succeeded == {(one.method, one.path) for one in OPERATIONS}
