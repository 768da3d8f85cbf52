"""`seed_demo`: a pub with two weeks behind it, in the middle of service; run twice, it is built once."""

import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from bookings.models import Party, Reservation
from dojo_integration.models import OrderDocument, OutboundEvent
from orders.management.commands.seed_demo import DEMO_LOGINS, VENUE_SLUG
from orders.models import (
    CLOSED_STATUSES,
    LineState,
    Order,
    OrderException,
    OrderLine,
    OrderNumber,
    Payment,
    SeatAllergy,
    TradingPeriod,
)
from pos.models import AuditEntry, Membership, Staff, Venue
from tests.fixtures_venue import kept_for_module

# Of this process alone, so that a busy machine does not matter; it takes half of this.
BUDGET_CPU_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Seeded:
    venue: Venue
    said: str
    cpu_seconds: float


def run() -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Seeded]:
    with kept_for_module(django_db_blocker):
        began = time.process_time()
        said = run()
        yield Seeded(Venue.objects.get(slug=VENUE_SLUG), said, time.process_time() - began)


@pytest.fixture
def venue(seeded: Seeded, db: None) -> Venue:
    return seeded.venue


def open_orders(venue: Venue) -> dict[str, Order]:
    rows = Order.objects.filter(venue=venue).exclude(status__in=CLOSED_STATUSES)
    return {order.display_name: order for order in rows}


def states(order: Order) -> dict[str, int]:
    return dict(Counter(order.lines.values_list("state", flat=True)))


def minutes_since(moment) -> int:
    return (timezone.now() - moment) // timedelta(minutes=1)


def test_it_is_quick_and_says_what_it_did(seeded: Seeded, venue: Venue) -> None:
    assert seeded.cpu_seconds < BUDGET_CPU_SECONDS
    assert "14 days of trading" in seeded.said
    assert "in the middle of service" in seeded.said


def test_a_second_run_changes_nothing_and_says_so(venue: Venue) -> None:
    # given
    watched = (Order, OrderLine, Payment, Party, Reservation, AuditEntry, TradingPeriod, Staff, OrderDocument)
    before = [list(model.objects.order_by("pk").values()) for model in watched]

    # when
    said = run()

    # then
    assert said == "The demo venue is there already (/the-copper-kettle/); nothing changed.\n"
    assert [list(model.objects.order_by("pk").values()) for model in watched] == before


def test_it_stands_in_the_middle_of_service(venue: Venue) -> None:
    orders = open_orders(venue)

    assert {name: (order.status, states(order)) for name, order in orders.items()} == {
        "Table 12": ("Preparing", {"served": 7}),
        "Table 9": ("Preparing", {"served": 10}),
        "Table 8": ("Preparing", {"served": 4}),
        "Table 5": ("Preparing", {"served": 6, "held": 5}),
        "Table 4": ("Preparing", {"served": 2, "ready": 3}),
        "Table 10": ("Preparing", {"served": 4, "started": 2}),
        "Table 3": ("Preparing", {"started": 3, "sent": 2, "held": 3}),
        "Table 6": ("New", {"unsent": 3}),
        "Table 25": ("Preparing", {"served": 3, "sent": 2}),
        "Table 22": ("Preparing", {"served": 1}),
        "Table 22 · 2": ("Confirmed", {"sent": 2}),
        "Table 24": ("Accepted", {"sent": 3}),
        "Snug": ("Preparing", {"served": 3}),
        "Tab · Robin": ("Preparing", {"served": 4}),
        "Tab · Quiz team": ("Accepted", {"sent": 2}),
        "Collect · Sam": ("Prepared", {"ready": 3}),
        "Collect · Noor": ("Confirmed", {"sent": 1}),
    }


def test_each_table_says_how_long_it_has_been_so(venue: Venue) -> None:
    orders = open_orders(venue)

    assert 50 <= minutes_since(orders["Table 12"].party.start_time) <= 65
    assert minutes_since(orders["Table 9"].bill_printed_at) in (6, 7)
    ready = orders["Table 4"].lines.filter(state=LineState.READY)
    assert {minutes_since(line.ready_at) for line in ready} <= {2, 3}
    assert all(line.sent_at < line.ready_at for line in ready)


def test_every_station_has_what_was_sent(venue: Venue) -> None:
    sent = OrderLine.objects.filter(venue=venue, sent_at__isnull=False, station__isnull=False)

    assert not sent.filter(station_has_it_at=None).exists()


def test_money_is_in_every_state(venue: Venue) -> None:
    orders = open_orders(venue)

    assert orders["Table 12"].payable
    assert orders["Table 12"].service_amount > 0
    assert orders["Table 12"].bill_printed_at is None
    half = orders["Table 8"]
    assert (half.paid_amount, half.outstanding) == (half.total_amount // 2, half.total_amount - half.total_amount // 2)
    assert orders["Table 9"].bill_shown_amount == orders["Table 9"].total_amount
    assert (orders["Tab · Robin"].tab_limit, orders["Tab · Robin"].service_amount) == (8000, 0)
    assert not orders["Collect · Sam"].payable
    assert orders["Collect · Sam"].price_difference == 0
    # Paid, and nobody has cleared it.
    paid = Party.objects.get(venue=venue, end_time=None, table_links__table__code="t11")
    assert paid.status == "Paid"
    assert [order.status for order in paid.orders.all()] == ["Finalized"]
    assert Payment.objects.filter(venue=venue, trading_period__closed_at=None, kind="cash").count() == 2
    assert not OrderException.objects.filter(venue=venue, resolved_at=None).exists()


def test_an_allergy_is_on_its_seat_and_the_stations_know(venue: Venue) -> None:
    allergy = SeatAllergy.objects.get(order__venue=venue)

    assert (allergy.order.display_name, allergy.seat, allergy.allergens) == ("Table 4", 2, ["nuts", "peanuts"])
    assert sorted(allergy.order.allergy_acknowledgements.values_list("station__code", flat=True)) == ["bar", "kitchen"]


def test_the_diary_has_guests_who_sit_who_come_and_who_never_came(venue: Venue) -> None:
    booked = {row.name: row for row in Reservation.objects.filter(venue=venue)}
    soon = timezone.now() + timedelta(minutes=30)

    assert Counter(row.status for row in booked.values()) == {"booked": 15, "seated": 2, "no_show": 1}
    assert not Reservation.objects.filter(venue=venue, overlaps=True).exists()
    assert timezone.now() < booked["Hannah"].start_time <= soon
    assert booked["Hannah"].guest_requests == "Severe nut allergy: please tell the kitchen."
    omar = booked["Omar"].parties.get()
    assert (omar.covers, omar.name, omar.end_time) == (7, "Omar", None)
    assert omar.guest_requests == booked["Omar"].guest_requests != ""
    assert [order.display_name for order in omar.orders.all()] == ["Table 5"]
    assert sum(bool(row.guest_requests) for row in booked.values()) >= 6


def test_dojo_reads_every_order(venue: Venue) -> None:
    documents = OrderDocument.objects.filter(venue_id=venue.pk)

    assert documents.count() == Order.objects.filter(venue=venue).count()
    payable = {order.pk for order in open_orders(venue).values() if order.outstanding}
    assert set(documents.filter(payable=True).values_list("order_id", flat=True)) == payable


def test_dojo_is_to_hear_of_today_and_not_of_two_weeks(venue: Venue) -> None:
    told = set(OutboundEvent.objects.values_list("entity_id", flat=True))
    today = {order_id for order_id in told if order_id.startswith("order_")}
    assert today == set(Order.objects.filter(trading_period__closed_at=None).values_list("pk", flat=True))
    assert len(told) < 150


def test_two_weeks_of_trading_lie_behind_it(venue: Venue) -> None:
    periods = TradingPeriod.objects.filter(venue=venue).order_by("number")
    today = timezone.now().astimezone(venue.zone).date()
    past = Order.objects.filter(venue=venue, trading_period__closed_at__isnull=False)

    assert [period.number for period in periods] == list(range(1, 16))
    assert [period.number for period in periods if period.closed_at is None] == [15]
    days = Counter(past.values_list("business_date", flat=True))
    assert set(days) == {today - timedelta(days=back) for back in range(1, 15)}
    assert all(30 <= orders <= 60 for orders in days.values())
    numbers = sorted(Order.objects.filter(venue=venue).values_list("number", flat=True))
    assert numbers == list(range(1, OrderNumber.objects.get(venue=venue).last + 1))


def test_the_printed_logins_are_true(venue: Venue) -> None:
    assert Counter(role for _, _, _, role, _ in DEMO_LOGINS) == {"manager": 1, "supervisor": 2, "waiter": 5}
    for login, password, pin, role, name in DEMO_LOGINS:
        staff = Staff.objects.get(login=login)
        assert (staff.name, staff.check_password(password), staff.has_pin(pin)) == (name, True, True)
        assert Membership.objects.get(venue=venue, staff=staff).role == role
