"""How orders end without a last payment, come back, and are handed to the guest."""

from django.db.models import prefetch_related_objects

from orders.models import LineState, Order, OrderLine, OrderStatus
from orders.models.order_line import WAITING_STATES
from orders.row_locks import hold_order
from orders.services.billing import bring_back, end_order, needs_handing_over, settle
from orders.services.charging import read_lines
from orders.services.locking import refuse_if_lent
from orders.services.merging import tell_stations
from orders.services.tenders import apply_deposit_by_itself, refuse_if_closed
from pos import audit
from pos.errors import Conflict, InvalidRequest
from pos.money import format_money
from pos.permissions import Act, Actor, require
from pos.service import service


@service
def get_order_bill_by_id(*, actor: Actor, order_id: str) -> Order:
    """Print the bill: the table shows it, the party's deposit pays its part, and lowering it now takes a supervisor.

    Closed and cancelled orders answer too, as they were. Raises NotFound.
    """
    require(actor, Act.PRINT_BILL, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    # Printed, too: where it is and who serves it.
    prefetch_related_objects([order], "table", "waiter__staff")
    if not order.is_open:
        return order
    apply_deposit_by_itself(held, order, actor)
    order.bill_printed_at = held.now
    settle(held, order, actor)
    order.bill_shown_amount = order.total_amount
    order.save(update_fields=["bill_shown_amount"])
    return order


@service
def open_pay(*, actor: Actor, order_id: str) -> Order:
    """Bring a bill to the Pay screen: a deposit that was never used applies itself. Takes no lease. Raises NotFound."""
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    if apply_deposit_by_itself(held, order, actor):
        settle(held, order, actor)
    return order


@service
def close_order(*, actor: Actor, order_id: str) -> Order:
    """Close an order that comes to nothing (comped, staff meal), without a payment.

    Raises NotFound, Locked, OrderClosed, Conflict when something is owed, unsent or held, or it has no lines.
    """
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    lines = read_lines(order)
    if not lines:
        raise Conflict(f"{order.display_name} has nothing on it.")
    if any(line.state in WAITING_STATES for line in lines):
        raise Conflict(f"{order.display_name} has lines that the kitchen does not know of. Send or remove them.")
    if order.outstanding:
        raise Conflict(f"{order.display_name} owes {format_money(order.outstanding, order.currency)}.")
    end_order(held, order, OrderStatus.FINALIZED)
    settle(held, order, actor)
    audit.record(actor, "close_order", order.pk)
    return order


@service
def reopen_order(*, actor: Actor, order_id: str, reason: str) -> Order:
    """Make a closed sale owed again, after its money was given back.

    Raises NotFound, NotPermitted or ApprovalRequired, InvalidRequest, Conflict when it is open or nothing is owed.
    """
    if not reason.strip():
        raise InvalidRequest("Say why.", field="reason")
    held, order = hold_order(actor.venue, order_id)
    approval = require(actor, Act.REOPEN, subject=order.pk)
    if order.status != OrderStatus.FINALIZED:
        raise Conflict(f"{order.display_name} is {order.get_status_display().lower()}.")
    if not order.outstanding:
        raise Conflict(f"{order.display_name} owes nothing: refund a payment first.")
    bring_back(held, order)
    settle(held, order, actor)
    audit.record(actor, "reopen_order", order.pk, approval=approval, reason=reason)
    return order


@service
def hand_over(*, actor: Actor, order_id: str) -> Order:
    """Give a collection or prepaid order to its guest: everything is served, and what is paid is finished.

    Raises NotFound, OrderClosed, Conflict when it still owes, or waits to be sent.
    """
    require(actor, Act.SEND, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    if not needs_handing_over(order):
        raise Conflict(f"{order.display_name} is served at the table.")
    if order.outstanding:
        raise Conflict(f"{order.display_name} owes {format_money(order.outstanding, order.currency)}.")
    lines = read_lines(order)
    if any(line.state in WAITING_STATES for line in lines):
        raise Conflict(f"{order.display_name} has lines that the kitchen does not know of. Send or remove them.")
    tell_stations(held, lines)
    for line in lines:
        if line.state != LineState.SERVED:
            line.move(LineState.SERVED)
            line.started_at = line.started_at or held.now
            line.ready_at = line.ready_at or held.now
            line.served_at = held.now
    OrderLine.objects.bulk_update(lines, ["state", "started_at", "ready_at", "served_at"])
    order.handed_over_at = held.now
    settle(held, order, actor)
    return order
