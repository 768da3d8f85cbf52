"""The private steps that end every change of an order: settle it, let its status and its party follow.

They work on orders already locked (``orders.row_locks``), take no transaction of their own and are the only place
that writes what is owed and the status. Services call ``settle()`` last, or ``settle_money()`` where only money moved.
"""

from collections.abc import Collection

from django.db.models import Sum

from bookings.models import Party, PartyStatus
from orders.models import (
    CLOSED_STATUSES,
    ExceptionKind,
    LineState,
    Order,
    OrderLine,
    OrderShare,
    OrderStatus,
    OrderType,
    Origin,
    Payment,
)
from orders.models.order_line import WAITING_STATES
from orders.row_locks import Held
from orders.services.charging import Bill, price_order, read_lines
from orders.services.exceptions import tell_manager
from orders.services.naming import save_under_free_name
from orders.services.share_plan import replan_shares
from pos.events import OrderChanged, PartyChanged, publish
from pos.money import format_money
from pos.permissions import Act, Actor, ActorKind, require
from pos.statements import Slot, Statement

_PARTY_WORDS = set(PartyStatus.values)

# What a payment can change of its order; everything else stays as the guest who paid has seen it.
_MONEY_FIELDS = (
    "paid_amount", "tips_amount", "outstanding", "overpaid", "bill_shown_amount", "status", "closed_at",
    "trading_period", "business_date", "updated_at",
)  # fmt: skip

_PAID: Statement[tuple[int, int]] = Statement(
    lambda: (
        Payment.objects.filter(order=Slot("order"))
        .order_by()
        .values("order")
        .annotate(paid=Sum("amount"), tipped=Sum("tips"))
        .values_list("paid", "tipped")
    )
)
_SHARES: Statement[tuple[int]] = Statement(
    lambda: OrderShare.objects.filter(order=Slot("order")).order_by().values_list("pk")[:1]
)
_STATES_ON_BILL: Statement[tuple[str]] = Statement(
    lambda: (
        OrderLine.objects.filter(order=Slot("order"))
        .exclude(state=LineState.VOIDED)
        .order_by()
        .values_list("state")
        .distinct()
    )
)
_ORDERS_OF_PARTY = Statement(
    lambda: (
        Order.objects.filter(party=Slot("party"))
        .order_by()
        .only("status", "paid_amount", "is_prepaid", "first_sent_at")
    )
)


def settle(held: Held, order: Order, actor: Actor, *, lowered_by_right: bool = False) -> Bill:
    """Bring everything about an order in step after any change, save it, and tell.

    Raises ApprovalRequired or NotPermitted when the change lowered a bill that a guest has already seen or paid on
    and nobody with the right to do so asked for it (``lowered_by_right``: the act itself was already approved).
    """
    before, overpaid_before = order.total_amount, order.overpaid
    bill = price_order(held, order)
    _watch_lowering(held, order, actor, before=before, lowered_by_right=lowered_by_right)
    read_payments(order)
    if replan_shares(order, bill.lines, bill.totals):
        with_service = order.total_amount
        bill = price_order(held, order, bill.lines)
        # All that a plan takes off a bill is service, which is the guest's to refuse: told, never asked about.
        _watch_lowering(held, order, actor, before=with_service, lowered_by_right=True)
    if order.total_amount < before and order.overpaid > overpaid_before:
        _tell_of_money_to_give_back(held, order)
    follow_production(held, order, bill.lines)
    finish_if_paid(held, order, {line.state for line in bill.lines})
    order.updated_at = held.now
    order.save()
    _tell(held, order)
    return bill


def settle_money(held: Held, order: Order, actor: Actor) -> None:
    """The same after a change that moved money and nothing else: the price stays what the guest has seen."""
    if moves_with_money(order):
        settle(held, order, actor)
        return
    read_payments(order)
    if not order.outstanding:
        finish_if_paid(held, order, {state for (state,) in _STATES_ON_BILL.all(order=order.pk)})
    order.updated_at = held.now
    order.save(update_fields=_MONEY_FIELDS)
    _tell(held, order)


def moves_with_money(order: Order) -> bool:
    """Say whether a payment changes more than what is paid: a plan of shares follows it, and can move the price."""
    return _SHARES.first(order=order.pk) is not None


def _tell(held: Held, order: Order) -> None:
    publish(OrderChanged(venue_id=held.venue.pk, order_id=order.pk))
    if order.party_id:
        follow_party(held, held.parties[order.party_id])


def read_payments(order: Order) -> None:
    """Add up what was paid, net of reversals and refunds, without tips."""
    paid, order.tips_amount = _PAID.first(order=order.pk) or (0, 0)
    order.set_amounts(paid=paid)


def follow_production(held: Held, order: Order, lines: list[OrderLine]) -> None:
    """Let the order's status follow its lines: forward only, and never past what its kind allows."""
    if not order.is_open or not lines:
        return
    status = status_of_lines(order, lines)
    if status is not None:
        order.advance(status)


def status_of_lines(order: Order, lines: list[OrderLine]) -> OrderStatus | None:
    """The furthest status that the lines alone speak for."""
    on_bill = [line for line in lines if line.is_on_bill]
    if needs_handing_over(order) and on_bill:
        if all(line.state == LineState.SERVED for line in on_bill):
            return OrderStatus.READY
        if all(line.state in (LineState.READY, LineState.SERVED) for line in on_bill):
            return OrderStatus.PREPARED
    if any(line.started_at is not None for line in on_bill):
        return OrderStatus.PREPARING
    if order.origin == Origin.STAFF and any(line.sent_at is not None for line in on_bill):
        return OrderStatus.ACCEPTED
    return None


def needs_handing_over(order: Order) -> bool:
    """Prepaid and collection orders end when the guest has them, not when they are paid."""
    return order.is_prepaid or order.order_type == OrderType.COLLECTION


def finish_if_paid(held: Held, order: Order, states: Collection[str]) -> None:
    """Finalize what is paid in full with nothing unsent or held (and, if it must be, handed over).

    ``states`` are those of the lines on the bill.
    """
    if not order.is_open or order.outstanding or any(state in WAITING_STATES for state in states):
        return
    if not order.total_amount and order.handed_over_at is None:
        # What comes to nothing is closed by hand: it may only be empty for the moment.
        return
    if needs_handing_over(order) and not _is_handed_over(order, states):
        return
    end_order(held, order, OrderStatus.FINALIZED)


def _is_handed_over(order: Order, states: Collection[str]) -> bool:
    if order.handed_over_at is not None:
        return True
    # What was served to the table needs nobody to call out a number.
    return order.order_type == OrderType.DINE_IN and all(state == LineState.SERVED for state in states)


def end_order(held: Held, order: Order, status: OrderStatus) -> None:
    """Close the order in the open period and on its business day. Raises Conflict when it has ended."""
    order.advance(status)
    order.closed_at = held.now
    order.trading_period = held.period
    order.business_date = held.venue.business_date(held.now)


def bring_back(held: Held, order: Order) -> None:
    """The one backward move: owed again, under a name that is free now; its party comes back or is flagged."""
    if order.is_open:
        return
    lines = read_lines(order)
    order.status = OrderStatus.NEW if order.origin == Origin.STAFF else OrderStatus.CONFIRMED
    order.status = status_of_lines(order, lines) or order.status
    order.closed_at = order.trading_period = order.business_date = None
    order.reopened_at = held.now
    read_payments(order)
    save_under_free_name(order)
    party = held.party_of(order)
    if party is not None and party.end_time is not None:
        _bring_party_back(held, party)


def owe_again(held: Held, order: Order, actor: Actor) -> None:
    """After money turned out never to have stayed: reopen a finished order that now owes, and settle."""
    read_payments(order)
    if order.status == OrderStatus.FINALIZED and order.outstanding:
        bring_back(held, order)
    settle(held, order, actor)


def _bring_party_back(held: Held, party: Party) -> None:
    tables = list(party.table_links.values_list("table_id", flat=True))
    reseated = (
        Party.objects.filter(venue=held.venue, end_time__isnull=True, table_links__table__in=tables)
        .exclude(pk=party.pk)
        .exists()
    )
    party.end_time = None
    party.needs_seating = reseated
    if not party.status_is_written:
        party.status = PartyStatus.PAYING
    party.save(update_fields=["end_time", "needs_seating", "status", "updated_at"])
    publish(PartyChanged(venue_id=held.venue.pk, party_id=party.pk))


def follow_party(held: Held, party: Party) -> None:
    """Move the party's status along (Seated → Ordered → Paying → Paid) unless somebody wrote their own words."""
    publish(PartyChanged(venue_id=held.venue.pk, party_id=party.pk))
    if party.status_is_written or party.end_time is not None or party.status not in _PARTY_WORDS:
        return
    orders = {order.pk: order for order in _ORDERS_OF_PARTY.all(party=party.pk)}
    orders.update({order.pk: order for order in held.orders.values() if order.party_id == party.pk})
    word = _party_word(held, list(orders.values()))
    if word != party.status:
        party.status = word
        party.save(update_fields=["status", "updated_at"])


def _party_word(held: Held, orders: list[Order]) -> PartyStatus:
    still_open = [order for order in orders if order.status not in CLOSED_STATUSES]
    # What was ordered and paid on a phone is no sign that the table wants to go.
    if any((order.paid_amount and not order.is_prepaid) or held.lease_on(order) for order in still_open):
        return PartyStatus.PAYING
    if any(order.first_sent_at for order in still_open):
        return PartyStatus.ORDERED
    if not still_open and any(order.status == OrderStatus.FINALIZED for order in orders):
        return PartyStatus.PAID
    return PartyStatus.SEATED


def _tell_of_money_to_give_back(held: Held, order: Order) -> None:
    total, over = (format_money(amount, order.currency) for amount in (order.total_amount, order.overpaid))
    tell_manager(
        held.venue,
        ExceptionKind.OVERPAID,
        f"{order.display_name} came down to {total}: {over} more than that was paid.",
        order=order,
        amount=order.overpaid,
    )


def _watch_lowering(held: Held, order: Order, actor: Actor, *, before: int, lowered_by_right: bool) -> None:
    shown = order.bill_shown_amount
    if shown is None or order.total_amount >= before or order.total_amount >= shown:
        return
    if actor.kind is ActorKind.DOJO:
        # Dojo lowers a bill only by cancelling its own order: the guest did that.
        return
    lowered_by = shown - order.total_amount
    if not lowered_by_right:
        require(actor, Act.LOWER_PRINTED_BILL, subject=order.pk)
    currency = held.venue.currency
    tell_manager(
        held.venue,
        ExceptionKind.BILL_LOWERED,
        f"{order.display_name} was lowered from {format_money(shown, currency)} to "
        f"{format_money(order.total_amount, currency)} after the guest had seen it.",
        order=order,
        amount=lowered_by,
        by=actor.name,
    )
    # Seen once is enough: from here on the lower bill is what the guest knows.
    order.bill_shown_amount = order.total_amount
