"""Orders that Dojo makes: taken as the guest saw and paid them, once per Dojo order id."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import prefetch_related_objects

from bookings.models import Party, Reservation
from floorplan.models import Table
from orders.models import (
    ExceptionKind,
    IntentSource,
    LineState,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Origin,
    PaymentKind,
    ServiceChoice,
    TakenOff,
)
from orders.models.order import DISPLAY_NAME_LENGTH
from orders.models.order_line import TAKEN_OFF_FIELDS, WAITING_STATES
from orders.row_locks import Held, hold_nothing_yet, hold_order, hold_party_too, intent_for_update
from orders.services.billing import end_order, follow_production, settle, settle_money
from orders.services.charging import read_lines, work_out
from orders.services.dojo_lines import NewDiscount, NewItem, count_down, make_lines, tell_of_unknown
from orders.services.exceptions import tell_manager
from orders.services.locking import refuse_if_lent
from orders.services.menu_card import sell_again
from orders.services.merging import tell_stations
from orders.services.money_rows import add_payment
from orders.services.opening import new_order, save_new_order
from orders.services.payments import GONE, take_intent, why_not
from orders.services.rounds import send_new_lines, send_to_stations
from orders.services.targets import carry_allergies, party_at
from pos import audit
from pos.errors import Conflict, InvalidRequest
from pos.events import OrderTaken, publish
from pos.models import Membership
from pos.money import format_money
from pos.permissions import Act, Actor, ActorKind, require
from pos.service import StartAgain, retry_on_race, service
from pos.statements import Slot, Statement

retry_on_race("order_dojo_id_unique")

_UNMADE = (*WAITING_STATES, LineState.SENT)
_SEEN: Statement[tuple[str]] = Statement(
    lambda: Order.objects.filter(venue=Slot("venue"), dojo_order_id=Slot("dojo_order_id")).order_by().values_list("pk")
)
_TABLES_BY_CODE = Statement(lambda: Table.objects.filter(venue=Slot("venue"), code=Slot("code")))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment the guest has made; cash-like ones of older flows come without an intent."""

    payment_intent_id: str | None
    paid_amount: int
    tips_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDojoOrder:
    """CreateOrder as the contract states it; amounts in minor units of ``currency``."""

    dojo_order_id: str
    order_type: OrderType
    items: tuple[NewItem, ...]
    total_amount: int
    currency: str
    payments: tuple[NewPayment, ...] = ()
    discounts: tuple[NewDiscount, ...] = ()
    service_charge_amount: int | None = None
    table_code: str | None = None
    waiter_id: str | None = None
    party_id: str | None = None
    reservation_id: str | None = None
    ready_at: datetime | None = None
    collect_at: datetime | None = None
    asap: bool | None = None
    note: str = ""
    customer: NewCustomer = field(default_factory=NewCustomer)
    reference: str = ""
    display_name: str = ""

    @property
    def payments_in_lock_order(self) -> list[NewPayment]:
        """Two orders that bring the same intents must lock them in one order."""
        return sorted(self.payments, key=lambda payment: payment.payment_intent_id or "")

    @property
    def paid(self) -> int:
        return sum(payment.paid_amount for payment in self.payments)


@service
def create_order(*, actor: Actor, request: NewDojoOrder) -> Order:
    """Take an order from a guest's phone with what was paid for it; the same Dojo order again is the same order.

    What does not fit our menu, our tables or our sum is accepted and shown to a manager, because the guest may have
    paid. Raises InvalidRequest, Conflict when a payment was reversed, belongs elsewhere or is more than the total.
    """
    _check(actor, request)
    known = _SEEN.first(venue=actor.venue.pk, dojo_order_id=request.dojo_order_id)
    if known is not None:
        return _seen_before(actor, request, known[0])
    table = _table(actor, request)
    held, party = _hold_its_party(actor, request, table)
    order = _new_order(held, request, actor, table, party)
    new = make_lines(held, order, actor, items=request.items, discounts=request.discounts)
    work_out(held, order, new.lines, new.discounts_of_order)
    _keep_guests_total(order, request)
    # Everything is known before the first row is written, so that each is written once.
    sent = send_new_lines(held, order, new.rows, actor) if order.status != OrderStatus.SUBMITTED else None
    follow_production(held, order, new.rows)
    save_new_order(held, order, base=_wanted_name(request))
    if sent is not None:
        sent.save()
    new.write()
    count_down(held, new)
    carry_allergies(held, order)
    _tell_of_unknown_table(held, request, order, table)
    tell_of_unknown(held, order, new)
    _tell_of_other_total(held, order)
    for payment in request.payments_in_lock_order:
        _take(held, order, actor, payment)
    settle_money(held, order, actor)
    publish(OrderTaken(venue_id=held.venue.pk))
    return order


@service
def accept_order(*, actor: Actor, order_id: str) -> Order:
    """Staff say yes to an order from a phone, and it goes to the kitchen. Raises NotFound, Conflict when it ended."""
    require(actor, Act.SEND, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    order.advance(OrderStatus.ACCEPTED)
    order.accepted_at = order.accepted_at or held.now
    waiting = [line for line in read_lines(order) if line.state in WAITING_STATES]
    if waiting:
        send_to_stations(held, order, waiting, actor)
    settle(held, order, actor)
    return order


@service
def cancel_order_by_id(*, actor: Actor, order_id: str) -> Order:
    """Cancel an order that nobody has started to make; the stations see it struck out. Cancelling twice is once.

    What is not made can be sold again. Raises NotFound, Conflict while it is lent, once any line is started (staff:
    with the right or an approval it goes on) or when it has already ended, ApprovalRequired below a bill that the
    guest has seen.
    """
    held, order = hold_order(actor.venue, order_id)
    if order.status == OrderStatus.CANCELED:
        return order
    if not order.is_open:
        raise Conflict(f"{order.display_name} is already {order.get_status_display().lower()}.")
    refuse_if_lent(held, order)
    lines = read_lines(order)
    approval = None
    is_being_made = any(line.started_at is not None for line in lines)
    if is_being_made:
        if actor.kind is ActorKind.DOJO:
            raise Conflict(f"{order.display_name} is already being made.")
        approval = require(actor, Act.CANCEL_AFTER_PREPARING, subject=order.pk)
    if order.paid_amount and actor.is_staff:
        paid = format_money(order.paid_amount, order.currency)
        raise Conflict(f"{order.display_name} has {paid} on it. Give that back first.")
    _take_off_everything(held, lines, actor)
    end_order(held, order, OrderStatus.CANCELED)
    settle(held, order, actor, lowered_by_right=is_being_made)
    audit.record(actor, "cancel_order", order.pk, approval=approval)
    return order


def _check(actor: Actor, request: NewDojoOrder) -> None:
    if request.currency != actor.venue.currency:
        raise InvalidRequest(f"This venue trades in {actor.venue.currency}.", field="totalAmount.currencyCode")
    if not request.items:
        raise InvalidRequest("An order needs at least one item.", field="items")
    for index, payment in enumerate(request.payments):
        if payment.paid_amount <= 0:
            raise InvalidRequest("The amount paid must be more than nothing.", field=f"payments.{index}.paidAmount")
        if payment.tips_amount < 0:
            raise InvalidRequest("A tip cannot be negative.", field=f"payments.{index}.tipsAmount")
    if request.paid > request.total_amount:
        raise Conflict("The payments are more than the total of the order.")


def _seen_before(actor: Actor, request: NewDojoOrder, order_id: str) -> Order:
    """A true repeat changes nothing; a payment that the first call did not bring is recorded like any other."""
    held, order = hold_order(actor.venue, order_id)
    changed = False
    for payment in request.payments_in_lock_order:
        if payment.payment_intent_id is None:
            continue
        intent = intent_for_update(actor.venue, payment.payment_intent_id)
        if intent.recorded_by and intent.order_id == order.pk:
            continue
        _take(held, order, actor, payment)
        changed = True
    if changed:
        settle_money(held, order, actor)
    return order


def _take(held: Held, order: Order, actor: Actor, payment: NewPayment) -> None:
    if payment.payment_intent_id is None:
        add_payment(held, order, actor, kind=PaymentKind.OTHER, amount=payment.paid_amount, tips=payment.tips_amount)
        order.set_amounts(paid=order.paid_amount + payment.paid_amount)
        return
    intent = intent_for_update(held.venue, payment.payment_intent_id)
    if intent.status in GONE or intent.recorded_by:
        raise Conflict(f"Payment {intent.intent_id} was reversed, or belongs to another order.")
    reason = why_not(held, order, amount=payment.paid_amount, currencies={order.currency}, lock_id=None)
    if reason is not None:
        raise Conflict(reason)
    take_intent(
        held,
        order,
        intent,
        actor,
        source=IntentSource.CREATE,
        amount=payment.paid_amount,
        tips=payment.tips_amount,
    )
    order.set_amounts(paid=order.paid_amount + payment.paid_amount)


def _table(actor: Actor, request: NewDojoOrder) -> Table | None:
    if not request.table_code:
        return None
    table = _TABLES_BY_CODE.first(venue=actor.venue.pk, code=request.table_code)
    if table is None and not request.paid:
        raise InvalidRequest(f"There is no table {request.table_code} here.", field="details.dineIn.tableId")
    return table


def _hold_its_party(actor: Actor, request: NewDojoOrder, table: Table | None) -> tuple[Held, Party | None]:
    """An order for an occupied table hangs under the party there, as an order of its own."""
    # Nobody is seated at the table between our look and our order.
    held = hold_nothing_yet(actor.venue, table_ids=[table.pk] if table is not None else [])
    party_id = _party_of(actor, request, table)
    if party_id is None:
        return held, None
    party = hold_party_too(held, party_id)
    if _party_of(actor, request, table) != party_id:
        # It left, or moved to another table, while we waited for it.
        raise StartAgain
    return held, party


def _party_of(actor: Actor, request: NewDojoOrder, table: Table | None) -> str | None:
    """The party that Dojo names, while it is here; else whoever sits at the table."""
    here = Party.objects.filter(venue=actor.venue, end_time__isnull=True)
    if request.party_id and here.filter(pk=request.party_id).exists():
        return request.party_id
    return party_at(table) if table is not None else None


def _new_order(held: Held, request: NewDojoOrder, actor: Actor, table: Table | None, party: Party | None) -> Order:
    order = new_order(held, origin=Origin.DOJO, order_type=request.order_type)
    order.dojo_order_id = request.dojo_order_id
    order.is_prepaid = True
    order.table = table
    order.party = party
    order.reservation_id = _reservation_id(held, request, party)
    order.waiter = _waiter(held, request, actor)
    order.reference = request.reference[:120]
    order.note = request.note
    order.customer_id = request.customer.id[:120]
    order.customer_name = request.customer.name[:120]
    order.customer_email = request.customer.email[:254]
    order.customer_phone = request.customer.phone[:50]
    order.ready_at = request.ready_at
    order.collect_at = request.collect_at
    order.collect_asap = request.asap
    order.service_choice = ServiceChoice.STATED
    order.service_stated = request.service_charge_amount or 0
    order.status = OrderStatus.SUBMITTED if held.venue.dojo_orders_need_acceptance else OrderStatus.CONFIRMED
    return order


def _wanted_name(request: NewDojoOrder) -> str:
    return " ".join(request.display_name.split())[:DISPLAY_NAME_LENGTH].rstrip()


def _reservation_id(held: Held, request: NewDojoOrder, party: Party | None) -> str | None:
    if request.reservation_id:
        ours = Reservation.objects.filter(venue=held.venue, pk=request.reservation_id)
        return ours.values_list("pk", flat=True).first()
    return party.reservation_id if party is not None else None


def _waiter(held: Held, request: NewDojoOrder, actor: Actor) -> Membership | None:
    waiter_id = request.waiter_id or actor.requester.waiter_id
    if not waiter_id:
        return None
    return Membership.objects.select_related("staff").filter(venue=held.venue, waiter_id=waiter_id).first()


def _tell_of_unknown_table(held: Held, request: NewDojoOrder, order: Order, table: Table | None) -> None:
    if request.table_code and table is None:
        tell_manager(
            held.venue,
            ExceptionKind.UNKNOWN_TABLE,
            f"{order.display_name} was paid for table “{request.table_code}”, which is not here.",
            order=order,
            subject=request.table_code,
        )


def _keep_guests_total(order: Order, request: NewDojoOrder) -> None:
    """The guest was shown their sum and may have paid it."""
    order.price_difference = request.total_amount - order.total_amount
    order.set_amounts(total=request.total_amount)


def _tell_of_other_total(held: Held, order: Order) -> None:
    """Our sum is set beside the guest's for the manager."""
    if not order.price_difference:
        return
    ours = order.total_amount - order.price_difference
    tell_manager(
        held.venue,
        ExceptionKind.TOTAL_DIFFERS,
        f"{order.display_name} came with a total of {format_money(order.total_amount, order.currency)}, "
        f"its items make {format_money(ours, order.currency)}.",
        order=order,
        amount=order.price_difference,
    )


def _take_off_everything(held: Held, lines: list[OrderLine], actor: Actor) -> None:
    unmade = [line for line in lines if line.state in _UNMADE]
    prefetch_related_objects(unmade, "product", "sub_items__portion__product")
    sell_again(held.venue, held.now, unmade)
    for line in lines:
        was_sent = line.sent_at is not None
        how = TakenOff.VOID if was_sent else TakenOff.REMOVE
        if was_sent:
            line.was_made = line.state not in _UNMADE
        line.take_off(how, by=actor.membership, at=held.now, reason="Order cancelled")
    OrderLine.objects.bulk_update(lines, [*TAKEN_OFF_FIELDS, "was_made"])
    tell_stations(held, [line for line in lines if line.sent_at is not None])
