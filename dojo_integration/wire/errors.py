"""An EPOSError for whatever went wrong: the one mapping, for both roads."""

from dataclasses import dataclass
from typing import Any

import orjson

from pos.errors import ApprovalRequired, Busy, Conflict, InvalidRequest, NotFound, NotPermitted, PosError

NOT_FOUND = "NotFound"
UNEXPECTED = "UnexpectedError"
INVALID_REQUEST = "InvalidRequest"
CONFLICT = "Conflict"

# Most special first. What Dojo must read as "this failed, nothing happened, try again" is never NotFound or Conflict.
_MEANINGS: tuple[tuple[type[PosError], int, str], ...] = (
    (NotFound, 404, NOT_FOUND),
    (InvalidRequest, 400, INVALID_REQUEST),
    (Conflict, 409, CONFLICT),
    (ApprovalRequired, 409, CONFLICT),
    (NotPermitted, 409, CONFLICT),
    (Busy, 503, UNEXPECTED),
)


@dataclass(frozen=True, slots=True)
class EposError:
    """What Dojo is told: a status for REST, a type for both roads, and words for the log of whoever asked."""

    status: int
    error_type: str
    message: str

    def body(self, trace_id: str) -> dict[str, Any]:
        return {"errorType": self.error_type, "debugMessage": self.message, "traceId": trace_id}

    def as_json(self, trace_id: str) -> bytes:
        return orjson.dumps(self.body(trace_id))


def epos_error(error: BaseException) -> EposError:
    """Say in Dojo's words what went wrong; of anything unexpected only that it was."""
    for kind, status, error_type in _MEANINGS:
        if isinstance(error, kind):
            return EposError(status, error_type, _words(error))
    return EposError(500, UNEXPECTED, "Something went wrong here; it is logged under this trace id.")


def _words(error: PosError) -> str:
    field = getattr(error, "field", "")
    return f"{field}: {error.message}" if field else error.message
