"""How fast events are sent is measured on what was really sent."""

import pytest

from benchmarks import pushing
from benchmarks.driver import WrongAnswer
from benchmarks.pushing import Pushed, measure_pushes
from dojo_integration.models import OutboundEvent
from dojo_integration.sending import SIDE_BY_SIDE
from tests.bills import a_bill
from tests.factories import WorkingVenue


def test_every_event_that_waited_was_sent(uk: WorkingVenue) -> None:
    # given something that is no part of it
    a_bill(uk)
    # when
    pushed = measure_pushes(uk.venue, events=30)
    # then
    assert pushed.events == 30
    assert pushed.seconds > 0
    assert OutboundEvent.objects.filter(sent=1, wanted=1).count() == 30 + 2


def test_what_was_not_sent_gives_no_figure(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "send_due", lambda venue, connect: 0)
    with pytest.raises(WrongAnswer, match="0 of 30 events were sent"):
        measure_pushes(uk.venue, events=30)


def test_the_figure() -> None:
    pushed = Pushed(events=500, seconds=2.0)
    assert pushed.as_json == {"op": "OutboxPush", "road": "outbox", "conn": SIDE_BY_SIDE, "rps": 250.0}
    assert pushed.as_words == "OutboxPush: 500 events that waited were sent in 2.0 s"
