"""What `make audit` makes of pip-audit's answers. The answers are recorded from pip-audit 2.10."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from requirements.audit import CLEAN, FAILED, NOBODY_TO_ASK, Answer, judge, rounds

ROOT = Path(settings.BASE_DIR)
PINS = {"six": "1.17.0", "vine": "5.1.0"}


def row(name: str, *vulns: dict[str, object]) -> dict[str, object]:
    return {"name": name, "version": (PINS | {"gunicorn": "19.9.0"})[name], "vulns": list(vulns)}


def skipped(name: str) -> dict[str, object]:
    why = f"Dependency not found on PyPI and could not be audited: {name} ({PINS[name]})"
    return {"name": name, "skip_reason": why}


def said(*rows: dict[str, object], code: int = 0, pins: dict[str, str] | None = None) -> Answer:
    return Answer(PINS if pins is None else pins, code, json.dumps({"dependencies": rows, "fixes": []}), "")


VULNERABILITY = {"id": "CVE-2018-1000164", "fix_versions": ["20.0.0"], "aliases": ["GHSA-w3h3-4rj7-4ph4"]}
VULNERABLE = said(row("gunicorn", VULNERABILITY), row("six"), code=1, pins={"gunicorn": "19.9.0", "six": "1.17.0"})
NO_CONNECTION = (
    'Traceback (most recent call last):\n  File "sessions.py", line 651, in request\n'
    "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='pypi.example', port=443): Max retries exceeded"
)


def test_clean_is_what_was_looked_up_and_has_nothing() -> None:
    assert judge([said(row("six"), row("vine"))]) == (CLEAN, ["Nothing is known against any of the 2 pins."])


def test_a_vulnerability_is_a_failure_with_its_names_and_its_cure() -> None:
    assert judge([VULNERABLE]) == (
        FAILED,
        [
            "gunicorn 19.9.0: CVE-2018-1000164 GHSA-w3h3-4rj7-4ph4; mended in 20.0.0",
            "1 to look at, of 2 pins.",
        ],
    )


def test_a_package_that_was_skipped_is_a_failure_though_pip_audit_says_it_is_none() -> None:
    assert judge([said(row("six"), skipped("vine"))]) == (
        FAILED,
        [
            "not looked up: vine 5.1.0: Dependency not found on PyPI and could not be audited: vine (5.1.0)",
            "1 to look at, of 2 pins.",
        ],
    )


@pytest.mark.parametrize("answer", [said(row("six")), said(row("six"), row("vine") | {"version": "5.0.0"})])
def test_a_package_that_is_missing_from_the_answer_is_a_failure(answer: Answer) -> None:
    code, lines = judge([answer])
    assert (code, lines[0]) == (FAILED, "not looked up: vine 5.1.0: pip-audit left it out")


def test_a_mirror_that_knows_nothing_of_any_package_is_nobody_to_ask() -> None:
    """pip-audit says “No known vulnerabilities found” to this and ends with 0."""
    code, lines = judge([said(skipped("six"), skipped("vine"))])
    assert code == NOBODY_TO_ASK
    assert lines == [
        "The vulnerability service cannot be reached from here; nothing was checked.",
        "For example six 1.17.0: Dependency not found on PyPI and could not be audited: six (1.17.0)",
        "It has to be PyPI itself: a mirror has the packages, but not what is known of them.",
    ]


def test_without_a_connection_there_is_nobody_to_ask() -> None:
    code, lines = judge([Answer(PINS, 1, "", NO_CONNECTION)])
    assert code == NOBODY_TO_ASK
    assert lines[0] == "The vulnerability service cannot be reached from here; nothing was checked."
    assert "ConnectionError" in lines[1]


def test_a_service_that_breaks_off_half_way_has_not_cleared_the_rest() -> None:
    code, lines = judge([said(row("six"), pins={"six": "1.17.0"}), Answer({"vine": "5.1.0"}, 1, "", NO_CONNECTION)])
    assert code == FAILED
    assert lines[0].startswith("not looked up: vine 5.1.0: requests.exceptions.ConnectionError")


def test_a_vulnerability_weighs_more_than_a_service_that_is_gone() -> None:
    code, lines = judge([VULNERABLE, Answer({"vine": "5.1.0"}, 1, "", NO_CONNECTION)])
    assert (code, lines[-1]) == (FAILED, "2 to look at, of 3 pins.")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(PINS, 1, "", "ERROR:pip_audit._cli:requirement file bad.txt contains invalid specifier at line 1"),
        Answer(PINS, 0, "No known vulnerabilities found", ""),
        Answer(PINS, 0, "{}", ""),
        said(row("six"), row("vine"), code=2),
    ],
)
def test_whatever_else_happens_is_a_failure_and_never_clean(answer: Answer) -> None:
    code, lines = judge([answer])
    assert code == FAILED
    assert lines[0].startswith("pip-audit itself failed: ")


def test_every_pin_is_asked_for_also_those_for_another_python() -> None:
    # given
    lock = "six==1.17.0 \\\n    --hash=sha256:00\nvine==5.1.0 ; python_version < '3.12' \\\n    --hash=sha256:11\n"
    other = "Vine==6.0.0 ; python_version >= '3.12' \\\n    --hash=sha256:22\nsix==1.17.0\n"

    # then
    assert rounds([lock, other]) == [{"six": "1.17.0", "vine": "5.1.0"}, {"vine": "6.0.0"}]


def test_the_lock_files_are_read_whole() -> None:
    # given
    locks = [(ROOT / f"requirements/{name}.txt").read_text() for name in ("run", "test")]

    # when
    asked = rounds(locks)

    # then
    named = {line.split("==")[0] for lock in locks for line in lock.splitlines() if "==" in line and line[0] != " "}
    assert set(asked[0]) == named
    assert len(asked) == 2  # two versions of django-unfold


def test_the_audit_has_a_hashed_lock_of_its_own() -> None:
    lock = (ROOT / "requirements/audit.txt").read_text()
    first = [line for line in lock.splitlines() if line[0] not in "# "]
    assert any(line.startswith("pip-audit==") for line in first)
    assert all(line.endswith(" \\") for line in first)
    assert "://" not in lock
