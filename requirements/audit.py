"""`make audit`: is anything known against what is locked? Asks pip-audit, and believes only a complete answer.

Every pin of the lock files is asked for, also those for another Python or system than this one. pip-audit by itself
takes a package that it could not look up for a clean one; here that is a failure.

Exit codes: 0 nothing is known; 1 something is, or something was not looked up; 3 there was nobody to ask.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

CLEAN, FAILED, NOBODY_TO_ASK = 0, 1, 3

LONGEST_REASON = 200

Pins = dict[str, str]
"""Name → version."""
Row = dict[str, Any]
"""One package in pip-audit's answer."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
# How pip-audit ends when the network or the service fails it.
_UNREACHABLE = re.compile(
    r"requests\.exceptions\.|urllib3\.exceptions\.|ServiceError|Could not connect|not redirecting|may be blocking"
)


@dataclass(frozen=True)
class Answer:
    """What pip-audit said when it was asked for these pins."""

    pins: Pins
    code: int
    stdout: str
    stderr: str


class Verdict(NamedTuple):
    code: int
    lines: list[str]


def rounds(locks: Sequence[str]) -> list[Pins]:
    """Every pin of the lock files' texts; a package that is locked in two versions takes two rounds."""
    found = sorted({(_tidy(pin["name"]), pin["version"]) for lock in locks for pin in _PIN.finditer(lock)})
    asked: list[Pins] = []
    for name, version in found:
        free = next((pins for pins in asked if name not in pins), None)
        if free is None:
            asked.append({name: version})
        else:
            free[name] = version
    return asked


def judge(answers: Sequence[Answer]) -> Verdict:
    """What to make of the answers: whatever was not clearly said to be clean is not."""
    pins = sum(len(answer.pins) for answer in answers)
    findings: list[str] = []
    not_looked_up: list[str] = []
    for answer in answers:
        rows = _rows(answer.stdout)
        findings += _vulnerable(rows)
        not_looked_up += _not_looked_up(answer, rows)
        if not _is_explained(answer, rows):
            findings.append(f"pip-audit itself failed: {_last_words(answer)}")
    if not findings and len(not_looked_up) == pins:
        nobody = "The vulnerability service cannot be reached from here; nothing was checked."
        mirror = "It has to be PyPI itself: a mirror has the packages, but not what is known of them."
        return Verdict(NOBODY_TO_ASK, [nobody, f"For example {not_looked_up[0]}", mirror])
    findings += [f"not looked up: {line}" for line in not_looked_up]
    if findings:
        return Verdict(FAILED, [*findings, f"{len(findings)} to look at, of {pins} pins."])
    return Verdict(CLEAN, [f"Nothing is known against any of the {pins} pins."])


def _rows(text: str) -> dict[str, Row]:
    try:
        return {_tidy(row["name"]): row for row in json.loads(text)["dependencies"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _is_explained(answer: Answer, rows: dict[str, Row]) -> bool:
    if answer.code == 0:
        return bool(rows)
    return bool(_vulnerable(rows)) or bool(_UNREACHABLE.search(answer.stderr))


def _last_words(answer: Answer) -> str:
    return (answer.stderr.strip().splitlines() or ["it said nothing"])[-1][:LONGEST_REASON]


def _vulnerable(rows: dict[str, Row]) -> list[str]:
    lines = []
    for name, row in sorted(rows.items()):
        for found in row.get("vulns") or []:
            names = " ".join([found["id"], *found.get("aliases", [])])
            mended = ", ".join(found.get("fix_versions") or []) or "none yet"
            lines.append(f"{name} {row.get('version')}: {names}; mended in {mended}")
    return lines


def _not_looked_up(answer: Answer, rows: dict[str, Row]) -> list[str]:
    lines = []
    for name, version in sorted(answer.pins.items()):
        row = rows.get(name, {})
        if row.get("version") != version or "vulns" not in row:
            why = row.get("skip_reason") or (_last_words(answer) if not rows else "pip-audit left it out")
            lines.append(f"{name} {version}: {why}")
    return lines


def _tidy(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def ask(pins: Pins) -> Answer:
    """Have pip-audit look these up, and nothing but these."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in pins.items())
        file.flush()
        done = subprocess.run(
            [
                sys.executable, "-m", "pip_audit", "--requirement", file.name, "--no-deps", "--disable-pip",
                "--format", "json", "--desc", "off", "--aliases", "on", "--progress-spinner", "off",
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    return Answer(pins, done.returncode, done.stdout, done.stderr)


def main(locks: Sequence[str]) -> int:
    verdict = judge([ask(pins) for pins in rounds([Path(lock).read_text() for lock in locks])])
    print("\n".join(verdict.lines), file=sys.stderr if verdict.code else sys.stdout)
    return verdict.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
