#!/usr/bin/env python
"""Every command of Tableside; `manage.py help` lists them."""

import os
import sys

# Commands that touch neither the database nor Redis. `up` starts both.
WITHOUT_SERVICES = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages",
    "makemigrations", "optimizemigration", "startapp", "up", "version",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pos.settings.base")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from pos.embedded import EmbeddedError

    command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "help")
    asks_for_help = {"-h", "--help", "--version"} & set(sys.argv)
    try:
        services_are_known = settings.SERVICES_ARE_KNOWN
    except (ImproperlyConfigured, EmbeddedError) as error:
        sys.exit(f"{error}")
    if command not in WITHOUT_SERVICES and not asks_for_help and not services_are_known:
        sys.exit("No database is running here: start `make run` or set DATABASE_URL")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
