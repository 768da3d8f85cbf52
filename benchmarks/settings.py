"""The settings of `make run`, with the floor beside our own paths."""

from pos.settings.base import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
ROOT_URLCONF = "benchmarks.urls"

# The floor leaves the road of the pages where Dojo's does: neither pays for what only browsers need.
_behind = MIDDLEWARE.index("dojo_integration.rest.DojoRoadMiddleware")  # noqa: F405
MIDDLEWARE.insert(_behind + 1, "benchmarks.floor.FloorMiddleware")  # noqa: F405
