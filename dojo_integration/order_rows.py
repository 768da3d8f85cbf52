"""Everything that Dojo sees of some orders, read in one round trip.

Every change of every order ends here, so this is plain SQL: building the same six queries and the objects behind
them took longer than the rest of the document.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import orjson
from django.db import connection

from dojo_integration.wire.order import (
    DiscountRow,
    LineRow,
    ModifierRow,
    OrderFacts,
    OrderRow,
    PaymentRow,
    SubItemRow,
)

R = TypeVar("R", bound=NamedTuple)


def _select(row: type[NamedTuple], source: str, **elsewhere: str) -> str:
    """One SELECT of the columns that a row is made of; those of other tables are named."""
    columns = ", ".join(elsewhere.get(name, f"r.{name}") for name in row._fields)
    return f"SELECT {columns} FROM {source}"


_STATEMENTS = "; ".join(
    [
        _select(
            OrderRow,
            """orders_order r
            LEFT JOIN floorplan_table t ON t.id = r.table_id LEFT JOIN pos_membership w ON w.id = r.waiter_id
            WHERE r.id = ANY(%(ids)s) ORDER BY r.id""",
            table_code="t.code",
            waiter_id="w.waiter_id",
        ),
        _select(
            LineRow,
            """orders_orderline r
            WHERE r.order_id = ANY(%(ids)s) AND r.state <> 'voided' ORDER BY r.order_id, r.position, r.id""",
        ),
        _select(
            SubItemRow,
            """orders_linesubitem r JOIN orders_orderline l ON l.id = r.line_id
            WHERE l.order_id = ANY(%(ids)s) AND l.state <> 'voided' ORDER BY r.id""",
        ),
        _select(
            ModifierRow,
            """orders_linemodifier r JOIN orders_orderline l ON l.id = r.line_id
            WHERE l.order_id = ANY(%(ids)s) AND l.state <> 'voided' ORDER BY r.id""",
        ),
        _select(
            DiscountRow,
            """orders_discount r LEFT JOIN orders_orderline l ON l.id = r.line_id
            WHERE r.order_id = ANY(%(ids)s) AND l.state IS DISTINCT FROM 'voided' ORDER BY r.id""",
            line_plu="l.plu",
        ),
        _select(
            PaymentRow,
            """orders_payment r LEFT JOIN orders_paymentintent i ON i.id = r.intent_id
            WHERE r.order_id = ANY(%(ids)s) ORDER BY r.id""",
            intent_id="i.intent_id",
        ),
    ]
)


def read_facts(order_ids: Iterable[str]) -> list[OrderFacts]:
    """Read these orders with all that is on them, sorted by id; unknown ones are simply missing."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS, {"ids": list(order_ids)})
        orders = [_order(values) for values in cursor.fetchall()]
        lines = _next(cursor, LineRow)
        sub_items = _next(cursor, SubItemRow)
        modifiers = _next(cursor, ModifierRow)
        discounts = _next(cursor, DiscountRow)
        payments = _next(cursor, PaymentRow)
    lines_of = _grouped(lines, "order_id")
    parts_of = _grouped(sub_items, "line_id")
    modifiers_of: dict[tuple[str, int | None], list[ModifierRow]] = defaultdict(list)
    for modifier in modifiers:
        modifiers_of[modifier.line_id, modifier.sub_item_id].append(modifier)
    discounts_of = _grouped(discounts, "order_id")
    payments_of = _grouped(payments, "order_id")
    return [
        OrderFacts(
            order=order,
            lines=lines_of.get(order.id, ()),
            sub_items=parts_of,
            modifiers=modifiers_of,
            discounts=discounts_of.get(order.id, ()),
            payments=payments_of.get(order.id, ()),
        )
        for order in orders
    ]


def _order(values: tuple[Any, ...]) -> OrderRow:
    order = OrderRow._make(values)
    # Past the ORM, PostgreSQL's JSON arrives as text.
    return order._replace(tax_lines=orjson.loads(order.tax_lines))  # type: ignore[arg-type]


def _next(cursor: Any, row: type[R]) -> list[R]:
    cursor.nextset()
    return [row._make(values) for values in cursor.fetchall()]


def _grouped(rows: Iterable[R], by: str) -> dict[str, list[R]]:
    groups: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return groups
