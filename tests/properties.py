"""How often a property is tried: said here, and nowhere else.

`make test` tries each a few times and always the same way, so that it is quick and a red run stays red; `make soak`
runs nothing but them, ten times as often and differently each time. Any profile can be asked for with
``--hypothesis-profile``.
"""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.statistics import collector

EXAMPLES = 50
SOAKED = 10

settings.register_profile("default", max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
# A slow machine is no failure of the property, and what was found has to be found again.
settings.register_profile(
    "soak",
    max_examples=EXAMPLES * SOAKED,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")


def fewer(examples: int) -> settings:
    """For a property that is slow to try: so many examples in `make test`, as many as any other in `make soak`."""
    return settings(max_examples=examples if _is_default() else settings().max_examples)


def seeds(few: int) -> range:
    """For what draws its own dice: so many seeds in `make test`, ten times as many in `make soak`."""
    return range(few if _is_default() else few * SOAKED)


def _is_default() -> bool:
    return settings.get_current_profile_name() == "default"


def pytest_itemcollected(item: pytest.Item) -> None:
    if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        item.add_marker("soak")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Count for the run's last lines what was tried, also by a property that is stated inside a test."""
    if pyfuncitem.get_closest_marker("soak") is None:
        return (yield)
    tried = 0
    outer = collector.value

    def note(statistics: dict[str, Any]) -> None:
        nonlocal tried
        phases = (part for part in statistics.values() if isinstance(part, dict) and "test-cases" in part)
        tried += sum(case["status"] == "valid" for phase in phases for case in phase["test-cases"])
        if outer is not None:
            outer(statistics)

    with collector.with_value(note):
        answer = yield
    # A seed is one try.
    pyfuncitem.user_properties.append(("tally", {"property:done": tried or 1}))
    return answer
