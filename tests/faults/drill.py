"""The drill: an evening at Dojo's side, sudden deaths at ours, a last blow, and some quiet before the judge comes."""

import json
import os
import random
import secrets
import threading
import time
from dataclasses import dataclass

from tests.faults.evening import BILL, Evening, Paid
from tests.faults.judging import Verdict, judge, unfinished, untold
from tests.faults.killing import Killer, kept_down
from tests.faults.restaurant import Restaurant
from tests.sandbox import Sandbox

# Until everything runs again, the supervisor's longest pause included.
RECOVERY = 120.0
# Until nothing is left to do: a dead worker's claims lapse after 45 seconds, and a sweep comes every ten.
QUIET = 60.0
# What the evening itself has nudged is done by then, or waits for a sweep.
LULL = 10.0
# Until the supervisor has buried whom it finds dead, and what they held in memory with them.
BURIED = 1.5


@dataclass(frozen=True)
class Size:
    """How much is done and how often somebody dies; the environment makes it shorter, and repeats a seed."""

    payments: int
    changes: int
    kills: int
    seed: int

    @classmethod
    def from_environment(cls) -> "Size":
        payments = int(os.environ.get("FAULTS_PAYMENTS", "500"))
        changes = int(os.environ.get("FAULTS_CHANGES", payments))
        kills = int(os.environ.get("FAULTS_KILLS", "50"))
        return cls(payments, changes, kills, _seed())


def _seed() -> int:
    return int(os.environ.get("FAULTS_SEED") or secrets.randbelow(1_000_000))


class Drill:
    """One run of it. ``ways`` are the ways of paying that occur; ``quiet`` is how long the judge waits at most."""

    def __init__(
        self, sandbox: Sandbox, restaurant: Restaurant, size: Size, *, ways: tuple[str, ...] = (), quiet: float = QUIET
    ) -> None:
        print(f"\nFAULTS_SEED={size.seed} {size}", flush=True)
        self.sandbox, self.restaurant, self.size, self.quiet = sandbox, restaurant, size, quiet
        restaurant.open(orders=max(6, size.payments // 8), total=BILL, tables=size.changes)
        more = {"ways": ways} if ways else {}
        # The last bill is for the last blow.
        self.evening = Evening(sandbox, size.seed, restaurant.orders[:-1], size.payments - 1, size.changes, **more)
        self.killer = Killer(restaurant, random.Random(f"{size.seed} killer"), size.kills)
        self.told_again = 0

    def run(self) -> Verdict:
        began = time.monotonic()
        self._evening()
        self._last_blow()
        self.restaurant.wait_until_well(RECOVERY)
        recovered = time.monotonic()
        self._come_to_rest()
        rested = time.monotonic()
        verdict = judge(self.restaurant, self.evening)
        self._tell(verdict, seconds=rested - began, quiet=rested - recovered)
        return verdict

    def _evening(self) -> None:
        over = threading.Event()
        killing = threading.Thread(target=self.killer.run, args=(self.evening.progress, over), daemon=True)
        killing.start()
        # Work and deaths keep pace with each other: neither is over long before the other.
        each = 1 / max(1, self.size.kills)
        self.evening.run(lambda share: self.killer.done >= self.size.kills or share <= (self.killer.done + 1.5) * each)
        killing.join(RECOVERY)
        over.set()

    def _last_blow(self) -> None:
        """A card pays while queue and worker are dead; whoever could nudge about it later dies with it in mind."""
        # What is still under way is waited for first: it would nudge.
        self.restaurant.wait_until_well(RECOVERY)
        lull_ends = time.monotonic() + LULL
        while time.monotonic() < lull_ends and unfinished(self.restaurant):
            time.sleep(0.5)
        last = Paid(self.restaurant.orders[-1], 700, 0, "asked", "rest", random.Random(self.size.seed))
        self.evening.paid.append(last)
        with kept_down(self.restaurant, "redis", "worker"):
            self.evening.pay(last)
            with kept_down(self.restaurant, "web", "dojo"):
                time.sleep(BURIED)
        self.killer.killed.update(("redis", "worker", "web", "dojo"))

    def _come_to_rest(self) -> None:
        deadline = time.monotonic() + self.quiet
        while time.monotonic() < deadline:
            # Dojo's patience with its events is longer than the sandbox's.
            for intent_id in untold():
                self.told_again += 1
                self.sandbox.deliver(intent_id, road="webhook")
            if not unfinished(self.restaurant) and not self._is_on_its_way():
                return
            time.sleep(0.5)

    def _is_on_its_way(self) -> bool:
        return any(not delivery["isOver"] for delivery in self.sandbox.deliveries())

    def _tell(self, verdict: Verdict, *, seconds: float, quiet: float) -> None:
        outcomes = [one.outcome for one in self.evening.paid]
        summary = {
            "seed": self.size.seed,
            "payments": len(outcomes),
            "outcomes": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
            "changes": len(self.evening.changed),
            "kills": dict(sorted(self.killer.killed.items())),
            "lost": len(verdict.lost),
            "doubled": len(verdict.doubled),
            "wrong": len(verdict.wrong),
            "told_again": self.told_again,
            "quiet_seconds": round(quiet, 1),
            "seconds": round(seconds, 1),
        }
        print(json.dumps(summary), flush=True)
        for words in (*verdict.lost, *verdict.doubled, *verdict.wrong)[:20]:
            print(f"  {words}", flush=True)
