"""Secrets at rest: encrypted in the database, and shown to nobody once they are there.

The key comes from SECRET_KEY; what was sealed with an older one opens as long as that stands in
SECRET_KEY_FALLBACKS, and is sealed with the new one when it is next saved.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

_PURPOSE = b"tableside.sealed:"
SHOWN = 4
# Of a short secret the last letters would be too much of it.
SHORTEST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret that is not looked at by printing, logging or comparing it."""

    token: str = ""

    @classmethod
    def of(cls, plain: str) -> "Sealed":
        """Seal a secret; nothing stays nothing."""
        return cls(_box().encrypt(plain.encode()).decode()) if plain else cls()

    def __bool__(self) -> bool:
        return bool(self.token)

    def __str__(self) -> str:
        return "set" if self.token else "not set"

    def __repr__(self) -> str:
        return f"<Sealed: {self}>"

    def reveal(self) -> str:
        """The secret itself, for the moment it is used. Raises ValueError where no key of ours opens it."""
        if not self.token:
            return ""
        try:
            return _box().decrypt(self.token.encode()).decode()
        except InvalidToken:
            raise ValueError("sealed with a key that is not among SECRET_KEY and SECRET_KEY_FALLBACKS") from None

    @property
    def hint(self) -> str:
        """What a manager may see: “Set, ends in …1234”."""
        if not self.token:
            return "Not set"
        try:
            plain = self.reveal()
        except ValueError:
            return "Set, but it cannot be read any more: the server's secret key has changed. Enter it again"
        return f"Set, ends in …{plain[-SHOWN:]}" if len(plain) >= SHORTEST_SHOWN else "Set"


if TYPE_CHECKING:
    _Text = models.TextField[Sealed, Sealed]
else:
    _Text = models.TextField


class SealedField(_Text):
    """A column whose value in Python is a Sealed; nothing that reads the row shows the secret by accident."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["blank"], kwargs["default"], kwargs["editable"] = True, Sealed, False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for option in ("blank", "default", "editable"):
            kwargs.pop(option, None)
        return name, path, args, kwargs

    def from_db_value(self, value: str | None, *_: Any) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        return value if isinstance(value, Sealed) else Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        # A plain text here is a mistake that would stay readable for ever.
        if not isinstance(value, Sealed):
            raise TypeError("seal it first: Sealed.of(…)")
        return value.token


def _box() -> MultiFernet:
    return _boxes((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _boxes(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + key.encode()).digest())) for key in keys]
    )
