"""From `create_venue` to the first order, through nothing but the pages; and what those pages cost."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from floorplan.models import Area, Table
from orders.models import Category, LineModifier, ModifierGroup, Order, OrderLine, Portion, Product
from orders.services.lines import Choice, NewLine
from orders.services.ordering import add_lines
from orders.services.seating import seat_party
from orders.services.sending import send
from orders.services.targets import AtTable
from orders.services.venue_setup import set_up_venue
from pos.models import Membership, Till, Venue
from pos.permissions import Actor
from tests.back_office.browsing import complaints, fill_in, text_of
from tests.back_office.houses import pages
from tests.bills import a_bill
from tests.factories import (
    ApprovalFactory,
    AuditEntryFactory,
    ComboPartFactory,
    MembershipFactory,
    ModifierFactory,
    ModifierGroupFactory,
    OrderExceptionFactory,
    OrderLockFactory,
    PaymentFactory,
    PaymentIntentFactory,
    PortionFactory,
    ProductFactory,
    ReservationFactory,
    ReservationTableFactory,
    RestCredentialFactory,
    TableFactory,
    TillFactory,
    TradingPeriodFactory,
    WorkingVenue,
)

pytestmark = pytest.mark.django_db

PASSWORD = "nine brass kettles"


def steps_on(page: Any) -> dict[str, bool]:
    """The list of things to do: title → done."""
    found = {}
    for part in text_of(page).split('<a class="bo-step')[1:]:
        found[part.split("<strong>")[1].split("</strong>")[0]] = part.startswith(" done")
    return found


def test_a_manager_sets_up_a_venue_from_nothing_and_a_waiter_sells_in_it() -> None:
    # given: what `manage.py create_venue` leaves behind
    set_up_venue(slug="the-blue-door", name="The Blue Door", country="GB", manager_login="robin",
                 manager_password=PASSWORD, manager_name="Robin")  # fmt: skip
    venue = Venue.objects.get()
    client = Client()
    signed_in = client.post("/admin/login/", {"username": "robin", "password": PASSWORD, "next": "/admin/"})
    home = client.get(signed_in.url)
    assert steps_on(home) == {
        "Venue": False, "VAT": True, "Areas": False, "Tables": False, "Menu categories": False, "Products": False,
        "Staff": False, "Tills": False, "Dojo": False,
    }  # fmt: skip

    def fill(page: str, changes: dict[str, Any], *, at: str = "") -> None:
        name = page.split("/")[1]
        answer = fill_in(client, f"/admin/{page}/{at or 'add/'}", changes, form_id=f"{name}_form")
        assert answer.status_code == 302, (page, complaints(answer))

    # when: each step of the list, in its order
    fill("pos/venue", {"address_lines": "1 Mill Lane\nAnytown", "postcode": "AN1 1AA"}, at=f"{venue.pk}/change/")
    fill("floorplan/area", {"name": "Bar"})
    fill("floorplan/table", {"name": "Table 1", "area": str(Area.objects.get().pk), "max_covers": "2"})
    fill("orders/category", {"name": "Beer"})
    fill("orders/modifiergroup", {"name": "Glass", "minimum": "1", "maximum": "1",
                                  "modifiers-0-name": "Handle", "modifiers-1-name": "Straight"})  # fmt: skip
    fill("orders/product", {
        "name": "Pale ale", "category": str(Category.objects.get().pk),
        "portions-0-name": "pint", "portions-0-price": "£6.20", "portions-0-is_default": "on",
        "portions-1-name": "half", "portions-1-price": "3.10",
        "group_links-0-group": str(ModifierGroup.objects.get().pk),
    })  # fmt: skip
    fill("pos/membership", {"name": "Ana", "login": "ana", "pin": "8642"})
    till = Client()
    till.post("/the-blue-door/login", {"login": "robin", "password": PASSWORD})
    till.post("/the-blue-door/till", {"name": "Bar till"})
    # then
    done = steps_on(client.get("/admin/"))
    assert [title for title, is_done in done.items() if not is_done] == ["Dojo"]
    assert "The Blue Door is ready to sell" in text_of(client.get("/admin/"))

    # when: the waiter takes over the till, and sells
    ana = Membership.objects.get(staff__login="ana")
    till.post("/the-blue-door/logout")
    assert till.post("/the-blue-door/switch", {"person": ana.pk, "pin": "8642"}).url == "/the-blue-door/floor"
    assert "Table 1" in text_of(till.get("/the-blue-door/floor"))
    actor = Actor.staff(ana, Till.objects.get())
    seat_party(actor=actor, table_ids=[Table.objects.get().pk], covers=2)
    page = text_of(till.get("/the-blue-door/tables/table-1"))
    assert "Pale ale" in page
    assert "£6.20" in page
    half = NewLine(plu="pale-ale-half", quantity=2, modifiers=(Choice("handle"),))
    (line,) = add_lines(actor=actor, target=AtTable("table-1"), lines=[half])
    send(actor=actor, order_id=line.order_id)
    # then
    order = Order.objects.get()
    assert (order.display_name, order.waiter, order.total_amount) == ("Table 1", ana, 620 + order.service_amount)
    sold = OrderLine.objects.get()
    assert (sold.name, sold.unit_price, sold.vat_rate, sold.station.code) == ("Pale ale half", 310, 2000, "kitchen")
    assert LineModifier.objects.get().name == "Handle"


# --- cost ------------------------------------------------------------------------------------------------------------


def more_rows(uk: WorkingVenue, count: int) -> None:
    """As many more rows on every page that can have many."""
    venue = uk.venue
    first = Table.objects.count()
    for number in range(first, first + count):
        table = TableFactory(venue=venue, area=uk.area, name=f"Bench {number}")
        table.waiters.add(uk.waiter)
        member = MembershipFactory(venue=venue, waiter_id=f"m{number}")
        till = TillFactory(venue=venue, last_used_by=member)
        product = ProductFactory(venue=venue, station=uk.stations["bar"], course=uk.courses["Drinks"])
        PortionFactory(venue=venue, product=product)
        ModifierFactory(venue=venue, group=ModifierGroupFactory(venue=venue))
        ComboPartFactory(product=product)
        uk.tables[table.code] = table
        order = a_bill(uk, table=table.code)
        intent = PaymentIntentFactory(venue=venue, order=order)
        PaymentFactory(order=order, intent=intent, taken_by=member, till=till)
        OrderLockFactory(order=order, membership=member)
        OrderExceptionFactory(order=order)
        booking = ReservationFactory(venue=venue)
        ReservationTableFactory(reservation=booking, table=table)
        ApprovalFactory(asked_by=member, decided_by=uk.manager)
        AuditEntryFactory(venue=venue, membership=member, approved_by=uk.supervisor, till=till)
        RestCredentialFactory(venue=venue)
        TradingPeriodFactory(venue=venue, number=100 + number, closed_at=order.opened_at, closed_by=uk.manager)


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as counted:
        assert client.get(url, follow=True).status_code == 200
    return len(counted)


def test_no_list_asks_more_for_more_rows(uk: WorkingVenue, manager: Client) -> None:
    # given
    more_rows(uk, 1)
    lists = [page.address() for page in pages()] + [reverse("admin:index")]
    few = {url: queries_of(manager, url) for url in lists}
    # when
    more_rows(uk, 29)
    # then
    many = {url: queries_of(manager, url) for url in lists}
    assert {url: (few[url], many[url]) for url in lists if many[url] > few[url]} == {}
    assert max(few.values()) <= 30


def test_the_pages_of_one_row_ask_little(uk: WorkingVenue, manager: Client) -> None:
    # given
    order = a_bill(uk)
    for _ in range(20):
        PaymentFactory(order=order, intent=PaymentIntentFactory(venue=uk.venue), taken_by=uk.waiter)
    product = uk.products["burger"]
    # then
    assert queries_of(manager, f"/admin/orders/order/{order.pk.replace('_', '_5F')}/change/") <= 25
    assert queries_of(manager, f"/admin/orders/product/{product.pk}/change/") <= 30
    assert queries_of(manager, f"/admin/floorplan/table/{uk.tables['t1'].pk}/change/") <= 25


def test_the_search_finds_things_of_every_kind(uk: WorkingVenue, manager: Client) -> None:
    # given
    a_bill(uk)
    assert Product.objects.get(venue=uk.venue, name="Ribeye")
    assert Portion.objects.filter(plu="ribeye").exists()
    # when
    found = text_of(manager.get("/admin/search/?s=tab&extended=1"))
    # then
    assert f"/admin/floorplan/table/{uk.tables['t1'].pk}/change/" in found
    assert ">Order<" in found
    # and: by PLU, by login, by number
    assert "Ribeye" in text_of(manager.get("/admin/search/?s=ribeye"))
    assert uk.waiter.staff.name in text_of(manager.get(f"/admin/search/?s={uk.waiter.staff.login}"))
    assert "Nothing here is called that." in text_of(manager.get("/admin/search/?s=zzzz"))
    assert manager.get("/admin/search/?s=").content == b""
