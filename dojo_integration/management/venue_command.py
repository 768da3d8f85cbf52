"""What the commands have in common that speak with Dojo on behalf of one venue."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dojo_integration.dojo_api.errors import DojoError, Refused
from pos.errors import PosError
from pos.models import Venue
from pos.permissions import Actor


class VenueCommand(BaseCommand):
    """Finds the venue, and says what goes wrong in one sentence."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", metavar="SLUG", help="default: the oldest venue")

    def handle(self, *args: Any, venue: str | None = None, **options: Any) -> None:
        found = (Venue.objects.filter(slug=venue) if venue else Venue.objects.order_by("pk")).first()
        if found is None:
            raise CommandError(f"There is no venue “{venue}”." if venue else "There is no venue yet.")
        try:
            self.work(Actor.system(found), **options)
        except PosError as error:
            raise CommandError(error.message) from error
        except DojoError as error:
            raise CommandError(in_words(error)) from error

    def work(self, actor: Actor, **options: Any) -> None:
        raise NotImplementedError

    def say(self, *lines: str) -> None:
        for line in lines:
            self.stdout.write(line)

    def say_table(self, heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        widths = [max(len(cell) for cell in column) for column in zip(heading, *rows, strict=True)]
        for row in (heading, *rows):
            self.say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def in_words(error: DojoError) -> str:
    """The error, and what Dojo says is wrong where."""
    problems = error.problems if isinstance(error, Refused) else {}
    told = [": ".join(part for part in (name, " ".join(said)) if part) for name, said in problems.items()]
    return " ".join([str(error), *told])
