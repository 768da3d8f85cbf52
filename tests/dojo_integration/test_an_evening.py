"""One table's evening, step by step: what the room has and what Dojo reads agree all along."""

import orjson
import pytest

from dojo_integration.documents import render_documents
from dojo_integration.models import OrderDocument
from orders.models import LineState, Order
from orders.selectors.floor import read_floor
from orders.services.kitchen import acknowledge_lines, move_line
from orders.services.lines import Choice, NewLine
from orders.services.ordering import add_lines
from orders.services.payments import record_order_payment_by_id
from orders.services.sending import fire_course, send
from orders.services.targets import AtTable

pytestmark = pytest.mark.django_db


def wire(order_id):
    """What Dojo reads; and it is what the rows say."""
    document = OrderDocument.objects.get(pk=order_id)
    assert document.body == render_documents([order_id])[0].body
    return orjson.loads(document.body)


def seen(order_id):
    order = wire(order_id)
    return order["status"], [item["name"] for item in order["items"]], order["totalAmount"]["value"], order["payable"]


def floor_says(shop):
    """The state and the word on table 12."""
    tiles = (tile for room in read_floor(shop.venue, shop.waiter).rooms for tile in room.tiles)
    tile = next(tile for tile in tiles if tile.table.code == "t12")
    return str(tile.glance.state), tile.glance.word, tile.balance


def states(order_id):
    return list(Order.objects.get(pk=order_id).lines.order_by("position").values_list("plu", "state"))


def test_two_rounds_drinks_served_first_mains_sent_after(uk):
    # given
    uk.venue.service_kind = "none"
    uk.venue.save()
    pint, steak = uk.portions["lager-pint"], uk.portions["ribeye"]

    # when: the first round
    drinks = add_lines(actor=uk.by_waiter, target=AtTable("t12"), lines=[NewLine(plu="lager-pint", quantity=2)])
    order_id = drinks[0].order_id

    # then: seated with their order, nothing in the bar yet
    assert floor_says(uk) == ("seated", "Seated", 1240)
    assert seen(order_id) == ("New", [drinks[0].name], 2 * pint.price, True)

    # when
    send(actor=uk.by_waiter, order_id=order_id)

    # then
    assert floor_says(uk) == ("service", "Drinks", 1240)
    assert seen(order_id)[0] == "Accepted"
    assert states(order_id) == [("lager-pint", LineState.SENT)]

    # when: the bar's screen has it, pours, and it is taken
    line_id = drinks[0].pk
    assert acknowledge_lines(actor=uk.by_system, station_id=drinks[0].station_id, line_ids=[line_id]) == 1
    for state in (LineState.STARTED, LineState.READY, LineState.SERVED):
        move_line(actor=uk.by_waiter, line_id=line_id, state=state)

    # then
    assert floor_says(uk) == ("service", "Drinks", 1240)
    assert seen(order_id)[0] == "Preparing"

    # when: mains are ordered while the drinks are on the table
    mains = add_lines(
        actor=uk.by_waiter,
        target=AtTable("t12"),
        lines=[NewLine(plu="ribeye", modifiers=(Choice(plu="rare"),))],
    )

    # then: the second round waits on the same bill, and nothing that was served is touched
    assert floor_says(uk) == ("service", "Drinks", 4140)
    assert mains[0].order_id == order_id
    assert states(order_id) == [("lager-pint", LineState.SERVED), ("ribeye", LineState.UNSENT)]
    assert seen(order_id)[2:] == (2 * pint.price + steak.price, True)

    # when
    send(actor=uk.by_waiter, order_id=order_id)
    if Order.objects.get(pk=order_id).lines.filter(state=LineState.HELD).exists():
        fire_course(actor=uk.by_waiter, order_id=order_id, course_id=mains[0].course_id)

    # then: whatever later rounds do, the order stays Preparing
    assert floor_says(uk) == ("service", "Mains", 4140)
    assert states(order_id)[1] == ("ribeye", LineState.SENT)
    assert seen(order_id)[0] == "Preparing"
    assert Order.objects.get(pk=order_id).rounds.count() == 2

    # when: they pay before the steak is done
    record_order_payment_by_id(
        actor=uk.by_dojo,
        order_id=order_id,
        payment_intent_id="pi_1",
        paid_amount=2 * pint.price + steak.price,
        currency="GBP",
    )

    # then: the order is finished, the kitchen is not
    assert floor_says(uk) == ("paid", "Paid", 0)
    assert (seen(order_id)[0], seen(order_id)[3]) == ("Finalized", False)
    assert states(order_id)[1] == ("ribeye", LineState.SENT)

    # when: the steak is bumped afterwards
    before = wire(order_id)
    for state in (LineState.STARTED, LineState.READY, LineState.SERVED):
        move_line(actor=uk.by_waiter, line_id=mains[0].pk, state=state)

    # then: without touching the order
    assert floor_says(uk) == ("paid", "Paid", 0)
    assert wire(order_id) == before

    # when: a coffee after they paid
    coffee = add_lines(actor=uk.by_waiter, target=AtTable("t12"), lines=[NewLine(plu="coffee")])

    # then
    assert floor_says(uk) == ("seated", "Seated", 340)
    following = Order.objects.get(pk=coffee[0].order_id)
    assert (following.display_name, following.party_id) == (
        f"{uk.tables['t12'].name} · 2",
        Order.objects.get(pk=order_id).party_id,
    )
