"""manage.py measure: the part of `make bench` that runs inside Django, on a server that benchmarks.run has started."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks.driver import WrongAnswer
from benchmarks.measuring import Bench, Size
from benchmarks.telling import tell


class Command(BaseCommand):
    help = "Fill this database with orders and measure how fast Dojo is answered, beside the floor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", required=True)
        parser.add_argument("--port", required=True, type=int)
        parser.add_argument("--orders", required=True, type=int)
        parser.add_argument("--seconds", required=True, type=float, help="of each phase")
        parser.add_argument("--rounds", required=True, type=int, help="of a phase of ours and one of the floor")
        parser.add_argument("--kinds", required=True, type=int, help="of visits that are told")
        parser.add_argument("--events", default=5_000, type=int, help="that wait to be sent to Dojo")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        names = ("orders", "seconds", "rounds", "kinds", "events")
        size = Size(**{name: options[name] for name in names})
        try:
            bench = Bench(host=host, port=port, size=size, tell=tell)
            results = bench.run()
            pushed = bench.push()
        except WrongAnswer as error:
            # No figure: a fast wrong answer is worth nothing.
            raise CommandError(str(error)) from error
        for result in results:
            self.stdout.write(result.as_words)
        self.stdout.write(pushed.as_words)
        for figure in (*results, pushed):
            self.stdout.write(json.dumps(figure.as_json))
