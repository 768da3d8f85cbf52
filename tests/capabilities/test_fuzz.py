"""Requests as nobody should write them: never a 500, never an answer that the contract does not know.

Each changes a valid request in a few places; a failure shows what was sent.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Container
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_integration.capabilities import Capability
from tests.capabilities.conftest import Dojo
from tests.capabilities.hostile import KEPT_OF_A_CONFLICT, TAKES_A_BODY, whole
from tests.capabilities.requests import pounds
from tests.capabilities.test_costs import LOADS
from tests.factories import WorkingVenue
from tests.properties import fewer
from tests.taken_back import Watch, taken_back

NASTY: list[Any] = [
    None, "", " ", "x" * 10_000, "5", "-1", "true", "null", "🍷" * 50, "\u202e\u0007\x1b[31m", "'; DROP TABLE x; --",
    0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 10**12, 0.5, -0.0, 1e308, True, False,
    [], {}, [[]], [None], {"": ""}, {"value": 1}, [{}] * 200, pounds(1), {"value": 1, "currencyCode": "XXX"},
    "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59", "2026-W09-1", "t1",
]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a request."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


def spoil(dice: random.Random, request: dict[str, Any], *, but: Container[str] = ()) -> dict[str, Any]:
    """Change a few places, or none: another value, nothing at all, something more."""
    spoilt = copy.deepcopy(request)
    for _ in range(dice.randint(0, 3)):
        places = [place for place in _places(spoilt) if place and place[0] not in but]
        if not places:
            break
        *way, last = dice.choice(places)
        holder: Any = spoilt
        for step in way:
            holder = holder[step]
        match dice.randint(0, 4):
            case 0 if isinstance(holder, dict):
                del holder[last]
            case 1 if isinstance(holder, dict):
                holder[dice.choice(["unknown", "id", "amount", "__class__"])] = copy.deepcopy(dice.choice(NASTY))
            case _:
                holder[last] = copy.deepcopy(dice.choice(NASTY))
    return spoilt


@pytest.mark.soak
@pytest.mark.parametrize("capability", TAKES_A_BODY, ids=lambda capability: capability.name)
def test_spoilt_requests_are_answered_or_refused(capability: Capability, dojo: Dojo, uk: WorkingVenue) -> None:
    # given a request that succeeds, and one with all that may be in it, whatever becomes of that
    params = LOADS[capability.name](dojo, uk, 1)
    requests = [params, whole(capability.request(), params)]
    in_path = {name for name in params if f"{{{name}}}" in capability.path}
    watch = Watch()
    seen: Counter[str] = Counter()

    @fewer(25)
    @given(st.randoms(use_true_random=False))
    def ask(dice: random.Random) -> None:
        # when
        sent = spoil(dice, dice.choice(requests), but=in_path)
        with taken_back(), watch.watching():
            answer = dojo.call(capability.name, sent)
            changes = watch.changes()
        # then
        assert answer.error_type in (None, "InvalidRequest", "Conflict", "NotFound"), json.dumps(sent)
        if not answer.ok:
            assert answer.message
            assert changes <= (KEPT_OF_A_CONFLICT if answer.error_type == "Conflict" else set()), json.dumps(sent)
        seen["ok" if answer.ok else "refused"] += 1

    ask()
    # Spoilt in a place that does not matter it succeeds, and in another it does not.
    assert min(seen["ok"], seen["refused"]) >= 1, seen
