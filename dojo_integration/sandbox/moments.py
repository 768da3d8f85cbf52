"""Moments as Dojo writes them."""

from datetime import UTC, datetime

from django.utils import timezone


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    return written(timezone.now())
