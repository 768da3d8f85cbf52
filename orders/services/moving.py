"""Guests change tables, a tab sits down, two tables pay together: bills go along, and nothing is cooked twice."""

from collections.abc import Sequence

from bookings.models import Party
from bookings.selectors import tables_of
from bookings.services.parties import leave, refuse_taken, seat_at
from floorplan.models import Table
from orders.models import CLOSED_STATUSES, Order, OrderLine, OrderType
from orders.models.order_line import KITCHEN_STATES
from orders.row_locks import Held, hold_company
from orders.services.billing import follow_party, needs_handing_over, settle
from orders.services.joining import join_bills, join_parties
from orders.services.opening import open_order_of
from orders.services.ownership import require_own, require_own_orders
from orders.services.reparenting import (
    join_party,
    own_orders,
    put_on_tab,
    put_on_table,
    ready_to_move,
    refuse_with_deposit,
)
from orders.services.seating import refuse_gone, sit_down, tables_for_guests
from orders.services.tenders import deposit_left
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.models import Approval
from pos.money import format_money
from pos.permissions import Act, Actor
from pos.service import service


@service
def move_party(*, actor: Actor, party_id: str, table_ids: Sequence[int]) -> Party:
    """Guests change to free tables; every bill of theirs follows, under its new table's name.

    Raises NotFound, InvalidRequest, Locked while a bill is being paid, Conflict when a table is taken or they have
    left, NotPermitted or ApprovalRequired for another waiter's table.
    """
    held, party, approval = _hold_move(actor, party_id, table_ids)
    tables = tables_for_guests(held, table_ids)
    refuse_taken(tables, besides=party)
    _move(held, party, tables, actor, approval=approval)
    return party


@service
def move_party_beside(*, actor: Actor, party_id: str, table_ids: Sequence[int]) -> Party:
    """Guests sit down beside strangers. Raises like move_party, save for the table being taken."""
    held, party, approval = _hold_move(actor, party_id, table_ids)
    _move(held, party, tables_for_guests(held, table_ids), actor, approval=approval)
    return party


@service
def join_table(*, actor: Actor, party_id: str, table_id: int) -> Party:
    """Push another free table to a party's. Raises NotFound, Conflict when it is taken or they have left."""
    held, party, approval = _hold_move(actor, party_id, [table_id])
    tables = tables_for_guests(held, [table_id])
    refuse_taken(tables, besides=party)
    joined = [*tables_of(party), *tables]
    seat_at(party, list({table.pk: table for table in joined}.values()))
    audit.record(actor, "join_table", party.pk, approval=approval, table=tables[0].code)
    follow_party(held, party)
    return party


@service
def leave_table(*, actor: Actor, party_id: str, table_id: int) -> Party:
    """Take one of a party's tables away; bills on it go to the first that is left.

    Raises NotFound, Locked, Conflict when it is their only one.
    """
    held, party, approval = _hold_move(actor, party_id, [])
    before = tables_of(party)
    left = [table for table in before if table.pk != table_id]
    if len(left) == len(before):
        raise NotFound(f"{party} does not sit there.")
    if not left:
        raise Conflict(f"{before[0]} is the only table of {party}. Move or clear it.")
    _move(held, party, left, actor, approval=approval)
    return party


@service
def move_order(*, actor: Actor, order_id: str, table_id: int) -> Order:
    """Take a bill to another table: its guests go with it when it is their only one, and it stays a bill of its own.

    A tab sits down. Raises NotFound, OrderClosed, Locked, NotPermitted or ApprovalRequired for another waiter's bill.
    """
    held, order, table, approval = _hold_order_and_table(actor, order_id, table_id)
    was_at = order.table.code if order.table else ""
    party = held.party_of(order)
    host = _host(held, table, order)
    if party is not None and table in tables_of(party):
        put_on_table(held, order, table)
        follow_party(held, party)
    elif party is not None and _is_their_only_bill(held, order):
        if host is None:
            _move(held, party, [table], actor, approval=approval)
            return order
        _go_along(held, party, host, table, actor)
    else:
        _sit_with(held, order, host, table, actor)
    audit.record(actor, "move_order", order.pk, approval=approval, before=was_at, after=table.code)
    return order


@service
def tab_to_table(*, actor: Actor, order_id: str, table_id: int) -> Order:
    """A tab sits down at a table and is one bill with what is there; ``move_order`` keeps it separate.

    Returns the bill that has the lines now. Raises NotFound, OrderClosed, Locked, Conflict for a bill that has a table,
    NotPermitted or ApprovalRequired for another waiter's bill.
    """
    held, order, table, approval = _hold_order_and_table(actor, order_id, table_id)
    if order.table_id is not None or order.party_id is not None:
        raise Conflict(f"{order.display_name} has a table already. Move it.")
    host = _host(held, table, order)
    bill = open_order_of(held, host) if host is not None else None
    name = order.display_name
    if bill is None:
        _sit_with(held, order, host, table, actor)
        stands = order
    else:
        stands = join_bills(held, source=order, target=ready_to_move(held, bill, actor), actor=actor)
    audit.record(actor, "tab_to_table", stands.pk, approval=approval, tab=order_id, name=name, table=table.code)
    return stands


@service
def table_to_tab(*, actor: Actor, order_id: str, name: str = "", description: str = "") -> Order:
    """Guests go on at the bar: their bill becomes a tab, and their table is free when nothing else of theirs is open.

    Raises NotFound, OrderClosed, Locked, Conflict for a tab or while a deposit waits for the bill, NotPermitted or
    ApprovalRequired for another waiter's bill.
    """
    held = hold_company(actor.venue, order_ids=[order_id])
    order = ready_to_move(held, held.orders[order_id], actor)
    party = held.party_of(order)
    if order.is_tab or needs_handing_over(order):
        raise Conflict(f"{order.display_name} is no table's bill.")
    if party is not None and (left := deposit_left(party)):
        raise Conflict(f"{party} has a deposit of {format_money(left, order.currency)}. Use it on the bill first.")
    if party is not None and len(own_orders(held, party)) > 1:
        refuse_with_deposit(order)
    approval = require_own(actor, order.waiter_id, Act.OPEN, subject=order.pk)
    was_at = order.table.code if order.table else ""
    order.customer_name = (name.strip() or order.customer_name or (party.name if party else ""))[:120]
    order.tab_description = description.strip()[:80]
    put_on_tab(held, order)
    settle(held, order, actor)
    if party is not None and party.is_here:
        if own_orders(held, party):
            follow_party(held, party)
        else:
            leave(party, held.now)
    audit.record(actor, "table_to_tab", order.pk, approval=approval, table=was_at)
    return order


@service
def merge_orders(*, actor: Actor, source_id: str, target_id: str) -> Order:
    """Put two bills together: one bill of one party, at the tables of both.

    Lines move, payments never: they go to the bill that has payments or a Dojo id, and where both have, the two stay
    two bills of one party. Returns the bill that stands where the target stood. Raises NotFound, InvalidRequest,
    OrderClosed, Locked, Conflict, NotPermitted or ApprovalRequired for another waiter's bill.
    """
    if source_id == target_id:
        raise InvalidRequest("That is the same bill.", field="target_id")
    held = hold_company(actor.venue, order_ids=[source_id, target_id])
    source, target = (ready_to_move(held, held.orders[pk], actor) for pk in (source_id, target_id))
    approval = require_own_orders(actor, [source, target], subject=source.pk)
    names = [source.display_name, target.display_name]
    stands = join_bills(held, source=source, target=target, actor=actor)
    audit.record(actor, "merge_orders", stands.pk, approval=approval, source=source_id, target=target_id, names=names)
    return stands


def _hold_move(actor: Actor, party_id: str, table_ids: Sequence[int]) -> tuple[Held, Party, Approval | None]:
    # Guests who have paid still wait for what is in the kitchen: it has to find them.
    cooking = (
        OrderLine.objects.filter(
            venue=actor.venue, order__party=party_id, order__status__in=CLOSED_STATUSES, state__in=KITCHEN_STATES
        )
        .order_by()
        .values_list("order", flat=True)
        .distinct()
    )
    held = hold_company(actor.venue, party_ids=[party_id], table_ids=table_ids, order_ids=list(cooking))
    party = held.parties.get(party_id)
    if party is None:
        raise NotFound("That party does not exist.")
    refuse_gone(party)
    return held, party, require_own(actor, party.waiter_id, Act.OPEN, subject=party.pk)


def _move(held: Held, party: Party, tables: Sequence[Table], actor: Actor, *, approval: Approval | None) -> None:
    """The step itself: the party sits there, and its bills on tables it left go to the first it has now."""
    before = [table.code for table in tables_of(party)]
    stays = {table.pk for table in tables}
    moving = [order for order in held.orders.values() if order.party_id == party.pk and order.table_id not in stays]
    for order in moving:
        if order.is_open:
            ready_to_move(held, order, actor)
    seat_at(party, tables)
    if party.needs_seating:
        party.needs_seating = False
        party.save(update_fields=["needs_seating", "updated_at"])
    for order in sorted(moving, key=lambda order: order.pk):
        if order.merged_into_id is None:
            put_on_table(held, order, tables[0])
    follow_party(held, party)
    after = [table.code for table in tables]
    audit.record(actor, "move_party", party.pk, approval=approval, before=before, after=after)


def _hold_order_and_table(actor: Actor, order_id: str, table_id: int) -> tuple[Held, Order, Table, Approval | None]:
    held = hold_company(actor.venue, order_ids=[order_id], table_ids=[table_id])
    order = ready_to_move(held, held.orders[order_id], actor)
    if order.order_type != OrderType.DINE_IN:
        raise Conflict(f"{order.display_name} is not eaten at a table.")
    approval = require_own(actor, order.waiter_id, Act.OPEN, subject=order.pk)
    return held, order, tables_for_guests(held, [table_id])[0], approval


def _host(held: Held, table: Table, order: Order) -> Party | None:
    """Who sits at that table, the oldest first; not the order's own party."""
    there = (party for party in held.parties.values() if party.is_here and party.pk != order.party_id)
    return min((party for party in there if table in tables_of(party)), key=lambda party: party.pk, default=None)


def _is_their_only_bill(held: Held, order: Order) -> bool:
    party = held.party_of(order)
    if party is None or not party.is_here:
        return False
    others = [other for other in own_orders(held, party) if other.pk != order.pk]
    # What they ordered by phone goes with them; but it alone takes nobody away from the table's bill.
    return all(other.is_prepaid for other in others) and not (order.is_prepaid and others)


def _go_along(held: Held, party: Party, host: Party, table: Table, actor: Actor) -> None:
    """Guests sit down with others, with all their bills; nobody is left at their table."""
    theirs = own_orders(held, party)
    for order in theirs:
        if order.is_open:
            ready_to_move(held, order, actor)
    join_parties(held, party, host, actor, at=tables_of(host))
    for order in theirs:
        if order.is_open:
            put_on_table(held, order, table)


def _sit_with(held: Held, order: Order, host: Party | None, table: Table, actor: Actor) -> None:
    if host is None:
        waiter = order.waiter or actor.membership
        host = sit_down(held, actor, [table], covers=order.covers, name=order.customer_name, waiter=waiter)
    join_party(held, order, host, table, actor)
