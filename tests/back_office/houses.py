"""A venue with at least one row on every page of the back office."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models

from dojo_integration.models import DojoConnection
from pos.back_office.venue_admin import VenueModelAdmin
from pos.models import Staff, Venue
from tests.bills import a_bill
from tests.factories import (
    AllergenDeclarationFactory,
    ApprovalFactory,
    AuditEntryFactory,
    OrderExceptionFactory,
    OrderLockFactory,
    PaymentFactory,
    PaymentIntentFactory,
    ReservationFactory,
    ReservationTableFactory,
    RestCredentialFactory,
    WorkingVenue,
    a_venue,
)

OUR_APPS = ("pos", "floorplan", "bookings", "orders", "dojo_integration")
API_KEY = "sk_sandbox_a-key-that-nobody-sees-9876"
FOREIGN = "Foreign"

# What a row goes by, where it is not called name.
_NAMED_BY = {"Order": ("display_name", "display_base"), "OrderException": ("message",), "Approval": ("summary",)}


@dataclass
class House:
    shop: WorkingVenue
    bill: Any
    connection: DojoConnection
    rows: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    """Of every registered model, what this venue has of it."""

    def one(self, model: type[models.Model]) -> Any:
        return self.rows[model][0]


def full_house(country: str, *, foreign: bool = False, **fields: Any) -> House:
    shop = a_venue(country, **fields)
    bill = a_bill(shop)
    payment = PaymentFactory(order=bill, intent=PaymentIntentFactory(venue=shop.venue, order=bill))
    OrderLockFactory(order=bill)
    OrderExceptionFactory(order=bill, payment=payment)
    booking = ReservationFactory(venue=shop.venue)
    ReservationTableFactory(reservation=booking, table=shop.tables["t9"])
    ApprovalFactory(asked_by=shop.waiter, decided_by=shop.supervisor, summary="Void 1 Ribeye")
    AuditEntryFactory(venue=shop.venue, membership=shop.waiter)
    AllergenDeclarationFactory(product=shop.products["ribeye"])
    shop.tables["t1"].waiters.add(shop.waiter)
    RestCredentialFactory(venue=shop.venue)
    connection = DojoConnection(venue=shop.venue)
    connection.set_api_key(API_KEY)
    connection.save()
    if foreign:
        _rename(shop.venue)
    house = House(shop, bill, connection)
    for page in pages():
        house.rows[page.model] = list(page.model._default_manager.filter(**{page.venue_path: shop.venue.pk}))
    return house


def pages() -> list[VenueModelAdmin]:
    return [page for page in admin.site._registry.values() if isinstance(page, VenueModelAdmin)]


def _rename(venue: Venue) -> None:
    """Call everything of this venue Foreign something, so that it is seen wherever it leaks."""
    for page in pages():
        for name in _NAMED_BY.get(page.model.__name__, ("name",)):
            if not any(column.name == name for column in page.model._meta.concrete_fields):
                continue
            for row in page.model._default_manager.filter(**{page.venue_path: venue.pk}):
                longest = page.model._meta.get_field(name).max_length
                page.model._default_manager.filter(pk=row.pk).update(
                    **{name: f"{FOREIGN} {getattr(row, name) or row.pk}"[:longest]}
                )
    for person in Staff.objects.filter(memberships__venue=venue):
        Staff.objects.filter(pk=person.pk).update(name=f"{FOREIGN} {person.name}")


def everything() -> dict[str, list[Any]]:
    """Every row of our tables, to see that nothing of them has changed."""
    models_of_ours = (
        model for app in OUR_APPS for model in apps.get_app_config(app).get_models(include_auto_created=True)
    )
    return {
        model._meta.label: sorted(model._default_manager.order_by().values_list(), key=repr) for model in models_of_ours
    }


def prefix_of(inline: Any) -> str:
    """What the fields of an inline begin with."""
    key = inline.fk_name or next(
        column.name for column in inline.model._meta.fields if column.related_model in {page.model for page in pages()}
    )
    return inline.model._meta.get_field(key).remote_field.get_accessor_name()


def related_by(fields: dict[str, type[models.Model]], name: str) -> Any:
    """The model that a form's field points at; None for one that points at nothing."""
    inline = re.fullmatch(r"(.+)-(\d+|__prefix__)-(.+)", name)
    model, column = (fields[inline[1]], inline[3]) if inline else (fields[""], name)
    known = {one.name: one for one in (*model._meta.fields, *model._meta.many_to_many)}
    return known[column].related_model if column in known else None
