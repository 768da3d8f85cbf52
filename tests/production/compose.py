"""docker-compose.yml, read as Compose reads it: merged, with the variables filled in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE = ROOT / "docker-compose.yml"
CADDYFILE = ROOT / "deploy/Caddyfile"
OUR_IMAGE = "tableside"

# ${NAME:?why it is needed}, ${NAME:-default}
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<text>[^}]*))?\}")


class Missing(Exception):
    """Compose would refuse to start, and say this."""


def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())


def services() -> dict[str, dict[str, Any]]:
    return compose()["services"]


def our_services() -> dict[str, dict[str, Any]]:
    """The services that run our own image."""
    return {name: service for name, service in services().items() if service["image"] == OUR_IMAGE}


def part_of(service: Mapping[str, Any]) -> str | None:
    """The part that a service runs, None for one that runs another command."""
    command = service["command"]
    return command[3] if command[:3] == ["python", "manage.py", "part"] else None


def variables(text: str) -> set[str]:
    return {found["name"] for found in _VARIABLE.finditer(text)}


def environment(service: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """What a container's processes find, with this in .env. Raises Missing."""
    return {name: _filled_in(value, given) for name, value in service["environment"].items()}


def _filled_in(value: str, given: Mapping[str, str]) -> str:
    def fill(found: "re.Match[str]") -> str:
        if given.get(found["name"]):
            return given[found["name"]]
        if found["kind"] == "?":
            raise Missing(found["text"])
        return found["text"] or ""

    return _VARIABLE.sub(fill, value)
