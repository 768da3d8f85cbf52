"""The demo venue from nothing to the middle of service, in steps that each know whether they were done."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.utils import timezone

from orders.demo.building import SLUG, build_venue
from orders.demo.history import DAYS, first_opening, write_day
from orders.models import TradingPeriod
from pos.models import Venue
from pos.permissions import Actor

_ZONE = ZoneInfo("Europe/London")


def seed(*, tell: Callable[[str], object]) -> bool:
    """Do what is missing; False when nothing was."""
    done = [step(tell) for step in (_house, _history)]
    return any(done)


def _house(tell: Callable[[str], object]) -> bool:
    if Venue.objects.filter(slug=SLUG).exists():
        return False
    venue = build_venue(opened_at=first_opening(timezone.now(), _ZONE))
    tell(f"{venue.name}: people, rooms and menu.")
    return True


def _history(tell: Callable[[str], object]) -> bool:
    venue = Venue.objects.get(slug=SLUG)
    closed = TradingPeriod.objects.filter(venue=venue, closed_at__isnull=False).count()
    if closed >= DAYS:
        return False
    actor = Actor.system(venue)
    for number in range(closed + 1, DAYS + 1):
        write_day(actor=actor, number=number)
    tell(f"{venue.name}: {DAYS - closed} days of trading.")
    return True
