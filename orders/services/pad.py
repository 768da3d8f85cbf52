"""A waiter's pad: everything done for one table at one go, written down at the end in as few statements as it takes.

Services and the till's operations put their steps on a pad; ``settle()`` saves the lines and settles each order that
was touched, once. A step that refuses has changed nothing yet, so the steps after it may go on.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Max, QuerySet

from orders.models import Course, LineModifier, LineSubItem, Order, OrderLine, Product
from orders.models.order_line import WAITING_STATES
from orders.services.billing import settle
from orders.services.lines import LineRows, NewLine, is_waiting
from orders.services.locking import refuse_if_lent
from orders.services.menu_card import MenuCard, Stock, read_menu
from orders.services.targets import OnOrder, Place, Target, find_place
from orders.services.tenders import refuse_if_closed
from orders.services.vat import VatRates, rates_for
from pos.errors import InvalidRequest, NotFound
from pos.permissions import Actor
from pos.service import StartAgain, retry_on_race

# Two deliveries of one new line: the second finds the line of the first.
retry_on_race("orders_orderline_pkey")


class Pad:
    """One table, tab or order in hand: its place, its lines, the menu and what is left of it."""

    def __init__(self, place: Place, lines: dict[str, OrderLine], card: MenuCard, stock: Stock) -> None:
        self.actor = place.actor
        self.place = place
        self.held = place.held
        self.card = card
        self.stock = stock
        self.lines = lines
        self._new: dict[str, LineRows] = {}
        self._changed: dict[str, OrderLine] = {}
        self._fields: set[str] = set()
        self._parts: list[LineSubItem] = []
        self._touched: dict[str, Order] = {}
        self._last_position: dict[str, int] = {}
        self._courses: dict[int, Course] | None = None
        self._rates: VatRates | None = None

    # --- finding --------------------------------------------------------------------------------------------------

    def line(self, line_id: str) -> OrderLine:
        """A line of this venue that the steps named, or added. Raises NotFound."""
        line = self.lines.get(line_id)
        if line is None or line.venue_id != self.held.venue.pk:
            raise NotFound("That line does not exist.", line=line_id)
        return line

    def order_of(self, line: OrderLine) -> Order:
        """The open order a line is on. Raises OrderClosed."""
        order = self.held.orders[line.order_id]
        refuse_if_closed(order)
        return order

    def order_to_lower(self, line: OrderLine) -> Order:
        """The same, for a change of the sum. Raises OrderClosed, Locked."""
        order = self.order_of(line)
        refuse_if_lent(self.held, order)
        return order

    def course(self, course_id: int) -> Course:
        """Raises InvalidRequest."""
        if self._courses is None:
            self._courses = {course.pk: course for course in Course.objects.filter(venue=self.held.venue)}
        if course_id not in self._courses:
            raise InvalidRequest("There is no such course.", field="course")
        return self._courses[course_id]

    def rates(self) -> VatRates:
        if self._rates is None:
            self._rates = rates_for(self.held.venue, self.held.now)
        return self._rates

    def waiting_lines(self, order: Order) -> list[OrderLine]:
        """What of an order is unsent or held, as it is now."""
        rows = _with_all(order.lines.filter(state__in=WAITING_STATES).exclude(pk__in=list(self.lines)))
        self.lines.update({line.pk: line for line in rows})
        ours = (line for line in self.lines.values() if line.order_id == order.pk and is_waiting(line))
        return sorted(ours, key=lambda line: (line.position, line.pk))

    # --- noting ---------------------------------------------------------------------------------------------------

    def next_position(self, order: Order) -> int:
        if order.pk not in self._last_position:
            last = order.lines.aggregate(last=Max("position"))["last"]
            self._last_position[order.pk] = last or 0
        self._last_position[order.pk] += 1
        return self._last_position[order.pk]

    def add(self, rows: LineRows) -> None:
        self._new[rows.line.pk] = rows
        self.lines[rows.line.pk] = rows.line
        self.touch(self.held.orders[rows.line.order_id])

    def change(self, line: OrderLine, *fields: str) -> None:
        """Note that these fields of a line are other now."""
        if line.pk not in self._new:
            self._changed[line.pk] = line
            self._fields.update(fields)
        self.touch(self.held.orders[line.order_id])

    def change_parts(self, parts: Iterable[LineSubItem]) -> None:
        self._parts += [part for part in parts if part.pk is not None]

    def rows_of(self, line: OrderLine) -> LineRows:
        """A line with its parts and choices, saved or not."""
        return self._new.get(line.pk) or LineRows(line, list(line.sub_items.all()), list(line.modifiers.all()))

    def uses_of(self, line: OrderLine, quantity: int) -> dict[Product, int]:
        """What of the menu so many of this line use up."""
        uses: dict[Product, int] = {line.product: quantity} if line.product else {}
        for part in self.rows_of(line).parts:
            if part.portion is not None:
                product = part.portion.product
                uses[product] = uses.get(product, 0) + quantity * part.quantity
        return uses

    def touch(self, order: Order) -> None:
        self._touched[order.pk] = order

    # --- writing --------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write the lines as they are now, without pricing them."""
        if self._new:
            rows = list(self._new.values())
            OrderLine.objects.bulk_create(row.line for row in rows)
            LineSubItem.objects.bulk_create(part for row in rows for part in row.parts)
            LineModifier.objects.bulk_create(choice for row in rows for choice in row.choices)
            self._new = {}
        if self._changed:
            OrderLine.objects.bulk_update(self._changed.values(), sorted(self._fields))
            self._changed = {}
            self._fields = set()
        if self._parts:
            LineSubItem.objects.bulk_update(self._parts, ["vat_rate"])
            self._parts = []
        self.stock.save()

    def settle(self, *, lowered_by_right: bool = False) -> None:
        """Write everything down and settle each touched order. Raises ApprovalRequired for a seen bill lowered."""
        self.flush()
        for order in self._touched.values():
            settle(self.held, order, self.actor, lowered_by_right=lowered_by_right)
        self._touched = {}


def open_pad(actor: Actor, target: Target, *, new_lines: Sequence[NewLine] = (), line_ids: Iterable[str] = ()) -> Pad:
    """Take a pad for a target, with every line that will be named. Raises NotFound, InvalidRequest, Conflict."""
    named = set(line_ids) | {new.line_id for new in new_lines if new.line_id}
    homes = _homes(actor, named)
    place = find_place(actor, target, also_orders=homes.values())
    lines = _lines(named) if named else {}
    ours = [line for line in lines.values() if line.venue_id == actor.venue.pk]
    if any(line.order_id not in place.held.orders for line in ours):
        raise StartAgain
    card = MenuCard()
    if new_lines:
        card = read_menu(
            actor.venue,
            plus=(plu for new in new_lines for plu in new.plus),
            modifier_plus=(plu for new in new_lines for plu in new.modifier_plus),
        )
    stock = Stock(actor.venue, place.held.now, [*card.products, *_products_of(ours)])
    return Pad(place, lines, card, stock)


def pad_of_line(actor: Actor, line_id: str) -> tuple[Pad, OrderLine]:
    """Take a pad for one line, wherever it is now. Raises NotFound."""
    order_id = _homes(actor, {line_id}).get(line_id)
    if order_id is None:
        raise NotFound("That line does not exist.", line=line_id)
    pad = open_pad(actor, OnOrder(order_id), line_ids=[line_id])
    return pad, pad.line(line_id)


def _homes(actor: Actor, line_ids: set[str]) -> dict[str, str]:
    if not line_ids:
        return {}
    rows = OrderLine.objects.filter(venue=actor.venue, pk__in=line_ids)
    return dict(rows.values_list("pk", "order_id"))


def _lines(line_ids: set[str]) -> dict[str, OrderLine]:
    # Not of this venue only: a till's new line id may be taken elsewhere, and must then be refused.
    return {line.pk: line for line in _with_all(OrderLine.objects.filter(pk__in=line_ids))}


def _with_all(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    return lines.select_related("product").prefetch_related("sub_items__portion__product", "modifiers")


def _products_of(lines: Iterable[OrderLine]) -> Iterable[Product]:
    for line in lines:
        if line.product is not None:
            yield line.product
        for part in line.sub_items.all():
            if part.portion is not None:
                yield part.portion.product
