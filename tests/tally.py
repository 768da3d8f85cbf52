"""Counts what a test run really looked at, so that a run which skipped everything does not look green.

A test counts with the ``tally`` fixture: ``tally.checked("contract")``, ``tally.skipped("contract")``. Browser tests
are counted by their outcome. The run's last lines are the sums over all xdist workers.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

DONE_WORD = {"property": "tried", "contract": "checked", "browser": "ran"}
BROWSER_MARKS = ("browser", "browser_full")

_counts = pytest.StashKey[Counter[str]]()
_PROPERTY = "tally"
_BROWSER = "needs a browser"


class Tally:
    """What this one test counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def checked(self, what: str, times: int = 1) -> None:
        self.counts[f"{what}:done"] += times

    def skipped(self, what: str, times: int = 1) -> None:
        self.counts[f"{what}:skipped"] += times


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    counted = Tally()
    yield counted
    # Properties travel with the report, also from an xdist worker to the controller.
    record_property(_PROPERTY, dict(counted.counts))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_counts] = Counter()
    if not hasattr(config, "workerinput"):
        # Workers report to the controller, and only it counts.
        config.pluginmanager.register(_Counter(config), "tally-counter")


def pytest_itemcollected(item: pytest.Item) -> None:
    if any(item.get_closest_marker(mark) for mark in BROWSER_MARKS):
        item.user_properties.append((_BROWSER, True))


class _Counter:
    def __init__(self, config: pytest.Config) -> None:
        self.counts = config.stash[_counts]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == _PROPERTY:
                    self.counts.update(value)
        if (_BROWSER, True) in report.user_properties:
            if report.skipped:
                self.counts["browser:skipped"] += 1
            elif report.when == "call":
                self.counts["browser:done"] += 1


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """After the summary, so that these are the last lines."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or reporter is None or config.option.collectonly:
        return
    counts = config.stash[_counts]
    for what, done in DONE_WORD.items():
        reporter.write_line(f"{what}: {counts[f'{what}:done']} {done} / {counts[f'{what}:skipped']} skipped")
