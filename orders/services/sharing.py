"""Who pays what of one bill: plans that every till sees. A plan takes no lease and moves no money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orders.models import Order, OrderShare, ShareKind, ShareLine
from orders.row_locks import Held, hold_order
from orders.services.billing import settle
from orders.services.charging import read_lines
from orders.services.locking import refuse_if_lent
from orders.services.tenders import refuse_if_closed
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.models import ServiceKind
from pos.permissions import Act, Actor, require
from pos.service import service

MOST_SHARES = 99
LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """One share as wished for: by its seats, by units of lines, by weight, or a sum (none: the rest)."""

    kind: ShareKind
    label: str = ""
    seats: tuple[int, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    weight: int = 1
    amount: int | None = None


def by_seats(seats: Sequence[Sequence[int]]) -> list[NewShare]:
    """A share for each group of seats."""
    return [
        NewShare(kind=ShareKind.SEAT, seats=tuple(group), label=f"Seat {' + '.join(map(str, group))}")
        for group in seats
    ]


def equally(ways: int) -> list[NewShare]:
    return [NewShare(kind=ShareKind.EQUAL) for _ in range(ways)]


def by_items(claims: Sequence[Mapping[str, int]]) -> list[NewShare]:
    """A share for each claim: so many units of these lines. What nobody names becomes a share of its own."""
    return [NewShare(kind=ShareKind.ITEM, lines=claim) for claim in claims]


def by_amounts(amounts: Sequence[int | None]) -> list[NewShare]:
    """A share for each sum; None is the rest."""
    return [NewShare(kind=ShareKind.AMOUNT, amount=amount) for amount in amounts]


@service
def plan_shares(*, actor: Actor, order_id: str, shares: Sequence[NewShare]) -> Order:
    """Split a bill as the guests wish; shares that are paid stay, all others are planned anew.

    Raises NotFound, InvalidRequest, OrderClosed, Conflict when nothing is owed, Locked only where the new plan would
    change the sum that a card machine has.
    """
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = _hold(actor, order_id)
    if not order.outstanding:
        raise Conflict(f"{order.display_name} owes nothing.")
    _check(order, shares)
    _forget_unpaid(order)
    _write(order, shares)
    return _settle(held, order, actor)


@service
def share_by_seat(*, actor: Actor, order_id: str) -> Order:
    """One share for each seat: those of the guests who sit there and those that lines name. Raises like plan_shares."""
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = _hold(actor, order_id)
    if not order.outstanding:
        raise Conflict(f"{order.display_name} owes nothing.")
    seats = {seat for line in read_lines(order) for seat in line.seats} | set(range(1, (order.covers or 0) + 1))
    if not seats:
        raise InvalidRequest("Say first how many guests there are.", field="covers")
    paid = {seat for share in order.shares.filter(is_paid=True) for seat in share.seats}
    _forget_unpaid(order)
    _write(order, by_seats([[seat] for seat in sorted(seats - paid)]))
    return _settle(held, order, actor)


@service
def claim_line(*, actor: Actor, order_id: str, share_number: int, line_id: str, units: int) -> Order:
    """Say how many units of a line a share by item pays; none gives them back to everyone.

    Raises NotFound, InvalidRequest, OrderClosed, Conflict for a share that is paid or claims on more than there is.
    """
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = _hold(actor, order_id)
    share = _unpaid_share(order, share_number)
    if share.kind != ShareKind.ITEM:
        raise InvalidRequest("That share is not by item.", field="share_number")
    line = next((line for line in read_lines(order) if line.pk == line_id), None)
    if line is None:
        raise NotFound("That line is not on this bill.")
    others = ShareLine.objects.filter(line=line, share__kind=ShareKind.ITEM).exclude(share=share)
    if not 0 <= units <= line.quantity - sum(others.values_list("weight", flat=True)):
        raise InvalidRequest(f"There are {line.quantity} of {line.name}.", field="units")
    share.share_lines.filter(line=line).delete()
    if units:
        ShareLine.objects.create(share=share, line=line, weight=units)
    return _settle(held, order, actor)


@service
def remove_share_service(*, actor: Actor, order_id: str, share_number: int) -> Order:
    """Take the service charge off one guest's share; the others pay what they would have paid.

    Nobody is asked; below a bill that the guests have seen the manager is told. Raises NotFound, OrderClosed, Locked,
    Conflict when it is paid, or where service is compulsory (that comes off a whole bill).
    """
    return _change_service(actor, order_id, share_number, removed=True)


@service
def restore_share_service(*, actor: Actor, order_id: str, share_number: int) -> Order:
    """Put the service charge back on a share. Raises NotFound, OrderClosed, Locked, Conflict when it is paid."""
    return _change_service(actor, order_id, share_number, removed=False)


@service
def drop_plan(*, actor: Actor, order_id: str) -> Order:
    """Forget who pays what; what is paid stays paid, and the rest is one share.

    Raises NotFound, OrderClosed, Locked only where that would change the sum that a card machine has.
    """
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = _hold(actor, order_id)
    _forget_unpaid(order)
    return _settle(held, order, actor)


def _hold(actor: Actor, order_id: str) -> tuple[Held, Order]:
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    return held, order


def _settle(held: Held, order: Order, actor: Actor) -> Order:
    before = order.total_amount
    settle(held, order, actor)
    if order.total_amount != before:
        # A share without service was dropped, or has other lines now: the sum is not what the machine read.
        refuse_if_lent(held, order)
    return order


def _change_service(actor: Actor, order_id: str, share_number: int, *, removed: bool) -> Order:
    require(actor, Act.TAKE_PAYMENT, subject=order_id)
    held, order = _hold(actor, order_id)
    refuse_if_lent(held, order)
    share = _unpaid_share(order, share_number)
    if actor.venue.service_kind == ServiceKind.COMPULSORY:
        # It carries VAT at the rates of the goods, which no part of a bill can give back alone.
        raise Conflict("Service is part of the price here. It comes off the whole bill or not at all.")
    had = order.service_amount
    share.service_removed = removed
    share.save(update_fields=["service_removed"])
    settle(held, order, actor)
    act = "remove_share_service" if removed else "restore_share_service"
    audit.record(actor, act, order.pk, share=share.number, amount=order.service_amount - had)
    return order


def _unpaid_share(order: Order, number: int) -> OrderShare:
    share = order.shares.filter(number=number).first()
    if share is None:
        raise NotFound("That share does not exist.")
    if share.is_paid:
        raise Conflict(f"{share} is paid already.")
    return share


def _forget_unpaid(order: Order) -> None:
    """Unpaid shares go. One whose payment was reversed is still named by it, and stays as a share of nothing."""
    unpaid = order.shares.filter(is_paid=False)
    unpaid.filter(payments__isnull=True).delete()
    ShareLine.objects.filter(share__in=unpaid).delete()
    unpaid.update(kind=ShareKind.AMOUNT, fixed_amount=0, seats=[], weight=1, label="", service_removed=False)
    # Service that these shares had taken off is on the bill again; what paid ones had is worked out anew.
    order.service_waived = 0


def _check(order: Order, shares: Sequence[NewShare]) -> None:
    if not 1 <= len(shares) <= MOST_SHARES:
        raise InvalidRequest(f"A bill is split 1 to {MOST_SHARES} ways.", field="shares")
    _check_seats(shares)
    _check_claims(order, shares)
    for index, share in enumerate(shares):
        if share.weight < 1:
            raise InvalidRequest("A share weighs at least one.", field=f"shares.{index}.weight")
        if share.amount is not None and share.amount <= 0:
            raise InvalidRequest("A share is more than nothing.", field=f"shares.{index}.amount")
    fixed = sum(share.amount or 0 for share in shares if share.kind == ShareKind.AMOUNT)
    if fixed > order.outstanding:
        raise InvalidRequest("Together that is more than is owed.", field="shares")


def _check_seats(shares: Sequence[NewShare]) -> None:
    seen: set[int] = set()
    for index, share in enumerate(shares):
        if share.kind != ShareKind.SEAT:
            continue
        if not share.seats or min(share.seats) < 1:
            raise InvalidRequest("Which seats?", field=f"shares.{index}.seats")
        if seen.intersection(share.seats):
            raise InvalidRequest("A seat pays once.", field=f"shares.{index}.seats")
        seen.update(share.seats)


def _check_claims(order: Order, shares: Sequence[NewShare]) -> None:
    claims = [(index, *claim) for index, share in enumerate(shares) for claim in share.lines.items()]
    if not claims:
        return
    left = {line.pk: line.quantity for line in read_lines(order)}
    for line_id, weight in ShareLine.objects.filter(
        share__order=order, share__is_paid=True, share__kind=ShareKind.ITEM
    ).values_list("line_id", "weight"):
        left[line_id] = left.get(line_id, 0) - weight
    for index, line_id, units in claims:
        if line_id not in left:
            raise NotFound("That line is not on this bill.")
        left[line_id] -= units
        if units < 1 or left[line_id] < 0:
            raise InvalidRequest("There are not that many.", field=f"shares.{index}.lines.{line_id}")


def _write(order: Order, shares: Sequence[NewShare]) -> None:
    known = {share.number: share for share in order.shares.all()}
    # A number whose share is of nothing is given out again.
    numbers = (n for n in range(1, len(known) + len(shares) + 1) if n not in known or not known[n].is_paid)
    new: list[OrderShare] = []
    again: list[OrderShare] = []
    claims: list[ShareLine] = []
    for number, share in zip(numbers, shares, strict=False):
        row = known.get(number) or OrderShare(order=order, number=number)
        row.kind = share.kind
        row.label = share.label[:LONGEST_LABEL]
        row.seats = sorted(set(share.seats))
        row.weight = share.weight
        row.fixed_amount = share.amount
        (again if number in known else new).append(row)
        claims += [ShareLine(share=row, line_id=line_id, weight=units) for line_id, units in share.lines.items()]
    OrderShare.objects.bulk_create(new)
    OrderShare.objects.bulk_update(again, ["kind", "label", "seats", "weight", "fixed_amount"])
    ShareLine.objects.bulk_create(claims)
