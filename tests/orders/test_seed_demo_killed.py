"""A seeding that was killed half-way goes on where it stopped."""

import io

import pytest
from django.core.management import call_command

from bookings.models import Reservation
from orders.demo import seeding
from orders.demo.diary import AHEAD, TODAY
from orders.demo.shift import Shift
from orders.demo.tabs_today import ON_TABS
from orders.models import Order, TradingPeriod
from orders.services.targets import NewTab
from pos.models import Venue

QUIZ_TEAM = list(ON_TABS)[-1]


def run() -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


@pytest.mark.faults
@pytest.mark.django_db
def test_a_killed_seeding_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    def killed(shift: Shift, tab: NewTab) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(seeding, "DAYS", 1)
    with monkeypatch.context() as patch:
        patch.setitem(ON_TABS, QUIZ_TEAM, killed)
        with pytest.raises(KeyboardInterrupt):
            run()
    venue = Venue.objects.get()
    parties = list(venue.parties.order_by("pk").values_list("pk", flat=True))
    assert not Order.objects.filter(customer_name="Quiz team").exists()

    # when
    said = run()

    # then
    assert said == "The Copper Kettle: in the middle of service, with 3 tables, tabs and phones, and 0 bookings.\n"
    assert list(venue.parties.order_by("pk").values_list("pk", flat=True)) == parties
    assert Order.objects.filter(customer_name="Quiz team").count() == 1
    assert Reservation.objects.filter(venue=venue).count() == len(TODAY) + len(AHEAD)
    assert TradingPeriod.objects.filter(venue=venue).count() == 2
    assert "nothing changed" in run()
