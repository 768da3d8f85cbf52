"""What the clock does for the room. Thin: each task finds venues that have something to do and calls a service."""

from celery import shared_task
from django.utils import timezone

from orders.models import OrderLock
from orders.operations import purge_operations
from orders.services.locking import end_lapsed_leases
from orders.services.seating import clear_paid_tables
from pos.models import Venue


@shared_task
def give_back_lapsed_leases() -> int:
    """A card machine that went silent gives its bills back."""
    lapsed = OrderLock.objects.filter(ended_at__isnull=True, expiry__lte=timezone.now())
    venues = Venue.objects.filter(pk__in=lapsed.values("venue"))
    return sum(end_lapsed_leases(venue=venue) for venue in venues)


@shared_task
def clear_tables_that_paid() -> int:
    """Where the venue wants it, a table that has paid is free again after a while."""
    return sum(clear_paid_tables(venue=venue) for venue in Venue.objects.filter(clear_after_minutes__isnull=False))


@shared_task
def forget_old_operations() -> int:
    """A till repeats itself within minutes, never after a week."""
    return purge_operations()
