"""The demo venue, as a newcomer finds it."""

import math
from collections.abc import Iterator
from itertools import combinations

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from floorplan.models import Area, Table
from orders.demo import floor, people
from orders.demo.building import SECTIONS, build_venue
from orders.models import (
    AllergenDeclaration,
    ComboPart,
    Course,
    ModifierGroup,
    OrderNumber,
    Portion,
    Product,
    Station,
    TradingPeriod,
)
from pos.models import Membership, Staff, Till, Venue
from tests.fixtures_venue import kept_for_module

pytestmark = pytest.mark.django_db

# The screens draw a room a third wider than high.
PLAN_WIDTH, PLAN_HEIGHT = 4, 3


@pytest.fixture(scope="module")
def pub(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Venue]:
    with kept_for_module(django_db_blocker):
        yield build_venue(opened_at=timezone.now())


@pytest.fixture
def venue(pub: Venue, db: None) -> Venue:
    return pub


def test_its_house_can_trade(venue: Venue) -> None:
    assert (venue.slug, venue.currency, venue.time_zone) == ("the-copper-kettle", "GBP", "Europe/London")
    assert (venue.service_kind, venue.service_rate, venue.tax_inclusive) == ("discretionary", 1250, True)
    assert TradingPeriod.objects.filter(venue=venue, closed_at=None).count() == 1
    assert OrderNumber.objects.get(venue=venue).last == 0
    assert [station.code for station in Station.objects.filter(venue=venue)] == ["kitchen", "bar", "cold", "coffee"]
    assert [(course.name, course.goes_at_once) for course in Course.objects.filter(venue=venue)] == [
        ("Drinks", True),
        ("Starters", False),
        ("Mains", False),
        ("Desserts", False),
        ("Coffee", False),
    ]
    venue.full_clean()


def test_eight_people_work_there_and_can_log_in(venue: Venue) -> None:
    roles = Membership.objects.filter(venue=venue).order_by("waiter_id").values_list("waiter_id", "role")

    assert list(roles) == [
        ("1", "manager"),
        ("2", "supervisor"),
        ("3", "supervisor"),
        *((str(number), "waiter") for number in range(4, 9)),
    ]
    ana = Staff.objects.get(login="ana")
    assert ana.check_password(people.PASSWORD)
    assert ana.has_pin("4444")
    assert not ana.has_pin("1111")
    assert not ana.is_staff
    assert Staff.objects.get(login="maya").is_staff
    assert Till.objects.filter(venue=venue).count() == 3


def test_its_rooms_have_tables_that_somebody_serves(venue: Venue) -> None:
    assert [area.code for area in Area.objects.filter(venue=venue)] == ["main", "terrace", "bar"]
    assert Table.objects.filter(venue=venue).count() == len(floor.PLACES) >= 20
    assert not Table.objects.filter(waiters=None).exists()
    assert {table.shape for table in Table.objects.all()} == {"square", "round", "long"}
    for table in Table.objects.all():
        table.full_clean()


@pytest.mark.parametrize("room", floor.ROOMS, ids=lambda room: room.code)
def test_no_table_stands_on_another_or_through_a_wall(room: floor.Room) -> None:
    boxes = {place.code: _bounds(place) for place in floor.PLACES if place.room == room.code}

    for code, (left, top, right, bottom) in boxes.items():
        assert min(left, top) >= 0, code
        assert right <= 1000 * PLAN_WIDTH, code
        assert bottom <= 1000 * PLAN_HEIGHT, code
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (one, other)


def _bounds(place: floor.Place) -> tuple[float, float, float, float]:
    """The box around a table as it is turned, in units that are alike across and down."""
    across, down = place.width * PLAN_WIDTH, place.height * PLAN_HEIGHT
    sine, cosine = abs(math.sin(math.radians(place.rotation))), abs(math.cos(math.radians(place.rotation)))
    half_width = (across * cosine + down * sine) / 2
    half_height = (across * sine + down * cosine) / 2
    x, y = place.x * PLAN_WIDTH, place.y * PLAN_HEIGHT
    return x - half_width, y - half_height, x + half_width, y + half_height


def test_its_menu_is_a_real_one(venue: Venue) -> None:
    products = Product.objects.filter(venue=venue)

    assert products.count() == sum(len(section.items) for section in SECTIONS) >= 60
    assert list(
        Portion.objects.filter(product__name="Pilsner").values_list("plu", "measure", "price", "is_default")
    ) == [
        ("pilsner-pint", "568 ml", 590, True),
        ("pilsner-half", "284 ml", 295, False),
    ]
    assert list(Portion.objects.filter(product__name="Merlot").values_list("name", flat=True)) == [
        "175",
        "125",
        "250",
        "bottle",
    ]
    assert not products.exclude(portions__is_default=True).exists()
    assert products.filter(combo_parts__isnull=False).distinct().count() == 2
    assert [part.choices.count() for part in ComboPart.objects.filter(product__name="Burger and a pint")] == [2, 6]
    how_cooked = ModifierGroup.objects.get(venue=venue, name="How cooked")
    assert (how_cooked.minimum, how_cooked.maximum, how_cooked.modifiers.count()) == (1, 1, 6)
    assert products.get(name="Caesar salad").vat_class.code == "cold-food"
    assert products.get(name="Kettle pale ale").station.code == "bar"
    assert products.filter(is_favourite=True).count() >= 10
    assert products.exclude(note_presets=[]).count() >= 40
    for row in (*products, *Portion.objects.filter(venue=venue)):
        row.full_clean()


def test_allergens_are_recorded_only_in_part(venue: Venue) -> None:
    recorded = AllergenDeclaration.objects.filter(product__venue=venue)

    assert recorded.filter(product__name="Ribeye 10 oz").count() == 14
    assert recorded.filter(product__name="Padron peppers").count() == 0
    assert recorded.filter(level="may_contain").count() >= 3
    assert AllergenDeclaration.objects.filter(modifier__plu="milk-soya-milk", allergen="soya").exists()
