"""manage.py measure_scale: the part of `make bench-scale` that runs inside Django, on an empty database."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks.driver import WrongAnswer
from benchmarks.growth import GOAL, Comparison
from benchmarks.telling import tell


class Command(BaseCommand):
    help = "Compare what pages of SearchOrders cost in a small and a large table of documents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--small", required=True, type=int, help="orders")
        parser.add_argument("--large", required=True, type=int, help="orders")
        parser.add_argument("--calls", required=True, type=int, help="of each kind of page")
        parser.add_argument("--kinds", required=True, type=int, help="of visits that are told")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("small", "large", "calls", "kinds")
        try:
            growth = Comparison(**{name: options[name] for name in names}, tell=tell).run()
        except WrongAnswer as error:
            raise CommandError(str(error)) from error
        for page in growth.pages:
            self.stdout.write(page.as_words)
        verdict = "met" if growth.is_met else "NOT MET"
        self.stdout.write(f"The dearest page costs {growth.ratio:.2f} times as much, goal {GOAL}: {verdict}")
        self.stdout.write(json.dumps(growth.as_json))
        if not growth.is_met:
            raise SystemExit(1)
