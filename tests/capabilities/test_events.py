"""HandleEvent: what Dojo tells of a payment is kept once, whole, and nothing else happens."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from dojo_integration.models import DojoEvent
from orders.models import OrderException, Payment, PaymentIntent
from pos.models import Venue
from tests.bills import a_bill
from tests.capabilities.conftest import Dojo
from tests.capabilities.requests import a_payment, an_event, at
from tests.factories import WorkingVenue

NAMES = ("payment_intent.created", "payment_intent.status_updated")


def kept() -> list[dict[str, Any]]:
    return list(DojoEvent.objects.order_by("pk").values())


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_kept_whole_and_answered_with_nothing(dojo: Dojo, uk: WorkingVenue, name: str) -> None:
    # given
    sent = an_event(
        event=name, data={"paymentIntentId": "pi-9", "paymentStatus": "Authorized", "captureMode": "Manual"}
    )
    # when
    with time_machine.travel("2031-07-04T20:00:03Z", tick=False):
        answer = dojo.get(f"HandleEvent:{name}", sent)
    # then
    event = DojoEvent.objects.get()
    assert answer == {}
    assert (event.venue, event.event_id, event.name, event.account_id) == (uk.venue, "event-1", name, "account-1")
    assert (event.payment_intent_id, event.payment_status, event.capture_mode) == ("pi-9", "Authorized", "Manual")
    assert event.created_at == datetime(2031, 7, 4, 20, 0, 0, tzinfo=UTC)
    assert event.received_at == datetime(2031, 7, 4, 20, 0, 3, tzinfo=UTC)
    assert event.handled_at is None
    assert event.body == sent


@pytest.mark.parametrize("status", ["Created", "Authorized", "Captured", "Reversed", "Refunded", "Canceled"])
@pytest.mark.parametrize("mode", ["Auto", "Manual"])
def test_every_status_there_is_can_be_told(dojo: Dojo, uk: WorkingVenue, status: str, mode: str) -> None:
    data = {"paymentIntentId": "pi-1", "paymentStatus": status, "captureMode": mode}
    dojo.get("HandleEvent", an_event(data=data))
    event = DojoEvent.objects.get()
    assert (event.payment_status, event.capture_mode) == (status, mode)


def test_an_event_is_kept_and_no_more(dojo: Dojo, uk: WorkingVenue) -> None:
    # given a bill with a payment of that intent
    order = a_bill(uk)
    paid = dojo.get("RecordOrderPaymentById", a_payment(order.pk, 2000, "pi-1"))
    # when Dojo says that the money went back
    data = {"paymentIntentId": "pi-1", "paymentStatus": "Reversed", "captureMode": "Auto"}
    dojo.get("HandleEvent", an_event(data=data))
    # then whoever reads the inbox will ask Dojo about it: an event alone moves no money
    assert dojo.get("GetOrderById", {"orderId": order.pk}) == paid
    assert (Payment.objects.count(), PaymentIntent.objects.count(), OrderException.objects.count()) == (1, 1, 0)


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"event": "payment_intent.created"},
        {"accountId": "another"},
        {"createdAt": at(21)},
        {"data": {"paymentIntentId": "pi-2", "paymentStatus": "Refunded", "captureMode": "Manual"}},
    ],
)
def test_the_same_event_again_changes_nothing(dojo: Dojo, uk: WorkingVenue, again: dict[str, Any]) -> None:
    # given one that has been acted upon meanwhile
    dojo.get("HandleEvent", an_event())
    DojoEvent.objects.update(handled_at=datetime(2031, 7, 4, 20, 1, tzinfo=UTC))
    before = kept()
    # when / then
    assert dojo.get("HandleEvent", an_event(**again)) == {}
    assert kept() == before


def test_another_venue_may_be_told_the_same(
    dojo: Dojo, dojo_of: Callable[[Venue], Dojo], uk: WorkingVenue, irish: WorkingVenue
) -> None:
    dojo.get("HandleEvent", an_event())
    dojo_of(irish.venue).get("HandleEvent", an_event(accountId="account-2"))
    assert list(DojoEvent.objects.order_by("pk").values_list("venue", "account_id")) == [
        (uk.venue.pk, "account-1"),
        (irish.venue.pk, "account-2"),
    ]


def test_what_is_unknown_is_kept_too(dojo: Dojo, uk: WorkingVenue) -> None:
    # given
    sent = an_event(createdAt="2019-08-24T14:15:22Z", version=2, more={"deep": [1, 2.5, None, "🍷"]})
    sent["data"]["paymentSource"] = "qr"
    # when
    dojo.get("HandleEvent", sent)
    # then
    assert DojoEvent.objects.get().body == sent


# --- refused by name -------------------------------------------------------------------------------------------------


def _top(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda event: event.update(changes)


def _data(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda event: event["data"].update(changes)


def _without(*way: str) -> Callable[[dict[str, Any]], None]:
    def remove(event: dict[str, Any]) -> None:
        (event if len(way) == 1 else event[way[0]]).pop(way[-1])

    return remove


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *((_without(name), name) for name in an_event()),
        *((_without("data", name), f"data.{name}") for name in an_event()["data"]),
        (_top(id=""), "id"),
        (_top(id=5), "id"),
        (_top(id=None), "id"),
        (_top(id="x" * 121), "id"),
        (_top(accountId=5), "accountId"),
        (_top(accountId=""), "accountId"),
        (_top(accountId="x" * 121), "accountId"),
        (_top(event="payment_intent.refunded"), "event"),
        (_top(event="payment_intent.send-receipt"), "event"),
        (_top(event="Payment_Intent.Created"), "event"),
        (_top(event=""), "event"),
        (_top(event=5), "event"),
        (_top(event=["payment_intent.created"]), "event"),
        (_top(data="pi-1"), "data"),
        (_top(data=[]), "data"),
        (_top(data=None), "data"),
        (_top(createdAt="yesterday"), "createdAt"),
        (_top(createdAt=1767225600), "createdAt"),
        (_top(createdAt="9999-12-31T23:59:59Z"), "createdAt"),
        (_data(paymentIntentId=7), "data.paymentIntentId"),
        (_data(paymentIntentId=""), "data.paymentIntentId"),
        (_data(paymentIntentId="x" * 121), "data.paymentIntentId"),
        (_data(paymentIntentId="a\u0000b"), "data.paymentIntentId"),
        (_data(paymentStatus="Declined"), "data.paymentStatus"),
        (_data(paymentStatus="captured"), "data.paymentStatus"),
        (_data(paymentStatus=""), "data.paymentStatus"),
        (_data(paymentStatus=True), "data.paymentStatus"),
        (_data(captureMode="Later"), "data.captureMode"),
        (_data(captureMode=""), "data.captureMode"),
        (_data(captureMode={}), "data.captureMode"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    dojo: Dojo, uk: WorkingVenue, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    sent = copy.deepcopy(an_event())
    change(sent)
    answer = dojo.refused("HandleEvent", sent)
    assert (answer.error_type, answer.message.split(": ")[0]) == ("InvalidRequest", field)
    assert kept() == []
