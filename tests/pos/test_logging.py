"""What stands in the logs, and what never does."""

import io
import json
import logging

import pytest
import structlog

from pos.logging import configure, logging_settings


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that this test's loggers write."""
    stream = io.StringIO()

    def use(as_json: bool) -> None:
        settings = logging_settings(as_json=as_json)
        settings["handlers"]["stderr"]["stream"] = stream
        configure(settings)

    stream.use = use  # type: ignore[attr-defined]
    yield stream
    configure(logging_settings(as_json=False))


def test_production_writes_one_json_object_a_line(written) -> None:
    # given
    written.use(as_json=True)

    # when
    structlog.get_logger("pos.test").info("order paid", order_id="order_1", amount=1250)
    logging.getLogger("elsewhere").warning("disk %s", "full")

    # then
    paid, disk = (json.loads(line) for line in written.getvalue().splitlines())
    assert {name: paid[name] for name in ("event", "order_id", "amount", "level", "logger")} == {
        "event": "order paid",
        "order_id": "order_1",
        "amount": 1250,
        "level": "info",
        "logger": "pos.test",
    }
    assert (disk["event"], disk["level"], disk["logger"]) == ("disk full", "warning", "elsewhere")
    assert paid["timestamp"].endswith("Z")


def test_a_person_reads_short_lines(written) -> None:
    # given
    written.use(as_json=False)

    # when
    structlog.get_logger("pos.test").info("order paid", order_id="order_1")

    # then
    assert written.getvalue() == "[info] order paid [pos.test] order_id=order_1\n"


def test_a_traceback_is_not_lost(written) -> None:
    # given
    written.use(as_json=True)

    # when
    try:
        raise ValueError("no such table")
    except ValueError:
        structlog.get_logger("pos.test").exception("failed")

    # then
    assert "ValueError: no such table" in json.loads(written.getvalue())["exception"]


@pytest.mark.parametrize("as_json", [True, False])
def test_credentials_are_blanked_whoever_logs_them(written, as_json: bool) -> None:
    # given
    written.use(as_json=as_json)

    # when
    structlog.get_logger("pos.test").info(
        "request", Authorization="Basic c2VjcmV0", HTTP_COOKIE="a=b", pin="1234", password="pw-1", dojo_api_key="sk_1"
    )

    # then
    line = written.getvalue()
    for secret in ("c2VjcmV0", "a=b", "1234", "pw-1", "sk_1"):
        assert secret not in line


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_tells_where_and_not_with_what(written, as_json: bool) -> None:
    # given
    written.use(as_json=as_json)

    def change_pin(new: str) -> None:
        raise ValueError("no such person")

    # when
    try:
        change_pin("-".join(("86", "42")))
    except ValueError:
        structlog.get_logger("pos.test").exception("failed")

    # then
    line = written.getvalue()
    assert "no such person" in line
    assert "in change_pin" in line
    assert "86-42" not in line
