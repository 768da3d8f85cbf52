"""manage.py rest_credential: the user name and password that Dojo has to send us."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dojo_integration.services.credentials import (
    IssuedCredential,
    ensure_credential,
    issue_credential,
    revoke_credential,
)
from pos.errors import NotFound
from pos.models import Venue
from pos.permissions import Actor


class Command(BaseCommand):
    help = "See that Dojo can call a venue; a password is printed when it is made, and never again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", metavar="SLUG", help="default: the oldest venue")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--new", action="store_true", help="make another one; the newest before it stays good")
        what.add_argument("--list", action="store_true", help="show which are good")
        what.add_argument("--revoke", type=int, metavar="ID", help="refuse this one from now on")

    def handle(self, *args: Any, venue: str | None = None, **options: Any) -> None:
        found = (Venue.objects.filter(slug=venue) if venue else Venue.objects.all()).first()
        if found is None:
            raise CommandError(f"There is no venue “{venue}”." if venue else "There is no venue yet.")
        actor = Actor.system(found)
        if options["list"]:
            for row in found.rest_credentials.filter(revoked_at__isnull=True):
                self.stdout.write(f"{row.pk}  {row.username}  since {row.created_at:%Y-%m-%d %H:%M} UTC")
        elif options["revoke"] is not None:
            self._revoke(actor, options["revoke"])
        elif options["new"]:
            self._tell(issue_credential(actor=actor))
        else:
            made = ensure_credential(actor=actor)
            if made is not None:
                self._tell(made)
            elif options["verbosity"] > 0:
                self.stdout.write("Dojo's credentials are in place.")

    def _revoke(self, actor: Actor, credential_id: int) -> None:
        try:
            revoked = revoke_credential(actor=actor, credential_id=credential_id)
        except NotFound as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{revoked.username} ({revoked.pk}) is refused from now on.")

    def _tell(self, issued: IssuedCredential) -> None:
        self.stdout.write("Dojo's credentials for /v1, shown this once:")
        self.stdout.write(f"  user name  {issued.credential.username}")
        self.stdout.write(f"  password   {issued.secret}")
