"""A Content-Security-Policy as it is meant: directives have no order, and its text has one by chance."""

from collections.abc import Mapping


def directives(headers: Mapping[str, str]) -> dict[str, str]:
    """What each directive allows; none where there is no policy."""
    policy = headers.get("Content-Security-Policy", "")
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";") if part.strip())
