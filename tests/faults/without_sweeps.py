"""Settings of a control: nobody looks by the clock for what no nudge has reached."""

from pos.settings.base import *  # noqa: F403

SWEEPS = ("look into Dojo's events", "look at payments", "sweep the outbox")
for name in SWEEPS:
    del CELERY_BEAT_SCHEDULE[name]  # noqa: F405
