"""Private steps that make one bill of two, and one party of the guests who have them."""

from collections.abc import Sequence

from bookings.models import Party
from bookings.selectors import tables_of
from bookings.services.parties import leave, seat_at
from floorplan.models import Table
from orders.models import Order, OrderStatus, ServiceChoice
from orders.row_locks import Held
from orders.services.allergies import forget_who_has_seen
from orders.services.billing import settle
from orders.services.locking import refuse_if_lent
from orders.services.merging import merge_lines
from orders.services.opening import open_order_of
from orders.services.reparenting import join_party, own_orders, put_on_table, refuse_with_deposit, tell_kitchen
from orders.services.seating import take_covers
from pos.errors import Conflict
from pos.permissions import Actor


def join_bills(held: Held, *, source: Order, target: Order, actor: Actor) -> Order:
    """Put two bills together where the target is; both are open, held and free. Returns the one that stands there.

    Raises Locked, Conflict where two tabs would have to stay two, or both parties have a deposit.
    """
    _refuse_unlike(source, target)
    if is_anchored(source) and is_anchored(target):
        return _stay_two_bills(held, source, target, actor)
    into, emptied = (source, target) if is_anchored(source) else (target, source)
    into.bill_shown_amount = _shown_together(into, emptied)
    into.bill_printed_at = None
    if into.service_choice == ServiceChoice.STATED:
        # The guest's phone said so much for its own things; those that come now bring theirs.
        into.service_stated = (into.service_stated or 0) + emptied.service_amount
    into.is_prepaid = into.is_prepaid and emptied.is_prepaid
    merge_lines(held, emptied, into)
    party = join_parties(held, held.party_of(source), held.party_of(target), actor)
    if into is source:
        _take_the_place_of(held, source, target, party or _present(held, target))
    settle(held, into, actor)
    tell_kitchen(held, [into])
    return into


def is_anchored(order: Order) -> bool:
    """Money or Dojo know this order by its id: its lines stay. Money may be on its way, too."""
    return order.dojo_order_id is not None or order.payments.exists() or order.payment_intents.exists()


def join_parties(
    held: Held, one: Party | None, other: Party | None, actor: Actor, *, at: Sequence[Table] = ()
) -> Party | None:
    """Make one company of two who are here, at the tables of both unless it is said where; None: there are no two.

    The party that Dojo knows, or that has a deposit, is the one that remains. Raises Locked, Conflict when both have a
    deposit.
    """
    if one is None or other is None or one.pk == other.pk or not (one.is_here and other.is_here):
        return None
    if one.deposit_amount and other.deposit_amount:
        # A deposit pays the bills of its own party; of two in one nobody could say what is left.
        raise Conflict(f"Both {one} and {other} have a deposit: they stay two parties.")
    # ``other`` is where the guests come together: it remains unless only the first is somebody's elsewhere.
    stays, goes = (one, other) if _weight(one) > _weight(other) else (other, one)
    the_tables_bill = open_order_of(held, other)
    _take_guests_over(stays, goes)
    if stays.allergens or stays.allergy_note:
        forget_who_has_seen([*own_orders(held, stays), *own_orders(held, goes)])
    seat_at(stays, at or list({table.pk: table for table in (*tables_of(other), *tables_of(one))}.values()))
    for order in own_orders(held, one):
        order.is_separate_bill = order.is_separate_bill or (the_tables_bill is not None and not order.is_prepaid)
    for order in own_orders(held, goes):
        refuse_if_lent(held, order)
        order.party = stays
        order.reservation_id = stays.reservation_id or order.reservation_id
    leave(goes, held.now)
    _count_guests(held, stays, actor)
    return stays


def _weight(party: Party) -> tuple[bool, bool]:
    return bool(party.deposit_amount), party.dojo_party_id is not None


def _count_guests(held: Held, party: Party, actor: Actor) -> None:
    """All bills of a company are for as many guests as it has now. Raises Locked where that changes a lent one."""
    for order in own_orders(held, party):
        if not order.is_prepaid and take_covers(held, order, party.covers):
            refuse_if_lent(held, order)
        settle(held, order, actor)


def _take_guests_over(stays: Party, goes: Party) -> None:
    """No guest is lost from the number, and nothing anybody said about what they must not eat."""
    stays.covers = (stays.covers or 0) + (goes.covers or 0) or None
    stays.name = stays.name or goes.name
    stays.waiter_id = stays.waiter_id or goes.waiter_id
    stays.allergens = sorted({*stays.allergens, *goes.allergens})
    notes = dict.fromkeys(note for note in (stays.allergy_note, goes.allergy_note) if note)
    stays.allergy_note = "; ".join(notes)[:200]
    # The guests' own words belong to their party and are never edited; what the others said goes into our notes.
    said = [stays.host_notes, goes.host_notes, f"{goes}: {goes.guest_requests}" if goes.guest_requests else ""]
    stays.host_notes = "\n".join(dict.fromkeys(words for words in said if words))
    stays.save()


def _refuse_unlike(source: Order, target: Order) -> None:
    if source.order_type != target.order_type:
        raise Conflict(f"{source.display_name} and {target.display_name} are not eaten in the same place.")
    for order in (source, target):
        if order.status == OrderStatus.SUBMITTED:
            raise Conflict(f"Accept {order.display_name} first.")


def _stay_two_bills(held: Held, source: Order, target: Order, actor: Actor) -> Order:
    """Lines that money or Dojo know stay where they are: the guests come together, each bill with them."""
    if join_parties(held, held.party_of(source), held.party_of(target), actor) is not None:
        return target
    # One of them has no guests of its own at a table: it hangs under the other's party.
    for host, guest in ((target, source), (source, target)):
        party = _present(held, host)
        if party is not None and host.table is not None and _present(held, guest) is None:
            join_party(held, guest, party, host.table, actor)
            return target
    raise Conflict(f"{source.display_name} and {target.display_name} are paid on already: they stay two bills.")


def _take_the_place_of(held: Held, source: Order, target: Order, party: Party | None) -> None:
    """The bill that money or Dojo know goes where the other one was; a tab's lines just come to it."""
    if party is None or target.table is None:
        return
    if source.party_id not in (None, party.pk):
        refuse_with_deposit(source)
    source.is_separate_bill = target.is_separate_bill
    source.joins_back = False
    source.follows = None
    source.party = party
    source.reservation_id = party.reservation_id or source.reservation_id
    source.covers = source.covers if source.is_prepaid else party.covers
    put_on_table(held, source, target.table)


def _present(held: Held, order: Order) -> Party | None:
    party = held.party_of(order)
    return party if party is not None and party.is_here else None


def _shown_together(into: Order, emptied: Order) -> int | None:
    """What guests have seen of two bills they have seen of one."""
    shown = [order.bill_shown_amount for order in (into, emptied) if order.bill_shown_amount is not None]
    return sum(shown) if shown else None
