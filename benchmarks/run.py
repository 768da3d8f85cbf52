"""`make bench`: PostgreSQL, Redis and the web server of `make run`, in a folder of their own, and what they can do.

The environment says how much: BENCH_ORDERS, BENCH_SECONDS (of each phase), BENCH_ROUNDS, BENCH_KINDS (of visits that
are told), BENCH_EVENTS (that wait for Dojo) and BENCH_PORT (0: any that is free). Nothing of an existing venue is
touched.
"""

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.telling import tell
from pos.embedded import DataFolder, EmbeddedError, Program
from pos.embedded.redis import APPEND_ONLY
from pos.parts import parts
from tests.throw_away import running, throw_away_services

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# A disk: where /tmp is memory, a commit would cost nothing.
_FOLDERS = Path("/var/tmp")
# What a venue on this machine may have set: none of it is the benchmark's.
_OTHERS = ("DATABASE_", "REDIS_", "DJANGO_", "DOJO_", "EPOS_", "LIVE_", "TABLESIDE_DATA", "HOST", "PORT")
_SIZES = {"orders": "100000", "seconds": "4", "rounds": "7", "kinds": "24", "events": "5000"}


@contextlib.contextmanager
def services() -> Iterator[DataFolder]:
    """A database and a Redis as `make run` has them, with nothing in them; every command of ours finds them."""
    folder = DataFolder(_FOLDERS / f"tableside-bench-{os.getpid()}-{secrets.token_hex(4)}")
    with (
        throw_away_services(folder, postgres_settings=(), redis_settings=APPEND_ONLY) as installed,
        folder.served(),
    ):
        folder.make_secret_key()
        folder.announce(installed.services)
        for name in [name for name in os.environ if name.startswith(_OTHERS)]:
            del os.environ[name]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "TABLESIDE_DATA_DIR": str(folder.path),
            "TABLESIDE_ENV_FILE": os.devnull,
        }
        tell("PostgreSQL and Redis run.")
        if manage("migrate", "--verbosity", "0") != 0:
            raise RuntimeError("The database could not be migrated.")
        tell("The database is migrated.")
        yield folder


@contextlib.contextmanager
def web_server(folder: DataFolder, port: int) -> Iterator[None]:
    """The web part as `make run` starts it."""
    program = Program(
        name="web",
        argv=parts(host=HOST, port=port, live_port=port + 1)["web"],
        cwd=ROOT,
        is_ready=lambda: _answers(port),
    )
    with running(folder, program):
        tell("The web server answers.")
        yield


def manage(*arguments: str) -> int:
    """Run a command of manage.py on these services; its exit code."""
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=False).returncode


def _answers(port: int) -> bool:
    client = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        client.request("GET", "/readyz")
        return client.getresponse().status == 200
    except OSError:
        time.sleep(0.1)
        return False
    finally:
        client.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def main() -> int:
    wanted = {name: os.environ.get(f"BENCH_{name.upper()}", default) for name, default in _SIZES.items()}
    port = int(os.environ.get("BENCH_PORT", "0")) or _free_port()
    size = [word for name, value in wanted.items() for word in (f"--{name}", value)]
    with services() as folder, web_server(folder, port):
        return manage("measure", "--host", HOST, "--port", str(port), *size)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EmbeddedError, RuntimeError) as error:
        sys.exit(f"{error}")
