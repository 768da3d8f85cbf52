"""`make bench` from its first line to its last, with a few hundred orders and for moments; nothing is said of speed."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from benchmarks.management.commands.measure import Command
from tests.benchmarks.test_driver import says, server

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = ["GetOrderById", "SearchOrders", "CreateOrder", "RecordOrderPaymentById"]
SOCKET = ["GetOrderById (ws, 32 in flight)", "GetOrderById (ws, 200 in flight)"]


@pytest.mark.bench
def test_a_short_run_ends_in_figures() -> None:
    # when
    short = {
        "BENCH_ORDERS": "200",
        "BENCH_SECONDS": "0.2",
        "BENCH_ROUNDS": "1",
        "BENCH_KINDS": "2",
        "BENCH_EVENTS": "150",
    }
    ran = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.run"],
        cwd=ROOT, env=os.environ | short, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, progress = ran.communicate(timeout=300)
    # then
    assert ran.returncode == 0, progress
    said = out.splitlines()
    assert [line.split(":")[0] for line in said[:6]] == [*OPERATIONS, *SOCKET]
    assert all("goal" in line and "met" in line.lower() for line in said[:6])
    assert said[6].startswith("OutboxPush: 150 events")
    *figures, pushed = [json.loads(line) for line in said[7:]]
    assert [figure["op"] for figure in figures] == [*OPERATIONS, "GetOrderById", "GetOrderById"]
    ways = [(figure["road"], figure["conn"]) for figure in figures]
    assert ways == [("rest", 8)] * 4 + [("ws", 32), ("ws", 200)]
    for figure in figures:
        assert list(figure) == ["op", "road", "conn", "rps", "p50_ms", "p99_ms", "floor_rps", "ratio"]
        assert all(figure[name] > 0 for name in ("rps", "p50_ms", "p99_ms", "floor_rps", "ratio"))
    assert list(pushed) == ["op", "road", "conn", "rps"]
    assert (pushed["op"], pushed["road"], pushed["conn"]) == ("OutboxPush", "outbox", 8)
    assert pushed["rps"] > 0
    assert "The database agrees with every answer." in progress
    assert list(Path("/var/tmp").glob(f"tableside-bench-{ran.pid}-*")) == []


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
def test_a_wrong_answer_leaves_no_figure() -> None:
    # given a server that is quick and says the same to everything
    out = StringIO()
    with server(says(b"{}")) as port, pytest.raises(CommandError) as refused:
        # when
        call_command(
            Command(), "--host=127.0.0.1", f"--port={port}",
            "--orders=20", "--seconds=0.1", "--rounds=1", "--kinds=2", stdout=out,
        )  # fmt: skip
    # then
    assert str(refused.value).startswith("GET /v1/orders/order_")
    assert "was answered 200, not order order_" in str(refused.value)
    assert out.getvalue() == ""
