"""What a past visit left in the books: the rows that services would have written at the time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from bookings.models import Party, PartyStatus, PartyTable
from floorplan.models import Table
from orders import pricing
from orders.demo.books import Books, Written
from orders.demo.guests import Event, Kind, Visit, Want
from orders.demo.history_money import Line, MoneyRows
from orders.models import (
    Discount,
    Eaten,
    LineModifier,
    LineState,
    LineSubItem,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Origin,
    PriceRule,
    Round,
    ServiceChoice,
    TakenOff,
)
from orders.services.naming import base_name_of
from pos.ids import LINE, ORDER, PARTY, new_id

# Minutes from the station's printer to the table.
_MAKING = {"kitchen": (9, 16), "cold": (5, 9), "bar": (2, 5), "coffee": (3, 6)}
_SUPERVISOR = "oliver"
_NEIGHBOURS = ("Neighbours 10 %", 1000)


class VisitRows:
    """Writes up one visit: seat, lines, price, payment."""

    def __init__(self, books: Books, visit: Visit, written: Written, *, number: int, random: Random) -> None:
        self.books, self.visit, self.written, self.random = books, visit, written, random
        self.waiter = books.staff[visit.waiter]
        self.order = self._order(number)
        self.lines: list[Line] = []
        self.discount: Discount | None = None

    @property
    def leaves_at(self) -> datetime:
        return self._after(self.visit.pays_after)

    def write(self) -> Order:
        self.written.orders.append(self.order)
        if self.visit.place is not None:
            self._seat(self.books.tables[self.visit.place.code])
        self.order.display_base = self.order.display_name = base_name_of(self.order)
        self._write_lines()
        self._make_it_special()
        money = MoneyRows(self.books, self.visit, self.written, self.order, billed_at=self.leaves_at)
        money.write(self.lines, self.discount)
        self._close()
        return self.order

    def _after(self, minutes: int) -> datetime:
        return self.books.moment(self.visit.arrives + minutes)

    def _order(self, number: int) -> Order:
        opened_at = self._after(0)
        order = Order(
            id=new_id(ORDER, opened_at),
            venue=self.books.venue,
            number=number,
            status=OrderStatus.FINALIZED,
            currency=self.books.venue.currency,
            opened_at=opened_at,
            first_sent_at=self._after(min(want.after for want in self.visit.wants)),
            trading_period=self.books.period,
            business_date=self.books.day,
        )
        if self.visit.on_the_phone:
            order.origin = Origin.DOJO
            order.order_type = OrderType.COLLECTION
            order.is_prepaid = order.collect_asap = True
            order.dojo_order_id = f"demo-{number}"
            order.customer_name = self.visit.guest
            order.service_choice, order.service_stated = ServiceChoice.STATED, 0
            return order
        order.waiter = self.waiter
        if self.visit.kind is Kind.TAB:
            order.is_tab = True
            order.customer_name = self.visit.guest
        return order

    def _seat(self, table: Table) -> None:
        party = Party(
            id=new_id(PARTY, self.order.opened_at),
            venue=self.books.venue,
            covers=self.visit.covers,
            waiter=self.waiter,
            status=PartyStatus.LEFT,
            start_time=self.order.opened_at,
            end_time=self.leaves_at + timedelta(minutes=6),
        )
        self.written.parties.append(party)
        self.written.party_tables.append(PartyTable(party=party, table=table))
        self.order.party, self.order.table, self.order.covers = party, table, party.covers

    # --- lines --------------------------------------------------------------------------------------------------------

    def _write_lines(self) -> None:
        rounds: dict[int, Round] = {}
        for position, want in enumerate(self.visit.wants, start=1):
            if want.after not in rounds:
                rounds[want.after] = Round(
                    order=self.order,
                    number=len(rounds) + 1,
                    sent_at=self._after(want.after),
                    sent_by=None if self.visit.on_the_phone else self.waiter,
                    till=None if self.visit.on_the_phone else self.books.till,
                )
            line = self._line(want, rounds[want.after], position)
            parts = self._parts(line, want)
            choices = [self._choice(line, plu) for plu in want.choices]
            self.lines.append((line, _priced(line, parts, choices)))
            self.written.lines.append(line)
            self.written.sub_items += parts
            self.written.modifiers += choices
        self.written.rounds += rounds.values()

    def _line(self, want: Want, sent: Round, position: int) -> OrderLine:
        portion = self.books.portions[want.plu]
        product = portion.product
        eaten = Eaten.OUT if self.visit.on_the_phone else Eaten.IN
        line = OrderLine(
            id=new_id(LINE, sent.sent_at),
            venue=self.books.venue,
            order=self.order,
            position=position,
            product=product,
            portion=portion,
            plu=portion.plu,
            name=portion.full_name,
            kind=product.kind,
            quantity=want.quantity,
            unit_price=portion.price,
            note=want.note,
            course=product.course,
            station=product.station,
            vat_class=product.vat_class,
            eaten=eaten,
            vat_rate=self.books.rates.rate(product.vat_class_id, eaten),
            state=LineState.SERVED,
            round=sent,
            sent_at=sent.sent_at,
            ready_at=sent.sent_at,
            served_at=sent.sent_at,
            added_at=sent.sent_at - timedelta(seconds=40),
            added_by=sent.sent_by,
            till=sent.till,
        )
        if product.station is not None:
            self._make(line, sent.sent_at, product.station.code)
        return line

    def _make(self, line: OrderLine, sent_at: datetime, station: str) -> None:
        shortest, longest = _MAKING[station]
        making = timedelta(minutes=self.random.randint(shortest, longest))
        line.station_has_it_at = sent_at + timedelta(seconds=2)
        line.started_at = sent_at + making / 4
        line.ready_at = sent_at + making
        line.served_at = line.ready_at + timedelta(minutes=1)

    def _parts(self, line: OrderLine, want: Want) -> list[LineSubItem]:
        rows = []
        for plu, (_, options) in zip(want.parts, want.item.parts, strict=True):
            portion = self.books.portions[plu]
            rows.append(
                LineSubItem(
                    line=line,
                    portion=portion,
                    plu=plu,
                    name=portion.full_name,
                    price=dict(options)[plu],
                    standalone_price=portion.price,
                    vat_class=portion.product.vat_class,
                    vat_rate=self.books.rates.rate(portion.product.vat_class_id, line.eaten),
                )
            )
        return rows

    def _choice(self, line: OrderLine, plu: str) -> LineModifier:
        modifier = self.books.modifiers[plu]
        return LineModifier(line=line, modifier=modifier, plu=plu, name=modifier.name, price=modifier.price)

    # --- what was out of the ordinary ---------------------------------------------------------------------------------

    def _make_it_special(self) -> None:
        line, priced = self.lines[-1]
        match self.visit.event:
            case Event.VOIDED:
                self._void(line, worth=priced.menu_amount)
            case Event.ON_THE_HOUSE:
                line.price_rule, line.price_rule_reason = PriceRule.COMP, "Waited too long"
                self._note("comp", line, worth=priced.menu_amount, reason=line.price_rule_reason)
            case Event.NEIGHBOUR:
                name, percent = _NEIGHBOURS
                self.discount = Discount(
                    order=self.order, name=name, percent=percent, given_by=self.waiter, given_at=self.leaves_at
                )
                self.written.discounts.append(self.discount)
            case Event.NO_SERVICE:
                self.order.service_choice = ServiceChoice.OFF

    def _void(self, line: OrderLine, *, worth: int) -> None:
        line.state, line.taken_off = LineState.VOIDED, TakenOff.VOID
        line.taken_off_at = line.cancellation_seen_at = line.ready_at
        line.taken_off_by, line.was_made = self.books.staff[_SUPERVISOR], True
        line.taken_off_reason = "Sent back: overcooked"
        self._note("void", line, worth=worth, reason=line.taken_off_reason)

    def _note(self, act: str, line: OrderLine, *, worth: int, reason: str) -> None:
        detail = {"order": self.order.pk, "name": line.name, "quantity": line.quantity, "amount": worth}
        entry = self.books.entry(
            _SUPERVISOR, act, line.pk, at=line.ready_at or self.leaves_at, detail={**detail, "reason": reason}
        )
        self.written.entries.append(entry)

    def _close(self) -> None:
        order = self.order
        order.closed_at = order.updated_at = self.leaves_at + timedelta(seconds=50 * (len(self.visit.tenders) - 1))
        order.bill_shown_amount = order.total_amount
        if self.visit.on_the_phone:
            order.handed_over_at = order.closed_at
        elif self.visit.kind is not Kind.TAB:
            order.bill_printed_at = self.leaves_at - timedelta(minutes=4)


def _priced(line: OrderLine, parts: Iterable[LineSubItem], choices: Iterable[LineModifier]) -> pricing.PricedLine:
    return pricing.PricedLine(
        key=line.pk,
        quantity=line.quantity,
        unit_price=line.unit_price,
        vat_rate=line.vat_rate,
        modifiers=tuple(pricing.PricedModifier(choice.quantity, choice.price) for choice in choices),
        sub_items=tuple(
            pricing.PricedSubItem(
                quantity=part.quantity,
                price=part.price,
                standalone_price=part.standalone_price,
                vat_rate=part.vat_rate,
            )
            for part in parts
        ),
        kind=pricing.LineKind(line.kind),
    )
