"""What the database itself refuses: each invariant that a service, a script or a second process could break."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from orders.models import Order, OrderStatus, Payment
from tests import factories as make
from tests.factories import WorkingVenue

Break = Callable[[WorkingVenue], Any]


def twice(build: Callable[[WorkingVenue], Any]) -> Break:
    """The same row a second time."""

    def both(shop: WorkingVenue) -> None:
        build(shop)
        build(shop)

    return both


def an_order(shop: WorkingVenue, **fields: Any) -> Order:
    return make.OrderFactory(venue=shop.venue, **fields)


def changed(**fields: Any) -> Break:
    """An order that owes £50, with something about it made untrue."""

    def change(shop: WorkingVenue) -> None:
        order = an_order(shop, total_amount=5000)
        Order.objects.filter(pk=order.pk).update(**fields)

    return change


def a_payment(shop: WorkingVenue, **fields: Any) -> Payment:
    return make.PaymentFactory(order=an_order(shop), **fields)


def a_payment_of_one_intent(shop: WorkingVenue) -> None:
    intent = make.PaymentIntentFactory(venue=shop.venue)
    for _ in range(2):
        a_payment(shop, kind="card", intent=intent)


def two_locks(shop: WorkingVenue) -> None:
    order = an_order(shop)
    for _ in range(2):
        make.OrderLockFactory(order=order)


def one_lock_id_twice(shop: WorkingVenue) -> None:
    order = an_order(shop)
    for _ in range(2):
        make.OrderLockFactory(order=order, lock_id="lock", ended_at=timezone.now())


def an_allergen(**fields: Any) -> Break:
    return lambda shop: make.AllergenDeclarationFactory(**{"product": shop.products["soup"], **fields})


def a_seat_allergy_twice(shop: WorkingVenue) -> None:
    order = an_order(shop)
    for _ in range(2):
        make.SeatAllergyFactory(order=order, seat=1)


def a_share(**fields: Any) -> Break:
    return lambda shop: make.OrderShareFactory(order=an_order(shop), **fields)


def one_share_number_twice(shop: WorkingVenue) -> None:
    order = an_order(shop)
    for _ in range(2):
        make.OrderShareFactory(order=order, number=1)


def a_booking(shop: WorkingVenue, **fields: Any) -> Any:
    return make.ReservationFactory(venue=shop.venue, **fields)


REFUSED: list[tuple[str, Break]] = [
    # who works here, and on what
    ("membership_waiter_id_unique", lambda shop: make.MembershipFactory(venue=shop.venue, waiter_id="7")),
    ("membership_once_per_venue", lambda shop: make.MembershipFactory(venue=shop.venue, staff=shop.waiter.staff)),
    ("membership_role_known", lambda shop: make.MembershipFactory(venue=shop.venue, role="owner")),
    ("till_name_unique", lambda shop: make.TillFactory(venue=shop.venue, name=shop.till.name)),
    ("venue_currency_known", lambda shop: make.VenueFactory(currency="USD", bare=True)),
    ("venue_service_rate_is_a_share", lambda shop: make.VenueFactory(service_rate=10_001, bare=True)),
    # places
    ("area_code_unique", lambda shop: make.AreaFactory(venue=shop.venue, code="main")),
    ("table_code_unique", lambda shop: make.TableFactory(venue=shop.venue, area=shop.area, code="t1")),
    # Dojo's ids: the constraint is the idempotency
    ("order_dojo_id_unique", twice(lambda shop: an_order(shop, dojo_order_id="d"))),
    ("party_dojo_id_unique", twice(lambda shop: make.PartyFactory(venue=shop.venue, dojo_party_id="d"))),
    ("reservation_dojo_id_unique", twice(lambda shop: a_booking(shop, dojo_reservation_id="d"))),
    (
        "payment_intent_id_unique",
        twice(lambda shop: make.PaymentIntentFactory(venue=shop.venue, intent_id="pi")),
    ),
    ("payment_once_per_intent", a_payment_of_one_intent),
    # guests
    (
        "reservation_ends_later",
        lambda shop: a_booking(shop, start_time=timezone.now(), end_time=timezone.now() - timedelta(hours=1)),
    ),
    ("party_status_said", lambda shop: make.PartyFactory(venue=shop.venue, status="")),
    ("party_deposit_not_negative", lambda shop: make.PartyFactory(venue=shop.venue, deposit_amount=-1)),
    # the menu
    ("portion_plu_unique", lambda shop: make.PortionFactory(venue=shop.venue, plu="soup")),
    (
        "portion_one_default",
        lambda shop: make.PortionFactory(venue=shop.venue, product=shop.products["soup"], plu="soup-large"),
    ),
    ("vat_class_one_default", lambda shop: make.VatClassFactory(venue=shop.venue, is_default=True)),
    ("station_one_default", lambda shop: make.StationFactory(venue=shop.venue, is_default=True)),
    ("vat_rate_one_a_day", twice(lambda shop: make.VatRateFactory(vat_class=shop.vat["alcohol"]))),
    ("allergen_known", an_allergen(allergen="kryptonite")),
    ("allergen_level_known", an_allergen(level="safe")),
    ("allergen_once_per_product", twice(an_allergen())),
    ("allergen_of_one_thing", lambda shop: an_allergen(modifier=shop.modifiers["cheese"])(shop)),
    # an order's name and number
    ("order_number_unique", twice(lambda shop: an_order(shop, number=5, display_name=f"Order {timezone.now()}"[:24]))),
    ("order_name_unique", twice(lambda shop: an_order(shop, display_base="Tab · Ana"))),
    ("order_name_set", lambda shop: an_order(shop, display_base="")),
    # an order's money
    ("order_total_not_negative", changed(total_amount=-1, outstanding=0, overpaid=1)),
    ("order_outstanding_is_total_less_paid", changed(outstanding=4000)),
    ("order_outstanding_is_total_less_paid", changed(paid_amount=2000)),
    ("order_overpaid_is_paid_less_total", changed(paid_amount=6000, outstanding=0)),
    ("order_overpaid_is_paid_less_total", changed(overpaid=1)),
    # its end
    ("order_close_is_stamped", changed(status=OrderStatus.FINALIZED)),
    ("order_close_is_stamped", changed(closed_at=timezone.now(), business_date=timezone.now().date())),
    ("order_status_known", changed(status="Eaten")),
    # lines and what is off them
    ("line_quantity_positive", lambda shop: make.OrderLineFactory(order=an_order(shop), quantity=0)),
    ("line_state_known", lambda shop: make.OrderLineFactory(order=an_order(shop), state="eaten")),
    ("line_voided_says_why", lambda shop: make.OrderLineFactory(order=an_order(shop), state="voided")),
    ("line_voided_says_why", lambda shop: make.OrderLineFactory(order=an_order(shop), taken_off="void")),
    ("line_net_not_negative", lambda shop: make.OrderLineFactory(order=an_order(shop), net_amount=-1)),
    ("discount_fixed_or_percent", lambda shop: make.DiscountFactory(order=an_order(shop), fixed_amount=100)),
    ("discount_fixed_or_percent", lambda shop: make.DiscountFactory(order=an_order(shop), percent=10_001)),
    ("discount_not_negative", lambda shop: make.DiscountFactory(order=an_order(shop), percent=None, fixed_amount=-1)),
    ("seat_allergy_once", a_seat_allergy_twice),
    # money that moves
    ("payment_sign_fits_entry", lambda shop: a_payment(shop, amount=0)),
    ("payment_sign_fits_entry", lambda shop: a_payment(shop, amount=-100)),
    ("payment_sign_fits_entry", lambda shop: a_payment(shop, entry="refund", amount=-100)),
    ("payment_sign_fits_entry", lambda shop: a_payment(shop, entry="reversal", amount=100, about=a_payment(shop))),
    ("payment_cash_covers", lambda shop: a_payment(shop, amount=1000, tendered=999)),
    ("payment_kind_known", lambda shop: a_payment(shop, kind="iou")),
    # leases, shares, periods, operations
    ("order_lock_one_held", two_locks),
    ("order_lock_id_unique", one_lock_id_twice),
    ("share_number_unique", one_share_number_twice),
    ("share_weighs_something", a_share(weight=0)),
    ("share_not_negative", a_share(total_amount=-1)),
    ("trading_period_one_open", lambda shop: make.TradingPeriodFactory(venue=shop.venue, number=2)),
    (
        "trading_period_number_unique",
        lambda shop: make.TradingPeriodFactory(venue=shop.venue, number=1, closed_at=timezone.now()),
    ),
    # what Dojo has to hear
    ("outbound_event_once", twice(lambda shop: make.OutboundEventFactory(venue=shop.venue, entity_id="order_1"))),
    ("outbound_event_sent_was_wanted", lambda shop: make.OutboundEventFactory(venue=shop.venue, wanted=1, sent=2)),
    ("till_operation_once", twice(lambda shop: make.TillOperationFactory(till=shop.till, op_id="a.1"))),
]


@pytest.mark.parametrize(("name", "act"), REFUSED, ids=[name for name, _ in REFUSED])
def test_the_database_refuses_what_must_never_be(uk: WorkingVenue, name: str, act: Break) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        act(uk)


@pytest.mark.parametrize(
    "build",
    [
        lambda shop: an_order(shop, dojo_order_id="d"),
        lambda shop: an_order(shop, display_base="Tab · Ana"),
        lambda shop: make.PaymentIntentFactory(venue=shop.venue, intent_id="pi"),
        lambda shop: make.PartyFactory(venue=shop.venue, dojo_party_id="d"),
        lambda shop: make.TillOperationFactory(till=shop.till, op_id="a.1"),
    ],
    ids=["dojo order", "name", "intent", "dojo party", "operation"],
)
def test_what_is_one_of_a_kind_is_so_in_its_venue(
    uk: WorkingVenue, irish: WorkingVenue, build: Callable[[WorkingVenue], models.Model]
) -> None:
    assert build(uk).pk != build(irish).pk


def test_the_audit_trail_is_never_changed_or_deleted(uk: WorkingVenue) -> None:
    # given
    entry = make.AuditEntryFactory(venue=uk.venue)

    # when / then
    for change in (lambda rows: rows.update(act="nothing"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change(type(entry).objects.all())
    entry.refresh_from_db()
    assert entry.act == "something"
