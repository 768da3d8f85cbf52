"""`manage.py part NAME`: one part of what `manage.py up` runs, for a container or a service of its own."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pos.embedded import EmbeddedError
from pos.parts import configured_parts


class Command(BaseCommand):
    help = "Become one part of Tableside: the command line that `manage.py up` starts it with, in this process."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=list(configured_parts()))

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            # Signs of life and beat's notes go there.
            settings.DATA_FOLDER.make(traversable=False)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        argv = configured_parts()[name]
        os.chdir(settings.BASE_DIR)
        os.execv(argv[0], argv)
