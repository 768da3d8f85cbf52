"""rebuild_documents beside a running venue: nobody waits long, nothing goes stale, nothing deadlocks."""

from collections.abc import Callable
from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command

from dojo_integration import capabilities, documents
from dojo_integration.capabilities import find
from dojo_integration.models import OrderDocument
from orders.models import Order, Payment
from pos.permissions import Actor
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, an_order
from tests.factories import WorkingVenue
from tests.races.crowd import all_at_once, deadlocks

ORDERS = 8


def rebuild(times: int) -> None:
    for _ in range(times):
        call_command("rebuild_documents", stdout=StringIO())


def pay_all(shop: WorkingVenue, order_ids: list[str], till: int) -> None:
    for turn in range(2):
        for order_id in order_ids:
            params = a_payment(order_id, 10, f"pi-{till}-{turn}-{order_id}")
            capabilities.call(find("RecordOrderPaymentById"), params, Actor.dojo(shop.venue))
        sent = an_order(f"dojo-{till}-{turn}", payments=[])
        capabilities.call(find("CreateOrder"), sent, Actor.dojo(shop.venue))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_documents_are_true_after_rebuilding_beside_the_tills(uk: WorkingVenue) -> None:
    # given
    order_ids = [a_bill(uk, table=f"t{number}").pk for number in range(1, ORDERS + 1)]
    before = deadlocks()
    # when two tills pay everything, from both ends, while everything is rebuilt
    calls: list[Callable[[], object]] = [
        partial(pay_all, uk, order_ids, 1),
        partial(pay_all, uk, order_ids[::-1], 2),
        partial(rebuild, 6),
        partial(rebuild, 6),
    ]
    results = all_at_once(calls)
    # then
    assert results == [None] * len(calls)
    assert Payment.objects.count() == 2 * 2 * ORDERS
    assert Order.objects.count() == ORDERS + 2 * 2
    stored = dict(OrderDocument.objects.values_list("order_id", "body"))
    assert stored == {fresh.order_id: fresh.body for fresh in documents.render_documents(stored)}
    assert len(stored) == ORDERS + 2 * 2
    assert deadlocks() == before
