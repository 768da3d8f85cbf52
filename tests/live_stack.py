"""Web and live as real processes on a test's own database: what `make run` starts, minus the supervisor."""

import contextlib
import http.client
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from pos.embedded import DataFolder, Program, Services
from pos.parts import parts
from tests.throw_away import running

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class LiveStack:
    """``base_url`` without a slash at its end; ``log`` is what the processes wrote."""

    base_url: str
    folder: DataFolder

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.path.glob("*.log")))


@contextlib.contextmanager
def live_stack(folder: DataFolder) -> Iterator[LiveStack]:
    """A data folder that looks served, so that the processes run on exactly the settings of `make run`."""
    folder.make(traversable=False)
    port, live_port = free_ports(2)
    database = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    url = f"postgres://{database['USER']}@/{name}?host={database['HOST']}&port={database['PORT']}"
    environment = {
        "PORT": str(port),
        "LIVE_PORT": str(live_port),
        "TABLESIDE_DATA_DIR": str(folder.path),
        "TABLESIDE_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "pos.settings.base",
    }
    # A session that a test makes in its own process is then one that the web process knows.
    folder.secret_key_file.write_text(settings.SECRET_KEY)
    commands = parts(host=HOST, port=port, live_port=live_port)
    paths = {"web": (port, "/readyz"), "live": (live_port, "/healthz")}
    with contextlib.ExitStack() as stack:
        stack.enter_context(folder.served())
        folder.announce(Services(database_url=url, redis_url=settings.REDIS))
        for part, (part_port, path) in paths.items():
            program = Program(
                name=part,
                argv=commands[part],
                more_env=environment,
                cwd=Path(settings.BASE_DIR),
                is_ready=lambda part_port=part_port, path=path: _answers(part_port, path),
            )
            stack.enter_context(running(folder, program))
        yield LiveStack(f"http://{HOST}:{port}", folder)


def _answers(port: int, path: str) -> bool:
    client = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        client.request("GET", path)
        return client.getresponse().status == 200
    except OSError:
        time.sleep(0.1)
        return False
    finally:
        client.close()


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
