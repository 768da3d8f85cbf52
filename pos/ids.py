"""Public ids: TypeIDs such as ``order_01k…``, sortable by time, unguessable, never reused."""

import re
import secrets
from datetime import datetime

from django.db import models
from django.utils import timezone

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SUFFIX = re.compile(r"^[0-7][0-9a-hjkmnp-tv-z]{25}$")

ORDER = "order"
LINE = "line"
PARTY = "party"
RESERVATION = "rsv"


def new_id(prefix: str, at: datetime | None = None) -> str:
    """Make an id whose text sorts by ``at`` (now, unless history is being written)."""
    milliseconds = int((at or timezone.now()).timestamp() * 1000)
    # The layout of UUIDv7: 48 bits of time, version, randomness, variant, randomness.
    number = (milliseconds & ((1 << 48) - 1)) << 80
    number |= 0x7 << 76
    number |= secrets.randbits(12) << 64
    number |= 0b10 << 62
    number |= secrets.randbits(62)
    digits = []
    for _ in range(26):
        digits.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(digits))}"


def is_id(prefix: str, text: str) -> bool:
    """Say whether ``text`` has the form of an id of this kind; tills make line ids themselves."""
    head, _, suffix = text.rpartition("_")
    return head == prefix and _SUFFIX.match(suffix) is not None


class TypeIdField(models.CharField):
    """A TypeID as primary key; compared byte by byte, so that SQL and Python sort alike."""

    def __init__(self, prefix: str = "", **kwargs: object) -> None:
        self.prefix = prefix
        kwargs["max_length"] = 40
        kwargs["db_collation"] = "C"
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def deconstruct(self):  # type: ignore[no-untyped-def]
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        kwargs.pop("db_collation", None)
        kwargs["prefix"] = self.prefix
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = getattr(model_instance, self.attname)
        if not value and add:
            value = new_id(self.prefix)
            setattr(model_instance, self.attname, value)
        return value
