"""manage.py show_capabilities: what we implement, and what of it is registered with Dojo on which road."""

from typing import Any

from dojo_integration import registration
from dojo_integration.management.capability_table import capability_table
from dojo_integration.management.venue_command import VenueCommand
from dojo_integration.services.registration import look
from pos.permissions import Actor


class Command(VenueCommand):
    help = "Show what we implement beside what is registered with Dojo. A difference is told, and is no failure."

    def work(self, actor: Actor, **options: Any) -> None:
        seen = look(actor.venue)
        self.say_table(*capability_table(seen))
        self.say("")
        for url, username in seen.rest.usernames.items():
            self.say(f"REST: Dojo calls {url} as {username or 'somebody'}.")
        # Looking went well, whatever is seen. Who wants an exit code for a difference registers: twice is once.
        if registration.is_in_order(seen):
            self.say("Everything that we implement is registered.")
        else:
            self.say("This is not all that we implement: `manage.py register_capabilities` registers it.")
