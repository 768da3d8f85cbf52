"""What a capability answers: its result as the JSON that Dojo reads."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from bookings.models import Party, Reservation
from dojo_integration import documents
from dojo_integration.cursors import Page
from dojo_integration.selectors import OrderText
from dojo_integration.wire import bill, bookings
from dojo_integration.wire.floorplan import render_area, render_table
from floorplan.selectors import ServedArea, ServedTable
from orders.models import Order
from pos.permissions import Actor


def as_order(order: Order, actor: Actor) -> bytes:
    return documents.body_of(order).encode()


def as_text(body: str, actor: Actor) -> bytes:
    return body.encode()


def as_nothing(result: object, actor: Actor) -> bytes:
    return b"{}"


def as_bill(order: Order, actor: Actor) -> bytes:
    return orjson.dumps(
        {
            "header": bill.render_header(order, actor.venue, timezone.now()),
            "order": orjson.Fragment(documents.body_of(order)),
            "footer": bill.render_footer(order, actor.venue),
        }
    )


def as_orders(page: Page[OrderText], actor: Actor) -> bytes:
    return _page(page, b",".join(body.encode() for _, body in page.rows))


def as_tables(page: Page[ServedTable], actor: Actor) -> bytes:
    return _page(page, b",".join(orjson.dumps(render_table(table)) for table in page.rows))


def as_areas(areas: list[ServedArea], actor: Actor) -> bytes:
    return orjson.dumps([render_area(area) for area in areas])


def as_party(party: Party, actor: Actor) -> bytes:
    return _parties([party], actor)


def as_parties(page: Page[Party], actor: Actor) -> bytes:
    return _page(page, _parties(page.rows, actor))


def _parties(parties: Sequence[Party], actor: Actor) -> bytes:
    prefetch_related_objects(parties, "table_links__table")
    return b",".join(orjson.dumps(bookings.render_party(party, actor.venue.currency)) for party in parties)


def as_reservation(reservation: Reservation, actor: Actor) -> bytes:
    return _reservations([reservation])


def as_reservations(page: Page[Reservation], actor: Actor) -> bytes:
    return _page(page, _reservations(page.rows))


def _reservations(reservations: Sequence[Reservation]) -> bytes:
    prefetch_related_objects(reservations, "table_links__table")
    return b",".join(orjson.dumps(bookings.render_reservation(reservation)) for reservation in reservations)


def _page(page: Page[Any], rows: bytes) -> bytes:
    neighbours = {"before": page.before, "after": page.after}
    cursors = b"".join(b',"%s":%s' % (name.encode(), orjson.dumps(text)) for name, text in neighbours.items() if text)
    return b'{"data":[%s]%s}' % (rows, cursors)


def in_array(answer: bytes) -> bytes:
    """The REST contract wraps the one page of tables in an array; an older reader may want it bare."""
    return b"[%s]" % answer if settings.EPOS_TABLES_IN_ARRAY else answer


def nothing_at_all(answer: bytes) -> bytes:
    """Over REST these succeed without a word; a WebSocket's result has to be an object."""
    return b""
