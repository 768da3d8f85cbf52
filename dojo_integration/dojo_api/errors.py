"""What can become of a call to Dojo's API, in types.

DojoError
├── Unreachable     no usable answer: try again later; whether a write was done is unknown once it was sent
├── Unavailable     429, 5xx (and 408, 425): try again later, not before ``retry_after`` seconds
├── Unauthorized    401, 403: a manager must look at the key
├── NotFound        404
└── Refused         every other 4xx: for good; ``problems`` says what is wrong where

None of them repeats what a body said in its own words: they end up in logs and on screens.
"""

from collections.abc import Mapping
from typing import ClassVar


class DojoError(Exception):
    """A call that did not bring what it was made for; ``path`` is the template, without ids."""

    sentence: ClassVar[str] = "Dojo could not do {what}"

    def __init__(self, method: str, path: str, status: int | None = None, trace_id: str = "") -> None:
        super().__init__(method, path, status, trace_id)
        self.method = method
        self.path = path
        self.status = status
        self.trace_id = trace_id

    def __str__(self) -> str:
        words = self.sentence.format(what=f"{self.method} {self.path}")
        known = [f"status {self.status}"] if self.status is not None else []
        known += [f"trace {self.trace_id}"] if self.trace_id else []
        return f"{words} ({', '.join(known)})." if known else f"{words}."


class Unreachable(DojoError):
    """No usable answer came: no connection, no time left, a redirect, or not what Dojo's contract promises.

    ``was_sent`` is False when not a byte of the request left, so that nothing can have happened.
    """

    sentence = "Dojo gave no usable answer to {what}"

    def __init__(
        self, method: str, path: str, status: int | None = None, trace_id: str = "", *, was_sent: bool = True
    ) -> None:
        super().__init__(method, path, status, trace_id)
        self.was_sent = was_sent


class Unavailable(DojoError):
    """Dojo is busy or broken. After a 5xx a write may have been done all the same."""

    sentence = "Dojo is not available for {what}"

    def __init__(
        self, method: str, path: str, status: int | None = None, trace_id: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(method, path, status, trace_id)
        self.retry_after = retry_after


class Unauthorized(DojoError):
    sentence = "Dojo does not accept this venue's key for {what}"


class NotFound(DojoError):
    sentence = "Dojo knows nothing of that for {what}"


class Refused(DojoError):
    """Dojo will never do this as it was asked."""

    sentence = "Dojo refused {what}"

    def __init__(
        self,
        method: str,
        path: str,
        status: int | None = None,
        trace_id: str = "",
        *,
        problems: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(method, path, status, trace_id)
        self.problems: Mapping[str, tuple[str, ...]] = problems or {}
