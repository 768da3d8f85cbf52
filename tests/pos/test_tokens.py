"""The palette's promise: every pair of fill and text at least 5:1, in light and in dark."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"

STATES = ["free", "reserved", "seated", "service", "paid", "bill", "ready", "paying", "attention"]
PAIRS = [
    *((f"--on-{state}", f"--{state}") for state in STATES),
    *(("--on-" + name, "--" + name) for name in ("brand", "warn", "qr", "allergy")),
    *((text, ground) for text in ("--text", "--text-soft") for ground in ("--bg", "--surface", "--sunken")),
    ("--brand", "--brand-tint"),
    ("--brand", "--surface"),
    ("--bad", "--surface"),
]


def _tokens() -> dict[str, dict[str, str]]:
    light, dark = CSS.read_text().split("@media (prefers-color-scheme: dark)")
    found = [dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_words_can_be_read(scheme: str, text: str, ground: str) -> None:
    tokens = _tokens()[scheme]
    lighter, darker = sorted((_luminance(tokens[text]), _luminance(tokens[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 5
