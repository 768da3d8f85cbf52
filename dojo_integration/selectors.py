"""What Dojo reads: orders from their documents, rooms and tables from the plan, guests from the diary."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from bookings import selectors as diary
from bookings.models import Party, Reservation
from dojo_integration.cursors import Page, PageAsk, Place, read_page
from dojo_integration.documents import read_body, render_documents
from dojo_integration.models import OrderDocument
from floorplan import selectors as plan
from floorplan.selectors import ServedArea, ServedTable
from pos.errors import NotFound
from pos.permissions import Actor

T = TypeVar("T")

OrderText = tuple[str, str]
"""An order's id and its document."""


def get_order_by_id(*, actor: Actor, order_id: str) -> str:
    """The order as Dojo reads it, whether open, closed or merged into another. Raises NotFound."""
    body = read_body(actor.venue.pk, order_id)
    if body is not None:
        return body
    # To Dojo, NotFound means that an order is gone for good: the rows have the last word, not the projection.
    for document in render_documents([order_id]):
        if document.venue_id == actor.venue.pk:
            return document.body
    raise NotFound("That order does not exist.")


def search_orders(
    *,
    actor: Actor,
    ask: PageAsk,
    table_id: str | None = None,
    waiter_id: str | None = None,
    party_id: str | None = None,
    reservation_id: str | None = None,
    payable_only: bool = False,
) -> Page[OrderText]:
    """A page of orders that fit every filter, newest first. Raises InvalidRequest for a cursor that is none."""
    documents = OrderDocument.objects.filter(venue_id=actor.venue.pk)
    filters = {
        "table_code": table_id,
        "waiter_id": waiter_id,
        "party_id": party_id,
        "reservation_id": reservation_id,
    }
    for column, value in filters.items():
        if value is not None:
            # An order without a table is not one of the table "".
            documents = documents.filter(**{column: value}) if value else documents.none()
    if actor.venue.own_orders_only and actor.requester.waiter_id:
        documents = documents.filter(waiter_id=actor.requester.waiter_id)
    if payable_only:
        documents = documents.filter(payable=True)
    texts = documents.values_list("order_id", "body")
    return _newest_first(actor, "orders", ask, texts, position_of=lambda row: row[0])


def get_party_by_id(*, actor: Actor, party_id: str) -> Party:
    """A party, also when it has left. Raises NotFound."""
    return diary.get_party_by_id(actor.venue, party_id)


def search_parties(
    *, actor: Actor, ask: PageAsk, table_id: str | None = None, completed_only: bool = False
) -> Page[Party]:
    """A page of those who are here, or of those who have left, newest first. Raises InvalidRequest for the cursor."""
    parties = diary.search_parties(actor.venue, table_code=table_id, completed_only=completed_only)
    return _newest_first(actor, "parties", ask, parties, position_of=lambda party: party.pk)


def get_reservation_by_id(*, actor: Actor, reservation_id: str) -> Reservation:
    """A reservation that is not cancelled. Raises NotFound."""
    return diary.get_reservation_by_id(actor.venue, reservation_id)


def search_reservations(
    *,
    actor: Actor,
    ask: PageAsk,
    table_id: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
) -> Page[Reservation]:
    """A page of reservations that fit every filter, newest first. Raises InvalidRequest for the cursor."""
    bookings = diary.search_reservations(actor.venue, table_code=table_id, from_time=from_time, to_time=to_time)
    return _newest_first(actor, "reservations", ask, bookings, position_of=lambda booking: booking.pk)


def _newest_first(
    actor: Actor, kind: str, ask: PageAsk, rows: "QuerySet[Any, T]", *, position_of: Callable[[T], str]
) -> Page[T]:
    """One page of rows whose primary keys sort by age."""
    # What hangs on a row is read for those of the page, not for a glance past its edge.
    rows = rows.prefetch_related(None)

    def older(place: Place | None, most: int) -> list[T]:
        beyond = {} if place is None else {"pk__lte" if place.inclusive else "pk__lt": place.position}
        return list(rows.filter(**beyond).order_by("-pk")[:most])

    def newer(place: Place, most: int) -> list[T]:
        beyond = {"pk__gte" if place.inclusive else "pk__gt": place.position}
        return list(rows.filter(**beyond).order_by("pk")[:most])

    return read_page(actor.venue, kind, ask, following=older, preceding=newer, position_of=position_of)


def list_areas(*, actor: Actor) -> list[ServedArea]:
    """The rooms in use."""
    return plan.list_areas(actor.venue)


def search_tables(
    *, actor: Actor, ask: PageAsk, area_id: str | None = None, waiter_id: str | None = None
) -> Page[ServedTable]:
    """A page of tables in the plan's order. Raises InvalidRequest for a cursor that is none."""
    tables = plan.search_tables(actor.venue, area_code=area_id, waiter_id=waiter_id)
    places = [table.place for table in tables]
    return read_page(
        actor.venue,
        "tables",
        ask,
        following=lambda place, most: _behind(tables, places, place)[:most],
        preceding=lambda place, most: _ahead(tables, places, place)[::-1][:most],
        position_of=lambda table: table.place,
    )


def _behind(
    tables: Sequence[ServedTable], places: list[tuple[int, int, int, int]], place: Place | None
) -> list[ServedTable]:
    if place is None:
        return list(tables)
    find = bisect_left if place.inclusive else bisect_right
    return list(tables[find(places, place.position) :])


def _ahead(tables: Sequence[ServedTable], places: list[tuple[int, int, int, int]], place: Place) -> list[ServedTable]:
    find = bisect_right if place.inclusive else bisect_left
    return list(tables[: find(places, place.position)])
