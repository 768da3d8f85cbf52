"""How a request to the sandbox is read and refused, whatever it asks for: key, headers, shape, in this order."""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

from dojo_integration.sandbox.accounts import account_of_key
from dojo_integration.sandbox.models import Account
from dojo_integration.sandbox.shapes import Shape, problems

Json = dict[str, Any]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHY = "https://tools.ietf.org/html/rfc7231#section-6.5.1"
_TITLES = {
    400: "One or more validation errors occurred.",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    504: "Gateway Timeout",
}


class Family(Enum):
    """Parts of the API that differ in what they ask for and how they refuse."""

    PAYMENTS = "payments"
    TERMINALS = "terminals"
    WEBHOOKS = "webhooks"
    EPOS = "epos"


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, status: int, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors or {}

    def body(self, family: Family) -> Json:
        """The refusal as that part of the API words it."""
        told: Json = {
            "errors": {name: list(words) for name, words in self.errors.items()},
            "type": _WHY,
            "title": _TITLES.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
            "traceId": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        }
        if family is Family.WEBHOOKS:
            del told["title"]
        if family is Family.TERMINALS:
            told["code"] = "INTERNAL_ERROR" if self.status >= 500 else "INVALID_REQUEST"
        return told


def not_found(what: str) -> Refusal:
    return Refusal(404, f"There is no such {what}.")


def invalid(where: str, words: str) -> Refusal:
    return Refusal(400, words, {where: [words]})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; header names are in small letters."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is in order: whose it is, what its path names, and what it carries."""

    asked: Asked
    account: Account
    named: Mapping[str, str]
    body: Any = None

    def header(self, name: str) -> str:
        return self.asked.headers.get(name, "")

    def values(self, name: str) -> Sequence[str]:
        return self.asked.query.get(name, ())


@dataclass(frozen=True, slots=True)
class Reply:
    """``body`` None is no body at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of Dojo's API: where it is, what it takes, what it does."""

    method: str
    path: str
    run: Callable[[Request], Any]
    family: Family
    shape: Shape | None = None
    status: int = 200

    def match(self, asked: Asked) -> Mapping[str, str] | None:
        """What the path names; None where it is another one."""
        found = _pattern(self.path).fullmatch(asked.path) if asked.method == self.method else None
        return found.groupdict() if found else None

    def matches_path(self, path: str) -> bool:
        return _pattern(self.path).fullmatch(path) is not None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def perform(operation: Operation, asked: Asked, named: Mapping[str, str]) -> Reply:
    """Do what is asked, or say in the operation's own words why not."""
    try:
        account = _whose(asked)
        _check_headers(operation.family, asked)
        body = read_body(operation.shape, asked) if operation.shape else None
        done = operation.run(Request(asked=asked, account=account, named=named, body=body))
    except Refusal as refusal:
        return Reply(refusal.status, refusal.body(operation.family))
    return Reply(operation.status, done)


def _whose(asked: Asked) -> Account:
    scheme, _, key = asked.headers.get("authorization", "").partition(" ")
    account = account_of_key(key) if scheme == "Basic" else None
    if account is None:
        raise Refusal(401, "The API key is missing or not known. It follows “Basic ” as it is, without base64.")
    return account


def _check_headers(family: Family, asked: Asked) -> None:
    if family is not Family.EPOS:
        version = asked.headers.get("version")
        if version is None:
            raise invalid("version", "The version header is required.")
        if not _is_date(version):
            raise invalid("version", "The version header must be a date such as 2026-02-27.")
    if family is Family.TERMINALS and not asked.headers.get("software-house-id"):
        raise invalid("software-house-id", "The software-house-id header is required.")


def _is_date(value: str) -> bool:
    try:
        return bool(_DATE.fullmatch(value) and date.fromisoformat(value))
    except ValueError:
        return False


def read_body(shape: Shape, asked: Asked) -> Any:
    """The JSON of a request; raises Refusal where it has not the shape that is wanted."""
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "The content type must be application/json.")
    try:
        body = parsed(asked.body)
    except ValueError:
        raise invalid("$", "The body is not valid JSON.") from None
    if wrong := problems(shape, body):
        raise Refusal(400, "The request is not valid.", wrong)
    return body


def parsed(raw: bytes) -> Any:
    """The JSON that stands there; raises ValueError for what is none, or what PostgreSQL could not keep."""
    try:
        found = json.loads(raw, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()
        if "\\u0000" in json.dumps(found):
            raise ValueError("PostgreSQL has no NUL in its text")
    except RecursionError:
        raise ValueError("too deep") from None
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
