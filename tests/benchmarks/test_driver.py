"""The driver: fast is only what was answered, and rightly."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

import pytest

from benchmarks.driver import Line, WrongAnswer, close, drive, open_evenly
from benchmarks.operations import Ask

Answer = Callable[[bytes], list[bytes]]
"""What a server sends for a request, part by part; none at all hangs up."""


@contextmanager
def server(*answers: Answer) -> Iterator[int]:
    """A server of as many processes as there are answers, which take connections in turn; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            for number in count():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection, answers[number % len(answers)]), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def serve(connection: socket.socket, answer: Answer) -> None:
    # The driver leaves in the middle, too.
    with connection, suppress(OSError):
        while request := connection.recv(65_536):
            parts = answer(request)
            if not parts:
                return
            for part in parts:
                connection.sendall(part)


def says(body: bytes, status: int = 200) -> Answer:
    """An answer that comes in two parts."""
    whole = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    return lambda request: [whole[:30], whole[30:]]


def expecting(body: bytes) -> Ask:
    return Ask(
        b"GET /x HTTP/1.1\r\n\r\n",
        lambda status, found: None if (status, found) == (200, body) else "not what was expected",
    )


def lines(port: int, connections: int = 2) -> list[Line]:
    return [Line(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(connections)]


def test_every_right_answer_counts() -> None:
    asks = iter([expecting(b"yes")] * 20)
    with server(says(b"yes")) as port:
        phase = drive(lines(port), lambda: next(asks, None), seconds=5)
    assert len(phase.latencies) == 20
    assert 0 < phase.seconds < 5
    assert phase.rate == 20 / phase.seconds


def test_it_ends_with_its_time_and_waits_for_what_is_under_way() -> None:
    asked = []

    def ask() -> Ask:
        asked.append(1)
        return expecting(b"yes")

    with server(says(b"yes")) as port:
        phase = drive(lines(port), ask, seconds=0.05)
    assert len(phase.latencies) == len(asked) > 2
    assert phase.seconds >= 0.05


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(b"no"), "GET /x HTTP/1.1 was answered 200, not what was expected: no"),
        (says(b"yes", status=503), "was answered 503"),
        (lambda request: [], "hung up"),
        (lambda request: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], "without a length"),
    ],
)
def test_one_wrong_answer_ends_it(answer: Answer, words: str) -> None:
    asks = iter([expecting(b"yes")] * 20)
    with server(answer) as port, pytest.raises(WrongAnswer, match=words):
        drive(lines(port), lambda: next(asks, None), seconds=5)


def test_no_answer_is_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.driver.TIMEOUT", 0.05)
    with server(lambda request: [b"HTTP/1.1 "]) as port, pytest.raises(WrongAnswer, match="No answer"):
        drive(lines(port), lambda: expecting(b"yes"), seconds=5)


def test_connections_are_spread_over_the_processes() -> None:
    # given three connections in four go to the same process
    one, other = says(b"1"), says(b"2")
    who = Ask(b"GET /w HTTP/1.1\r\n\r\n", lambda status, body: None)
    with server(one, one, one, other) as port:
        spread = open_evenly("127.0.0.1", port, who, connections=8, workers=2)
        assert sorted(line.body for line in spread) == [b"1"] * 4 + [b"2"] * 4
        close(spread)


def test_one_process_alone_gets_them_all() -> None:
    who = Ask(b"GET /w HTTP/1.1\r\n\r\n", lambda status, body: None)
    with server(says(b"1")) as port:
        spread = open_evenly("127.0.0.1", port, who, connections=4, workers=2)
        assert [line.body for line in spread] == [b"1"] * 4
        close(spread)
