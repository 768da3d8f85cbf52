"""Where a request comes from, as far as nobody can say for himself."""

import pytest
from django.test import RequestFactory

from pos.client_address import client_address


def asked(address: str, forwarded: str | None = None) -> str | None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=address))


def test_without_a_proxy_the_connection_counts_and_no_header() -> None:
    assert asked("192.0.2.7") == "192.0.2.7"
    assert asked("192.0.2.7", "198.51.100.1") == "192.0.2.7"


@pytest.mark.parametrize(
    "forwarded",
    [
        "203.0.113.9",  # a proxy that drops what the client sent
        "198.51.100.1, 203.0.113.9",  # one that adds to it
        "198.51.100.1,198.51.100.2 ,  203.0.113.9 ",
        "nonsense, 203.0.113.9",
        "::ffff:203.0.113.9",
    ],
)
def test_behind_the_proxy_only_what_the_proxy_wrote_counts(settings, forwarded: str) -> None:
    settings.PRODUCTION = True
    assert asked("172.18.0.2", forwarded) == "203.0.113.9"


@pytest.mark.parametrize("forwarded", [None, "", "unknown", "203.0.113.9,", "203.0.113.9:4711", "_hidden"])
def test_what_is_no_address_is_the_proxys_own(settings, forwarded: str | None) -> None:
    settings.PRODUCTION = True
    assert asked("172.18.0.2", forwarded) == "172.18.0.2"


def test_a_socket_has_no_address(settings) -> None:
    assert asked("") is None


def test_one_line_of_ipv6_is_one_client() -> None:
    assert asked("2001:db8:1:2:3:4:5:6") == asked("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert asked("2001:db8:1:3::9") == "2001:db8:1:3::"
    assert asked("fe80::1%eth0") == "fe80::"
