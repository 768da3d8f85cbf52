"""Who stood at the card machine: HTTP headers on one road, ``params.headers`` on the other."""

import re

from pos.permissions import Requester

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_requester(*, waiter_id: object, product: object, device_id: object, device_type: object) -> Requester:
    """Take what is said of the requester. Hints, all of them: never a reason to refuse."""
    return Requester(
        waiter_id=_hint(waiter_id, 60),
        product=_hint(product, 60),
        device_id=_hint(device_id, 120),
        device_type=_hint(device_type, 120),
    )


def _hint(raw: object, length: int) -> str:
    text = str(raw) if isinstance(raw, str) or type(raw) is int else ""
    return _CONTROL.sub("", text).strip()[:length]
