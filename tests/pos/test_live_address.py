"""A page may talk to the live WebSockets, and to nobody else."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from pos.live_address import LiveAddressMiddleware, live_url


@pytest.mark.parametrize(
    ("host", "secure", "expected"),
    [
        ("testserver", False, "ws://testserver:8001/ws/"),
        ("testserver:8000", False, "ws://testserver:8001/ws/"),
        ("127.0.0.1:8000", False, "ws://127.0.0.1:8001/ws/"),
        ("[::1]:8000", False, "ws://[::1]:8001/ws/"),
        ("[::1]", False, "ws://[::1]:8001/ws/"),
        ("testserver", True, "wss://testserver:8001/ws/"),
    ],
)
def test_the_live_port_of_the_pages_own_host(settings, host: str, secure: bool, expected: str) -> None:
    # given
    settings.ALLOWED_HOSTS = ["*"]
    settings.LIVE_PORT = 8001

    # when
    request = RequestFactory().get("/", headers={"host": host}, secure=secure)

    # then
    assert live_url(request) == expected


@pytest.mark.parametrize("host", ["pos.example.com", "pos.example.com:8443", "[2001:db8::1]:8443"])
def test_in_production_the_proxy_passes_it_on_under_the_pages_own_address(settings, host: str) -> None:
    # given
    settings.PRODUCTION, settings.ALLOWED_HOSTS = True, ["*"]

    # when
    request = RequestFactory().get("/", headers={"host": host}, secure=True)

    # then
    assert live_url(request) == f"wss://{host}/ws/"


def test_elsewhere_is_where_live_url_says(settings) -> None:
    # given
    settings.LIVE_URL = "wss://pos.example.com/ws/"

    # then
    assert live_url(RequestFactory().get("/")) == "wss://pos.example.com/ws/"


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>Hello</p>")


def test_a_page_may_connect_to_the_live_port(settings) -> None:
    # given
    settings.LIVE_PORT = 8001

    # when
    response = LiveAddressMiddleware(page)(RequestFactory().get("/"))

    # then
    assert response._csp_update == {"connect-src": ["ws://testserver:8001"]}


def test_an_unknown_host_is_refused_and_not_a_crash(client) -> None:
    # when
    response = client.get("/nowhere/", headers={"host": "evil.example"})

    # then
    assert response.status_code == 400


def test_every_page_carries_the_strict_policy(client) -> None:
    # when
    response = client.get("/nowhere/")

    # then
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": "'self' ws://testserver:8001",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
