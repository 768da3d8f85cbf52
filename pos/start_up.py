"""`make run`: from nothing to an open restaurant, and in an orderly way back."""

import errno
import http.client
import itertools
import os
import signal
import socket
import sys
import time
from pathlib import Path

from django.conf import settings

from pos import addresses
from pos.combined_log import CombinedLog
from pos.embedded import DataFolder, EmbeddedError, Installation, Program, install
from pos.embedded.process import signal_group, signal_process
from pos.parts import configured_parts
from pos.supervisor import OURSELVES, StopAsked, Supervisor

SERVICES_DEADLINE = 120.0
PARTS_DEADLINE = 60.0

# How long each may take to end by itself: under 10 s in all.
PARTS_PATIENCE = 4.0
REDIS_PATIENCE = 1.5
POSTGRES_PATIENCE = 3.5
LEFTOVERS_PATIENCE = 8.0


def start_up() -> None:
    """Run everything until Ctrl-C or SIGTERM. Raises EmbeddedError when it cannot start."""
    folder: DataFolder = settings.DATA_FOLDER
    log = CombinedLog(sys.stdout.buffer)
    folder.make(traversable=os.geteuid() == 0)
    with folder.served():
        supervisor = Supervisor(log, on_change=folder.record_processes)
        supervisor.listen_to_signals()
        _end_leftovers(folder, log)
        _check_ports()
        folder.make_secret_key()
        if settings.SANDBOX:
            folder.make_sandbox_key()
        try:
            _start(folder, supervisor)
            supervisor.run()
        except StopAsked:
            pass
        finally:
            log.say(OURSELVES, "stopping")
            supervisor.stop(
                (
                    (list(configured_parts()), PARTS_PATIENCE),
                    (["redis"], REDIS_PATIENCE),
                    (["postgres"], POSTGRES_PATIENCE),
                )
            )
            folder.record_processes({})


def _start(folder: DataFolder, supervisor: Supervisor) -> None:
    installed = install(folder, with_postgres=not settings.DATABASE_URL, with_redis=not settings.REDIS_URL)
    installed.keep_from_cleaners()
    _start_services(folder, supervisor, installed)
    here = Path(settings.BASE_DIR)
    prepare = Program(name="prepare", argv=(sys.executable, "manage.py", "prepare"), more_env=folder.mark, cwd=here)
    logins = supervisor.run_to_end(prepare).decode().strip()
    for name, argv in configured_parts().items():
        supervisor.start(Program(name=name, argv=argv, more_env=folder.mark, cwd=here))
    _wait_for_the_door(supervisor)
    supervisor.log.plain(_welcome(logins))


def _start_services(folder: DataFolder, supervisor: Supervisor, installed: Installation) -> None:
    for service in (installed.postgres, installed.redis):
        if service:
            supervisor.start(service.program())
    names = [service.program().name for service in (installed.postgres, installed.redis) if service]
    supervisor.wait_until_ready(names, seconds=SERVICES_DEADLINE)
    if installed.postgres:
        installed.postgres.create_database()
    folder.announce(installed.services)


def _end_leftovers(folder: DataFolder, log: CombinedLog) -> None:
    """End what a supervisor that was killed has left running."""
    leftovers = folder.leftovers()
    for pid in leftovers.values():
        # The one signal that each of them takes for: finish quickly, and cleanly.
        signal_process(pid, signal.SIGINT)
    if leftovers:
        log.say(OURSELVES, f"ending what an earlier run has left: {', '.join(leftovers)}")
    deadline = time.monotonic() + LEFTOVERS_PATIENCE
    while leftovers := folder.leftovers():
        if time.monotonic() > deadline:
            for pid in leftovers.values():
                signal_group(pid, signal.SIGKILL)
                signal_process(pid, signal.SIGKILL)
        time.sleep(0.05)


def _check_ports() -> None:
    """Say by name which port is taken, before anything is started. Raises EmbeddedError."""
    wanted = {"PORT": settings.HOST, "LIVE_PORT": settings.HOST}
    if settings.SANDBOX:
        wanted["SANDBOX_PORT"] = settings.SANDBOX_HOST
    for one, other in itertools.combinations(wanted, 2):
        if getattr(settings, one) == getattr(settings, other):
            raise EmbeddedError(f"{one} and {other} are both {getattr(settings, one)}: set one of them to another")
    for name, host in wanted.items():
        port = getattr(settings, name)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                taken = error.errno == errno.EADDRINUSE
                why = f"is taken: set {name} to another" if taken else f"cannot be used: {error.strerror}"
                raise EmbeddedError(f"{name} {port} on {host} {why}") from None


def _wait_for_the_door(supervisor: Supervisor) -> None:
    deadline = time.monotonic() + PARTS_DEADLINE
    while not (_web_is_ready() and _live_is_ready() and _sandbox_is_ready()):
        if time.monotonic() > deadline:
            return supervisor.log.say(OURSELVES, "not every part answers yet; the lines above may say why")
        supervisor.turn(0.1)
    return None


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(addresses.local(host), port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _web_is_ready() -> bool:
    return _answers(settings.HOST, settings.PORT, "/readyz")


def _live_is_ready() -> bool:
    return _answers(settings.HOST, settings.LIVE_PORT, "/healthz")


def _sandbox_is_ready() -> bool:
    return not settings.SANDBOX or _answers(settings.SANDBOX_HOST, settings.SANDBOX_PORT, "/")


def _welcome(logins: str) -> str:
    address = addresses.joined(addresses.local(settings.HOST), settings.PORT)
    lines = ["", f"  Tableside is open: http://{address}/"]
    if settings.SANDBOX:
        lines.append(f"  Dojo is played by the sandbox: http://{settings.SANDBOX_ADDRESS}/")
    if logins:
        lines += ["", *(f"  {line}" for line in logins.splitlines())]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])
