"""Order & Pay from end to end, by the current flow and the older one: the guest's phone, Dojo's sandbox, and our books.

Dojo tells by a capability over either road or by its webhook, and is asked through the real client.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from dojo_integration.capabilities import find
from dojo_integration.models import DojoEvent, OutboundEvent
from dojo_integration.sending import send_due
from dojo_integration.signatures import signature_of
from dojo_integration.tasks import handle_dojo_events, look_at_payment_intents
from orders.models import ExceptionKind, Order, OrderException, OrderStatus, Payment, PaymentIntent
from pos.sealed import Sealed
from tests.bills import a_bill
from tests.capabilities.requests import a_payment, an_event, an_order, pounds
from tests.capabilities.roads import ROADS, Answer, RestRoad, WsRoad
from tests.factories import DojoConnectionFactory, WebhookSecretFactory, WorkingVenue, a_venue
from tests.sandbox import EventReceived, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "whsec_of-this-test"


@dataclass
class Dojo:
    """The sandbox's money, and a road to us that the test walks for it."""

    shop: WorkingVenue
    sandbox: Sandbox
    road: RestRoad | WsRoad
    by_webhook: bool
    told: int = 0

    def holds(self, amount: int, *, names: str, **fields: Any) -> str:
        """The guest has the checkout before them; ``names`` is what the intent says of its order."""
        return str(self.sandbox.make_intent(amount, orderDetails={"externalId": names}, **fields)["id"])

    def takes(self, intent_id: str) -> str:
        self.sandbox.capture(intent_id)
        return intent_id

    def asks(self, capability: str, params: dict[str, Any]) -> Answer:
        return self.road.call(find(capability), params)

    def gets(self, capability: str, params: dict[str, Any]) -> Any:
        answer = self.asks(capability, params)
        assert answer.ok, answer.body
        return answer.body

    def tells(self, intent_id: str, name: str = "payment_intent.status_updated", *, times: int = 1) -> None:
        """What has become of a payment; what it says of the status is not what is believed."""
        self.told += 1
        data = {"paymentIntentId": intent_id, "paymentStatus": "Captured", "captureMode": "Auto"}
        event = an_event(f"event-{self.told}", event=name, data=data)
        for _ in range(times):
            if self.by_webhook:
                self._posts(event)
            else:
                self.gets("HandleEvent", event)

    def _posts(self, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        path, headers = f"/webhooks/dojo/{self.shop.venue.slug}", {"dojo-signature": signature_of(body, SECRET)}
        assert Client().post(path, body, content_type="application/json", headers=headers).status_code == 200


@pytest.fixture
def shop() -> WorkingVenue:
    return a_venue()


@pytest.fixture(params=["rest", "ws", "webhook"])
def dojo(request: pytest.FixtureRequest, shop: WorkingVenue, sandbox: Sandbox, settings: Any) -> Dojo:
    settings.DOJO_API_URL = sandbox.url
    DojoConnectionFactory(venue=shop.venue, api_key=Sealed.of(sandbox.api_key))
    WebhookSecretFactory(venue=shop.venue, plain=SECRET)
    by_webhook = request.param == "webhook"
    return Dojo(shop, sandbox, ROADS["rest" if by_webhook else request.param](shop.venue), by_webhook)


def in_our_books() -> list[tuple[str, int, int]]:
    return list(Payment.objects.order_by("pk").values_list("entry", "amount", "tips"))


def an_order_without_payments(dojo_order_id: str = "dojo-1") -> dict[str, Any]:
    return an_order(dojo_order_id, payments=[])


def test_the_current_flow(dojo: Dojo) -> None:
    # given: paid before the order is ours
    intent_id = dojo.takes(dojo.holds(3600, names="dojo-1"))
    payment = {"paymentIntentId": intent_id, "paidAmount": pounds(3600)}
    # when
    order = dojo.gets("CreateOrder", an_order("dojo-1", payments=[payment]))
    dojo.tells(intent_id, times=2)
    handle_dojo_events()
    # then
    assert (order["status"], order["paidAmount"]) == ("Confirmed", pounds(3600))
    assert in_our_books() == [("payment", 3600, 0)]
    assert DojoEvent.objects.get().outcome == "nothing"
    assert PaymentIntent.objects.get().next_look_at is None


def test_the_older_flow(dojo: Dojo) -> None:
    # given: an order that is only held on the card
    order = dojo.gets("CreateOrder", an_order_without_payments())
    intent_id = dojo.holds(3600, names="dojo-1")
    send_due(dojo.shop.venue)
    before = len(dojo.sandbox.received_events())
    # when: it is captured, and Dojo says that something has become of it
    dojo.takes(intent_id)
    dojo.tells(intent_id)
    assert in_our_books() == []
    assert handle_dojo_events() == 1
    # then: recorded, Dojo is told that the order is another, and reads that it is paid
    assert in_our_books() == [("payment", 3600, 0)]
    assert OutboundEvent.objects.filter(entity_id=order["id"], wanted__gt=1).exists()
    send_due(dojo.shop.venue)
    assert dojo.sandbox.received_events()[before:] == [EventReceived("OrderUpdated", order["id"])]
    seen = dojo.gets("GetOrderById", {"orderId": order["id"]})
    assert (seen["paidAmount"], seen["payments"][0]["paymentIntentId"]) == (pounds(3600), intent_id)


@pytest.mark.parametrize("first", ["order", "event"])
def test_both_flows_at_once_are_one_payment(dojo: Dojo, first: str) -> None:
    # given
    intent_id = dojo.takes(dojo.holds(3600, names="dojo-1"))
    payment = {"paymentIntentId": intent_id, "paidAmount": pounds(3600)}
    steps: list[Callable[[], Any]] = [
        lambda: dojo.gets("CreateOrder", an_order("dojo-1", payments=[payment])),
        lambda: (dojo.tells(intent_id), handle_dojo_events()),
    ]
    # when
    for step in steps if first == "order" else reversed(steps):
        step()
    # then: whichever came second was no news
    assert in_our_books() == [("payment", 3600, 0)]
    assert Order.objects.get().paid_amount == 3600
    assert not OrderException.objects.exists()


def test_an_event_before_its_order_waits_for_it(dojo: Dojo) -> None:
    # given
    intent_id = dojo.takes(dojo.holds(3600, names="dojo-1"))
    dojo.tells(intent_id)
    handle_dojo_events()
    assert DojoEvent.objects.get().outcome == "unknown_order"
    assert look_at_payment_intents() == 0
    # when
    dojo.gets("CreateOrder", an_order_without_payments())
    # then: what its arrival nudges finds it at once
    assert look_at_payment_intents() == 1
    assert in_our_books() == [("payment", 3600, 0)]


def test_paying_for_a_bill_by_phone_in_the_older_flow(dojo: Dojo) -> None:
    # given
    order = a_bill(dojo.shop, total=5000)
    intent_ids = [dojo.holds(amount, names=order.pk) for amount in (2000, 3000)]
    for intent_id in intent_ids:
        dojo.tells(intent_id, "payment_intent.created")
    handle_dojo_events()
    assert in_our_books() == []
    # when: two guests, of whom one's event is lost
    for intent_id in intent_ids:
        dojo.takes(intent_id)
    dojo.tells(intent_ids[0])
    handle_dojo_events()
    assert in_our_books() == [("payment", 2000, 0)]
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert look_at_payment_intents() == 1
    # then
    assert in_our_books() == [("payment", 2000, 0), ("payment", 3000, 0)]
    order.refresh_from_db()
    assert (order.status, order.outstanding) == (OrderStatus.FINALIZED, 0)


def test_a_payment_that_we_refuse_is_given_back_and_leaves_no_trace(dojo: Dojo) -> None:
    # given: the bill became smaller meanwhile
    order = a_bill(dojo.shop, total=2000)
    intent_id = dojo.takes(dojo.holds(2500, names=order.pk))
    # when
    answer = dojo.asks("RecordOrderPaymentById", a_payment(order.pk, 2500, intent_id))
    dojo.sandbox.reverse(intent_id)
    dojo.tells(intent_id, times=2)
    handle_dojo_events()
    # then
    assert (answer.error_type, in_our_books()) == ("Conflict", [])
    assert DojoEvent.objects.get().outcome == "nothing"
    assert (OrderException.objects.count(), PaymentIntent.objects.get().next_look_at) == (0, None)


def test_tip_and_service_are_booked_as_what_they_are(dojo: Dojo) -> None:
    # given
    order = a_bill(dojo.shop, total=2250)
    intent_id = dojo.holds(2000, names=order.pk, serviceChargeAmount=pounds(250), tipsAmount=pounds(300))
    # when
    dojo.takes(intent_id)
    dojo.tells(intent_id)
    handle_dojo_events()
    # then: the service is the bill's, the tip is not
    assert in_our_books() == [("payment", 2250, 300)]
    order.refresh_from_db()
    assert (order.status, order.paid_amount, order.tips_amount) == (OrderStatus.FINALIZED, 2250, 300)


def test_money_that_goes_back_later_goes_back_in_our_books(dojo: Dojo) -> None:
    # given
    order = a_bill(dojo.shop, total=5000)
    refunded, reversed_ = (dojo.takes(dojo.holds(amount, names=order.pk)) for amount in (2000, 3000))
    for intent_id in (refunded, reversed_):
        dojo.tells(intent_id)
    handle_dojo_events()
    order.refresh_from_db()
    assert order.status == OrderStatus.FINALIZED
    # when
    dojo.sandbox.refund(refunded, 500)
    dojo.tells(refunded)
    handle_dojo_events()
    # then: a refund reopens nothing
    order.refresh_from_db()
    assert (in_our_books()[2:], order.status) == ([("refund", -500, 0)], OrderStatus.FINALIZED)
    # when
    dojo.sandbox.reverse(reversed_)
    dojo.tells(reversed_)
    handle_dojo_events()
    # then: a reversal does
    order.refresh_from_db()
    assert in_our_books()[3:] == [("reversal", -3000, 0)]
    assert (order.is_open, order.paid_amount) == (True, 1500)
    assert [row.kind for row in OrderException.objects.all()] == [ExceptionKind.PAYMENT_REVERSED]


def test_a_sandbox_that_was_away_and_a_venue_without_a_key_lose_nothing(dojo: Dojo) -> None:
    # given
    order = a_bill(dojo.shop, total=5000)
    dojo.tells(dojo.takes(dojo.holds(2000, names=order.pk)))
    dojo.sandbox.kill()
    # when / then
    assert (handle_dojo_events(), in_our_books()) == (0, [])
    event = DojoEvent.objects.get()
    assert (event.attempts, event.parked_at, event.claimed_until) == (1, None, None)
    assert event.last_error == "Dojo gave no usable answer to GET /payment-intents/{paymentIntentId}."
    # when it is back, and the venue's key is not
    dojo.sandbox.start()
    DojoEvent.objects.update(next_attempt_at=timezone.now())
    connection = dojo.shop.venue.dojo_connection
    connection.set_api_key("")
    connection.save()
    # then nobody is asked, and nobody is given up
    assert (handle_dojo_events(), look_at_payment_intents()) == (0, 0)
    event.refresh_from_db()
    assert (event.attempts, event.claimed_until) == (1, None)
    # when it is
    connection.set_api_key(dojo.sandbox.api_key)
    connection.save()
    # then
    assert handle_dojo_events() == 1
    assert in_our_books() == [("payment", 2000, 0)]


def test_how_long_dojo_wants_to_be_left_alone_is_heard(dojo: Dojo) -> None:
    # given
    order = a_bill(dojo.shop, total=5000)
    dojo.tells(dojo.takes(dojo.holds(2000, names=order.pk)))
    dojo.sandbox.fault("GET /payment-intents/*", "status", status=429, retryAfter=6 * 3600)
    # when
    began = timezone.now()
    assert handle_dojo_events() == 0
    # then: an hour at most, and nobody waited for it
    event = DojoEvent.objects.get()
    assert timezone.now() - began < timedelta(seconds=10)
    assert timedelta(minutes=59) < event.next_attempt_at - began < timedelta(minutes=61)
    assert in_our_books() == []
