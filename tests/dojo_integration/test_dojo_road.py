"""Where Dojo's road leaves that of the pages: what serves browsers is passed by, what protects both is not."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from dojo_integration.rest import NO_PAGE
from pos.urls import urlpatterns as our_own
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, WorkingVenue

FOR_BROWSERS = ("X-Frame-Options", "Set-Cookie", "Vary")


def page(request: HttpRequest) -> HttpResponse:
    """A page that happens to stand under /v1."""
    return HttpResponse(f"signed in: {request.user.is_authenticated}")


urlpatterns = [path("v1/page", page), *our_own]


@pytest.fixture
def headers(uk: WorkingVenue) -> dict[str, str]:
    RestCredentialFactory(venue=uk.venue, username="dojo-uk", secret="s3cret")
    return {"Authorization": basic("dojo-uk", "s3cret")}


def test_what_serves_browsers_is_passed_by(headers: dict[str, str]) -> None:
    # given: somebody's browser, which has a session and sends no token with its form
    client = Client(headers=headers, enforce_csrf_checks=True)
    client.cookies["tableside_session"] = "somebody"
    # when
    response = client.post("/v1/orders/search", {}, "application/json")
    # then
    assert response.status_code == 200
    assert [name for name in FOR_BROWSERS if name in response] == []
    assert response["Content-Security-Policy"] == NO_PAGE
    assert int(response["Content-Length"]) == len(response.content)


def test_what_protects_both_is_not(headers: dict[str, str], settings) -> None:
    assert Client(headers=headers).get("/v1/areas")["X-Content-Type-Options"] == "nosniff"
    # Over plain HTTP in production nobody is answered, and no credentials are looked at.
    settings.SECURE_SSL_REDIRECT = True
    response = Client(headers=headers).get("/v1/areas")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/v1/areas")


def test_a_path_that_is_nobodys_is_on_dojos_road_too(headers: dict[str, str]) -> None:
    response = Client(headers=headers).get("/v1/nothing")
    assert response.status_code == 404
    assert [name for name in FOR_BROWSERS if name in response] == []


@pytest.mark.urls(__name__)
def test_a_page_under_the_same_prefix_goes_on_like_any_other(db: None) -> None:
    response = Client().get("/v1/page")
    assert response.content == b"signed in: False"
    assert "script-src" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
