"""What becomes of a party's open bills when its guests leave."""

from bookings.models import Party
from orders.models import LineState, Order, OrderLine, OrderStatus, TakenOff
from orders.models.order_line import TAKEN_OFF_FIELDS, WAITING_STATES
from orders.row_locks import Held
from orders.services.billing import end_order, needs_handing_over, settle
from orders.services.locking import refuse_if_lent
from orders.services.menu_card import sell_again
from pos.errors import Conflict
from pos.money import format_money
from pos.permissions import Actor


def finish_bills(held: Held, party: Party, actor: Actor) -> None:
    """Before a waiter clears the table: nothing owed may be left behind.

    Raises Locked, Conflict naming the balance, ApprovalRequired where a bill that was shown is cancelled unsent.
    """
    for order in open_orders(held, party):
        refuse_if_lent(held, order)
        if is_never_sent(order):
            cancel_unsent(held, order, actor)
            continue
        if order.outstanding:
            raise Conflict(
                f"{order.display_name} owes {format_money(order.outstanding, order.currency)}.",
                order=order.pk,
                outstanding=order.outstanding,
            )
        if order.lines.filter(state__in=WAITING_STATES).exists():
            raise Conflict(f"{order.display_name} has lines that the kitchen does not know of. Send or remove them.")
        if not needs_handing_over(order):
            raise Conflict(f"{order.display_name} comes to nothing. Close it first.")
        # Paid before it was made, and nobody is there to hand it to.
        order.handed_over_at = order.handed_over_at or held.now
        settle(held, order, actor)


def drop_unsent_orders(held: Held, party: Party, actor: Actor) -> None:
    """When Dojo says that guests have left: what was never sent is cancelled; what is owed stays open, by its name."""
    for order in open_orders(held, party):
        if held.lease_on(order) is None and is_never_sent(order):
            cancel_unsent(held, order, actor)


def open_orders(held: Held, party: Party) -> list[Order]:
    return [order for order in held.orders.values() if order.party_id == party.pk and order.is_open]


def is_never_sent(order: Order) -> bool:
    """Nothing was made for it and nothing was paid on it. An order from a phone is not ours to forget."""
    if order.dojo_order_id is not None or order.paid_amount:
        return False
    return not order.lines.exclude(state=LineState.VOIDED).exclude(state__in=WAITING_STATES).exists()


def cancel_unsent(held: Held, order: Order, actor: Actor) -> None:
    """Take everything off and end the order; what was counted for it can be sold again."""
    lines = list(
        order.lines.filter(state__in=WAITING_STATES)
        .select_related("product")
        .prefetch_related("sub_items__portion__product")
    )
    sell_again(held.venue, held.now, lines)
    for line in lines:
        line.take_off(TakenOff.REMOVE, by=actor.membership, at=held.now, reason="Guests left")
    OrderLine.objects.bulk_update(lines, TAKEN_OFF_FIELDS)
    end_order(held, order, OrderStatus.CANCELED)
    # What never reached the kitchen is owed by nobody, unless it was printed: drinks are poured without a ticket, too.
    settle(held, order, actor)
