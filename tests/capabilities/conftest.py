"""Dojo at the other end: every answer it gets is held against its own contract."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dojo_integration.capabilities import find
from pos.models import Venue
from pos.permissions import Requester
from tests.capabilities import contract
from tests.capabilities.roads import NOBODY, ROADS, Answer, Road
from tests.factories import WorkingVenue
from tests.tally import Tally


class Dojo:
    """Calls capabilities of one venue over one road."""

    def __init__(self, road: Road, tally: Tally) -> None:
        self.road = road
        self.tally = tally

    def call(self, name: str, params: Mapping[str, Any] | None = None, requester: Requester = NOBODY) -> Answer:
        return self._checked(name, self.road.call(find(name), params or {}, requester))

    def call_as_stranger(self, name: str, params: Mapping[str, Any] | None = None) -> Answer:
        return self._checked(name, self.road.call_as_stranger(find(name), params or {}))

    def get(self, name: str, params: Mapping[str, Any] | None = None, requester: Requester = NOBODY) -> Any:
        """The body of an answer that has to be a success."""
        answer = self.call(name, params, requester)
        assert answer.ok, answer.body
        return answer.body

    def refused(self, name: str, params: Mapping[str, Any] | None = None) -> Answer:
        """An answer that has to be a refusal."""
        answer = self.call(name, params)
        assert not answer.ok, answer.body
        return answer

    def _checked(self, name: str, answer: Answer) -> Answer:
        if answer.error_type is not None:
            assert answer.body["traceId"]
            assert answer.error_type != "UnexpectedError", answer.body
        if contract.is_here():
            assert self.road.problems(find(name), answer) == []
            self.tally.checked("contract")
        else:
            self.tally.skipped("contract")
        return answer


@pytest.fixture(params=ROADS)
def dojo_of(request: pytest.FixtureRequest, tally: Tally) -> Callable[[Venue], Dojo]:
    """Dojo calling any venue, once per road."""
    return lambda venue: Dojo(ROADS[request.param](venue), tally)


@pytest.fixture
def dojo(dojo_of: Callable[[Venue], Dojo], uk: WorkingVenue) -> Dojo:
    """Dojo calling the British venue."""
    return dojo_of(uk.venue)
