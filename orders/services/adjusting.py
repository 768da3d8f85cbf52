"""Taking things off a bill, and giving them away: correct, void, comp, staff meal. Never optimistic, never queued.

Each act is refused while a card machine has the bill, says who did it and who approved it, and leaves an audit line.
"""

from datetime import timedelta

from orders.models import Order, OrderLine, PriceRule, TakenOff
from orders.models.order_line import TAKEN_OFF_FIELDS
from orders.services.lines import is_waiting, split_off
from orders.services.merging import tell_stations
from orders.services.pad import Pad, pad_of_line
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.models import Membership
from pos.money import percent_of
from pos.permissions import Act, Actor, require
from pos.service import service

LONGEST_REASON = 120


@service
def correct_line(*, actor: Actor, line_id: str, reason: str) -> OrderLine:
    """Take back what was just sent by mistake and nobody has started: no PIN, the station sees CANCELLED.

    Raises NotFound, InvalidRequest, OrderClosed, Locked, Conflict when it is too late for that (void it),
    ApprovalRequired below a bill that the guest has seen.
    """
    reason = check_reason(reason)
    pad, line, order = _line_to_lower(actor, line_id)
    require(actor, Act.CORRECT, subject=line_id)
    _refuse_unsent(line)
    in_time = line.sent_at is not None and pad.held.now <= line.sent_at + timedelta(
        seconds=actor.venue.correct_within_seconds
    )
    if line.started_at is not None or not in_time:
        raise Conflict(f"It is too late to correct {line.name}. Void it.", line=line_id)
    _take_off(pad, line, TakenOff.CORRECT, reason, was_made=False)
    pad.settle()
    audit.record(actor, "correct", line_id, order=order.pk, name=line.name, quantity=line.quantity, reason=reason)
    return line


@service
def void_line(*, actor: Actor, line_id: str, reason: str, was_made: bool, quantity: int | None = None) -> OrderLine:
    """Take a sent line (or so many of it) off the bill; returns what was taken off.

    An approval is bound to the line, and to the quantity where that is a part. Raises NotFound, InvalidRequest,
    OrderClosed, Locked, Conflict when it was never sent, NotPermitted or ApprovalRequired.
    """
    reason = check_reason(reason)
    pad, line, order = _line_to_lower(actor, line_id)
    approval = require(actor, Act.VOID, subject=line_id, amount=quantity)
    _refuse_unsent(line)
    part = _part(pad, line, quantity)
    _take_off(pad, part, TakenOff.VOID, reason, was_made=was_made)
    pad.settle(lowered_by_right=True)
    audit.record(
        actor,
        "void",
        line_id,
        approval=approval,
        order=order.pk,
        name=part.name,
        quantity=part.quantity,
        amount=part.net_amount,
        reason=reason,
        was_made=was_made,
    )
    return part


@service
def comp_line(*, actor: Actor, line_id: str, reason: str, quantity: int | None = None) -> OrderLine:
    """Give a line (or so many of it) to the guest for nothing; it stays in the sales mix at 0.

    An approval is bound to the line, and to the quantity where that is a part. Raises NotFound, InvalidRequest,
    OrderClosed, Locked, Conflict when it has a price of its own already, NotPermitted or ApprovalRequired.
    """
    reason = check_reason(reason)
    pad, line, order = _line_to_lower(actor, line_id)
    approval = require(actor, Act.COMP, subject=line_id, amount=quantity)
    _refuse_price_rule(line)
    part = _part(pad, line, quantity)
    worth = part.gross_amount
    part.price_rule = PriceRule.COMP
    part.price_rule_reason = reason
    pad.change(part, "price_rule", "price_rule_reason")
    pad.settle(lowered_by_right=True)
    audit.record(
        actor,
        "comp",
        line_id,
        approval=approval,
        order=order.pk,
        name=part.name,
        quantity=part.quantity,
        amount=worth,
        reason=reason,
    )
    return part


@service
def staff_meal(
    *,
    actor: Actor,
    line_id: str,
    person_id: int,
    charge_amount: int | None = None,
    charge_percent: int | None = None,
    reason: str = "",
) -> OrderLine:
    """Charge one of us what the house asks for this line: an amount, or a share of the menu's price.

    Raises NotFound, InvalidRequest, OrderClosed, Locked, Conflict when it has a price of its own already,
    NotPermitted or ApprovalRequired.
    """
    reason = check_reason(reason, field_required=False)
    pad, line, order = _line_to_lower(actor, line_id)
    approval = require(actor, Act.COMP, subject=line_id)
    _refuse_price_rule(line)
    person = Membership.objects.filter(venue=actor.venue, pk=person_id).select_related("staff").first()
    if person is None:
        raise NotFound("That person does not work here.")
    worth = line.gross_amount
    line.price_rule = PriceRule.STAFF_MEAL
    line.price_rule_reason = reason
    line.price_rule_amount = _charge(worth, charge_amount, charge_percent)
    line.meal_of = person
    pad.change(line, "price_rule", "price_rule_reason", "price_rule_amount", "meal_of")
    pad.settle(lowered_by_right=True)
    audit.record(
        actor,
        "staff_meal",
        line_id,
        approval=approval,
        order=order.pk,
        name=line.name,
        of=person.staff.name,
        amount=worth,
        charged=line.price_rule_amount,
        reason=reason,
    )
    return line


@service
def charge_again(*, actor: Actor, line_id: str) -> OrderLine:
    """Undo a comp or a staff meal: the menu's price again.

    Raises NotFound, OrderClosed, Locked, Conflict when nothing is given away.
    """
    require(actor, Act.ADD, subject=line_id)
    pad, line, order = _line_to_lower(actor, line_id)
    if line.price_rule == PriceRule.MENU:
        raise Conflict(f"{line.name} is charged already.", line=line_id)
    before = line.price_rule
    line.price_rule = PriceRule.MENU
    line.price_rule_reason = ""
    line.price_rule_amount = None
    line.meal_of = None
    pad.change(line, "price_rule", "price_rule_reason", "price_rule_amount", "meal_of")
    pad.settle()
    audit.record(actor, "charge_again", line_id, order=order.pk, name=line.name, before=before)
    return line


def check_reason(reason: str, *, field_required: bool = True) -> str:
    """Raises InvalidRequest."""
    reason = reason.strip()
    if field_required and not reason:
        raise InvalidRequest("Say why.", field="reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidRequest(f"A reason has at most {LONGEST_REASON} characters.", field="reason")
    return reason


def _line_to_lower(actor: Actor, line_id: str) -> tuple[Pad, OrderLine, Order]:
    pad, line = pad_of_line(actor, line_id)
    order = pad.order_to_lower(line)
    if not line.is_on_bill:
        raise Conflict(f"{line.name} is not on the bill any more.", line=line_id)
    return pad, line, order


def _refuse_unsent(line: OrderLine) -> None:
    if is_waiting(line):
        raise Conflict(f"{line.name} was never sent. Remove it.", line=line.pk)


def _refuse_price_rule(line: OrderLine) -> None:
    if line.price_rule != PriceRule.MENU:
        raise Conflict(f"{line.name} is given away already.", line=line.pk)


def _part(pad: Pad, line: OrderLine, quantity: int | None) -> OrderLine:
    """The line, or so many of it as a line of its own."""
    if quantity is None or quantity == line.quantity:
        return line
    whole = line.quantity
    part = split_off(line, quantity)
    part.gross_amount = line.gross_amount * quantity // whole
    part.discount_amount = line.discount_amount * quantity // whole
    part.net_amount = line.net_amount * quantity // whole
    pad.lines[part.pk] = part
    return part


def _take_off(pad: Pad, line: OrderLine, how: TakenOff, reason: str, *, was_made: bool) -> None:
    tell_stations(pad.held, [line])
    if not was_made:
        pad.stock.give_back(pad.uses_of(line, line.quantity))
    line.take_off(how, by=pad.actor.membership, at=pad.held.now, reason=reason)
    line.was_made = was_made
    pad.change(line, *TAKEN_OFF_FIELDS, "was_made", "gross_amount", "discount_amount", "net_amount")
    tell_stations(pad.held, [line])


def _charge(worth: int, amount: int | None, percent: int | None) -> int:
    if (amount is None) == (percent is None):
        raise InvalidRequest("An amount, or a share of the price.", field="charge_amount")
    if amount is not None:
        if amount < 0:
            raise InvalidRequest("Nobody is paid for eating.", field="charge_amount")
        return amount
    if percent is None or not 0 <= percent <= 10_000:
        raise InvalidRequest("A share is 0 to 100 %.", field="charge_percent")
    return percent_of(worth, percent)
