"""`manage.py prepare`: what `manage.py up` runs before it opens: migrations, and a demo venue on the first start."""

import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from pos.models import Venue

SEED = "seed_demo"
CREDENTIAL = "rest_credential"


class Command(BaseCommand):
    help = "Apply the migrations; in a new embedded installation, build the demo venue, if wanted; print its logins."

    def handle(self, *args: object, **options: object) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, stdout=sys.stderr, no_color=True)
        demo = _demo_module()
        if demo is not None and settings.DEMO and not settings.PRODUCTION:
            self._seed_once()
        if demo is not None and Venue.objects.filter(slug=demo.VENUE_SLUG).exists():
            self.stdout.write(_logins(demo.DEMO_LOGINS))
        if CREDENTIAL in get_commands() and Venue.objects.exists() and _may_tell_a_credential():
            # A password is told when it is made, and never again.
            call_command(CREDENTIAL, stdout=self.stdout, verbosity=0)

    def _seed_once(self) -> None:
        # The file outlives a seeding that was killed half-way, which then goes on with the next start.
        unfinished = settings.DATA_FOLDER.path / "seeding"
        if Venue.objects.exists() and not unfinished.exists():
            return
        unfinished.touch()
        call_command(SEED, stdout=sys.stderr, no_color=True)
        unfinished.unlink()


def _may_tell_a_credential() -> bool:
    # What is told in production ends in a log. There only the environment's own is taken over, of which nothing is
    # told; a new one is made by hand.
    return not settings.PRODUCTION or bool(settings.EPOS_REST_PASSWORD)


def _demo_module() -> Any:
    """The demo command's module, None in an installation without it."""
    app = get_commands().get(SEED)
    return import_module(f"{app}.management.commands.{SEED}") if app else None


def _logins(logins: list[tuple[str, str, str, str, str]]) -> str:
    rows = [("login", "password", "PIN", "role", "name"), *logins]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
