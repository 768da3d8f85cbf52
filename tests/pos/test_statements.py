"""Statements answer what their queryset answers, however often and for whomever they are asked."""

import threading

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from bookings.models import Party
from orders.models import Order, OrderLine
from pos.models import Venue
from pos.statements import Slot, Statement, together
from tests.bills import a_bill, add_line
from tests.factories import PartyFactory, VenueFactory, WorkingVenue


def columns(row: object | None) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"} if row else {}


@pytest.mark.parametrize(
    "rows",
    [
        # A JSON column, and joins that are there, that lead on, and that lead nowhere.
        lambda: Order.objects.select_related("table", "waiter__staff", "reservation"),
        # An array column, and none of the joins.
        lambda: OrderLine.objects.exclude(state="voided"),
    ],
    ids=["joined", "plain"],
)
def test_the_objects_are_those_of_the_queryset(uk: WorkingVenue, rows) -> None:
    # given
    add_line(uk, a_bill(uk), 100, seats=[2, 3])
    statement = Statement(lambda: rows().filter(venue=Slot("venue")).order_by("pk"))
    usual = list(rows().filter(venue=uk.venue).order_by("pk"))

    # when
    found = statement.all(venue=uk.venue.pk)

    # then
    assert [columns(row) for row in found] == [columns(row) for row in usual] != []
    assert [row._state.db for row in found] == [row._state.db for row in usual]
    for ours, theirs in zip(found, usual, strict=True):
        assert not ours._state.adding
        assert ours._state.fields_cache.keys() == theirs._state.fields_cache.keys()
        for name, joined in theirs._state.fields_cache.items():
            assert (columns(ours._state.fields_cache[name]) if joined else None) == (
                columns(joined) if joined else None
            )


def test_the_tuples_are_those_of_the_queryset(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    rows: Statement[tuple[str, list]] = Statement(
        lambda: Order.objects.filter(venue=Slot("venue")).values_list("tax_lines", "pk")
    )
    assert rows.all(venue=uk.venue.pk) == [(order.tax_lines, order.pk)]
    assert rows.first(venue=uk.venue.pk) == (order.tax_lines, order.pk)
    assert rows.first(venue=0) is None


@pytest.mark.parametrize("lookup", ["pk", "venue", "name"])
def test_any_of_a_list_of_any_length(db: None, lookup: str) -> None:
    # given
    parties = [PartyFactory(name=name) for name in ("Ada", "Grace", "O'Hara, {Scarlett}")]
    statement = Statement(lambda: Party.objects.filter(**{f"{lookup}__anyof": Slot("wanted")}).order_by("pk"))

    # then
    for wanted in (parties, parties[:1], parties[2:], []):
        keys = [getattr(party, "venue_id" if lookup == "venue" else lookup) for party in wanted]
        assert statement.all(wanted=keys) == sorted(wanted, key=lambda party: party.pk)


def test_several_statements_are_one_round_trip(db: None) -> None:
    # given
    venue = VenueFactory(bare=True)
    by_slug = Statement(lambda: Venue.objects.filter(slug=Slot("slug")))
    names = Statement(lambda: Venue.objects.filter(pk=Slot("venue")).values_list("name"))

    # when
    with CaptureQueriesContext(connection) as queries:
        found = together(by_slug, names, by_slug, venue=venue.pk, slug=venue.slug)

    # then
    assert found == [[venue], [(venue.name,)], [venue]]
    assert len(queries) == 1


def test_the_sql_is_written_once_for_all_threads(db: None) -> None:
    # given
    calls = []

    def rows() -> QuerySet[Venue]:
        calls.append(1)
        return Venue.objects.filter(pk=Slot("venue"))

    statement = Statement(rows)
    statement.written()

    # when
    written = []
    threads = [threading.Thread(target=lambda: written.append(statement.written())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then
    assert len(calls) == 1
    assert len(written) == 8
    assert len(set(map(id, written))) == 1


def test_a_value_that_was_forgotten_is_a_mistake(db: None) -> None:
    with pytest.raises(KeyError, match="venue"):
        Statement(lambda: Venue.objects.filter(pk=Slot("venue"))).all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "locking",
    [
        Statement(lambda: Venue.objects.select_for_update().filter(pk=Slot("venue"))),
        Statement(lambda: Venue.objects.select_for_update(no_key=True).filter(pk=Slot("venue"))),
        Statement(lambda: Venue.objects.filter(pk=Slot("venue")), ending="FOR KEY SHARE"),
    ],
    ids=["for update", "for no key update", "for key share"],
)
def test_a_lock_outside_a_transaction_is_a_mistake(locking: Statement[Venue]) -> None:
    # given: written inside of one, where the ORM has nothing against it
    venue = VenueFactory(bare=True)
    with transaction.atomic():
        assert locking.all(venue=venue.pk) == [venue]

    # when / then
    with pytest.raises(transaction.TransactionManagementError):
        locking.all(venue=venue.pk)
