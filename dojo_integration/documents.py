"""Order documents: the finished wire JSON of every order, written in the transaction that changed it.

The rows stay the truth; a document is what they look like to Dojo, so that reading an order is one indexed query and
no work. The text is written only when it changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from dojo_integration import outbox
from dojo_integration.models import OrderDocument
from dojo_integration.order_rows import read_facts
from dojo_integration.wire.order import OrderFacts, render_order
from orders.models import Order
from pos.events import Event, OrderChanged, PastOrderWritten, WaiterRenumbered
from pos.statements import Slot, Statement


@dataclass(frozen=True, slots=True)
class Document:
    """One row of order documents, as it should be."""

    order_id: str
    venue_id: int
    number: int
    table_code: str
    waiter_id: str
    party_id: str
    reservation_id: str
    payable: bool
    body: str


_in_columns = attrgetter(
    "order_id", "venue_id", "number", "table_code", "waiter_id", "party_id", "reservation_id", "payable", "body"
)
BATCH = 500

_UPSERT = """
    INSERT INTO dojo_integration_orderdocument AS d
        (order_id, venue_id, number, table_code, waiter_id, party_id, reservation_id, payable, body)
    VALUES {rows}
    ON CONFLICT (order_id) DO UPDATE SET
        venue_id = excluded.venue_id, number = excluded.number, table_code = excluded.table_code,
        waiter_id = excluded.waiter_id, party_id = excluded.party_id, reservation_id = excluded.reservation_id,
        payable = excluded.payable, body = excluded.body
    WHERE (d.venue_id, d.number, d.table_code, d.waiter_id, d.party_id, d.reservation_id, d.payable, d.body)
        IS DISTINCT FROM (excluded.venue_id, excluded.number, excluded.table_code, excluded.waiter_id,
                          excluded.party_id, excluded.reservation_id, excluded.payable, excluded.body)
"""

_BODY: Statement[tuple[str]] = Statement(
    lambda: (
        OrderDocument.objects.filter(order_id=Slot("order"), venue_id=Slot("venue")).order_by().values_list("body")[:1]
    )
)

_BODIES: Statement[tuple[str, str]] = Statement(
    lambda: (
        OrderDocument.objects.filter(pk__anyof=Slot("orders"), venue_id=Slot("venue"))
        .order_by()
        .values_list("order_id", "body")
    )
)
# What several calls at once have read already: of which venue, and each order's text.
_read: ContextVar[tuple[int, dict[str, str]]] = ContextVar("documents_read_together", default=(0, {}))

# What a call has committed, so that its answer is neither read again nor lost with the connection: an error after the
# commit would make Dojo give the money back.
_committed: ContextVar[dict[str, str] | None] = ContextVar("committed_documents", default=None)


def write_order_documents(events: Sequence[Event]) -> None:
    """Before the commit: bring the documents of all changed orders in step with their rows, and the outbox with both.

    Dojo is to hear of every order that reads differently now, and of every guest.
    """
    changed = {event.order_id for event in events if isinstance(event, OrderChanged)}
    past = {event.order_id for event in events if isinstance(event, PastOrderWritten)} - changed
    renumbered = [event.membership_id for event in events if isinstance(event, WaiterRenumbered)]
    if past:
        store(render_documents(past))
    news = outbox.News()
    news.add_guests(events)
    if renumbered:
        news.add_by_the_way(_rewrite_orders_of(renumbered, besides=changed))
    documents = render_documents(changed) if changed else []
    _store_and_tell(documents, news)
    memory = _committed.get()
    if memory is not None and documents:
        transaction.on_commit(lambda: memory.update((row.order_id, row.body) for row in documents), robust=True)


def _rewrite_orders_of(membership_ids: Sequence[int], *, besides: set[str]) -> list[tuple[int, str]]:
    """A waiter's number stands on their closed orders too, which no screen waits for; says whose read differently."""
    theirs = Order.objects.filter(waiter__in=membership_ids).exclude(pk__in=besides).order_by("pk")
    venue_of = dict(theirs.values_list("pk", "venue_id"))
    order_ids, new = list(venue_of), []
    for start in range(0, len(order_ids), BATCH):
        new += store(render_documents(order_ids[start : start + BATCH]))
    return [(venue_of[order_id], order_id) for order_id in new]


@contextmanager
def remembered() -> Iterator[dict[str, str]]:
    """Collect the documents that calls made in here commit, by order id."""
    memory: dict[str, str] = {}
    token = _committed.set(memory)
    try:
        yield memory
    finally:
        _committed.reset(token)


def render_documents(order_ids: Iterable[str]) -> list[Document]:
    """Write the documents of these orders afresh, sorted by id; one query for any number."""
    return [_document(facts) for facts in read_facts(order_ids)]


def store(documents: Sequence[Document]) -> list[str]:
    """Keep these documents where their text is new, in one statement; says which that were, and Dojo nothing."""
    if not documents:
        return []
    upsert, params = _upsert(documents)
    with connection.cursor() as cursor:
        cursor.execute(f"{upsert} RETURNING order_id", params)
        return [order_id for (order_id,) in cursor.fetchall()]


def _store_and_tell(documents: Sequence[Document], news: outbox.News) -> None:
    """The same where Dojo has to hear of what is new, and of other news: still one statement."""
    upsert, params = _upsert(documents) if documents else ("", [])
    outbox.want(news, now=timezone.now(), documents=upsert, document_params=params)


def _upsert(documents: Sequence[Document]) -> tuple[str, list[Any]]:
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(documents))
    return _UPSERT.format(rows=rows), [value for document in documents for value in _in_columns(document)]


@contextmanager
def read_together(venue_id: int, order_ids: Sequence[str]) -> Iterator[None]:
    """Read these orders' texts now, with one query, for all who ask for one of them in here."""
    texts = dict(_BODIES.all(orders=list(order_ids), venue=venue_id))
    token = _read.set((venue_id, texts))
    try:
        yield
    finally:
        _read.reset(token)


def read_body(venue_id: int, order_id: str) -> str | None:
    """One order's text; None where this venue has no such order."""
    here, texts = _read.get()
    if here == venue_id and order_id in texts:
        return texts[order_id]
    found = _BODY.first(order=order_id, venue=venue_id)
    return found[0] if found else None


def body_of(order: Order) -> str:
    """The text that this call committed for an order, else the stored one."""
    memory = _committed.get() or {}
    if order.pk in memory:
        return memory[order.pk]
    return read_body(order.venue_id, order.pk) or render_documents([order.pk])[0].body


def _document(facts: OrderFacts) -> Document:
    order = facts.order
    return Document(
        order_id=order.id,
        venue_id=order.venue_id,
        number=order.number,
        table_code=order.table_code or "",
        waiter_id=order.waiter_id or "",
        party_id=order.party_id or "",
        reservation_id=order.reservation_id or "",
        payable=order.payable,
        body=orjson.dumps(render_order(facts)).decode(),
    )
