"""The floor: what plain Django needs for the same answers, with nothing checked, remembered, priced or told.

Same server, same way through it, same connection pool, same credentials. A read is one indexed query and as many
stored bytes. A write locks the order if there is one, inserts the rows that ours inserts with one statement per table,
updates what ours updates, writes the document and what Dojo has to hear, and commits:

* RecordOrderPaymentById inserts 1 payment intent, 1 payment and, unless they are there, 2 rows of the outbox; updates
  the order, its party and its document.
* CreateOrder (10 lines, 3 of them with a choice, paid) inserts 1 order, 10 lines, 3 modifiers, 1 round, 1 payment
  intent, 1 payment, 1 document and 1 row of the outbox; updates the venue's order number.

``tests/benchmarks/test_floor.py`` counts the rows of both.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import timezone

from bookings.models import Party, PartyStatus
from dojo_integration.auth import venue_of
from dojo_integration.models import EventKind, OrderDocument, OutboundEvent
from orders.models import (
    Eaten,
    IntentSource,
    LineModifier,
    LineState,
    Modifier,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Origin,
    Payment,
    PaymentIntent,
    PaymentKind,
    Portion,
    Round,
    ServiceChoice,
    TradingPeriod,
)
from orders.services.opening import next_number
from orders.services.payments import LOOK_AT_UNFINISHED
from pos.ids import LINE, ORDER, new_id
from pos.models import Venue

PAGE = 100


class FloorMiddleware:
    """Calls the floor past sessions, sign-in, CSRF and what else serves browsers, as Dojo's road is called."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/floor/"):
            return self.get_response(request)
        match = resolve(request.path_info)
        response: HttpResponse = match.func(request, **match.kwargs)
        response.headers["Content-Length"] = str(len(response.content))
        return response


def worker(request: HttpRequest) -> HttpResponse:
    """Which process answers: so that the driver can spread its connections evenly."""
    return HttpResponse(str(os.getpid()))


def get_order(request: HttpRequest, order_id: str) -> HttpResponse:
    venue = _venue(request)
    return _json(OrderDocument.objects.values_list("body", flat=True).get(pk=order_id, venue_id=venue.pk))


def search_orders(request: HttpRequest) -> HttpResponse:
    venue = _venue(request)
    payable = OrderDocument.objects.filter(venue_id=venue.pk, payable=True).order_by("-number")
    rows = ",".join(payable.values_list("body", flat=True)[:PAGE])
    return _json(f'{{"data":[{rows}]}}')


def record_payment(request: HttpRequest, order_id: str) -> HttpResponse:
    venue, asked, now = _venue(request), orjson.loads(request.body), timezone.now()
    amount, tips = asked["paidAmount"]["value"], asked.get("tipsAmount", {}).get("value", 0)
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id, venue=venue)
        period = TradingPeriod.objects.get(venue=venue, closed_at=None)
        _insert_payment(order, period, asked["paymentIntentId"], amount, tips)
        order.set_amounts(paid=order.paid_amount + amount)
        order.tips_amount += tips
        order.updated_at = now
        if not order.outstanding:
            order.status, order.closed_at, order.trading_period = OrderStatus.FINALIZED, now, period
            order.business_date = venue.business_date(now)
        order.save(
            update_fields=[
                "paid_amount", "outstanding", "overpaid", "tips_amount", "updated_at",
                "status", "closed_at", "trading_period", "business_date",
            ]
        )  # fmt: skip
        Party.objects.filter(pk=order.party_id).update(status=PartyStatus.PAID, updated_at=now)
        wire = orjson.loads(OrderDocument.objects.values_list("body", flat=True).get(pk=order_id))
        wire["payments"].append({"paymentIntentId": asked["paymentIntentId"], "paidAmount": asked["paidAmount"]})
        wire["paidAmount"]["value"], wire["tipsAmount"]["value"] = order.paid_amount, order.tips_amount
        wire["status"], wire["payable"], wire["updatedAt"] = order.status, order.payable, now
        body = orjson.dumps(wire).decode()
        OrderDocument.objects.filter(pk=order_id).update(body=body, payable=order.payable)
        _want(venue, (EventKind.ORDER, order.pk), (EventKind.PARTY, order.party_id or ""))
    return _json(body)


def create_order(request: HttpRequest) -> HttpResponse:
    venue, asked, now = _venue(request), orjson.loads(request.body), timezone.now()
    total, paid = asked["totalAmount"], asked["payments"][0]
    with transaction.atomic():
        order = Order(
            id=new_id(ORDER),
            venue=venue,
            number=next_number(venue),
            origin=Origin.DOJO,
            order_type=OrderType.COLLECTION,
            status=OrderStatus.CONFIRMED,
            display_base=f"Collect · {asked['customer']['name']}",
            display_name=f"Collect · {asked['customer']['name']}",
            dojo_order_id=asked["dojoOrderId"],
            is_prepaid=True,
            collect_asap=True,
            customer_name=asked["customer"]["name"],
            currency=total["currencyCode"],
            service_choice=ServiceChoice.STATED,
            service_stated=0,
            goods_amount=total["value"],
            tax_amount=total["value"] // 6,
            tax_lines=[[2000, total["value"] - total["value"] // 6, total["value"] // 6]],
            total_amount=total["value"],
            bill_shown_amount=total["value"],
            paid_amount=total["value"],
            outstanding=0,
            opened_at=now,
            updated_at=now,
            first_sent_at=now,
        )
        Order.objects.bulk_create([order])
        sent = Round.objects.bulk_create([Round(order=order, number=1, sent_at=now)])[0]
        lines = [_line(order, sent, position, item) for position, item in enumerate(asked["items"], start=1)]
        OrderLine.objects.bulk_create(lines)
        LineModifier.objects.bulk_create(
            _modifier(venue, line, choice)
            for line, item in zip(lines, asked["items"], strict=True)
            for choice in item["modifiers"]
        )
        period = TradingPeriod.objects.get(venue=venue, closed_at=None)
        _insert_payment(order, period, paid["paymentIntentId"], paid["paidAmount"]["value"], 0)
        body = _document(order, asked)
        document = OrderDocument(
            order_id=order.pk, venue_id=venue.pk, number=order.number, payable=order.payable, body=body
        )
        OrderDocument.objects.bulk_create([document])
        _want(venue, (EventKind.ORDER, order.pk))
    return _json(body)


def _venue(request: HttpRequest) -> Venue:
    return venue_of(request.META.get("HTTP_AUTHORIZATION", ""))


def _json(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")


def _insert_payment(order: Order, period: TradingPeriod, intent_id: str, amount: int, tips: int) -> None:
    intent = PaymentIntent(
        venue=order.venue,
        intent_id=intent_id,
        order=order,
        recorded_by=IntentSource.RECORD,
        recorded_amount=amount,
        recorded_tips=tips,
        next_look_at=timezone.now() + LOOK_AT_UNFINISHED,
    )
    PaymentIntent.objects.bulk_create([intent])
    payment = Payment(
        venue=order.venue,
        order=order,
        intent=intent,
        kind=PaymentKind.CARD,
        amount=amount,
        tips=tips,
        currency=order.currency,
        at=timezone.now(),
        trading_period=period,
        business_date=order.venue.business_date(timezone.now()),
    )
    Payment.objects.bulk_create([payment])


def _want(venue: Venue, *news: tuple[EventKind, str]) -> None:
    now = timezone.now()
    OutboundEvent.objects.bulk_create(
        [
            OutboundEvent(venue=venue, kind=kind, entity_id=entity_id, changed_at=now, next_attempt_at=now)
            for kind, entity_id in news
        ],
        update_conflicts=True,
        unique_fields=["venue", "kind", "entity_id"],
        update_fields=["wanted", "changed_at", "next_attempt_at"],
    )


# Who is in a hurry keeps the menu in memory: it costs no query, and the rows get all their references.


@cache
def _portion(venue_id: int, plu: str) -> Portion:
    return Portion.objects.select_related("product").get(venue=venue_id, plu=plu)


@cache
def _choice(venue_id: int, plu: str) -> Modifier:
    return Modifier.objects.get(venue=venue_id, plu=plu)


def _line(order: Order, sent: Round, position: int, item: dict[str, Any]) -> OrderLine:
    portion = _portion(order.venue_id, item["plu"])
    worth = item["quantity"] * item["amountPerItem"]["value"]
    return OrderLine(
        id=new_id(LINE),
        venue=order.venue,
        order=order,
        position=position,
        product=portion.product,
        portion=portion,
        plu=item["plu"],
        name=item["name"],
        quantity=item["quantity"],
        unit_price=item["amountPerItem"]["value"],
        course_id=portion.product.course_id,
        station_id=portion.product.station_id,
        vat_class_id=portion.product.vat_class_id,
        eaten=Eaten.OUT,
        vat_rate=2000,
        state=LineState.SENT,
        round=sent,
        sent_at=sent.sent_at,
        added_at=sent.sent_at,
        gross_amount=worth,
        net_amount=worth,
    )


def _modifier(venue: Venue, line: OrderLine, choice: dict[str, Any]) -> LineModifier:
    return LineModifier(
        line=line,
        modifier=_choice(venue.pk, choice["plu"]),
        plu=choice["plu"],
        name=choice["name"],
        quantity=choice["quantity"],
        price=choice["amountPerModifier"]["value"],
    )


def _document(order: Order, asked: dict[str, Any]) -> str:
    nothing = {"value": 0, "currencyCode": order.currency}
    wire = {
        "id": order.pk,
        "displayName": order.display_name,
        "reference": str(order.number),
        "status": order.status,
        "details": asked["details"],
        "items": asked["items"],
        "customer": asked["customer"],
        "discounts": [],
        "taxLines": [],
        "totalAmount": asked["totalAmount"],
        "serviceChargeAmount": nothing,
        "payable": False,
        "paidAmount": asked["totalAmount"],
        "tipsAmount": nothing,
        "payments": asked["payments"],
        "createdAt": order.opened_at,
        "updatedAt": order.updated_at,
    }
    return orjson.dumps(wire).decode()
