"""Order documents: what Dojo reads is what the rows say, always, and it all adds up."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from dojo_integration import documents
from dojo_integration.models import OrderDocument
from dojo_integration.selectors import get_order_by_id
from orders.models import LineState, Order, OrderLine, PaymentEntry, PriceRule, ServiceChoice, TakenOff
from pos.errors import NotFound
from pos.events import OrderChanged
from pos.permissions import Actor
from tests.bills import a_bill, add_line, settled
from tests.factories import (
    DiscountFactory,
    LineModifierFactory,
    LineSubItemFactory,
    OrderFactory,
    OrderLineFactory,
    PaymentFactory,
    PaymentIntentFactory,
    ReservationFactory,
    WorkingVenue,
)
from tests.wire_reading import added_up


def wire(order: Order) -> dict[str, Any]:
    """The order as Dojo reads it now."""
    return json.loads(OrderDocument.objects.get(order_id=order.pk).body)


def pence(value: int, currency: str = "GBP") -> dict[str, Any]:
    return {"value": value, "currencyCode": currency}


# --- the shape -------------------------------------------------------------------------------------------------------


def test_a_bill_in_full(uk: WorkingVenue) -> None:
    # given
    opened = datetime(2026, 2, 27, 19, 30, 0, 123456, tzinfo=UTC)
    order = a_bill(uk, total=0, opened_at=opened, note="By the window")
    OrderLine.objects.filter(order=order).delete()
    burger = OrderLineFactory(order=order, plu="burger", name="Burger", quantity=2, unit_price=1650, note="no salt")
    LineModifierFactory(line=burger, plu="cheese", name="Cheese", quantity=2, price=150)
    deal = OrderLineFactory(order=order, plu="deal", name="Deal", unit_price=1990)
    pint = LineSubItemFactory(line=deal, plu="pint", name="Pint", price=100, note="cold", vat_rate=2000)
    LineModifierFactory(line=deal, sub_item=pint, plu="lime", name="Lime", price=20)
    DiscountFactory(order=order, name="Regulars", percent=None, fixed_amount=500, code="REG", reference="r-1")
    DiscountFactory(order=order, line=burger, name="Lunch", percent=1000)
    order = settled(order)
    # then
    found = wire(order)
    assert found == {
        "id": order.pk,
        "displayName": "Table 1",
        "reference": str(order.number),
        "status": "Preparing",
        "details": {
            "orderType": "DineIn",
            "dineIn": {"tableId": "t1", "waiterId": uk.waiter.waiter_id, "partyId": order.party_id},
        },
        "items": [
            {
                "name": "Burger",
                "plu": "burger",
                "quantity": 2,
                "amountPerItem": pence(1650),
                "note": "no salt",
                "modifiers": [{"name": "Cheese", "plu": "cheese", "quantity": 2, "amountPerModifier": pence(150)}],
            },
            {
                "name": "Deal",
                "plu": "deal",
                "quantity": 1,
                "amountPerItem": pence(1990),
                "subItems": [
                    {
                        "name": "Pint",
                        "plu": "pint",
                        "quantity": 1,
                        "amountPerItem": pence(100),
                        "note": "cold",
                        "modifiers": [{"name": "Lime", "plu": "lime", "quantity": 1, "amountPerModifier": pence(20)}],
                    }
                ],
            },
        ],
        "note": "By the window",
        "discounts": [
            {"name": "Regulars", "amountTotal": pence(500), "code": "REG", "discountReference": "r-1"},
            {"name": "Lunch", "amountTotal": pence(390), "amountPercentage": 1000, "affectedPlu": "burger"},
        ],
        "taxLines": [{"name": "VAT 20%", "amountPercentage": 2000, "amountTotal": pence(853)}],
        "totalAmount": pence(5120),
        "serviceChargeAmount": pence(0),
        "payable": True,
        "paidAmount": pence(0),
        "tipsAmount": pence(0),
        "payments": [],
        "createdAt": "2026-02-27T19:30:00.123Z",
        "updatedAt": documents_moment(order.updated_at),
    }
    assert list(found) == list(json.loads(documents.render_documents([order.pk])[0].body))


def documents_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def test_a_collection_and_a_preorder_say_when(uk: WorkingVenue) -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    collected = settled(OrderFactory(venue=uk.venue, order_type="Collection", collect_at=at, collect_asap=False))
    plain = settled(OrderFactory(venue=uk.venue, order_type="Collection"))
    booked = ReservationFactory(venue=uk.venue)
    preorder = settled(OrderFactory(venue=uk.venue, reservation=booked, ready_at=at))
    bare = settled(OrderFactory(venue=uk.venue))
    assert wire(collected)["details"] == {
        "orderType": "Collection",
        "collection": {"asap": False, "collectAt": "2026-03-01T12:00:00.000Z"},
    }
    assert wire(plain)["details"] == {"orderType": "Collection", "collection": {}}
    assert wire(preorder)["details"] == {
        "orderType": "DineIn",
        "dineIn": {"reservationId": booked.pk, "readyAt": "2026-03-01T12:00:00.000Z"},
    }
    assert wire(bare)["details"] == {"orderType": "DineIn", "dineIn": {}}


def test_customer_has_what_is_known_and_nothing_else(uk: WorkingVenue) -> None:
    order = OrderFactory(venue=uk.venue, customer_name="Robin", customer_phone="07700 900123", reference="A-17")
    assert wire(settled(order))["customer"] == {"name": "Robin", "phoneNumber": "07700 900123"}
    assert wire(order)["reference"] == "A-17"
    assert "customer" not in wire(settled(OrderFactory(venue=uk.venue)))


def test_nothing_is_null(uk: WorkingVenue) -> None:
    assert b"null" not in OrderDocument.objects.get(order_id=a_bill(uk).pk).body.encode()


def test_what_was_voided_is_gone_with_its_discount(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=1000)
    wrong = add_line(uk, order, 700, name="Wrong")
    DiscountFactory(order=order, line=wrong, percent=5000)
    settled(order)
    assert len(wire(order)["items"]) == 2
    OrderLine.objects.filter(pk=wrong.pk).update(state=LineState.VOIDED, taken_off=TakenOff.VOID)
    found = wire(settled(order))
    assert [item["amountPerItem"]["value"] for item in found["items"]] == [1000]
    assert found["discounts"] == []


# --- it adds up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "charged", "name", "percentage"),
    [
        (PriceRule.COMP, None, "On the house", 10_000),
        (PriceRule.STAFF_MEAL, 300, "Staff meal", None),
        (PriceRule.STAFF_MEAL, 2_000, "Staff meal", None),
    ],
)
def test_what_is_given_away_shows_its_price_and_a_discount(
    uk: WorkingVenue, rule: PriceRule, charged: int | None, name: str, percentage: int | None
) -> None:
    # given
    order = a_bill(uk, total=1000)
    gift = add_line(uk, order, 700, plu="soup", quantity=2, price_rule=rule, price_rule_amount=charged)
    LineModifierFactory(line=gift, price=50)
    # when
    found = wire(settled(order))
    # then
    amount = 1500 - (charged or 0)
    expected = {"name": name, "amountTotal": pence(amount), "affectedPlu": "soup"}
    if percentage:
        expected["amountPercentage"] = percentage
    assert found["discounts"] == [expected]
    assert found["items"][1]["amountPerItem"] == pence(700)
    assert added_up(found) == found["totalAmount"]["value"] == 1000 + (charged or 0)


def test_a_line_cannot_cost_less_than_nothing_on_the_wire_either(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=1000)
    line = add_line(uk, order, 100, plu="odd")
    LineModifierFactory(line=line, price=-300)
    found = wire(settled(order))
    assert added_up(found) == found["totalAmount"]["value"] == 1000


def test_service_is_in_the_total_and_beside_it(uk: WorkingVenue) -> None:
    order = a_bill(uk, total=4000, service_choice=ServiceChoice.ON)
    add_line(uk, order, 1000, price_rule=PriceRule.COMP)
    found = wire(settled(order))
    assert found["serviceChargeAmount"] == pence(500)
    assert added_up(found) == found["totalAmount"]["value"] == 4500


def test_tax_that_is_not_in_the_prices_comes_on_top(uk: WorkingVenue) -> None:
    uk.venue.tax_inclusive = False
    uk.venue.save()
    order = a_bill(uk, total=1000)
    DiscountFactory(order=order, percent=1000)
    found = wire(settled(order))
    tax = sum(line["amountTotal"]["value"] for line in found["taxLines"])
    assert (tax, found["totalAmount"]) == (180, pence(1080))
    assert added_up(found) + tax == 1080


def test_payments_are_net_and_sum_to_what_is_paid(uk: WorkingVenue) -> None:
    # given cash, a card payment with a tip, one corrected, one refunded in part, one reversed
    order = a_bill(uk, total=10_000)
    cash = PaymentFactory(order=order, amount=1000)
    card = PaymentFactory(
        order=order,
        kind="card",
        amount=2000,
        tips=200,
        intent=PaymentIntentFactory(venue=uk.venue, intent_id="pi-card"),
    )
    corrected = PaymentFactory(
        order=order, kind="card", amount=500, intent=PaymentIntentFactory(venue=uk.venue, intent_id="pi-corrected")
    )
    PaymentFactory(order=order, kind="card", entry=PaymentEntry.CORRECTION, about=corrected, amount=250)
    refunded = PaymentFactory(order=order, amount=800)
    PaymentFactory(order=order, entry=PaymentEntry.REFUND, about=refunded, amount=-300)
    reversed_ = PaymentFactory(order=order, kind="card", amount=900, tips=90)
    PaymentFactory(order=order, kind="card", entry=PaymentEntry.REVERSAL, about=reversed_, amount=-900, tips=-90)
    deposit = PaymentFactory(order=order, kind="deposit", amount=400)
    # when
    found = wire(settled(order))
    # then
    assert found["payments"] == [
        {"paymentIntentId": f"cash_{cash.pk}", "paidAmount": pence(1000)},
        {"paymentIntentId": "pi-card", "paidAmount": pence(2000), "tipsAmount": pence(200)},
        {"paymentIntentId": "pi-corrected", "paidAmount": pence(750)},
        {"paymentIntentId": f"cash_{refunded.pk}", "paidAmount": pence(500)},
        {"paymentIntentId": f"deposit_{deposit.pk}", "paidAmount": pence(400)},
    ]
    assert found["paidAmount"] == pence(sum(payment["paidAmount"]["value"] for payment in found["payments"]))
    assert found["tipsAmount"] == pence(200)
    assert found["payable"] is True
    assert card.pk


def test_euros_stay_euros(irish: WorkingVenue) -> None:
    found = wire(a_bill(irish))
    assert found["totalAmount"] == pence(5000, "EUR")
    assert {line["name"] for line in found["taxLines"]} == {"VAT 20%"}


# --- written when it changes, and only then --------------------------------------------------------------------------


def _written(order_ids: list[str]) -> list[str]:
    """Who was written, by the version that PostgreSQL gives every row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT order_id, ctid::text FROM dojo_integration_orderdocument")
        before = dict(cursor.fetchall())
        documents.write_order_documents([OrderChanged(venue_id=1, order_id=order_id) for order_id in order_ids])
        cursor.execute("SELECT order_id, ctid::text FROM dojo_integration_orderdocument")
        return sorted(order_id for order_id, version in cursor.fetchall() if before.get(order_id) != version)


def test_a_document_is_written_only_when_it_changed(uk: WorkingVenue) -> None:
    one, two = a_bill(uk, table="t1"), a_bill(uk, table="t2")
    assert _written([one.pk, two.pk]) == []
    Order.objects.filter(pk=two.pk).update(note="Changed")
    assert _written([one.pk, two.pk]) == [two.pk]
    OrderDocument.objects.filter(order_id=one.pk).update(table_code="elsewhere")
    assert _written([one.pk, two.pk]) == [one.pk]
    OrderDocument.objects.filter(order_id=two.pk).update(number=0)
    assert _written([one.pk, two.pk]) == [two.pk]
    assert _written([]) == []
    assert _written(["order_of_nobody"]) == []


@pytest.mark.parametrize("count", [1, 30])
def test_writing_costs_the_same_for_one_order_and_for_thirty(
    uk: WorkingVenue, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    orders = [OrderFactory(venue=uk.venue) for _ in range(count)]
    for order in orders:
        for _ in range(count):
            line = OrderLineFactory(order=order)
            part = LineSubItemFactory(line=line)
            LineModifierFactory(line=line, sub_item=part)
        DiscountFactory(order=order)
        PaymentFactory(order=order)
    with django_assert_num_queries(2):
        documents.write_order_documents([OrderChanged(venue_id=uk.venue.pk, order_id=order.pk) for order in orders])
    assert OrderDocument.objects.count() == count


def test_the_searchable_columns_are_the_orders(uk: WorkingVenue) -> None:
    booked = ReservationFactory(venue=uk.venue)
    order = a_bill(uk, reservation=booked)
    found = OrderDocument.objects.get(order_id=order.pk)
    assert found.number == order.number
    assert (found.venue_id, found.table_code, found.waiter_id, found.party_id, found.reservation_id, found.payable) == (
        uk.venue.pk,
        "t1",
        uk.waiter.waiter_id,
        order.party_id,
        booked.pk,
        True,
    )


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_what_was_committed_and_nothing_that_was_not(uk: WorkingVenue) -> None:
    order = a_bill(uk)
    stored = wire(order)
    with documents.remembered() as memory, transaction.atomic():
        Order.objects.filter(pk=order.pk).update(note="Never happened")
        documents.write_order_documents([OrderChanged(venue_id=uk.venue.pk, order_id=order.pk)])
        transaction.set_rollback(True)
    assert memory == {}
    assert wire(order) == stored

    with documents.remembered() as memory:
        Order.objects.filter(pk=order.pk).update(note="Happened")
        settled(order)
        with CaptureQueriesContext(connection) as queries:
            body = documents.body_of(order)
    assert json.loads(body)["note"] == "Happened"
    assert len(queries) == 0
    assert memory == {order.pk: OrderDocument.objects.get(order_id=order.pk).body}
    assert documents.body_of(order) == body


def test_an_order_without_a_document_is_still_an_order(uk: WorkingVenue, irish: WorkingVenue) -> None:
    order = a_bill(uk)
    body = OrderDocument.objects.get(order_id=order.pk).body
    OrderDocument.objects.all().delete()
    assert documents.body_of(order) == body
    assert get_order_by_id(actor=Actor.dojo(uk.venue), order_id=order.pk) == body
    with pytest.raises(NotFound):
        get_order_by_id(actor=Actor.dojo(irish.venue), order_id=order.pk)


# --- rebuild_documents -----------------------------------------------------------------------------------------------


def rebuild(**options: str) -> list[str]:
    out = StringIO()
    call_command("rebuild_documents", stdout=out, **options)
    return out.getvalue().splitlines()


def test_rebuilding_mends_what_is_wrong_and_says_how_much(uk: WorkingVenue, irish: WorkingVenue) -> None:
    # given a damaged, a missing and a stray document, and two that are right
    orders = [a_bill(uk, table=f"t{number}") for number in range(1, 5)]
    a_bill(irish)
    right = {document.order_id: document.body for document in OrderDocument.objects.all()}
    OrderDocument.objects.filter(order_id=orders[0].pk).update(body="{}")
    OrderDocument.objects.filter(order_id=orders[1].pk).delete()
    OrderDocument.objects.create(order_id="order_stray", venue_id=uk.venue.pk, number=0, payable=True, body="{}")
    # when
    lines = rebuild()
    # then
    assert lines == [
        f"{uk.venue.slug}: 4 orders, 2 documents changed, 1 removed",
        f"{irish.venue.slug}: 1 orders, 0 documents changed, 0 removed",
    ]
    assert {document.order_id: document.body for document in OrderDocument.objects.all()} == right
    assert rebuild(venue=uk.venue.slug) == [f"{uk.venue.slug}: 4 orders, 0 documents changed, 0 removed"]


def test_rebuilding_goes_on_past_a_batch(uk: WorkingVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dojo_integration.management.commands.rebuild_documents.BATCH", 2)
    for _ in range(5):
        OrderFactory(venue=uk.venue)
    assert rebuild() == [f"{uk.venue.slug}: 5 orders, 5 documents changed, 0 removed"]


def test_rebuilding_a_venue_nobody_knows_says_so(db: None) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        rebuild(venue="nowhere")
