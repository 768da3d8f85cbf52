"""manage.py register_capabilities: what Dojo can ask of a venue, told to Dojo and read back."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from dojo_integration.management.capability_table import capability_table
from dojo_integration.management.venue_command import VenueCommand
from dojo_integration.models import Road
from dojo_integration.registration import ROADS
from dojo_integration.services.registration import Plan, plan, register
from pos.permissions import Actor

ROADS_BY_WORD = {"rest": (Road.REST,), "ws": (Road.WEBSOCKET,), "both": ROADS}


class Command(VenueCommand):
    help = "Tell Dojo all that it can ask of a venue, and see whether it has noted that down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these capabilities; default: all we have")
        parser.add_argument(
            "--road", choices=list(ROADS_BY_WORD), help="default: both where the public address is known, else ws"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be registered, and send nothing")

    def work(
        self,
        actor: Actor,
        names: Sequence[str] = (),
        road: str | None = None,
        dry_run: bool = False,
        **options: Any,
    ) -> None:
        roads = ROADS_BY_WORD[road] if road else ()
        if dry_run:
            self._tell(plan(actor.venue, roads, names))
            return
        outcome = register(actor=actor, roads=roads, names=names)
        self.say_table(*capability_table(outcome.seen))
        self.say("")
        for one in outcome.by_former_names:
            self.say(f"{one.label}: Dojo took the names of before, and none of today's.")
        if not outcome.is_as_asked:
            raise CommandError("\n".join(["Dojo has noted down something else.", *outcome.faults]))
        roads_told = " and ".join(one.label for one in outcome.plan.roads)
        self.say(f"{actor.venue.slug}: {len(outcome.plan.names)} capabilities are registered, over {roads_told}.")

    def _tell(self, planned: Plan) -> None:
        for one in planned.roads:
            where = f" at {planned.url}" if one == Road.REST else ""
            self.say(f"{one.label}{where}: {len(planned.names)} capabilities would be registered.")
        self.say(*(f"  {name} v1" for name in planned.names), "Nothing was sent.")
