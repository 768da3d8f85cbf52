"""The kitchen's half of the demo menu."""

from orders import vat_presets as vat
from orders.demo.menu import COLD, DESSERT, KITCHEN, MAIN, STARTER, Item, Section, one

_ASK = ("to share", "child's portion", "no salt")
_STEAK = ("no butter", "sauce on the side", "cut in half")
_BURGER = ("no mayo", "cut in half", "plain")

FOOD = (
    Section(
        "Nibbles",
        STARTER,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Sourdough and butter", one(550), ("gluten", "milk"), station=COLD, vat=vat.BREAD),
            Item("Marinated olives", one(495), all_known=True, station=COLD, vat=vat.COLD_FOOD),
            Item("Scotch egg", one(750), ("gluten", "eggs", "mustard")),
            Item("Padron peppers", one(650)),
            Item("Bread board", one(850), ("gluten", "milk"), ("sesame",), station=COLD, vat=vat.BREAD),
        ),
        notes=_ASK,
    ),
    Section(
        "Starters",
        STARTER,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Soup of the day", one(750), ("celery",), notes=("no bread", "gluten-free bread")),
            Item("Chicken liver parfait", one(900), ("milk", "eggs", "gluten"), station=COLD, vat=vat.COLD_FOOD),
            Item("Salt and pepper squid", one(950), ("molluscs", "gluten"), ("crustaceans", "fish")),
            Item("Beetroot and goat's curd", one(875), ("milk", "nuts"), station=COLD, vat=vat.COLD_FOOD),
            Item("Prawn cocktail", one(1050), ("crustaceans", "eggs", "gluten"), station=COLD, vat=vat.COLD_FOOD),
            Item("Mushrooms on toast", one(925), ("gluten", "milk")),
        ),
        notes=_ASK,
    ),
    Section(
        "Mains",
        MAIN,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item(
                "Ribeye 10 oz",
                one(2900),
                ("milk",),
                ("celery",),
                all_known=True,
                questions=("cooked", "sauce"),
                notes=_STEAK,
                favourite=True,
            ),
            Item("Flat iron steak", one(2200), ("milk",), questions=("cooked", "sauce"), notes=_STEAK),
            Item(
                "Kettle burger",
                one(1650),
                ("gluten", "eggs", "milk", "mustard"),
                ("sesame",),
                questions=("burger",),
                notes=_BURGER,
                favourite=True,
            ),
            Item("Halloumi burger", one(1550), ("gluten", "milk", "eggs"), questions=("burger",), notes=_BURGER),
            Item(
                "Fish and chips",
                one(1750),
                ("fish", "gluten", "eggs"),
                notes=("no peas", "curry sauce", "extra tartare"),
                favourite=True,
            ),
            Item("Steak and ale pie", one(1795), ("gluten", "milk", "celery"), questions=("side",)),
            Item("Sausages and mash", one(1595), ("gluten", "milk", "sulphites")),
            Item("Roast chicken", one(1950), ("milk",), questions=("side",)),
            Item("Sea bass fillet", one(2150), ("fish", "milk"), ("crustaceans", "molluscs")),
            Item("Mushroom risotto", one(1650), ("milk", "celery", "sulphites")),
            Item(
                "Caesar salad",
                one(1400),
                ("eggs", "fish", "gluten", "milk"),
                notes=("no anchovy", "dressing on the side", "add chicken"),
                station=COLD,
                vat=vat.COLD_FOOD,
            ),
            Item("Sweet potato curry", one(1550), ("mustard",), notes=("mild", "no rice")),
            Item("Sunday roast beef", one(2100), ("gluten", "eggs", "milk", "celery")),
        ),
        notes=_ASK,
    ),
    Section(
        "Sandwiches",
        MAIN,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Cheddar and chutney", one(850), ("gluten", "milk"), station=COLD, vat=vat.COLD_FOOD),
            Item("Club sandwich", one(1050), ("gluten", "eggs", "milk")),
            Item("Fish finger sandwich", one(995), ("fish", "gluten", "eggs")),
        ),
        notes=("white bread", "no butter", "to go"),
    ),
    Section(
        "Sides",
        MAIN,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Triple-cooked chips", one(495), favourite=True),
            Item("Skin-on fries", one(450)),
            Item("House salad", one(450), ("mustard",), station=COLD, vat=vat.COLD_FOOD),
            Item("Seasonal greens", one(475), ("milk",), all_known=True),
            Item("Onion rings", one(495), ("gluten",)),
            Item("Macaroni cheese", one(600), ("gluten", "milk", "mustard")),
        ),
        notes=("to share", "no salt"),
    ),
    Section(
        "Children",
        MAIN,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Mini burger", one(850), ("gluten",)),
            Item("Fish goujons", one(850), ("fish", "gluten")),
            Item("Tomato pasta", one(750), ("gluten",)),
        ),
        notes=("with the starters", "plain", "no cheese"),
    ),
    Section(
        "Desserts",
        DESSERT,
        KITCHEN,
        vat.HOT_FOOD,
        (
            Item("Sticky toffee pudding", one(800), ("gluten", "eggs", "milk")),
            Item("Chocolate brownie", one(750), ("eggs", "milk", "nuts", "soya"), station=COLD, vat=vat.CAKE),
            Item("Apple crumble", one(775), ("gluten", "milk"), notes=("custard", "ice cream", "extra spoon")),
            Item("Cheese board", one(1150), ("milk", "gluten", "celery"), station=COLD, vat=vat.COLD_FOOD),
            Item("Ice cream", one(600), questions=("scoop",), station=COLD, vat=vat.CONFECTIONERY),
            Item("Lemon tart", one(750), ("gluten", "eggs", "milk"), station=COLD, vat=vat.CAKE),
        ),
        notes=("extra spoon", "birthday candle"),
    ),
)
