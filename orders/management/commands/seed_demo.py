from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from orders.demo.building import SLUG
from orders.demo.people import PASSWORD, PEOPLE
from orders.demo.seeding import seed

VENUE_SLUG = SLUG
# (login, password, PIN, role, name): what `make run` prints.
DEMO_LOGINS = [(person.login, PASSWORD, person.pin, str(person.role), person.name) for person in PEOPLE]


class Command(BaseCommand):
    help = "Build the demo venue: a bistro pub in the middle of service, with two weeks behind it. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        done = seed(tell=self.stdout.write)
        if done and settings.PRODUCTION:
            self.stderr.write("Everybody knows the demo's passwords: not for a server that strangers can reach.")
        if not done:
            self.stdout.write(f"The demo venue is there already (/{SLUG}/); nothing changed.")
