"""`make bench-scale`: does SearchOrders cost more when there are a million orders?

The environment says how many: BENCH_SCALE_SMALL, BENCH_SCALE_LARGE; BENCH_SCALE_CALLS of each kind of page and
BENCH_SCALE_KINDS of visits that are told. Exit code 1 when the goal is not met.
"""

import os
import sys

from benchmarks.run import manage, services
from pos.embedded import EmbeddedError

_SIZES = {"small": "10000", "large": "1000000", "calls": "300", "kinds": "12"}


def main() -> int:
    wanted = {name: os.environ.get(f"BENCH_SCALE_{name.upper()}", default) for name, default in _SIZES.items()}
    with services():
        return manage("measure_scale", *(word for name, value in wanted.items() for word in (f"--{name}", value)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EmbeddedError, RuntimeError) as error:
        sys.exit(f"{error}")
