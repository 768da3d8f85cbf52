"""Rows for tests: one factory per model, and ``a_venue()`` with everything that a working day needs.

A factory makes the least that the database accepts. Children follow their parent's venue. Amounts of an order are what
the test says they are: nothing here prices, sends or pays; that is what services are for.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

import factory
from django.contrib.auth.hashers import make_password
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from bookings.models import Party, PartyTable, Reservation, ReservationTable
from dojo_integration.models import (
    AnsweredRequest,
    DojoConnection,
    DojoEvent,
    DojoSending,
    DojoSocket,
    EventName,
    OrderDocument,
    OutboundEvent,
    RestCredential,
    WebhookSecret,
    hash_secret,
)
from floorplan.models import Area, Table
from orders import models as orders
from orders import vat_presets
from orders.services.opening import next_number
from orders.services.venue_setup import lay_foundations
from pos.ids import ORDER, new_id
from pos.models import Approval, AuditEntry, Country, Currency, Membership, Role, Staff, Till, Venue
from pos.models.people import hash_till_token
from pos.permissions import Act, Actor
from pos.sealed import Sealed

Row = TypeVar("Row", bound=Model)

PASSWORD = "a password for tests"
PIN = "2468"

_now = factory.LazyFunction(timezone.now)


# In a SubFactory: the venue of the row that asked for it.
_same_venue = factory.SelfAttribute("..venue")


@cache
def _hashed(secret: str) -> str:
    """One hash for the whole run: every person of the tests has the same password."""
    return make_password(secret)


# --- pos -------------------------------------------------------------------------------------------------------------


class VenueFactory(DjangoModelFactory[Venue]):
    """A venue with its VAT table, stations, courses and an open trading period; ``bare=True`` for none of it."""

    class Meta:
        model = Venue
        skip_postgeneration_save = True

    class Params:
        irish = factory.Trait(country=Country.IE, currency=Currency.EUR, time_zone="Europe/Dublin")

    slug = factory.Sequence(lambda n: f"venue-{n}")
    name = factory.Sequence(lambda n: f"Venue {n}")
    country = Country.GB
    currency = Currency.GBP
    time_zone = "Europe/London"

    @factory.post_generation
    def bare(self, create, extracted, **kwargs):
        if create and not extracted:
            lay_foundations(self, opened_at=timezone.now() - timedelta(hours=6))


class StaffFactory(DjangoModelFactory[Staff]):
    class Meta:
        model = Staff

    login = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.LazyFunction(lambda: _hashed(PASSWORD))
    pin_hash = factory.LazyFunction(lambda: _hashed(PIN))


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    venue = factory.SubFactory(VenueFactory)
    staff = factory.SubFactory(StaffFactory)
    role = Role.WAITER
    waiter_id = factory.Sequence(lambda n: f"w{n}")


class TillFactory(DjangoModelFactory[Till]):
    class Meta:
        model = Till

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda n: f"Till {n}")
    token_hash = factory.Sequence(lambda n: hash_till_token(f"token {n}"))


class ApprovalFactory(DjangoModelFactory[Approval]):
    """A supervisor's yes, given this moment."""

    class Meta:
        model = Approval

    venue = factory.SelfAttribute("asked_by.venue")
    act = Act.VOID
    subject = "line"
    status = Approval.Status.GRANTED
    asked_by = factory.SubFactory(MembershipFactory)
    asked_at = _now
    decided_by = factory.SubFactory(MembershipFactory, venue=_same_venue, role=Role.SUPERVISOR)
    decided_at = _now


class AuditEntryFactory(DjangoModelFactory[AuditEntry]):
    class Meta:
        model = AuditEntry

    venue = factory.SubFactory(VenueFactory)
    at = _now
    act = "something"
    actor_kind = "system"
    subject = "thing"


# --- floorplan -------------------------------------------------------------------------------------------------------


class AreaFactory(DjangoModelFactory[Area]):
    class Meta:
        model = Area

    venue = factory.SubFactory(VenueFactory)
    code = factory.Sequence(lambda n: f"area-{n}")
    name = factory.Sequence(lambda n: f"Area {n}")


class TableFactory(DjangoModelFactory[Table]):
    class Meta:
        model = Table

    venue = factory.SubFactory(VenueFactory)
    area = factory.SubFactory(AreaFactory, venue=_same_venue)
    code = factory.Sequence(lambda n: f"table-{n}")
    name = factory.Sequence(lambda n: f"Table {n}")


# --- bookings --------------------------------------------------------------------------------------------------------


class ReservationFactory(DjangoModelFactory[Reservation]):
    """Two hours, an hour from now."""

    class Meta:
        model = Reservation

    venue = factory.SubFactory(VenueFactory)
    name = "Robin"
    covers = 2
    start_time = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    end_time = factory.LazyAttribute(lambda reservation: reservation.start_time + timedelta(hours=2))


class ReservationTableFactory(DjangoModelFactory[ReservationTable]):
    class Meta:
        model = ReservationTable

    reservation = factory.SubFactory(ReservationFactory)
    table = factory.SubFactory(TableFactory, venue=factory.SelfAttribute("..reservation.venue"))


class PartyFactory(DjangoModelFactory[Party]):
    """People who sat down just now; ``at=[table, …]`` seats them."""

    class Meta:
        model = Party
        skip_postgeneration_save = True

    venue = factory.SubFactory(VenueFactory)
    covers = 2
    start_time = _now

    @factory.post_generation
    def at(self, create, extracted, **kwargs):
        for position, table in enumerate(extracted or ()):
            PartyTable.objects.create(party=self, table=table, position=position)


class PartyTableFactory(DjangoModelFactory[PartyTable]):
    class Meta:
        model = PartyTable

    party = factory.SubFactory(PartyFactory)
    table = factory.SubFactory(TableFactory, venue=factory.SelfAttribute("..party.venue"))


# --- menu ------------------------------------------------------------------------------------------------------------


class VatClassFactory(DjangoModelFactory[orders.VatClass]):
    class Meta:
        model = orders.VatClass

    venue = factory.SubFactory(VenueFactory)
    code = factory.Sequence(lambda n: f"class-{n}")
    name = factory.Sequence(lambda n: f"Class {n}")


class VatRateFactory(DjangoModelFactory[orders.VatRate]):
    class Meta:
        model = orders.VatRate

    vat_class = factory.SubFactory(VatClassFactory)
    valid_from = date(2020, 1, 1)
    rate_in = 2000
    rate_out = 2000


class CourseFactory(DjangoModelFactory[orders.Course]):
    class Meta:
        model = orders.Course

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda n: f"Course {n}")
    position = factory.Sequence(lambda n: 100 + n)


class StationFactory(DjangoModelFactory[orders.Station]):
    class Meta:
        model = orders.Station

    venue = factory.SubFactory(VenueFactory)
    code = factory.Sequence(lambda n: f"station-{n}")
    name = factory.Sequence(lambda n: f"Station {n}")


class CategoryFactory(DjangoModelFactory[orders.Category]):
    class Meta:
        model = orders.Category

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda n: f"Category {n}")


class ProductFactory(DjangoModelFactory[orders.Product]):
    class Meta:
        model = orders.Product

    venue = factory.SubFactory(VenueFactory)
    category = factory.SubFactory(CategoryFactory, venue=_same_venue)
    name = factory.Sequence(lambda n: f"Product {n}")
    vat_class = factory.SubFactory(VatClassFactory, venue=_same_venue)


class PortionFactory(DjangoModelFactory[orders.Portion]):
    class Meta:
        model = orders.Portion

    venue = factory.SubFactory(VenueFactory)
    product = factory.SubFactory(ProductFactory, venue=_same_venue)
    plu = factory.Sequence(lambda n: f"plu-{n}")
    price = 1000
    is_default = True


class ModifierGroupFactory(DjangoModelFactory[orders.ModifierGroup]):
    class Meta:
        model = orders.ModifierGroup

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda n: f"Group {n}")


class ProductModifierGroupFactory(DjangoModelFactory[orders.ProductModifierGroup]):
    class Meta:
        model = orders.ProductModifierGroup

    product = factory.SubFactory(ProductFactory)
    group = factory.SubFactory(ModifierGroupFactory, venue=factory.SelfAttribute("..product.venue"))


class ModifierFactory(DjangoModelFactory[orders.Modifier]):
    class Meta:
        model = orders.Modifier

    venue = factory.SubFactory(VenueFactory)
    group = factory.SubFactory(ModifierGroupFactory, venue=_same_venue)
    plu = factory.Sequence(lambda n: f"mod-{n}")
    name = factory.Sequence(lambda n: f"Modifier {n}")


class ComboPartFactory(DjangoModelFactory[orders.ComboPart]):
    class Meta:
        model = orders.ComboPart

    product = factory.SubFactory(ProductFactory)
    name = factory.Sequence(lambda n: f"Part {n}")


class ComboChoiceFactory(DjangoModelFactory[orders.ComboChoice]):
    class Meta:
        model = orders.ComboChoice

    part = factory.SubFactory(ComboPartFactory)
    portion = factory.SubFactory(PortionFactory, venue=factory.SelfAttribute("..part.product.venue"))


class AllergenDeclarationFactory(DjangoModelFactory[orders.AllergenDeclaration]):
    class Meta:
        model = orders.AllergenDeclaration

    product = factory.SubFactory(ProductFactory)
    allergen = "milk"
    level = orders.AllergenLevel.CONTAINS


# --- orders ----------------------------------------------------------------------------------------------------------


class TradingPeriodFactory(DjangoModelFactory[orders.TradingPeriod]):
    class Meta:
        model = orders.TradingPeriod

    venue = factory.SubFactory(VenueFactory, bare=True)
    number = 1
    opened_at = _now


class OrderFactory(DjangoModelFactory[orders.Order]):
    class Meta:
        model = orders.Order

    venue = factory.SubFactory(VenueFactory)
    # The venue's own count, as services take it: orders are listed in its order.
    number = factory.LazyAttribute(lambda order: next_number(order.venue))
    display_base = factory.LazyAttribute(lambda order: f"Order {order.number}")
    display_name = factory.SelfAttribute("display_base")
    currency = factory.SelfAttribute("venue.currency")
    opened_at = _now
    updated_at = factory.SelfAttribute("opened_at")
    outstanding = factory.LazyAttribute(lambda order: max(0, order.total_amount - order.paid_amount))
    overpaid = factory.LazyAttribute(lambda order: max(0, order.paid_amount - order.total_amount))
    total_amount = 0
    paid_amount = 0


class RoundFactory(DjangoModelFactory[orders.Round]):
    class Meta:
        model = orders.Round

    order = factory.SubFactory(OrderFactory)
    number = 1
    sent_at = _now


class OrderLineFactory(DjangoModelFactory[orders.OrderLine]):
    class Meta:
        model = orders.OrderLine

    venue = factory.SelfAttribute("order.venue")
    order = factory.SubFactory(OrderFactory)
    position = factory.Sequence(int)
    plu = "soup"
    name = "Soup of the day"
    unit_price = 750
    vat_rate = 2000
    added_at = _now


class LineSubItemFactory(DjangoModelFactory[orders.LineSubItem]):
    class Meta:
        model = orders.LineSubItem

    line = factory.SubFactory(OrderLineFactory)
    plu = "side"
    name = "Side"


class LineModifierFactory(DjangoModelFactory[orders.LineModifier]):
    class Meta:
        model = orders.LineModifier

    line = factory.SubFactory(OrderLineFactory)
    plu = "extra"
    name = "Extra"


class DiscountFactory(DjangoModelFactory[orders.Discount]):
    class Meta:
        model = orders.Discount

    order = factory.SubFactory(OrderFactory)
    name = "10 % off"
    percent = 1000
    given_at = _now


class SeatAllergyFactory(DjangoModelFactory[orders.SeatAllergy]):
    class Meta:
        model = orders.SeatAllergy

    order = factory.SubFactory(OrderFactory)
    seat = 1
    allergens = factory.List(["nuts"])
    noted_at = _now


class AllergyAcknowledgementFactory(DjangoModelFactory[orders.AllergyAcknowledgement]):
    class Meta:
        model = orders.AllergyAcknowledgement

    order = factory.SubFactory(OrderFactory)
    station = factory.SubFactory(StationFactory, venue=factory.SelfAttribute("..order.venue"))
    seen_at = _now


class OrderShareFactory(DjangoModelFactory[orders.OrderShare]):
    class Meta:
        model = orders.OrderShare

    order = factory.SubFactory(OrderFactory)
    number = factory.Sequence(lambda n: n + 1)
    kind = orders.ShareKind.EQUAL


class ShareLineFactory(DjangoModelFactory[orders.ShareLine]):
    class Meta:
        model = orders.ShareLine

    share = factory.SubFactory(OrderShareFactory)
    line = factory.SubFactory(OrderLineFactory, order=factory.SelfAttribute("..share.order"))


class OrderLockFactory(DjangoModelFactory[orders.OrderLock]):
    """A card machine's lease for the next five minutes."""

    class Meta:
        model = orders.OrderLock

    venue = factory.SelfAttribute("order.venue")
    order = factory.SubFactory(OrderFactory)
    lock_id = factory.Sequence(lambda n: f"lock-{n}")
    expiry = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=5))
    created_at = _now


class PaymentIntentFactory(DjangoModelFactory[orders.PaymentIntent]):
    class Meta:
        model = orders.PaymentIntent

    venue = factory.SubFactory(VenueFactory)
    intent_id = factory.Sequence(lambda n: f"pi_sandbox_{n}")


class PaymentFactory(DjangoModelFactory[orders.Payment]):
    """Cash against an order, in the venue's open period; the order's own amounts stay as they are."""

    class Meta:
        model = orders.Payment

    venue = factory.SelfAttribute("order.venue")
    order = factory.SubFactory(OrderFactory)
    kind = orders.PaymentKind.CASH
    amount = 1000
    currency = factory.SelfAttribute("order.currency")
    at = _now
    trading_period = factory.LazyAttribute(lambda payment: open_period(payment.venue))
    business_date = factory.LazyAttribute(lambda payment: payment.venue.business_date(payment.at))


class OrderExceptionFactory(DjangoModelFactory[orders.OrderException]):
    class Meta:
        model = orders.OrderException

    venue = factory.SelfAttribute("order.venue")
    order = factory.SubFactory(OrderFactory)
    kind = orders.ExceptionKind.OVERPAID
    message = "Paid twice"
    raised_at = _now


class TillOperationFactory(DjangoModelFactory[orders.TillOperation]):
    class Meta:
        model = orders.TillOperation

    venue = factory.SelfAttribute("till.venue")
    till = factory.SubFactory(TillFactory)
    sequence = factory.Sequence(lambda n: n + 1)
    op_id = factory.Sequence(lambda n: f"op-{n}")
    kind = "add"
    body_hash = "0" * 64
    result = factory.Dict({"ok": True})
    at = _now


# --- dojo_integration ------------------------------------------------------------------------------------------------


class OrderDocumentFactory(DjangoModelFactory[OrderDocument]):
    class Meta:
        model = OrderDocument

    order_id = factory.Sequence(lambda n: f"order_{n:026d}")
    venue_id = 0
    number = factory.Sequence(lambda n: n + 1)
    payable = True
    body = "{}"


class RestCredentialFactory(DjangoModelFactory[RestCredential]):
    """Dojo's Basic credentials; ``secret`` is what Dojo sends."""

    class Meta:
        model = RestCredential

    class Params:
        secret = "the secret that Dojo sends"

    venue = factory.SubFactory(VenueFactory)
    username = factory.Sequence(lambda n: f"dojo-{n}")
    secret_hash = factory.LazyAttribute(lambda credential: hash_secret(credential.secret))


class DojoEventFactory(DjangoModelFactory[DojoEvent]):
    class Meta:
        model = DojoEvent

    venue = factory.SubFactory(VenueFactory)
    event_id = factory.Sequence(lambda n: f"event-{n}")
    name = EventName.INTENT_STATUS_UPDATED
    account_id = "account-1"
    payment_intent_id = factory.Sequence(lambda n: f"pi-{n}")
    payment_status = "Captured"
    capture_mode = "Auto"
    created_at = _now
    received_at = _now
    road = "rest"
    body = factory.Dict({})


class AnsweredRequestFactory(DjangoModelFactory[AnsweredRequest]):
    class Meta:
        model = AnsweredRequest

    venue = factory.SubFactory(VenueFactory)
    rpc_id = factory.Sequence(lambda n: f'"request-{n}"')
    method = "ExtendOrderLock"
    params_hash = "0" * 64
    answer = "{}"
    at = _now


class DojoConnectionFactory(DjangoModelFactory[DojoConnection]):
    class Meta:
        model = DojoConnection

    venue = factory.SubFactory(VenueFactory)


class WebhookSecretFactory(DjangoModelFactory[WebhookSecret]):
    """``plain`` is what Dojo signs with."""

    class Meta:
        model = WebhookSecret

    class Params:
        plain = "the secret that Dojo signs with"

    venue = factory.SubFactory(VenueFactory)
    secret = factory.LazyAttribute(lambda row: Sealed.of(row.plain))
    subscription_id = "subscription-1"
    secret_id = factory.Sequence(lambda n: f"secret-{n}")
    created_at = _now


class DojoSocketFactory(DjangoModelFactory[DojoSocket]):
    class Meta:
        model = DojoSocket

    venue = factory.SubFactory(VenueFactory)
    since = _now
    seen_at = _now


class DojoSendingFactory(DjangoModelFactory[DojoSending]):
    class Meta:
        model = DojoSending

    venue = factory.SubFactory(VenueFactory)
    since = _now


class OutboundEventFactory(DjangoModelFactory[OutboundEvent]):
    """An order that Dojo has to hear of, due for a moment."""

    class Meta:
        model = OutboundEvent

    venue = factory.SubFactory(VenueFactory)
    kind = "OrderUpdated"
    entity_id = factory.LazyFunction(lambda: new_id(ORDER))
    changed_at = _now
    next_attempt_at = _now


# --- a whole venue ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkingVenue:
    """A venue on a working day: who works there, where guests sit, what is sold."""

    venue: Venue
    period: orders.TradingPeriod
    waiter: Membership
    supervisor: Membership
    manager: Membership
    till: Till
    area: Area
    tables: dict[str, Table]
    """By code: t1 … t12."""
    stations: dict[str, orders.Station]
    """By code: kitchen (the default one), bar."""
    courses: dict[str, orders.Course]
    """By name: Drinks, Starters, Mains, Desserts."""
    vat: dict[str, orders.VatClass]
    """By code, as in orders.vat_presets."""
    products: dict[str, orders.Product]
    """By the PLU of their default portion."""
    portions: dict[str, orders.Portion]
    """By PLU."""
    modifiers: dict[str, orders.Modifier]
    """By PLU."""

    @property
    def by_waiter(self) -> Actor:
        return Actor.staff(self.waiter, self.till)

    @property
    def by_supervisor(self) -> Actor:
        return Actor.staff(self.supervisor, self.till)

    @property
    def by_manager(self) -> Actor:
        return Actor.staff(self.manager, self.till)

    @property
    def by_dojo(self) -> Actor:
        return Actor.dojo(self.venue)

    @property
    def by_system(self) -> Actor:
        return Actor.system(self.venue)


def open_period(venue: Venue) -> orders.TradingPeriod:
    return orders.TradingPeriod.objects.get(venue=venue, closed_at=None)


def a_venue(country: str = "GB", **fields) -> WorkingVenue:
    """Make a venue where everything works and nobody has come yet. ``fields`` are the venue's own."""
    venue = VenueFactory(irish=country == "IE", **fields)
    area = AreaFactory(venue=venue, code="main", name="Main room")
    menu = _Menu(venue)
    menu.write()
    return WorkingVenue(
        venue=venue,
        period=open_period(venue),
        waiter=MembershipFactory(venue=venue, waiter_id="7"),
        supervisor=MembershipFactory(venue=venue, waiter_id="2", role=Role.SUPERVISOR),
        manager=MembershipFactory(venue=venue, waiter_id="1", role=Role.MANAGER, staff__is_staff=True),
        till=TillFactory(venue=venue),
        area=area,
        tables={table.code: table for table in Table.objects.bulk_create(_twelve_tables(area))},
        stations=menu.stations,
        courses=menu.courses,
        vat=menu.vat,
        products=menu.products,
        portions=menu.portions,
        modifiers=menu.modifiers,
    )


def _twelve_tables(area: Area) -> list[Table]:
    return [
        TableFactory.build(
            venue=area.venue,
            area=area,
            code=f"t{number}",
            name=f"Table {number}",
            position=number,
            x=150 + 230 * ((number - 1) % 4),
            y=200 + 300 * ((number - 1) // 4),
        )
        for number in range(1, 13)
    ]


class _Menu:
    """A short menu with one of everything: sizes, a compulsory question, extras, a combo, a voucher, a deposit.

    Thousands of tests begin with it, so its rows are built first and written with one statement per model.
    """

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.stations = {station.code: station for station in venue.stations.all()}
        self.courses = {course.name: course for course in venue.courses.all()}
        self.vat = {vat_class.code: vat_class for vat_class in venue.vat_classes.all()}
        self._built: dict[type[Model], list[Model]] = {}
        self.food = self._new(CategoryFactory, venue=venue, name="Food", position=1)
        self.drinks = self._new(CategoryFactory, venue=venue, name="Drinks", position=2)
        self.products: dict[str, orders.Product] = {}
        self.portions: dict[str, orders.Portion] = {}
        self.modifiers: dict[str, orders.Modifier] = {}

    def write(self) -> None:
        self._drink("Lager", vat_presets.ALCOHOL, [("pint", 620), ("half", 310)], plu="lager")
        self._drink("House red", vat_presets.ALCOHOL, [("175", 780), ("250", 1040), ("bottle", 2900)], plu="red")
        self._drink("Lemonade", vat_presets.SOFT_DRINK, [("", 320)], plu="lemonade")
        self._drink("Coffee", vat_presets.HOT_DRINK, [("", 340)], plu="coffee")
        self._food("Soup of the day", "Starters", vat_presets.HOT_FOOD, 750, plu="soup")
        ribeye = self._food("Ribeye", "Mains", vat_presets.HOT_FOOD, 2900, plu="ribeye")
        burger = self._food("Burger", "Mains", vat_presets.HOT_FOOD, 1650, plu="burger")
        self._food("Fish and chips", "Mains", vat_presets.HOT_FOOD, 1750, plu="fish")
        self._food("Chips", "Mains", vat_presets.HOT_FOOD, 450, plu="chips")
        self._food("Cold sandwich", "Mains", vat_presets.COLD_FOOD, 850, plu="sandwich")
        self._food("Brownie", "Desserts", vat_presets.CAKE, 700, plu="brownie")
        self._unmade("Gift voucher", orders.ProductKind.VOUCHER, 2500, plu="voucher")
        self._unmade("Bottle deposit", orders.ProductKind.CONTAINER_DEPOSIT, 15, plu="deposit")
        self._group("How cooked", ribeye, [("rare", 0), ("medium", 0), ("well-done", 0)], minimum=1, maximum=1)
        self._group("Extras", burger, [("cheese", 150), ("bacon", 200), ("no-onion", 0)], minimum=0, maximum=None)
        combo = self._food("Burger and a pint", "Mains", vat_presets.HOT_FOOD, 1990, plu="burger-deal")
        self._part(combo, "Burger", [("burger", 0)], position=0)
        self._part(combo, "Drink", [("lager-pint", 0), ("lemonade", 0), ("red-175", 150)], position=1)
        for model, rows in self._built.items():
            model._default_manager.bulk_create(rows)

    def _new(self, of: type[DjangoModelFactory[Row]], **fields: Any) -> Row:
        row: Row = of.build(**fields)
        # What refers to a row is built after it, and so its model comes later here.
        self._built.setdefault(type(row), []).append(row)
        return row

    def _drink(self, name: str, vat: str, sizes: list[tuple[str, int]], *, plu: str) -> None:
        product = self._new(
            ProductFactory,
            venue=self.venue,
            category=self.drinks,
            name=name,
            vat_class=self.vat[vat],
            station=self.stations["bar"],
            course=self.courses["Drinks"],
        )
        for position, (size, price) in enumerate(sizes):
            self._portion(product, f"{plu}-{size}" if size else plu, price, name=size, position=position)

    def _food(self, name: str, course: str, vat: str, price: int, *, plu: str) -> orders.Product:
        product = self._new(
            ProductFactory,
            venue=self.venue,
            category=self.food,
            name=name,
            vat_class=self.vat[vat],
            station=self.stations["kitchen"],
            course=self.courses[course],
        )
        self._portion(product, plu, price)
        return product

    def _unmade(self, name: str, kind: str, price: int, *, plu: str) -> None:
        vat_class = self.vat[vat_presets.NO_VAT]
        product = self._new(
            ProductFactory, venue=self.venue, category=self.food, name=name, kind=kind, vat_class=vat_class
        )
        self._portion(product, plu, price)

    def _portion(self, product: orders.Product, plu: str, price: int, *, name: str = "", position: int = 0) -> None:
        self.portions[plu] = self._new(
            PortionFactory,
            venue=self.venue,
            product=product,
            plu=plu,
            name=name,
            price=price,
            position=position,
            is_default=position == 0,
        )
        if position == 0:
            self.products[plu] = product

    def _group(
        self, name: str, product: orders.Product, choices: list[tuple[str, int]], *, minimum: int, maximum: int | None
    ) -> None:
        group = self._new(ModifierGroupFactory, venue=self.venue, name=name, minimum=minimum, maximum=maximum)
        self._new(ProductModifierGroupFactory, product=product, group=group)
        for position, (plu, price) in enumerate(choices):
            self.modifiers[plu] = self._new(
                ModifierFactory,
                venue=self.venue,
                group=group,
                plu=plu,
                name=plu.replace("-", " ").capitalize(),
                price=price,
                position=position,
            )

    def _part(self, combo: orders.Product, name: str, choices: list[tuple[str, int]], *, position: int) -> None:
        part = self._new(ComboPartFactory, product=combo, name=name, position=position)
        for rank, (plu, surcharge) in enumerate(choices):
            self._new(ComboChoiceFactory, part=part, portion=self.portions[plu], surcharge=surcharge, position=rank)
