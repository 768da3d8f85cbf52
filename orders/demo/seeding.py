"""The demo venue from nothing to the middle of service, in steps that each know whether they were done."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.utils import timezone

from orders.demo.building import SLUG, build_venue
from orders.demo.diary import write_diary
from orders.demo.history import DAYS, first_opening, write_day
from orders.demo.shift import Shift
from orders.demo.today import tell_stories
from orders.models import TradingPeriod
from pos import audit
from pos.models import AuditEntry, Venue
from pos.permissions import Actor
from pos.service import service

Tell = Callable[[str], object]

_ZONE = ZoneInfo("Europe/London")
_ACT = "seed_demo"
_TODAY = "today"


def seed(*, tell: Tell) -> bool:
    """Do what is missing, and say what that was; False when nothing was."""
    done = [step(tell) for step in (_house, _history, _service)]
    return any(done)


def _house(tell: Tell) -> bool:
    if Venue.objects.filter(slug=SLUG).exists():
        return False
    venue = build_venue(opened_at=first_opening(timezone.now(), _ZONE))
    tell(f"{venue.name}: people, rooms and menu.")
    return True


def _history(tell: Tell) -> bool:
    venue = Venue.objects.get(slug=SLUG)
    closed = TradingPeriod.objects.filter(venue=venue, closed_at__isnull=False).count()
    if closed >= DAYS:
        return False
    actor = Actor.system(venue)
    for number in range(closed + 1, DAYS + 1):
        write_day(actor=actor, number=number)
    tell(f"{venue.name}: {DAYS - closed} days of trading.")
    return True


def _service(tell: Tell) -> bool:
    """Once: on another day guests have come and gone, and the stories would find their tables free again."""
    venue = Venue.objects.get(slug=SLUG)
    if AuditEntry.objects.filter(venue=venue, act=_ACT, subject=_TODAY).exists():
        return False
    shift = Shift(venue)
    booked = write_diary(shift, now=timezone.now())
    told = tell_stories(shift)
    _remember_today(actor=Actor.system(venue))
    tell(f"{venue.name}: in the middle of service, with {told} tables, tabs and phones, and {booked} bookings.")
    return True


@service
def _remember_today(*, actor: Actor) -> None:
    audit.record(actor, _ACT, _TODAY)
