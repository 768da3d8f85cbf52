"""Order locks (leases): a card machine borrows a bill, and gives it back or lets it lapse."""

from datetime import datetime, timedelta

from django.utils import timezone

from orders.models import ExceptionKind, LockKind, Order, OrderLock
from orders.row_locks import Held, hold_order
from orders.services.billing import follow_party, settle
from orders.services.exceptions import tell_manager
from orders.services.merging import merge_lines
from pos import audit
from pos.errors import Conflict, InvalidRequest, Locked, NotFound
from pos.events import LeaseChanged, publish
from pos.models import Venue
from pos.permissions import Act, Actor, require
from pos.service import retry_on_race, service

LONGEST_LEASE = timedelta(hours=2)

retry_on_race("order_lock_one_held", "order_lock_id_unique")


@service
def create_order_lock(*, actor: Actor, order_id: str, lock_id: str, expiry: datetime) -> Order:
    """Lend the bill to a card machine until expiry; the same lock id again gets the same answer.

    Raises NotFound, InvalidRequest for an expiry that has passed, Conflict when it is lent to another or has ended.
    """
    held, order = hold_order(actor.venue, order_id)
    until = _limit(held, expiry)
    if until <= held.now:
        raise InvalidRequest("The lock would already have expired.", field="expiry")
    lease = held.lease_on(order)
    if lease is not None:
        if lease.lock_id == lock_id:
            return order
        raise lent_to_another(order, lease)
    if not order.is_open:
        raise Conflict(f"{order.display_name} is already {order.get_status_display().lower()}.")
    _bury_lapsed(held, order)
    lend(held, order, actor, lock_id=lock_id, until=until, kind=LockKind.DOJO)
    return order


@service
def extend_order_lock(*, actor: Actor, order_id: str, lock_id: str, expiry: datetime) -> Order:
    """Keep the bill lent for longer; a lapsed lock that nobody took over comes back to life.

    Raises NotFound, InvalidRequest for an expiry that has passed, Conflict when somebody else has the bill.
    """
    held, order = hold_order(actor.venue, order_id)
    until = _limit(held, expiry)
    if until <= held.now:
        raise InvalidRequest("The lock would already have expired.", field="expiry")
    lease = held.lease_on(order)
    if lease is not None and lease.lock_id != lock_id:
        raise lent_to_another(order, lease)
    known = order.locks.filter(lock_id=lock_id).first()
    if known is None:
        raise NotFound("That lock does not exist.")
    if not order.is_open:
        raise Conflict(f"{order.display_name} is already {order.get_status_display().lower()}.")
    if known.end_reason in ("deleted", "released"):
        raise Conflict(f"The lock on {order.display_name} has ended.")
    if known.pk != getattr(held.leases.get(order.pk), "pk", None):
        _bury_lapsed(held, order)
    known.expiry = until
    known.ended_at = None
    known.end_reason = ""
    known.save(update_fields=["expiry", "ended_at", "end_reason"])
    held.leases[order.pk] = known
    _tell(held, order)
    return order


@service
def delete_order_lock(*, actor: Actor, order_id: str, lock_id: str) -> Order:
    """Take the bill back from the card machine; deleting twice is once.

    What was ordered meanwhile joins the bill if it is still open. Raises NotFound, Conflict for somebody else's lock.
    """
    held, order = hold_order(actor.venue, order_id)
    lease = held.leases.get(order.pk)
    if lease is not None and lease.lock_id == lock_id:
        give_back(held, order, lease, actor, reason="deleted")
        return order
    if lease is not None and lease.is_live(held.now) and not order.locks.filter(lock_id=lock_id).exists():
        raise lent_to_another(order, lease)
    return order


@service
def release_lease(*, actor: Actor, order_id: str) -> Order:
    """A manager takes the bill back by force; money may still arrive and will show as overpaid.

    Raises NotFound, NotPermitted, Conflict when no card machine has it.
    """
    require(actor, Act.RELEASE_LEASE, subject=order_id)
    held, order = hold_order(actor.venue, order_id)
    lease = held.lease_on(order)
    if lease is None:
        raise Conflict(f"No card machine has {order.display_name}.")
    give_back(held, order, lease, actor, reason="released")
    audit.record(actor, "release_lease", order.pk, lock_id=lease.lock_id, holder=lease.holder)
    tell_manager(
        held.venue,
        ExceptionKind.LEASE_RELEASED,
        f"{actor.name} took {order.display_name} back from {lease.holder}. Money may still arrive.",
        order=order,
        amount=order.outstanding,
    )
    return order


def end_lapsed_leases(*, venue: Venue) -> int:
    """Give back every bill whose lease has run out, each in a transaction of its own; returns how many."""
    lapsed = OrderLock.objects.filter(venue=venue, ended_at__isnull=True, expiry__lte=timezone.now())
    order_ids = list(lapsed.values_list("order_id", flat=True))
    return sum(_end_lapsed_lease(actor=Actor.system(venue), order_id=order_id) for order_id in order_ids)


@service
def _end_lapsed_lease(*, actor: Actor, order_id: str) -> bool:
    held, order = hold_order(actor.venue, order_id)
    lease = held.leases.get(order.pk)
    if lease is None or lease.is_live(held.now):
        return False
    give_back(held, order, lease, actor, reason="lapsed")
    return True


def lend(held: Held, order: Order, actor: Actor, *, lock_id: str, until: datetime, kind: LockKind) -> OrderLock:
    """Write the lease down; the caller holds the order and has made sure that it is free."""
    lease, _ = OrderLock.objects.update_or_create(
        order=order,
        lock_id=lock_id,
        defaults={
            "venue": held.venue,
            "kind": kind,
            "expiry": until,
            "holder_waiter_id": actor.requester.waiter_id[:60],
            "holder_device": (actor.requester.device_id or actor.requester.device_type)[:120],
            "membership": actor.membership,
            "created_at": held.now,
            "ended_at": None,
            "end_reason": "",
        },
    )
    held.leases[order.pk] = lease
    _tell(held, order)
    return lease


def give_back(held: Held, order: Order, lease: OrderLock, actor: Actor, *, reason: str) -> None:
    """End the lease; lines ordered meanwhile join the bill while it is open and theirs is still unpaid."""
    lease.end(reason, held.now)
    lease.save(update_fields=["ended_at", "end_reason"])
    del held.leases[order.pk]
    followers = held.followers_of(order)
    mergeable = [
        follower
        for follower in followers
        if order.is_open and follower.is_open and held.lease_on(follower) is None and not follower.paid_amount
    ]
    for follower in mergeable:
        if not follower.payments.exists():
            merge_lines(held, follower, order)
    for follower in followers:
        if follower.is_open:
            # The first bill is paid or taken again: from now on this one is an order like any other.
            follower.joins_back = False
            follower.save(update_fields=["joins_back"])
    if mergeable:
        settle(held, order, actor)
    _tell(held, order)


def refuse_if_lent(held: Held, order: Order) -> None:
    """Nothing may change the locked sum. Raises Locked, naming who has the bill and until when."""
    lease = held.lease_on(order)
    if lease is not None:
        raise locked(held, order, lease)


def locked(held: Held, order: Order, lease: OrderLock) -> Locked:
    until = lease.expiry.astimezone(held.venue.zone)
    return Locked(
        f"{order.display_name} is being paid on {lease.holder} until {until:%H:%M}.",
        by=lease.holder,
        until=lease.expiry,
    )


def lent_to_another(order: Order, lease: OrderLock) -> Conflict:
    return Conflict(f"{order.display_name} is already locked by {lease.holder}.", by=lease.holder)


def _limit(held: Held, expiry: datetime) -> datetime:
    return min(expiry, held.now + LONGEST_LEASE)


def _bury_lapsed(held: Held, order: Order) -> None:
    lapsed = held.leases.pop(order.pk, None)
    if lapsed is not None:
        lapsed.end("lapsed", held.now)
        lapsed.save(update_fields=["ended_at", "end_reason"])


def _tell(held: Held, order: Order) -> None:
    publish(LeaseChanged(venue_id=held.venue.pk, order_id=order.pk))
    party = held.party_of(order)
    if party is not None:
        follow_party(held, party)
