"""The settings of `make run`, with the floor beside our own paths."""

from pos.settings.base import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
ROOT_URLCONF = "benchmarks.urls"
