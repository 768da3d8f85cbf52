"""A new venue: everything that must be there before its first order, and its first manager."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from orders import vat_presets
from orders.models import Course, OrderNumber, Station, TradingPeriod, VatClass, VatRate
from pos import audit
from pos.errors import Conflict, InvalidRequest
from pos.models import Country, Currency, Membership, Role, Staff, Venue
from pos.models.people import tidy_login
from pos.permissions import Actor
from pos.service import service

_CURRENCY = {Country.GB: Currency.GBP, Country.IE: Currency.EUR}
_TIME_ZONE = {Country.GB: "Europe/London", Country.IE: "Europe/Dublin"}

# What goes at once is never held back behind an earlier course.
COURSES = (("Drinks", True), ("Starters", False), ("Mains", False), ("Desserts", False))


@service
def set_up_venue(
    *,
    slug: str,
    name: str,
    country: str,
    manager_login: str,
    manager_password: str | None,
    manager_name: str = "",
) -> Venue:
    """Open the books of a new venue: its VAT table, first trading period, stations, courses and first manager.

    Who already works in another venue keeps their login and password and becomes a manager here too. Raises
    InvalidRequest naming the field, or Conflict when the slug is taken.
    """
    venue = _new_venue(slug=slug, name=name, country=country)
    lay_foundations(venue, opened_at=timezone.now())
    manager = _first_manager(venue, login=manager_login, password=manager_password, name=manager_name)
    audit.record(Actor.system(venue), "set_up_venue", slug, manager=manager.staff.login)
    return venue


def lay_foundations(venue: Venue, *, opened_at: datetime) -> TradingPeriod:
    """Write the rows without which a venue cannot sell; a step of whoever makes a venue."""
    _write_vat_table(venue)
    Station.objects.bulk_create(
        [
            Station(venue=venue, code="kitchen", name="Kitchen", position=0, is_default=True),
            Station(venue=venue, code="bar", name="Bar", position=1),
        ]
    )
    Course.objects.bulk_create(
        Course(venue=venue, name=name, position=position, goes_at_once=at_once)
        for position, (name, at_once) in enumerate(COURSES)
    )
    OrderNumber.objects.create(venue=venue)
    return TradingPeriod.objects.create(venue=venue, number=1, opened_at=opened_at)


def _new_venue(*, slug: str, name: str, country: str) -> Venue:
    if country not in Country.values:
        raise InvalidRequest(f"“{country}” is not a country of ours: {', '.join(Country.values)}.", field="country")
    if Venue.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a venue called “{slug}” already.", slug=slug)
    known = Country(country)
    venue = Venue(slug=slug, name=name, country=known, currency=_CURRENCY[known], time_zone=_TIME_ZONE[known])
    try:
        venue.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidRequest(messages[0], field=field) from error
    venue.save()
    return venue


def _write_vat_table(venue: Venue) -> None:
    preset = vat_presets.PRESETS[venue.country]
    classes = VatClass.objects.bulk_create(
        VatClass(venue=venue, code=code, name=vat_presets.NAMES[code], is_default=code == vat_presets.DEFAULT_CLASS)
        for code in preset
    )
    VatRate.objects.bulk_create(
        VatRate(vat_class=vat_class, valid_from=row.valid_from, rate_in=row.eaten_in, rate_out=row.taken_out)
        for vat_class in classes
        for row in preset[vat_class.code]
    )


def _first_manager(venue: Venue, *, login: str, password: str | None, name: str) -> Membership:
    login = tidy_login(login)
    if not login:
        raise InvalidRequest("The manager needs a login.", field="manager_login")
    staff = Staff.objects.filter(login=login).first()
    if staff is None:
        _check_password(password)
        staff = Staff.objects.create_user(login, password, name=name, is_staff=True)
    return Membership.objects.create(venue=venue, staff=staff, role=Role.MANAGER, waiter_id="1")


def _check_password(password: str | None) -> None:
    if not password:
        raise InvalidRequest("The manager needs a password.", field="manager_password")
    try:
        validate_password(password)
    except ValidationError as error:
        raise InvalidRequest(error.messages[0], field="manager_password") from error
