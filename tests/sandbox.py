"""Dojo's sandbox as a real process on the test's database, and a handle for what a test wants of it.

It starts once per test run; each test that asks for it finds it empty. There is no second imitation of Dojo.
"""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
from django.conf import settings

from pos.embedded import DataFolder
from tests.dojo_processes import dojo_processes
from tests.live_stack import HOST, free_ports

Json = dict[str, Any]

VERSION = "2026-02-27"
START_DEADLINE = 60.0


class Refused(AssertionError):
    """The sandbox said no where a test expected yes."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class EventReceived:
    """What the POS has told Dojo."""

    event_type: str
    entity_id: str


class Sandbox:
    """A running sandbox. ``url`` and ``ws_url`` go into DOJO_API_URL and DOJO_WS_URL, ``api_key`` into DOJO_API_KEY."""

    def __init__(self, environment: dict[str, str], port: int, log: Path, api_key: str) -> None:
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self.ws_url = f"ws://{HOST}:{port}/epos"
        self.api_key = api_key
        self.account = ""
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    # ---- the process

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "sandbox"],
                cwd=settings.BASE_DIR, env=self._environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_DEADLINE
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        assert self._process
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(10)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text()

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/", raw=True).status == 200
        except OSError:
            return False

    # ---- Dojo's API

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        raw: bool = False,
        **headers: str | None,
    ) -> Answer:
        """One request as a well-behaved client sends it; a header given as None is left out."""
        given: dict[str, str | None] = {
            "authorization": f"Basic {self.api_key if key is None else key}",
            "version": VERSION,
            "software-house-id": "softwareHouse1",
            "content-type": None if body is None else "application/json",
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value is not None}
        payload = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, payload, sent)
            response = connection.getresponse()
            text = response.read()
            found = text if raw else json.loads(text) if text else None
            return Answer(response.status, found, {name.lower(): value for name, value in response.getheaders()})
        finally:
            connection.close()

    def do(self, method: str, path: str, body: Any = None, **headers: str | None) -> Any:
        """The body of a request that has to go well."""
        answer = self.call(method, path, body, **headers)
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def make_intent(self, amount: int = 1000, *, order_id: str | None = None, **fields: Any) -> Json:
        """A payment intent, made through the API as the POS would; ``fields`` are the API's."""
        asked = {"amount": gbp(amount), "reference": "Order 1", **fields}
        if order_id is not None:
            asked["orderDetails"] = {"externalId": order_id}
        return self.do("POST", "/payment-intents", asked)

    def intent(self, intent_id: str) -> Json:
        """As it is now, canceled or not."""
        return self.do("GET", f"/payment-intents/{intent_id}?returnCanceled=true")

    def intent_made(self, status: str, amount: int = 1000, **fields: Any) -> Json:
        """A payment intent that has come as far as that status."""
        mode = "Manual" if status == "Authorized" else "Auto"
        made = self.make_intent(amount, captureMode=mode, **fields)
        if status == "Canceled":
            self.do("DELETE", f"/payment-intents/{made['id']}")
        elif status != "Created":
            self.capture(made["id"])
        if status == "Reversed":
            self.reverse(made["id"])
        elif status == "Refunded":
            self.refund(made["id"], made["totalAmount"]["value"])
        return self.intent(made["id"])

    def register(self, road: str, *capabilities: str, url: str = "", username: str = "", password: str = "") -> Any:
        body: Json = {"capabilities": [{"name": name, "version": "v1"} for name in capabilities]}
        if road == "rest":
            basic = {"username": username, "password": password}
            body |= {"url": url, "auth": {"authType": "basic", "basic": basic}}
        return self.do("PUT", f"/epos/integrations/{road}", body)

    # ---- the controls

    def control(self, what: str, **body: Any) -> Any:
        return self.do("POST", f"/_control/{what}", body)

    def shown(self, what: str) -> Any:
        return self.do("GET", f"/_control/{what}")

    def reset(self) -> Self:
        self.account = self.control("reset")["accountId"]
        return self

    def open_account(self, key: str) -> str:
        """Know another key, and say whose it is."""
        return str(self.control("accounts", apiKey=key)["accountId"])

    def route(self, beginning: str, to: str) -> None:
        """As in a hosts file: addresses that begin so are found there."""
        self.do("POST", "/_control/routes", {beginning: to})

    def fault(self, on: str, kind: str, **options: Any) -> None:
        """Misbehave where ``on`` fits (see dojo_integration/sandbox/faults.py), ``count`` times or from now on."""
        self.control("faults", on=on, kind=kind, **options)

    def received_events(self) -> list[EventReceived]:
        return [EventReceived(row["eventType"], row["entityId"]) for row in self.shown("events")]

    def calls(self, road: str | None = None, name: str | None = None) -> list[Json]:
        """What went over the wires, oldest first: ``api`` is towards Dojo, ``rest``, ``ws`` and ``webhook`` from it."""
        found = self.shown("calls")
        return [row for row in found if road in (None, row["road"]) and name in (None, row["name"])]

    def deliveries(self) -> list[Json]:
        return list(self.shown("deliveries"))

    def connections(self) -> list[Json]:
        """Who is connected to the gateway."""
        return list(self.shown("gateway"))

    def hang_up(self, code: int = 1001) -> None:
        self.control("gateway", do="close", code=code)

    def cut(self) -> None:
        """Drop the gateway's connections without a word."""
        self.control("gateway", do="cut")

    # ---- people with cards, and Dojo's own systems

    def capture(self, intent_id: str) -> Json:
        """Present a card: the intent is then Captured, or Authorized where it is to be captured later."""
        return dict(self.control("pay", paymentIntentId=intent_id))

    def reverse(self, intent_id: str) -> Json:
        return dict(self.control("reverse", paymentIntentId=intent_id))

    def refund(self, intent_id: str, amount: int) -> Json:
        return dict(self.control("refund", paymentIntentId=intent_id, amount=amount))

    def take_payment(self, order_id: str, amount: int, **options: Any) -> Json:
        """A card payment from end to end: ``paymentIntent``, ``outcome`` and the POS's ``answer``."""
        return dict(self.control("payments", orderId=order_id, amount=amount, **options))

    def ask_pos(self, capability: str, params: Json | None = None, *, road: str = "ws", **options: Any) -> Any:
        """The POS's answer to one capability; fails where it is an error."""
        answer = self.ask(capability, params, road=road, **options)
        if not answer["isOk"]:
            raise Refused(f"{capability} over {road}: {answer['body']}")
        return answer["body"]

    def ask(self, capability: str, params: Json | None = None, *, road: str = "ws", **options: Any) -> Json:
        """The same with ``isOk``, ``body`` and ``status``, whatever the answer is."""
        return dict(self.control("ask", capability=capability, params=params or {}, road=road, **options))

    def deliver(self, intent_id: str, *, road: str, **options: Any) -> Json:
        """Take an event of that intent to the POS at once; ``options`` alter it: event, id, status, times."""
        return dict(self.control("deliver", paymentIntentId=intent_id, road=road, **options))


def gbp(value: int) -> Json:
    return {"value": value, "currencyCode": "GBP"}


def until(happened: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait for something to be true, and hand it over."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def a_sandbox(folder: Path) -> Iterator[Sandbox]:
    """A sandbox process with a data folder of its own."""
    (port,) = free_ports(1)
    with dojo_processes(folder, SANDBOX_PORT=str(port), SANDBOX_HOST=HOST) as processes:
        made = Sandbox(processes.environment, port, folder / "sandbox.log", DataFolder(folder).make_sandbox_key())
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def sandbox_process(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    with django_db_blocker.unblock(), a_sandbox(tmp_path_factory.mktemp("sandbox") / "var") as made:
        yield made


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """Dojo on this machine, as empty as on the first day."""
    if not sandbox_process.is_alive:
        sandbox_process.start()
    yield sandbox_process.reset()
    if sandbox_process.is_alive:
        # Nothing of this test is under way any more when its tables are emptied.
        sandbox_process.reset()
