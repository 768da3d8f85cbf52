"""What was measured, in numbers."""

from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks.driver import Phase


@dataclass(slots=True)
class Result:
    """One operation: phases of ours and of the floor in turns."""

    name: str
    goal: float
    connections: int
    """Or, on the WebSocket's one connection, how many requests are in flight."""
    road: str = "rest"
    ours: list[Phase] = field(default_factory=list)
    floor: list[Phase] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of what each round says: neighbours in time share the machine's moods."""
        return median(ours.rate / floor.rate for ours, floor in zip(self.ours, self.floor, strict=True))

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.goal

    @property
    def as_json(self) -> dict[str, Any]:
        latencies = [latency * 1000 for phase in self.ours for latency in phase.latencies]
        return {
            "op": self.name,
            "road": self.road,
            "conn": self.connections,
            "rps": round(median(phase.rate for phase in self.ours), 1),
            "p50_ms": round(median(latencies), 2),
            "p99_ms": round(quantiles(latencies, n=100, method="inclusive")[98], 2),
            "floor_rps": round(median(phase.rate for phase in self.floor), 1),
            "ratio": round(self.ratio, 3),
        }

    @property
    def as_words(self) -> str:
        verdict = "met" if self.is_met else "NOT MET"
        each = ", ".join(f"{ours.rate / floor.rate:.2f}" for ours, floor in zip(self.ours, self.floor, strict=True))
        name = self.name if self.road == "rest" else f"{self.name} ({self.road}, {self.connections} in flight)"
        return f"{name}: {self.ratio:.2f} of the floor, goal {self.goal:.1f}: {verdict} (rounds: {each})"

    @property
    def driver_share(self) -> float:
        """How much of one core the driver took."""
        phases = [*self.ours, *self.floor]
        return sum(phase.driver_seconds for phase in phases) / sum(phase.seconds for phase in phases)
