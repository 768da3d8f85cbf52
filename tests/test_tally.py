"""The last lines of a run say what it really looked at."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SUITE = """
import pytest

@pytest.mark.parametrize("n", range(3))
def test_counts(tally, n):
    tally.checked("contract", 2)
    tally.skipped("contract")

@pytest.mark.browser
def test_runs():
    pass

@pytest.mark.browser_full
def test_skips():
    pytest.skip("no browser")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_sums_are_the_last_lines(tmp_path: Path, workers: list[str]) -> None:
    # given
    (tmp_path / "test_sample.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser\n  browser_full\n")

    # when
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", "-p", "tests.tally",
         "-c", str(tmp_path / "pytest.ini"), str(tmp_path), *workers],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    # then
    assert done.stdout.splitlines()[-4:] == [
        done.stdout.splitlines()[-4],
        "property: 0 tried / 0 skipped",
        "contract: 6 checked / 3 skipped",
        "browser: 1 ran / 1 skipped",
    ]
    assert done.stdout.splitlines()[-4].startswith("4 passed, 1 skipped")
