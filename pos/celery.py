"""The Celery application: background work that may be lost, repeated or late without harm."""

import os

from celery import Celery

from pos.pulse import WorkerPulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pos.settings.base")

app = Celery("tableside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerPulse)
