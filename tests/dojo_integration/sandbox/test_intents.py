"""Payment intents in the sandbox: from made to refunded."""

import pytest

from tests.sandbox import Sandbox, gbp


def test_an_intent_is_made_as_it_was_asked_for(sandbox: Sandbox) -> None:
    # when
    made = sandbox.make_intent(2500, tipsAmount=gbp(300), order_id="order_1", metadata={"waiterId": "7"})

    # then
    assert sandbox.intent(made["id"]) == made
    assert (made["status"], made["captureMode"], made["refundedAmount"]) == ("Created", "Auto", 0)
    assert (made["amount"], made["totalAmount"]) == (gbp(2500), gbp(2800))
    assert (made["orderDetails"], made["metadata"]) == ({"externalId": "order_1"}, {"waiterId": "7"})
    assert made["captures"] == []


def test_a_card_captures_an_intent_at_once(sandbox: Sandbox) -> None:
    # given
    made = sandbox.make_intent(2500, tipsAmount=gbp(300))

    # when
    sandbox.capture(made["id"])

    # then
    paid = sandbox.intent(made["id"])
    assert paid["status"] == "Captured"
    assert [(one["amount"], one["tipsAmount"], one["status"]) for one in paid["captures"]] == [
        (2500, 300, "Successful")
    ]
    assert paid["paymentDetails"]["card"]["last4PAN"] == "1096"


def test_a_second_card_is_not_charged(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")

    # when
    answer = sandbox.call("POST", "/_control/pay", {"paymentIntentId": paid["id"]})

    # then
    assert (answer.status, answer.body["errors"]) == (
        409, {"Status": ["A payment intent that is Captured cannot be paid."]}
    )  # fmt: skip
    assert sandbox.intent(paid["id"]) == paid


def test_what_is_authorized_is_captured_later_and_with_a_tip(sandbox: Sandbox) -> None:
    # given
    made = sandbox.intent_made("Authorized", 5000)

    # when
    answer = sandbox.do("POST", f"/payment-intents/{made['id']}/captures", {"amount": 4500, "tipsAmount": 500})

    # then
    paid = sandbox.intent(made["id"])
    assert answer["captureId"] == paid["captures"][0]["id"]
    assert (paid["status"], paid["amount"], paid["tipsAmount"]) == ("Captured", gbp(4500), gbp(500))
    assert paid["totalAmount"] == gbp(5000)


@pytest.mark.parametrize("status", ["Created", "Captured", "Reversed", "Canceled"])
def test_only_what_is_authorized_is_captured(sandbox: Sandbox, status: str) -> None:
    # given
    made = sandbox.intent_made(status)

    # when
    answer = sandbox.call("POST", f"/payment-intents/{made['id']}/captures", {"amount": 1000})

    # then
    assert answer.status == 409
    assert sandbox.intent(made["id"]) == made


def test_a_canceled_intent_is_gone_unless_asked_for(sandbox: Sandbox) -> None:
    # given
    made = sandbox.make_intent()

    # when
    answer = sandbox.do("DELETE", f"/payment-intents/{made['id']}")

    # then
    assert answer["status"] == "Canceled"
    assert sandbox.call("GET", f"/payment-intents/{made['id']}").status == 404
    assert sandbox.call("GET", f"/payment-intents/{made['id']}?returnCanceled=false").status == 404
    assert sandbox.intent(made["id"])["status"] == "Canceled"


def test_a_paid_intent_is_not_canceled(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")

    # then
    assert sandbox.call("DELETE", f"/payment-intents/{paid['id']}").status == 400
    assert sandbox.intent(paid["id"]) == paid


def test_refunds_add_up_to_refunded(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured", 1000)
    where = f"/payment-intents/{paid['id']}/refunds"

    # when a part is refunded, twice with one key
    first = sandbox.do("POST", where, {"amount": 400, "notes": "cold"}, idempotencykey="a")
    assert sandbox.do("POST", where, {"amount": 400, "notes": "cold"}, idempotencykey="a") == first

    # then
    assert sandbox.do("GET", f"/payment-intents/refunds/{first['refundId']}") == first
    now = sandbox.intent(paid["id"])
    assert (now["status"], now["refundedAmount"]) == ("Captured", 400)

    # when more than the rest is asked for
    assert sandbox.call("POST", where, {"amount": 601}, idempotencykey="b").status == 400
    assert sandbox.intent(paid["id"]) == now

    # when the rest is
    sandbox.do("POST", where, {"amount": 600}, idempotencykey="b")

    # then
    now = sandbox.intent(paid["id"])
    assert (now["status"], now["refundedAmount"]) == ("Refunded", 1000)


def test_a_refund_needs_a_key(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")
    where = f"/payment-intents/{paid['id']}/refunds"

    # then
    assert sandbox.call("POST", where, {"amount": 1}).body["errors"] == {
        "idempotencyKey": ["The idempotencyKey header is required."]
    }
    assert sandbox.call("POST", where, {"amount": 1}, idempotencykey="k" * 101).status == 400
    assert sandbox.intent(paid["id"]) == paid


def test_a_reversal_takes_all_of_it_back_and_once(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")

    # when
    sandbox.do("POST", f"/payment-intents/{paid['id']}/reversal")

    # then
    assert sandbox.intent(paid["id"])["status"] == "Reversed"
    assert sandbox.call("POST", f"/payment-intents/{paid['id']}/reversal").status == 409


def test_amounts_in_two_currencies_are_refused(sandbox: Sandbox) -> None:
    # when
    body = {"amount": gbp(100), "tipsAmount": {"value": 1, "currencyCode": "EUR"}, "reference": "a"}
    answer = sandbox.call("POST", "/payment-intents", body)

    # then
    assert (answer.status, list(answer.body["errors"])) == (400, ["TipsAmount.CurrencyCode"])


def test_an_intent_of_another_account_is_not_found(sandbox: Sandbox) -> None:
    # given
    made = sandbox.make_intent()
    sandbox.open_account("sk_sandbox_other")

    # then
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/reversal")):
        assert sandbox.call(method, f"/payment-intents/{made['id']}{path}", key="sk_sandbox_other").status == 404
    assert sandbox.intent(made["id"]) == made


@pytest.mark.faults
def test_what_is_known_outlives_the_process(sandbox: Sandbox) -> None:
    # given
    paid = sandbox.intent_made("Captured")
    sandbox.do("POST", f"/payment-intents/{paid['id']}/refunds", {"amount": 400}, idempotencykey="a")
    before = sandbox.intent(paid["id"])

    # when
    sandbox.kill()
    sandbox.start()

    # then
    assert sandbox.intent(paid["id"]) == before
    sandbox.do("POST", f"/payment-intents/{paid['id']}/refunds", {"amount": 400}, idempotencykey="a")
    assert sandbox.intent(paid["id"]) == before
