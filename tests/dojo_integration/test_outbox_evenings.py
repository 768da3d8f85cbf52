"""Whatever happens in an evening, by whomever: Dojo is to hear of all that reads differently, and of nothing else.

The same evenings as in ``test_history``: random acts of guests, staff, Dojo and the clock. A failure names its seed.
"""

import contextlib
import random

import pytest
import time_machine
from django.utils import timezone

from dojo_integration import documents, outbox
from pos.errors import PosError
from tests.evenings.dojo_acts import DOJO_ACTS
from tests.evenings.evening import Evening
from tests.evenings.staff_acts import STAFF_ACTS, Act, bills_come_back
from tests.factories import WorkingVenue
from tests.outbox import as_dojo_sees_it, wanted
from tests.properties import seeds

ACTS = 60
ALL_ACTS: list[Act] = [*STAFF_ACTS, *DOJO_ACTS]


def run_evening(shop: WorkingVenue, seed: int) -> dict[str, int]:
    """Compare after every act what reads differently with what Dojo is to hear; says of how much of each kind."""
    heard: dict[str, int] = {}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        evening = Evening(shop, random.Random(seed), clock)
        seen, before = as_dojo_sees_it(), wanted()
        for _ in range(ACTS):
            act = evening.dice.choice(ALL_ACTS)
            with contextlib.suppress(PosError):
                act(evening)
            now_seen, now_wanted = as_dojo_sees_it(), wanted()
            differs = {key for key, text in now_seen.items() if text != seen.get(key)}
            news = now_wanted - before
            assert news.keys() == differs, act
            # That act is several services in a row, each with a commit of its own.
            assert act is bills_come_back or set(news.values()) <= {1}, act
            for kind, _entity in news:
                heard[kind] = heard.get(kind, 0) + 1
            seen, before = now_seen, now_wanted
            evening.time_passes()
    return heard


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(3))
def test_dojo_is_to_hear_of_what_reads_differently_and_of_nothing_else(uk: WorkingVenue, seed: int) -> None:
    heard = run_evening(uk, seed)
    # An evening in which nothing happens would prove nothing.
    assert heard["OrderUpdated"] > 10
    assert heard["PartyUpdated"] > 3


def test_without_news_of_guests_the_evening_is_found_out(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # the control
    monkeypatch.setattr(outbox.News, "add_guests", lambda self, events: None)
    with pytest.raises(AssertionError):
        run_evening(uk, 1)


def test_without_news_of_orders_the_evening_is_found_out(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    # the control: documents are written, and nobody is told
    def only_store(written: object, news: outbox.News) -> None:
        documents.store(written)

    monkeypatch.setattr(documents, "_store_and_tell", only_store)
    with pytest.raises(AssertionError):
        run_evening(uk, 1)
