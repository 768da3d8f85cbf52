"""What goes wrong at Dojo's end, as its client tells it."""

from dojo_integration.dojo_api.errors import DojoError, Unavailable


def failing(kind: type[DojoError], *, status: int | None = None, retry_after: float | None = None) -> DojoError:
    if issubclass(kind, Unavailable):
        return kind("POST", "/epos/events", status, retry_after=retry_after)
    return kind("POST", "/epos/events", status)
