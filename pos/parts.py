"""The parts of a running Tableside, as data: name → command line. `manage.py up` runs them all, a container one."""

import sys

from django.conf import settings

Parts = dict[str, tuple[str, ...]]


def parts(*, host: str, port: int, live_port: int) -> Parts:
    """Every part and its command line, for the folder that manage.py is in."""
    python = sys.executable
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    # `make run` as root is meant to work, and says so in the README; a production worker should hear of it.
    calm = () if settings.PRODUCTION else ("-W", "ignore:You're running the worker with superuser privileges")
    return {
        # Threads, because browsers come straight to this port: they open connections ahead of need, and each would
        # hold a sync worker until it times out. Behind a proxy that buffers, sync workers have the better tail.
        "web": (
            python, "-m", "gunicorn", "pos.wsgi:application",
            "--bind", address, "--worker-class", "gthread", "--workers", "2", "--threads", "4",
            "--keep-alive", "15", "--timeout", "60", "--graceful-timeout", "3",
            "--log-level", "warning", "--no-control-socket",
        ),
        "live": (
            python, "-m", "daphne", "--bind", host, "--port", str(live_port),
            "--verbosity", "0", "--no-server-name", "--application-close-timeout", "2", "pos.asgi:application",
        ),
        "worker": (
            python, *calm, "-m", "celery", "--quiet", "--app", "pos", "worker", "--concurrency", "2",
            "--loglevel", "info", "--without-gossip", "--without-mingle", "--without-heartbeat",
        ),
        "beat": (
            python, "-m", "celery", "--quiet", "--app", "pos", "beat", "--loglevel", "info", "--pidfile", "",
        ),
        "dojo": (python, "manage.py", "dojo_connect"),
    }  # fmt: skip
