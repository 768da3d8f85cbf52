"""A whole restaurant under one supervisor, as `make run` starts it, at a Dojo that is a process of its own."""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from pos.embedded import DataFolder
from pos.embedded.process import start_stamp
from tests.live_stack import HOST, free_ports
from tests.sandbox import Sandbox, until

ROOT = Path(settings.BASE_DIR)
PARTS = ("postgres", "redis", "web", "live", "worker", "beat", "dojo")
SLUG = "the-drill"
# Where Dojo believes the restaurant to be; on this desk it is found on the web's port.
PUBLIC = "https://pos.example.com"
EVENTS = ("payment_intent.created", "payment_intent.status_updated")
CAPABILITIES = (
    "RecordOrderPaymentById", "CreateOrderLock", "DeleteOrderLock", "CreateOrder", "CreateReservation",
    "UpdateReservation", "CreateParty", "UpdateParty", "GetOrderById",
)  # fmt: skip
START = 180.0

_OURS = ("DJANGO_", "TABLESIDE_", "DOJO_", "EPOS_", "DATABASE_", "REDIS_", "WEB_", "LIVE_", "SANDBOX_", "PYTEST_")


class Restaurant:
    """``port`` answers Dojo; ``orders`` are open bills that were never paid."""

    def __init__(self, folder: Path, sandbox: Sandbox, settings_module: str) -> None:
        self.data = DataFolder(folder / "var")
        self.sandbox = sandbox
        self.port, self.live_port = free_ports(2)
        self.orders: list[str] = []
        self.log = folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | {
            "DJANGO_SETTINGS_MODULE": settings_module,
            "PORT": str(self.port),
            "LIVE_PORT": str(self.live_port),
            "TABLESIDE_DATA_DIR": str(self.data.path),
            "TABLESIDE_ENV_FILE": os.devnull,
            "TABLESIDE_DEMO": "off",
            "DOJO_API_KEY": sandbox.api_key,
            "DOJO_API_URL": sandbox.url,
            "DOJO_WS_URL": sandbox.ws_url,
        }

    # ---- opening and closing

    def open(self, *, orders: int, total: int, tables: int) -> None:
        """Start everything, seed it, and introduce it to Dojo."""
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        until(lambda: "Tableside is open" in self.said() or self._process.poll() is not None, START)
        assert self._process.poll() is None, self.said()
        address = f"{PUBLIC}/webhooks/dojo/{SLUG}"
        subscribed = self.sandbox.do("POST", "/webhooks", {"url": address, "events": list(EVENTS)})
        (secret,) = subscribed["secrets"]
        asked = {
            "slug": SLUG, "orders": orders, "total": total, "tables": tables,
            "subscription": subscribed["id"], "secret_id": secret["id"], "secret": secret["value"],
        }  # fmt: skip
        seeded = json.loads(self.run("-m", "tests.faults.seeding", json.dumps(asked)).splitlines()[-1])
        self.orders = seeded["orders"]
        self.sandbox.route(PUBLIC, f"http://{HOST}:{self.port}")
        self.sandbox.register(
            "rest", *CAPABILITIES, url=PUBLIC, username=seeded["username"], password=seeded["password"]
        )
        self.sandbox.register("ws", *CAPABILITIES, *(f"HandleEvent:{name}" for name in EVENTS))
        self.wait_until_well(START)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    # ---- how it is

    def pid(self, part: str) -> int | None:
        """The process that the supervisor started last for a part, None while there is none."""
        try:
            pid, stamp = json.loads(self.data.processes_file.read_text())[part]
        except (FileNotFoundError, KeyError):
            return None
        return pid if stamp is not None and start_stamp(pid) == stamp else None

    def is_well(self) -> bool:
        alive = all(self.pid(part) is not None for part in PARTS)
        return alive and _answers(self.port, "/readyz") and _answers(self.live_port, "/healthz") and self._is_on_line()

    def _is_on_line(self) -> bool:
        return bool(self.sandbox.connections())

    def wait_until_well(self, seconds: float) -> None:
        until(self.is_well, seconds)

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, past everything that the restaurant itself would say."""
        url = json.loads(self.data.services_file.read_text())["database_url"]
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def run(self, *arguments: str) -> str:
        """A command beside the running restaurant; what it said on standard output."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _answers(port: int, path: str) -> bool:
    client = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        client.request("GET", path)
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


@contextlib.contextmanager
def a_restaurant(sandbox: Sandbox, settings_module: str = "pos.settings.base") -> Iterator[Restaurant]:
    """A restaurant that is closed and removed at the end; where a test fails, its log is told."""
    # Below /tmp and not pytest's own folder, into which PostgreSQL's account could not get.
    folder = Path(tempfile.mkdtemp(prefix="tableside-faults-"))
    folder.chmod(0o711)
    made = Restaurant(folder, sandbox, settings_module)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def repeated(act: Callable[[], object], every: float) -> Iterator[None]:
    """Something done again and again in the background, for as long as the block lasts."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            act()
            time.sleep(every)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)
