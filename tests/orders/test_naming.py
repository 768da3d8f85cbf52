"""Names on a card machine: always set, unique among what is open, at most 24 characters, never a failure."""

import pytest

from orders.models import Order, OrderType
from orders.models.order import DISPLAY_NAME_LENGTH
from orders.services.dojo_lines import NewItem
from orders.services.dojo_orders import NewDojoOrder, create_order
from orders.services.lines import NewLine
from orders.services.naming import base_name_of, with_suffix
from orders.services.ordering import add_lines
from orders.services.sending import send
from orders.services.targets import NewTab
from orders.services.tenders import take_payment
from tests.factories import TableFactory

pytestmark = pytest.mark.django_db

LONG = "The Duchess of Devonshire's birthday"


def by_phone(shop, number, name, **fields):
    request = NewDojoOrder(
        dojo_order_id=f"dojo_{number}",
        order_type=OrderType.COLLECTION,
        items=(NewItem(name="Soup", plu="soup", quantity=1, unit_price=750),),
        total_amount=750,
        currency="GBP",
        display_name=name,
        **fields,
    )
    return create_order(actor=shop.by_dojo, request=request).display_name


def a_tab(shop, name):
    (line,) = add_lines(actor=shop.by_waiter, target=NewTab(name=name), lines=[NewLine(plu="coffee")])
    return Order.objects.get(pk=line.order_id)


@pytest.mark.parametrize("base", ["Table 12", "x" * 24, "A table by the window, x"])
@pytest.mark.parametrize("number", [1, 2, 10, 999])
def test_a_suffix_always_fits(base, number):
    # when
    name = with_suffix(base, number)

    # then
    assert len(name) <= DISPLAY_NAME_LENGTH == 24
    assert number == 1 or name.endswith(f" · {number}")
    assert name.strip() == name


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"is_tab": True, "customer_name": "Ana", "tab_description": "red coat"}, "Tab · Ana"),
        ({"is_tab": True, "tab_description": "red coat"}, "Tab · red coat"),
        ({"is_tab": True}, "Tab · 17"),
        ({"order_type": "Collection", "customer_name": "  Sam   Smith "}, "Collect · Sam Smith"),
        ({"order_type": "Collection"}, "Collect · 17"),
        ({}, "Order 17"),
        ({"is_tab": True, "customer_name": LONG}, "Tab · The Duchess of Dev"),
    ],
)
def test_an_order_is_called_by_its_guest_or_its_number(fields, name):
    assert base_name_of(Order(number=17, **fields)) == name


def test_an_order_is_called_by_its_table(uk):
    # given
    table = TableFactory(venue=uk.venue, area=uk.area, name="Long table by the door")

    # then
    assert base_name_of(Order(number=17, table=table)) == "Long table by the door"


def test_a_name_that_dojo_sends_is_the_base_and_not_sacred(uk):
    # when
    names = [by_phone(uk, number, name) for number, name in enumerate(["Sam", "Sam", " Sam ", "", LONG, LONG])]

    # then
    assert names == ["Sam", "Sam · 2", "Sam · 3", "Collect · 4", "The Duchess of Devonshir", "The Duchess of Devon · 2"]


def test_two_bases_that_end_alike_do_not_fail_each_other(uk):
    # given: a guest who is called what the second Ana would be
    a_tab(uk, "Ana · 2")
    a_tab(uk, "Ana")

    # when
    third = a_tab(uk, "Ana")

    # then
    assert third.display_name == "Tab · Ana · 3"


def test_a_name_is_free_again_once_its_order_has_closed(uk):
    # given
    first, second = a_tab(uk, "Ana"), a_tab(uk, "Ana")
    assert (first.display_name, second.display_name) == ("Tab · Ana", "Tab · Ana · 2")
    send(actor=uk.by_waiter, order_id=first.pk)
    take_payment(actor=uk.by_waiter, order_id=first.pk, kind="cash", amount=first.outstanding)

    # when
    third = a_tab(uk, "Ana")

    # then: and what was closed keeps the name it had
    first.refresh_from_db()
    assert (first.is_open, first.display_name, third.display_name) == (False, "Tab · Ana", "Tab · Ana")
