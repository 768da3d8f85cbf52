"""What a past visit came to and how it was paid."""

from dataclasses import replace
from datetime import datetime, timedelta

from orders import pricing, shares
from orders.demo.books import Books, Written
from orders.demo.guests import Event, Tender, Visit
from orders.models import (
    Discount,
    IntentSource,
    IntentStatus,
    Order,
    OrderLine,
    Payment,
    PaymentEntry,
    PaymentIntent,
    PaymentKind,
    PriceRule,
    ServiceChoice,
)
from pos.money import percent_of

Line = tuple[OrderLine, pricing.PricedLine]

# A fiver: cash comes in notes.
_NOTE = 500


class MoneyRows:
    """Prices one visit's lines and writes its payments; the bill came at ``billed_at``."""

    def __init__(self, books: Books, visit: Visit, written: Written, order: Order, *, billed_at: datetime) -> None:
        self.books, self.visit, self.written, self.order = books, visit, written, order
        self.billed_at = billed_at
        self.waiter = books.staff[visit.waiter]

    def write(self, lines: list[Line], discount: Discount | None) -> None:
        self._price(lines, discount)
        self._pay()
        if self.visit.event is Event.REFUNDED:
            dearest = max((line for line, _ in lines), key=lambda line: line.net_amount)
            self._refund(self.written.payments[-1], dearest)

    def _price(self, lines: list[Line], discount: Discount | None) -> None:
        billed = [(line, priced) for line, priced in lines if line.is_on_bill]
        totals = pricing.price(
            [replace(priced, free=line.price_rule == PriceRule.COMP) for line, priced in billed],
            [pricing.PricedDiscount("discount", percent=discount.percent)] if discount else [],
            self._service(),
            tax_inclusive=self.books.venue.tax_inclusive,
        )
        for (line, _), money in zip(billed, totals.lines, strict=True):
            line.gross_amount, line.net_amount = money.gross, money.net
            line.discount_amount = money.line_discount + money.order_discount
        if discount is not None:
            discount.amount = totals.discounts["discount"]
        order = self.order
        order.goods_amount = totals.goods_total
        order.discount_amount = totals.discount_total
        order.tax_amount = totals.tax_total
        order.tax_lines = [[row.rate, row.base, row.amount] for row in totals.tax_lines]
        order.service_amount = totals.service_owed
        order.total_amount = order.outstanding = totals.total

    def _service(self) -> pricing.Service:
        venue = self.books.venue
        if self.order.service_choice != ServiceChoice.AUTOMATIC or (self.order.covers or 0) < venue.service_from_covers:
            return pricing.NO_SERVICE
        return pricing.Service(kind=pricing.ServiceKind(venue.service_kind), rate=venue.service_rate)

    def _pay(self) -> None:
        order, service_left = self.order, self.order.service_amount
        parts = _halves(order.total_amount) if len(self.visit.tenders) == 2 else [order.total_amount]
        for turn, (tender, amount) in enumerate(zip(self.visit.tenders, parts, strict=True)):
            service = shares.service_within(amount, outstanding=order.outstanding, service_outstanding=service_left)
            payment = self._payment(tender, amount, turn)
            payment.service_part = service
            service_left -= service
            order.tips_amount += payment.tips
            order.set_amounts(paid=order.paid_amount + amount)
            self.written.payments.append(payment)

    def _payment(self, tender: Tender, amount: int, turn: int) -> Payment:
        payment = Payment(
            venue=self.books.venue,
            order=self.order,
            kind=PaymentKind.CASH,
            amount=amount,
            currency=self.order.currency,
            at=self.order.opened_at if self.visit.on_the_phone else self.billed_at + timedelta(seconds=50 * turn),
            trading_period=self.books.period,
            business_date=self.books.day,
        )
        if self.visit.event is Event.WALKED_OUT:
            payment.kind, payment.taken_by, payment.till = (
                PaymentKind.WALK_OUT,
                self.books.staff["oliver"],
                self.books.till,
            )
            payment.reason = "Left while the waiter was at the bar"
        elif tender is Tender.CASH:
            payment.taken_by, payment.till = self.waiter, self.books.till
            payment.tendered = -(-amount // _NOTE) * _NOTE
            payment.change = payment.tendered - amount
        else:
            payment.kind = PaymentKind.CARD
            payment.tips = percent_of(amount, self.visit.tip_percent * 100)
            payment.intent = self._intent(payment, turn)
            # A card machine asks who it is; a phone does not.
            payment.waiter_id = "" if self.visit.on_the_phone else self.waiter.waiter_id
        return payment

    def _intent(self, payment: Payment, turn: int) -> PaymentIntent:
        intent = PaymentIntent(
            venue=self.books.venue,
            intent_id=f"pi_demo_{self.order.number:05d}_{turn}",
            order=self.order,
            status=IntentStatus.CAPTURED,
            recorded_by=IntentSource.CREATE if self.visit.on_the_phone else IntentSource.RECORD,
            recorded_amount=payment.amount,
            recorded_tips=payment.tips,
            seen_amount=payment.amount,
            seen_tips=payment.tips,
        )
        self.written.intents.append(intent)
        return intent

    def _refund(self, paid: Payment, line: OrderLine) -> None:
        refund = Payment(
            venue=paid.venue,
            order=paid.order,
            kind=paid.kind,
            entry=PaymentEntry.REFUND,
            about=paid,
            intent=paid.intent,
            amount=-line.net_amount,
            currency=paid.currency,
            reason="Not what was ordered",
            at=paid.at + timedelta(minutes=11),
            trading_period=paid.trading_period,
            business_date=paid.business_date,
            taken_by=self.books.staff["maya"] if paid.kind == PaymentKind.CASH else None,
            till=paid.till,
        )
        refund.service_part = -shares.service_within(
            line.net_amount, outstanding=paid.amount, service_outstanding=paid.service_part
        )
        if paid.intent is not None:
            paid.intent.seen_refunded = line.net_amount
        self.order.set_amounts(paid=self.order.paid_amount + refund.amount)
        self.written.refunds.append(refund)


def _halves(amount: int) -> list[int]:
    return [amount - amount // 2, amount // 2]
