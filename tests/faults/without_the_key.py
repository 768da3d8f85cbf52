"""Settings of a control: no payment intent is known by its id. The test drops the constraints that know it, too."""

from pos.settings.base import *  # noqa: F403

INSTALLED_APPS += ["tests.faults.forgetful.Forgetful"]  # noqa: F405
