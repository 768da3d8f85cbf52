"""Who holds which socket, how that is told, and what managers may ask of it."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db import connection
from django.utils import timezone

from dojo_integration import ws_client, ws_keeper, ws_line, ws_lock
from dojo_integration.accounts import DojoAccount
from dojo_integration.models import DojoSocket, SocketCommand, SocketState
from dojo_integration.services.sockets import (
    SILENT_AFTER,
    Process,
    SocketReport,
    command_socket,
    report_nobody,
    report_socket,
)
from dojo_integration.ws_client import Workers
from dojo_integration.ws_keeper import Keeper
from dojo_integration.ws_lock import SocketLocks
from pos import live
from pos.errors import NotPermitted
from pos.live import integration_group
from pos.models import AuditEntry, Venue
from tests.bills import a_bill
from tests.factories import WorkingVenue, a_venue
from tests.gateway import Gateway, a_gateway, until

pytestmark = pytest.mark.django_db(transaction=True)

ME = Process("till-1", 100)
OTHER = Process("till-2", 200)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with a_gateway() as made:
        yield made


@pytest.fixture
def shop(gateway: Gateway, settings: Any, monkeypatch: pytest.MonkeyPatch) -> WorkingVenue:
    """A venue with a key, and processes that look often."""
    for name, value in {"CHECK_EVERY": 0.1, "HOUSE_EVERY": 0.1, "IDLE_EVERY": 0.1, "LAST_WORDS": 5.0}.items():
        assert value != getattr(ws_keeper, name)
        monkeypatch.setattr(ws_keeper, name, value)
    monkeypatch.setattr(ws_client.random, "uniform", lambda least, most: 0.05)
    settings.DOJO_API_KEY, settings.DOJO_WS_URL = "sk_sandbox_abc", gateway.url
    return a_venue()


class Kept:
    """A keeper in a thread of its own: what one process does."""

    def __init__(self, **options: Any) -> None:
        self.workers = Workers(writers=2, readers=1)
        self.keeper = Keeper(self.workers, **options)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self.keeper.run(self._stop))
        self._loop.close()

    def end(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(15)
            assert not self._thread.is_alive()
        self.workers.stop()


@contextlib.contextmanager
def keeping(**options: Any) -> Iterator[Kept]:
    kept = Kept(**options)
    try:
        yield kept
    finally:
        kept.end()


def state() -> str:
    row = DojoSocket.objects.first()
    return row.state if row is not None else ""


def sessions() -> list[int]:
    """The database sessions that hold or ask for sockets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'tableside dojo_connect' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


# --- the lock --------------------------------------------------------------------------------------------------------


def test_of_two_one_dials_and_the_other_follows(shop: WorkingVenue, gateway: Gateway) -> None:
    with keeping() as first:
        until(lambda: state() == SocketState.CONNECTED)
        with keeping():
            until(lambda: len(sessions()) == 2)
            asyncio.run(asyncio.sleep(1))
            assert len(gateway.handshakes) == 1
            first.end()
            until(lambda: gateway.closed_with == [1001])
            gateway.wait_for_handshakes(2)
            assert "result" in gateway.call("ListAreasV1")
    until(lambda: sessions() == [])


def test_without_the_lock_both_dial(shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: the control, with a lock that everybody gets
    async def take(self: SocketLocks, venue_id: int) -> bool:
        self.held.add(venue_id)
        return True

    monkeypatch.setattr(SocketLocks, "take", take)
    with keeping(), keeping():
        gateway.wait_for_handshakes(2)
        until(lambda: len(gateway.open) == 2)


def test_a_lost_session_closes_the_socket_and_it_comes_back(shop: WorkingVenue, gateway: Gateway) -> None:
    with keeping():
        until(lambda: state() == SocketState.CONNECTED)
        (session,) = sessions()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [session])
        until(lambda: len(gateway.closed_with) == 1)
        gateway.wait_for_handshakes(2)
        assert "result" in gateway.call("ListAreasV1")
        assert sessions() != [session]


def test_a_session_that_no_longer_answers_counts_as_lost(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_lock, "PATIENCE", 0.5)
    with keeping():
        until(lambda: state() == SocketState.CONNECTED)
        (session,) = sessions()
        # when PostgreSQL's end of it freezes, with the lock in its hand
        os.kill(session, signal.SIGSTOP)
        try:
            until(lambda: len(gateway.closed_with) == 1)
            asyncio.run(asyncio.sleep(0.5))
            assert len(gateway.handshakes) == 1
        finally:
            os.kill(session, signal.SIGCONT)
        # then the socket is dialled again only when the lock is free
        gateway.wait_for_handshakes(2)


def test_a_venue_alone_where_one_is_named(shop: WorkingVenue, gateway: Gateway) -> None:
    other = a_venue()
    with keeping(slug=other.venue.slug):
        until(lambda: state() == SocketState.NO_KEY)
        assert list(DojoSocket.objects.values_list("venue", flat=True)) == [other.venue.pk]
    assert gateway.handshakes == []


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_that_comes_changes_and_goes_is_followed(shop: WorkingVenue, gateway: Gateway, settings: Any) -> None:
    settings.DOJO_API_KEY = ""
    with keeping():
        until(lambda: state() == SocketState.NO_KEY)
        assert sessions() == []
        for number, key in enumerate(["sk_sandbox_one", "sk_sandbox_two"], start=1):
            settings.DOJO_API_KEY = key
            gateway.wait_for_handshakes(number)
            until(lambda: state() == SocketState.CONNECTED)
            assert gateway.handshakes[-1].headers["Authorization"] == f"Basic {key}"
        settings.DOJO_API_KEY = ""
        until(lambda: state() == SocketState.NO_KEY)
        until(lambda: gateway.closed_with == [1001, 1001])
        until(lambda: sessions() == [])


def test_one_process_serves_every_venue_that_has_a_key(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two venues with an account each, one of which Dojo refuses at first, and a third without
    other, keyless = a_venue(), a_venue()
    with a_gateway() as others:
        others.status = HTTPStatus.FORBIDDEN
        urls = {shop.venue.pk: gateway.url, other.venue.pk: others.url}

        def connection_of(venue: Venue) -> DojoAccount | None:
            url = urls.get(venue.pk)
            key = f"sk_sandbox_{venue.pk}"
            return url and DojoAccount(
                api_key=key, software_house_id="softwareHouse1", reseller_id="", ws_url=url, api_url=""
            )

        monkeypatch.setattr(ws_keeper, "connection_of", connection_of)
        monkeypatch.setattr(ws_line, "REFUSED_PAUSE", 0.2)
        expected = {shop.venue.pk: "connected", other.venue.pk: "refused", keyless.venue.pk: "no_key"}
        with keeping():
            until(lambda: dict(DojoSocket.objects.values_list("venue", "state")) == expected)
            others.status = None
            until(lambda: len(others.open) == 1)
            # then each hears of its own orders alone, over one lock session
            for here, there, mine in ((shop, other, gateway), (other, shop, others)):
                assert mine.handshakes[-1].headers["Authorization"] == f"Basic sk_sandbox_{here.venue.pk}"
                order, foreign = a_bill(here), a_bill(there, table="t2")
                assert mine.call("GetOrderByIdV1", {"orderId": order.pk})["result"]["id"] == order.pk
                refused = mine.call("GetOrderByIdV1", {"orderId": foreign.pk})["error"]
                assert refused["errorType"] == "NotFound"
            assert len(sessions()) == 1
            # and what happens to the one is nothing to the other
            command_socket(actor=other.by_manager, command=SocketCommand.STOP)
            until(lambda: others.open == [])
            assert "result" in gateway.call("ListAreasV1")
            assert len(gateway.handshakes) == 1


# --- how it is told --------------------------------------------------------------------------------------------------


def test_screens_hear_of_every_change_and_of_nothing_else(shop: WorkingVenue, gateway: Gateway) -> None:
    # given a screen
    group = integration_group(shop.venue.pk)
    # One of its own: the locks in the shared one belong to whichever loop received last.
    layer = channel_layers.make_backend("default")

    async def listen() -> list[Any]:
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        heard = []
        ready.set()
        with contextlib.suppress(TimeoutError):
            while True:
                heard.append(await asyncio.wait_for(layer.receive(channel), 2))
        return heard

    ready, heard = threading.Event(), []
    screen = threading.Thread(target=lambda: heard.extend(asyncio.run(listen())))
    screen.start()
    ready.wait(5)
    # when it connects, and then is only alive for a while
    with keeping():
        until(lambda: state() == SocketState.CONNECTED)
        seen = DojoSocket.objects.get().seen_at
        screen.join(15)
        live.flush()
        # then
        assert heard
        assert {"type": "changed", "what": ["socket"]} in heard
        assert len(heard) <= 3
        assert DojoSocket.objects.get().seen_at > seen


def test_what_was_served_adds_up_over_connections_and_processes(shop: WorkingVenue, gateway: Gateway) -> None:
    for number in (1, 2):
        with keeping():
            until(lambda: state() == SocketState.CONNECTED)
            for _ in range(3):
                gateway.call("ListAreasV1")
            gateway.cut()
            gateway.wait_for_handshakes(number * 2)
            until(lambda: state() == SocketState.CONNECTED and bool(gateway.open))
            gateway.call("ListAreasV1")
        assert DojoSocket.objects.get().served == number * 4
    row = DojoSocket.objects.get()
    assert (row.state, row.pid, row.last_error) == (SocketState.DOWN, os.getpid(), "The connection was lost.")


def test_a_refusal_is_told(shop: WorkingVenue, gateway: Gateway) -> None:
    gateway.status = HTTPStatus.FORBIDDEN
    with keeping():
        until(lambda: state() == SocketState.REFUSED)
    assert DojoSocket.objects.get().last_error == "Dojo refuses the key (HTTP 403)."


def a_report(**changes: Any) -> SocketReport:
    report = SocketReport(
        state=SocketState.CONNECTED, since=timezone.now(), last_error="", last_error_at=None, served=0
    )
    return replace(report, **changes)


def test_who_stands_by_says_nothing_while_the_holder_is_heard(uk: WorkingVenue) -> None:
    report_socket(actor=uk.by_system, process=ME, report=a_report())
    for process in (OTHER, ME):
        report_nobody(actor=uk.by_system, process=OTHER, state=SocketState.STANDBY)
        row = DojoSocket.objects.get()
        assert (row.state, row.host, row.pid) == (SocketState.CONNECTED, ME.host, ME.pid), process
    # but who has been silent is not there
    DojoSocket.objects.update(seen_at=timezone.now() - SILENT_AFTER - timedelta(seconds=1))
    report_nobody(actor=uk.by_system, process=OTHER, state=SocketState.STANDBY)
    row = DojoSocket.objects.get()
    assert (row.state, row.host, row.pid) == (SocketState.STANDBY, OTHER.host, OTHER.pid)


def test_the_last_error_is_kept_until_there_is_another(uk: WorkingVenue) -> None:
    at = timezone.now()
    report_socket(
        actor=uk.by_system, process=ME, report=a_report(last_error="Dojo is away.", last_error_at=at, served=2)
    )
    report_socket(actor=uk.by_system, process=OTHER, report=a_report(served=3))
    row = DojoSocket.objects.get()
    assert (row.last_error, row.last_error_at, row.served, row.pid) == ("Dojo is away.", at, 5, OTHER.pid)


# --- what managers ask -----------------------------------------------------------------------------------------------


def test_only_a_manager_commands_and_it_is_written_down(shop: WorkingVenue) -> None:
    for actor in (shop.by_waiter, shop.by_supervisor):
        with pytest.raises(NotPermitted):
            command_socket(actor=actor, command=SocketCommand.STOP)
    assert not DojoSocket.objects.exists()
    command_socket(actor=shop.by_manager, command=SocketCommand.STOP)
    assert DojoSocket.objects.get().command == SocketCommand.STOP
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.detail) == ("command_socket", {"command": "stop"})


def test_a_stop_lasts_until_it_is_revoked_whoever_holds_it(shop: WorkingVenue, gateway: Gateway) -> None:
    with keeping():
        until(lambda: state() == SocketState.CONNECTED)
        command_socket(actor=shop.by_manager, command=SocketCommand.STOP)
        until(lambda: state() == SocketState.STOPPED)
        until(lambda: gateway.closed_with == [1001])
    with keeping():
        # the next process has not even dialled
        until(lambda: state() == SocketState.STOPPED)
        asyncio.run(asyncio.sleep(0.5))
        assert len(gateway.handshakes) == 1
        command_socket(actor=shop.by_manager, command=SocketCommand.RECONNECT)
        until(lambda: state() == SocketState.CONNECTED)
        assert len(gateway.handshakes) == 2
        assert DojoSocket.objects.get().command == ""


def test_asked_to_connect_again_it_does_so_once(shop: WorkingVenue, gateway: Gateway) -> None:
    with keeping():
        until(lambda: state() == SocketState.CONNECTED)
        command_socket(actor=shop.by_manager, command=SocketCommand.RECONNECT)
        gateway.wait_for_handshakes(2)
        asyncio.run(asyncio.sleep(0.5))
        assert len(gateway.handshakes) == 2
        assert gateway.closed_with == [1001]


def test_a_drained_socket_is_another_ones_for_a_while(
    shop: WorkingVenue, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_keeper, "STAND_ASIDE", 1.5)
    with keeping() as only:
        until(lambda: state() == SocketState.CONNECTED)
        command_socket(actor=shop.by_manager, command=SocketCommand.DRAIN)
        until(lambda: state() == SocketState.STANDBY)
        until(lambda: gateway.closed_with == [1001])
        assert only.keeper._locks.held == set()
        # nobody else was there, so it comes back
        gateway.wait_for_handshakes(2)
        assert gateway.handshakes[1].at - gateway.handshakes[0].at > 1.5
