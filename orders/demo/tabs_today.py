"""Tabs at the bar of the demo pub; one story each."""

from collections.abc import Callable

from orders.demo.shift import Shift, line
from orders.models import LineState
from orders.services.targets import NewTab

SERVED = LineState.SERVED


def _with_a_limit(shift: Shift, tab: NewTab) -> None:
    order = shift.add("jack", tab, line("old-fashioned", 2), line("salted-peanuts"))
    shift.send("jack", order)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(22, order=order)
    shift.another_round("jack", order, line("old-fashioned"), line("espresso-martini"))
    shift.cook(order, "Drinks", SERVED)
    shift.wait(12, order=order)


def _quiz_team(shift: Shift, tab: NewTab) -> None:
    order = shift.add("jack", tab, line("kettle-pale-ale-pint", 4))
    shift.another_round("jack", order, line("fruit-cider", 2))
    shift.cook(order, "Drinks", LineState.SENT)
    shift.wait(3, order=order)


def _one_for_the_road(shift: Shift, tab: NewTab) -> None:
    """Come and gone: the till has taken money today already."""
    order = shift.add("jack", tab, line("best-bitter-pint"), line("salted-crisps"))
    shift.send("jack", order)
    shift.wait(4, order=order)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(50, order=order)
    shift.cash("jack", order)


ON_TABS: dict[NewTab, Callable[[Shift, NewTab], None]] = {
    NewTab(name="Billie", description="By the door"): _one_for_the_road,
    NewTab(name="Frankie", description="With the dog"): _one_for_the_road,
    NewTab(name="Robin", description="Red scarf, by the dartboard", limit=8000): _with_a_limit,
    NewTab(name="Quiz team", description="Six of them, upstairs"): _quiz_team,
}
