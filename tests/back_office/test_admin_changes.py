"""A change of set-up rows is one unit: documents in step, screens told, a line in the audit trail; or nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bookings.models import Party
from dojo_integration.documents import render_documents
from dojo_integration.models import OrderDocument, OutboundEvent
from floorplan.models import Area, Table
from orders.admin.plan import TableAdmin
from orders.models import Category, Order, Origin, Product
from orders.services.seating import seat_party
from pos import events
from pos.errors import Conflict
from pos.events import (
    FloorChanged,
    MenuChanged,
    OrderChanged,
    PartyChanged,
    ReservationChanged,
    StationChanged,
    TillChanged,
    WaiterRenumbered,
)
from pos.models import AuditEntry, Membership
from tests.back_office.browsing import fill_in, text_of
from tests.back_office.houses import everything
from tests.bills import a_bill
from tests.factories import (
    OrderFactory,
    ReservationFactory,
    ReservationTableFactory,
    WorkingVenue,
    a_venue,
)
from tests.orders.test_live_screens import listen
from tests.outbox import all_told, newly_wanted

pytestmark = pytest.mark.django_db


def change_table(client: Client, table: Table, **changes: Any) -> Any:
    return fill_in(client, f"/admin/floorplan/table/{table.pk}/change/", changes, form_id="table_form")


def change_person(client: Client, member: Membership, **changes: Any) -> Any:
    return fill_in(client, f"/admin/pos/membership/{member.pk}/change/", changes, form_id="membership_form")


def assert_documents_are_fresh(*orders: Order) -> None:
    for order in orders:
        (fresh,) = render_documents([order.pk])
        stored = OrderDocument.objects.get(order_id=order.pk)
        assert {name: getattr(stored, name) for name in fresh.__slots__} == {
            name: getattr(fresh, name) for name in fresh.__slots__
        }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[events.Event]:
    """What the subscribers were told before the commit, in order."""
    heard: list[events.Event] = []
    before = events.tell_before_commit

    def listen_in(published: Any) -> None:
        heard.extend(published)
        before(published)

    monkeypatch.setattr(events, "tell_before_commit", listen_in)
    return heard


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_renamed_table_is_on_its_bills_and_in_what_dojo_reads(uk: WorkingVenue, manager: Client) -> None:
    # given: two bills of the house, one that Dojo named, one elsewhere
    table = uk.tables["t1"]
    first = a_bill(uk)
    second = a_bill(uk, party=first.party, name="Table 1 · 2", origin=Origin.STAFF)
    named = a_bill(uk, name="Birthday", origin=Origin.DOJO)
    elsewhere = a_bill(uk, table="t2")
    closed = OrderFactory(venue=uk.venue, table=table, status="Canceled", closed_at=first.opened_at,
                          business_date=first.opened_at.date(), display_base="Table 1")  # fmt: skip
    # when
    answer = change_table(manager, table, name="Window 1")
    # then
    assert answer.url == "/admin/floorplan/table/"
    names = [Order.objects.get(pk=one.pk).display_name for one in (first, second, named, elsewhere, closed)]
    assert names == ["Window 1", "Window 1 · 2", "Birthday", "Table 2", "Table 1"]
    assert json.loads(OrderDocument.objects.get(order_id=first.pk).body)["displayName"] == "Window 1"
    assert_documents_are_fresh(first, second, named, elsewhere)


def test_a_waiters_new_number_is_on_every_order_they_ever_had(uk: WorkingVenue, manager: Client, told: Any) -> None:
    # given
    opened = a_bill(uk)
    closed = a_bill(uk, table="t2")
    Order.objects.filter(pk=closed.pk).update(
        status="Canceled", closed_at=closed.opened_at, business_date=closed.opened_at.date()
    )
    Party.objects.filter(pk=opened.party_id).update(waiter=uk.waiter)
    told.clear()
    # when
    answer = change_person(manager, uk.waiter, waiter_id="77")
    # then
    assert answer.status_code == 302
    for order in (opened, closed):
        assert OrderDocument.objects.get(order_id=order.pk).waiter_id == "77"
        assert_documents_are_fresh(order)
    mine = {"venue_id": uk.venue.pk}
    assert told == [
        FloorChanged(**mine),
        OrderChanged(**mine, order_id=opened.pk),
        PartyChanged(**mine, party_id=opened.party_id),
        WaiterRenumbered(**mine, membership_id=uk.waiter.pk),
    ]


def test_without_the_events_documents_grow_stale(
    uk: WorkingVenue, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: the control
    order = a_bill(uk)
    monkeypatch.setattr(TableAdmin, "events_of", lambda self, change: [])
    # when
    change_table(manager, uk.tables["t1"], name="Window 1")
    # then
    assert json.loads(OrderDocument.objects.get(order_id=order.pk).body)["displayName"] == "Table 1"
    with pytest.raises(AssertionError):
        assert_documents_are_fresh(order)


def test_what_a_table_means_to_others_is_told(uk: WorkingVenue, manager: Client, told: Any) -> None:
    # given
    order = a_bill(uk)
    booking = ReservationFactory(venue=uk.venue)
    ReservationTableFactory(reservation=booking, table=uk.tables["t1"])
    told.clear()
    # when
    change_table(manager, uk.tables["t1"], name="Window 1")
    # then
    mine = {"venue_id": uk.venue.pk}
    assert told == [
        FloorChanged(**mine),
        OrderChanged(**mine, order_id=order.pk),
        PartyChanged(**mine, party_id=order.party_id),
        ReservationChanged(**mine, reservation_id=booking.pk),
        StationChanged(**mine, station_id=uk.stations["kitchen"].pk),
    ]


@pytest.mark.parametrize(
    ("model", "row", "changes", "expected"),
    [
        ("area", "area", {"name": "Hall"}, [FloorChanged]),
        ("table", "t5", {"max_covers": "6"}, [FloorChanged]),
        ("category", "category", {"name": "Kitchen"}, [MenuChanged]),
        ("course", "course", {"name": "Puddings"}, [MenuChanged, StationChanged, StationChanged]),
        ("station", "bar", {"name": "Long bar"}, [MenuChanged, StationChanged, StationChanged]),
        ("modifiergroup", "group", {"name": "Done how?"}, [MenuChanged]),
        ("product", "ribeye", {"name": "Sirloin"}, [MenuChanged]),
        ("vatclass", "vat", {"name": "Cooked food"}, [MenuChanged]),
        ("venue", "venue", {"phone": "01632 960 001"}, [FloorChanged, MenuChanged]),
        ("till", "till", {"name": "Bar till"}, [TillChanged]),
    ],
)
def test_every_change_is_told_to_its_screens(
    uk: WorkingVenue, manager: Client, told: Any, model: str, row: str, changes: dict[str, str], expected: Any
) -> None:
    # given
    ribeye = uk.products["ribeye"]
    rows = {
        "area": uk.area, "t5": uk.tables["t5"], "category": ribeye.category, "course": uk.courses["Desserts"],
        "bar": uk.stations["bar"], "group": ribeye.modifier_groups.get(), "ribeye": ribeye,
        "vat": ribeye.vat_class, "venue": uk.venue, "till": uk.till,
    }  # fmt: skip
    app = {"area": "floorplan", "table": "floorplan", "venue": "pos", "till": "pos"}.get(model, "orders")
    # when
    url = f"/admin/{app}/{model}/{rows[row].pk}/change/"
    answer = fill_in(manager, url, changes, form_id=f"{model}_form")
    # then
    assert answer.status_code == 302, text_of(answer)
    assert [type(event) for event in told] == expected
    assert {event.venue_id for event in told} == {uk.venue.pk}


# --- the screens -----------------------------------------------------------------------------------------------------


def in_a_thread(call: Any, *args: Any, **kwargs: Any) -> None:
    """The thread's own connection goes with it."""
    try:
        call(*args, **kwargs)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_floor_and_the_till_hear_of_it_within_the_second() -> None:
    # given
    house = a_venue("GB", slug="old-mill")
    order = a_bill(house)
    client = Client()
    client.force_login(house.manager.staff)
    # when
    heard = listen(
        "/ws/old-mill/floor", house.waiter, lambda: in_a_thread(change_table, client, house.tables["t1"], name="Window")
    )
    # then
    assert json.loads(heard[1]) == {
        "type": "changed",
        "what": ["plan", f"order:{order.pk}", f"party:{order.party_id}"],
    }
    # when
    ribeye = house.products["ribeye"]
    url = f"/admin/orders/product/{ribeye.pk}/change/"
    heard = listen(
        f"/ws/old-mill/orders/{order.pk}",
        house.waiter,
        lambda: in_a_thread(fill_in, client, url, {"portions-0-price": "31"}, form_id="product_form"),
    )
    # then
    assert json.loads(heard[1]) == {"type": "changed", "what": ["menu"]}
    assert house.products["ribeye"].portions.get().price == 3100


# --- the audit trail -------------------------------------------------------------------------------------------------


def test_who_changed_what_from_what_to_what(uk: WorkingVenue, manager: Client) -> None:
    # given
    lounge = Area.objects.create(venue=uk.venue, code="lounge", name="Lounge")
    table = uk.tables["t1"]
    # when
    change_table(manager, table, name="Window 1", area=str(lounge.pk), max_covers="6", waiters=[str(uk.waiter.pk)])
    # then
    entry = AuditEntry.objects.get(act="change_table")
    assert (entry.membership, entry.venue, entry.subject) == (uk.manager, uk.venue, f"table_{table.pk}")
    assert entry.detail == {
        "name": "Window 1",
        "changes": {
            "area": ["Main room", "Lounge"],
            "name": ["Table 1", "Window 1"],
            "max_covers": [4, 6],
            "waiters": [[], [str(uk.waiter)]],
        },
    }
    # and: Django's own history says so too, without values
    log = LogEntry.objects.get()
    assert log.get_change_message() == "Changed Name, Area, Seats and Served by."


def test_what_hangs_on_a_row_is_part_of_its_story(uk: WorkingVenue, manager: Client) -> None:
    # given
    lager, pint = uk.products["lager-pint"], uk.portions["lager-pint"]
    # when
    changes = {"portions-0-price": "6.50", "portions-1-is_active": None, "allergen_gluten": "contains"}
    fill_in(manager, f"/admin/orders/product/{lager.pk}/change/", changes, form_id="product_form")
    # then
    half = uk.portions["lager-half"]
    assert AuditEntry.objects.get(act="change_product").detail["changes"] == {
        f"Lager pint (size {pint.pk}): price": [620, 650],
        f"Lager half (size {half.pk}): is_active": [True, False],
        "allergen gluten": ["", "contains"],
    }


def test_adding_and_deleting_are_noted_too(uk: WorkingVenue, manager: Client) -> None:
    # when
    fill_in(manager, "/admin/orders/category/add/", {"name": "Sides"}, form_id="category_form")
    category = Category.objects.get(name="Sides")
    manager.post(f"/admin/orders/category/{category.pk}/delete/", {"post": "yes"})
    # then
    assert not Category.objects.filter(name="Sides").exists()
    added, deleted = AuditEntry.objects.order_by("pk")
    assert (added.act, added.subject, added.detail["changes"]["name"]) == (
        "add_category", f"category_{category.pk}", [None, "Sides"],
    )  # fmt: skip
    assert (deleted.act, deleted.subject, deleted.detail["changes"]["name"]) == (
        "delete_category", f"category_{category.pk}", ["Sides", None],
    )  # fmt: skip


def test_saving_without_a_change_says_nothing(uk: WorkingVenue, manager: Client, told: Any) -> None:
    assert change_table(manager, uk.tables["t1"]).status_code == 302
    assert not AuditEntry.objects.exists()
    assert told == []


# --- or nothing at all -----------------------------------------------------------------------------------------------


def test_a_form_that_does_not_hold_changes_nothing_and_tells_nobody(
    uk: WorkingVenue, manager: Client, told: Any
) -> None:
    before = everything()
    answer = change_table(manager, uk.tables["t1"], name="", max_covers="0")
    assert answer.status_code == 200
    assert "From 1 to 99." in text_of(answer)
    assert everything() == before
    assert told == []


def test_a_refusal_in_the_middle_takes_everything_back(
    uk: WorkingVenue, manager: Client, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: something says no after the row was written
    def refuse(self: Any, change: Any) -> None:
        raise Conflict("Not on a Friday.")

    monkeypatch.setattr(TableAdmin, "follow_up", refuse)
    before = everything()
    # when
    answer = change_table(manager, uk.tables["t1"], name="Window 1")
    # then
    assert "Not on a Friday." in text_of(manager.get(answer.url))
    assert everything() == before
    assert told == []
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_save_the_same_name_at_once_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # given: the other one's row appears between our check and our write
    house = a_venue("GB", slug="old-mill")
    client = Client()
    client.force_login(house.manager.staff)
    save = TableAdmin.save_model

    def too_late(self: Any, request: Any, obj: Any, form: Any, change: bool) -> None:
        Table.objects.filter(pk=house.tables["t2"].pk).update(name=obj.name)
        save(self, request, obj, form, change)

    monkeypatch.setattr(TableAdmin, "save_model", too_late)
    # when
    answer = change_table(client, house.tables["t1"], name="Window 1")
    # then
    assert "Nothing was saved: look again" in text_of(client.get(answer.url))
    assert set(Table.objects.filter(pk__in=[house.tables[code].pk for code in ("t1", "t2")]).values_list("name")) == {
        ("Table 1",), ("Table 2",),
    }  # fmt: skip


def test_pages_open_no_transaction_of_their_own_around_a_service(uk: WorkingVenue, manager: Client) -> None:
    # given: an act of a list calls a durable service, which would refuse to run inside another transaction
    order = a_bill(uk)
    atomic_when_called = []
    real = transaction.atomic

    def spy(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("durable"):
            atomic_when_called.append(events.is_collecting())
        return real(*args, **kwargs)

    # when
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "atomic", spy)
        sent = {"action": "cancel", "index": "0", "_selected_action": order.pk}
        answer = manager.post("/admin/orders/order/", sent)
    # then
    assert answer.status_code == 302
    assert Order.objects.get(pk=order.pk).status == "Canceled"
    assert atomic_when_called == [True]


def test_what_a_till_wrote_meanwhile_stays(uk: WorkingVenue, manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: between reading and saving the product, the kitchen counts down and sells out
    ribeye = uk.products["ribeye"]
    url = f"/admin/orders/product/{ribeye.pk}/change/"
    save = Product.save

    def sold_meanwhile(self: Product, *args: Any, **kwargs: Any) -> None:
        Product.objects.filter(pk=self.pk).update(portions_left=2, sold_out=True)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Product, "save", sold_meanwhile)
    # when
    fill_in(manager, url, {"kitchen_name": "RIB"}, form_id="product_form")
    # then
    ribeye.refresh_from_db()
    assert (ribeye.kitchen_name, ribeye.portions_left, ribeye.sold_out) == ("RIB", 2, True)


# --- the plan's own rules --------------------------------------------------------------------------------------------


def test_a_code_stays_once_it_is_used(uk: WorkingVenue, manager: Client) -> None:
    # given
    used, free = uk.tables["t1"], uk.tables["t5"]
    a_bill(uk)
    # when
    change_table(manager, used, code="window")
    change_table(manager, free, code="Garden-5")
    manager.post(f"/admin/floorplan/area/{uk.area.pk}/change/",
                 {"name": "Hall", "code": "hall", "position": "0", "is_active": "on"})  # fmt: skip
    # then
    assert Table.objects.get(pk=used.pk).code == "t1"
    assert Table.objects.get(pk=free.pk).code == "garden-5"
    assert (Area.objects.get(pk=uk.area.pk).name, Area.objects.get(pk=uk.area.pk).code) == ("Hall", "main")


@pytest.mark.parametrize("kind", ["bill", "guests", "booking"])
def test_a_table_somebody_needs_does_not_leave_the_plan(uk: WorkingVenue, manager: Client, kind: str) -> None:
    # given
    table = uk.tables["t1"]
    if kind == "bill":
        OrderFactory(venue=uk.venue, table=table, display_base="Table 1")
    elif kind == "guests":
        seat_party(actor=uk.by_waiter, table_ids=[table.pk], covers=2)
    else:
        ReservationTableFactory(reservation=ReservationFactory(venue=uk.venue), table=table)
    before = everything()
    words = {
        "bill": "Table 1 is still open there",
        "guests": "Guests are sitting there",
        "booking": "is expected there",
    }
    # when
    of_table = change_table(manager, table, is_active=None)
    of_area = fill_in(manager, f"/admin/floorplan/area/{uk.area.pk}/change/", {"is_active": None}, form_id="area_form")
    deleted = manager.post(f"/admin/floorplan/table/{table.pk}/delete/", {"post": "yes"})
    # then
    assert words[kind] in text_of(of_table)
    assert words[kind] in text_of(of_area)
    assert deleted.status_code == 403
    assert everything() == before


def test_a_table_nobody_used_can_go(uk: WorkingVenue, manager: Client) -> None:
    table = uk.tables["t9"]
    assert "Delete table" in text_of(manager.get(f"/admin/floorplan/table/{table.pk}/change/"))
    manager.post(f"/admin/floorplan/table/{table.pk}/delete/", {"post": "yes"})
    assert not Table.objects.filter(pk=table.pk).exists()
    # and: one with a past has no such button
    a_bill(uk)
    assert "Delete table" not in text_of(manager.get(f"/admin/floorplan/table/{uk.tables['t1'].pk}/change/"))


def test_new_tables_find_a_code_and_a_spot_of_their_own(uk: WorkingVenue, manager: Client) -> None:
    # given
    garden = Area.objects.create(venue=uk.venue, code="garden", name="Garden", position=1)
    # when
    for name in ("Bench", "bench", "Élan 7"):
        fill_in(manager, "/admin/floorplan/table/add/", {"name": name, "area": str(garden.pk)}, form_id="table_form")
    # then
    tables = list(Table.objects.filter(area=garden).order_by("pk"))
    assert [table.code for table in tables] == ["bench", "bench-2", "elan-7"]
    assert len({(table.x, table.y) for table in tables}) == 3
    assert [table.position for table in tables] == [13, 14, 15]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "t2"}, "There is another table with this code."),
        ({"code": "Ä b"}, "Small letters, digits and hyphens."),
        ({"name": "Table 2"}, "There is another table with this name."),
        ({"rotation": "360"}, "From 0 to 359 degrees."),
        ({"x": "1001"}, "less than or equal to 1000"),
        ({"area": "99999999"}, "Select a valid choice."),
        ({"name": "x" * 25}, "at most 24 characters"),
        ({"position": "-1"}, "greater than or equal to 0"),
        ({"max_covers": "two"}, "Enter a whole number."),
    ],
)
def test_a_spoilt_table_is_refused_at_its_field(
    uk: WorkingVenue, manager: Client, changes: dict[str, str], words: str
) -> None:
    before = everything()
    answer = change_table(manager, uk.tables["t1"], **changes)
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert everything() == before


# --- the outbox ------------------------------------------------------------------------------------------------------


def test_dojo_is_to_hear_of_what_a_renamed_table_changed(uk: WorkingVenue, manager: Client) -> None:
    order = a_bill(uk)
    a_bill(uk, table="t2")
    booking = ReservationFactory(venue=uk.venue)
    ReservationTableFactory(reservation=booking, table=uk.tables["t1"])
    news = newly_wanted(lambda: change_table(manager, uk.tables["t1"], name="Window 1"))
    # guests are at a table's code, which stays; of the booking Dojo had not heard yet
    assert news == {("OrderUpdated", order.pk): 1, ("ReservationUpdated", booking.pk): 1}


def test_dojo_is_to_hear_of_a_new_number_and_of_old_orders_by_the_way(uk: WorkingVenue, manager: Client) -> None:
    # given
    now = timezone.now()
    opened, elsewhere = a_bill(uk), OrderFactory(venue=uk.venue, waiter=uk.supervisor)
    old = [a_bill(uk, table="t2", name=f"Old {number}") for number in range(6)]
    Order.objects.filter(pk__in=[order.pk for order in old]).update(
        status="Canceled", closed_at=now, business_date=now.date()
    )
    all_told()
    # when
    news = newly_wanted(lambda: change_person(manager, uk.waiter, waiter_id="77"))
    # then
    assert set(news) == {("OrderUpdated", order.pk) for order in (opened, *old)}
    assert ("OrderUpdated", elsewhere.pk) not in news
    due = dict(OutboundEvent.objects.filter(kind="OrderUpdated").values_list("entity_id", "next_attempt_at"))
    assert due[opened.pk] < timezone.now()
    assert all(now < due[order.pk] < timezone.now() + timedelta(hours=1) for order in old)
    # not all at one moment
    assert max(due[order.pk] for order in old) - min(due[order.pk] for order in old) > timedelta(seconds=10)
