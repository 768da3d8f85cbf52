"""What `manage.py up` starts, and what it says before anything is started."""

import socket

import pytest

from pos import start_up
from pos.embedded import EmbeddedError
from pos.parts import configured_parts, parts


def option(command: tuple[str, ...], name: str) -> str:
    return command[command.index(name) + 1]


def test_every_part_is_a_command_line_by_name() -> None:
    # when
    commands = parts(host="127.0.0.1", port=8000, live_port=8001)

    # then
    assert list(commands) == ["web", "live", "worker", "beat", "dojo"]
    assert option(commands["web"], "--bind") == "127.0.0.1:8000"
    assert (option(commands["live"], "--bind"), option(commands["live"], "--port")) == ("127.0.0.1", "8001")


def test_the_sandbox_is_a_part_only_where_it_plays_dojo(settings) -> None:
    # then
    assert "sandbox" not in configured_parts()
    settings.SANDBOX = True
    assert configured_parts()["sandbox"][1:] == ("manage.py", "sandbox")


def test_an_ipv6_address_is_bracketed_where_a_port_follows() -> None:
    # when
    commands = parts(host="::1", port=8000, live_port=8001)

    # then
    assert option(commands["web"], "--bind") == "[::1]:8000"
    assert option(commands["live"], "--bind") == "::1"


def test_two_parts_cannot_share_a_port(settings) -> None:
    # given
    settings.PORT = settings.LIVE_PORT = 8000

    # then
    with pytest.raises(EmbeddedError, match="PORT and LIVE_PORT are both 8000"):
        start_up._check_ports()


@pytest.mark.parametrize("name", ["PORT", "LIVE_PORT"])
def test_the_sandbox_needs_a_port_of_its_own(settings, name: str) -> None:
    # given
    settings.PORT, settings.LIVE_PORT, settings.SANDBOX = 8000, 8001, True
    settings.SANDBOX_PORT = getattr(settings, name)

    # then
    with pytest.raises(EmbeddedError, match=f"{name} and SANDBOX_PORT are both {settings.SANDBOX_PORT}"):
        start_up._check_ports()


def test_an_address_that_is_not_ours_is_named(settings) -> None:
    # given
    settings.HOST = "192.0.2.1"

    # then
    with pytest.raises(EmbeddedError, match=f"PORT {settings.PORT} on 192.0.2.1 cannot be used: "):
        start_up._check_ports()


def test_a_port_that_was_just_left_is_free(settings) -> None:
    # given: a connection that its server closed, whose address lingers
    server = socket.create_server(("127.0.0.1", 0))
    settings.HOST, settings.PORT = "127.0.0.1", server.getsockname()[1]
    with socket.create_connection(server.getsockname()), socket.socket() as other:
        server.accept()[0].close()
        server.close()
        other.bind(("127.0.0.1", 0))
        settings.LIVE_PORT = other.getsockname()[1]

    # then
    start_up._check_ports()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::1", "http://[::1]:8000/"),
        ("::", "http://[::1]:8000/"),
        ("pos.local", "http://pos.local:8000/"),
    ],
)
def test_the_address_to_open_is_printed(settings, host: str, address: str) -> None:
    # given
    settings.HOST, settings.PORT = host, 8000

    # then
    assert f"Tableside is open: {address}\n" in start_up._welcome("")


def test_who_plays_dojo_is_printed(settings) -> None:
    # then
    assert "Dojo" not in start_up._welcome("")
    settings.SANDBOX, settings.SANDBOX_ADDRESS = True, "127.0.0.1:8002"
    assert "Dojo is played by the sandbox: http://127.0.0.1:8002/\n" in start_up._welcome("")
