"""What the sandbox accepts is what Dojo's document accepts: both are shown the same requests."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from dojo_integration.sandbox.operations import OPERATIONS
from dojo_integration.sandbox.shapes import problems
from tests import dojo_api_document as document
from tests.dojo_integration.sandbox.good_requests import GOOD
from tests.sandbox import Sandbox
from tests.tally import Tally

SHAPES = {(one.method, one.path): one.shape for one in OPERATIONS if one.shape is not None}
# One of each kind, and what is just too much.
TEXTS = ("", "x", "Auto", "Sale", "https://a", "http://a", "ftp:", "2026-03-01", "2026-02-30T12:00:00Z",
         "2026-03-01T12:00:00", "2026-03-01T12:00:00.5+01:00")  # fmt: skip
LENGTHS = (11, 51, 61, 71, 101, 121, 201, 255, 257, 301, 1025, 4097)
STRANGERS: tuple[Any, ...] = (
    None, True, 0, -1, 5, 1.5, 2**31, 2**63, -(2**63), *TEXTS, *("x" * length for length in LENGTHS),
    [], [None], ["x"], [5], {}, {"x": 1}, {"x": "y"}, {"value": 1, "currencyCode": "GBP"},
    {"orderId": "a", "partyId": "b"}, {"partyId": "a"}, {"reservationId": 5},
)  # fmt: skip


def test_every_operation_is_one_of_dojos() -> None:
    if not document.is_here():
        pytest.skip("Dojo's document is not here")
    assert {(one.method, one.path) for one in OPERATIONS} - set(document.operations()) == set()
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)


def test_every_body_has_its_example_and_its_shape() -> None:
    assert SHAPES.keys() == GOOD.keys()
    if not document.is_here():
        pytest.skip("Dojo's document is not here")
    with_body = {(one.method, one.path) for one in OPERATIONS if document.request_validator(one.method, one.path)}
    assert SHAPES.keys() == with_body


@pytest.mark.parametrize("operation", GOOD, ids=" ".join)
def test_an_example_has_every_field_of_the_document(operation: tuple[str, str]) -> None:
    if not document.is_here():
        pytest.skip("Dojo's document is not here")
    assert document.request_fields(*operation) - GOOD[operation].keys() == set()


@pytest.mark.parametrize("operation", GOOD, ids=" ".join)
def test_a_good_request_is_accepted_by_both(operation: tuple[str, str]) -> None:
    assert problems(SHAPES[operation], GOOD[operation]) == {}
    if not document.is_here():
        pytest.skip("Dojo's document is not here")
    validator = document.request_validator(*operation)
    assert validator is not None
    assert [error.message for error in validator.iter_errors(GOOD[operation])] == []


@pytest.mark.parametrize("operation", GOOD, ids=" ".join)
def test_a_broken_request_is_refused_by_both(operation: tuple[str, str], tally: Tally) -> None:
    if not document.is_here():
        tally.skipped("contract")
        pytest.skip("Dojo's document is not here")
    # given
    validator = document.request_validator(*operation)
    assert validator is not None

    # when
    verdicts = {False: 0, True: 0}
    apart = []
    for what, body in broken(GOOD[operation]):
        accepted = validator.is_valid(body)
        verdicts[accepted] += 1
        if accepted is bool(problems(SHAPES[operation], body)):
            apart.append((what, accepted))

    # then
    assert apart == []
    assert min(verdicts.values()) > 0
    tally.checked("contract", sum(verdicts.values()))


def broken(good: Any) -> Iterator[tuple[str, Any]]:
    """The good one with one thing changed: left out, put in, or another value in its place."""
    for stranger in STRANGERS:
        yield f"$ = {stranger!r:.40}", stranger
    for path in paths(good):
        for change in (_without, _with_a_surplus):
            changed = copy.deepcopy(good)
            if change(changed, path):
                yield f"{change.__name__} {path}", changed
        for stranger in STRANGERS:
            changed = copy.deepcopy(good)
            inner = _at(changed, path[:-1])
            inner[path[-1]] = stranger
            yield f"{path} = {stranger!r:.40}", changed


def paths(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*where, key)
        yield from paths(value[key], (*where, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _without(body: Any, path: tuple[Any, ...]) -> bool:
    del _at(body, path[:-1])[path[-1]]
    return True


def _with_a_surplus(body: Any, path: tuple[Any, ...]) -> bool:
    found = _at(body, path)
    if isinstance(found, dict):
        found["surplus"] = 1
    return isinstance(found, dict)


# ---- over the wire


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_headers_are_asked_for_as_the_document_says(sandbox: Sandbox, operation: Any) -> None:
    # given
    path = operation.path.replace("{", "").replace("}", "")
    body = GOOD.get((operation.method, operation.path))

    def status(**headers: str | None) -> int:
        return sandbox.call(operation.method, path, body, **{"idempotencykey": "k", **headers}).status

    # then
    assert status(authorization=None) == 401
    assert status(authorization="Basic sk_sandbox_unknown") == 401
    assert status(authorization=sandbox.api_key) == 401
    assert status(authorization=f"Bearer {sandbox.api_key}") == 401
    if document.is_here():
        required = document.headers_required(operation.method, operation.path) - {"idempotencykey"}
        assert {name for name in ("version", "software-house-id") if status(**{name: None}) == 400} == required
        assert (status(version="yesterday") == 400) is ("version" in required)
        assert (status(version="2026-02-30") == 400) is ("version" in required)


@pytest.mark.parametrize("operation", GOOD, ids=" ".join)
def test_a_broken_body_is_refused_with_the_fields_that_are_wrong(sandbox: Sandbox, operation: tuple[str, str]) -> None:
    # given
    method, path = operation
    path = path.replace("{", "").replace("}", "")

    # then
    for raw in (b"", b"{", b'{"amount": NaN}', b'"\\ud800"', b'{"a": "\\u0000"}', b"[" * 5000, b"5"):
        answer = sandbox.call(method, path, raw, **{"content-type": "application/json"})
        assert (answer.status, list(answer.body["errors"])) == (400, ["$"]), raw
    assert sandbox.call(method, path, b"{}", **{"content-type": "text/plain"}).status == 415


def test_each_wrong_field_is_named(sandbox: Sandbox) -> None:
    # when
    body = {"amount": {"value": "5"}, "reference": "", "surplus": 1, "metadata": {"a": 1}}
    answer = sandbox.call("POST", "/payment-intents", body)

    # then
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["errors"] == {
        "Amount.CurrencyCode": ["The CurrencyCode field is required."],
        "Amount.Value": ["This must be a whole number."],
        "Metadata.A": ["This must be text."],
        "Reference": ["The field Reference must not be empty."],
        "Surplus": ["The field surplus is not known."],
    }


@pytest.mark.parametrize("name", ["%00", "%FF", "%2F", "x" * 3000, "%F0%9F%8D%95", "..%2F..%2Fetc", "'%3B--"])
def test_a_strange_name_is_only_not_found(sandbox: Sandbox, name: str) -> None:
    for one in OPERATIONS:
        if "{" in one.path:
            path = re.sub(r"\{\w+\}", name, one.path)
            body = GOOD.get((one.method, one.path))
            assert sandbox.call(one.method, path, body, idempotencykey="k").status == 404, one


def test_long_texts_are_kept_or_refused(sandbox: Sandbox) -> None:
    """Where the document sets no limit."""
    long = "x" * 100_000
    event = {"eventType": "OrderUpdated", "event": {"orderId": long}}
    assert sandbox.do("POST", "/epos/events", event) == event
    assert sandbox.received_events()[0].entity_id == long
    sandbox.register("rest", "ListAreas", url=f"https://example.com/{long}", username=long, password=long)
    assert sandbox.do("GET", "/epos/integrations/rest")[0]["auth"]["basic"]["username"] == long
    for body in (
        {"events": ["payment_intent.created"], "url": f"https://{long}"},
        {"events": [long], "url": "https://a"},
    ):
        assert sandbox.call("POST", "/webhooks", body).status in (200, 400)
    assert sandbox.call("POST", "/epos-tester-tool/flows", {"flow": long}).status == 400


def test_what_is_not_there_is_said_so(sandbox: Sandbox) -> None:
    assert sandbox.call("GET", "/nothing").status == 404
    assert sandbox.call("PUT", "/payment-intents").status == 405
