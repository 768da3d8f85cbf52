"""Money off a line or a bill, and the service charge on it: by hand, within the venue's limit or with a yes."""

from orders.models import Discount, Order, OrderLine, Origin, PriceRule, ProductKind, ServiceChoice
from orders.pricing import LineKind
from orders.row_locks import Held, hold_order
from orders.services.billing import settle
from orders.services.charging import Bill, price_order
from orders.services.locking import refuse_if_lent
from orders.services.tenders import refuse_if_closed
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.models import ServiceKind
from pos.money import WHOLE
from pos.permissions import Act, Actor, require
from pos.service import service

LONGEST_NAME = 200


@service
def give_discount(
    *,
    actor: Actor,
    order_id: str,
    name: str,
    line_id: str | None = None,
    percent: int | None = None,
    fixed_amount: int | None = None,
    code: str = "",
) -> Discount:
    """Take something off one line or the whole bill: a share, or an amount.

    All discounts of the line (or the bill) count together against the venue's limit; above it, an approval is bound
    to the line (or order) and to the share or amount asked for. Raises NotFound, InvalidRequest, OrderClosed, Locked,
    NotPermitted or ApprovalRequired.
    """
    _check(name, percent, fixed_amount)
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    line = _line(order, line_id) if line_id is not None else None
    above = _is_above_limit(held, order, line, percent=percent, fixed_amount=fixed_amount)
    approval = None
    if above:
        asked = percent if percent is not None else fixed_amount
        approval = require(actor, Act.DISCOUNT_ABOVE_LIMIT, subject=line_id or order_id, amount=asked)
    else:
        require(actor, Act.ADD, subject=order_id)
    discount = Discount.objects.create(
        order=order,
        line=line,
        name=name.strip(),
        code=code.strip()[:120],
        affected_plu=line.plu if line is not None else "",
        percent=percent,
        fixed_amount=fixed_amount,
        given_by=actor.membership,
        given_at=held.now,
    )
    settle(held, order, actor, lowered_by_right=above)
    discount.refresh_from_db()
    audit.record(
        actor,
        "discount",
        line_id or order_id,
        approval=approval,
        order=order_id,
        name=discount.name,
        percent=percent,
        fixed_amount=fixed_amount,
        amount=discount.amount,
    )
    return discount


@service
def remove_discount(*, actor: Actor, discount_id: int) -> Order:
    """Charge in full again. Raises NotFound, OrderClosed, Locked, Conflict for what a guest's phone was shown."""
    found = Discount.objects.filter(pk=discount_id, order__venue=actor.venue).values_list("order", flat=True)
    if not found:
        raise NotFound("That discount does not exist.")
    require(actor, Act.ADD, subject=found[0])
    held, order = hold_order(actor.venue, found[0])
    discount = Discount.objects.filter(pk=discount_id, order=order).first()
    if discount is None:
        raise NotFound("That discount does not exist.")
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    if order.origin == Origin.DOJO and discount.given_by_id is None:
        raise Conflict("The guest was shown this discount when they paid.")
    discount.delete()
    settle(held, order, actor)
    audit.record(actor, "remove_discount", order.pk, name=discount.name, amount=discount.amount)
    return order


@service
def set_service(*, actor: Actor, order_id: str, choice: ServiceChoice) -> Order:
    """Put service on the whole bill, take it off, or leave it to the venue's rule.

    One tap at any time where service is the guest's to refuse: below a bill that they have seen the manager is told,
    and nobody asked. Where it is compulsory, taking it off is a discount of its own and an approval is bound to the
    order. Raises NotFound, InvalidRequest, OrderClosed, Locked, Conflict for an order whose service Dojo stated,
    NotPermitted or ApprovalRequired.
    """
    if choice == ServiceChoice.STATED:
        raise InvalidRequest("Only Dojo states an amount.", field="choice")
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    refuse_if_lent(held, order)
    if order.service_choice == ServiceChoice.STATED:
        raise Conflict("The guest was shown this service charge when they ordered.")
    is_compulsory = actor.venue.service_kind == ServiceKind.COMPULSORY
    given_away = is_compulsory and choice == ServiceChoice.OFF
    approval = require(actor, Act.DISCOUNT_ABOVE_LIMIT if given_away else Act.ADD, subject=order_id)
    before, had = order.service_choice, order.service_amount
    order.service_choice = choice
    settle(held, order, actor, lowered_by_right=given_away or not is_compulsory)
    audit.record(
        actor,
        "set_service",
        order_id,
        approval=approval,
        before=before,
        choice=choice,
        amount=order.service_amount - had,
    )
    return order


def _check(name: str, percent: int | None, fixed_amount: int | None) -> None:
    if not name.strip():
        raise InvalidRequest("What is it for?", field="name")
    if len(name.strip()) > LONGEST_NAME:
        raise InvalidRequest(f"A name has at most {LONGEST_NAME} characters.", field="name")
    if (percent is None) == (fixed_amount is None):
        raise InvalidRequest("A share, or an amount.", field="percent")
    if percent is not None and not 1 <= percent <= WHOLE:
        raise InvalidRequest("A share is more than nothing and at most 100 %.", field="percent")
    if fixed_amount is not None and fixed_amount <= 0:
        raise InvalidRequest("An amount is more than nothing.", field="fixed_amount")


def _line(order: Order, line_id: str) -> OrderLine:
    line = order.lines.filter(pk=line_id).first()
    if line is None:
        raise NotFound("That line does not exist.", line=line_id)
    if not line.is_on_bill:
        raise Conflict(f"{line.name} is not on the bill any more.", line=line_id)
    if line.kind != ProductKind.GOODS:
        raise Conflict(f"There is no discount on {line.name}.", line=line_id)
    if line.price_rule == PriceRule.COMP:
        raise Conflict(f"{line.name} is given away already.", line=line_id)
    return line


def _is_above_limit(
    held: Held, order: Order, line: OrderLine | None, *, percent: int | None, fixed_amount: int | None
) -> bool:
    """Whether what is taken off this line (or the bill) then comes to more than a waiter may give alone."""
    bill = price_order(held, order)
    line_id = line.pk if line is not None else None
    base = _base_of_bill(bill) if line_id is None else _base_of_line(bill, line_id)
    given = [discount for discount in bill.discounts if discount.line_id == line_id]
    shares = sum(discount.percent or 0 for discount in given) + (percent or 0)
    amounts = sum(discount.fixed_amount or 0 for discount in given) + (fixed_amount or 0)
    # In whole numbers: 10 % of £9.99 must not become more than 10 % by rounding.
    return shares * base + amounts * WHOLE > held.venue.discount_limit * base


def _base_of_bill(bill: Bill) -> int:
    """The goods after what was taken off single lines."""
    return sum(money.net + money.order_discount for money in bill.totals.lines if money.kind == LineKind.GOODS)


def _base_of_line(bill: Bill, line_id: str) -> int:
    return sum(money.gross - money.given_away for money in bill.totals.lines if money.key == line_id)
