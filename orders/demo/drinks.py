"""The bar's half of the demo menu, its combos, and what is sold without being made."""

from orders import vat_presets as vat
from orders.demo.menu import (
    AFTER,
    AT_ONCE,
    BAR,
    COFFEE,
    KITCHEN,
    MAIN,
    Item,
    Section,
    Size,
    by_the_glass,
    draught,
    one,
    spirit,
    water,
)
from orders.models import ProductKind

_BEER = ("gluten",)
_WINE = ("sulphites",)
_MILK = ("milk",)
_PROSECCO = (Size("125", "125 ml", 720), Size("bottle", "750 ml", 3600))
_COLA = (Size("330", "330 ml", 340),)
_LEMONADE = (Size("half", "284 ml", 240), Size("pint", "568 ml", 420))
_ESPRESSO = (Size("single", "", 260), Size("double", "", 310))

DRINKS = (
    Section(
        "Draught",
        AT_ONCE,
        BAR,
        vat.ALCOHOL,
        (
            Item("Kettle pale ale", draught(620), _BEER, favourite=True),
            Item("Best bitter", draught(560), _BEER),
            Item("Pilsner", draught(590), _BEER, favourite=True),
            Item("Stout", draught(640), _BEER, may_contain=_MILK),
            Item("Guest ale", draught(600), _BEER),
            Item("Dry cider", draught(580), _WINE),
        ),
        notes=("with lime", "shandy", "own glass"),
    ),
    Section(
        "Bottles",
        AT_ONCE,
        BAR,
        vat.ALCOHOL,
        (
            Item("Gluten-free IPA", one(550)),
            Item("Alcohol-free lager", one(480), _BEER, vat=vat.SOFT_DRINK),
            Item("Fruit cider", one(590), _WINE),
        ),
        notes=("no glass",),
    ),
    Section(
        "Wine",
        AT_ONCE,
        BAR,
        vat.ALCOHOL,
        (
            Item("Merlot", by_the_glass(610, 850, 1160, 3200), _WINE, favourite=True),
            Item("Malbec", by_the_glass(660, 920, 1250, 3500), _WINE),
            Item("Pinot noir", by_the_glass(720, 995, 1380, 3900), _WINE),
            Item("Sauvignon blanc", by_the_glass(630, 880, 1200, 3350), _WINE, favourite=True),
            Item("Chardonnay", by_the_glass(640, 890, 1220, 3400), _WINE),
            Item("Picpoul", by_the_glass(690, 960, 1310, 3700), _WINE),
            Item("Pale rosé", by_the_glass(650, 910, 1240, 3450), _WINE),
            Item("Prosecco", _PROSECCO, _WINE),
        ),
        notes=("with ice", "ice bucket", "two glasses"),
    ),
    Section(
        "Soft drinks",
        AT_ONCE,
        BAR,
        vat.SOFT_DRINK,
        (
            Item("Cola", _COLA, favourite=True),
            Item("Diet cola", _COLA),
            Item("Lemonade", _LEMONADE),
            Item("Orange juice", one(330)),
            Item("Ginger beer", one(360)),
            Item("Elderflower pressé", one(370)),
            Item("Sparkling water", water(260, 480)),
            Item("Still water", water(260, 480)),
        ),
        notes=("no ice", "no straw", "slice of lemon"),
    ),
    Section(
        "Spirits",
        AT_ONCE,
        BAR,
        vat.ALCOHOL,
        (
            Item("London dry gin", spirit(480, 860), favourite=True),
            Item("Pink gin", spirit(500, 900)),
            Item("Vodka", spirit(460, 820)),
            Item("Spiced rum", spirit(480, 860)),
            Item("Blended whisky", spirit(450, 800)),
            Item("Single malt", spirit(620, 1150)),
            Item("Brandy", spirit(500, 900)),
        ),
        questions=("mixer", "ice"),
        notes=("tall glass", "with lime"),
    ),
    Section(
        "Cocktails",
        AT_ONCE,
        BAR,
        vat.ALCOHOL,
        (
            Item("Espresso martini", one(1050)),
            Item("Aperitivo spritz", one(950), _WINE),
            Item("Old fashioned", one(1100)),
            Item("Kettle mule", one(980)),
        ),
    ),
    Section(
        "Bar snacks",
        AT_ONCE,
        None,
        vat.CONFECTIONERY,
        (Item("Salted crisps", one(180)), Item("Salted peanuts", one(200), ("peanuts",))),
    ),
)

HOT_DRINKS = Section(
    "Coffee and tea",
    AFTER,
    COFFEE,
    vat.HOT_DRINK,
    (
        Item("Flat white", one(360), _MILK, favourite=True),
        Item("Latte", one(370), _MILK),
        Item("Cappuccino", one(370), _MILK),
        Item("Americano", one(320)),
        Item("Espresso", _ESPRESSO, questions=("coffee",)),
        Item("Breakfast tea", one(290), questions=("milk",)),
        Item("Fresh mint tea", one(300), questions=()),
        Item("Hot chocolate", one(400), ("milk", "soya"), questions=("milk",)),
    ),
    questions=("milk", "coffee"),
    notes=("extra hot", "to go", "with the desserts"),
)

_A_PINT = (("kettle-pale-ale-pint", 0), ("pilsner-pint", 0), ("best-bitter-pint", 0), ("lemonade-pint", 0))

OFFERS = (
    Section(
        "Offers",
        MAIN,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item(
                "Burger and a pint",
                one(1995),
                favourite=True,
                parts=(
                    ("Burger", (("kettle-burger", 0), ("halloumi-burger", 0))),
                    ("Drink", (*_A_PINT, ("merlot-175", 150), ("cola-330", 0))),
                ),
            ),
            Item(
                "Set lunch",
                one(1850),
                parts=(
                    ("Starter", (("soup-of-the-day", 0), ("mushrooms-on-toast", 0), ("beetroot-and-goats-curd", 0))),
                    ("Main", (("sausages-and-mash", 0), ("mushroom-risotto", 0), ("fish-and-chips", 200))),
                ),
            ),
        ),
    ),
    Section("Vouchers", None, None, vat.NO_VAT, (Item("Gift voucher £25", one(2500), kind=ProductKind.VOUCHER),)),
)
