"""The supervisor: nothing dies unnoticed, no line is lost, everything stops in order."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pos import supervisor as module
from pos.combined_log import CombinedLog
from pos.embedded import EmbeddedError, Program
from pos.embedded.process import start_stamp
from pos.supervisor import StopAsked, Supervisor


class Log:
    """What the supervisor's log shows, without the times."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the test)
        self.log = CombinedLog(self.file)

    def lines(self) -> list[tuple[str, str]]:
        self.file.seek(0)
        rows = (line.split(" ", 1)[1].split(" | ", 1) for line in self.file.read().decode().splitlines())
        return [(name.strip(), text) for name, text in rows]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def supervisor(log: Log) -> Iterator[Supervisor]:
    made = Supervisor(log.log)
    yield made
    made.stop([(list(made._watched), 0)])


def python(name: str, code: str, **more: object) -> Program:
    return Program(name=name, argv=(sys.executable, "-u", "-c", code), **more)  # type: ignore[arg-type]


def until(supervisor: Supervisor, happened: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.turn(0.05)


def test_every_line_arrives_whole_and_under_its_name(supervisor: Supervisor, log: Log) -> None:
    # given
    talk = "import sys\nfor n in range(2000): print('line', n)\nsys.stdout.write('no newline')"

    # when
    supervisor.start(python("one", talk))
    until(supervisor, lambda: ("one", "no newline") in log.lines())

    # then
    said = [line for line in log.lines() if line[0] == "one"]
    assert said == [*(("one", f"line {n}") for n in range(2000)), ("one", "no newline")]


def test_what_dies_is_started_again_after_a_growing_pause(
    supervisor: Supervisor, log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given
    monkeypatch.setattr(module, "BACK_OFF", (0.1, 0.2, 0.4))
    starts = tmp_path / "starts"

    # when
    supervisor.start(python("part", f"open({str(starts)!r}, 'a').write('x')\nraise SystemExit(3)"))
    until(supervisor, lambda: starts.exists() and len(starts.read_text()) >= 4)

    # then
    said = [text for name, text in log.lines() if name == "up"]
    assert said[:3] == [f"part ended with exit code 3; starting it again in {pause} s" for pause in (0.1, 0.2, 0.4)]


def test_a_healthy_minute_forgives_earlier_deaths(
    supervisor: Supervisor, log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given
    monkeypatch.setattr(module, "BACK_OFF", (0.1, 0.2, 0.4))
    monkeypatch.setattr(module, "HEALTHY_AFTER", 0.0)
    starts = tmp_path / "starts"

    # when
    supervisor.start(python("part", f"open({str(starts)!r}, 'a').write('x')"))
    until(supervisor, lambda: starts.exists() and len(starts.read_text()) >= 3)

    # then
    assert {text for name, text in log.lines() if name == "up"} == {
        "part ended with exit code 0; starting it again in 0.1 s"
    }


def test_a_kill_is_named_and_takes_the_children_along(supervisor: Supervisor, log: Log, tmp_path: Path) -> None:
    # given
    child_pid = tmp_path / "child"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(child_pid)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    supervisor.start(python("part", code))
    until(supervisor, lambda: child_pid.exists() and child_pid.read_text() != "")

    # when
    os.kill(supervisor._watched["part"].process.pid, signal.SIGKILL)
    until(supervisor, lambda: bool(log.lines()))

    # then
    assert log.lines() == [("up", "part was killed by SIGKILL; starting it again in 1 s")]
    until(supervisor, lambda: not _runs(int(child_pid.read_text())))


def _runs(pid: int) -> bool:
    return start_stamp(pid) is not None


def test_stages_stop_one_after_the_other_and_the_stubborn_are_killed(supervisor: Supervisor, log: Log) -> None:
    # given
    polite = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *a: (print('bye'), sys.exit()))\n"
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    rest = "print('here')\ntime.sleep(60)"
    for name, code in (("web", polite), ("stubborn", stubborn), ("database", polite)):
        supervisor.start(python(name, code + rest))
    until(supervisor, lambda: len(log.lines()) == 3)

    # when
    began = time.monotonic()
    supervisor.stop([(["web", "stubborn"], 0.5), (["database"], 5.0)])

    # then
    assert time.monotonic() - began < 2
    assert log.lines()[3:] == [("web", "bye"), ("up", "stubborn does not stop; killing it"), ("database", "bye")]


def test_one_that_dies_before_it_is_ready_is_reported_at_once_with_its_last_words(supervisor: Supervisor) -> None:
    # given
    supervisor.start(python("base", "print('no space left')\nraise SystemExit(1)", is_ready=lambda: False))

    # when
    began = time.monotonic()
    with pytest.raises(EmbeddedError) as refused:
        supervisor.wait_until_ready(["base"], seconds=120)

    # then
    assert time.monotonic() - began < 10
    assert str(refused.value) == "base does not start. It said last:\nno space left"


def test_one_that_is_never_ready_is_given_up(supervisor: Supervisor) -> None:
    # given
    supervisor.start(python("base", "import time; time.sleep(60)", is_ready=lambda: False))

    # then
    with pytest.raises(EmbeddedError, match="base does not start"):
        supervisor.wait_until_ready(["base"], seconds=0.3)


def test_a_step_hands_over_its_answer_and_logs_the_rest(supervisor: Supervisor, log: Log) -> None:
    # when
    answer = supervisor.run_to_end(python("step", "import sys; print('answer'); print('progress', file=sys.stderr)"))

    # then
    assert answer == b"answer\n"
    assert log.lines() == [("step", "progress")]


def test_a_step_that_fails_stops_the_start(supervisor: Supervisor, log: Log) -> None:
    # when
    with pytest.raises(EmbeddedError) as refused:
        supervisor.run_to_end(python("step", "raise SystemExit('migration refused')"))

    # then
    assert str(refused.value) == "step failed with exit code 1; see its lines above"
    assert log.lines() == [("step", "migration refused")]


def test_stopping_is_possible_while_starting(supervisor: Supervisor) -> None:
    # given
    supervisor.start(python("base", "import time; time.sleep(60)", is_ready=lambda: False))
    supervisor._ask_to_stop(signal.SIGTERM, None)

    # then
    with pytest.raises(StopAsked):
        supervisor.wait_until_ready(["base"], seconds=60)


@pytest.mark.parametrize(("pause", "hurries"), [(0.0, False), (0.05, True)])
def test_only_a_second_wish_hurries_the_end(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, pause: float, hurries: bool
) -> None:
    # given
    monkeypatch.setattr(module, "IMPATIENT_AFTER", 0.02)

    # when
    supervisor._ask_to_stop(signal.SIGTERM, None)
    time.sleep(pause)
    supervisor._ask_to_stop(signal.SIGTERM, None)

    # then
    assert supervisor._hurry is hurries


def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    # given
    code = (
        "import sys, tempfile\n"
        "from pos.combined_log import CombinedLog\n"
        "from pos.embedded import Program\n"
        "from pos.supervisor import Supervisor\n"
        "made = Supervisor(CombinedLog(tempfile.TemporaryFile()))\n"
        "made.start(Program(name='part', argv=(sys.executable, '-c', 'import time; time.sleep(60)')))\n"
        "print(made._watched['part'].process.pid, flush=True)\n"
        "made.run()"
    )
    process = python("supervisor", code, cwd=Path(__file__).parents[2]).spawn(stdout=-1)
    child = int(process.stdout.readline())
    assert _runs(child)

    # when
    process.kill()
    process.wait()
    process.stdout.close()

    # then
    deadline = time.monotonic() + 5
    while _runs(child):
        assert time.monotonic() < deadline, "the child outlived its supervisor"
        time.sleep(0.02)


def test_a_line_in_pieces_is_one_line() -> None:
    # given
    log = Log()

    # when
    log.log.feed("web", b"GET ")
    log.log.feed("live", b"socket open\n")
    log.log.feed("web", b"/floor\r\nGET /o")
    log.log.finish("web")

    # then
    assert log.lines() == [("live", "socket open"), ("web", "GET /floor"), ("web", "GET /o")]
    assert log.log.tail("web") == "GET /floor\nGET /o"


def test_a_reader_that_has_left_stops_nobody(supervisor: Supervisor, log: Log) -> None:
    # given
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as out:
        os.close(reader)
        supervisor.log = CombinedLog(out)

        # when
        answer = supervisor.run_to_end(python("step", "import sys; print('done'); print('progress', file=sys.stderr)"))

    # then
    assert answer == b"done\n"
