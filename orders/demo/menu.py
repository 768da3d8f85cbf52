"""What the demo venue sells: a bistro pub's menu, with the sizes, questions and gaps of a real one."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.text import slugify

from orders.models import ALLERGENS, ProductKind

KITCHEN, COLD, BAR, COFFEE = "kitchen", "cold", "bar", "coffee"
# The stations beyond those that every venue starts with (kitchen, bar).
MORE_STATIONS = ((COLD, "Cold section"), (COFFEE, "Coffee"))

AT_ONCE, STARTER, MAIN, DESSERT, AFTER = "Drinks", "Starters", "Mains", "Desserts", "Coffee"
MORE_COURSES = (AFTER,)


class Size(NamedTuple):
    name: str
    measure: str
    price: int


class Choice(NamedTuple):
    name: str
    price: int = 0
    contains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A modifier group."""

    code: str
    name: str
    choices: tuple[Choice, ...]
    minimum: int = 0
    maximum: int | None = 1

    def plu(self, choice: Choice) -> str:
        return f"{self.code}-{slugify(choice.name)}"


@dataclass(frozen=True, slots=True)
class Item:
    """A product; what it does not say itself, its section says."""

    name: str
    sizes: tuple[Size, ...]
    contains: tuple[str, ...] = ()
    may_contain: tuple[str, ...] = ()
    all_known: bool = False
    """Every other allergen is recorded as free from."""
    questions: tuple[str, ...] | None = None
    notes: tuple[str, ...] | None = None
    station: str | None = None
    vat: str | None = None
    favourite: bool = False
    kind: ProductKind = ProductKind.GOODS
    parts: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    """Of a combo: (part, ((plu, surcharge), …))."""

    def plu(self, size: Size) -> str:
        return slugify(f"{self.name} {size.name}")

    @property
    def free_from(self) -> tuple[str, ...]:
        if not self.all_known:
            return ()
        return tuple(name for name in ALLERGENS if name not in (*self.contains, *self.may_contain))


@dataclass(frozen=True, slots=True)
class Section:
    """A category of the order screen, and what most of its products have in common."""

    name: str
    course: str | None
    station: str | None
    vat: str
    items: tuple[Item, ...]
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


QUESTIONS = (
    Question(
        "cooked",
        "How cooked",
        tuple(map(Choice, ("Blue", "Rare", "Medium rare", "Medium", "Medium well", "Well done"))),
        minimum=1,
    ),
    Question(
        "sauce",
        "Sauce",
        (
            Choice("Peppercorn", 250, ("milk", "celery")),
            Choice("Béarnaise", 250, ("milk", "eggs")),
            Choice("Red wine jus", 250, ("celery", "sulphites")),
            Choice("Garlic butter", 200, ("milk",)),
        ),
    ),
    Question(
        "side",
        "Comes with",
        (
            Choice("Triple-cooked chips"),
            Choice("Buttered mash", contains=("milk",)),
            Choice("New potatoes"),
            Choice("House salad", contains=("mustard",)),
        ),
        minimum=1,
    ),
    Question(
        "burger",
        "On the burger",
        (
            Choice("Extra cheddar", 150, ("milk",)),
            Choice("Smoked bacon", 200),
            Choice("Fried egg", 150, ("eggs",)),
            Choice("Gluten-free bun", 100, ("eggs",)),
            Choice("No onion"),
            Choice("No pickles"),
        ),
        maximum=None,
    ),
    Question(
        "mixer",
        "Mixer",
        (
            Choice("Tonic", 200),
            Choice("Slimline tonic", 200),
            Choice("Cola", 200),
            Choice("Lemonade", 150),
            Choice("Ginger ale", 200),
            Choice("Soda", 100),
        ),
    ),
    Question("ice", "Ice", tuple(map(Choice, ("No ice", "Lots of ice")))),
    Question(
        "milk",
        "Milk",
        (
            Choice("Oat milk", 40, ("gluten",)),
            Choice("Soya milk", 40, ("soya",)),
            Choice("Skimmed milk", 0, ("milk",)),
        ),
    ),
    Question(
        "coffee", "Coffee extras", (Choice("Extra shot", 60), Choice("Decaf"), Choice("Vanilla syrup", 50)), maximum=3
    ),
    Question(
        "scoop",
        "Scoops",
        (
            Choice("Vanilla", contains=("milk", "eggs")),
            Choice("Chocolate", contains=("milk", "eggs", "soya")),
            Choice("Strawberry", contains=("milk",)),
            Choice("Salted caramel", contains=("milk",)),
            Choice("Lemon sorbet"),
        ),
        minimum=1,
        maximum=3,
    ),
)


def one(price: int) -> tuple[Size, ...]:
    return (Size("", "", price),)


def draught(pint: int) -> tuple[Size, ...]:
    return (Size("pint", "568 ml", pint), Size("half", "284 ml", pint // 2))


def by_the_glass(small: int, medium: int, large: int, bottle: int) -> tuple[Size, ...]:
    # The first size is the one a single tap sells.
    return (
        Size("175", "175 ml", medium),
        Size("125", "125 ml", small),
        Size("250", "250 ml", large),
        Size("bottle", "750 ml", bottle),
    )


def spirit(single: int, double: int) -> tuple[Size, ...]:
    return (Size("single", "25 ml", single), Size("double", "50 ml", double))


def water(small: int, large: int) -> tuple[Size, ...]:
    return (Size("330", "330 ml", small), Size("750", "750 ml", large))
