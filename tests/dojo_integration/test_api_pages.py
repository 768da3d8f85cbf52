"""/v1/schema/ and /v1/docs/: open to everybody, and the only two under /v1 that are."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from tests.capabilities import own_contract
from tests.factories import WorkingVenue
from tests.policies import directives

JSON = "application/json"
YAML = "application/yaml"

SCHEMA_PATHS = ["/v1/schema/", "/v1/schema"]
DOCS_PATHS = ["/v1/docs/", "/v1/docs"]


@pytest.fixture
def client() -> Client:
    """A stranger. There is no database either: these pages need none."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", SCHEMA_PATHS)
def test_the_document_is_json_for_anybody(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, JSON)
    assert response.json() == own_contract.document()
    assert response["Cache-Control"] == "public, max-age=300"
    assert response["Vary"] == "Accept"
    assert not response.cookies


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "*/*", JSON),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("", "text/html", JSON),
        ("", JSON, JSON),
        ("", "application/vnd.oai.openapi+json", JSON),
        ("", YAML, YAML),
        ("", "application/vnd.oai.openapi", YAML),
        ("", "text/yaml, application/json;q=0.5", YAML),
        ("?format=yaml", JSON, YAML),
        ("?format=json", YAML, JSON),
    ],
)
def test_it_is_yaml_where_that_is_wanted(client: Client, query: str, accept: str, kind: str) -> None:
    response = client.get(f"/v1/schema/{query}", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, kind)
    read = yaml.safe_load(response.content) if kind == YAML else json.loads(response.content)
    assert read == own_contract.document()


@pytest.mark.parametrize("path", [*SCHEMA_PATHS, "/v1/schema?format=yaml", *DOCS_PATHS])
def test_who_has_it_already_gets_it_by_name_only(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"another"'}).content == first.content
    other = client.get("/v1/schema?format=yaml" if "yaml" not in path else "/v1/schema")
    assert other["ETag"] != first["ETag"]


def refusal(response, status: int) -> str:
    assert (response.status_code, response["Content-Type"]) == (status, JSON)
    assert response.json()["errorType"] == ("NotFound" if status == 404 else "InvalidRequest")
    assert response.json()["traceId"] == response["trace-id"] != ""
    return response.json()["debugMessage"]


@pytest.mark.parametrize("path", [*SCHEMA_PATHS, *DOCS_PATHS])
def test_they_are_read_and_nothing_else(client: Client, path: str) -> None:
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for verb in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        response = client.generic(verb, path, b"{}", JSON)
        refusal(response, 405)
        assert response["Allow"] == "GET, HEAD"


def test_a_kind_that_there_is_not_is_refused_by_name(client: Client) -> None:
    for kind in ("xml", "", "JSON", "a\x00"):
        assert refusal(client.get("/v1/schema/", {"format": kind}), 400).startswith("format:")


@pytest.mark.parametrize("path", ["/v1/schema/x", "/v1/schemas", "/v1/docs/x", "/v1/docs//", "/v1/doc", "/v1/Docs/"])
def test_nothing_else_is_open(client: Client, path: str) -> None:
    refusal(client.get(path), 404)


@pytest.mark.parametrize("path", DOCS_PATHS)
def test_the_page_has_its_own_policy(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert directives(response.headers) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert response["Cache-Control"] == "no-cache"
    assert not response.cookies
    # Nothing of it is inline, so nothing has to be let through.
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|<style|\son\w+=", page)
    assert re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith("/") for address in re.findall(r'(?:src|href)="([^"]+)"', page))


def test_and_no_other_path_has_it(client: Client, uk: WorkingVenue) -> None:
    its_own = directives(client.get("/v1/docs/").headers)
    for path in ("/v1/schema/", "/v1/areas", "/v1/nothing", "/v1/docs/x", f"/{uk.venue.slug}/login"):
        assert directives(client.get(path).headers) != its_own, path


def test_it_works_from_collected_files_too(tmp_path: Path, settings) -> None:
    # given static files as production has them: collected, fingerprinted, compressed, and no finders
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    others = ["admin", "unfold", "rest_framework", "redoc"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=others)
    # when
    client = Client()
    page = client.get("/v1/docs/").content.decode()
    # then
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) == 6
    for address in addresses:
        assert re.search(r"\.[0-9a-f]{12}\.(js|css|svg)$", address), address
        response = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200, address
        assert "immutable" in response["Cache-Control"]
