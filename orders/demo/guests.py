"""Who came to the demo pub on a day, what they had and how they paid. Pure: the same day is always the same."""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from orders.demo import people
from orders.demo.drinks import HOT_DRINKS
from orders.demo.floor import PLACES, Place
from orders.demo.menu import AFTER, AT_ONCE, DESSERT, MAIN, QUESTIONS, STARTER, Item, Section

NOON = 12 * 60
LAST_ORDERS = 22 * 60 + 15
DOORS_CLOSE = 23 * 60 + 30

# Monday first.
ORDERS_BY_WEEKDAY = (33, 35, 39, 44, 56, 58, 50)
QUESTION_BY_CODE = {question.code: question for question in QUESTIONS}
GUEST_NAMES = ("Sam", "Alex", "Robin", "Charlie", "Jamie", "Frankie", "Kit", "Billie", "Morgan", "Jules", "Noor", "Bea")


class Kind(StrEnum):
    MEAL = "meal"
    DRINKS = "drinks"
    TAB = "tab"
    PHONE = "phone"
    """Ordered and paid on a phone, collected at the bar."""


class Event(StrEnum):
    """What made an order out of the ordinary."""

    NONE = ""
    VOIDED = "voided"
    ON_THE_HOUSE = "on the house"
    NEIGHBOUR = "neighbour"
    NO_SERVICE = "no service"
    REFUNDED = "refunded"
    WALKED_OUT = "walked out"


class Tender(StrEnum):
    CARD = "card"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Want:
    """One line as the guest asked for it; ``after`` is in minutes from sitting down."""

    item: Item
    section: Section
    size: int
    quantity: int
    after: int
    choices: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    note: str = ""

    @property
    def plu(self) -> str:
        return self.item.plu(self.item.sizes[self.size])


@dataclass(slots=True)
class Visit:
    arrives: int
    """Minutes after midnight."""
    kind: Kind
    covers: int
    guest: str
    waiter: str
    place: Place | None = None
    wants: list[Want] = field(default_factory=list)
    event: Event = Event.NONE
    tenders: tuple[Tender, ...] = (Tender.CARD,)
    tip_percent: int = 0

    @property
    def on_the_phone(self) -> bool:
        return self.kind is Kind.PHONE

    @property
    def pays_after(self) -> int:
        """Minutes from sitting down to the bill."""
        last = max(want.after for want in self.wants)
        return last + (8 if self.kind in (Kind.TAB, Kind.PHONE) else 20)


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu, sorted by what a guest looks for."""

    sections: tuple[Section, ...]

    def pick(self, random: Random, section: str) -> tuple[Item, Section]:
        found = next(known for known in self.sections if known.name == section)
        # The top of a list sells best.
        weights = [len(found.items) + 2 - position for position in range(len(found.items))]
        return random.choices(found.items, weights)[0], found


def day_of_visits(menu: Menu, *, number: int, weekday: int) -> list[Visit]:
    """Everybody who came on the demo's n-th day, in the order in which they sat down."""
    random = Random(f"the copper kettle, day {number}")
    wanted = min(60, max(30, ORDERS_BY_WEEKDAY[weekday] + random.randint(-3, 3)))
    visits = [_visit(random, menu, arrives) for arrives in sorted(_arrival(random) for _ in range(wanted))]
    _find_places(visits)
    _make_it_a_day(random, visits, number)
    return visits


def _arrival(random: Random) -> int:
    start, end = random.choices(
        ((NOON, NOON + 150), (NOON + 150, 18 * 60), (18 * 60, 20 * 60 + 45), (20 * 60 + 45, LAST_ORDERS)),
        (32, 14, 42, 12),
    )[0]
    return random.randrange(start, end)


def _visit(random: Random, menu: Menu, arrives: int) -> Visit:
    meal_time = NOON <= arrives < NOON + 150 or 18 * 60 <= arrives < 20 * 60 + 45
    kinds = (Kind.MEAL, Kind.DRINKS, Kind.TAB, Kind.PHONE)
    kind = random.choices(kinds, (68, 12, 12, 8) if meal_time else (15, 45, 34, 6))[0]
    covers = random.choices((1, 2, 3, 4, 5, 6), (10, 44, 14, 20, 6, 6))[0]
    waiters = [person.login for person in people.PEOPLE if person.role == "waiter"]
    visit = Visit(arrives, kind, covers, random.choice(GUEST_NAMES), random.choice(waiters))
    visit.wants = _merged(_WISHES[kind](random, menu, visit))
    card_only = ((Tender.CARD,),)
    how = (*card_only, (Tender.CASH,), (Tender.CARD, Tender.CARD), (Tender.CASH, Tender.CARD))
    visit.tenders = (Tender.CARD,) if kind is Kind.PHONE else random.choices(how, (70, 14, 11, 5))[0]
    visit.tip_percent = random.choices((0, 3, 5, 10), (72, 10, 12, 6))[0]
    return visit


def _meal(random: Random, menu: Menu, visit: Visit) -> list[Want]:
    evening = visit.arrives >= 17 * 60
    wants = _round_of_drinks(random, menu, visit.covers, after=3)
    set_lunch = not evening and random.random() < 0.2
    for _ in range(visit.covers):
        if set_lunch:
            wants.append(_want(random, *_offer(menu, "Set lunch"), after=9))
            continue
        if random.random() < (0.5 if evening else 0.15):
            wants.append(_want(random, *menu.pick(random, random.choice(("Starters", "Starters", "Nibbles"))), after=9))
        wants.append(_main_course(random, menu, evening))
    wants += [
        _want(random, *menu.pick(random, "Sides"), after=30 if evening else 9)
        for _ in range(random.randint(0, (visit.covers + 1) // 2))
    ]
    if random.random() < 0.55:
        wants += _round_of_drinks(random, menu, max(1, visit.covers - random.randint(0, 2)), after=38)
    if random.random() < 0.4:
        wants += [_want(random, *menu.pick(random, "Desserts"), after=66) for _ in range(1 + visit.covers // 3)]
    if random.random() < 0.35:
        wants += [_want(random, *menu.pick(random, HOT_DRINKS.name), after=72) for _ in range(1 + visit.covers // 2)]
    return wants


def _main_course(random: Random, menu: Menu, evening: bool) -> Want:
    if random.random() < 0.07:
        return _want(random, *_offer(menu, "Burger and a pint"), after=9)
    section = random.choices(("Mains", "Sandwiches", "Children"), (92, 2, 6) if evening else (66, 28, 6))[0]
    return _want(random, *menu.pick(random, section), after=30 if evening else 9)


def _just_drinks(random: Random, menu: Menu, visit: Visit) -> list[Want]:
    if visit.arrives < 17 * 60 and random.random() < 0.5:
        hot = [_want(random, *menu.pick(random, HOT_DRINKS.name), after=2) for _ in range(visit.covers)]
        cake = [_want(random, *menu.pick(random, "Desserts"), after=2) for _ in range(visit.covers // 2)]
        return [*hot, *cake]
    rounds = random.choices((1, 2, 3), (30, 45, 25))[0]
    wants = [
        want for turn in range(rounds) for want in _round_of_drinks(random, menu, visit.covers, after=2 + 24 * turn)
    ]
    if random.random() < 0.4:
        wants.append(_want(random, *menu.pick(random, random.choice(("Bar snacks", "Nibbles", "Sides"))), after=12))
    return wants


def _from_the_phone(random: Random, menu: Menu, visit: Visit) -> list[Want]:
    wants = [
        _want(random, *menu.pick(random, random.choice(("Mains", "Sandwiches"))), after=0) for _ in range(visit.covers)
    ]
    if random.random() < 0.6:
        wants.append(_want(random, *menu.pick(random, "Sides"), after=0))
    return wants


_WISHES = {Kind.MEAL: _meal, Kind.DRINKS: _just_drinks, Kind.TAB: _just_drinks, Kind.PHONE: _from_the_phone}


def _round_of_drinks(random: Random, menu: Menu, glasses: int, *, after: int) -> list[Want]:
    sections = random.choices(
        ("Draught", "Wine", "Soft drinks", "Spirits", "Bottles", "Cocktails"), (36, 24, 22, 9, 4, 5), k=glasses
    )
    return [_want(random, *menu.pick(random, section), after=after) for section in sections]


def _offer(menu: Menu, name: str) -> tuple[Item, Section]:
    section = next(known for known in menu.sections if known.name == "Offers")
    return next(item for item in section.items if item.name == name), section


def _want(random: Random, item: Item, section: Section, *, after: int) -> Want:
    weights = [10, *(3 for _ in item.sizes[1:])]
    size = random.choices(range(len(item.sizes)), weights)[0]
    codes = section.questions if item.questions is None else item.questions
    choices: list[str] = []
    for code in codes:
        question = QUESTION_BY_CODE[code]
        if question.minimum or random.random() < 0.25:
            choices.append(question.plu(random.choice(question.choices)))
    notes = section.notes if item.notes is None else item.notes
    note = random.choice(notes) if notes and random.random() < 0.06 else ""
    parts = tuple(random.choice(options)[0] for _, options in item.parts)
    return Want(item, section, size, 1, after, tuple(choices), parts, note)


def _merged(wants: list[Want]) -> list[Want]:
    """Three of the same, sent together, are one line of three; what goes first comes first."""
    counted: dict[Want, int] = {}
    for want in wants:
        counted[want] = counted.get(want, 0) + 1
    in_order = (AT_ONCE, STARTER, MAIN, DESSERT, AFTER)
    merged = [
        Want(w.item, w.section, w.size, quantity, w.after, w.choices, w.parts, w.note)
        for w, quantity in counted.items()
    ]
    return sorted(merged, key=lambda want: (want.after, in_order.index(want.section.course or AT_ONCE)))


def _find_places(visits: list[Visit]) -> None:
    """Seat each party at the smallest table that is free; where none is, they drink at the bar on a tab."""
    free_from = {place.code: 0 for place in PLACES}
    by_size = sorted(PLACES, key=lambda place: place.covers)
    for visit in visits:
        if visit.kind in (Kind.TAB, Kind.PHONE):
            continue
        fits = (place for place in by_size if place.covers >= visit.covers and free_from[place.code] <= visit.arrives)
        visit.place = next(fits, None)
        if visit.place is None:
            visit.kind = Kind.TAB
            continue
        visit.waiter = visit.place.waiters[visit.arrives % len(visit.place.waiters)]
        free_from[visit.place.code] = visit.arrives + visit.pays_after + 12


def _make_it_a_day(random: Random, visits: list[Visit], number: int) -> None:
    """Spread over the day what goes wrong in every pub: a few voids, gifts and refunds, and once somebody runs."""
    seated = [visit for visit in visits if visit.place is not None and len(visit.wants) > 3]
    events = [Event.VOIDED, Event.ON_THE_HOUSE, Event.NEIGHBOUR, Event.NO_SERVICE, Event.NO_SERVICE]
    if number % 2 == 0:
        events += [Event.REFUNDED, Event.VOIDED]
    if number == 9:
        events.append(Event.WALKED_OUT)
    for visit, event in zip(random.sample(seated, len(events)), events, strict=True):
        visit.event = event
        if event is Event.REFUNDED:
            visit.tenders = (random.choice((Tender.CARD, Tender.CASH)),)
