"""What may be shown of what is said between Dojo and us: ids, amounts and statuses; nobody's name, card or secret."""

import re
from typing import Any

HIDDEN = "…"
MOST_DEEP = 12
MOST_ITEMS = 50
LONGEST_TEXT = 300

# Keys as they are compared: small letters only. Whatever hangs below one of the first is hidden as a whole.
_HIDDEN_KEYS = frozenset(
    {
        "authorization", "card", "cardnumber", "cvv", "cv2", "pan", "last4pan", "lastfour", "expirydate", "authcode",
        "note", "notes", "hostnotes", "guestrequests", "description", "refundreason", "dateofbirth", "ipaddress",
        "receipt", "customerreceipt", "merchantreceipt", "paymentlink", "useragent", "apikey", "key",
    }
)  # fmt: skip
_HIDDEN_PARTS = ("name", "phone", "email", "address", "secret", "password", "token", "signature", "authorization")
# The names of these are no people's.
_THINGS = frozenset(
    {
        "capabilities", "items", "itemlines", "subitems", "modifiers", "taxlines", "discounts", "params", "steps",
    }
)  # fmt: skip
# A webhook's: their ids may be seen.
_SECRETS = "secrets"

_HIDDEN_WORDS = re.compile(
    r"""
      \bsk_(?:sandbox|prod)_[\w=-]+          # a key of Dojo's
    | (?i:\b(?:basic|bearer)\s+[\w=+/.~-]+)  # a header's value
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+           # an address for mail
    | (?<![\w-])\d(?:[ -]?\d){11,18}(?![\w-])  # as long as a card's number
    """,
    re.VERBOSE,
)


def redacted(body: Any) -> Any:
    """Any JSON, with what is nobody's business taken out; never raises, never larger than can be shown."""
    return _redacted(body, below="", depth=0)


def redacted_text(words: str) -> str:
    return _HIDDEN_WORDS.sub(HIDDEN, words[:LONGEST_TEXT])


def _redacted(value: Any, *, below: str, depth: int) -> Any:
    if isinstance(value, dict):
        if depth >= MOST_DEEP:
            return HIDDEN
        shown = list(value.items())[:MOST_ITEMS]
        return {redacted_text(str(key)): _entry(str(key), one, below=below, depth=depth) for key, one in shown}
    if isinstance(value, list | tuple):
        if depth >= MOST_DEEP:
            return HIDDEN
        return [_redacted(one, below=below, depth=depth + 1) for one in value[:MOST_ITEMS]]
    if below == _SECRETS and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return redacted_text(value)
    return value if value is None or isinstance(value, bool | int | float) else HIDDEN


def _entry(key: str, value: Any, *, below: str, depth: int) -> Any:
    plain = re.sub(r"[^a-z0-9]", "", key.lower())
    if _is_hidden(plain, below, value):
        return HIDDEN
    return _redacted(value, below=plain, depth=depth + 1)


def _is_hidden(key: str, below: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    if key in _HIDDEN_KEYS:
        return True
    if below == _SECRETS:
        return key == "value"
    if key == _SECRETS or (key == "name" and below in _THINGS):
        return False
    return any(part in key for part in _HIDDEN_PARTS)
