"""Figures: what is said of a run follows from its phases, and from how busy the machine was otherwise."""

import os
import subprocess
import sys

import pytest

from benchmarks.driver import Phase
from benchmarks.machine import Usage, describe
from benchmarks.results import Result


def phase(answers: int, *, seconds: float = 1.0, latency: float = 0.01) -> Phase:
    return Phase(seconds=seconds, latencies=[latency] * answers, driver_seconds=0.1)


def test_each_round_is_compared_with_its_own_floor() -> None:
    # given a machine that was half as fast in the second round, and a hiccup in the third
    result = Result("GetOrderById", goal=0.7, connections=8)
    result.ours = [phase(80), phase(40), phase(2)]
    result.floor = [phase(100), phase(50), phase(100)]
    # then
    assert result.ratio == 0.8
    assert result.is_met
    assert result.as_json == {
        "op": "GetOrderById",
        "road": "rest",
        "conn": 8,
        "rps": 40.0,
        "p50_ms": 10.0,
        "p99_ms": 10.0,
        "floor_rps": 100.0,
        "ratio": 0.8,
    }
    assert result.as_words == "GetOrderById: 0.80 of the floor, goal 0.7: met (rounds: 0.80, 0.80, 0.02)"
    assert result.driver_share == pytest.approx(0.1)


def test_a_goal_that_is_missed_is_said() -> None:
    result = Result("CreateOrder", goal=0.4, connections=8, ours=[phase(39)], floor=[phase(100)])
    assert not result.is_met
    assert "NOT MET" in result.as_words


def test_the_slowest_hundredth_is_told() -> None:
    slow = Phase(seconds=1, latencies=[0.001] * 98 + [0.5, 0.5], driver_seconds=0)
    result = Result("GetOrderById", goal=0.7, connections=8, ours=[slow], floor=[phase(100)])
    assert (result.as_json["p50_ms"], result.as_json["p99_ms"]) == (1.0, 500.0)


def test_what_our_children_take_is_ours() -> None:
    before = Usage.now(os.getpid())
    if before is None:
        pytest.skip("this system does not tell")
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    after = Usage.now(os.getpid())
    assert after is not None
    assert after.ours - before.ours >= 10


def test_a_busy_machine_is_said() -> None:
    before = Usage(total=0, stolen=0, busy=0, ours=0)
    quiet = Usage(total=1000, stolen=10, busy=600, ours=580)
    busy = Usage(total=1000, stolen=100, busy=600, ours=300)
    assert describe(before, quiet) == "Other programs took 2% of the machine, its host 1%."
    assert describe(before, busy) == (
        "Other programs took 30% of the machine, its host 10%: measure again when it is quiet."
    )
    assert "not known" in describe(None, quiet)
