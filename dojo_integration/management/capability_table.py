"""What we implement beside what is registered with Dojo, as a table for a terminal."""

from dojo_integration.registration import Seen, compare

HEADING = ("capability", "implemented", "REST", "WebSocket", "note")


def capability_table(seen: Seen) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Its heading and its rows."""
    rows: list[tuple[str, ...]] = [
        (row.name, _yes(row.is_implemented), _yes(row.rest), _yes(row.ws), row.note) for row in compare(seen)
    ]
    return HEADING, rows


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "-"
