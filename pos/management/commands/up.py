"""`manage.py up`: the supervisor that `make run` starts."""

from django.core.management.base import BaseCommand, CommandError

from pos.embedded import EmbeddedError
from pos.start_up import start_up


class Command(BaseCommand):
    help = "Start the embedded services and every part of Tableside; Ctrl-C stops all of it."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        try:
            start_up()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
