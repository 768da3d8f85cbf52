"""Taking an order: what a line is made of, where it lands, and what is refused without leaving a trace."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.models import Party
from orders.models import (
    Eaten,
    LineState,
    LineSubItem,
    Modifier,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Product,
    SeatAllergy,
    TakenOff,
)
from orders.services.allergies import note_allergy
from orders.services.lines import Choice, ChosenPart, NewLine
from orders.services.locking import create_order_lock, delete_order_lock
from orders.services.ordering import (
    add_lines,
    change_quantity,
    remove_line,
    set_course,
    set_eaten,
    set_note,
    set_order_eaten,
    set_seats,
)
from orders.services.payments import record_order_payment_by_id
from orders.services.sending import send
from orders.services.targets import AtTable, NewCollection, NewCounter, NewTab, OfParty, OnOrder
from pos.errors import Conflict, InvalidRequest, Locked, NotFound, OrderClosed
from pos.ids import LINE, ORDER, new_id
from pos.permissions import Actor
from tests.factories import (
    ComboChoiceFactory,
    ComboPartFactory,
    OrderFactory,
    PartyFactory,
    PortionFactory,
    ProductFactory,
    TableFactory,
    VatRateFactory,
    a_venue,
)

pytestmark = pytest.mark.django_db

T1 = AtTable("t1")
LAGER = NewLine(plu="lager-pint")
COFFEE = NewLine(plu="coffee")
RIBEYE = NewLine(plu="ribeye", modifiers=(Choice("medium"),))


def add(shop, target, *lines):
    return add_lines(actor=shop.by_waiter, target=target, lines=lines)


def pay(shop, order, amount=None, intent="pi_1"):
    order.refresh_from_db()
    return record_order_payment_by_id(
        actor=shop.by_dojo,
        order_id=order.pk,
        payment_intent_id=intent,
        paid_amount=amount or order.outstanding,
        currency=order.currency,
    )


def lend(shop, order, lock_id="lock_1"):
    expiry = timezone.now() + timedelta(minutes=5)
    return create_order_lock(actor=shop.by_dojo, order_id=order.pk, lock_id=lock_id, expiry=expiry)


def counts():
    return Order.objects.count(), OrderLine.objects.count(), Party.objects.count()


# --- where lines land ------------------------------------------------------------------------------------------------


def test_the_first_line_at_a_free_table_seats_a_party_and_opens_its_order(uk):
    # when
    (line,) = add(uk, T1, LAGER)

    # then
    order, party = Order.objects.get(), Party.objects.get()
    assert (order.display_name, order.status, order.order_type) == ("Table 1", OrderStatus.NEW, OrderType.DINE_IN)
    assert (order.table, order.party, order.waiter) == (uk.tables["t1"], party, uk.waiter)
    assert list(party.tables.all()) == [uk.tables["t1"]]
    assert (line.name, line.quantity, line.unit_price, line.state) == ("Lager pint", 1, 620, LineState.UNSENT)
    assert (line.station, line.course) == (uk.stations["bar"], uk.courses["Drinks"])
    assert (line.added_by, line.till) == (uk.waiter, uk.till)
    # 6.20 and 12.5 % of it
    assert (order.goods_amount, order.service_amount, order.total_amount) == (620, 78, 698)


def test_a_second_round_goes_on_the_same_order(uk):
    # given
    add(uk, T1, LAGER)

    # when
    add(uk, T1, LAGER, COFFEE)

    # then
    assert counts() == (1, 3, 1)
    assert list(OrderLine.objects.values_list("position", flat=True)) == [1, 2, 3]
    assert Order.objects.get().goods_amount == 620 + 620 + 340


def test_a_seated_party_gets_its_order_with_the_first_line(uk):
    # given
    party = PartyFactory(venue=uk.venue, covers=4, at=[uk.tables["t3"]], waiter=uk.supervisor)

    # when
    add(uk, OfParty(party.pk), LAGER)

    # then
    order = Order.objects.get()
    assert (order.party, order.table, order.covers) == (party, uk.tables["t3"], 4)
    # the table stays with who serves it
    assert order.waiter == uk.supervisor


def test_who_orders_by_phone_before_the_waiter_comes_is_one_party_with_two_bills(uk):
    # given: an order from a phone, for a table where nobody was seated
    by_phone = OrderFactory(venue=uk.venue, table=uk.tables["t1"], is_prepaid=True, origin="dojo")

    # when
    (line,) = add(uk, T1, LAGER)

    # then
    by_phone.refresh_from_db()
    party = Party.objects.get()
    assert (by_phone.party, line.order.party) == (party, party)
    assert (by_phone.lines.count(), line.order.display_name) == (0, "Table 1")


def test_the_oldest_of_several_parties_is_meant_by_a_table(uk):
    # given
    first = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], start_time=timezone.now() - timedelta(hours=1))
    PartyFactory(venue=uk.venue, at=[uk.tables["t1"]])
    flagged = timezone.now() - timedelta(hours=3)
    PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], start_time=flagged, needs_seating=True)

    # when
    add(uk, T1, LAGER)

    # then
    assert Order.objects.get().party == first


def test_a_coffee_after_paying_opens_the_next_bill_without_a_question(uk):
    # given
    add(uk, T1, LAGER)
    order = Order.objects.get()
    send(actor=uk.by_waiter, order_id=order.pk)
    note_allergy(actor=uk.by_waiter, target=T1, seat=2, allergens=["nuts"])
    pay(uk, order)
    assert Order.objects.get().status == OrderStatus.FINALIZED

    # when
    (coffee,) = add(uk, T1, COFFEE)

    # then
    follow_on = Order.objects.exclude(pk=order.pk).get()
    assert (coffee.order_id, follow_on.display_name, follow_on.party) == (follow_on.pk, "Table 1 · 2", order.party)
    assert Party.objects.count() == 1
    # what seat 2 must not eat still holds
    assert list(follow_on.seat_allergies.values_list("seat", "allergens")) == [(2, ["nuts"])]


def test_while_a_card_machine_has_the_bill_new_lines_go_on_the_next_one(uk):
    # given
    add(uk, T1, LAGER)
    order = Order.objects.get()
    lend(uk, order)

    # when
    (first,) = add(uk, T1, COFFEE)
    (second,) = add(uk, OnOrder(order.pk), COFFEE)

    # then
    order.refresh_from_db()
    follow_on = Order.objects.get(follows=order)
    assert order.total_amount == 698
    assert (first.order_id, second.order_id) == (follow_on.pk, follow_on.pk)
    assert (follow_on.display_name, follow_on.joins_back, follow_on.goods_amount) == ("Table 1 · 2", True, 680)

    # when
    delete_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="lock_1")

    # then
    order.refresh_from_db()
    assert (order.goods_amount, order.lines.count()) == (1300, 3)


def test_a_merged_orders_id_keeps_taking_lines(uk):
    # given
    add(uk, T1, LAGER)
    order = Order.objects.get()
    lend(uk, order)
    add(uk, T1, COFFEE)
    follow_on = Order.objects.get(follows=order)
    delete_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="lock_1")

    # when
    (line,) = add(uk, OnOrder(follow_on.pk), LAGER)

    # then
    assert line.order_id == order.pk


def test_a_closed_order_takes_nothing_and_names_the_next(uk):
    # given
    add(uk, T1, LAGER)
    order = Order.objects.get()
    send(actor=uk.by_waiter, order_id=order.pk)
    pay(uk, order)
    add(uk, T1, COFFEE)
    follow_on = Order.objects.exclude(pk=order.pk).get()
    OrderFactory(venue=uk.venue, id=new_id(ORDER, at=order.opened_at), party=order.party, is_prepaid=True)
    before = counts()

    # when
    with pytest.raises(OrderClosed) as refusal:
        add(uk, OnOrder(order.pk), LAGER)

    # then
    assert refusal.value.data == {"next_order": follow_on.pk}
    assert counts() == before


def test_a_paid_collection_takes_nothing_more_before_it_is_handed_over(uk):
    # given
    add(uk, NewCollection(name="Sam"), COFFEE)
    order = Order.objects.get()
    send(actor=uk.by_waiter, order_id=order.pk)
    pay(uk, order)
    order.refresh_from_db()
    assert order.is_open

    # when
    with pytest.raises(OrderClosed) as refusal:
        add(uk, OnOrder(order.pk), LAGER)

    # then
    assert refusal.value.data == {"next_order": None}
    assert OrderLine.objects.count() == 1


def test_adding_takes_the_printed_mark_off_the_bill(uk):
    # given
    add(uk, T1, LAGER)
    Order.objects.update(bill_printed_at=timezone.now())

    # when
    add(uk, T1, COFFEE)

    # then
    assert Order.objects.get().bill_printed_at is None


def test_a_tab_is_born_with_its_first_line(uk):
    # when
    add(uk, NewTab(name="Ana", description="red coat", limit=5000), LAGER)

    # then
    order = Order.objects.get()
    assert (order.display_name, order.is_tab, order.tab_description, order.tab_limit) == (
        "Tab · Ana",
        True,
        "red coat",
        5000,
    )
    assert (order.table, order.party, order.waiter) == (None, None, uk.waiter)


def test_a_tab_with_an_id_of_the_tills_is_opened_once(uk):
    # given
    order_id = new_id(ORDER)
    add(uk, NewTab(name="Ana", order_id=order_id), LAGER)

    # when
    add(uk, NewTab(name="Ana", order_id=order_id), COFFEE)

    # then
    order = Order.objects.get()
    assert (order.pk, order.lines.count()) == (order_id, 2)


def test_another_venues_order_id_opens_nothing_here(uk):
    # given
    theirs = a_venue()
    add(theirs, NewTab(name="Ana"), LAGER)
    before = counts()

    # when
    with pytest.raises(Conflict):
        add(uk, NewTab(name="Ana", order_id=Order.objects.get().pk), LAGER)

    # then
    assert counts() == before


def test_a_collection_is_taken_out(uk):
    # when
    (line,) = add(uk, NewCollection(name="Sam", phone="020 7946 0000"), NewLine(plu="sandwich"))

    # then
    order = Order.objects.get()
    assert (order.display_name, order.order_type, order.customer_phone, order.collect_asap) == (
        "Collect · Sam",
        OrderType.COLLECTION,
        "020 7946 0000",
        True,
    )
    # cold food taken away carries no VAT, and a collection no service
    assert (line.eaten, line.vat_rate, order.total_amount) == (Eaten.OUT, 0, 850)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (AtTable("nowhere"), NotFound),
        (OfParty("party_01k0000000e008000000000000"), NotFound),
        (OnOrder("order_01k0000000e008000000000000"), NotFound),
        (NewTab(name="Ana", order_id="order_1"), InvalidRequest),
    ],
)
def test_a_target_that_is_not_there(uk, target, error):
    # when
    with pytest.raises(error):
        add(uk, target, LAGER)

    # then
    assert counts() == (0, 0, 0)


def test_another_venues_table_party_and_order_are_not_found(uk):
    # given
    theirs = a_venue()
    only_theirs = TableFactory(venue=theirs.venue, area=theirs.area, code="patio")
    (line,) = add(theirs, T1, LAGER)
    before = counts()

    # when
    for target in (AtTable(only_theirs.code), OfParty(line.order.party_id), OnOrder(line.order_id)):
        with pytest.raises(NotFound):
            add(uk, target, LAGER)
    for change in (
        lambda: change_quantity(actor=uk.by_waiter, line_id=line.pk, quantity=2),
        lambda: set_note(actor=uk.by_waiter, line_id=line.pk, note="hot"),
        lambda: remove_line(actor=uk.by_waiter, line_id=line.pk),
    ):
        with pytest.raises(NotFound):
            change()

    # then
    assert counts() == before
    line.refresh_from_db()
    assert (line.quantity, line.note, line.state) == (1, "", LineState.UNSENT)


def test_a_party_that_left_gets_nothing_more(uk):
    # given
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], end_time=timezone.now())

    # when
    with pytest.raises(Conflict):
        add(uk, OfParty(party.pk), LAGER)

    # then
    assert counts() == (0, 0, 1)


# --- what a line is made of ------------------------------------------------------------------------------------------


def test_choices_are_priced_per_single_item(uk):
    # when
    (line,) = add(
        uk,
        T1,
        NewLine(
            plu="burger",
            quantity=2,
            modifiers=(Choice("cheese", 2), Choice("no-onion")),
            note="  no bun  ",
            seats=(3, 1, 3),
        ),
    )

    # then
    line.refresh_from_db()
    assert (line.note, line.seats) == ("no bun", [1, 3])
    assert line.gross_amount == 2 * (1650 + 2 * 150)
    assert list(line.modifiers.values_list("plu", "name", "quantity", "price")) == [
        ("cheese", "Cheese", 2, 150),
        ("no-onion", "No onion", 1, 0),
    ]


def test_a_combo_takes_one_choice_for_each_part(uk):
    # when
    (line,) = add(
        uk,
        T1,
        NewLine(
            plu="burger-deal",
            sub_items=(
                ChosenPart(plu="red-175", note="cold"),
                ChosenPart(plu="burger", modifiers=(Choice("bacon"),)),
            ),
        ),
    )

    # then
    line.refresh_from_db()
    assert line.gross_amount == 1990 + 150 + 200
    parts = {part.plu: part for part in line.sub_items.all()}
    assert (parts["red-175"].price, parts["red-175"].standalone_price, parts["red-175"].note) == (150, 780, "cold")
    assert (parts["burger"].price, parts["burger"].standalone_price) == (0, 1650)
    assert parts["red-175"].vat_class == uk.vat["alcohol"]
    assert list(parts["burger"].modifiers.values_list("plu", flat=True)) == ["bacon"]
    assert list(line.modifiers.values_list("sub_item", flat=True)) == [parts["burger"].pk]


def test_one_choice_may_suit_two_parts_of_a_combo(uk):
    # given: a lager or a lemonade, then a lager
    combo = ProductFactory(venue=uk.venue, name="Two drinks", vat_class=uk.vat["alcohol"])
    PortionFactory(venue=uk.venue, product=combo, plu="two", price=900)
    first = ComboPartFactory(product=combo, name="First", position=1)
    second = ComboPartFactory(product=combo, name="Second", position=2)
    ComboChoiceFactory(part=first, portion=uk.portions["lager-pint"])
    ComboChoiceFactory(part=first, portion=uk.portions["lemonade"])
    ComboChoiceFactory(part=second, portion=uk.portions["lager-pint"], surcharge=50)

    # when
    (line,) = add(uk, T1, NewLine(plu="two", sub_items=(ChosenPart(plu="lager-pint"), ChosenPart(plu="lemonade"))))

    # then
    assert list(line.sub_items.values_list("plu", "price")) == [("lager-pint", 50), ("lemonade", 0)]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (NewLine(plu="unicorn"), "plu"),
        (NewLine(plu="lager-pint", quantity=0), "quantity"),
        (NewLine(plu="lager-pint", quantity=1000), "quantity"),
        (NewLine(plu="lager-pint", seats=(0,)), "seats"),
        (NewLine(plu="lager-pint", seats=(100,)), "seats"),
        (NewLine(plu="lager-pint", note="x" * 501), "note"),
        (NewLine(plu="lager-pint", line_id="line_1"), "line_id"),
        (NewLine(plu="lager-pint", course_id=10**9), "course"),
        (NewLine(plu="lager-pint", modifiers=(Choice("cheese"),)), "modifiers.0.plu"),
        (NewLine(plu="ribeye"), "modifiers"),
        (NewLine(plu="ribeye", modifiers=(Choice("rare"), Choice("medium"))), "modifiers"),
        (NewLine(plu="ribeye", modifiers=(Choice("rare", 0),)), "modifiers.0.quantity"),
        (NewLine(plu="burger", modifiers=(Choice("cheese"), Choice("unicorn"))), "modifiers.1.plu"),
        (NewLine(plu="lager-pint", sub_items=(ChosenPart(plu="burger"),)), "sub_items"),
        (NewLine(plu="burger-deal"), "sub_items"),
        (NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"),)), "sub_items"),
        (NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="soup"))), "sub_items.1.plu"),
        (
            NewLine(
                plu="burger-deal",
                sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="lemonade"), ChosenPart(plu="lemonade")),
            ),
            "sub_items.2.plu",
        ),
    ],
)
def test_a_line_that_is_none_names_its_field_and_leaves_nothing(uk, line, field):
    # when
    with pytest.raises(InvalidRequest) as refusal:
        add(uk, T1, COFFEE, line)

    # then
    assert refusal.value.field == field
    assert counts() == (0, 0, 0)


def test_what_left_the_menu_is_not_sold(uk):
    # given
    Product.objects.filter(pk=uk.products["soup"].pk).update(is_active=False)
    Modifier.objects.filter(plu="cheese").update(is_active=False)

    # when
    for line in (NewLine(plu="soup"), NewLine(plu="burger", modifiers=(Choice("cheese"),))):
        with pytest.raises(InvalidRequest, match="not on the menu any more"):
            add(uk, T1, line)

    # then
    assert counts() == (0, 0, 0)


def test_the_same_line_id_is_the_same_line(uk):
    # given
    line_id = new_id(LINE)
    new = NewLine(
        plu="burger-deal",
        line_id=line_id,
        sub_items=(ChosenPart(plu="burger", modifiers=(Choice("bacon"),)), ChosenPart(plu="lemonade")),
    )
    add(uk, T1, new)

    # when
    (again,) = add(uk, T1, new)
    twice = add(uk, T1, NewLine(plu="coffee", line_id=(other := new_id(LINE))), NewLine(plu="coffee", line_id=other))

    # then
    assert again.pk == line_id
    assert [line.pk for line in twice] == [other, other]
    assert counts() == (1, 2, 1)
    assert LineSubItem.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"plu": "lemonade"},
        {"quantity": 2},
        {"note": "hot"},
    ],
)
def test_a_line_id_with_other_content_is_refused(uk, other):
    # given
    line_id = new_id(LINE)
    add(uk, T1, NewLine(plu="coffee", line_id=line_id))

    # when
    with pytest.raises(Conflict):
        add(uk, T1, NewLine(**{"plu": "coffee", "line_id": line_id, **other}))

    # then
    assert OrderLine.objects.values_list("plu", "quantity", "note").get() == ("coffee", 1, "")


def test_a_line_id_of_another_venue_is_refused(uk):
    # given
    theirs = a_venue()
    (line,) = add(theirs, T1, LAGER)
    before = counts()

    # when
    with pytest.raises(Conflict):
        add(uk, T1, NewLine(plu="lager-pint", line_id=line.pk))

    # then
    assert counts() == before


def test_the_rate_of_the_business_day_is_taken(uk):
    # given
    today = uk.venue.business_date(timezone.now())
    VatRateFactory(vat_class=uk.vat["alcohol"], valid_from=today, rate_in=1500, rate_out=1600)
    VatRateFactory(vat_class=uk.vat["hot-drink"], valid_from=today + timedelta(days=2), rate_in=9000, rate_out=9000)

    # when
    lager, coffee = add(uk, T1, LAGER, COFFEE)

    # then
    assert (lager.vat_rate, coffee.vat_rate) == (1500, 2000)


# --- sold out --------------------------------------------------------------------------------------------------------


def test_sold_out_is_refused_by_name(uk):
    # given
    Product.objects.filter(pk=uk.products["ribeye"].pk).update(sold_out=True)
    Modifier.objects.filter(plu="bacon").update(sold_out=True)

    # when
    with pytest.raises(Conflict, match=r"^Ribeye is sold out\.$"):
        add(uk, T1, RIBEYE)
    with pytest.raises(Conflict, match=r"^Bacon is sold out\.$"):
        add(uk, T1, NewLine(plu="burger", modifiers=(Choice("bacon"),)))

    # then
    assert counts() == (0, 0, 0)


def test_what_is_back_is_sold(uk):
    # given
    soon, past = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    soup, brownie = uk.products["soup"].pk, uk.products["brownie"].pk
    Product.objects.filter(pk=soup).update(sold_out=True, back_at=past)
    Product.objects.filter(pk=brownie).update(sold_out=True, back_at=soon)

    # when
    add(uk, T1, NewLine(plu="soup"))
    with pytest.raises(Conflict):
        add(uk, T1, NewLine(plu="brownie"))

    # then
    assert OrderLine.objects.get().plu == "soup"


def test_portions_are_counted_down_and_back_up(uk):
    # given
    Product.objects.filter(pk=uk.products["soup"].pk).update(portions_left=3)

    def soup():
        return Product.objects.values_list("portions_left", "sold_out").get(pk=uk.products["soup"].pk)

    # when
    (line,) = add(uk, T1, NewLine(plu="soup", quantity=2))

    # then
    assert soup() == (1, False)

    # when
    with pytest.raises(Conflict, match="Only 1 Soup of the day left"):
        add(uk, T1, NewLine(plu="soup", quantity=2))
    with pytest.raises(Conflict, match="Only 1 Soup of the day left"):
        change_quantity(actor=uk.by_waiter, line_id=line.pk, quantity=4)

    # then
    assert soup() == (1, False)

    # when
    change_quantity(actor=uk.by_waiter, line_id=line.pk, quantity=3)

    # then
    assert soup() == (0, True)

    # when
    remove_line(actor=uk.by_waiter, line_id=line.pk)

    # then
    assert soup() == (3, False)


def test_a_combo_uses_up_its_parts(uk):
    # given
    Product.objects.filter(pk=uk.products["lemonade"].pk).update(portions_left=1)
    deal = NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="lemonade")))

    # when
    (line,) = add(uk, T1, deal)
    with pytest.raises(Conflict, match="Lemonade is sold out"):
        add(uk, T1, deal)

    # then
    assert OrderLine.objects.count() == 1

    # when
    remove_line(actor=uk.by_waiter, line_id=line.pk)

    # then
    assert Product.objects.get(pk=uk.products["lemonade"].pk).portions_left == 1


# --- changing what is not sent ---------------------------------------------------------------------------------------


def test_everything_about_an_unsent_line_can_change(uk):
    # given
    (line,) = add(uk, T1, NewLine(plu="sandwich"))
    actor = uk.by_waiter

    # when
    change_quantity(actor=actor, line_id=line.pk, quantity=3)
    set_note(actor=actor, line_id=line.pk, note="no butter")
    set_seats(actor=actor, line_id=line.pk, seats=[2, 1])
    set_course(actor=actor, line_id=line.pk, course_id=uk.courses["Starters"].pk)
    set_eaten(actor=actor, line_id=line.pk, eaten=Eaten.OUT)

    # then
    line.refresh_from_db()
    assert (line.quantity, line.note, line.seats) == (3, "no butter", [1, 2])
    assert (line.course, line.eaten, line.vat_rate) == (uk.courses["Starters"], Eaten.OUT, 0)
    order = Order.objects.get()
    assert (order.goods_amount, order.tax_amount) == (2550, 0)

    # when
    set_course(actor=actor, line_id=line.pk, course_id=None)

    # then
    line.refresh_from_db()
    assert line.course is None


def test_taking_a_combo_out_takes_its_parts_out(uk):
    # given
    (line,) = add(uk, T1, NewLine(plu="burger-deal", sub_items=(ChosenPart(plu="burger"), ChosenPart(plu="lemonade"))))
    VatRateFactory(
        vat_class=uk.vat["soft-drink"], valid_from=uk.venue.business_date(timezone.now()), rate_in=2000, rate_out=500
    )

    # when
    set_eaten(actor=uk.by_waiter, line_id=line.pk, eaten=Eaten.OUT)

    # then
    assert dict(line.sub_items.values_list("plu", "vat_rate")) == {"burger": 2000, "lemonade": 500}


def test_a_counter_order_is_flipped_as_a_whole(uk):
    # given
    add(uk, NewCounter(), NewLine(plu="sandwich"), COFFEE)
    order = Order.objects.get()
    assert (order.is_prepaid, order.order_type) == (True, OrderType.DINE_IN)

    # when
    set_order_eaten(actor=uk.by_waiter, order_id=order.pk, eaten=Eaten.OUT)
    (later,) = add(uk, OnOrder(order.pk), NewLine(plu="sandwich"))

    # then
    order.refresh_from_db()
    assert order.order_type == OrderType.COLLECTION
    assert set(order.lines.values_list("eaten", flat=True)) == {Eaten.OUT}
    assert (later.eaten, later.vat_rate) == (Eaten.OUT, 0)


def test_a_table_with_a_doggy_bag_stays_a_table(uk):
    # given
    sandwich, coffee = add(uk, T1, NewLine(plu="sandwich"), COFFEE)
    order = Order.objects.get()
    send(actor=uk.by_waiter, order_id=order.pk, line_ids=[coffee.pk])

    # when
    set_order_eaten(actor=uk.by_waiter, order_id=order.pk, eaten=Eaten.OUT)

    # then
    sandwich.refresh_from_db()
    coffee.refresh_from_db()
    order.refresh_from_db()
    assert (sandwich.eaten, coffee.eaten, order.order_type) == (Eaten.OUT, Eaten.IN, OrderType.DINE_IN)


def test_a_sent_line_is_history_but_for_who_eats_it(uk):
    # given
    (line,) = add(uk, T1, LAGER)
    send(actor=uk.by_waiter, order_id=line.order_id)
    before = OrderLine.objects.values().get()

    # when
    for change in (
        lambda: change_quantity(actor=uk.by_waiter, line_id=line.pk, quantity=2),
        lambda: set_note(actor=uk.by_waiter, line_id=line.pk, note="cold"),
        lambda: set_course(actor=uk.by_waiter, line_id=line.pk, course_id=None),
        lambda: set_eaten(actor=uk.by_waiter, line_id=line.pk, eaten=Eaten.OUT),
        lambda: remove_line(actor=uk.by_waiter, line_id=line.pk),
    ):
        with pytest.raises(Conflict, match="Correct or void it"):
            change()

    # then
    assert OrderLine.objects.values().get() == before

    # when
    set_seats(actor=uk.by_waiter, line_id=line.pk, seats=[4])

    # then
    assert OrderLine.objects.get().seats == [4]


def test_removing_keeps_the_row_and_twice_is_once(uk):
    # given
    _, lager = add(uk, T1, COFFEE, LAGER)

    # when
    remove_line(actor=uk.by_waiter, line_id=lager.pk)
    remove_line(actor=uk.by_waiter, line_id=lager.pk)

    # then
    lager.refresh_from_db()
    assert (lager.state, lager.taken_off, lager.taken_off_by) == (LineState.VOIDED, TakenOff.REMOVE, uk.waiter)
    assert Order.objects.get().goods_amount == 340
    with pytest.raises(Conflict, match="not on the bill any more"):
        set_seats(actor=uk.by_waiter, line_id=lager.pk, seats=[1])


def test_under_a_lease_the_sum_stays_but_notes_may_change(uk):
    # given
    (line,) = add(uk, T1, NewLine(plu="sandwich"))
    order = Order.objects.get()
    lend(uk, order)

    # when
    for change in (
        lambda: change_quantity(actor=uk.by_waiter, line_id=line.pk, quantity=2),
        lambda: set_eaten(actor=uk.by_waiter, line_id=line.pk, eaten=Eaten.OUT),
        lambda: set_order_eaten(actor=uk.by_waiter, order_id=order.pk, eaten=Eaten.OUT),
        lambda: remove_line(actor=uk.by_waiter, line_id=line.pk),
    ):
        with pytest.raises(Locked, match="Table 1 is being paid"):
            change()
    set_note(actor=uk.by_waiter, line_id=line.pk, note="no butter")

    # then
    line.refresh_from_db()
    assert (line.quantity, line.eaten, line.state, line.note) == (1, Eaten.IN, LineState.UNSENT, "no butter")


def test_a_line_of_a_closed_order_stays_as_it_was(uk):
    # given
    (line,) = add(uk, T1, LAGER)
    send(actor=uk.by_waiter, order_id=line.order_id)
    pay(uk, line.order)

    # when
    with pytest.raises(OrderClosed):
        set_seats(actor=uk.by_waiter, line_id=line.pk, seats=[1])

    # then
    assert OrderLine.objects.get().seats == []


# --- allergies -------------------------------------------------------------------------------------------------------


def test_an_allergy_sits_on_a_seat_of_every_open_order(uk):
    # given
    add(uk, T1, LAGER)
    order = Order.objects.get()
    lend(uk, order)
    add(uk, T1, COFFEE)

    # when
    note_allergy(actor=uk.by_waiter, target=T1, seat=2, allergens=["nuts", "milk", "nuts"], note="carries a pen")

    # then
    assert (
        list(SeatAllergy.objects.values_list("seat", "allergens", "note", "noted_by"))
        == [(2, ["milk", "nuts"], "carries a pen", uk.waiter.pk)] * 2
    )

    # when
    note_allergy(actor=uk.by_waiter, target=T1, seat=2, allergens=[])

    # then
    assert SeatAllergy.objects.count() == 0


def test_an_allergy_before_the_first_line_is_kept_on_the_party(uk):
    # given
    party = PartyFactory(venue=uk.venue, at=[uk.tables["t1"]], allergens=["milk"])

    # when
    note_allergy(actor=uk.by_waiter, target=T1, seat=3, allergens=["nuts"], note="severe")

    # then
    party.refresh_from_db()
    assert (party.allergens, party.allergy_note) == (["milk", "nuts"], "Seat 3: nuts, severe")
    assert Order.objects.count() == 0

    # when
    note_allergy(actor=uk.by_waiter, target=T1, seat=None, allergens=["eggs"])

    # then
    party.refresh_from_db()
    assert (party.allergens, party.allergy_note) == (["eggs"], "")


def test_an_allergy_on_a_tab_is_everybodys(uk):
    # given
    (line,) = add(uk, NewTab(name="Ana"), LAGER)

    # when
    note_allergy(actor=uk.by_waiter, target=OnOrder(line.order_id), seat=None, allergens=["gluten"])

    # then
    assert SeatAllergy.objects.values_list("order", "seat", "allergens").get() == (line.order_id, 0, ["gluten"])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"allergens": ["kryptonite"]}, InvalidRequest),
        ({"allergens": ["nuts"], "seat": 0}, InvalidRequest),
        ({"allergens": ["nuts"], "note": "x" * 201}, InvalidRequest),
        ({"allergens": ["nuts"], "target": AtTable("t2")}, Conflict),
    ],
)
def test_an_allergy_that_cannot_be_written_down(uk, wrong, error):
    # given
    add(uk, T1, LAGER)

    # when
    with pytest.raises(error):
        note_allergy(**{"actor": uk.by_waiter, "target": T1, "seat": 1, **wrong})

    # then
    assert SeatAllergy.objects.count() == 0


# --- cost ------------------------------------------------------------------------------------------------------------


def test_twenty_lines_cost_the_queries_of_one(uk, django_assert_max_num_queries):
    # given
    actor = Actor.staff(uk.waiter, uk.till)
    add_lines(actor=actor, target=T1, lines=[LAGER])
    burger = NewLine(plu="burger", modifiers=(Choice("cheese"), Choice("bacon")))

    # when / then
    with django_assert_max_num_queries(40) as few:
        add_lines(actor=actor, target=T1, lines=[burger])
    with django_assert_max_num_queries(len(few)):
        add_lines(actor=actor, target=T1, lines=[burger] * 20)
