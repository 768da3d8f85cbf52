"""Logs: short lines for a person beside `make run`, JSON lines in production; credentials in neither."""

import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Compared with the name's letters alone, so that HTTP_AUTHORIZATION and api-key are found too.
_SECRETS = ("authorization", "password", "cookie", "secret", "apikey", "token")


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank what must never stand in a log, whoever put it there."""
    for name in event:
        letters = "".join(filter(str.isalpha, name.lower()))
        if letters == "pin" or any(secret in letters for secret in _SECRETS):
            event[name] = "…"
    return event


# What every line goes through, whether it began in structlog or in the standard library.
_COMMON: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    hide_secrets,
]


def logging_settings(*, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting."""
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    rendering: list[Processor]
    if as_json:
        rendering = [
            meta,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # Where `rich` happens to be installed, structlog would print the values of all variables: PINs, keys, cards.
        plain = structlog.dev.plain_traceback
        console = structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, pad_level=False, exception_formatter=plain
        )
        rendering = [meta, console]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "structlog.stdlib.ProcessorFormatter",
                "foreign_pre_chain": _COMMON,
                "processors": rendering,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Django's own handlers would print everything a second time.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Each says at INFO what only its author wants to know.
            "axes": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: the standard library and structlog end in the same lines."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[*_COMMON, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
