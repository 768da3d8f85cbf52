"""A bill of one's own, and lines that go to another table: rows move, money never, nothing is cooked twice."""

from collections.abc import Collection, Mapping

from bookings.models import Party
from floorplan.models import Table
from orders.models import (
    Discount,
    LineState,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Round,
    SeatAllergy,
    ServiceChoice,
    ShareLine,
)
from orders.row_locks import Held, hold_company
from orders.services.billing import read_payments, settle
from orders.services.charging import price_order
from orders.services.lines import split_off
from orders.services.merging import tell_stations
from orders.services.opening import new_order, open_for_party, open_order_of, save_new_order
from orders.services.ownership import require_own_orders
from orders.services.reparenting import ready_to_move
from orders.services.seating import sit_down, tables_for_guests
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.models import Approval
from pos.money import format_money
from pos.permissions import Actor
from pos.service import service

Quantities = Mapping[str, int]
"""How many of each line, by its id."""


@service
def split_order(*, actor: Actor, order_id: str, quantities: Quantities) -> Order:
    """Put some of a bill on a separate one, for guests who want a row of their own on the card machine.

    A share of the old bill in percent goes along, a fixed discount stays; no payment moves. Raises NotFound,
    InvalidRequest, OrderClosed, Locked, Conflict when less would be left than was paid, NotPermitted or
    ApprovalRequired for another waiter's bill.
    """
    held = hold_company(actor.venue, order_ids=[order_id])
    source = ready_to_move(held, held.orders[order_id], actor)
    approval = require_own_orders(actor, [source], subject=source.pk)
    lines = _take_lines(source, quantities)
    bill = _separate_bill(held, source)
    _put_lines(source, bill, lines)
    _copy_order_discounts(source, bill)
    _copy_allergies(held, source, bill, seats=None)
    shown = source.bill_shown_amount
    before = source.total_amount
    price_order(held, source)
    if shown is not None:
        # The guests saw one bill and now hold it in two hands: together they are as much as before.
        source.bill_shown_amount = max(0, shown - (before - source.total_amount))
        bill.bill_shown_amount = before - source.total_amount
    _settle_both(held, source, bill, lines, actor, approval=approval)
    audit.record(actor, "split_order", source.pk, approval=approval, into=bill.pk, amount=bill.total_amount)
    return bill


@service
def transfer_lines(*, actor: Actor, order_id: str, quantities: Quantities, table_id: int) -> Order:
    """Take things off one table's bill and put them on another's; returns that bill, opened where there is none.

    Raises NotFound, InvalidRequest, OrderClosed, Locked, Conflict when less would be left than was paid, NotPermitted
    or ApprovalRequired for another waiter's bill, or below a bill that its guests have seen.
    """
    held = hold_company(actor.venue, order_ids=[order_id], table_ids=[table_id])
    source = ready_to_move(held, held.orders[order_id], actor)
    table = tables_for_guests(held, [table_id])[0]
    host = _host(held, table)
    bill = open_order_of(held, host) if host is not None else None
    if bill is source:
        raise InvalidRequest("That is the same bill.", field="table_id")
    if bill is not None:
        bill = ready_to_move(held, bill, actor)
    approval = require_own_orders(actor, [source, *([bill] if bill else [])], subject=source.pk)
    lines = _take_lines(source, quantities)
    target = bill or _bill_at(held, actor, source, host, table)
    _put_lines(source, target, lines)
    _copy_allergies(held, source, target, seats={seat for line in lines for seat in line.seats})
    _settle_both(held, source, target, lines, actor, approval=approval)
    audit.record(
        actor,
        "transfer_lines",
        source.pk,
        approval=approval,
        to=target.pk,
        lines={line.pk: f"{line.quantity} {line.name}" for line in lines},
    )
    return target


def _take_lines(source: Order, quantities: Quantities) -> list[OrderLine]:
    """The lines asked for, parts of lines made lines of their own."""
    if source.status == OrderStatus.SUBMITTED:
        raise Conflict(f"Accept {source.display_name} first.")
    if not quantities:
        raise InvalidRequest("Nothing is chosen.", field="quantities")
    on_bill = {
        line.pk: line
        for line in source.lines.exclude(state=LineState.VOIDED).prefetch_related("sub_items", "modifiers", "discounts")
    }
    if quantities.keys() - on_bill.keys():
        raise NotFound("That line is not on this bill.")
    for line_id, quantity in quantities.items():
        if not 1 <= quantity <= on_bill[line_id].quantity:
            line = on_bill[line_id]
            raise InvalidRequest(f"There are {line.quantity} of {line.name}.", field=f"quantities.{line_id}")
    if all(quantities.get(pk) == line.quantity for pk, line in on_bill.items()):
        raise InvalidRequest("That is the whole bill. Move or merge it.", field="quantities")
    _refuse_paid_for(quantities.keys())
    taken = []
    for line_id, quantity in quantities.items():
        line = on_bill[line_id]
        taken.append(line if quantity == line.quantity else split_off(line, quantity))
    return sorted(taken, key=lambda line: (line.position, line.pk))


def _refuse_paid_for(line_ids: Collection[str]) -> None:
    paid = ShareLine.objects.filter(line__in=line_ids, share__is_paid=True, amount__gt=0).select_related("line").first()
    if paid is not None:
        raise Conflict(f"{paid.line.name} is on a share that is paid already.", line=paid.line_id)


def _put_lines(source: Order, target: Order, lines: list[OrderLine]) -> None:
    """Put the lines on the other bill as they are: with their round, their place and what is off them."""
    last = target.lines.order_by("-position").values_list("position", flat=True).first() or 0
    rounds = _copy_rounds(target, lines)
    for offset, line in enumerate(lines, start=1):
        line.order = target
        line.position = last + offset
        line.round = rounds.get(line.round_id)
    OrderLine.objects.bulk_update(lines, ["order", "position", "round"])
    Discount.objects.filter(line__in=lines).update(order=target)
    ShareLine.objects.filter(line__in=lines).delete()
    sent = [line.sent_at for line in lines if line.sent_at is not None]
    target.first_sent_at = min([*sent, *([target.first_sent_at] if target.first_sent_at else [])], default=None)
    # What was printed is neither bill any more.
    source.bill_printed_at = target.bill_printed_at = None


def _copy_rounds(target: Order, lines: list[OrderLine]) -> dict[int | None, Round]:
    """The same rounds on the other bill, so that its cards are cards of their own."""
    wanted = {line.round_id for line in lines if line.round_id is not None}
    if not wanted:
        return {}
    last = target.rounds.order_by("-number").values_list("number", flat=True).first() or 0
    olds = list(Round.objects.filter(pk__in=wanted).order_by("number"))
    news = Round.objects.bulk_create(
        Round(order=target, number=number, sent_at=old.sent_at, sent_by_id=old.sent_by_id, till_id=old.till_id)
        for number, old in enumerate(olds, start=last + 1)
    )
    return {old.pk: new for old, new in zip(olds, news, strict=True)}


def _copy_order_discounts(source: Order, bill: Order) -> None:
    Discount.objects.bulk_create(
        Discount(
            order=bill,
            name=discount.name,
            code=discount.code,
            reference=discount.reference,
            affected_plu=discount.affected_plu,
            percent=discount.percent,
            given_by_id=discount.given_by_id,
            given_at=discount.given_at,
        )
        for discount in source.discounts.filter(line__isnull=True, percent__isnull=False)
    )


def _copy_allergies(held: Held, source: Order, target: Order, *, seats: Collection[int] | None) -> None:
    """What a guest must not eat goes with what they eat; too much of a warning harms nobody."""
    rows = source.seat_allergies.all() if seats is None else source.seat_allergies.filter(seat__in=seats)
    known = {row.seat: row for row in target.seat_allergies.all()}
    new = []
    for row in rows:
        there = known.get(row.seat)
        if there is None:
            new.append(
                SeatAllergy(
                    order=target,
                    seat=row.seat,
                    allergens=row.allergens,
                    note=row.note,
                    noted_by_id=row.noted_by_id,
                    noted_at=held.now,
                )
            )
            continue
        there.allergens = sorted({*there.allergens, *row.allergens})
        there.note = "; ".join(dict.fromkeys(note for note in (there.note, row.note) if note))[:200]
        there.noted_at = held.now
        there.save(update_fields=["allergens", "note", "noted_at"])
    SeatAllergy.objects.bulk_create(new)


def _separate_bill(held: Held, source: Order) -> Order:
    party = held.party_of(source)
    if party is not None:
        bill = open_for_party(held, party, waiter=source.waiter, table=source.table)
    else:
        bill = new_order(held, order_type=OrderType(source.order_type))
        bill.table = source.table
        bill.waiter = source.waiter
        bill.is_tab = source.is_tab
        bill.tab_description = source.tab_description
        bill.customer_name = source.customer_name
        bill.customer_phone = source.customer_phone
        bill.collect_at = source.collect_at
        bill.collect_asap = source.collect_asap
        bill.is_prepaid = source.is_prepaid
        save_new_order(held, bill, base=source.display_base, first=2)
    bill.is_separate_bill = True
    bill.covers = source.covers
    # An amount that Dojo stated was for the whole order, and stays with it.
    stated = source.service_choice == ServiceChoice.STATED
    bill.service_choice = ServiceChoice.OFF if stated else source.service_choice
    return bill


def _host(held: Held, table: Table) -> Party | None:
    there = (party for party in held.parties.values() if party.is_here)
    sitting = (party for party in there if party.table_links.filter(table=table).exists())
    return min(sitting, key=lambda party: party.pk, default=None)


def _bill_at(held: Held, actor: Actor, source: Order, host: Party | None, table: Table) -> Order:
    waiter = source.waiter or actor.membership
    if host is None:
        host = sit_down(held, actor, [table], covers=None, name="", waiter=waiter)
    return open_for_party(held, host, waiter=host.waiter or waiter, table=table)


def _settle_both(
    held: Held, source: Order, target: Order, lines: list[OrderLine], actor: Actor, *, approval: Approval | None
) -> None:
    # One yes is enough: whoever gave another waiter's lines away has seen what that does to the bill.
    settle(held, source, actor, lowered_by_right=approval is not None)
    read_payments(source)
    if source.total_amount < source.paid_amount:
        paid = format_money(source.paid_amount, source.currency)
        raise Conflict(f"{paid} is paid on {source.display_name}: less may not be left on it.")
    settle(held, target, actor)
    tell_stations(held, lines)
