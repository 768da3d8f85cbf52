"""The outbox, where it is written: what Dojo has to hear of a change is kept in the transaction of the change.

One statement for all that one change did, and mostly the one that writes the documents, too. Of orders those are told
whose document has a new text; of parties and reservations those that look different to Dojo, by a hash of just what it
sees of them. Rows are written in the order of their ids, as everybody does who locks several of them.

An event carries no state, only whose state to ask for: which of two is sent first makes no difference, and one that is
sent late or twice shows what is true by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from dojo_integration.models import EventKind
from dojo_integration.nudging import nudge
from pos.events import Event, PartyChanged, ReservationChanged

# What Dojo sees of a party: the columns of wire.bookings.render_party(), as it writes them. Tables go by a code that
# is fixed once it was used. No row is one more way to look.
_SIGHT_OF_PARTY = """
    SELECT ROW(p.status, {start}, p.name, p.covers, {expected}, {end}, p.host_notes, p.guest_requests,
        p.reservation_id, p.deposit_amount, p.deposit_description, p.deposit_intent_ids,
        (SELECT array_agg((SELECT t.code FROM floorplan_table t WHERE t.id = l.table_id) ORDER BY l.position, l.id)
            FROM bookings_partytable l WHERE l.party_id = p.id))::text
    FROM bookings_party p WHERE p.id = n.entity_id
"""
# The same of a reservation; a cancelled one does not exist for Dojo.
_SIGHT_OF_RESERVATION = """
    SELECT ROW(r.name, r.covers, {start}, {end}, r.host_notes, r.guest_requests,
        (SELECT array_agg((SELECT t.code FROM floorplan_table t WHERE t.id = l.table_id) ORDER BY l.position, l.id)
            FROM bookings_reservationtable l WHERE l.reservation_id = r.id))::text
    FROM bookings_reservation r WHERE r.id = n.entity_id AND r.status <> 'cancelled'
"""


def _milliseconds(column: str) -> str:
    """A moment as exact as the wire has it, and the same in every time zone of a session."""
    return f"floor(extract(epoch FROM {column}) * 1000)"


_NEWS = """
    SELECT n.venue_id, '{kind}' AS kind, n.entity_id,
        encode(sha256(convert_to(coalesce(({sight}), ''), 'UTF8')), 'hex') AS fingerprint, interval '0' AS within
    FROM (VALUES {{rows}}) AS n(venue_id, entity_id)
"""
_NEWS_OF_PARTIES = _NEWS.format(
    kind=EventKind.PARTY.value,
    sight=_SIGHT_OF_PARTY.format(
        start=_milliseconds("p.start_time"),
        expected=_milliseconds("p.expected_end_time"),
        end=_milliseconds("p.end_time"),
    ),
)
_NEWS_OF_RESERVATIONS = _NEWS.format(
    kind=EventKind.RESERVATION.value,
    sight=_SIGHT_OF_RESERVATION.format(start=_milliseconds("r.start_time"), end=_milliseconds("r.end_time")),
)
_NEWS_OF_ORDERS = f"""
    SELECT venue_id, '{EventKind.ORDER.value}' AS kind, order_id AS entity_id, '' AS fingerprint, interval '0' AS within
    FROM written
"""
_BY_THE_WAY = f"""
    SELECT n.venue_id, '{EventKind.ORDER.value}' AS kind, n.entity_id, '' AS fingerprint, interval '1 hour' AS within
    FROM (VALUES {{rows}}) AS n(venue_id, entity_id)
"""

# Who is backing off, or was told by Dojo to wait, goes on doing so; who was parked or knows all is due now.
_WANT = """
    INSERT INTO dojo_integration_outboundevent AS e
        (venue_id, kind, entity_id, fingerprint, wanted, sent, changed_at, next_attempt_at, attempts, reason,
         last_error)
    SELECT venue_id, kind, entity_id, fingerprint, 1, 0, %s, %s + random() * within, 0, '', ''
    FROM ({news}) AS news ORDER BY entity_id COLLATE "C"
    ON CONFLICT (venue_id, kind, entity_id) DO UPDATE SET
        wanted = e.wanted + 1, fingerprint = excluded.fingerprint, changed_at = excluded.changed_at,
        next_attempt_at = CASE
            WHEN e.parked_at IS NOT NULL THEN excluded.next_attempt_at
            WHEN e.attempts > 0 THEN e.next_attempt_at
            WHEN e.sent < e.wanted THEN least(e.next_attempt_at, excluded.next_attempt_at)
            ELSE excluded.next_attempt_at END,
        attempts = CASE WHEN e.parked_at IS NULL THEN e.attempts ELSE 0 END,
        failing_since = CASE WHEN e.parked_at IS NULL THEN e.failing_since END,
        parked_at = NULL
    WHERE excluded.fingerprint = '' OR excluded.fingerprint <> e.fingerprint
    RETURNING venue_id
"""


@dataclass(slots=True)
class News:
    """What a change did that Dojo may have to hear of, besides the documents that it writes."""

    selects: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def add_guests(self, events: Sequence[Event]) -> None:
        """The parties and reservations that these events name; which look different, the database finds out."""
        parties = ((event.venue_id, event.party_id) for event in events if isinstance(event, PartyChanged))
        bookings = ((one.venue_id, one.reservation_id) for one in events if isinstance(one, ReservationChanged))
        self._add(_NEWS_OF_PARTIES, parties)
        self._add(_NEWS_OF_RESERVATIONS, bookings)

    def add_by_the_way(self, rows: Iterable[tuple[int, str]]) -> None:
        """Orders, with their venues, that changed by the thousand: within the hour, and in nobody's way."""
        self._add(_BY_THE_WAY, rows)

    def _add(self, select: str, rows: Iterable[tuple[int, str]]) -> None:
        found = list(rows)
        if found:
            self.selects.append(select.format(rows=", ".join(["(%s::bigint, %s::text)"] * len(found))))
            self.params += [value for row in found for value in row]


def want(news: News, *, now: datetime, documents: str = "", document_params: Sequence[Any] = ()) -> None:
    """Note that Dojo has to hear of this, and of every order whose document the given statement writes."""
    selects, written = list(news.selects), ""
    if documents:
        written = f"WITH written AS ({documents} RETURNING venue_id, order_id) "
        selects.append(_NEWS_OF_ORDERS)
    if not selects:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            written + _WANT.format(news=" UNION ALL ".join(selects)),
            [*document_params, now, now, *news.params],
        )
        venues = {venue_id for (venue_id,) in cursor.fetchall()}
    for venue_id in venues:
        transaction.on_commit(partial(nudge, venue_id), robust=True)
