"""The sandbox misbehaves exactly when and as often as it is told to."""

import http.client
import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from dojo_integration.sandbox import control
from dojo_integration.sandbox.api import Asked
from tests.sandbox import Sandbox, gbp

INTENT = {"amount": gbp(100), "reference": "a"}


def test_a_fault_holds_where_its_pattern_fits_and_as_often_as_it_says(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("POST /payment-intents*", "status", status=500, count=2)

    # then
    assert sandbox.call("GET", "/terminals").status == 200
    assert [sandbox.call("POST", "/payment-intents", INTENT).status for _ in range(3)] == [500, 500, 200]
    assert sandbox.shown("faults") == [{"on": "POST /payment-intents*", "kind": "status", "count": 0, "status": 500}]


def test_too_many_requests_say_when_to_come_back(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("POST /epos/events", "status", status=429, retryAfter=30)

    # when
    answer = sandbox.call("POST", "/epos/events", {"eventType": "OrderUpdated", "event": {"orderId": "o"}})

    # then
    assert (answer.status, answer.headers["retry-after"], answer.body["status"]) == (429, "30", 429)
    assert sandbox.received_events() == []


def test_a_refused_request_may_have_been_done_all_the_same(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("POST /epos/events", "status", status=500, after=True, count=1)
    event = {"eventType": "OrderUpdated", "event": {"orderId": "o"}}

    # then
    assert sandbox.call("POST", "/epos/events", event).status == 500
    assert [one.entity_id for one in sandbox.received_events()] == ["o"]


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_cut_before_or_after_the_work(sandbox: Sandbox, after: bool) -> None:
    # given
    sandbox.fault("POST /epos/events", "drop", count=1, after=after)
    event = {"eventType": "OrderUpdated", "event": {"orderId": "o"}}

    # when
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        sandbox.call("POST", "/epos/events", event)

    # then
    assert len(sandbox.received_events()) == int(after)
    assert sandbox.call("POST", "/epos/events", event).status == 200


def test_an_answer_is_late(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("GET /terminals", "delay", seconds=0.4, count=1)

    # then
    began = time.monotonic()
    assert sandbox.call("GET", "/terminals").status == 200
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("seconds", [300, -300])
def test_dojos_clock_is_ahead_or_behind(sandbox: Sandbox, seconds: int) -> None:
    # given
    def ahead() -> float:
        said = parsedate_to_datetime(sandbox.call("GET", "/terminals").headers["date"])
        return (said - datetime.now(UTC)).total_seconds()

    assert abs(ahead()) < 60

    # when
    sandbox.fault("GET /terminals", "clock", seconds=seconds)

    # then
    assert abs(ahead() - seconds) < 60


def test_an_answer_is_garbage(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("GET /terminals", "garbage", count=1)

    # when
    answer = sandbox.call("GET", "/terminals", raw=True)

    # then
    assert answer.status == 200
    with pytest.raises(UnicodeDecodeError):
        json.loads(answer.body)


def test_an_answer_points_elsewhere(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("GET /terminals", "redirect", location="http://127.0.0.1:9/x", count=1)

    # then
    answer = sandbox.call("GET", "/terminals", raw=True)
    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:9/x")


@pytest.mark.faults
def test_a_fault_outlives_the_process_and_not_a_reset(sandbox: Sandbox) -> None:
    # given
    sandbox.fault("GET /terminals", "status", status=503)

    # when
    sandbox.kill()
    sandbox.start()

    # then
    assert sandbox.call("GET", "/terminals").status == 503
    sandbox.reset()
    assert sandbox.call("GET", "/terminals").status == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"on": "*", "kind": "mood"}, {"on": "*", "kind": "delay", "count": 0}, {"on": "*", "kind": "delay", "for": 1}],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, body: dict[str, object]) -> None:
    assert sandbox.call("POST", "/_control/faults", body).status == 400
    assert sandbox.shown("faults") == []


def test_the_controls_answer_to_this_machine_only() -> None:
    # when
    refused = control.perform(Asked("POST", "/_control/reset", body=b"{}"), is_local=False)

    # then
    assert (refused.status, refused.body["detail"]) == (403, "The controls answer to this machine only.")


def test_the_controls_know_accounts_by_their_key(sandbox: Sandbox) -> None:
    assert sandbox.call("GET", "/_control/account", key="sk_sandbox_other").status == 401
    made = sandbox.open_account("sk_sandbox_other")
    assert sandbox.call("GET", "/_control/account", key="sk_sandbox_other").body["accountId"] == made != sandbox.account


def test_the_front_page_says_what_there_is(sandbox: Sandbox) -> None:
    # when
    page = sandbox.call("GET", "/", raw=True, authorization=None)

    # then
    assert page.status == 200
    assert page.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    for line in ("POST /payment-intents/{paymentIntentId}/refunds", "POST /_control/faults", "GET /_control/calls"):
        assert f"<li><code>{line}</code></li>" in page.body.decode()
    assert sandbox.api_key not in page.body.decode()


def test_the_controls_want_json(sandbox: Sandbox) -> None:
    """A page on another site cannot send that without asking first."""
    answer = sandbox.call("POST", "/_control/reset", b"{}", **{"content-type": "text/plain"})
    assert answer.status == 415
    assert sandbox.call("POST", "/_control/nothing", {}).status == 404
