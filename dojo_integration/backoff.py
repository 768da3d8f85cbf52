"""How long to leave Dojo alone after asking it in vain."""

import random
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=30)
# Dojo may ask for hours. Where money is open, one question more an hour costs less than not knowing.
LONGEST_ASKED_FOR = timedelta(hours=1)


def wait_after(attempts: int, asked_for: float | None = None) -> timedelta:
    """The pause after so many attempts in a row: longer each time, and never the same for all who failed together.

    ``asked_for`` is what Dojo asks for, in seconds.
    """
    doubled = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    wait = doubled * random.uniform(0.5, 1)
    if asked_for is None:
        return wait
    return max(wait, min(timedelta(seconds=asked_for), LONGEST_ASKED_FOR))
