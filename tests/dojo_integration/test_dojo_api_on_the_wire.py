"""The client against an end that behaves as real ones do on a bad day: each call is over in its time, and safe."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from dojo_integration.dojo_api import deadlines, exchange, transport
from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.errors import DojoError, Unauthorized, Unavailable, Unreachable
from tests.certificates import PEM, self_signed
from tests.dojo_integration.dojo_api import (
    NOBODY,
    SILENCE,
    an_account,
    an_answer,
    an_intent,
    first_line,
    scripted,
    sent_headers,
)

# What a test's calls may take, and how late they may be on a machine with other things to do.
DEADLINE = 0.5
LATE = 1.5


def send(url: str, **options: Any) -> None:
    """A write that is never repeated once it was sent."""
    with DojoApi(an_account(url), deadline=DEADLINE, **options) as api:
        api.send_event(event_type="OrderUpdated", entity_id="order_1")


def look(url: str, **options: Any) -> None:
    """A question, which may be asked again."""
    with DojoApi(an_account(url), deadline=DEADLINE, **options) as api:
        api.payment_intent("pi_1")


def seconds_of(act: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        act()
    return time.monotonic() - began


def http_date(**later: int) -> str:
    return format_datetime(datetime(2031, 7, 4, 19, tzinfo=UTC) + timedelta(**later), usegmt=True)


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"

SLOW = {
    "says nothing": [SILENCE],
    "drips its headers": [bytes([one]) for one in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 400],
    "drips header after header": [b"HTTP/1.1 200 OK\r\n", *[b"X-Another: 1\r\n"] * 90],
    "keeps saying that it goes on": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 400,
    "drips its body": [HEADERS, *[b" "] * 400],
    "drips its chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 400],
    "stops in the middle": [HEADERS + b"{", SILENCE],
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("act", [send, look])
def test_a_call_is_over_in_its_time(script: list[Any], act: Callable[[str], None]) -> None:
    with scripted(script, pause=0.05) as dojo:
        assert DEADLINE * 0.9 < seconds_of(lambda: act(dojo.url)) < LATE
        assert dojo.connections == 1


def test_without_the_clock_a_dripping_end_would_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what requests calls a timeout begins anew with every byte."""
    monkeypatch.setattr(exchange, "DeadlineAdapter", requests.adapters.HTTPAdapter)
    script = [b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", *[b" "] * 39]
    with scripted(script, pause=0.05) as dojo:
        assert seconds_of(lambda: send(dojo.url)) > DEADLINE * 3


def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(deadlines.socket, "getaddrinfo", lambda *_: [over.wait(20)])
    try:
        assert seconds_of(lambda: send("http://dojo.example")) < LATE
    finally:
        over.set()


def test_an_end_that_takes_no_handshake() -> None:
    began = time.monotonic()
    with scripted([SILENCE]) as dojo, pytest.raises(Unreachable) as caught:
        send(dojo.url.replace("http://", "https://"))
    assert time.monotonic() - began < LATE
    # Not a byte of the request has left.
    assert not caught.value.was_sent


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate that is vouched for, as Dojo's is."""
    context = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(tmp_path / PEM))
    return context


def test_a_secure_line_is_kept_between_calls(tls: ssl.SSLContext) -> None:
    with scripted([an_answer(an_intent())], tls=tls) as dojo, DojoApi(an_account(dojo.url)) as api:
        for _ in range(3):
            assert api.payment_intent("pi_1").id == "pi_1"
        assert (dojo.connections, len(dojo.requests)) == (1, 3)


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_a_call_over_a_secure_line_is_over_in_its_time(tls: ssl.SSLContext, script: list[Any]) -> None:
    with scripted(script, pause=0.05, tls=tls) as dojo:
        assert DEADLINE * 0.9 < seconds_of(lambda: send(dojo.url)) < LATE
        assert len(dojo.requests) == 1


def test_the_key_is_shown_to_nobody_who_cannot_prove_who_he_is(tmp_path: Path) -> None:
    with scripted([an_answer({})], tls=self_signed(tmp_path)) as impostor:
        with pytest.raises(Unreachable) as caught:
            send(impostor.url)
        assert not caught.value.was_sent
        assert impostor.requests == []


def test_an_end_that_speaks_something_else() -> None:
    with scripted([b"this is not TLS"]) as dojo, pytest.raises(Unreachable) as caught:
        send(dojo.url.replace("http://", "https://"))
    assert not caught.value.was_sent


def test_every_address_of_a_name_has_its_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted([an_answer(an_intent(), close=True)]) as dojo:
        port = int(dojo.url.rpartition(":")[2])
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one)) for one in (9, port)]
        monkeypatch.setattr(deadlines.socket, "getaddrinfo", lambda *_: addresses)
        look("http://dojo.example")
        assert first_line(dojo.requests[0]) == "GET /payment-intents/pi_1?returnCanceled=true HTTP/1.1"


BAD = {
    "no HTTP": [b"SSH-2.0-OpenSSH\r\n"],
    "nothing": [b""],
    "no JSON": [an_answer(b"<html>Captive portal</html>")],
    "JSON that ends early": [an_answer(b'{"id": "pi_1"')],
    "a number too large for anything": [an_answer(b"1e400")],
    "a nest without end": [an_answer(b"[" * 5000)],
    "cut in the middle of the body": [b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"id": "pi_1"}'],
    "cut in the middle of a chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"],
    "packed although it was not asked to be": [an_answer(b"\x1f\x8b\x08\x00", Content_Encoding="gzip")],
    "more than anybody reads": [b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 1_000_000] * 5],
    "a header without end": [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000],
    "a status that is none": [b"HTTP/1.1 999999 OK\r\nContent-Length: 0\r\n\r\n"],
    "switched protocols": [an_answer(status=304)],
    "nothing at all where an intent is wanted": [an_answer()],
    "an intent without an id": [an_answer({"status": "Captured"})],
    "an intent without a status": [an_answer({"id": "pi_1", "status": None})],
    "something else": [an_answer(["pi_1"])],
}


@pytest.mark.parametrize("script", BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_no_answer(script: list[bytes]) -> None:
    with scripted(script) as dojo, pytest.raises(Unreachable) as caught:
        look(dojo.url)
    assert caught.value.was_sent


def test_a_body_that_is_too_much_is_left_where_it_is() -> None:
    with scripted([b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 1_000_000] * 500]) as dojo:
        with pytest.raises(Unreachable), DojoApi(an_account(dojo.url)) as api:
            api.send_event(event_type="OrderUpdated", entity_id="order_1")
        # 4 MiB are read; the system holds a few more on their way.
        assert dojo.pieces < 50


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_anywhere(status: int) -> None:
    """requests would make a GET of it, and read a body without end on the way."""
    with scripted([an_answer(an_intent(), close=True)]) as elsewhere:
        script = [an_answer(status=status, Location=elsewhere.url + "/payment-intents/pi_1")]
        with scripted(script) as dojo, pytest.raises(Unreachable) as caught:
            send(dojo.url)
        assert (caught.value.status, len(dojo.requests), elsewhere.requests) == (status, 1, [])


def test_a_redirect_to_nowhere_is_no_address_to_read() -> None:
    with scripted([an_answer(status=302, Location="http://[")]) as dojo, pytest.raises(Unreachable):
        send(dojo.url)


def test_a_redirects_body_is_not_read_to_its_end() -> None:
    script = [b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n", *[b" " * 1_000_000] * 500]
    with scripted(script) as dojo:
        with pytest.raises(Unreachable), DojoApi(an_account(dojo.url)) as api:
            api.send_event(event_type="OrderUpdated", entity_id="order_1")
        assert dojo.pieces < 50


def dates_heard(*script: Any, pause: float = 0.0) -> list[tuple[datetime, datetime]]:
    heard: list[tuple[datetime, datetime]] = []
    with scripted(script, pause=pause) as dojo:
        api = DojoApi(an_account(dojo.url), on_date=lambda theirs, ours: heard.append((theirs, ours)))
        with api, contextlib.suppress(DojoError):
            api.cancel_payment_intent("pi_1")
    return heard


@pytest.mark.parametrize("status", [200, 404, 503])
def test_what_time_it_is_at_dojo_is_heard_with_every_answer(status: int) -> None:
    began = datetime.now(UTC)
    ((theirs, ours),) = dates_heard(an_answer(an_intent(), status=status, close=True, Date=http_date()))
    assert theirs == datetime(2031, 7, 4, 19, tzinfo=UTC)
    assert began <= ours <= datetime.now(UTC)


def test_a_body_that_takes_its_time_does_not_make_dojos_clock_slow() -> None:
    head, space, body = an_answer(an_intent(), close=True, Date=http_date()).partition(b"\r\n\r\n")
    began = datetime.now(UTC)
    ((_, ours),) = dates_heard(head + space, b"", body, pause=0.5)
    assert ours - began < timedelta(seconds=0.9)
    assert datetime.now(UTC) - began >= timedelta(seconds=1.5)


@pytest.mark.parametrize(
    "script",
    [
        [an_answer(b"<html>", close=True, Date="Fri, 04 Jul 2031 19:00:00 GMT")],
        [an_answer(an_intent(), close=True, Date="teatime")],
        [an_answer(an_intent(), close=True)],
    ],
)
def test_who_is_not_dojo_is_not_asked_for_the_time(script: list[bytes]) -> None:
    assert dates_heard(*script) == []


def test_a_late_answers_date_is_an_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PROMPT", 0.1)
    assert dates_heard(an_answer(an_intent(), close=True, Date=http_date()), pause=0.2) == []


# --- what is repeated ------------------------------------------------------------------------------------------------


def test_a_question_is_asked_again_when_the_line_is_cut() -> None:
    with scripted([b""], [an_answer(an_intent(), close=True)]) as dojo, DojoApi(an_account(dojo.url)) as api:
        assert api.payment_intent("pi_1").id == "pi_1"
        assert len(dojo.requests) == 2


def test_a_write_whose_answer_is_lost_is_done_once() -> None:
    with scripted([b""], [an_answer({}, close=True)]) as dojo, DojoApi(an_account(dojo.url)) as api:
        for act in (
            lambda: api.send_event(event_type="OrderUpdated", entity_id="order_1"),
            lambda: api.capture("pi_1", amount=1),
            lambda: api.reverse("pi_1", idempotency_key="r1"),
            lambda: api.cancel_payment_intent("pi_1"),
        ):
            dojo._scripts[:] = [[b""], [an_answer(an_intent(), close=True)]]
            asked = len(dojo.requests)
            with pytest.raises(Unreachable) as caught:
                act()
            assert caught.value.was_sent
            assert len(dojo.requests) == asked + 1


def test_a_refund_is_asked_for_again_by_the_same_key() -> None:
    with scripted([b""], [an_answer({"refundId": "rf_1"}, close=True)]) as dojo, DojoApi(an_account(dojo.url)) as api:
        assert api.refund("pi_1", amount=500, idempotency_key="key-1").id == "rf_1"
        assert len(dojo.requests) == 2
        assert dojo.requests[0] == dojo.requests[1]
        assert sent_headers(dojo.requests[0])["idempotencykey"] == "key-1"


def test_a_registration_is_said_again() -> None:
    with scripted([b""], [an_answer([{"capabilities": []}], close=True)]) as dojo:
        with DojoApi(an_account(dojo.url)) as api:
            assert len(api.register_ws(names=["ListAreas"])) == 1
        assert len(dojo.requests) == 2


def test_nobody_there_is_tried_again_whatever_is_asked() -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught, DojoApi(an_account(NOBODY)) as api:
        api.capture("pi_1", amount=1)
    assert not caught.value.was_sent
    # Three tries, with two pauses between them.
    assert 0.3 <= time.monotonic() - began < LATE


def test_three_times_is_enough() -> None:
    with scripted([an_answer(status=503, close=True)]) as dojo, DojoApi(an_account(dojo.url)) as api:
        with pytest.raises(Unavailable):
            api.payment_intent("pi_1")
        assert len(dojo.requests) == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_write_is_not_repeated_because_dojo_is_busy(status: int) -> None:
    with scripted([an_answer(status=status, close=True, Retry_After="0")]) as dojo:
        with pytest.raises(Unavailable) as caught:
            send(dojo.url)
        assert (caught.value.retry_after, len(dojo.requests)) == (0, 1)


def test_a_wait_that_fits_is_waited() -> None:
    script = [an_answer(status=429, close=True, Retry_After="1")], [an_answer(an_intent(), close=True)]
    with scripted(*script) as dojo, DojoApi(an_account(dojo.url)) as api:
        began = time.monotonic()
        assert api.payment_intent("pi_1").id == "pi_1"
        assert time.monotonic() - began >= 1
        assert len(dojo.requests) == 2


def test_a_wait_of_six_hours_is_told_and_not_waited() -> None:
    with scripted([an_answer(status=429, close=True, Retry_After="21600")]) as dojo:
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught, DojoApi(an_account(dojo.url)) as api:
            api.payment_intent("pi_1")
        assert time.monotonic() - began < LATE
        assert (caught.value.retry_after, len(dojo.requests)) == (21_600, 1)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (http_date(minutes=2), 120.0),
        (http_date(hours=-1), 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("1" * 5_000, None),
        ("Fri, 99 Jul 2031 19:00:00 GMT", None),
    ],
)
def test_how_long_dojo_wants_to_be_left_alone(written: str, seconds: float | None) -> None:
    script = [an_answer(status=503, close=True, Retry_After=written, Date=http_date())]
    with scripted(script) as dojo, pytest.raises(Unavailable) as caught:
        send(dojo.url)
    assert caught.value.retry_after == seconds


# --- what gets in from outside ---------------------------------------------------------------------------------------


def test_nothing_of_the_machine_gets_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc would replace the key, a proxy would read along, another bundle would vouch for anybody."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    with scripted([an_answer(an_intent(), close=True)]) as dojo:
        # The control: requests as it comes reads the .netrc.
        with pytest.raises(requests.RequestException):
            requests.get(dojo.url, timeout=1)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        requests.get(dojo.url, headers={"Authorization": "Basic sk_sandbox_abc"}, timeout=1)
        monkeypatch.delenv("no_proxy")
        look(dojo.url)
    theirs, ours = dojo.requests
    assert sent_headers(theirs)["authorization"].startswith("Basic c29tZ")
    assert sent_headers(ours)["authorization"] == "Basic sk_sandbox_abc"


def test_connections_are_kept_between_calls_and_cookies_are_not() -> None:
    with scripted([an_answer(an_intent(), Set_Cookie="a=b")]) as dojo, DojoApi(an_account(dojo.url)) as api:
        for _ in range(3):
            api.payment_intent("pi_1")
        assert (dojo.connections, len(dojo.requests)) == (1, 3)
        assert "cookie" not in sent_headers(dojo.requests[2])


def test_a_line_that_was_closed_meanwhile_is_not_written_to() -> None:
    """Else a write on it would be lost, and nobody could say whether it was done."""
    # The small letters keep our end in the belief that the line stays; the other end leaves after its answer.
    once = an_answer(an_intent()).replace(b"Content-Length", b"content-length")
    with scripted([once]) as dojo, DojoApi(an_account(dojo.url)) as api:
        for _ in range(3):
            assert api.cancel_payment_intent("pi_1").id == "pi_1"
            time.sleep(0.05)
        assert (dojo.connections, len(dojo.requests)) == (3, 3)


def test_the_second_call_on_a_line_has_its_own_time() -> None:
    quick, slow = [an_answer(an_intent())], [an_answer({"id": "pi_1"})[:-1], SILENCE]
    with scripted(quick, quick, slow) as dojo, DojoApi(an_account(dojo.url), deadline=DEADLINE) as api:
        api.payment_intent("pi_1")
        time.sleep(DEADLINE)
        api.payment_intent("pi_1")
        assert DEADLINE * 0.9 < seconds_of(lambda: api.payment_intent("pi_1")) < LATE


def test_each_thread_has_a_line_of_its_own() -> None:
    found: list[str] = []

    def ask(url: str) -> None:
        with DojoApi(an_account(url)) as api:
            found.extend(api.payment_intent(f"pi_{number}").id for number in range(5))

    with scripted([an_answer(an_intent())]) as dojo:
        threads = [threading.Thread(target=ask, args=(dojo.url,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (found, dojo.connections, len(dojo.requests)) == (["pi_1"] * 30, 6, 30)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://", "http://[::1", "ftp://dojo.example", "http://\x00", "http://-.x"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        send(url)
    assert not caught.value.was_sent


@pytest.mark.parametrize("words", ["sk_sandbox_–", "sk_\nx: y", "\N{SNOWMAN}"])
def test_a_key_that_no_header_can_hold_is_for_a_manager(words: str) -> None:
    with scripted([an_answer(an_intent(), close=True)]) as dojo:
        with pytest.raises(Unauthorized), DojoApi(an_account(dojo.url, api_key=words)) as api:
            api.payment_intent("pi_1")
        assert dojo.requests == []
