"""manage.py register_webhook: the address to which Dojo posts a venue's events, and the secret that signs them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from dojo_integration.management.venue_command import VenueCommand
from dojo_integration.services.webhooks import keep_webhook, rotate_webhook_secret
from pos.permissions import Actor


class Command(VenueCommand):
    help = "See that Dojo posts a venue's events to us, signed with a secret that we know; twice is once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rotate", action="store_true", help="have a new secret, and give up the one before; takes some seconds"
        )

    def work(self, actor: Actor, rotate: bool = False, **options: Any) -> None:
        outcome = rotate_webhook_secret(actor=actor) if rotate else keep_webhook(actor=actor)
        for other in outcome.others:
            self.say(f"Events of this account also go to {other}.")
        if not outcome.is_as_asked:
            raise CommandError("\n".join(["Dojo has noted down something else.", *outcome.faults]))
        self.say(f"Dojo posts {' and '.join(outcome.events)} to {outcome.url}.")
        self.say("It signs them with a new secret." if rotate else "Its secret is kept here.")
