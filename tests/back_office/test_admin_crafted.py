"""Forms that no page of ours would send: rows of another venue in every field that can hold one."""

from typing import Any

import pytest
from django.test import Client

from floorplan.models import Area, Table
from orders.models import (
    Category,
    ComboPart,
    Course,
    Modifier,
    ModifierGroup,
    Order,
    Portion,
    Product,
    ProductModifierGroup,
    Station,
    VatClass,
    VatRate,
)
from pos.models import AuditEntry, Staff, Till
from tests.back_office.browsing import fill_in, form_on, text_of
from tests.back_office.houses import House, everything, full_house, pages, prefix_of, related_by
from tests.bills import a_bill
from tests.factories import AuditEntryFactory, OrderExceptionFactory, WorkingVenue

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(db: None) -> House:
    return full_house("GB", slug="old-mill", name="The Old Mill")


@pytest.fixture
def theirs(ours: House) -> House:
    return full_house("IE", slug="new-mill", name="Foreign Mill", foreign=True)


@pytest.fixture
def client(ours: House, signed_in: Any) -> Client:
    return signed_in(ours.shop.manager)


def test_no_field_takes_a_row_of_another_venue(ours: House, theirs: House, client: Client) -> None:
    # given
    before, tried = everything(), set()
    for page in pages():
        if not page.may_change:
            continue
        url, form_id = page.address(_fullest(ours, page)), f"{page.opts.model_name}_form"
        fields = {"": page.model, **{prefix_of(inline): inline.model for inline in page.inlines}}
        sent = form_on(client.get(url), form_id)
        for name in sent.offers:
            remote = related_by(fields, name)
            if remote is None or "__prefix__" in name:
                continue
            # when
            answer = fill_in(client, url, {name: str(theirs.one(remote).pk)}, form_id=form_id)
            # then
            assert answer.status_code == 200, (url, name)
            assert "Select a valid choice" in text_of(answer), (url, name)
            tried.add(f"{page.model.__name__} {name}")
    assert everything() == before
    assert {"Table area", "Table waiters", "Product category", "Product vat_class", "Product station"} < tried
    assert {"Product group_links-0-group", "ComboPart product", "ComboPart choices-0-portion", "Modifier group"} < tried


def _fullest(house: House, page: Any) -> Any:
    """The row with the most behind it, so that its inlines have rows too."""
    rows = {Product: lambda: house.shop.products["ribeye"], Table: lambda: house.shop.tables["t1"]}
    return rows[page.model]() if page.model in rows else house.one(page.model)


def test_no_inline_takes_over_a_row_of_another_venue(ours: House, theirs: House, client: Client) -> None:
    # given
    before, tried = everything(), set()
    for page in pages():
        if not page.may_change:
            continue
        for row in (_fullest(ours, page), *ours.rows[page.model]):
            if all((page.model, inline) in tried for inline in page.inlines):
                break
            url, form_id = page.address(row), f"{page.opts.model_name}_form"
            for inline in page.inlines:
                key = f"{prefix_of(inline)}-0-id"
                form = form_on(client.get(url), form_id)
                if key not in form.values or (page.model, inline) in tried:
                    continue
                foreign = inline.model._default_manager.filter(**{inline.venue_path: theirs.shop.venue.pk}).first()
                for changes in ({key: str(foreign.pk)}, {key: str(foreign.pk), f"{prefix_of(inline)}-0-DELETE": "on"}):
                    # when
                    answer = fill_in(client, url, changes, form_id=form_id)
                    # then
                    assert answer.status_code == 200, (url, key)
                tried.add((page.model, inline))
    assert everything() == before
    assert {inline.model for _, inline in tried} >= {Portion, ProductModifierGroup, VatRate}


def test_no_row_moves_to_another_venue(ours: House, theirs: House, client: Client) -> None:
    # given
    for page in pages():
        if not page.may_change:
            continue
        row = _fullest(ours, page)
        changes = {"venue": str(theirs.shop.venue.pk), "venue_id": str(theirs.shop.venue.pk), "id": "1"}
        # when
        answer = fill_in(client, page.address(row), changes, form_id=f"{page.opts.model_name}_form")
        # then
        assert answer.status_code == 302, (page, text_of(answer)[-2000:])
        kept = page.model._default_manager.filter(**{page.venue_path: ours.shop.venue.pk})
        assert kept.filter(pk=row.pk).exists(), page
    assert not AuditEntry.objects.filter(venue=theirs.shop.venue).exclude(act="something").exists()


def test_a_new_row_belongs_to_the_venue_whatever_the_form_says(ours: House, theirs: House, client: Client) -> None:
    # when
    sent = {"name": "Garden", "venue": str(theirs.shop.venue.pk), "position": "3", "is_active": "on"}
    client.post("/admin/floorplan/area/add/", sent)
    # then
    assert Area.objects.get(name="Garden").venue == ours.shop.venue


def test_an_inline_row_stays_with_its_parent(ours: House, theirs: House, client: Client) -> None:
    # given
    ribeye, before = ours.shop.products["ribeye"], everything()
    for other in (theirs.shop.products["ribeye"], ours.shop.products["soup"]):
        # when
        url = f"/admin/orders/product/{ribeye.pk}/change/"
        answer = fill_in(client, url, {"portions-0-product": str(other.pk)}, form_id="product_form")
        # then
        assert answer.status_code == 200
        assert "Please correct the error" in text_of(answer)
    assert everything() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"portions-TOTAL_FORMS": "99999999"}, {"portions-TOTAL_FORMS": "x"}, {"portions-INITIAL_FORMS": "x"},
        {"portions-TOTAL_FORMS": None}, {"portions-0-id": "abc"}, {"portions-0-id": ""}, {"portions-0-price": "4.205"},
        {"portions-0-price": "-1"}, {"portions-0-price": "1e9"}, {"portions-0-price": "٤.٢٠"},
        {"portions-0-plu": "x" * 99},
        {"allergen_milk": "perhaps"}, {"kind": "anything"}, {"position": "99999999999999999999"}, {"name": "a\x00b"},
        {"note_presets": "\n".join("x" * 40 for _ in range(3))}, {"portions-0-price": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_spoilt_product_is_refused_and_never_a_crash(
    uk: WorkingVenue, manager: Client, changes: dict[str, str | None]
) -> None:
    # given
    before = everything()
    # when
    answer = fill_in(
        manager, f"/admin/orders/product/{uk.products['ribeye'].pk}/change/", changes, form_id="product_form"
    )
    # then
    assert answer.status_code in (200, 400)
    assert everything() == before


def test_read_only_pages_take_nothing(ours: House, client: Client) -> None:
    before = everything()
    for page in pages():
        if page.may_change:
            continue
        row = ours.one(page.model)
        for url in (page.address(row), f"{page.address()}add/"):
            answer = client.post(url, {"name": "Mine", "display_name": "Mine", "amount": "1", "status": "Finalized"})
            assert answer.status_code in (302, 403), url
        assert client.post(page.address(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert everything() == before
    assert ComboPart not in {page.model for page in pages() if not page.may_change}


def test_what_people_write_is_shown_as_they_wrote_it(uk: WorkingVenue, manager: Client) -> None:
    # given: markup wherever a name can be
    markup = "<b>x</b>"
    uk.venue.name = markup
    uk.venue.save()
    Staff.objects.filter(pk__in=[uk.manager.staff_id, uk.waiter.staff_id]).update(name=markup)
    for model in (Area, Table, Category, Course, Station, VatClass, Modifier, ModifierGroup, Product, Till):
        first = model.objects.filter(venue=uk.venue).first()
        model.objects.filter(pk=first.pk).update(name=markup)
    order = a_bill(uk)
    Order.objects.filter(pk=order.pk).update(display_name=markup, note=markup)
    OrderExceptionFactory(order=order, message=markup, detail={"said": markup})
    AuditEntryFactory(venue=uk.venue, membership=uk.waiter, detail={"name": markup})
    urls = ["/admin/", "/admin/search/?s=b&extended=1", "/admin/venue/"]
    for page in pages():
        row = page.model._default_manager.filter(**{page.venue_path: uk.venue.pk}).order_by("pk").first()
        urls += [page.address(), f"{page.address()}?q=%3Cb%3E", *([page.address(row)] if row is not None else [])]
    urls += [f"/admin/orders/product/{uk.products['lager-pint'].pk}/history/"]
    # when
    save = fill_in(manager, f"/admin/floorplan/area/{uk.area.pk}/change/", {"position": "3"}, form_id="area_form")
    assert save.status_code == 302
    # then
    for url in urls:
        page = manager.get(url, follow=True)
        assert page.status_code == 200
        assert markup not in page.content.decode(), url


def test_a_row_made_in_a_little_window_is_one_change_too(uk: WorkingVenue, manager: Client) -> None:
    # given: the plus beside a field
    url = "/admin/orders/category/add/?_popup=1&_to_field=id"
    # when
    answer = fill_in(manager, url, {"name": "Sides"}, form_id="category_form")
    # then
    category = Category.objects.get(name="Sides")
    assert (answer.status_code, category.venue) == (200, uk.venue)
    assert f"&quot;value&quot;: &quot;{category.pk}&quot;" in answer.content.decode()
    assert AuditEntry.objects.get(act="add_category").membership == uk.manager
