"""A new venue can trade at once, and a clumsy wish for one leaves nothing behind."""

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from orders.models import Course, OrderNumber, Station, TradingPeriod, VatClass, VatRate
from orders.services.venue_setup import set_up_venue
from pos.errors import Conflict, InvalidRequest
from pos.models import AuditEntry, Membership, Staff, Venue
from tests.factories import WorkingVenue

pytestmark = pytest.mark.django_db

PASSWORD = "nine brass kettles"


def set_up(**changes: str | None) -> Venue:
    wish: dict[str, str | None] = {
        "slug": "the-anchor",
        "name": "The Anchor",
        "country": "GB",
        "manager_login": "Jo",
        "manager_password": PASSWORD,
        "manager_name": "Jo",
    }
    return set_up_venue(**{**wish, **changes})  # type: ignore[arg-type]


def assert_nothing_was_made() -> None:
    for model in (Venue, Staff, Membership, VatClass, VatRate, Station, Course, TradingPeriod, OrderNumber, AuditEntry):
        assert model.objects.count() == 0, model


def test_a_british_venue_can_trade_at_once() -> None:
    # when
    venue = set_up()

    # then
    assert (venue.currency, venue.time_zone, venue.tax_inclusive) == ("GBP", "Europe/London", True)
    period = TradingPeriod.objects.get(venue=venue)
    assert (period.number, period.closed_at) == (1, None)
    assert VatClass.objects.get(venue=venue, is_default=True).code == "hot-food"
    assert list(VatRate.objects.filter(vat_class__code="cold-food").values_list("rate_in", "rate_out")) == [(2000, 0)]
    assert [(s.code, s.is_default) for s in Station.objects.filter(venue=venue)] == [("kitchen", True), ("bar", False)]
    assert [(course.name, course.goes_at_once) for course in Course.objects.filter(venue=venue)] == [
        ("Drinks", True),
        ("Starters", False),
        ("Mains", False),
        ("Desserts", False),
    ]


def test_an_irish_venue_has_euros_and_dated_rates() -> None:
    # when
    venue = set_up(country="IE")

    # then
    assert (venue.currency, venue.time_zone) == ("EUR", "Europe/Dublin")
    rows = VatRate.objects.filter(vat_class__code="hot-food").values_list("valid_from", "rate_in", "rate_out")
    assert [(str(day), rate_in, rate_out) for day, rate_in, rate_out in rows] == [
        ("2026-07-01", 900, 900),
        ("2023-09-01", 1350, 1350),
    ]


def test_its_first_manager_may_log_in_and_open_the_admin() -> None:
    # when
    venue = set_up()

    # then
    membership = Membership.objects.select_related("staff").get(venue=venue)
    assert (membership.role, membership.waiter_id) == ("manager", "1")
    assert (membership.staff.login, membership.staff.name, membership.staff.is_staff) == ("jo", "Jo", True)
    assert membership.staff.check_password(PASSWORD)
    entry = AuditEntry.objects.get(venue=venue)
    assert (entry.act, entry.subject, entry.detail) == ("set_up_venue", "the-anchor", {"manager": "jo"})


def test_who_works_elsewhere_keeps_their_password() -> None:
    # given
    set_up()

    # when
    second = set_up(slug="the-bell", name="The Bell", manager_password="another one entirely")

    # then
    jo = Staff.objects.get()
    assert jo.check_password(PASSWORD)
    assert list(jo.memberships.order_by("pk").values_list("venue__slug", "role")) == [
        ("the-anchor", "manager"),
        ("the-bell", "manager"),
    ]
    assert Membership.objects.get(venue=second).waiter_id == "1"


@pytest.mark.parametrize("slug", ["admin", "v1", "staff", "ws", "webhooks", "static", "healthz", "readyz"])
def test_our_own_paths_are_no_slugs(slug: str) -> None:
    with pytest.raises(InvalidRequest, match=f"“{slug}” is one of Tableside's own paths") as refused:
        set_up(slug=slug)

    assert refused.value.field == "slug"
    assert_nothing_was_made()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "The Anchor!"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"name": ""}, "name"),
        ({"country": "FR"}, "country"),
        ({"manager_login": "  "}, "manager_login"),
        ({"manager_password": None}, "manager_password"),
        ({"manager_password": ""}, "manager_password"),
        ({"manager_password": "kettle"}, "manager_password"),
    ],
)
def test_a_clumsy_wish_is_refused_by_field_and_leaves_nothing(changes: dict[str, str | None], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        set_up(**changes)

    assert refused.value.field == field
    assert_nothing_was_made()


def test_a_slug_is_given_once() -> None:
    # given
    set_up()

    # when / then
    with pytest.raises(Conflict, match="called “the-anchor” already"):
        set_up(name="Another Anchor", manager_login="sam")
    assert [venue.name for venue in Venue.objects.all()] == ["The Anchor"]
    assert not Staff.objects.filter(login="sam").exists()


def test_the_command_takes_the_password_from_the_environment(settings: Settings) -> None:
    # given
    settings.MANAGER_PASSWORD = PASSWORD
    out = io.StringIO()

    # when
    call_command("create_venue", "the-anchor", name="The Anchor", manager="jo", country="IE", stdout=out)

    # then
    venue = Venue.objects.get(slug="the-anchor")
    assert venue.currency == "EUR"
    assert Staff.objects.get(login="jo").check_password(PASSWORD)
    assert "The Anchor is ready at /the-anchor/" in out.getvalue()


def test_the_command_refuses_our_own_paths_by_name(settings: Settings) -> None:
    settings.MANAGER_PASSWORD = PASSWORD

    with pytest.raises(CommandError, match="own paths"):
        call_command("create_venue", "admin", name="The Admin", manager="jo")

    assert_nothing_was_made()


def test_the_fixtures_make_venues_that_can_trade(uk: WorkingVenue, irish: WorkingVenue) -> None:
    assert (uk.venue.currency, irish.venue.currency) == ("GBP", "EUR")
    assert uk.period.closed_at is None
    assert sorted(uk.tables, key=lambda code: int(code[1:])) == [f"t{number}" for number in range(1, 13)]
    assert uk.portions["lager-pint"].price == 620
    assert uk.products["ribeye"].modifier_groups.get().minimum == 1
    assert uk.by_waiter.membership == uk.waiter
    assert {product.venue_id for product in irish.products.values()} == {irish.venue.pk}
