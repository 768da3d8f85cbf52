"""Everything that Dojo sees of some orders, read in one round trip.

Every change of every order ends here, so this is plain SQL: building the same queries and the objects behind
them took longer than the rest of the document. Nothing is joined: for so few rows PostgreSQL plans a join for longer
than it then looks up what belongs to them.
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

OfOrder = TypeVar("OfOrder", LineRow, DiscountRow, PaymentRow)


def _select(row: type[NamedTuple], source: str, *more: str, **elsewhere: str) -> str:
    """One SELECT of the columns that a row is made of; those of other tables are named."""
    columns = ", ".join([*(elsewhere.get(name, f"r.{name}") for name in row._fields), *more])
    return f"SELECT {columns} FROM {source}"


def _hanging_on_it(row: type[NamedTuple], table: str) -> str:
    """The rows that hang on a line, as one JSON list without its id: half the price of a joined SELECT of their own."""
    columns = ", ".join(f"h.{name}" for name in row._fields if name != "line_id")
    return f"(SELECT json_agg(json_build_array({columns}) ORDER BY h.id) FROM {table} h WHERE h.line_id = r.id)"


_STATEMENTS = "; ".join(
    [
        _select(
            OrderRow,
            "orders_order r WHERE r.id = ANY(%(ids)s) ORDER BY r.id",
            table_code="(SELECT t.code FROM floorplan_table t WHERE t.id = r.table_id)",
            waiter_id="(SELECT w.waiter_id FROM pos_membership w WHERE w.id = r.waiter_id)",
        ),
        _select(
            LineRow,
            """orders_orderline r
            WHERE r.order_id = ANY(%(ids)s) AND r.state <> 'voided' ORDER BY r.order_id, r.position, r.id""",
            _hanging_on_it(SubItemRow, "orders_linesubitem"),
            _hanging_on_it(ModifierRow, "orders_linemodifier"),
        ),
        _select(
            DiscountRow,
            "orders_discount r WHERE r.order_id = ANY(%(ids)s) ORDER BY r.id",
            "r.line_id",
            line_plu="NULL",
        ),
        _select(
            PaymentRow,
            "orders_payment r WHERE r.order_id = ANY(%(ids)s) ORDER BY r.id",
            intent_id="(SELECT i.intent_id FROM orders_paymentintent i WHERE i.id = r.intent_id)",
        ),
    ]
)


def read_facts(order_ids: Iterable[str]) -> list[OrderFacts]:
    """Read these orders with all that is on them, sorted by id; unknown ones are simply missing."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS, {"ids": list(order_ids)})
        orders = [_order(values) for values in cursor.fetchall()]
        cursor.nextset()
        lines: list[LineRow] = []
        parts_of: dict[str, list[SubItemRow]] = {}
        modifiers_of: dict[tuple[str, int | None], list[ModifierRow]] = defaultdict(list)
        for *values, sub_items, modifiers in cursor.fetchall():
            line = LineRow._make(values)
            lines.append(line)
            if sub_items:
                parts_of[line.id] = [SubItemRow(line.id, *part) for part in sub_items]
            for modifier in modifiers or ():
                row = ModifierRow(line.id, *modifier)
                modifiers_of[line.id, row.sub_item_id].append(row)
        cursor.nextset()
        discounts = _discounts(cursor.fetchall(), lines)
        cursor.nextset()
        payments = [PaymentRow._make(values) for values in cursor.fetchall()]
    lines_of = _grouped(lines)
    discounts_of = _grouped(discounts)
    payments_of = _grouped(payments)
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


def _discounts(rows: Iterable[tuple[Any, ...]], lines: Iterable[LineRow]) -> list[DiscountRow]:
    """Those of the order, and those of lines that are on the bill."""
    plus = {line.id: line.plu for line in lines}
    return [
        DiscountRow._make(values)._replace(line_plu=plus.get(line_id))
        for *values, line_id in rows
        if line_id is None or line_id in plus
    ]


def _grouped(rows: Iterable[OfOrder]) -> dict[str, list[OfOrder]]:
    groups: dict[str, list[OfOrder]] = defaultdict(list)
    for row in rows:
        groups[row.order_id].append(row)
    return groups
