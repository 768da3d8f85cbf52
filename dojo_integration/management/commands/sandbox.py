"""manage.py sandbox: Dojo on your desk, for whoever has no key."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pos.embedded import EmbeddedError


class Command(BaseCommand):
    help = "Play Dojo for the venue on this machine: its API, its gateway, and ways to make both misbehave."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The sandbox is not for production: with DATABASE_URL set, Dojo itself is used.")
        try:
            key = settings.DATA_FOLDER.make_sandbox_key()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        # By name, because in production the sandbox is no app of ours and cannot be imported.
        server = import_module("dojo_integration.sandbox.server")
        server.serve(host=settings.SANDBOX_HOST, port=settings.SANDBOX_PORT, key=key)
