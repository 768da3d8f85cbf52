"""How often a property is tried: by profile, everywhere, and told at the end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

SUITE = """
import pytest
from hypothesis import given, strategies as st
from tests.properties import fewer, seeds

@given(st.integers())
def test_property(number):
    pass

@pytest.mark.soak
def test_inside():
    @fewer(7)
    @given(st.integers())
    def holds(number):
        pass
    holds()

@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(2))
def test_dice(seed):
    pass

def test_plain():
    pass
"""


@pytest.mark.parametrize(
    ("arguments", "passed", "tried"),
    [
        ([], "5 passed", 50 + 7 + 2),
        (["-m", "soak"], "4 passed, 1 deselected", 50 + 7 + 2),
        (["-m", "soak", "--hypothesis-profile=soak"], "22 passed, 1 deselected", 500 + 500 + 20),
    ],
    ids=["all", "only properties", "soak"],
)
def test_a_profile_decides_how_often(tmp_path: Path, arguments: list[str], passed: str, tried: int) -> None:
    # given
    (tmp_path / "test_sample.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser\n  browser_full\n  soak\n")
    # when
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", "-p", "no:schemathesis",
         "-p", "tests.tally", "-p", "tests.properties", "-c", str(tmp_path / "pytest.ini"), str(tmp_path), *arguments],
        cwd=TESTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # then
    *_, summary, properties, _, _ = done.stdout.splitlines()
    assert summary.startswith(passed), done.stdout
    assert properties == f"property: {tried} tried / 0 skipped"


def test_no_test_says_for_itself_how_often() -> None:
    own_ideas = {
        path.name
        for path in TESTS.rglob("*.py")
        if path.name not in ("properties.py", "test_properties.py")
        and re.search(r"max_examples|hypothesis import .*\bsettings\b", path.read_text())
    }
    assert own_ideas == set()
