import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.services.venue_setup import set_up_venue
from pos.errors import PosError
from pos.models import Country, Staff
from pos.models.people import tidy_login


class Command(BaseCommand):
    help = "Make an empty venue: VAT table, first trading period, first manager."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the venue's part of the address: the-anchor")
        parser.add_argument("--name", required=True)
        parser.add_argument("--manager", required=True, metavar="LOGIN", help="the first manager's login")
        parser.add_argument("--country", choices=Country.values, default=Country.GB)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            venue = set_up_venue(
                slug=options["slug"],
                name=options["name"],
                country=options["country"],
                manager_login=options["manager"],
                manager_password=self._password(options["manager"]),
            )
        except PosError as error:
            raise CommandError(error.message) from error
        self.stdout.write(self.style.SUCCESS(f"{venue.name} is ready at /{venue.slug}/ for {options['manager']}."))
        self.stdout.write("Its VAT table is a preset: have an accountant confirm it before the first sale.")

    def _password(self, login: str) -> str | None:
        if Staff.objects.filter(login=tidy_login(login)).exists():
            self.stdout.write(f"{login} works here already and keeps their password.")
            return None
        if settings.MANAGER_PASSWORD:
            return str(settings.MANAGER_PASSWORD)
        password = getpass.getpass(f"Password for {login}: ")
        if password != getpass.getpass("Again: "):
            raise CommandError("The two are not the same.")
        return password
