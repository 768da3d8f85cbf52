"""The line to Dojo against a gateway on this machine, which can misbehave as real ones do."""

import asyncio
import base64
import contextlib
import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dojo_integration import ws_client, ws_line
from dojo_integration.accounts import DojoAccount, connection_of
from dojo_integration.models import DojoConnection, SocketState
from dojo_integration.parsers import MAX_BYTES
from dojo_integration.ws_client import LONGEST_PAUSE, STABLE_AFTER, Workers, pauses
from dojo_integration.ws_line import Line
from orders.models import Order, OrderLock
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, in_minutes
from tests.certificates import self_signed
from tests.factories import VenueFactory, WorkingVenue, a_venue
from tests.gateway import Gateway, a_gateway, a_request, until
from tests.races.crowd import rows_held

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY_THERE = "ws://127.0.0.1:9/epos"


class Dialler:
    """A line in a thread of its own, as the process would keep it."""

    def __init__(self, shop: WorkingVenue, account: DojoAccount, *, writers: int = 56, readers: int = 8) -> None:
        self.workers = Workers(writers=writers, readers=readers)
        self.line = Line(shop.venue, account, self.workers, lambda: None)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.task = self.loop.create_task(self.line.run())
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.task)
        self.loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(self.loop)))

    def do(self, act: Callable[[], object]) -> None:
        self.loop.call_soon_threadsafe(act)

    def leave(self) -> float:
        """Leave in an orderly way; says how long that took."""
        began = time.monotonic()
        asyncio.run_coroutine_threadsafe(self.line.leave(), self.loop)
        self.thread.join(15)
        return time.monotonic() - began


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with a_gateway() as made:
        yield made


@pytest.fixture
def shop() -> WorkingVenue:
    return a_venue()


@contextlib.contextmanager
def dialling(shop: WorkingVenue, url: str, **options: Any) -> Iterator[Dialler]:
    reseller = options.pop("reseller_id", "")
    account = DojoAccount(
        api_key="sk_sandbox_abc",
        software_house_id="softwareHouse1",
        reseller_id=reseller,
        ws_url=url,
        api_url="https://api.dojo.tech",
    )
    dialler = Dialler(shop, account, **options)
    dialler.thread.start()
    try:
        yield dialler
    finally:
        if dialler.thread.is_alive():
            dialler.loop.call_soon_threadsafe(dialler.task.cancel)
        dialler.thread.join(15)
        dialler.workers.stop()
        until(lambda: not dialler.workers.is_busy, 15)
        dialler.loop.close()


@pytest.fixture
def line(shop: WorkingVenue, gateway: Gateway) -> Iterator[Dialler]:
    with dialling(shop, gateway.url) as dialler:
        until(lambda: dialler.line.state == SocketState.CONNECTED)
        yield dialler


def a_lock(order: Order) -> dict[str, Any]:
    return {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)}


# --- how long it waits -----------------------------------------------------------------------------------------------


def test_each_wait_may_be_twice_as_long_as_the_one_before_up_to_half_a_minute() -> None:
    # given waits of many lines that fail from the start
    random.seed(1)
    waits = []
    for _ in range(500):
        one = pauses()
        next(one)
        waits.append([one.send(0) for _ in range(8)])
    # then each is spread over all of its span
    for number, most in enumerate([1, 2, 4, 8, 16, 30, 30, 30]):
        column = [wait[number] for wait in waits]
        assert 0 <= min(column) < most * 0.05
        assert most * 0.95 < max(column) <= most


@pytest.mark.parametrize(("lived", "most"), [(0.0, 30), (STABLE_AFTER - 1, 30), (STABLE_AFTER, 1), (86_400.0, 1)])
def test_only_a_stable_minute_forgives(monkeypatch: pytest.MonkeyPatch, lived: float, most: float) -> None:
    monkeypatch.setattr(ws_client.random, "uniform", lambda least, most: most)
    waits = pauses()
    next(waits)
    for _ in range(20):
        waits.send(0)
    assert waits.send(lived) == most
    assert LONGEST_PAUSE == 30


def test_waits_go_on_for_ever() -> None:
    waits = pauses()
    next(waits)
    for _ in range(5_000):
        assert waits.send(STABLE_AFTER) <= 1


# --- the key ---------------------------------------------------------------------------------------------------------


def test_only_the_oldest_venue_has_the_environments_key(settings: Any) -> None:
    oldest, newest = VenueFactory(bare=True), VenueFactory(bare=True)
    assert connection_of(oldest) is None
    settings.DOJO_API_KEY = "sk_sandbox_abc"
    account = connection_of(oldest)
    assert account == DojoAccount(
        api_key="sk_sandbox_abc",
        software_house_id="softwareHouse1",
        reseller_id="",
        ws_url="wss://eu.ws.dojo.tech/epos",
        api_url="https://api.dojo.tech",
    )
    assert "sk_sandbox" not in repr(account)
    assert connection_of(newest) is None


def test_what_a_manager_entered_comes_before_the_environment(settings: Any) -> None:
    # given
    settings.DOJO_API_KEY = "sk_sandbox_environment"
    oldest, newest = VenueFactory(bare=True), VenueFactory(bare=True)
    for venue in (oldest, newest):
        entered = DojoConnection(venue=venue, software_house_id="house2", reseller_id="seller2")
        entered.set_api_key(f"sk_prod_{venue.slug}")
        entered.save()

    # then
    for venue in (oldest, newest):
        account = connection_of(venue)
        assert account is not None
        assert (account.api_key, account.software_house_id, account.reseller_id) == (
            f"sk_prod_{venue.slug}",
            "house2",
            "seller2",
        )


def test_a_key_of_dojos_is_not_shown_to_the_sandbox(settings: Any) -> None:
    # given
    settings.SANDBOX, settings.DOJO_API_KEY = True, "sk_sandbox_made_up"
    settings.DOJO_WS_URL, settings.DOJO_API_URL = "ws://sandbox/epos", "http://sandbox"
    oldest, newest = VenueFactory(bare=True), VenueFactory(bare=True)
    entered = DojoConnection(venue=newest)
    entered.set_api_key("sk_prod_real")
    entered.save()

    # when
    on_the_sandbox, at_dojo = connection_of(oldest), connection_of(newest)

    # then
    assert on_the_sandbox is not None
    assert at_dojo is not None
    assert (on_the_sandbox.api_key, on_the_sandbox.ws_url) == ("sk_sandbox_made_up", "ws://sandbox/epos")
    assert (at_dojo.api_key, at_dojo.ws_url) == ("sk_prod_real", "wss://eu.ws.dojo.tech/epos")
    assert (on_the_sandbox.api_url, at_dojo.api_url) == ("http://sandbox", "https://api.dojo.tech")


def test_without_a_key_of_its_own_a_connection_only_adds_to_the_environments(settings: Any) -> None:
    settings.DOJO_API_KEY = "sk_sandbox_environment"
    venue = VenueFactory(bare=True)
    DojoConnection.objects.create(venue=venue, software_house_id="house2")
    account = connection_of(venue)
    assert account is not None
    assert (account.api_key, account.software_house_id) == ("sk_sandbox_environment", "house2")


def test_a_key_that_cannot_be_read_is_none_and_not_another_accounts(settings: Any) -> None:
    settings.DOJO_API_KEY = "sk_sandbox_environment"
    venue = VenueFactory(bare=True)
    entered = DojoConnection(venue=venue)
    entered.set_api_key("sk_prod_mine")
    entered.save()
    settings.SECRET_KEY = "another key than it was sealed with"
    assert connection_of(venue) is None


# --- dialling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reseller", ["", "reseller1"])
def test_the_handshake_shows_the_key_as_it_is(shop: WorkingVenue, gateway: Gateway, reseller: str) -> None:
    with dialling(shop, gateway.url, reseller_id=reseller) as dialler:
        gateway.wait_until_connected()
        until(lambda: dialler.line.state == SocketState.CONNECTED)
    (handshake,) = gateway.handshakes
    assert handshake.path == "/epos"
    assert handshake.headers["Authorization"] == "Basic sk_sandbox_abc"
    assert handshake.headers["software-house-id"] == "softwareHouse1"
    assert handshake.headers.get("reseller-id", "") == reseller
    assert handshake.headers["Upgrade"] == "websocket"
    assert "Sec-WebSocket-Extensions" not in handshake.headers


def test_no_proxy_of_the_environment_gets_in(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with dialling(shop, gateway.url):
        gateway.wait_until_connected()


def test_a_redirect_is_not_followed(shop: WorkingVenue, gateway: Gateway) -> None:
    with a_gateway() as elsewhere:
        gateway.status, gateway.location = HTTPStatus.TEMPORARY_REDIRECT, elsewhere.url
        with dialling(shop, gateway.url) as dialler:
            gateway.wait_for_handshakes(2)
            assert dialler.line.report().last_error == "Dojo answers with HTTP 307."
        assert elsewhere.handshakes == []


def test_the_key_is_shown_to_nobody_who_cannot_prove_who_he_is(shop: WorkingVenue, tmp_path: Path) -> None:
    with a_gateway(ssl=self_signed(tmp_path)) as impostor:
        url = impostor.url.replace("ws://127.0.0.1", "wss://localhost")
        with dialling(shop, url) as dialler:
            until(lambda: "certificate verify failed" in dialler.line.report().last_error)
        assert impostor.handshakes == []


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_a_refused_key_is_told_and_not_tried_again_soon(
    shop: WorkingVenue, gateway: Gateway, status: HTTPStatus
) -> None:
    gateway.status = status
    with dialling(shop, gateway.url) as dialler:
        until(lambda: dialler.line.state == SocketState.REFUSED)
        time.sleep(2.5)
        assert len(gateway.handshakes) == 1
        assert dialler.line.report().last_error == f"Dojo refuses the key (HTTP {status.value})."
    assert ws_line.REFUSED_PAUSE >= 30


def test_a_key_that_is_put_right_at_dojo_is_found_out(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_line, "REFUSED_PAUSE", 0.4)
    gateway.status = HTTPStatus.UNAUTHORIZED
    with dialling(shop, gateway.url) as dialler:
        gateway.wait_for_handshakes(3)
        assert dialler.line.state == SocketState.REFUSED
        gateway.status = None
        until(lambda: dialler.line.state == SocketState.CONNECTED)
        assert "result" in gateway.call("ListAreasV1")


@pytest.mark.parametrize("url", ["http://127.0.0.1/epos", "nonsense", "ws://", f"ws://{'x' * 70}/epos"])
def test_an_address_that_is_none_is_told(shop: WorkingVenue, url: str) -> None:
    with dialling(shop, url) as dialler:
        until(lambda: dialler.line.state == SocketState.REFUSED)
        assert dialler.line.report().last_error == "DOJO_WS_URL is no address of a WebSocket."


def _speak_nonsense(client: socket.socket) -> None:
    client.sendall(b"\x15\x03\x01\r\n\r\n")
    client.close()


@contextlib.contextmanager
def a_bare_server(after: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[float]]]:
    """Accepts, reads the handshake, does that, and leaves the connection open; says where, and when somebody came."""
    came: list[float] = []
    kept: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                came.append(time.monotonic())
                kept.append(client)
                after(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/epos", came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for client in kept:
            client.close()


def test_trouble_is_met_with_longer_and_longer_waits(shop: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # given lines in all kinds of trouble, and waits that are always as long as they may be
    monkeypatch.setattr(ws_client.random, "uniform", lambda least, most: most)
    dials: list[float] = []
    dial = ws_line.dial

    def counted(account: DojoAccount) -> Any:
        if account.ws_url == NOBODY_THERE:
            dials.append(time.monotonic())
        return dial(account)

    monkeypatch.setattr(ws_line, "dial", counted)
    came: dict[str, Callable[[], list[float]]] = {"nobody there": lambda: dials}
    urls = {"nobody there": NOBODY_THERE}
    with contextlib.ExitStack() as stack:
        for name, trouble in {
            "429": {"status": HTTPStatus.TOO_MANY_REQUESTS},
            "503": {"status": HTTPStatus.SERVICE_UNAVAILABLE},
            "404": {"status": HTTPStatus.NOT_FOUND},
            "accepts and closes": {"hangs_up": True},
        }.items():
            gateway = stack.enter_context(a_gateway())
            for attribute, value in trouble.items():
                setattr(gateway, attribute, value)
            came[name] = lambda gateway=gateway: [handshake.at for handshake in gateway.handshakes]
            urls[name] = gateway.url
        for name, after in {"nonsense": _speak_nonsense, "closes before it answers": socket.socket.close}.items():
            urls[name], at = stack.enter_context(a_bare_server(after))
            came[name] = lambda at=at: at
        # when
        lines = {name: stack.enter_context(dialling(shop, url)) for name, url in urls.items()}
        until(lambda: all(came[name]() for name in came))
        time.sleep(4.0)
        # then
        waits = {name: [later - earlier for earlier, later in pairwise(at())] for name, at in came.items()}
        soon = {
            name: found
            for name, found in waits.items()
            if not found or found[0] < 0.95 or min(found[1:], default=2) < 1.95
        }
        assert soon == {}
        assert {dialler.line.state for dialler in lines.values()} == {SocketState.CONNECTING}
        assert [name for name, dialler in lines.items() if not dialler.line.report().last_error] == []


def test_a_line_that_was_cut_is_dialled_again(gateway: Gateway, line: Dialler) -> None:
    gateway.cut()
    gateway.wait_for_handshakes(2)
    gateway.wait_until_connected()
    assert "result" in gateway.call("ListAreasV1")
    assert line.line.report().last_error == "The connection was lost."
    # what a closing gateway says is kept
    gateway.hang_up(1012, "restarting")
    gateway.wait_for_handshakes(3)
    assert line.line.report().last_error == "Dojo closed the connection (1012 restarting)."


def _accept_and_fall_silent(client: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4096)
    key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept
    )


def test_a_half_open_line_is_noticed_by_its_silence(shop: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (ws_client.PING_INTERVAL, ws_client.PING_TIMEOUT) == (30, 20)
    monkeypatch.setattr(ws_client, "PING_INTERVAL", 0.3)
    monkeypatch.setattr(ws_client, "PING_TIMEOUT", 0.3)
    monkeypatch.setattr(ws_client, "CLOSE_TIMEOUT", 0.2)
    with a_bare_server(_accept_and_fall_silent) as (url, came), dialling(shop, url) as dialler:
        until(lambda: dialler.line.state == SocketState.CONNECTED)
        until(lambda: len(came) >= 2)
        assert came[1] - came[0] < 5


def test_a_gateway_that_reads_nothing_is_left(shop: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws_client, "SEND_PATIENCE", 0.5)
    with a_gateway(max_queue=1) as gateway, dialling(shop, gateway.url):
        gateway.is_deaf = True
        gateway.wait_until_connected()
        gateway.cut()
        gateway.wait_for_handshakes(2)
        gateway.wait_until_connected()
        # when more is answered than any buffer holds
        gateway.post_all([a_request("x" * 500_000) for _ in range(40)])
        # then
        gateway.wait_for_handshakes(3, seconds=20)


# --- serving ---------------------------------------------------------------------------------------------------------


def test_requests_are_answered_by_their_ids(shop: WorkingVenue, gateway: Gateway, line: Dialler) -> None:
    order = a_bill(shop, total=5000)
    asked = [a_request("GetOrderByIdV1", {"orderId": order.pk}) for _ in range(50)]
    paid = a_request("RecordOrderPaymentByIdV1", a_payment(order.pk, 2000))
    gateway.post_all([*asked, paid, paid])
    for request in asked:
        assert gateway.answer(request["id"])["result"]["id"] == order.pk
    assert gateway.answer(paid["id"])["result"]["paidAmount"]["value"] == 2000
    order.refresh_from_db()
    assert order.paid_amount == 2000
    until(lambda: line.line.report().served == 52)


def test_two_holders_for_a_moment_do_no_harm(shop: WorkingVenue, gateway: Gateway, line: Dialler) -> None:
    # given a second process that has not yet noticed that it lost the lock
    order = a_bill(shop, total=5000)
    with dialling(shop, gateway.url):
        until(lambda: len(gateway.open) == 2)
        # when both get the same requests
        asked = [
            a_request("CreateOrderLockV1", a_lock(order)),
            a_request("RecordOrderPaymentByIdV1", a_payment(order.pk, 2000)),
        ]
        for request in asked:
            for to in (0, 1):
                gateway.post(request, to=to)
        until(lambda: len(gateway.heard) == 4)
    # then
    for request in asked:
        assert [answer for answer in gateway.heard if answer["id"] == request["id"]] == [
            gateway.answer(request["id"])
        ] * 2
    order.refresh_from_db()
    assert (order.paid_amount, OrderLock.objects.count()) == (2000, 1)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (b"", True),
        (b"nonsense", True),
        (b"\xff\xfe\x00", True),
        (b"\x00\x01", False),
        (b"[]", True),
        (b"[" * 100_000, True),
        (b"{" + b" " * (3 * 1024 * 1024), True),
        (b'{"jsonrpc": "2.0", "method": "GetOrderByIdV1", "params": {"orderId": "x"}}', True),
        (b'{"jsonrpc": "2.0", "id": "1", "result": {}}', True),
    ],
)
def test_no_frame_costs_the_connection(gateway: Gateway, line: Dialler, frame: bytes, text: bool) -> None:
    gateway.post(frame, text=text)
    assert "result" in gateway.call("ListAreasV1")
    assert len(gateway.handshakes) == 1


def test_a_frame_that_is_too_large_is_refused_under_its_id(gateway: Gateway, line: Dialler) -> None:
    large = a_request("CreateOrderV1", {"note": "x" * 3 * MAX_BYTES})
    gateway.post(large)
    assert "larger than" in gateway.answer(large["id"])["error"]["message"]
    assert "result" in gateway.call("ListAreasV1")
    assert len(gateway.handshakes) == 1


def test_a_request_in_a_binary_frame_is_answered_in_a_text_frame(gateway: Gateway, line: Dialler) -> None:
    asked = a_request("ListAreasV1")
    gateway.post(asked, text=False)
    assert "result" in gateway.answer(asked["id"])


def test_five_hundred_in_flight_of_which_fifty_wait_for_rows_keep_nobody(
    shop: WorkingVenue, gateway: Gateway, line: Dialler
) -> None:
    # given fifty bills that somebody holds, and one that is free
    held = [a_bill(shop, name=f"Held {number}") for number in range(50)]
    free = a_bill(shop, name="Free")
    slow = [a_request("CreateOrderLockV1", a_lock(order)) for order in held]
    quick = [a_request("GetOrderByIdV1", {"orderId": free.pk}) for _ in range(450)]
    with rows_held(held):
        # when
        began = time.monotonic()
        gateway.post_all([*slow, *quick])
        for request in quick:
            gateway.answer(request["id"], seconds=30)
        # then the quick ones are through although the slow ones still wait
        took = time.monotonic() - began
        assert not any(request["id"] in gateway.answers for request in slow), took
        # and both a question and a change of something else are answered at once
        for method, params in (("GetOrderByIdV1", {"orderId": free.pk}), ("CreateOrderLockV1", a_lock(free))):
            began = time.monotonic()
            assert "result" in gateway.call(method, params)
            assert time.monotonic() - began < 2
        assert not any(request["id"] in gateway.answers for request in slow)
    for request in slow:
        assert gateway.answer(request["id"], seconds=20)["method"] == "CreateOrderLockV1"
    assert len(gateway.handshakes) == 1


def test_more_than_can_be_in_flight_is_told_to_come_again(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given room for twenty, and twenty that wait
    assert ws_client.MOST_IN_FLIGHT == 500
    monkeypatch.setattr(ws_client, "MOST_IN_FLIGHT", 20)
    order = a_bill(shop)
    waiting = [a_request("CreateOrderLockV1", a_lock(order)) for _ in range(20)]
    with dialling(shop, gateway.url, writers=4, readers=1):
        gateway.wait_until_connected()
        with rows_held([order]):
            gateway.post_all(waiting)
            # when
            refused = gateway.call("ListAreasV1")["error"]
            # then
            assert (refused["errorType"], refused["message"]) == ("UnexpectedError", ws_client.TOO_MUCH)
            assert not any(request["id"] in gateway.answers for request in waiting)
        for request in waiting:
            assert "result" in gateway.answer(request["id"], seconds=20)
        assert "result" in gateway.call("ListAreasV1")
    assert OrderLock.objects.count() == 1


def test_a_flood_is_not_even_refused_and_costs_nothing_but_itself(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_client, "MOST_IN_FLIGHT", 2)
    monkeypatch.setattr(ws_client, "MOST_HEARD", 2)
    order = a_bill(shop)
    with dialling(shop, gateway.url, writers=2, readers=1):
        gateway.wait_until_connected()
        with rows_held([order]):
            gateway.post_all([a_request("CreateOrderLockV1", a_lock(order)) for _ in range(2)])
            gateway.post_all([a_request("ListAreasV1") for _ in range(200)])
            time.sleep(0.5)
            assert gateway.answers == {}
        until(lambda: len(gateway.answers) == 2)
        assert "result" in gateway.call("ListAreasV1")
        assert len(gateway.handshakes) == 1


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_leaving_finishes_what_is_under_way_and_takes_nothing_new(
    shop: WorkingVenue, gateway: Gateway, line: Dialler
) -> None:
    # given a request that waits
    order = a_bill(shop)
    waiting = a_request("CreateOrderLockV1", a_lock(order))
    with rows_held([order]):
        gateway.post(waiting)
        until(lambda: line.workers.is_busy)
        leaving = threading.Thread(target=line.leave)
        leaving.start()
        until(lambda: line.line._exchange is not None and line.line._exchange.is_draining)
        # when another one comes
        refused = gateway.call("ListAreasV1")["error"]
    # then
    assert (refused["errorType"], refused["message"]) == ("UnexpectedError", ws_client.CLOSING)
    assert "result" in gateway.answer(waiting["id"])
    leaving.join(10)
    until(lambda: gateway.closed_with == [1001])
    assert len(gateway.handshakes) == 1


def test_leaving_does_not_wait_for_ever(shop: WorkingVenue, gateway: Gateway, line: Dialler) -> None:
    order = a_bill(shop)
    with rows_held([order]):
        gateway.post(a_request("CreateOrderLockV1", a_lock(order)))
        until(lambda: line.workers.is_busy)
        assert line.leave() < ws_line.DRAIN_PATIENCE + 1.5
    until(lambda: gateway.closed_with == [1001])


def test_a_stopped_line_stays_away_until_it_is_asked_back(gateway: Gateway, line: Dialler) -> None:
    line.do(line.line.stop)
    until(lambda: line.line.state == SocketState.STOPPED)
    until(lambda: gateway.closed_with == [1001])
    time.sleep(0.5)
    assert len(gateway.handshakes) == 1
    line.do(line.line.reconnect)
    gateway.wait_for_handshakes(2)
    until(lambda: line.line.state == SocketState.CONNECTED)
    assert line.line.report().last_error == ""


def test_asked_to_connect_again_it_does_so_at_once(gateway: Gateway, line: Dialler) -> None:
    line.do(line.line.reconnect)
    gateway.wait_for_handshakes(2, seconds=3)
    gateway.wait_until_connected()
    assert "result" in gateway.call("ListAreasV1")
    until(lambda: gateway.closed_with == [1001])
