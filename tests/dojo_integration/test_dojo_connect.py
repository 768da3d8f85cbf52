"""`manage.py dojo_connect` from the outside: one process holds the socket, the others stand by, nothing is lost."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from dojo_integration.models import AnsweredRequest, DojoSocket, SocketState
from orders.models import OrderLock
from pos.embedded import DataFolder, install
from tests.bills import a_bill
from tests.capabilities.requests import in_minutes
from tests.dojo_processes import Processes, dojo_processes
from tests.factories import WorkingVenue, a_venue
from tests.gateway import Gateway, a_gateway, a_request, until
from tests.races.crowd import rows_held
from tests.throw_away import POSTGRES_SETTINGS, REDIS_SETTINGS, running

pytestmark = pytest.mark.django_db(transaction=True)

START = 60.0
TAKE_OVER = 10.0


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with a_gateway() as made:
        yield made


@pytest.fixture
def shop() -> WorkingVenue:
    return a_venue()


@pytest.fixture
def processes(shop: WorkingVenue, gateway: Gateway, tmp_path: Path) -> Iterator[Processes]:
    with dojo_processes(tmp_path / "var", DOJO_API_KEY="sk_sandbox_abc", DOJO_WS_URL=gateway.url) as made:
        yield made


def holder() -> tuple[str, int | None]:
    """How the only venue's socket is said to be, and by which process."""
    row = DojoSocket.objects.first()
    return (row.state, row.pid) if row is not None else ("", None)


def test_one_holds_the_socket_and_another_takes_over_when_it_is_killed(
    shop: WorkingVenue, gateway: Gateway, processes: Processes
) -> None:
    # given
    first = processes.start()
    gateway.wait_for_handshakes(1, seconds=START)
    until(lambda: holder() == (SocketState.CONNECTED, first.pid))
    second = processes.start()
    time.sleep(6)
    assert second.is_alive
    assert len(gateway.handshakes) == 1

    # when the first dies in the middle of a request
    order = a_bill(shop)
    asked = a_request("CreateOrderLockV1", {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(5)})
    with rows_held([order]):
        gateway.post(asked)
        time.sleep(0.5)
        first.kill()
        died = time.monotonic()
    gateway.wait_for_handshakes(2, seconds=TAKE_OVER)
    assert gateway.handshakes[1].at - died < TAKE_OVER
    until(lambda: holder() == (SocketState.CONNECTED, second.pid))

    # then Dojo asks again, and it is done once
    gateway.post(asked)
    answer = gateway.answer(asked["id"])
    gateway.answers.clear()
    gateway.post(asked)
    assert gateway.answer(asked["id"]) == answer
    assert answer["result"]["id"] == order.pk
    assert (OrderLock.objects.count(), AnsweredRequest.objects.count()) == (1, 1)

    # and one that is asked to stop goes in an orderly way, at once, and is followed as well
    third = processes.start()
    until(lambda: "Traceback" not in processes.said() and third.is_alive, 5)
    began = time.monotonic()
    assert second.end() == 0
    assert time.monotonic() - began < 4
    until(lambda: gateway.closed_with[-1:] == [1001])
    gateway.wait_for_handshakes(3, seconds=START)
    until(lambda: holder() == (SocketState.CONNECTED, third.pid))
    assert third.end() == 0
    assert holder() == (SocketState.DOWN, third.pid)
    assert "sk_sandbox" not in processes.said()


def test_fifty_requests_that_wait_keep_no_other_from_its_answer_nor_the_process_from_its_end(
    shop: WorkingVenue, gateway: Gateway, processes: Processes
) -> None:
    # given fifty bills that somebody holds, each waiting on a connection of its own
    process = processes.start()
    gateway.wait_for_handshakes(1, seconds=START)
    held = [a_bill(shop, name=f"Held {number}") for number in range(50)]
    free = a_bill(shop, name="Free")
    lock = {"lockId": "lock-1", "expiry": in_minutes(5)}
    with rows_held(held):
        gateway.post_all([a_request("CreateOrderLockV1", lock | {"orderId": order.pk}) for order in held])
        time.sleep(1)

        # when
        began = time.monotonic()
        for method in ("GetOrderByIdV1", "CreateOrderLockV1"):
            assert "result" in gateway.call(method, lock | {"orderId": free.pk})
        assert time.monotonic() - began < 3
        assert len(gateway.answers) == 2

        # then
        began = time.monotonic()
        assert process.end() == 0
        assert time.monotonic() - began < 4
    assert OrderLock.objects.count() == 1


def test_without_a_key_it_waits_quietly(gateway: Gateway, processes: Processes) -> None:
    process = processes.start(DOJO_API_KEY="")
    until(lambda: holder() == (SocketState.NO_KEY, process.pid), START)
    time.sleep(1)
    assert process.is_alive
    assert gateway.handshakes == []
    began = time.monotonic()
    assert process.end() == 0
    assert time.monotonic() - began < 2
    assert "Traceback" not in processes.said()


def test_a_refused_key_is_told_loudly_and_not_tried_again_soon(gateway: Gateway, processes: Processes) -> None:
    gateway.status = HTTPStatus.UNAUTHORIZED
    process = processes.start()
    until(lambda: holder() == (SocketState.REFUSED, process.pid), START)
    time.sleep(3)
    assert len(gateway.handshakes) == 1
    assert DojoSocket.objects.get().last_error == "Dojo refuses the key (HTTP 401)."
    assert "[error] Dojo refuses this venue" in processes.said()
    assert process.end() == 0


def test_a_venue_that_nobody_knows_is_refused_by_name(db: None) -> None:
    with pytest.raises(CommandError, match="There is no venue “nowhere”"):
        call_command("dojo_connect", venue="nowhere")


@pytest.mark.faults
def test_a_restarted_postgresql_is_found_again(gateway: Gateway) -> None:
    # given a PostgreSQL of its own. Below /tmp, because its account could not get into pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="tableside-dojo-"))
    folder.chmod(0o711)
    data = DataFolder(folder / "services")
    data.make(traversable=True)
    installed = install(
        data, with_postgres=True, with_redis=True, postgres_settings=POSTGRES_SETTINGS, redis_settings=REDIS_SETTINGS
    )
    assert installed.postgres
    assert installed.redis
    postgres = installed.postgres.program()
    given = {"DOJO_API_KEY": "sk_sandbox_abc", "DOJO_WS_URL": gateway.url, "TABLESIDE_MANAGER_PASSWORD": "long enough"}
    try:
        with (
            running(data, installed.redis.program()),
            dojo_processes(folder / "var", installed.services, **given) as processes,
        ):
            with running(data, postgres):
                installed.postgres.create_database()
                for command in ("migrate -v 0", "create_venue blue --name Blue --manager robin"):
                    argv = [sys.executable, "manage.py", *command.split()]
                    subprocess.run(argv, cwd=settings.BASE_DIR, env=processes.environment, check=True, timeout=120)
                processes.start()
                gateway.wait_for_handshakes(1, seconds=START)
                gateway.wait_until_connected()
                # and connections in the pool
                asked = [a_request("ListAreasV1") for _ in range(40)]
                gateway.post_all(asked)
                assert all("result" in gateway.answer(request["id"]) for request in asked)
            # when it is away, so is the right to hold the socket
            until(lambda: gateway.open == [], 15)
            with running(data, postgres):
                # then its return is noticed, and no connection of before is left in anybody's way
                gateway.wait_for_handshakes(2, seconds=20)
                gateway.wait_until_connected()
                asked = [a_request("ListAreasV1") for _ in range(40)]
                gateway.post_all(asked)
                assert all("result" in gateway.answer(request["id"]) for request in asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
