"""The walk: every address of the back office, as somebody who should not see what is behind it.

The addresses come from the site itself, so that a new page, action or custom address is walked from its first day on.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from pytest_django import DjangoDbBlocker
from unfold.admin import ModelAdmin

from floorplan.models import Table
from orders.admin.plan import TableAdmin
from orders.models import Product
from pos.back_office import scope
from pos.back_office.acts import Acting
from pos.back_office.scope import VenueRelatedFilter, is_held_on_to
from pos.back_office.site import VenueAdminSite
from pos.back_office.venue_admin import VenueModelAdmin
from pos.models import Role
from tests.back_office.browsing import form_on, text_of
from tests.back_office.houses import FOREIGN, House, everything, full_house, pages, prefix_of, related_by
from tests.factories import MembershipFactory
from tests.fixtures_venue import kept_for_module

pytestmark = pytest.mark.django_db

FOUND, MOVED, BAD, FORBIDDEN, NOT_FOUND = 200, 302, 400, 403, 404

# Of the site itself: whoever may come in at all gets these, and no row of any venue is on them.
OF_THE_SITE = {
    "admin:index",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:search",
    "admin:choose_venue",
}


class Address(NamedTuple):
    name: str
    page: VenueModelAdmin
    takes_row: bool


def addresses() -> Iterator[Address]:
    """Every named address of a page, told apart by whether it is about one row."""
    for page in pages():
        for pattern in page.get_urls():
            if pattern.name:
                yield Address(f"admin:{pattern.name}", page, "object_id" in str(pattern.pattern))


def of_row(address: Address, row: models.Model) -> str:
    return reverse(address.name, args=[quote(row.pk)])


def every_name(patterns: Any, prefix: str = "admin:") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from every_name(one.url_patterns, prefix)
        elif isinstance(one, URLPattern) and one.name:
            yield prefix + one.name


@pytest.fixture(scope="module")
def houses(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, House]]:
    """Made once: nothing of the walk may change them."""
    with kept_for_module(django_db_blocker):
        ours = full_house("GB", slug="old-mill", name="The Old Mill")
        yield ours, full_house("IE", slug="new-mill", name="Foreign Mill", foreign=True)


@pytest.fixture
def ours(houses: tuple[House, House], db: None) -> House:
    return houses[0]


@pytest.fixture
def theirs(houses: tuple[House, House], db: None) -> House:
    """Another venue, where everything is called Foreign."""
    return houses[1]


# --- the walk is complete --------------------------------------------------------------------------------------------


def test_the_walk_knows_every_address_there_is() -> None:
    names = set(every_name(admin.site.urls[0]))
    assert names - {address.name for address in addresses()} - OF_THE_SITE == {"admin:app_list"}


def test_every_page_begins_with_the_base_class() -> None:
    assert [model for model, page in admin.site._registry.items() if not isinstance(page, VenueModelAdmin)] == []
    assert len(pages()) >= 28


@pytest.mark.parametrize("page_class", [ModelAdmin, admin.ModelAdmin, None])
def test_a_page_without_the_base_class_is_refused(page_class: Any) -> None:
    site = VenueAdminSite()
    with pytest.raises(ImproperlyConfigured):
        site.register(Table, type("Page", (page_class,), {"__module__": "orders.admin"}) if page_class else None)
    assert not site.is_registered(Table)


def test_every_page_has_a_row_in_both_venues(ours: House, theirs: House) -> None:
    assert [model.__name__ for house in (ours, theirs) for model, rows in house.rows.items() if not rows] == []


def test_every_inline_leads_to_its_venue(ours: House) -> None:
    for page in pages():
        for inline in page.inlines:
            assert inline.model._default_manager.filter(**{inline.venue_path: ours.shop.venue.pk}).exists(), inline


# --- the manager of one venue, on the rows of another ----------------------------------------------------------------


def test_a_row_of_another_venue_is_not_found(ours: House, theirs: House, signed_in: Any) -> None:
    # given
    client, before = signed_in(ours.shop.manager), everything()
    walked = 0
    for address in addresses():
        if not address.takes_row:
            continue
        for row in theirs.rows[address.page.model][:2]:
            url = of_row(address, row)
            # when
            answers = (
                client.get(url),
                client.post(url, {"post": "yes"}),
                client.get(f"{url}?_popup=1"),
                client.post(url, {"name": "Mine", "_save": "1", "post": "yes", "_popup": "1"}),
            )
            # then
            assert [answer.status_code for answer in answers] == [NOT_FOUND] * 4, url
            walked += 1
    assert everything() == before
    assert walked > 100


def test_without_the_scope_a_row_of_another_venue_is_found(
    ours: House, theirs: House, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: the control
    client, table = signed_in(ours.shop.manager), theirs.shop.tables["t1"]
    url = reverse("admin:floorplan_table_change", args=[table.pk])
    assert client.get(url).status_code == NOT_FOUND
    # when
    monkeypatch.setattr(scope.Scoped, "get_queryset", ModelAdmin.get_queryset)
    monkeypatch.setattr(TableAdmin, "get_queryset", ModelAdmin.get_queryset)
    # then
    assert FOREIGN in client.get(url).content.decode()


def test_nothing_of_another_venue_is_on_any_page(ours: House, theirs: House, signed_in: Any) -> None:
    # given
    client = signed_in(ours.shop.manager)
    urls = [reverse(name) for name in ("admin:index", "admin:search", "admin:choose_venue", "admin:password_change")]
    for address in addresses():
        mine = ours.rows[address.page.model]
        urls.append(of_row(address, mine[0]) if address.takes_row else reverse(address.name))
    urls += [f"{reverse('admin:search')}?s={term}" for term in ("foreign", "table", "new-mill")]
    for url in urls:
        # when
        page = client.get(url, follow=True)
        # then
        assert page.status_code in (FOUND, FORBIDDEN), url
        assert FOREIGN not in page.content.decode(), url
        for model, rows in theirs.rows.items():
            place = f"/{model._meta.app_label}/{model._meta.model_name}/"
            assert not [row for row in rows if f"{place}{quote(row.pk)}/" in page.content.decode()], url


def test_no_field_offers_a_row_of_another_venue(ours: House, theirs: House, signed_in: Any) -> None:
    # given
    client, checked = signed_in(ours.shop.manager), 0
    for page in pages():
        fields = {"": page.model, **{prefix_of(inline): inline.model for inline in page.inlines}}
        urls = [reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_add"), page.address(ours.one(page.model))]
        for url in urls:
            # when
            form = form_on(client.get(url), f"{page.opts.model_name}_form")
            # then
            for name, offered in form.offers.items():
                remote = related_by(fields, name)
                if remote is None:
                    continue
                known = {str(row.pk) for row in ours.rows[remote]}
                assert set(offered) - {""} <= known, (url, name)
                checked += 1
    assert checked > 20


def test_no_filter_offers_or_finds_a_row_of_another_venue(ours: House, theirs: House, signed_in: Any) -> None:
    client, related = signed_in(ours.shop.manager), 0
    for page in pages():
        for listed in page.list_filter:
            if not isinstance(listed, str) or not page._is_relation(listed):
                continue
            related += 1
            model: Any = page.model
            for name in listed.split("__"):
                model = model._meta.get_field(name).related_model
            for row in theirs.rows[model][:2]:
                # when
                found = client.get(page.address(), {f"{listed}__id__exact": row.pk}, follow=True)
                # then
                assert found.status_code == FOUND
                assert FOREIGN not in found.content.decode()
    assert related > 10


def test_every_filter_by_a_related_row_keeps_to_the_venue(ours: House, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user, request.session = ours.shop.manager.staff, {}
    for page in pages():
        for listed in page.get_list_filter(request):
            if isinstance(listed, tuple):
                assert issubclass(listed[1], VenueRelatedFilter) or not page._is_relation(listed[0]), (page, listed)


@pytest.mark.parametrize(
    "asked",
    [
        "venue__slug=new-mill", "venue__id__exact=1", "staff__password__startswith=a", "staff__pin_hash__startswith=a",
        "token_hash__startswith=a", "waiters__staff__password__startswith=a", "secret_hash__startswith=a",
        "api_key__startswith=g", "name__startswith=T",
    ],
)  # fmt: skip
def test_nobody_asks_a_list_what_no_filter_offers(ours: House, signed_in: Any, asked: str) -> None:
    client = signed_in(ours.shop.manager)
    for page in pages():
        answer = client.get(f"{page.address()}?{asked}")
        # The pages of the one venue and the one connection have no list.
        assert answer.status_code == BAD or "/change/" in answer["Location"], page


def test_autocomplete_finds_only_what_is_here(ours: House, theirs: House, signed_in: Any) -> None:
    # given
    client, asked = signed_in(ours.shop.manager), 0
    for page in pages():
        for holder in (page, *(inline(page.model, admin.site) for inline in page.inlines)):
            for name in holder.autocomplete_fields:
                where = {
                    "app_label": holder.model._meta.app_label,
                    "model_name": holder.model._meta.model_name,
                    "field_name": name,
                }
                # when
                some = client.get(reverse("admin:autocomplete"), where).json()["results"]
                none = client.get(reverse("admin:autocomplete"), where | {"term": FOREIGN}).json()["results"]
                # then
                remote = holder.model._meta.get_field(name).related_model
                assert {one["id"] for one in some} <= {str(row.pk) for row in ours.rows[remote]}
                assert some
                assert none == []
                asked += 1
    assert asked >= 3


def test_autocomplete_of_any_field_at_all_finds_only_what_is_here(ours: House, theirs: House, signed_in: Any) -> None:
    client = signed_in(ours.shop.manager)
    for page in pages():
        for column in page.model._meta.get_fields():
            if not column.is_relation or column.auto_created:
                continue
            where = {"app_label": page.opts.app_label, "model_name": page.opts.model_name, "field_name": column.name}
            answer = client.get(reverse("admin:autocomplete"), where)
            assert answer.status_code in (FOUND, FORBIDDEN, NOT_FOUND)
            if answer.status_code == FOUND:
                assert FOREIGN not in answer.content.decode()


def test_no_act_reaches_a_row_of_another_venue(ours: House, theirs: House, signed_in: Any) -> None:
    # given
    client, before, acted = signed_in(ours.shop.manager), everything(), 0
    for page in pages():
        acts = [act.name for act in page.acts] if isinstance(page, Acting) else []
        for name in [*acts, "delete_selected"]:
            sent = {"action": name, "index": "0", "answer": name, "reason": "Mine", "resolution": "Mine", "amount": "1"}
            for row in theirs.rows[page.model][:2]:
                # when
                answer = client.post(page.address(), {**sent, "_selected_action": row.pk})
                # then
                assert answer.status_code in (MOVED, FOUND)
                assert FOREIGN not in answer.content.decode()
                acted += 1
    assert everything() == before
    assert acted > 50


# --- whoever has no business here ------------------------------------------------------------------------------------


def all_urls(house: House) -> list[str]:
    urls = [of_row(a, house.one(a.page.model)) if a.takes_row else reverse(a.name) for a in addresses()]
    of_site = OF_THE_SITE - {"admin:login", "admin:logout"}
    return [*urls, *(reverse(name) for name in of_site), "/admin/orders/", "/admin/nothing/like/this/"]


def test_strangers_are_asked_to_sign_in(ours: House) -> None:
    client, before = Client(), everything()
    for url in all_urls(ours):
        for answer in (client.get(url), client.post(url, {"post": "yes", "name": "Mine"})):
            assert answer.status_code == MOVED, url
            assert answer["Location"].startswith("/admin/login/?next=/admin/"), url
    assert everything() == before


@pytest.mark.parametrize("who", ["waiter", "supervisor", "former manager", "closed login"])
def test_who_manages_nothing_is_refused_by_name_and_not_sent_in_circles(ours: House, signed_in: Any, who: str) -> None:
    # given
    members = {
        "waiter": ours.shop.waiter,
        "supervisor": ours.shop.supervisor,
        "former manager": MembershipFactory(venue=ours.shop.venue, role=Role.MANAGER, is_active=False),
        "closed login": MembershipFactory(venue=ours.shop.venue, role=Role.MANAGER, staff__is_active=False),
    }
    client, before = signed_in(members[who]), everything()
    for url in all_urls(ours):
        # when
        answers = (client.get(url), client.post(url, {"post": "yes", "name": "Mine"}))
        # then
        for answer in answers:
            if who == "closed login":
                assert answer["Location"].startswith("/admin/login/"), url
            else:
                assert answer.status_code == FORBIDDEN, url
                assert "where managers set up a venue" in text_of(answer), url
    assert everything() == before


# --- and whoever has -------------------------------------------------------------------------------------------------


def test_a_manager_sees_every_page_of_their_own(ours: House, signed_in: Any) -> None:
    client = signed_in(ours.shop.manager)
    for url in (reverse("admin:index"), reverse("admin:password_change"), reverse("admin:jsi18n")):
        assert client.get(url).status_code == FOUND
    for address in addresses():
        page = address.page
        row = ours.one(page.model)
        url = of_row(address, row) if address.takes_row else reverse(address.name)
        answer = client.get(url)
        if address.name.endswith("_add"):
            allowed = page.may_add and page.model is not type(ours.connection)
        elif address.name.endswith("_delete"):
            allowed = page.may_delete and not is_held_on_to(row) and not getattr(row, "is_default", False)
        else:
            allowed = True
        if answer.status_code == MOVED:
            assert answer["Location"].endswith("/change/"), url
        else:
            assert answer.status_code == (FOUND if allowed else FORBIDDEN), url


def test_the_old_address_of_a_row_leads_to_its_page(ours: House, signed_in: Any) -> None:
    table = ours.shop.tables["t1"]
    assert signed_in(ours.shop.manager).get(f"/admin/floorplan/table/{table.pk}/").url.endswith(f"/{table.pk}/change/")


@pytest.mark.parametrize(
    "asked",
    ["?q=%00", "?area__id__exact=%00", "?area__id__exact=abc", "?area__id__exact=99999999999999999999", "?p=abc",
     "?o=999.-x", "?p=99999999999999999999", "?is_active__exact=perhaps", "?_to_field=venue", "?e=1", "?all="],
)  # fmt: skip
def test_spoilt_questions_are_answered_or_refused(ours: House, signed_in: Any, asked: str) -> None:
    answer = signed_in(ours.shop.manager).get(f"/admin/floorplan/table/{asked}")
    assert answer.status_code in (FOUND, MOVED, BAD)


@pytest.mark.parametrize("key", ["abc", "", "99999999999999999999", "1\x00", "-1", "1 OR 1=1"])
def test_spoilt_rows_are_not_found_and_not_acted_on(ours: House, signed_in: Any, key: str) -> None:
    client, before = signed_in(ours.shop.manager), everything()
    for page in (Table, Product):
        url = f"/admin/{page._meta.app_label}/{page._meta.model_name}/"
        if key:
            assert client.get(f"{url}{quote(key)}/change/").status_code == NOT_FOUND
        sent = {"action": "sold_out", "index": "0", "_selected_action": key}
        assert client.post(url, sent).status_code in (MOVED, FOUND, BAD)
    assert everything() == before
