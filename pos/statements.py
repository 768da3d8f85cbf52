"""Queries that every call asks: the ORM writes their SQL once, later calls only fill in the values.

Building a queryset, turning it into SQL and working out how its rows become objects takes the ORM several times as
long as PostgreSQL takes to answer. None of it differs from call to call, so a `Statement` remembers it. Several of
them can be asked in one round trip.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Expression, Field, ForeignKey, Lookup, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators

R = TypeVar("R")


class Slot(Expression):
    """A value that is known only when the statement is asked: ``Q(venue=Slot("venue"))``."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


@ForeignKey.register_lookup
@Field.register_lookup
class AnyOf(Lookup):
    """One of a list of any length: ``Q(pk__anyof=Slot("ids"))``. The ORM's own ``in`` writes a place for each."""

    lookup_name = "anyof"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, column_params = self.process_lhs(compiler, connection)
        values, value_params = self.process_rhs(compiler, connection)
        return f"{column} = ANY{values}", [*column_params, *value_params]


class Statement(Generic[R]):
    """One queryset with slots: of objects (with what ``select_related`` joins to them) or of ``values_list`` tuples.

    ``ending`` is SQL that Django cannot write. Safe to share between threads: what it remembers never changes.
    """

    def __init__(self, rows: Callable[[], QuerySet[Any, R]], *, ending: str = "") -> None:
        self._rows = rows
        self._ending = ending
        self._written: _Written | None = None

    def all(self, **values: Any) -> list[R]:
        """Every row."""
        return together(self, **values)[0]

    def first(self, **values: Any) -> R | None:
        """The first row, where the queryset has at most one or an order."""
        return next(iter(self.all(**values)), None)

    def written(self) -> "_Written":
        # Not when it is made: that would need a database to import a module. Two threads may both do it, alike.
        if self._written is None:
            self._written = _Written(self._rows(), self._ending)
        return self._written


class _Written:
    """What does not change from call to call."""

    def __init__(self, rows: QuerySet[Any, Any], ending: str) -> None:
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, self.params = compiler.as_sql()
        self.sql = f"{sql} {ending}"
        # The ORM refuses to lock outside a transaction only when it writes the SQL; `together` does it every time.
        self.locks = " FOR " in self.sql
        select = compiler.select
        columns = [expression for expression, *_ in select]
        self._converters = [
            (index, converters, expression)
            for index, (converters, expression) in compiler.get_converters(columns).items()
        ]
        self._model: type[Model] | None = None
        info = compiler.klass_info
        if issubclass(rows._iterable_class, ModelIterable):
            own = info["select_fields"]
            self._model = info["model"]
            self._own = slice(own[0], own[-1] + 1)
            self._names = [column.target.attname for column in columns[self._own]]
            self._joined = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def fill_in(self, values: dict[str, Any]) -> list[Any]:
        return [values[given.name] if isinstance(given, Slot) else given for given in self.params]

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        if self._converters:
            rows = [self._converted(row) for row in rows]
        return list(rows) if self._model is None else [self._object(self._model, row) for row in rows]

    def _converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        converted = list(row)
        for index, converters, expression in self._converters:
            for convert in converters:
                converted[index] = convert(converted[index], expression, connection)
        return tuple(converted)

    def _object(self, model: type[Model], row: Sequence[Any]) -> Model:
        found = model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._own])
        for joined in self._joined:
            joined.populate(row, found)
        return found


def together(*statements: Statement[Any], **values: Any) -> list[list[Any]]:
    """Ask several statements in one round trip; the rows of each, in their order.

    PostgreSQL runs them one after the other, each on what is committed by then: one that waits for a lock is over
    before the next one looks.
    """
    written = [statement.written() for statement in statements]
    if any(each.locks for each in written) and connection.get_autocommit():
        raise transaction.TransactionManagementError("A lock outside a transaction is gone before it is of use.")
    with connection.cursor() as cursor:
        cursor.execute(
            "; ".join(each.sql for each in written), [param for each in written for param in each.fill_in(values)]
        )
        answers = [written[0].read(cursor.fetchall())]
        for each in written[1:]:
            cursor.nextset()
            answers.append(each.read(cursor.fetchall()))
    return answers
