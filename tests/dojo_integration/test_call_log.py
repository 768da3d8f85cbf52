"""The list of the last calls: every road is on it, nobody's name or card is, and no call pays for it."""

import os
import signal
import time
from typing import Any

import orjson
import pytest
import responses
from django.conf import settings
from django.test import Client
from redis import Redis

from dojo_integration import call_log, rpc
from dojo_integration.call_list import LoggedCall, last_calls
from dojo_integration.call_log import KEPT, RawCall
from dojo_integration.dojo_api.client import api_of
from dojo_integration.sending import connect_to_dojo
from orders.models import Order
from tests.capabilities.requests import an_order
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, WorkingVenue

URL = "https://api.dojo.tech"


@pytest.fixture(autouse=True)
def empty(uk: WorkingVenue) -> None:
    """A rolled back venue's number may have been used before."""
    assert call_log.flush()
    call_log.redis_at(settings.REDIS).delete(call_log.key_of(uk.venue.pk))


@pytest.fixture
def client(uk: WorkingVenue) -> Client:
    RestCredentialFactory(venue=uk.venue, username="dojo-uk", secret="s3cret")
    return Client(raise_request_exception=False, headers={"Authorization": basic("dojo-uk", "s3cret")})


def listed(house: WorkingVenue) -> list[LoggedCall]:
    assert call_log.flush()
    found = last_calls(house.venue)
    assert found is not None
    return found


def a_call(house: WorkingVenue, **fields: Any) -> RawCall:
    raw: dict[str, Any] = {
        "venue_id": house.venue.pk, "road": "rest", "capability": "ListAreas", "where": "GET /v1/areas", "status": 200,
        "outcome": call_log.OK, "at": time.time(), "seconds": 0.004, "trace_id": "t", "request": b"", "answer": b"[]",
    }  # fmt: skip
    return RawCall(**raw | fields)


# --- every road ------------------------------------------------------------------------------------------------------


def test_a_request_over_rest_is_listed_with_how_it_went(uk: WorkingVenue, client: Client) -> None:
    # when
    answer = client.get("/v1/areas")
    # then
    (call,) = listed(uk)
    assert (call.road, call.capability, call.where) == ("rest", "ListAreas", "GET /v1/areas")
    assert (call.status, call.outcome, call.is_ok, call.is_ours) == (200, "ok", True, False)
    assert call.trace_id == answer["trace-id"]
    assert 0 < call.ms < 60_000
    assert abs(call.at.timestamp() - time.time()) < 60
    assert call.request == ""
    assert '"id": "main"' in call.answer


def test_a_refusal_is_listed_with_what_was_asked_and_why_not(uk: WorkingVenue, client: Client) -> None:
    # when
    answer = client.post("/v1/orders/order_x/lock", {"lockId": "l1"}, content_type="application/json")
    # then
    (call,) = listed(uk)
    assert (call.capability, call.status, call.is_ok) == ("CreateOrderLock", answer.status_code, False)
    assert call.result == f"{answer.status_code} {answer.json()['errorType']}"
    assert orjson.loads(call.request) == {"lockId": "l1"}
    assert orjson.loads(call.answer)["traceId"] == call.trace_id == answer["trace-id"]


def test_a_request_over_the_websocket_is_listed_and_so_is_each_of_a_batch(uk: WorkingVenue) -> None:
    # given
    one = {"jsonrpc": "2.0", "id": 7, "method": "GetOrderByIdV1", "params": {"orderId": "order_x"}}
    other = {"jsonrpc": "2.0", "id": 8, "method": "ListAreasV1"}
    unknown = {"jsonrpc": "2.0", "id": 9, "method": "SingV1"}
    # when
    for frame in (one, [other, unknown]):
        rpc.answer(rpc.read(orjson.dumps(frame)), uk.venue.pk)
    # then
    calls = {call.where: call for call in listed(uk)}
    assert {name: (call.capability, call.outcome) for name, call in calls.items()} == {
        "GetOrderByIdV1": ("GetOrderById", "NotFound"),
        "ListAreasV1": ("ListAreas", "ok"),
        "SingV1": ("", "InvalidRequest"),
    }
    assert {call.road for call in calls.values()} == {"ws"}
    assert orjson.loads(calls["GetOrderByIdV1"].request) == {"orderId": "order_x"}
    assert orjson.loads(calls["GetOrderByIdV1"].answer)["error"]["traceId"] == calls["GetOrderByIdV1"].trace_id


def test_what_we_ask_of_dojo_is_listed_by_whoever_asks(uk: WorkingVenue, settings) -> None:
    # given
    settings.DOJO_API_KEY = "sk_sandbox_test"
    api, open_line = api_of(uk.venue), connect_to_dojo(uk.venue)
    assert api is not None
    assert open_line is not None
    with responses.RequestsMock() as dojo:
        dojo.get(f"{URL}/terminals", json=[{"id": "tm_1", "tid": "1"}])
        dojo.post(f"{URL}/epos/events", status=422, json={"title": "no", "traceId": "00-abc"})
        # when
        with api:
            api.terminals()
        with open_line() as line, pytest.raises(Exception, match="422"):
            line.send_event(event_type="OrderUpdated", entity_id="order_x")
    # then
    refused, asked = listed(uk)
    assert (asked.road, asked.where, asked.status, asked.outcome) == ("api", "GET /terminals", 200, "ok")
    assert asked.is_ours
    assert (refused.where, refused.result, refused.is_ok) == ("POST /epos/events", "422", False)
    assert refused.trace_id == "00-abc"
    assert orjson.loads(refused.request) == {"eventType": "OrderUpdated", "event": {"orderId": "order_x"}}


def test_who_shows_no_credentials_is_on_nobodys_list(uk: WorkingVenue, client: Client) -> None:
    assert Client().get("/v1/areas").status_code == 401
    assert listed(uk) == []


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_names_cards_and_keys_do_not_reach_redis(uk: WorkingVenue) -> None:
    # given
    said = {
        "customerName": "Ines Example",
        "card": {"pan": "4111 1111 1111 1111"},
        "text": "4111111111111111 and sk_prod_abcdef and ines@example.com",
        "auth": {"password": "hunter2", "authorization": "Basic c2VjcmV0"},
        "amount": 1250,
    }
    # when
    call_log.note(a_call(uk, request=said, answer=orjson.dumps({"list": [said]}), where="GET /x?mail=ines@example.com"))
    # then
    (call,) = listed(uk)
    assert orjson.loads(call.request)["amount"] == 1250
    kept = b"".join(call_log.redis_at(settings.REDIS).lrange(call_log.key_of(uk.venue.pk), 0, -1)).decode()
    for secret in ("Ines", "ines", "4111", "sk_prod", "hunter2", "c2VjcmV0"):
        assert secret not in kept, secret


def test_long_lists_are_shortened_long_bodies_cut_and_the_largest_left_out(uk: WorkingVenue, client: Client) -> None:
    # given
    wide = {f"amount{n}": "x" * 200 for n in range(40)}
    call_log.note(a_call(uk, answer=orjson.dumps([1] * 100), request=wide))
    # then
    (call,) = listed(uk)
    assert orjson.loads(call.answer) == [1, 1, 1, 1, 1, "… 95 more"]
    assert call.request.endswith("\n…")
    assert len(call.request) == call_log.LONGEST_BODY + 2
    # when: a frame that is larger than anybody looks at, and a request that is no JSON
    params = {"orderId": "x" * call_log.LARGEST_BODY}
    rpc.answer(
        rpc.read(orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "GetOrderByIdV1", "params": params})), uk.venue.pk
    )
    client.post("/v1/orders", b"Ines, 4111111111111111", content_type="application/json")
    # then
    no_json, large, _ = listed(uk)
    assert large.request == call_log.TOO_LARGE
    assert no_json.request == call_log.NOT_JSON


def test_a_call_that_cannot_be_written_down_is_passed_over(uk: WorkingVenue) -> None:
    # given: halves of characters, and what no JSON knows
    skipped = call_log.skipped()
    call_log.note(a_call(uk, request={"orderId": "\ud800"}))
    call_log.note(a_call(uk, where="\ud800"))
    call_log.note(a_call(uk, trace_id="after"))
    # then
    after, before = listed(uk)
    assert (after.trace_id, before.request) == ("after", call_log.NOT_JSON)
    assert call_log.skipped() == skipped + 1


def test_the_last_hundred_stay_newest_first_and_not_for_ever(uk: WorkingVenue) -> None:
    # when
    for first in range(0, 240, 60):
        for number in range(first, first + 60):
            call_log.note(a_call(uk, trace_id=str(number), at=1_000_000 + number))
        assert call_log.flush()
    # then
    assert [call.trace_id for call in listed(uk)] == [str(number) for number in range(239, 139, -1)]
    assert 0 < call_log.redis_at(settings.REDIS).ttl(call_log.key_of(uk.venue.pk)) <= call_log.KEPT_FOR
    assert KEPT == 100


def test_what_another_version_kept_is_passed_over(uk: WorkingVenue) -> None:
    call_log.note(a_call(uk))
    assert call_log.flush()
    call_log.redis_at(settings.REDIS).lpush(
        call_log.key_of(uk.venue.pk), b'{"id": "1"}', b"nonsense", b'{"at": 1, "x": 2}'
    )
    assert len(listed(uk)) == 1


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_call_costs_no_query_more(
    uk: WorkingVenue, client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    # given: without the list
    client.get("/v1/areas")
    with monkeypatch.context() as without:
        without.setattr(call_log, "note", lambda call: None)
        with django_assert_num_queries(3) as before:
            client.get("/v1/areas")
    # then
    with django_assert_num_queries(len(before)):
        client.get("/v1/areas")
    assert len(listed(uk)) == 2


def test_leaving_a_call_takes_microseconds(uk: WorkingVenue) -> None:
    # given: an order as large as they come, and a thread that already runs
    answer = orjson.dumps({"items": [{"name": "Soup", "amount": number} for number in range(500)]})
    call_log.note(a_call(uk))
    assert call_log.flush()
    # when
    count = 2000
    began = time.thread_time()
    for _ in range(count):
        call_log.note_answered(
            venue_id=uk.venue.pk, road=call_log.Road.REST, capability="GetOrderById", where="GET /v1/orders/x",
            outcome="ok", began=0.0, trace_id="t", request=b"{}", answer=answer, status=200,
        )  # fmt: skip
    # then: this thread's own time, so that a busy machine does not count
    assert (time.thread_time() - began) / count < 20e-6
    assert call_log.flush()


def test_a_flood_of_large_answers_takes_a_small_share_of_the_processor(
    uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: a thread of its own, each turn of which is as long as it likes to rest
    monkeypatch.setattr(call_log, "_current", None)
    monkeypatch.setattr(call_log, "PAUSE", 60)
    answer = orjson.dumps({f"amount{key}": [{"value": one} for one in range(5)] for key in range(50)})
    call_log.note(a_call(uk, trace_id="first"))
    assert _kept_within(uk, 1)
    for number in range(3 * KEPT):
        call_log.note(a_call(uk, trace_id=str(number), request=answer, answer=answer))
    # then: it rests, and what was too much is counted
    assert call_log.skipped() == 2 * KEPT
    # when: it is woken for one more turn
    log = call_log._current
    assert log is not None
    log._hurry.set()
    assert _kept_within(uk, 2)
    # then: the turn was over before everything was looked at, and the rest is not lost
    assert 1 < len(last_calls(uk.venue) or []) < KEPT
    monkeypatch.undo()
    assert log.wait(30)
    assert [call.trace_id for call in last_calls(uk.venue) or []][:1] == [str(3 * KEPT - 1)]


def _kept_within(house: WorkingVenue, least: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while len(last_calls(house.venue) or []) < least:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_frozen_redis_costs_no_call_anything(uk: WorkingVenue, client: Client) -> None:
    # given
    pid = Redis.from_url(settings.REDIS).info()["process_id"]
    skipped = call_log.skipped()
    client.get("/v1/areas")
    assert call_log.flush()
    os.kill(pid, signal.SIGSTOP)
    try:
        # when
        began = time.monotonic()
        body = orjson.dumps(an_order())
        answers = [client.post("/v1/orders", body, content_type="application/json").status_code]
        answers += [client.get("/v1/areas").status_code for _ in range(2 * KEPT)]
        took = time.monotonic() - began
        # then
        assert answers == [200] * (2 * KEPT + 1)
        assert Order.objects.filter(venue=uk.venue).count() == 1
        assert took < 30
        assert not call_log.flush(0.1)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert call_log.flush(30)
    assert call_log.skipped() > skipped
    # then: and it goes on
    client.get("/v1/areas")
    assert listed(uk)[0].capability == "ListAreas"


def test_a_redis_that_is_gone_is_counted_and_said_once(
    uk: WorkingVenue, settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    settings.REDIS = "unix:///nowhere/redis.sock"
    monkeypatch.setattr(call_log, "_current", None)
    # when
    for _ in range(3):
        call_log.note(a_call(uk))
        assert call_log.flush(10)
    # then
    assert call_log.skipped() == 3
    assert sum("the last calls could not be kept" in record.getMessage() for record in caplog.records) == 1
    assert last_calls(uk.venue) is None


def test_a_forked_worker_keeps_calls_with_a_thread_of_its_own(uk: WorkingVenue) -> None:
    # given
    call_log.note(a_call(uk, trace_id="parent"))
    assert call_log.flush()
    # when
    child = os.fork()
    if child == 0:
        call_log.note(a_call(uk, trace_id="child"))
        os._exit(0 if call_log.flush(10) else 1)
    # then
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert {call.trace_id for call in listed(uk)} == {"parent", "child"}
