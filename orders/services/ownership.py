"""Whose table is it: the one question before a waiter moves, joins or gives away what may not be theirs."""

from collections.abc import Iterable

from orders.models import Order
from pos.models import Approval
from pos.permissions import Act, Actor, require


def require_own(actor: Actor, owner_id: int | None, act: Act, *, subject: str) -> Approval | None:
    """The act itself on one's own table or nobody's, a supervisor's yes on another's.

    Raises NotPermitted or ApprovalRequired.
    """
    mine = actor.membership is None or owner_id in (None, actor.membership.pk)
    return require(actor, act if mine else Act.OTHERS_TABLE, subject=subject)


def require_own_orders(actor: Actor, orders: Iterable[Order], *, subject: str) -> Approval | None:
    """One yes for one act, whoever's bills it touches. Raises NotPermitted or ApprovalRequired."""
    me = actor.membership.pk if actor.membership is not None else None
    others = [order.waiter_id for order in orders if order.waiter_id not in (None, me)]
    return require_own(actor, others[0] if others else me, Act.ADD, subject=subject)
