"""What a manager does to rows that services own: each act one service, asked first only where it cannot be undone."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from bookings.models import ReservationStatus
from orders.models import Order, OrderException, OrderStatus, Origin, Payment, PaymentKind, TradingPeriod
from orders.services.exceptions import resolve_exception
from orders.services.locking import create_order_lock
from orders.services.seating import seat_party
from orders.services.tenders import refund_payment, take_payment
from pos.errors import InvalidRequest, NotFound, NotPermitted
from pos.models import AuditEntry, Till
from pos.models.people import hash_till_token
from pos.services.tills import revoke_till
from tests.back_office.browsing import form_on, text_of
from tests.back_office.houses import everything
from tests.bills import a_bill, settled
from tests.factories import (
    OrderExceptionFactory,
    OrderFactory,
    OrderLineFactory,
    PaymentFactory,
    ReservationFactory,
    WorkingVenue,
    a_venue,
)

pytestmark = pytest.mark.django_db


def act(client: Client, page: str, name: str, *rows: Any, **asked: Any) -> Any:
    """Choose rows of a list and run an act on them; ``asked`` answers its question."""
    sent = {"action": name, "index": "0", "_selected_action": [str(row.pk) for row in rows]}
    if asked:
        sent |= {"answer": name, **asked}
    return client.post(f"/admin/{page}/", sent)


def said(client: Client, answer: Any) -> str:
    """The message on the page that an act leads back to."""
    assert answer.status_code == 302
    return text_of(client.get(answer.url))


def lend(uk: WorkingVenue, order: Order) -> None:
    until = timezone.now() + timedelta(minutes=5)
    create_order_lock(actor=uk.by_dojo, order_id=order.pk, lock_id="lock-1", expiry=until)


# --- orders ----------------------------------------------------------------------------------------------------------


def test_cancelling_several_at_once_tells_of_each(uk: WorkingVenue, manager: Client) -> None:
    # given
    free, paid, lent = a_bill(uk), a_bill(uk, table="t2"), a_bill(uk, table="t3")
    take_payment(actor=uk.by_waiter, order_id=paid.pk, kind=PaymentKind.CASH, amount=1000)
    lend(uk, lent)
    # when
    page = said(manager, act(manager, "orders/order", "cancel", free, paid, lent))
    # then
    assert "Table 1: cancelled." in page
    assert "Table 2: Table 2 has £10.00 on it. Give that back first." in page
    assert "Table 3: Table 3 is being paid" in page
    assert [Order.objects.get(pk=one.pk).status for one in (free, paid, lent)] == ["Canceled", "Preparing", "Preparing"]
    # and: the trail names the manager, once
    assert AuditEntry.objects.get(act="cancel_order").membership == uk.manager
    assert [(log.object_id, log.get_change_message()) for log in LogEntry.objects.all()] == [(free.pk, "Cancel")]


def test_an_order_from_a_phone_is_accepted(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = OrderFactory(venue=uk.venue, origin=Origin.DOJO, status=OrderStatus.SUBMITTED, table=uk.tables["t1"])
    OrderLineFactory(order=order, venue=uk.venue, station=uk.stations["kitchen"])
    # when
    said(manager, act(manager, "orders/order", "accept", settled(order)))
    # then
    assert Order.objects.get(pk=order.pk).status == OrderStatus.ACCEPTED


def test_releasing_a_lock_asks_first(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = a_bill(uk)
    lend(uk, order)
    before = everything()
    # when
    asked = act(manager, "orders/order", "release", order)
    # then
    assert asked.status_code == 200
    assert "Money may still arrive; if it does, the bill will show as overpaid." in text_of(asked)
    assert everything() == before
    # when
    page = said(manager, act(manager, "orders/order", "release", order, yes="1"))
    # then
    assert "Table 1: taken back from the card machine." in page
    assert order.locks.get().end_reason == "released"
    assert OrderException.objects.get().kind == "lease_released"


def test_releasing_from_the_list_of_locks(uk: WorkingVenue, manager: Client) -> None:
    order = a_bill(uk)
    lend(uk, order)
    lock = order.locks.get()
    said(manager, act(manager, "orders/orderlock", "release", lock, yes="1"))
    lock.refresh_from_db()
    assert lock.end_reason == "released"
    # and again: told, and nothing changed
    before = everything()
    assert "No card machine has Table 1." in said(manager, act(manager, "orders/orderlock", "release", lock, yes="1"))
    assert everything() == before


def test_a_walk_out_needs_a_reason(uk: WorkingVenue, manager: Client) -> None:
    # given
    order, before = a_bill(uk), everything()
    # when
    for asked in ({}, {"reason": ""}, {"reason": "x" * 121}):
        answer = act(manager, "orders/order", "walk_out", order, **asked)
        # then
        assert answer.status_code == 200
        assert 'name="reason"' in text_of(answer)
    assert everything() == before
    # when
    said(manager, act(manager, "orders/order", "walk_out", order, reason="Ran for the bus"))
    # then
    assert Order.objects.get(pk=order.pk).status == OrderStatus.FINALIZED
    assert Payment.objects.get().reason == "Ran for the bus"


def test_a_refunded_sale_is_opened_again(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = a_bill(uk)
    payment = take_payment(actor=uk.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=5000)
    refund_payment(actor=uk.by_manager, payment_id=payment.pk, amount=2000, reason="cold")
    # when
    page = said(manager, act(manager, "orders/order", "reopen", order, reason="wrong table"))
    # then
    assert "open again." in page
    assert Order.objects.get(pk=order.pk).is_open


# --- money -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sale(uk: WorkingVenue) -> Payment:
    order = a_bill(uk)
    return take_payment(actor=uk.by_waiter, order_id=order.pk, kind=PaymentKind.CASH, amount=5000)


def test_a_cash_refund_asks_how_much_and_why(uk: WorkingVenue, manager: Client, sale: Payment) -> None:
    # given
    before = everything()
    for asked in ({}, {"amount": "10"}, {"amount": "ten", "reason": "cold"}, {"amount": "1.005", "reason": "cold"}):
        # when
        answer = act(manager, "orders/payment", "refund", sale, **asked)
        # then
        assert answer.status_code == 200
        assert "£50.00 were paid for Table 1." in text_of(answer)
    assert everything() == before
    # when
    page = said(manager, act(manager, "orders/payment", "refund", sale, amount="£12.50", reason="cold"))
    # then
    assert "refunded." in page
    refund = Payment.objects.get(entry="refund")
    assert (refund.amount, refund.about, refund.reason, refund.taken_by) == (-1250, sale, "cold", uk.manager)


def test_more_than_was_paid_is_not_given_back(uk: WorkingVenue, manager: Client, sale: Payment) -> None:
    before = everything()
    page = said(manager, act(manager, "orders/payment", "refund", sale, amount="50.01", reason="cold"))
    assert "Between nothing and £50.00." in page
    assert everything() == before


def test_card_money_goes_back_through_dojo(uk: WorkingVenue, manager: Client) -> None:
    # given
    card = PaymentFactory(order=a_bill(uk), kind=PaymentKind.CARD, amount=1000)
    before = everything()
    # when
    page = said(manager, act(manager, "orders/payment", "take_back", card, reason="wrong"))
    # then
    assert "Card money goes back through Dojo." in page
    assert everything() == before
    assert 'value="refund"' not in text_of(manager.get(f"/admin/orders/payment/{card.pk}/change/"))


def test_a_tender_on_the_wrong_table_is_taken_back(uk: WorkingVenue, manager: Client, sale: Payment) -> None:
    said(manager, act(manager, "orders/payment", "take_back", sale, reason="wrong table"))
    assert Order.objects.get(pk=sale.order_id).outstanding == 5000


def test_money_is_given_back_one_at_a_time(uk: WorkingVenue, manager: Client, sale: Payment) -> None:
    other = PaymentFactory(order=sale.order)
    before = everything()
    page = said(manager, act(manager, "orders/payment", "refund", sale, other, amount="1", reason="cold"))
    assert "Choose one of this list. Nothing was changed." in page
    assert everything() == before


# --- the day ---------------------------------------------------------------------------------------------------------


def test_closing_the_day_asks_first_and_says_what_stays_open(uk: WorkingVenue, manager: Client) -> None:
    # given
    a_bill(uk)
    before = everything()
    # when
    asked = act(manager, "orders/tradingperiod", "close", uk.period)
    # then
    assert "Z 1 ends now, and the next one begins. This cannot be undone. 1 bills are open" in text_of(asked)
    assert everything() == before
    # when
    said(manager, act(manager, "orders/tradingperiod", "close", uk.period, yes="1"))
    # then
    numbers = TradingPeriod.objects.order_by("number").values_list("number", "closed_by")
    assert list(numbers) == [(1, uk.manager.pk), (2, None)]


def test_only_the_open_day_can_be_closed(uk: WorkingVenue, manager: Client) -> None:
    # given
    act(manager, "orders/tradingperiod", "close", uk.period, yes="1")
    # when: a page that somebody had open since before
    answer = act(manager, "orders/tradingperiod", "close", uk.period, yes="1")
    # then
    assert "Z 1: That day is closed already." in said(manager, answer)
    assert TradingPeriod.objects.count() == 2


def test_a_party_leaves_and_a_booking_is_cancelled_or_missed(uk: WorkingVenue, manager: Client) -> None:
    # given
    party = seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t1"].pk], covers=2)
    booking, other = ReservationFactory(venue=uk.venue), ReservationFactory(venue=uk.venue)
    # when
    said(manager, act(manager, "bookings/party", "clear", party))
    said(manager, act(manager, "bookings/reservation", "cancel", booking))
    said(manager, act(manager, "bookings/reservation", "no_show", other))
    # then
    party.refresh_from_db()
    assert not party.is_here
    for row in (booking, other):
        row.refresh_from_db()
    assert (booking.status, other.status) == (ReservationStatus.CANCELLED, ReservationStatus.NO_SHOW)
    # when
    said(manager, act(manager, "bookings/reservation", "expect", booking))
    # then
    booking.refresh_from_db()
    assert booking.status == ReservationStatus.BOOKED


def test_a_party_that_owes_stays(uk: WorkingVenue, manager: Client) -> None:
    order = a_bill(uk)
    before = everything()
    page = said(manager, act(manager, "bookings/party", "clear", order.party))
    assert "£50.00" in page
    assert everything() == before


# --- the inbox -------------------------------------------------------------------------------------------------------


def test_an_exception_is_dealt_with_in_words(uk: WorkingVenue, manager: Client) -> None:
    # given
    row = OrderExceptionFactory(order=a_bill(uk))
    assert "to deal with" in text_of(manager.get("/admin/"))
    before = everything()
    assert act(manager, "orders/orderexception", "resolve", row).status_code == 200
    assert everything() == before
    # when
    said(manager, act(manager, "orders/orderexception", "resolve", row, resolution="Gave it back in cash"))
    # then
    row.refresh_from_db()
    assert (row.resolved_by, row.resolution) == (uk.manager, "Gave it back in cash")
    assert "to deal with" not in text_of(manager.get("/admin/"))


def test_resolving_twice_is_once_and_only_for_managers(uk: WorkingVenue) -> None:
    # given
    row = OrderExceptionFactory(order=a_bill(uk))
    other = a_venue("IE")
    before = everything()
    # when
    with pytest.raises(NotPermitted):
        resolve_exception(actor=uk.by_supervisor, exception_id=row.pk, resolution="ok")
    with pytest.raises(NotFound):
        resolve_exception(actor=other.by_manager, exception_id=row.pk, resolution="ok")
    for words in ("", "  ", "x" * 201):
        with pytest.raises(InvalidRequest):
            resolve_exception(actor=uk.by_manager, exception_id=row.pk, resolution=words)
    # then
    assert everything() == before
    # when
    resolve_exception(actor=uk.by_manager, exception_id=row.pk, resolution="first")
    resolve_exception(actor=uk.by_manager, exception_id=row.pk, resolution="second")
    # then
    row.refresh_from_db()
    assert row.resolution == "first"
    assert AuditEntry.objects.filter(act="resolve_exception").count() == 1


# --- tills -----------------------------------------------------------------------------------------------------------


def test_a_lost_till_is_none_any_more(uk: WorkingVenue, manager: Client) -> None:
    # given
    device = Client()
    device.post(f"/{uk.venue.slug}/login", {"login": uk.waiter.staff.login, "password": "a password for tests"})
    device.post(f"/{uk.venue.slug}/till", {"name": "Handheld 1"})
    till = Till.objects.get(name="Handheld 1")
    assert device.get(f"/{uk.venue.slug}/floor").status_code == 200
    # when
    said(manager, act(manager, "pos/till", "revoke", till))
    # then
    assert device.get(f"/{uk.venue.slug}/floor").url.startswith(f"/{uk.venue.slug}/till")
    assert Till.objects.filter(pk=till.pk).exclude(token_hash=hash_till_token("")).exists()


def test_revoking_a_till_is_for_managers_of_its_venue(uk: WorkingVenue) -> None:
    before, other = everything(), None
    with pytest.raises(NotPermitted):
        revoke_till(actor=uk.by_supervisor, till_id=uk.till.pk)
    other = a_venue("IE")
    before = everything()
    with pytest.raises(NotFound):
        revoke_till(actor=other.by_manager, till_id=uk.till.pk)
    assert everything() == before


# --- the pages of acts -----------------------------------------------------------------------------------------------


def test_a_page_offers_what_fits_and_leads_back_to_itself(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = a_bill(uk)
    url = f"/admin/orders/order/{order.pk.replace('_', '_5F')}/change/"
    page = text_of(manager.get(url))
    offered = [name for name in ("accept", "cancel", "release", "reopen", "walk_out") if f'value="{name}"' in page]
    assert offered == ["cancel", "walk_out"]
    # when
    sent = {"action": "cancel", "index": "0", "_selected_action": order.pk}
    # then
    assert manager.post("/admin/orders/order/", {**sent, "back": url}).url == url
    for elsewhere in ("https://example.com/admin/", "//example.com", "/old-mill/floor", ""):
        assert manager.post("/admin/orders/order/", {**sent, "back": elsewhere}).url == "/admin/orders/order/"


def test_a_question_keeps_the_rows_it_is_about(uk: WorkingVenue, manager: Client) -> None:
    orders = [a_bill(uk), a_bill(uk, table="t2")]
    page = act(manager, "orders/order", "walk_out", *orders)
    form = form_on(page, "ask").values
    assert form["_selected_action"] == [order.pk for order in sorted(orders, key=lambda one: one.pk, reverse=True)]
    assert (form["action"], form["answer"]) == (["walk_out"], ["walk_out"])


def test_nothing_chosen_changes_nothing(uk: WorkingVenue, manager: Client) -> None:
    before = everything()
    answer = manager.post("/admin/orders/order/", {"action": "cancel", "index": "0"}, follow=True)
    assert "Items must be selected" in text_of(answer)
    answer = manager.post(
        "/admin/orders/order/", {"action": "nothing", "index": "0", "_selected_action": "x"}, follow=True
    )
    assert "No action selected" in text_of(answer)
    assert everything() == before


# --- people ----------------------------------------------------------------------------------------------------------


def test_whoever_is_stopped_at_the_login_is_let_in_again(uk: WorkingVenue, manager: Client) -> None:
    # given
    page = f"/admin/pos/membership/{uk.waiter.pk}/change/"
    assert "Let in again" not in text_of(manager.get(page))
    AccessAttempt.objects.create(username=uk.waiter.staff.login, ip_address="192.0.2.7", failures_since_start=10)
    assert "Let in again" in text_of(manager.get(page))
    # when
    answer = act(manager, "pos/membership", "let_in_again", uk.waiter)
    # then
    assert "may try the password again at once" in said(manager, answer)
    assert not AccessAttempt.objects.exists()
    assert AuditEntry.objects.filter(act="let_in_again", membership=uk.manager).count() == 1
    assert "Let in again" not in text_of(manager.get(page))
