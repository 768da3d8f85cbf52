"""How quiet the machine was: what others took of it while we measured."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time since the machine started, in ticks: all of it, what was busy or stolen, and what was ours."""

    total: int
    stolen: int
    busy: int
    ours: int

    @classmethod
    def now(cls, root: int) -> "Usage | None":
        """Ours is the process ``root`` with all its descendants. None where the system does not tell."""
        try:
            ticks = [int(number) for number in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        except OSError:
            return None
        user, nice, system, idle, waiting, hard, soft, stolen = ticks
        busy = user + nice + system + hard + soft
        return cls(total=busy + idle + waiting + stolen, stolen=stolen, busy=busy, ours=_ticks_below(root))


def describe(before: Usage | None, after: Usage | None) -> str:
    """One line: how much of the machine was not ours."""
    if before is None or after is None or after.total == before.total:
        return "How busy the machine was otherwise is not known here."
    total = after.total - before.total
    stolen = (after.stolen - before.stolen) / total
    foreign = max(0.0, (after.busy - before.busy - (after.ours - before.ours)) / total)
    words = f"Other programs took {foreign:.0%} of the machine, its host {stolen:.0%}"
    return f"{words}: measure again when it is quiet." if foreign + stolen > 0.1 else f"{words}."


def _ticks_below(root: int) -> int:
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # The second field is the name in brackets and may itself contain blanks and brackets.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        pid = int(process.name)
        parents[pid] = int(fields[1])
        # With those of children that have ended.
        ticks[pid] = sum(map(int, fields[11:15]))
    return sum(spent for pid, spent in ticks.items() if _is_below(pid, root, parents))


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid not in (0, 1, root):
        pid = parents.get(pid, 0)
    return pid == root
