"""The parts of a running Tableside, as data: name → command line. `manage.py up` runs them all, `part` one of them."""

import sys

from django.conf import settings

from pos import addresses

Parts = dict[str, tuple[str, ...]]


def parts(*, host: str, port: int, live_port: int) -> Parts:
    """Every part and its command line, for the folder that manage.py is in."""
    python = sys.executable
    # `make run` as root is meant to work, and says so in the README; a production worker should hear of it.
    calm = () if settings.PRODUCTION else ("-W", "ignore:You're running the worker with superuser privileges")
    return {
        "web": (
            python, "-m", "gunicorn", "pos.wsgi:application",
            "--bind", addresses.joined(host, port), *_web_workers(), "--timeout", "60", "--graceful-timeout", "3",
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


def configured_parts() -> Parts:
    """The parts where the environment wants them to listen; without a key of Dojo's, the sandbox among them."""
    sandbox: Parts = {"sandbox": (sys.executable, "manage.py", "sandbox")} if settings.SANDBOX else {}
    return parts(host=settings.HOST, port=settings.PORT, live_port=settings.LIVE_PORT) | sandbox


def _web_workers() -> tuple[str, ...]:
    workers = ("--workers", str(settings.WEB_WORKERS))
    if settings.PRODUCTION:
        # Behind a proxy that hands over whole requests and takes whole answers, one at a time has the best tail.
        return ("--worker-class", "sync", *workers)
    # Threads, because browsers come straight to this port: they open connections ahead of need, and each would
    # hold a sync worker until it times out.
    return ("--worker-class", "gthread", *workers, "--threads", "4", "--keep-alive", "15")
