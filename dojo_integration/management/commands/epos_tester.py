"""manage.py epos_tester: Dojo's own test of a venue, played through and printed step by step."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from dojo_integration.dojo_api.client import DojoApi
from dojo_integration.dojo_api.results import Flow, FlowStep
from dojo_integration.management.venue_command import VenueCommand
from dojo_integration.services.registration import account_of
from dojo_integration.tester import IN_PROGRESS, SUCCESS, flow_named, params_of, play
from pos.permissions import Actor


class Command(VenueCommand):
    help = "List what Dojo's EPOS tester can play through with a venue, or let it play one and see how it goes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("flow", nargs="?", metavar="FLOW", help="its name; without one they are listed")
        parser.add_argument(
            "--param", action="append", default=[], metavar="NAME=VALUE", help="what the flow needs; may come often"
        )

    def work(self, actor: Actor, flow: str | None = None, param: Sequence[str] = (), **options: Any) -> None:
        with account_of(actor.venue) as api:
            flows = api.tester_flows()
            if flow is None:
                self._list(flows)
            else:
                chosen = flow_named(flows, flow)
                self._play(api, chosen, params_of(chosen, param))

    def _list(self, flows: Sequence[Flow]) -> None:
        for flow in flows:
            self.say(flow.name)
            for param in flow.params:
                need = "needed" if param.required else "optional"
                default = f", else {param.default}" if param.default else ""
                self.say(f"  --param {param.name}=…  {param.type}, {need}{default}. {param.description}")
        if not flows:
            self.say("The tester has no flows.")

    def _play(self, api: DojoApi, flow: Flow, params: dict[str, Any]) -> None:
        told, status = 0, IN_PROGRESS
        for result in play(api, flow, params):
            status = result.status
            over = [step for step in result.steps if step.status != IN_PROGRESS]
            for step in over[told:]:
                self._tell(step)
            told = len(over)
        if status != SUCCESS:
            raise CommandError(f"{flow.name}: {'still in progress' if status == IN_PROGRESS else status}")
        self.say(f"{flow.name}: {status}")

    def _tell(self, step: FlowStep) -> None:
        self.say(f"{step.status:<10} {step.name}", *(f"{'':<10} {line}" for line in step.information))
