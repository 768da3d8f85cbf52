"""Progress, on the side: the figures have the output for themselves."""

import os
import sys
import time
from collections.abc import Callable

Tell = Callable[[str], object]

# The processes of one run count from one moment.
_started = float(os.environ.setdefault("TABLESIDE_BENCH_STARTED", str(time.monotonic())))


def tell(words: str) -> None:
    print(f"[{time.monotonic() - _started:5.0f} s] {words}", file=sys.stderr, flush=True)
