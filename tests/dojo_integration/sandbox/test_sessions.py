"""Card machines in the sandbox: a session from asked for to paid, and every way in which it is not."""

from typing import Any

import pytest

from tests.sandbox import Sandbox, gbp, until

FINAL = {"Authorized", "Captured", "Canceled", "Expired", "Declined", "SignatureVerificationRejected"}


def begin(sandbox: Sandbox, details: Any, behaviour: str = "pays") -> Any:
    terminal = sandbox.do("GET", "/terminals?statuses=Available")[0]
    sandbox.control("terminals", terminalId=terminal["id"], behaviour=behaviour)
    return sandbox.do("POST", "/terminal-sessions", {"terminalId": terminal["id"], "details": details})


def a_sale(intent: Any) -> Any:
    return {"sessionType": "Sale", "sale": {"paymentIntentId": intent["id"]}}


def session(sandbox: Sandbox, made: Any) -> Any:
    return sandbox.do("GET", f"/terminal-sessions/{made['id']}")


def ended(sandbox: Sandbox, made: Any) -> Any:
    until(lambda: session(sandbox, made)["status"] in FINAL)
    return session(sandbox, made)


def statuses(of: Any) -> list[str]:
    return [event["status"] for event in of["statusEvents"]]


@pytest.mark.parametrize(("mode", "status"), [("Auto", "Captured"), ("Manual", "Authorized")])
def test_a_sale_goes_by_itself(sandbox: Sandbox, mode: str, status: str) -> None:
    # given
    intent = sandbox.make_intent(1200, captureMode=mode)

    # when
    made = begin(sandbox, a_sale(intent))
    terminal = sandbox.do("GET", f"/terminals/{made['terminalId']}")
    done = ended(sandbox, made)

    # then
    assert (made["status"], terminal["status"]) == ("InitiateRequested", "InUse")
    assert statuses(done) == ["InitiateRequested", "Initiated", status]
    assert [one["notificationType"] for one in done["notificationEvents"]] == ["PresentCard", "PleaseWait", "Approved"]
    assert sandbox.do("GET", f"/terminals/{made['terminalId']}")["status"] == "Available"
    paid = sandbox.intent(intent["id"])
    assert paid["status"] == status
    (history,) = paid["terminalSessionHistory"]
    assert (history["terminalSession"]["id"], history["terminalSession"]["status"]) == (made["id"], status)


def test_a_decline_leaves_the_intent_for_another_try(sandbox: Sandbox) -> None:
    # given
    intent = sandbox.make_intent()

    # when
    assert ended(sandbox, begin(sandbox, a_sale(intent), "declines"))["status"] == "Declined"

    # then
    assert sandbox.intent(intent["id"])["status"] == "Created"
    assert ended(sandbox, begin(sandbox, a_sale(intent)))["status"] == "Captured"
    assert sandbox.intent(intent["id"])["status"] == "Captured"


@pytest.mark.parametrize(
    ("behaviour", "accepted", "of_session", "of_intent"),
    [
        ("signature", True, "Captured", "Captured"),
        ("signature", False, "SignatureVerificationRejected", "Reversed"),
        ("kept", False, "SignatureVerificationRejected", "Captured"),
    ],
)
def test_a_signature_is_answered(
    sandbox: Sandbox, behaviour: str, accepted: bool, of_session: str, of_intent: str
) -> None:
    # given
    intent = sandbox.make_intent()
    made = begin(sandbox, a_sale(intent), behaviour)
    until(lambda: session(sandbox, made)["status"] == "SignatureVerificationRequired")

    # when
    sandbox.do("PUT", f"/terminal-sessions/{made['id']}/signature", {"accepted": accepted})

    # then
    assert ended(sandbox, made)["status"] == of_session
    assert sandbox.intent(intent["id"])["status"] == of_intent


def test_a_session_is_canceled_before_a_card_is_there(sandbox: Sandbox) -> None:
    # given
    intent = sandbox.make_intent()
    made = begin(sandbox, a_sale(intent), "silent")

    # when
    assert sandbox.do("PUT", f"/terminal-sessions/{made['id']}/cancel")["status"] == "CancelRequested"

    # then
    assert statuses(ended(sandbox, made))[-2:] == ["CancelRequested", "Canceled"]
    assert sandbox.intent(intent["id"])["status"] == "Created"


@pytest.mark.parametrize(("behaviour", "of_intent"), [("silent", "Created"), ("lost", "Captured")])
def test_an_expired_session_says_nothing_about_the_money(sandbox: Sandbox, behaviour: str, of_intent: str) -> None:
    # given
    intent = sandbox.make_intent()
    made = begin(sandbox, a_sale(intent), "by_hand")

    # when
    sandbox.control("sessions", terminalSessionId=made["id"], do=behaviour)

    # then
    assert session(sandbox, made)["status"] == "Expired"
    assert sandbox.intent(intent["id"])["status"] == of_intent


@pytest.mark.parametrize(("amount", "of_intent", "refunded"), [(None, "Refunded", 1000), (300, "Captured", 300)])
def test_a_payment_is_refunded_with_its_card(
    sandbox: Sandbox, amount: int | None, of_intent: str, refunded: int
) -> None:
    # given
    paid = sandbox.intent_made("Captured", 1000)
    detail = {"paymentIntentId": paid["id"]} | ({"amount": gbp(amount)} if amount else {})

    # when
    done = ended(sandbox, begin(sandbox, {"sessionType": "MatchedRefund", "matchedRefund": detail}))

    # then
    assert done["status"] == "Captured"
    now = sandbox.intent(paid["id"])
    assert (now["status"], now["refundedAmount"]) == (of_intent, refunded)


def test_a_refund_of_no_payment(sandbox: Sandbox) -> None:
    details = {"sessionType": "UnlinkedRefund", "unlinkedRefund": {"amount": gbp(700)}}
    assert ended(sandbox, begin(sandbox, details))["status"] == "Captured"


def test_what_is_paid_or_of_another_kind_is_not_begun(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")
    terminal = sandbox.do("GET", "/terminals?statuses=Available")[0]["id"]

    # then
    for details in (
        a_sale(paid),
        {"sessionType": "MatchedRefund", "sale": {"paymentIntentId": paid["id"]}},
        {"sessionType": "UnlinkedRefund", "unlinkedRefund": {"amount": gbp(0)}},
    ):
        assert sandbox.call("POST", "/terminal-sessions", {"terminalId": terminal, "details": details}).status == 400
    assert sandbox.do("GET", f"/terminals/{terminal}")["status"] == "Available"


def test_a_session_goes_on_after_the_process_was_killed(sandbox: Sandbox) -> None:
    # given
    intent = sandbox.make_intent()
    made = begin(sandbox, a_sale(intent))

    # when
    sandbox.kill()
    sandbox.start()

    # then
    assert ended(sandbox, made)["status"] == "Captured"
    assert sandbox.intent(intent["id"])["status"] == "Captured"
