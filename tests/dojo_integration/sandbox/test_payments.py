"""Card payments from end to end, and the events that follow them."""

import time
from typing import Any

import pytest

from dojo_integration.capabilities import find
from dojo_integration.sandbox.deliveries import signature
from tests.capabilities import contract
from tests.dojo_integration.sandbox.a_pos import Pos, connected, listening
from tests.sandbox import Json, Sandbox, gbp, until

STATUS_UPDATED = "payment_intent.status_updated"
HANDLE_EVENT = f"HandleEvent:{STATUS_UPDATED}"
HOOKS = "https://pos.example.com/hooks"


def statuses(pos: Pos) -> list[str]:
    """What the events that a POS has heard say of the payment, in their order."""
    return [frame["params"]["data"]["paymentStatus"] for frame in pos.heard if frame["method"] == "HandleEventV1"]


def against_dojo(capability: str, params: Json) -> list[str]:
    """What Dojo's own contract has to say against what the sandbox sends in Dojo's name."""
    if not contract.is_here():
        return []
    body = {name: value for name, value in params.items() if name not in ("headers", "orderId")}
    return contract.request_problems(find(capability), body)


# ---- the payment


def test_a_card_pays_and_the_pos_records_it(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        # when
        paid = sandbox.take_payment(
            "order_1", 5000, tipsAmount=500, serviceChargeAmount=250, waiterId="7", lockId="lock-1"
        )

        # then
        (frame,) = pos.heard
        assert against_dojo("RecordOrderPaymentById", frame["params"]) == []
        intent = sandbox.intent(paid["paymentIntent"]["id"])
        assert (paid["outcome"], intent["status"]) == ("recorded", "Captured")
        assert frame["method"] == "RecordOrderPaymentByIdV1"
        assert frame["params"] == {
            "orderId": "order_1",
            "paymentIntentId": intent["id"],
            "paidAmount": gbp(5250),
            "tipsAmount": gbp(500),
            "lockId": "lock-1",
            "headers": {"waiterId": "7"},
        }
        assert intent["totalAmount"] == gbp(5750)
        assert (intent["orderDetails"], intent["metadata"]) == ({"externalId": "order_1"}, {"waiterId": "7"})


def test_what_the_pos_refuses_is_given_back_to_the_card(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(errors={"RecordOrderPaymentByIdV1": "Conflict"})):
        paid = sandbox.take_payment("order_1", 5000)
    assert (paid["outcome"], paid["answer"]["errorType"]) == ("refused", "Conflict")
    assert sandbox.intent(paid["paymentIntent"]["id"])["status"] == "Reversed"


def test_what_the_pos_does_not_answer_stays_charged(sandbox: Sandbox) -> None:
    with connected(sandbox, Pos(is_silent=True)):
        paid = sandbox.take_payment("order_1", 5000, seconds=0.2)
    assert paid["outcome"] == "unanswered"
    assert sandbox.intent(paid["paymentIntent"]["id"])["status"] == "Captured"


def test_a_payment_that_the_pos_is_not_told_of(sandbox: Sandbox) -> None:
    paid = sandbox.take_payment("order_1", 5000, record=False)
    assert (paid["outcome"], paid["paymentIntent"]["status"]) == ("not told", "Captured")


def test_it_is_recorded_over_rest(sandbox: Sandbox) -> None:
    with listening() as pos:
        sandbox.register("rest", "RecordOrderPaymentById", url=pos.url, username="a", password="b")
        assert sandbox.take_payment("order_1", 5000, road="rest")["outcome"] == "recorded"
    assert pos.heard[0][:2] == ("POST", "/v1/orders/order_1/record-payment")


# ---- HandleEvent


def test_nobody_hears_of_what_is_not_registered(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        sandbox.register("ws", "GetOrderById", "HandleEvent:payment_intent.created")
        sandbox.intent_made("Captured")
        until(lambda: statuses(pos) == ["Created"])
        time.sleep(0.3)
    assert statuses(pos) == ["Created"]


def test_every_change_is_told_once_and_in_its_own_event(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        sandbox.register("ws", HANDLE_EVENT)

        # when
        made = sandbox.make_intent()
        for number, change in enumerate((sandbox.capture, lambda intent: sandbox.refund(intent, 1000)), start=1):
            change(made["id"])
            until(lambda number=number: len(statuses(pos)) == number)

        # then
        assert statuses(pos) == ["Captured", "Refunded"]
        first, second = (frame["params"] for frame in pos.heard)
        assert against_dojo("HandleEvent", first) == []
        assert first["id"] != second["id"]
        assert first["event"] == STATUS_UPDATED
        assert first["accountId"] == sandbox.account
        assert first["data"] == {"paymentIntentId": made["id"], "paymentStatus": "Captured", "captureMode": "Auto"}


def test_an_event_waits_for_a_pos_that_is_away(sandbox: Sandbox) -> None:
    # given
    sandbox.register("ws", HANDLE_EVENT)
    sandbox.intent_made("Captured")
    (waiting,) = until(lambda: [one for one in sandbox.deliveries() if one["attempts"]])
    assert (waiting["arrived"], waiting["isOver"]) == (False, False)
    assert waiting["outcome"] == "No POS is connected to the gateway."

    # when
    with connected(sandbox) as pos:
        # then
        until(lambda: statuses(pos) == ["Captured"])
        until(lambda: sandbox.deliveries()[0]["arrived"])


@pytest.mark.faults
def test_an_event_outlives_the_process(sandbox: Sandbox) -> None:
    # given
    sandbox.register("ws", HANDLE_EVENT)
    sandbox.intent_made("Captured")

    # when
    sandbox.kill()
    sandbox.start()

    # then
    with connected(sandbox) as pos:
        until(lambda: statuses(pos) == ["Captured"])


def test_events_are_sent_several_times_and_shuffled_when_told_to(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        sandbox.register("ws", HANDLE_EVENT)
        sandbox.fault("EVENT ws *", "duplicate", times=2)
        sandbox.fault("EVENT ws *", "reorder", seconds=1)

        # when
        made = [sandbox.intent_made("Refunded") for _ in range(6)]

        # then
        until(lambda: len(statuses(pos)) == 36)
        told = [(f["params"]["data"]["paymentIntentId"], f["params"]["data"]["paymentStatus"]) for f in pos.heard]
        expected = [(one["id"], status) for one in made for status in ("Captured", "Refunded") for _ in range(3)]
        assert sorted(told) == sorted(expected)
        assert told != expected
        assert len({frame["params"]["id"] for frame in pos.heard}) == 12


def test_an_event_is_lost_when_told_to(sandbox: Sandbox) -> None:
    with connected(sandbox) as pos:
        sandbox.register("ws", HANDLE_EVENT)
        sandbox.fault("EVENT *", "drop", count=1)
        sandbox.intent_made("Refunded")
        until(lambda: statuses(pos) == ["Refunded"])


def test_an_event_is_taken_to_the_pos_at_once_and_as_wanted(sandbox: Sandbox) -> None:
    # given
    made = sandbox.make_intent()
    with connected(sandbox) as pos:
        # when
        told = sandbox.deliver(made["id"], road="ws", id="evt_1", status="Captured", times=2)

        # then
        assert told["tries"] == [{"arrived": True, "outcome": "taken"}] * 2
        assert [frame["params"]["id"] for frame in pos.heard] == ["evt_1", "evt_1"]
        assert statuses(pos) == ["Captured", "Captured"]


# ---- webhooks


def subscribe(sandbox: Sandbox, pos: Pos) -> Any:
    sandbox.route("https://pos.example.com", pos.url)
    return sandbox.do("POST", "/webhooks", {"events": [STATUS_UPDATED], "url": HOOKS})


def test_a_webhook_is_signed_with_the_newest_active_secret(sandbox: Sandbox) -> None:
    with listening() as pos:
        # given
        made = subscribe(sandbox, pos)
        second = sandbox.do("POST", f"/webhooks/{made['id']}/secrets")["secrets"][1]

        # when
        for activate in (False, True):
            if activate:
                sandbox.call("PUT", f"/webhooks/{made['id']}/secrets/{second['id']}/activate")
            sandbox.intent_made("Captured")
            until(lambda activate=activate: len(pos.heard) == 1 + activate)

        # then
        for (method, path, headers, body), secret in zip(pos.heard, (made["secrets"][0], second), strict=True):
            assert (method, path, headers["content-type"]) == ("POST", "/hooks", "application/json")
            assert headers["dojo-signature"] == signature(body, secret["value"])


def test_a_signature_is_written_as_dojo_writes_it() -> None:
    assert signature(b"what is signed", "the secret") == (
        "sha256=5F-33-10-0E-AD-54-85-7B-83-CF-23-D3-1A-A4-66-70-EF-36-C2-54-0C-A3-52-D9-EF-D3-FD-4B-37-B7-7F-AD"
    )


@pytest.mark.parametrize("status", [500, 503, 404])
def test_a_webhook_is_sent_again_until_it_is_taken(sandbox: Sandbox, status: int) -> None:
    with listening() as pos:
        # given
        subscribe(sandbox, pos)
        pos.statuses = [status]

        # when
        sandbox.intent_made("Captured")

        # then
        until(lambda: [one for one in sandbox.deliveries() if one["arrived"]])
        (delivery,) = sandbox.deliveries()
        assert (delivery["attempts"], delivery["isOver"], delivery["outcome"]) == (2, True, "HTTP 200")
        assert pos.heard[0][3] == pos.heard[1][3]
        assert [call["status"] for call in sandbox.calls("webhook")] == [status, 200]


def test_capability_and_webhook_both_tell_of_it(sandbox: Sandbox) -> None:
    with listening() as hooks, connected(sandbox) as pos:
        subscribe(sandbox, hooks)
        sandbox.register("ws", HANDLE_EVENT)
        sandbox.intent_made("Captured")
        until(lambda: hooks.heard and pos.heard)
    assert len({one["event"]["id"] for one in sandbox.deliveries()}) == 1
