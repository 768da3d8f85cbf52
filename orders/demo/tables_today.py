"""What goes on at the tables of the demo pub right now; one story each, longest sitting first."""

from collections.abc import Callable

from orders.demo.phones_today import pay_by_phone
from orders.demo.shift import Shift, line
from orders.models import LineState, OrderType
from orders.services.allergies import note_allergy
from orders.services.targets import OfParty, OnOrder

SENT, STARTED, READY, SERVED = LineState.SENT, LineState.STARTED, LineState.READY, LineState.SERVED
MEDIUM_RARE, MEDIUM, WELL_DONE = "cooked-medium-rare", "cooked-medium", "cooked-well-done"

Story = Callable[[Shift, str], None]


def _at_the_end(shift: Shift, code: str) -> None:
    """Everything is served, and they owe it all: what a card machine finds."""
    party = shift.seat("tom", [code], 4)
    shift.wait(5, party=party)
    order = shift.take(
        "tom",
        party,
        line("kettle-pale-ale-pint", 2, seats=(1, 2)),
        line("sauvignon-blanc-bottle", seats=(3, 4)),
        line("ribeye-10-oz", 1, MEDIUM_RARE, "sauce-peppercorn", seats=(1,)),
        line("fish-and-chips", seats=(2,)),
        line("caesar-salad", note="no anchovy", seats=(3,)),
        line("sea-bass-fillet", seats=(4,)),
        line("seasonal-greens", note="to share"),
    )
    shift.wait(6, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(14, party=party)
    shift.cook(order, "Mains", SERVED)
    shift.wait(35, party=party)


def _paid(shift: Shift, code: str) -> None:
    party = shift.seat("sofia", [code], 2)
    order = shift.take(
        "sofia", party, line("prosecco-125", 2), line("mushroom-risotto"), line("roast-chicken", 1, "side-new-potatoes")
    )
    shift.wait(25, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.cook(order, "Mains", SERVED)
    shift.wait(40, party=party)
    shift.print_bill("sofia", order)
    shift.wait(5, party=party)
    shift.card(order, "pi_demo_today_paid", tips=500)


def _bill_printed(shift: Shift, code: str) -> None:
    party = shift.seat("tom", [code], 6, booked_by="Grace")
    order = shift.take(
        "tom",
        party,
        line("pilsner-pint", 3),
        line("lemonade-half", 2),
        line("sparkling-water-750"),
        line("kettle-burger", 2, "burger-smoked-bacon", "burger-extra-cheddar"),
        line("halloumi-burger"),
        line("mini-burger", 2, note="plain"),
        line("burger-and-a-pint", parts=("kettle-burger", "best-bitter-pint")),
        line("skin-on-fries", 3),
    )
    shift.wait(20, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.cook(order, "Mains", SERVED)
    shift.wait(30, party=party)
    shift.another_round("tom", order, line("ice-cream", 2, "scoop-vanilla", "scoop-strawberry"), line("flat-white", 2))
    shift.fire("tom", order, "Coffee")
    shift.wait(9, party=party)
    shift.cook(order, "Desserts", SERVED)
    shift.cook(order, "Coffee", SERVED)
    shift.wait(12, party=party)
    shift.print_bill("tom", order)
    shift.wait(6, party=party)


def _part_paid(shift: Shift, code: str) -> None:
    """They split it, and one of the two has paid."""
    party = shift.seat("sofia", [code], 2)
    order = shift.take(
        "sofia",
        party,
        line("malbec-175", 2),
        line("flat-iron-steak", 1, MEDIUM, seats=(1,)),
        line("steak-and-ale-pie", 1, "side-buttered-mash", seats=(2,)),
        line("onion-rings"),
    )
    shift.wait(18, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.cook(order, "Mains", SERVED)
    shift.wait(32, party=party)
    shift.print_bill("sofia", order)
    shift.wait(3, party=party)
    shift.card(order, "pi_demo_today_half", part=2, tips=200)


def _mains_held(shift: Shift, code: str) -> None:
    """Drinks and starters are served; the kitchen waits for the word."""
    party = shift.seat("ana", [code], 7, booked_by="Omar")
    order = shift.take(
        "ana",
        party,
        line("merlot-bottle"),
        line("picpoul-bottle"),
        line("still-water-750", 2),
        line("prawn-cocktail", 2, seats=(1, 4)),
        line("soup-of-the-day", 2, seats=(2, 3)),
        line("bread-board"),
        line("ribeye-10-oz", 2, MEDIUM, seats=(1, 5)),
        line("ribeye-10-oz", 1, WELL_DONE, "sauce-red-wine-jus", seats=(2,)),
        line("sea-bass-fillet", 2, seats=(3, 4)),
        line("mushroom-risotto", 2, seats=(6, 7)),
        line("triple-cooked-chips", 3),
    )
    shift.wait(7, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(12, party=party)
    shift.cook(order, "Starters", SERVED)
    shift.wait(14, party=party)


def _food_ready(shift: Shift, code: str) -> None:
    """Somebody here must not eat nuts, and their mains stand at the pass."""
    party = shift.seat("ana", [code], 4)
    order = shift.take(
        "ana",
        party,
        line("elderflower-presse", 2, seats=(2, 3)),
        line("guest-ale-pint", 2, seats=(1, 4)),
        line("roast-chicken", 1, "side-house-salad", seats=(1,)),
        line("sweet-potato-curry", note="mild", seats=(2,)),
        line("sausages-and-mash", 2, seats=(3, 4)),
    )
    note_allergy(
        actor=shift.people["ana"], target=OnOrder(order), seat=2, allergens=["nuts", "peanuts"], note="Carries a pen"
    )
    shift.see_allergies(order)
    shift.wait(5, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(13, party=party)
    shift.cook(order, "Mains", READY)
    shift.wait(2, party=party)


def _mains_cooking(shift: Shift, code: str) -> None:
    party = shift.seat("sofia", [code], 3)
    order = shift.take(
        "sofia",
        party,
        line("stout-pint", 2),
        line("london-dry-gin-double", 1, "mixer-slimline-tonic"),
        line("scotch-egg"),
        line("padron-peppers"),
        line("kettle-burger", 1, "burger-fried-egg"),
        line("fish-and-chips", 2),
    )
    shift.wait(5, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(10, party=party)
    shift.cook(order, "Starters", SERVED)
    shift.wait(9, party=party)
    shift.fire("sofia", order, "Mains")
    shift.wait(3, party=party)
    shift.cook(order, "Mains", STARTED)
    shift.wait(6, party=party)


def _sent(shift: Shift, code: str) -> None:
    party = shift.seat("ana", [code], 4)
    shift.wait(6, party=party)
    order = shift.take(
        "ana",
        party,
        line("chardonnay-250"),
        line("dry-cider-half"),
        line("cola-330", 2, note="no ice"),
        line("salt-and-pepper-squid", 2),
        line("beetroot-and-goats-curd"),
        line("roast-chicken", 2, "side-triple-cooked-chips"),
        line("steak-and-ale-pie", 1, "side-buttered-mash"),
        line("tomato-pasta", note="with the starters"),
    )
    shift.wait(3, party=party)
    shift.cook(order, "Drinks", STARTED)
    shift.cook(order, "Starters", SENT)


def _unsent(shift: Shift, code: str) -> None:
    """The waiter is still writing."""
    party = shift.seat("ana", [code], 3)
    shift.wait(4, party=party)
    shift.add("ana", OfParty(party), line("aperitivo-spritz", 2), line("orange-juice"), line("marinated-olives"))


def _seated(shift: Shift, code: str) -> None:
    party = shift.seat("ana", [code], 2)
    shift.wait(3, party=party)


def _on_the_terrace(shift: Shift, code: str) -> None:
    party = shift.seat("leila", [code], 2)
    order = shift.take("leila", party, line("latte", 1, "milk-oat-milk"), line("fresh-mint-tea"), line("lemon-tart", 2))
    shift.fire("leila", order, "Coffee")
    shift.wait(4, party=party)
    shift.cook(order, "Desserts", SENT)
    shift.cook(order, "Coffee", SENT)


def _in_the_sun(shift: Shift, code: str) -> None:
    party = shift.seat("leila", [code], 5)
    order = shift.take("leila", party, line("pale-rose-bottle"), line("pilsner-pint", 3), line("skin-on-fries", 2))
    shift.wait(9, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.cook(order, "Mains", SERVED)
    shift.wait(16, party=party)
    shift.another_round("leila", order, line("pilsner-pint", 3), line("pale-rose-250", 2))
    shift.cook(order, "Drinks", SENT)
    shift.wait(2, party=party)


def _with_a_phone(shift: Shift, code: str) -> None:
    """They began with the waiter and ordered more by phone: two bills, one of them paid already."""
    party = shift.seat("leila", [code], 2)
    order = shift.take("leila", party, line("kettle-mule", 2))
    shift.wait(11, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(9, party=party)
    by_phone = pay_by_phone(
        shift,
        "demo-today-table",
        OrderType.DINE_IN,
        ("club-sandwich", 2),
        ("skin-on-fries", 1),
        guest="Kit",
        table_code=code,
    )
    shift.cook(by_phone, "Mains", SENT)


def _in_the_snug(shift: Shift, code: str) -> None:
    party = shift.seat("jack", [code], 4)
    order = shift.take("jack", party, line("best-bitter-pint", 3), line("single-malt-single"), line("salted-crisps", 2))
    shift.wait(4, party=party)
    shift.cook(order, "Drinks", SERVED)
    shift.wait(18, party=party)


AT_TABLES: dict[str, Story] = {
    "t12": _at_the_end,
    "t11": _paid,
    "t9": _bill_printed,
    "t8": _part_paid,
    "t5": _mains_held,
    "t4": _food_ready,
    "t10": _mains_cooking,
    "t3": _sent,
    "t6": _unsent,
    "t2": _seated,
    "t25": _in_the_sun,
    "t22": _with_a_phone,
    "t24": _on_the_terrace,
    "b5": _in_the_snug,
}
