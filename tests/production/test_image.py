"""The image, as far as it can be checked without building it: what goes in, what stays out, who runs it."""

import os
import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from django.apps import apps
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pos.embedded.binaries import POSTGRES_WHEEL, REDIS_WHEEL
from pos.parts import configured_parts
from tests.live_stack import free_ports
from tests.production.compose import ROOT, services

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LOCK = ROOT / "requirements/run.txt"

# Where the image runs, whatever the tests run on.
IMAGES = [
    {"python_version": "3.12", "python_full_version": "3.12.0", "sys_platform": "linux", "platform_machine": machine}
    | {"implementation_name": "cpython", "platform_python_implementation": "CPython", "os_name": "posix"}
    for machine in ("x86_64", "aarch64")
]


def stages() -> list[str]:
    return re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]


def locked(text: str) -> list[Requirement]:
    return [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match("[a-z]", line)]


@pytest.fixture(scope="module")
def in_the_image() -> list[Requirement]:
    """What the Dockerfile's own filter leaves of the lock."""
    filtered = subprocess.run(
        ["sed", "-f", "deploy/without-embedded.sed", str(LOCK)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "sed -f /tmp/without-embedded.sed /tmp/run.txt > /tmp/image.txt" in DOCKERFILE
    # Every line is a requirement with hashes, or a remark: no half of one is left.
    assert re.fullmatch(
        r"(#[^\n]*\n)*([a-z][^\n]* \\\n(    --hash=sha256:[0-9a-f]{64} \\\n)*    --hash=[^\n]+\n)+", filtered
    )
    return locked(filtered)


def test_the_embedded_services_and_what_only_they_need_stay_out(in_the_image: list[Requirement]) -> None:
    # when
    left_out = {one.name for one in locked(LOCK.read_text())} - {one.name for one in in_the_image}

    # then
    wheels = {canonicalize_name(POSTGRES_WHEEL), REDIS_WHEEL}
    assert wheels < left_out
    assert len(left_out) < 10


@pytest.mark.parametrize("image", IMAGES, ids=[image["platform_machine"] for image in IMAGES])
def test_nothing_that_is_in_the_image_misses_anything(in_the_image: list[Requirement], image: dict[str, str]) -> None:
    # given
    there = {canonicalize_name(one.name) for one in in_the_image if one.marker is None or one.marker.evaluate(image)}
    lines = (ROOT / "requirements/run.in").read_text().splitlines()
    wanted = {Requirement(line).name for line in lines if line[0] != "#"}

    # then
    assert _missing(there, image) == set()
    assert wanted - there == {canonicalize_name(POSTGRES_WHEEL), REDIS_WHEEL}
    # The control: one that somebody needs is missed.
    assert _missing(there - {"sqlparse"}, image) == {"django needs sqlparse"}


def _missing(there: set[str], image: dict[str, str]) -> set[str]:
    target = default_environment() | image | {"extra": ""}
    return {
        f"{name} needs {needed.name}"
        for name in there
        for needed in _needs(name)
        if canonicalize_name(needed.name) not in there and (needed.marker is None or needed.marker.evaluate(target))
    }


def _needs(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:  # only for another Python or machine than the tests'
        return []


def test_what_is_installed_is_hashed_and_complete() -> None:
    install = re.search(r"pip --python \S+ install (.*?)&&", DOCKERFILE, re.DOTALL)
    assert install
    options = install[1].replace("\\\n", " ").split()
    assert {"--no-deps", "--require-hashes", "--no-cache-dir"} < set(options)
    assert options[options.index("--only-binary") + 1] == ":all:"
    assert re.search(r"&& python -m pip --python /venv/bin/python check\n", DOCKERFILE)


def test_only_what_is_named_gets_into_the_image() -> None:
    # given
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]

    # when
    first, *rest = lines
    let_in = {line[1:] for line in rest if line[0] == "!"}

    # then: everything that runs, and nothing that does not
    assert first == "*"
    ours = {Path(app.path).name for app in apps.get_app_configs() if Path(app.path).parent == ROOT}
    assert ours == {"pos", "floorplan", "bookings", "orders", "dojo_integration"}
    needed = {"manage.py", "templates", "static", "LICENSE", "requirements/run.txt"}
    assert let_in == ours | needed | {"deploy/without-embedded.sed", "deploy/probe.py"}
    assert all((ROOT / name).exists() for name in let_in)
    assert {line for line in rest if line[0] != "!"} == {"**/__pycache__"}


def test_no_secret_is_baked_in() -> None:
    """What the build needs stands in front of one command; only ENV and ARG would stay."""
    kept = " ".join(re.findall(r"^(?:ENV|ARG) (?:.*\\\n)*.*$", DOCKERFILE, re.MULTILINE))
    assert "PYTHONUNBUFFERED" in kept
    assert re.findall(r"SECRET|PASSWORD|DATABASE|REDIS|HOSTS|KEY", kept) == []
    assert "for-the-build-alone" not in stages()[-1]


def test_the_parts_run_as_nobody_in_particular() -> None:
    final = stages()[-1]
    user = re.search(r"^USER (\d+):\d+$", final, re.MULTILINE)
    assert user
    assert int(user[1]) >= 10_000
    # Nothing is copied for that user: the code is root's.
    assert "--chown" not in DOCKERFILE
    assert final.index("USER ") > final.index("COPY --from=build /app")


def test_every_stage_has_the_same_pinned_python() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    assert set(images) == {"python:3.12-slim-bookworm"}


def test_by_itself_the_image_is_web() -> None:
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    health = re.search(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert command
    assert health
    assert command[1] == str(services()["web"]["command"]).replace("'", '"')
    assert health[1] == str(services()["web"]["healthcheck"]["test"][1:]).replace("'", '"')
    assert "web" in configured_parts()


# --- the probe that stands behind every health check ---


def probe(what: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "deploy/probe.py", what], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr.strip()


def test_a_port_that_nobody_serves_is_not_well() -> None:
    (port,) = free_ports(1)
    code, said = probe(f"http://127.0.0.1:{port}/readyz")
    assert code == 1
    assert "Connection refused" in said


def test_a_fresh_sign_of_life_is_well_and_an_old_or_missing_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "worker.pulse"
    assert probe(str(file)) == (1, f"{file}: No such file or directory")
    file.touch()
    assert probe(str(file)) == (0, "")
    os.utime(file, times=(time.time() - 100,) * 2)
    assert probe(str(file)) == (1, f"{file}: no sign of life for 100 s")
