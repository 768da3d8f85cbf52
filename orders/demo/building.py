"""The demo venue's own rows: the house, its people, rooms and menu, all in one transaction."""

from datetime import datetime

from django.contrib.auth.hashers import make_password

from floorplan.models import Area, Table
from orders.demo import floor, people
from orders.demo.drinks import DRINKS, HOT_DRINKS, OFFERS
from orders.demo.food import FOOD
from orders.demo.menu import MORE_COURSES, MORE_STATIONS, QUESTIONS, Item, Section
from orders.models import (
    AllergenDeclaration,
    AllergenLevel,
    Category,
    ComboChoice,
    ComboPart,
    Course,
    Modifier,
    ModifierGroup,
    Portion,
    Product,
    ProductModifierGroup,
    Station,
    VatClass,
)
from orders.services.venue_setup import lay_foundations
from pos import audit
from pos.models import Membership, Role, Staff, Till, Venue
from pos.permissions import Actor
from pos.service import service

SLUG = "the-copper-kettle"
SECTIONS = (*DRINKS, *FOOD, HOT_DRINKS, *OFFERS)


@service
def build_venue(*, opened_at: datetime) -> Venue:
    """Open the demo pub, as it stood before its first guest came."""
    venue = Venue.objects.create(
        slug=SLUG,
        name="The Copper Kettle",
        legal_name="Copper Kettle (Harrowmere) Ltd",
        address_lines=["14 Lantern Street", "Harrowmere"],
        postcode="HM4 2CK",
        # Numbers and domains that are reserved for stories.
        phone="01632 960 214",
        email="hello@the-copper-kettle.example",
        website="https://the-copper-kettle.example",
        vat_number="GB 999 9999 73",
        bill_footer="Thank you. Service is discretionary and goes to the whole team.",
        # Who orders at the bar is not charged for service; tables are.
        service_from_covers=1,
    )
    lay_foundations(venue, opened_at=opened_at)
    memberships = _hire(venue)
    _furnish(venue, memberships)
    _MenuRows(venue).write()
    audit.record(Actor.system(venue), "seed_demo", venue.slug)
    return venue


def _hire(venue: Venue) -> dict[str, Membership]:
    password = make_password(people.PASSWORD)
    hired = {}
    for person in people.PEOPLE:
        staff = Staff(login=person.login, name=person.name, password=password, is_staff=person.role == Role.MANAGER)
        staff.set_pin(person.pin)
        staff.save()
        hired[person.login] = Membership.objects.create(
            venue=venue, staff=staff, role=person.role, waiter_id=person.waiter_id
        )
    for name in people.TILLS:
        till = Till(venue=venue, name=name)
        till.new_token()
        till.save()
    return hired


def _furnish(venue: Venue, memberships: dict[str, Membership]) -> None:
    areas = {
        room.code: Area.objects.create(venue=venue, code=room.code, name=room.name, position=position)
        for position, room in enumerate(floor.ROOMS)
    }
    tables = Table.objects.bulk_create(
        Table(
            venue=venue,
            area=areas[place.room],
            code=place.code,
            name=place.name,
            max_covers=place.covers,
            position=position,
            shape=place.shape,
            x=place.x,
            y=place.y,
            width=place.width,
            height=place.height,
            rotation=place.rotation,
        )
        for position, place in enumerate(floor.PLACES)
    )
    served_by = Table.waiters.through
    served_by.objects.bulk_create(
        served_by(table_id=table.pk, membership_id=memberships[login].pk)
        for table, place in zip(tables, floor.PLACES, strict=True)
        for login in place.waiters
    )


class _MenuRows:
    """Turns the menu's data into rows, a table at a time: what is referred to comes first."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.vat = {vat_class.code: vat_class for vat_class in VatClass.objects.filter(venue=venue)}
        self.products: list[tuple[Section, Item, Product]] = []
        self.portions: dict[str, Portion] = {}

    def write(self) -> None:
        self._add_stations_and_courses()
        self._write_questions()
        self._write_products()
        self._write_portions()
        self._ask_questions()
        self._write_combos()
        self._declare_allergens()

    def _add_stations_and_courses(self) -> None:
        first = Station.objects.filter(venue=self.venue).count()
        Station.objects.bulk_create(
            Station(venue=self.venue, code=code, name=name, position=first + extra)
            for extra, (code, name) in enumerate(MORE_STATIONS)
        )
        first = Course.objects.filter(venue=self.venue).count()
        Course.objects.bulk_create(
            Course(venue=self.venue, name=name, position=first + extra) for extra, name in enumerate(MORE_COURSES)
        )
        self.stations = {station.code: station for station in Station.objects.filter(venue=self.venue)}
        self.courses = {course.name: course for course in Course.objects.filter(venue=self.venue)}

    def _write_questions(self) -> None:
        self.groups = {
            question.code: ModifierGroup.objects.create(
                venue=self.venue, name=question.name, minimum=question.minimum, maximum=question.maximum
            )
            for question in QUESTIONS
        }
        self.modifiers = Modifier.objects.bulk_create(
            Modifier(
                venue=self.venue,
                group=self.groups[question.code],
                plu=question.plu(choice),
                name=choice.name,
                price=choice.price,
                position=position,
            )
            for question in QUESTIONS
            for position, choice in enumerate(question.choices)
        )

    def _write_products(self) -> None:
        categories = Category.objects.bulk_create(
            Category(venue=self.venue, name=section.name, position=position)
            for position, section in enumerate(SECTIONS)
        )
        rows = [
            (section, item, self._product(section, item, category, position))
            for section, category in zip(SECTIONS, categories, strict=True)
            for position, item in enumerate(section.items)
        ]
        Product.objects.bulk_create(product for _, _, product in rows)
        self.products = rows

    def _product(self, section: Section, item: Item, category: Category, position: int) -> Product:
        station = item.station or section.station
        return Product(
            venue=self.venue,
            category=category,
            name=item.name,
            kind=item.kind,
            vat_class=self.vat[item.vat or section.vat],
            station=self.stations[station] if station else None,
            course=self.courses[section.course] if section.course else None,
            note_presets=list(section.notes if item.notes is None else item.notes),
            is_favourite=item.favourite,
            position=position,
        )

    def _write_portions(self) -> None:
        portions = Portion.objects.bulk_create(
            Portion(
                venue=self.venue,
                product=product,
                plu=item.plu(size),
                name=size.name,
                measure=size.measure,
                price=size.price,
                is_default=position == 0,
                position=position,
            )
            for _, item, product in self.products
            for position, size in enumerate(item.sizes)
        )
        self.portions = {portion.plu: portion for portion in portions}

    def _ask_questions(self) -> None:
        ProductModifierGroup.objects.bulk_create(
            ProductModifierGroup(product=product, group=self.groups[code], position=position)
            for section, item, product in self.products
            for position, code in enumerate(section.questions if item.questions is None else item.questions)
        )

    def _write_combos(self) -> None:
        for _, item, product in self.products:
            for position, (name, choices) in enumerate(item.parts):
                part = ComboPart.objects.create(product=product, name=name, position=position)
                ComboChoice.objects.bulk_create(
                    ComboChoice(part=part, portion=self.portions[plu], surcharge=surcharge, position=place)
                    for place, (plu, surcharge) in enumerate(choices)
                )

    def _declare_allergens(self) -> None:
        of_products = [
            AllergenDeclaration(product=product, allergen=allergen, level=level)
            for _, item, product in self.products
            for level, allergens in (
                (AllergenLevel.CONTAINS, item.contains),
                (AllergenLevel.MAY_CONTAIN, item.may_contain),
                (AllergenLevel.FREE, item.free_from),
            )
            for allergen in allergens
        ]
        choices = [choice for question in QUESTIONS for choice in question.choices]
        of_modifiers = [
            AllergenDeclaration(modifier=modifier, allergen=allergen, level=AllergenLevel.CONTAINS)
            for modifier, choice in zip(self.modifiers, choices, strict=True)
            for allergen in choice.contains
        ]
        AllergenDeclaration.objects.bulk_create([*of_products, *of_modifiers])
