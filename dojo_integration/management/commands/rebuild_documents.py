"""manage.py rebuild_documents: every order's document afresh; safe while the venue is open."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dojo_integration.services.rebuilding import drop_stray_documents, rebuild_order_documents
from orders.models import Order
from pos.models import Venue
from pos.permissions import Actor

# Small enough that a till which wants one of these orders hardly waits.
BATCH = 100


class Command(BaseCommand):
    help = "Write every order's document afresh from its rows and say how many were wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", metavar="SLUG", help="only this venue")

    def handle(self, *args: Any, venue: str | None = None, **options: Any) -> None:
        venues = Venue.objects.filter(slug=venue) if venue else Venue.objects.all()
        if venue and not venues:
            raise CommandError(f"There is no venue “{venue}”.")
        for each in venues:
            self._rebuild(each)

    def _rebuild(self, venue: Venue) -> None:
        actor = Actor.system(venue)
        looked_at = changed = 0
        for order_ids in _batches(venue):
            changed += len(rebuild_order_documents(actor=actor, order_ids=order_ids))
            looked_at += len(order_ids)
        stray = drop_stray_documents(actor=actor)
        self.stdout.write(f"{venue.slug}: {looked_at} orders, {changed} documents changed, {stray} removed")


def _batches(venue: Venue) -> Iterator[list[str]]:
    """The venue's order ids, oldest first; who opens an order meanwhile writes its document."""
    last = ""
    orders = Order.objects.filter(venue=venue).order_by("pk").values_list("pk", flat=True)
    while batch := list(orders.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]
