"""manage.py dojo_connect: the WebSocket through which Dojo calls us, held and served."""

import asyncio
import os
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dojo_integration.ws_client import Workers
from dojo_integration.ws_keeper import Keeper
from pos import live
from pos.models import Venue

# What waits for nobody's rows has one thread in so many, and the house has some connections of its own.
READERS_SHARE = 8
HOUSE_CONNECTIONS = 3


class Command(BaseCommand):
    help = "Hold the WebSocket to Dojo of every venue that has a key, or stand by where another process does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", metavar="SLUG", help="this venue alone; default: all of them")

    def handle(self, *args: Any, venue: str | None = None, **options: Any) -> None:
        if venue and not Venue.objects.filter(slug=venue).exists():
            raise CommandError(f"There is no venue “{venue}”.")
        threads = max(2, settings.DOJO_THREADS)
        readers = max(1, threads // READERS_SHARE)
        # A thread that waits for a connection would keep a request that waits for nothing.
        if pool := getattr(connection, "pool", None):
            pool.resize(1, threads + HOUSE_CONNECTIONS)
        workers = Workers(writers=threads - readers, readers=readers)
        asyncio.run(_until_asked_to_stop(Keeper(workers, slug=venue)))
        workers.stop()
        live.flush(0.5)
        if workers.is_busy:
            # Whatever still waits for a row is rolled back by PostgreSQL; it must not hold up the end.
            os._exit(0)


async def _until_asked_to_stop(keeper: Keeper) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await keeper.run(stop)
