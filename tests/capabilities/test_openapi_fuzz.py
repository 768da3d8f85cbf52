"""Dojo's official contract against us: whatever it lets Dojo send is answered as it says, and so is what it does not.

Schemathesis makes the requests. Each begins with the same rows, and what it did is taken back.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dojo_integration import rest
from dojo_integration.capabilities import TABLE, Capability, find
from tests.capabilities import contract, own_contract
from tests.capabilities.dojos_requests import RIGHT, WRONG, House, a_house, cases, operations
from tests.capabilities.hostile import KEPT_OF_A_CONFLICT, TAKES_A_BODY
from tests.capabilities.roads import Answer, basic
from tests.factories import RestCredentialFactory, a_venue
from tests.fixtures_venue import kept_for_module
from tests.properties import fewer
from tests.taken_back import Watch, taken_back
from tests.tally import Tally

pytestmark = [
    pytest.mark.soak,
    pytest.mark.contract,
    pytest.mark.skipif(not contract.is_here(), reason=f"no official specs in {contract.SPECS}"),
]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
ORDER_PARTS = {"items", "dojoOrderId", "totalAmount", "payments", "details"}


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with kept_for_module(django_db_blocker):
        shop = a_venue("GB")
        RestCredentialFactory(venue=shop.venue, username="dojo", secret="s3cret")
        yield a_house(shop)


@pytest.fixture
def app() -> Iterator[WSGIHandler]:
    """The application as a server calls it, on this test's connection, which a request must not close."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield WSGIHandler()
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def send(app: WSGIHandler, case: Case, secret: str = "s3cret") -> Response:
    return case.call(app=app, base_url="http://localhost", headers={"Authorization": basic("dojo", secret)})


def check(capability: Capability, case: Case, response: Response) -> None:
    """Hold an answer to Dojo's contract and to our own document."""
    if capability.name == "CreateOrder" and isinstance(case.body, dict) and not ORDER_PARTS & case.body.keys():
        # Dojo's own pages name this path for searching, too.
        capability = find("SearchOrders")
    else:
        case.validate_response(response, checks=CHECKS)
    answer = Answer(
        body=json.loads(response.content) if response.content else {},
        error_type=None if response.status_code < 400 else response.json()["errorType"],
        status=response.status_code,
    )
    assert contract.problems(capability, response.status_code, answer.body) == []
    assert own_contract.problems(capability, answer) == []


# Of what has no body nothing can be wrong: any text may be an id or a hint.
ASKED = [(capability, RIGHT) for capability in TABLE]
ASKED += [(capability, WRONG) for capability in TAKES_A_BODY]


def _name(part: Capability | GenerationMode) -> str:
    return part.name if isinstance(part, Capability) else {RIGHT: "right", WRONG: "wrong"}[part]


@pytest.mark.parametrize(("capability", "mode"), ASKED, ids=_name)
def test_requests_of_the_contract(
    capability: Capability, mode: GenerationMode, house: House, db: None, app: WSGIHandler, tally: Tally
) -> None:
    # given
    operation = operations()[f"{capability.verb} {capability.path}"]
    watch = Watch()
    statuses: Counter[int] = Counter()

    @fewer(10)
    @given(cases(operation, mode, house), st.sampled_from(["s3cret"] * 15 + ["guessed"]))
    def ask(case: Case, secret: str) -> None:
        # when
        with taken_back(), watch.watching():
            response = send(app, case, secret)
            changes = watch.changes() if response.status_code >= 400 else set()
        statuses[response.status_code] += 1
        # then
        check(capability, case, response)
        assert changes <= (KEPT_OF_A_CONFLICT if response.status_code == 409 else set())

    ask()
    total, good = statuses.total(), statuses[200]
    tally.checked("contract", total)
    # A run that only ever saw "no such order" would be a check that cannot fail.
    if mode is RIGHT:
        assert good >= 0.2 * total, statuses
        assert statuses[404] <= 0.4 * total, statuses
    else:
        assert total - good >= 0.7 * total, statuses
        assert statuses[400] >= 0.5 * total, statuses


def _broken(*args: object) -> bytes:
    raise RuntimeError("out of paper")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_broken, "Server error"),
        (lambda *args: b'{"id": "order_1"}', "is a required property"),
        (lambda *args: b'{"id": 5, "status": "New", "details": {}}', "is not of type"),
        (lambda *args: b"paid", "JSON deserialization error"),
    ],
    ids=["an error", "a part is missing", "another type", "no JSON"],
)
def test_what_breaks_the_contract_is_noticed(
    monkeypatch: pytest.MonkeyPatch, house: House, db: None, app: WSGIHandler, answer: Callable[..., bytes], words: str
) -> None:
    # given: the control, without which the requests above would prove nothing
    case = operations()["GET /v1/orders/{orderId}"].Case(path_parameters={"orderId": house.ids["orderId"][0]})
    check(find("GetOrderById"), case, send(app, case))
    # when
    monkeypatch.setattr(rest.capabilities, "call", answer)
    # then
    with pytest.raises(FailureGroup) as noticed:
        check(find("GetOrderById"), case, send(app, case))
    assert any(words in str(failure) for failure in noticed.value.exceptions), noticed.value.exceptions
