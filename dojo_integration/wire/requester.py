"""Who stood at the card machine: HTTP headers on one road, ``params.headers`` on the other.

Hints for our log, all of them: never a reason to refuse.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pos.permissions import Requester

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class RequesterHint:
    """One hint, by its name on either road, and where its text goes in pos.permissions.Requester."""

    header: str
    param: str
    attribute: str
    length: int
    meaning: str
    example: str


REQUESTER_HINTS = (
    RequesterHint("waiter-id", "waiterId", "waiter_id", 60, "What the waiter typed on the card machine.", "42"),
    RequesterHint(
        "dojo-requesting-product",
        "dojoRequestingProduct",
        "product",
        60,
        "Which of Dojo's products is asking.",
        "Order&Pay",
    ),
    RequesterHint("device-id", "deviceId", "device_id", 120, "The card machine, or another device.", "tm_0123"),
    RequesterHint("device-type", "deviceType", "device_type", 120, "What kind of device it is.", "Dojo Terminal"),
)


def read_requester(said: Callable[[RequesterHint], object]) -> Requester:
    """Take what a road has to say about each hint."""
    return Requester(**{hint.attribute: _text(said(hint), hint.length) for hint in REQUESTER_HINTS})


def _text(raw: object, length: int) -> str:
    text = str(raw) if isinstance(raw, str) or type(raw) is int else ""
    return _CONTROL.sub("", text).strip()[:length]
