"""Guests come, change their number, get another waiter, and leave: parties and the bills that go with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from bookings.models import Party, PartyStatus
from bookings.services.parties import (
    LONGEST_NAME,
    check_covers,
    leave,
    refuse_taken,
    seat_at,
    take_reservation,
    write_status,
)
from floorplan.models import Table
from orders.models import CLOSED_STATUSES, Order, OrderStatus
from orders.row_locks import Held, hold_company, hold_order, hold_party
from orders.services.billing import follow_party, settle
from orders.services.charging import service_of
from orders.services.leaving import finish_bills
from orders.services.locking import refuse_if_lent
from orders.services.ownership import require_own
from orders.services.tenders import refuse_if_closed
from pos import audit
from pos.errors import Conflict, InvalidRequest, NotFound
from pos.events import OrderChanged, PartyChanged, publish
from pos.models import Membership, Venue
from pos.permissions import Act, Actor, require
from pos.service import service


@service
def seat_party(
    *,
    actor: Actor,
    table_ids: Sequence[int],
    covers: int | None = None,
    name: str = "",
    reservation_id: str | None = None,
) -> Party:
    """Seat guests at one or more free tables, perhaps those of a reservation; an order comes with their first line.

    What guests ordered there from their phones before is theirs. Raises NotFound, InvalidRequest, Conflict when a table
    was just seated or a bill of those who left is open there, or the reservation is seated or cancelled.
    """
    require(actor, Act.OPEN)
    held, tables = _hold_tables(actor, table_ids, reservation_id)
    refuse_taken(tables)
    _refuse_unpaid(tables)
    party = sit_down(held, actor, tables, covers=covers, name=name, waiter=actor.membership)
    adopt_orders(held, party)
    return party


@service
def seat_second_party(
    *,
    actor: Actor,
    table_ids: Sequence[int],
    covers: int | None = None,
    name: str = "",
    reservation_id: str | None = None,
) -> Party:
    """Seat strangers beside those who sit there already. Raises like seat_party, save for the table being taken."""
    require(actor, Act.OPEN)
    held, tables = _hold_tables(actor, table_ids, reservation_id)
    return sit_down(held, actor, tables, covers=covers, name=name, waiter=actor.membership)


@service
def set_covers(*, actor: Actor, party_id: str, covers: int | None) -> Party:
    """Say how many guests there are; service that depends on it follows.

    Raises NotFound, InvalidRequest, Conflict when they have left, Locked when it would change a bill that is being
    paid, ApprovalRequired below a bill that the guests have seen.
    """
    require(actor, Act.OPEN, subject=party_id)
    check_covers(covers)
    held, party = hold_present(actor, party_id)
    party.covers = covers
    party.save(update_fields=["covers", "updated_at"])
    for order in orders_by_covers(held, party):
        if take_covers(held, order, covers):
            refuse_if_lent(held, order)
        settle(held, order, actor)
    follow_party(held, party)
    return party


@service
def describe_party(*, actor: Actor, party_id: str, name: str, host_notes: str) -> Party:
    """Note who they are and what the next waiter should know; the guests' own requests are never touched.

    Raises NotFound, Conflict when they have left.
    """
    require(actor, Act.OPEN, subject=party_id)
    held, party = hold_present(actor, party_id)
    party.name = name.strip()[:LONGEST_NAME]
    party.host_notes = host_notes.strip()
    party.save(update_fields=["name", "host_notes", "updated_at"])
    follow_party(held, party)
    return party


@service
def set_party_status(*, actor: Actor, party_id: str, status: str) -> Party:
    """Write own words over a party; nothing lets the status move by itself again.

    Raises NotFound, Conflict when they have left.
    """
    require(actor, Act.OPEN, subject=party_id)
    held, party = hold_present(actor, party_id)
    write_status(party, status.strip() or PartyStatus.SEATED)
    party.save(update_fields=["status", "status_is_written", "updated_at"])
    follow_party(held, party)
    return party


@service
def hand_over_table(*, actor: Actor, party_id: str, membership_id: int) -> Party:
    """Give a table, with every open bill on it, to another waiter.

    Raises NotFound, InvalidRequest for somebody who does not work here, Conflict when they have left, NotPermitted or
    ApprovalRequired for another waiter's table.
    """
    held, party = hold_present(actor, party_id)
    approval = require_own(actor, party.waiter_id, Act.HAND_OVER, subject=party.pk)
    waiter = _colleague(actor, membership_id)
    before = party.waiter_id
    party.waiter = waiter
    party.save(update_fields=["waiter", "updated_at"])
    publish(PartyChanged(venue_id=actor.venue.pk, party_id=party.pk))
    for order in held.orders.values():
        if order.party_id == party.pk and order.is_open:
            _give(held, order, waiter)
    audit.record(actor, "hand_over_table", party.pk, approval=approval, before=before, to=waiter.pk)
    return party


@service
def hand_over_tab(*, actor: Actor, order_id: str, membership_id: int) -> Order:
    """Give a bill without a table to another waiter.

    Raises NotFound, InvalidRequest, OrderClosed, Conflict for a table's bill, NotPermitted or ApprovalRequired.
    """
    held, order = hold_order(actor.venue, order_id)
    refuse_if_closed(order)
    if order.party_id is not None:
        raise Conflict(f"{order.display_name} belongs to a table. Hand that over.")
    approval = require_own(actor, order.waiter_id, Act.HAND_OVER, subject=order.pk)
    waiter = _colleague(actor, membership_id)
    before = order.waiter_id
    _give(held, order, waiter)
    audit.record(actor, "hand_over_tab", order.pk, approval=approval, before=before, to=waiter.pk)
    return order


@service
def clear_table(*, actor: Actor, party_id: str) -> Party:
    """The guests have left: what was never sent is cancelled, what they paid for is theirs, the table is free.

    Clearing twice is once. Raises NotFound, Locked while a bill is being paid, Conflict naming what is still owed,
    ApprovalRequired where a bill was printed and nothing on it ever sent.
    """
    require(actor, Act.OPEN, subject=party_id)
    held, party = hold_party(actor.venue, party_id)
    if party.is_here:
        finish_bills(held, party, actor)
        leave(party, held.now)
        audit.record(actor, "clear_table", party.pk)
    return party


def clear_paid_tables(*, venue: Venue) -> int:
    """Clear what has been paid for as long as the venue says, each in a transaction of its own; returns how many."""
    if venue.clear_after_minutes is None:
        return 0
    paid = _paid_parties(venue, until=timezone.now() - timedelta(minutes=venue.clear_after_minutes))
    return sum(_clear_if_paid(actor=Actor.system(venue), party_id=party_id) for party_id in paid)


@service
def _clear_if_paid(*, actor: Actor, party_id: str) -> bool:
    held, party = hold_party(actor.venue, party_id)
    if not party.is_here or any(order.is_open for order in held.orders.values()):
        return False
    leave(party, held.now)
    return True


def _paid_parties(venue: Venue, *, until: datetime) -> list[str]:
    theirs = Order.objects.filter(party=OuterRef("pk"))
    paid = theirs.filter(status=OrderStatus.FINALIZED).order_by()
    last = paid.values("party").annotate(last=Max("closed_at")).values("last")
    parties = Party.objects.filter(
        Exists(paid), ~Exists(theirs.exclude(status__in=CLOSED_STATUSES)), venue=venue, end_time__isnull=True
    )
    return list(parties.annotate(paid_at=last).filter(paid_at__lte=until).values_list("pk", flat=True))


def hold_present(actor: Actor, party_id: str) -> tuple[Held, Party]:
    """Hold a party that is still here. Raises NotFound, Conflict when they have left."""
    held, party = hold_party(actor.venue, party_id)
    refuse_gone(party)
    return held, party


def refuse_gone(party: Party) -> None:
    """Raises Conflict."""
    if not party.is_here:
        raise Conflict(f"{party} has left.", party=party.pk)


def adopt_orders(held: Held, party: Party) -> None:
    """Open orders on the table that have no party are this one's: guests order by phone before anybody seats them."""
    for order in held.orders.values():
        if order.is_open and order.party_id is None and order.table_id in held.tables:
            order.party = party
            order.updated_at = held.now
            order.save(update_fields=["party", "updated_at"])
            publish(OrderChanged(venue_id=held.venue.pk, order_id=order.pk))
    follow_party(held, party)


def orders_by_covers(held: Held, party: Party) -> Iterable[Order]:
    """The open bills whose service depends on how many sit there; an order by phone states its own."""
    return [o for o in held.orders.values() if o.party_id == party.pk and o.is_open and not o.is_prepaid]


def take_covers(held: Held, order: Order, covers: int | None) -> bool:
    """Note on a bill how many they are; says whether it carries another service charge than before."""
    before = service_of(held, order)
    order.covers = covers
    return service_of(held, order) != before


def tables_for_guests(held: Held, table_ids: Sequence[int]) -> list[Table]:
    """The held tables in the order asked for. Raises InvalidRequest for none, NotFound for one out of use."""
    if not table_ids:
        raise InvalidRequest("Which table?", field="table_ids")
    wanted = list(dict.fromkeys(table_ids))
    if any(pk not in held.tables or not held.tables[pk].is_active for pk in wanted):
        raise NotFound("That table does not exist.")
    return [held.tables[pk] for pk in wanted]


def sit_down(
    held: Held, actor: Actor, tables: Sequence[Table], *, covers: int | None, name: str, waiter: Membership | None
) -> Party:
    """Make a party of the guests who sit down now, those of the held reservation if there is one."""
    party = Party(
        venue=held.venue,
        name=name.strip()[:LONGEST_NAME],
        covers=check_covers(covers),
        waiter=waiter,
        start_time=held.now,
    )
    if held.reservation is not None:
        take_reservation(party, held.reservation)
    party.save(force_insert=True)
    held.parties[party.pk] = party
    seat_at(party, tables)
    publish(PartyChanged(venue_id=held.venue.pk, party_id=party.pk))
    audit.record(actor, "seat_party", party.pk, tables=[table.code for table in tables], covers=party.covers)
    return party


def _hold_tables(actor: Actor, table_ids: Sequence[int], reservation_id: str | None) -> tuple[Held, list[Table]]:
    held = hold_company(actor.venue, table_ids=table_ids, reservation_id=reservation_id)
    return held, tables_for_guests(held, table_ids)


def _refuse_unpaid(tables: Iterable[Table]) -> None:
    """A table is occupied, too, by the open bill of guests whom Dojo's diary let go."""
    left = Order.objects.filter(table__in=tables, party__end_time__isnull=False, is_prepaid=False)
    bill = left.exclude(status__in=CLOSED_STATUSES).select_related("table").order_by("pk").first()
    if bill is not None:
        table = bill.table.code if bill.table else ""
        raise Conflict(f"{bill.display_name} is still open, its guests have left.", order=bill.pk, table=table)


def _colleague(actor: Actor, membership_id: int) -> Membership:
    found = (
        Membership.objects.filter(venue=actor.venue, pk=membership_id, is_active=True).select_related("staff").first()
    )
    if found is None:
        raise InvalidRequest("That person does not work here.", field="membership_id")
    return found


def _give(held: Held, order: Order, waiter: Membership) -> None:
    order.waiter = waiter
    order.updated_at = held.now
    order.save(update_fields=["waiter", "updated_at"])
    publish(OrderChanged(venue_id=held.venue.pk, order_id=order.pk))
