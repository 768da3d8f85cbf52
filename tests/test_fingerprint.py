"""A fingerprint that stayed the same has to mean that nothing happened."""

from django.apps import apps
from django.db import connection, transaction

from orders.models import Order, OrderLine
from pos.models import Venue
from tests.bills import a_bill
from tests.factories import TableFactory, WorkingVenue
from tests.fingerprint import APPS, fingerprint


def changed(before: dict, after: dict) -> list[str]:
    return sorted(table for table in before if before[table] != after[table])


def test_it_changes_with_every_row_and_every_column(uk: WorkingVenue) -> None:
    # given
    order = a_bill(uk)
    before = fingerprint()
    assert fingerprint() == before
    # a column, a row, a link
    for change, tables in (
        (lambda: Order.objects.filter(pk=order.pk).update(note="quietly"), ["orders_order"]),
        (lambda: OrderLine.objects.filter(order=order).delete(), ["orders_orderline"]),
        (lambda: Venue.objects.update(bill_footer="Bye"), ["pos_venue"]),
        (lambda: uk.tables["t1"].waiters.add(uk.waiter), ["floorplan_table_waiters"]),
        (lambda: TableFactory(venue=uk.venue, area=uk.area, code="t99", name="Window"), ["floorplan_table"]),
    ):
        with transaction.atomic():
            change()
            assert changed(before, fingerprint()) == tables
            transaction.set_rollback(True)
    assert fingerprint() == before


def test_it_looks_at_every_table_of_ours(db: None) -> None:
    foreign = {model._meta.db_table for model in apps.get_models() if model._meta.app_label not in APPS}
    foreign |= {table for table in connection.introspection.table_names() if table.startswith("django_")}
    linking = {table for table in connection.introspection.table_names() if table.startswith("auth_")}
    assert fingerprint().keys() == set(connection.introspection.table_names()) - foreign - linking
