"""The demo pub in the middle of service, told through the services that tills and Dojo call.

A story that was told already is not told again: its table is taken, its tab is there, Dojo's order id is known.
"""

from bookings.models import Party
from orders.demo.phones_today import FROM_PHONES
from orders.demo.shift import Shift
from orders.demo.tables_today import AT_TABLES
from orders.demo.tabs_today import ON_TABS
from orders.models import Order


def tell_stories(shift: Shift) -> int:
    """Tell what is missing; says how many stories that were."""
    told = 0
    for code, at_table in AT_TABLES.items():
        if not Party.objects.filter(venue=shift.venue, end_time=None, table_links__table__code=code).exists():
            at_table(shift, code)
            told += 1
    for tab, on_tab in ON_TABS.items():
        if not Order.objects.filter(
            venue=shift.venue, customer_name=tab.name, tab_description=tab.description
        ).exists():
            on_tab(shift, tab)
            told += 1
    for dojo_order_id, from_phone in FROM_PHONES.items():
        if not Order.objects.filter(venue=shift.venue, dojo_order_id=dojo_order_id).exists():
            from_phone(shift, dojo_order_id)
            told += 1
    return told
