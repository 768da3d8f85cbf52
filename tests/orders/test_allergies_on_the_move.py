"""Guests change tables, and what they must not eat goes with them: no station cooks on a warning it has not seen."""

import pytest

from bookings.models import Party
from orders.models import LineState, Order
from orders.selectors.stations import read_station
from orders.services.allergies import note_allergy
from orders.services.kitchen import acknowledge_allergies, move_line
from orders.services.moving import merge_orders, move_order, move_party, tab_to_table, table_to_tab
from orders.services.splitting import transfer_lines
from orders.services.targets import OnOrder
from pos.errors import Conflict
from tests.bills import a_bill, add_line, settled
from tests.factories import OrderFactory, a_venue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return a_venue()


def a_cooking_bill(shop, table="t1", **party):
    order = a_bill(shop, table=table, state=LineState.SENT)
    Party.objects.filter(pk=order.party_id).update(**party)
    return order


def a_cooking_tab(shop):
    tab = OrderFactory(
        venue=shop.venue, is_tab=True, waiter=shop.waiter, display_base="Tab · Ana", service_choice="off"
    )
    add_line(shop, tab, 500, state=LineState.SENT)
    return settled(tab)


def seen(shop, order):
    acknowledge_allergies(actor=shop.by_waiter, order_id=order.pk, station_id=shop.stations["kitchen"].pk)


def card(shop, order):
    """What heads the kitchen's card of this order, and whether it has been seen."""
    cards = {card.order.pk: card for card in read_station(shop.venue, "kitchen").cards}
    return cards[order.pk].allergies, cards[order.pk].allergies_are_seen


def refuses_to_start(shop, order):
    with pytest.raises(Conflict, match="has an allergy"):
        move_line(actor=shop.by_waiter, line_id=order.lines.first().pk, state=LineState.STARTED)
    return set(order.lines.values_list("state", flat=True)) == {LineState.SENT}


def test_two_parties_become_one_and_their_stations_look_again(shop):
    # given: the kitchen knows of the milk, not of the other table's nuts
    source, target = a_cooking_bill(shop, allergens=["nuts"]), a_cooking_bill(shop, "t2", allergens=["milk"])
    seen(shop, target)
    assert card(shop, target) == (["milk"], True)

    # when
    merge_orders(actor=shop.by_waiter, source_id=source.pk, target_id=target.pk)

    # then
    assert card(shop, target) == (["milk, nuts"], False)
    assert refuses_to_start(shop, target)


def test_guests_who_sit_down_with_others_have_what_those_must_not_eat_on_their_cards(shop):
    # given
    moving, there = a_cooking_bill(shop), a_cooking_bill(shop, "t2", allergens=["nuts"])
    seen(shop, moving)

    # when
    move_order(actor=shop.by_waiter, order_id=moving.pk, table_id=there.table_id)

    # then
    assert card(shop, moving) == (["nuts"], False)
    assert refuses_to_start(shop, moving)


def test_a_bill_that_leaves_its_company_keeps_their_warning(shop):
    # given: two bills of one party that cannot eat nuts; one of them had a word of its own
    first = a_cooking_bill(shop, allergens=["nuts"], allergy_note="severe")
    second = a_bill(shop, party=first.party, name="Table 1 · 2", state=LineState.SENT, is_separate_bill=True)
    seen(shop, second)

    # when
    move_order(actor=shop.by_waiter, order_id=second.pk, table_id=shop.tables["t9"].pk)

    # then
    second.refresh_from_db()
    assert second.party_id != first.party_id
    assert card(shop, second) == (["nuts, severe"], False)
    assert card(shop, first) == (["nuts, severe"], False)


def test_guests_who_go_on_at_the_bar_keep_their_warning(shop):
    # given
    order = a_cooking_bill(shop, allergens=["nuts"])
    seen(shop, order)

    # when
    table_to_tab(actor=shop.by_waiter, order_id=order.pk, name="Kim")

    # then
    assert card(shop, order) == (["nuts"], False)
    assert refuses_to_start(shop, order)


def test_a_tab_sits_down_with_its_own_warning_and_the_tables(shop):
    # given
    table = a_cooking_bill(shop, allergens=["nuts"])
    tab = OrderFactory(
        venue=shop.venue, is_tab=True, waiter=shop.waiter, display_base="Tab · Ana", service_choice="off"
    )
    add_line(shop, tab, 500, state=LineState.SENT)
    tab = settled(tab)
    note_allergy(actor=shop.by_waiter, target=OnOrder(tab.pk), seat=None, allergens=["gluten"])
    seen(shop, tab)

    # when
    tab_to_table(actor=shop.by_waiter, order_id=tab.pk, table_id=table.table_id)

    # then
    assert Order.objects.get(pk=tab.pk).merged_into_id == table.pk
    assert card(shop, table) == (["nuts", "gluten"], False)


def test_a_bill_that_sits_down_beside_others_has_what_those_must_not_eat_on_its_card(shop):
    # given: a tab whose station has seen all there was to see
    table = a_cooking_bill(shop, allergens=["nuts"])
    tab = a_cooking_tab(shop)
    seen(shop, tab)

    # when
    move_order(actor=shop.by_waiter, order_id=tab.pk, table_id=table.table_id)

    # then
    tab.refresh_from_db()
    assert (tab.party_id, tab.is_separate_bill) == (table.party_id, True)
    assert card(shop, tab) == (["nuts"], False)
    assert refuses_to_start(shop, tab)


def test_lines_that_go_to_another_bill_bring_the_warning_of_their_seats(shop):
    # given: the other bill's station has seen what it had
    source, target = a_cooking_bill(shop), a_cooking_bill(shop, "t2")
    steak = add_line(shop, source, 2900, seats=[2], state=LineState.SENT)
    source = settled(source)
    note_allergy(actor=shop.by_waiter, target=OnOrder(source.pk), seat=2, allergens=["nuts"])
    note_allergy(actor=shop.by_waiter, target=OnOrder(target.pk), seat=1, allergens=["milk"])
    seen(shop, target)

    # when
    transfer_lines(actor=shop.by_waiter, order_id=source.pk, quantities={steak.pk: 1}, table_id=shop.tables["t2"].pk)

    # then
    assert card(shop, target) == (["Seat 1: milk", "Seat 2: nuts"], False)
    assert refuses_to_start(shop, target)


def test_who_only_changes_tables_is_not_asked_about_again(shop):
    # given
    order = a_cooking_bill(shop, allergens=["nuts"])
    seen(shop, order)

    # when
    move_party(actor=shop.by_waiter, party_id=order.party_id, table_ids=[shop.tables["t5"].pk])

    # then
    assert card(shop, order) == (["nuts"], True)
    move_line(actor=shop.by_waiter, line_id=order.lines.get().pk, state=LineState.STARTED)
    assert order.lines.get().state == LineState.STARTED
