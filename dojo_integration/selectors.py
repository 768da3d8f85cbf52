"""What Dojo reads: orders from their documents, rooms and tables from the plan."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from django.db.models import QuerySet

from dojo_integration.cursors import Page, PageAsk, Place, read_page
from dojo_integration.documents import read_body, render_documents
from dojo_integration.models import OrderDocument
from floorplan import selectors as plan
from floorplan.selectors import ServedArea, ServedTable
from pos.errors import NotFound
from pos.permissions import Actor

OrderText = tuple[int, str]
"""An order's number and its document."""


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
    return read_page(
        actor.venue,
        "orders by number",
        ask,
        following=lambda place, most: _older(documents, place, most),
        preceding=lambda place, most: _newer(documents, place, most),
        position_of=lambda row: row[0],
    )


def _older(documents: "QuerySet[OrderDocument]", place: Place | None, most: int) -> list[OrderText]:
    if place is not None:
        lookup = "number__lte" if place.inclusive else "number__lt"
        documents = documents.filter(**{lookup: place.position})
    return list(documents.order_by("-number").values_list("number", "body")[:most])


def _newer(documents: "QuerySet[OrderDocument]", place: Place, most: int) -> list[OrderText]:
    lookup = "number__gte" if place.inclusive else "number__gt"
    documents = documents.filter(**{lookup: place.position})
    return list(documents.order_by("number").values_list("number", "body")[:most])


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
