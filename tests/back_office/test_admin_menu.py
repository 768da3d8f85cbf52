"""The menu: products with sizes, choices, sets and allergens; VAT by dated rates that history keeps."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from orders.models import (
    AllergenDeclaration,
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
    VatRate,
)
from orders.services.lines import NewLine
from orders.services.ordering import add_lines
from orders.services.sending import send
from orders.services.targets import AtTable
from tests.back_office.browsing import complaints, fill_in, form_on, text_of
from tests.back_office.houses import everything
from tests.factories import AllergenDeclarationFactory, WorkingVenue

pytestmark = pytest.mark.django_db


def page_of(row: Any) -> str:
    return f"/admin/orders/{row._meta.model_name}/{row.pk}/change/"


def save(client: Client, row: Any, changes: dict[str, Any]) -> Any:
    return fill_in(client, page_of(row), changes, form_id=f"{row._meta.model_name}_form")


def add(client: Client, model: Any, changes: dict[str, Any]) -> Any:
    name = model._meta.model_name
    return fill_in(client, f"/admin/orders/{name}/add/", changes, form_id=f"{name}_form")


# --- products and their sizes ----------------------------------------------------------------------------------------


def test_a_name_a_category_and_a_price_sell(uk: WorkingVenue, manager: Client) -> None:
    # when
    answer = add(manager, Product, {
        "name": "Crème brûlée", "category": str(uk.products["soup"].category_id), "portions-0-price": "£7.50",
    })  # fmt: skip
    # then
    assert answer.status_code == 302, complaints(answer)
    product = Product.objects.get(name="Crème brûlée")
    assert (product.venue, product.vat_class.code, product.station) == (uk.venue, "hot-food", uk.stations["kitchen"])
    portion = product.portions.get()
    assert (portion.venue, portion.price, portion.plu) == (uk.venue, 750, "creme-brulee")
    assert (portion.is_default, portion.is_active) == (True, True)


def test_sizes_get_codes_of_their_own_and_one_is_sold_by_a_tap(uk: WorkingVenue, manager: Client) -> None:
    # when
    answer = add(manager, Product, {
        "name": "Pale ale", "category": str(uk.products["lemonade"].category_id),
        "portions-0-name": "pint", "portions-0-price": "6.2", "portions-0-measure": "568 ml",
        "portions-1-name": "half", "portions-1-price": "3.10", "portions-1-is_default": "on",
    })  # fmt: skip
    # then
    assert answer.status_code == 302, complaints(answer)
    rows = Portion.objects.filter(product__name="Pale ale").order_by("pk")
    assert [(row.plu, row.price, row.is_default, row.position) for row in rows] == [
        ("pale-ale-pint", 620, False, 0),
        ("pale-ale-half", 310, True, 1),
    ]
    # and: a later one comes last, wherever the others were dragged
    save(manager, rows[0].product, {"portions-0-position": "4", "portions-2-name": "third", "portions-2-price": "2"})
    assert Portion.objects.get(plu="pale-ale-third").position == 0
    save(manager, rows[0].product, {"portions-3-name": "jug", "portions-3-price": "20"})
    assert Portion.objects.get(plu="pale-ale-jug").position == 5


def test_the_one_tap_moves_in_either_direction(uk: WorkingVenue, manager: Client) -> None:
    lager = uk.products["lager-pint"]
    for pint, half in ((None, "on"), ("on", None)):
        # when
        answer = save(manager, lager, {"portions-0-is_default": pint, "portions-1-is_default": half})
        # then
        assert answer.status_code == 302, complaints(answer)
        defaults = lager.portions.filter(is_default=True).values_list("name", flat=True)
        assert list(defaults) == ["pint" if pint else "half"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"portions-0-is_default": None}, "Choose one size that a single tap sells."),
        ({"portions-1-is_default": "on"}, "Choose one size that a single tap sells."),
        ({"portions-0-is_active": None}, "The size that a single tap sells is not on the menu."),
        ({"portions-0-DELETE": "on"}, "Deleting size Lager pint"),
        ({"portions-1-plu": "ribeye"}, "There is another size with this PLU."),
        (
            {
                "portions-2-name": "third",
                "portions-2-price": "1",
                "portions-2-plu": "x",
                "portions-3-name": "third",
                "portions-3-price": "1",
                "portions-3-plu": "x",
            },
            "Please correct the duplicate",
        ),
        ({"portions-0-price": "6,20"}, "Write an amount like 4.20"),
        ({"portions-0-price": "6.205"}, "Write an amount like 4.20"),
        ({"portions-0-price": "100000"}, "At most 99999.99."),
        ({"name": "Ribeye"}, "There is another product with this name."),
    ],
)
def test_sizes_that_make_no_sense_are_refused(
    uk: WorkingVenue, manager: Client, changes: dict[str, Any], words: str
) -> None:
    before = everything()
    answer = save(manager, uk.products["lager-pint"], changes)
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert everything() == before


def test_a_product_has_a_price(uk: WorkingVenue, manager: Client) -> None:
    before = everything()
    answer = save(manager, uk.products["brownie"], {"portions-0-DELETE": "on"})
    assert complaints(answer) == ["Give it a price: a product has at least one size."]
    assert everything() == before


def test_what_was_sold_stays_and_leaves_the_menu_instead(uk: WorkingVenue, manager: Client) -> None:
    # given
    ribeye = uk.products["ribeye"]
    new = NewLine(plu="lager-half", quantity=1)
    add_lines(actor=uk.by_waiter, target=AtTable("t1"), lines=[new])
    lager, before = uk.products["lager-pint"], everything()
    # when
    deleted = manager.post(f"/admin/orders/product/{lager.pk}/delete/", {"post": "yes"})
    without_half = save(manager, lager, {"portions-1-DELETE": "on"})
    # then
    assert deleted.status_code == 403
    assert without_half.status_code == 200
    assert "Deleting size" in text_of(without_half)
    assert everything() == before
    # and: what nobody ever sold can go, with its sizes
    assert manager.post(f"/admin/orders/product/{ribeye.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Portion.objects.filter(plu="ribeye").exists()


def test_notes_and_favourites(uk: WorkingVenue, manager: Client) -> None:
    soup = uk.products["soup"]
    save(manager, soup, {"note_presets": "no cream\r\n\r\n  extra   bread ", "is_favourite": "on"})
    soup.refresh_from_db()
    assert (soup.note_presets, soup.is_favourite) == (["no cream", "extra bread"], True)
    assert form_on(manager.get(page_of(soup)), "product_form").values["note_presets"] == ["no cream\nextra bread"]


def test_a_question_of_the_till_is_put_on_a_product(uk: WorkingVenue, manager: Client) -> None:
    # given
    soup, extras = uk.products["soup"], ModifierGroup.objects.get(venue=uk.venue, name="Extras")
    # when
    sent = {"group_links-0-group": str(extras.pk)}
    answer = save(manager, soup, sent)
    # then
    assert answer.status_code == 302, complaints(answer)
    assert ProductModifierGroup.objects.get(product=soup).group == extras


def test_sold_out_and_back_by_the_service(uk: WorkingVenue, manager: Client) -> None:
    # given
    soup = uk.products["soup"]
    sent = {"index": "0", "_selected_action": str(soup.pk), "back": page_of(soup)}
    assert "Sold out" in text_of(manager.get(page_of(soup)))
    # when
    answer = manager.post("/admin/orders/product/", {**sent, "action": "sold_out"})
    # then
    assert answer.url == page_of(soup)
    assert Product.objects.get(pk=soup.pk).sold_out
    assert "Back on sale" in text_of(manager.get(answer.url))
    manager.post("/admin/orders/product/", {**sent, "action": "back_on"})
    assert not Product.objects.get(pk=soup.pk).sold_out


# --- allergens -------------------------------------------------------------------------------------------------------


def test_allergens_are_known_or_not_recorded(uk: WorkingVenue, manager: Client) -> None:
    # given
    soup = uk.products["soup"]
    AllergenDeclarationFactory(product=soup, allergen="milk", level="contains")
    form = form_on(manager.get(page_of(soup)), "product_form")
    assert form.values["allergen_milk"] == ["contains"]
    assert form.offers["allergen_nuts"] == ["", "contains", "may_contain", "free"]
    # when
    save(manager, soup, {"allergen_milk": "may_contain", "allergen_celery": "contains", "allergen_fish": "free"})
    # then
    known = dict(soup.allergen_declarations.values_list("allergen", "level"))
    assert known == {"milk": "may_contain", "celery": "contains", "fish": "free"}
    # when
    save(manager, soup, {"allergen_fish": ""})
    # then
    assert "fish" not in dict(soup.allergen_declarations.values_list("allergen", "level"))


def test_leaving_an_allergen_out_of_a_form_clears_nothing(uk: WorkingVenue, manager: Client) -> None:
    soup = uk.products["soup"]
    AllergenDeclarationFactory(product=soup, allergen="milk", level="contains")
    save(manager, soup, {"allergen_milk": None, "name": "Soup"})
    assert soup.allergen_declarations.get().level == "contains"
    assert Product.objects.get(pk=soup.pk).name == "Soup"


def test_a_choice_has_allergens_too(uk: WorkingVenue, manager: Client) -> None:
    cheese = uk.modifiers["cheese"]
    answer = save(manager, cheese, {"allergen_milk": "contains", "price": "1.75"})
    assert answer.status_code == 302, complaints(answer)
    assert AllergenDeclaration.objects.get(modifier=cheese).level == "contains"
    assert Modifier.objects.get(pk=cheese.pk).price == 175


# --- choices, sets, courses, stations --------------------------------------------------------------------------------


def test_a_group_with_its_choices(uk: WorkingVenue, manager: Client) -> None:
    # when
    answer = add(manager, ModifierGroup, {
        "name": "Mixer", "minimum": "1", "maximum": "1",
        "modifiers-0-name": "Tonic", "modifiers-0-price": "1.50", "modifiers-1-name": "Cheese",
        "modifiers-1-price": "0",
    })  # fmt: skip
    # then
    assert answer.status_code == 302, complaints(answer)
    rows = Modifier.objects.filter(group__name="Mixer").order_by("pk")
    assert [(row.plu, row.price, row.venue_id) for row in rows] == [
        ("tonic", 150, uk.venue.pk),
        # The menu has a cheese already.
        ("cheese-2", 0, uk.venue.pk),
    ]


@pytest.mark.parametrize(("least", "most"), [("2", "1"), ("0", "0")])
def test_a_group_nobody_could_answer_is_refused(uk: WorkingVenue, manager: Client, least: str, most: str) -> None:
    before = everything()
    answer = add(manager, ModifierGroup, {"name": "Mixer", "minimum": least, "maximum": most})
    assert "At least 1, and not less than the minimum." in text_of(answer)
    assert everything() == before


def test_a_set_menu_with_what_the_guest_may_take(uk: WorkingVenue, manager: Client) -> None:
    # given
    deal = uk.products["burger-deal"]
    # when
    answer = add(manager, ComboPart, {
        "product": str(deal.pk), "name": "Side", "position": "2",
        "choices-0-portion": str(uk.portions["chips"].pk), "choices-0-surcharge": "0.50",
    })  # fmt: skip
    # then
    assert answer.status_code == 302, complaints(answer)
    choice = ComboChoice.objects.get(part__name="Side")
    assert (choice.part.product, choice.portion, choice.surcharge) == (deal, uk.portions["chips"], 50)


def test_there_is_always_one_station_for_the_rest(uk: WorkingVenue, manager: Client) -> None:
    # when
    kept = save(manager, uk.stations["kitchen"], {"is_default": None})
    # then
    assert "Make another one the default instead." in text_of(kept)
    # when
    save(manager, uk.stations["bar"], {"is_default": "on"})
    # then
    assert list(Station.objects.filter(venue=uk.venue, is_default=True)) == [uk.stations["bar"]]
    assert manager.post(f"/admin/orders/station/{uk.stations['bar'].pk}/delete/", {"post": "yes"}).status_code == 403


def test_two_courses_do_not_share_a_place(uk: WorkingVenue, manager: Client) -> None:
    before = everything()
    answer = save(manager, uk.courses["Mains"], {"position": "1"})
    assert "There is another course with this place in the meal." in text_of(answer)
    assert everything() == before
    add(manager, Course, {"name": "Cheese"})
    assert Course.objects.get(name="Cheese").position == 4


# --- VAT -------------------------------------------------------------------------------------------------------------


def sell(uk: WorkingVenue, plu: str = "soup") -> None:
    (line,) = add_lines(actor=uk.by_waiter, target=AtTable("t1"), lines=[NewLine(plu=plu)])
    send(actor=uk.by_waiter, order_id=line.order_id)


def rate_row(changes: dict[str, Any]) -> dict[str, Any]:
    return {f"rates-1-{name}": value for name, value in changes.items()}


def test_a_new_rate_is_a_new_dated_row_and_nothing_sold_changes(uk: WorkingVenue, manager: Client) -> None:
    # given
    sell(uk)
    hot = uk.vat["hot-food"]
    (line,) = hot._meta.apps.get_model("orders", "OrderLine").objects.all()
    start = uk.venue.business_date(line.sent_at) + timedelta(days=30)
    # when
    new = {"valid_from": f"{start:%d/%m/%Y}", "rate_in": "12.5", "rate_out": "12.5 %"}
    answer = save(manager, hot, rate_row(new))
    # then
    assert answer.status_code == 302, complaints(answer)
    rows = VatRate.objects.filter(vat_class=hot).order_by("valid_from").values_list("valid_from", "rate_in", "rate_out")
    assert list(rows)[1:] == [(start, 1250, 1250)]
    line.refresh_from_db()
    assert line.vat_rate == 2000


@pytest.mark.parametrize("changes", [{"rates-0-rate_in": "5"}, {"rates-0-valid_from": "01/01/2024"}])
def test_a_rate_that_something_was_sold_with_is_history(
    uk: WorkingVenue, manager: Client, changes: dict[str, str]
) -> None:
    sell(uk)
    hot, before = uk.vat["hot-food"], everything()
    # when: it is greyed out, and what comes all the same is not listened to
    answer = save(manager, hot, changes)
    deleted = save(manager, hot, {"rates-0-DELETE": "on"})
    # then
    assert answer.status_code == 302
    assert "Things were sold with that rate: it stays." in text_of(deleted)
    assert everything() == before
    assert 'name="rates-0-rate_in" value="20" ' in text_of(manager.get(page_of(hot)))


def test_a_preset_nothing_was_sold_with_may_be_corrected(uk: WorkingVenue, manager: Client) -> None:
    save(manager, uk.vat["hot-food"], {"rates-0-rate_in": "17.5", "code": "cooked"})
    hot = VatClass.objects.get(pk=uk.vat["hot-food"].pk)
    assert (hot.code, hot.rates.get().rate_in) == ("cooked", 1750)
    sell(uk)
    save(manager, hot, {"code": "hot-again"})
    assert VatClass.objects.get(pk=hot.pk).code == "cooked"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"valid_from": "01/04/2022", "rate_in": "5", "rate_out": "5"}, "Two rates cannot start on the same day."),
        ({"valid_from": "01/05/2022", "rate_in": "5.555", "rate_out": "5"}, "Write a percentage like 12.5"),
        ({"valid_from": "01/05/2022", "rate_in": "100.01", "rate_out": "5"}, "At most 100."),
        ({"valid_from": "31/02/2027", "rate_in": "5", "rate_out": "5"}, "Enter a valid date."),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(
    uk: WorkingVenue, manager: Client, changes: dict[str, str], words: str
) -> None:
    before = everything()
    answer = save(manager, uk.vat["hot-food"], rate_row(changes))
    assert words in text_of(answer)
    assert everything() == before


def test_no_rate_begins_in_the_past_of_what_was_sold(uk: WorkingVenue, manager: Client) -> None:
    sell(uk)
    before = everything()
    past = {"valid_from": "01/05/2022", "rate_in": "5", "rate_out": "5"}
    assert "Start today or later." in text_of(save(manager, uk.vat["hot-food"], rate_row(past)))
    assert everything() == before


def test_a_class_has_a_rate_today(uk: WorkingVenue, manager: Client) -> None:
    # given
    before = everything()
    later = f"{date.today() + timedelta(days=90):%d/%m/%Y}"
    new = {"name": "Cigars", "rates-0-valid_from": later, "rates-0-rate_in": "20", "rates-0-rate_out": "20"}
    # when
    answer = add(manager, VatClass, new)
    # then
    assert "Which rate holds today?" in text_of(answer)
    assert everything() == before
    add(manager, VatClass, new | {"rates-0-valid_from": "01/01/2026"})
    assert VatClass.objects.get(code="cigars").venue == uk.venue


def test_the_day_begins_when_the_venues_day_does(uk: WorkingVenue, manager: Client) -> None:
    # given: at four in the morning it is still yesterday in a pub
    with time_machine.travel("2027-03-10 04:00:00+00:00"):
        manager.force_login(uk.manager.staff)
        sell(uk)
        yesterday = {"valid_from": "09/03/2027", "rate_in": "5", "rate_out": "5"}
        # when
        answer = save(manager, uk.vat["hot-food"], rate_row(yesterday))
    # then
    assert answer.status_code == 302, complaints(answer)


# --- the venue's own page --------------------------------------------------------------------------------------------


def settings_of(uk: WorkingVenue) -> str:
    return f"/admin/pos/venue/{uk.venue.pk}/change/"


def test_the_settings_as_people_write_them(uk: WorkingVenue, manager: Client) -> None:
    # given
    assert manager.get("/admin/pos/venue/").url == settings_of(uk)
    # when
    answer = fill_in(manager, settings_of(uk), {
        "name": "The Old Mill", "address_lines": "1 Mill Lane\nAnytown", "postcode": "AN1 1AA", "vat_number": "GB 1",
        "service_rate": "10", "discount_limit": "12.5", "day_starts": "06:00", "clear_after_minutes": "",
        "attention_nothing_sent": "12", "attention_bill_printed": "",
    }, form_id="venue_form")  # fmt: skip
    # then
    assert answer.status_code == 302, complaints(answer)
    venue = uk.venue
    venue.refresh_from_db()
    assert (venue.name, venue.address_lines, venue.postcode) == ("The Old Mill", ["1 Mill Lane", "Anytown"], "AN1 1AA")
    assert (venue.service_rate, venue.discount_limit, str(venue.day_starts)) == (1000, 1250, "06:00:00")
    assert venue.clear_after_minutes is None
    assert venue.attention_minutes == {"nothing_sent": 12}


def test_what_bills_were_reckoned_by_is_fixed_once_something_is_sold(uk: WorkingVenue, manager: Client) -> None:
    # given
    changes = {
        "slug": "the-mill",
        "currency": "EUR",
        "country": "IE",
        "time_zone": "Europe/Dublin",
        "tax_inclusive": None,
    }
    fill_in(manager, settings_of(uk), changes, form_id="venue_form")
    uk.venue.refresh_from_db()
    assert (uk.venue.slug, uk.venue.currency, uk.venue.country) == ("the-mill", "EUR", "IE")
    sell(uk)
    # when
    again = {"slug": "mill", "currency": "GBP", "country": "GB", "time_zone": "Europe/London", "tax_inclusive": "on"}
    answer = fill_in(manager, settings_of(uk), again | {"phone": "1"}, form_id="venue_form")
    # then
    assert answer.status_code == 302
    uk.venue.refresh_from_db()
    assert (uk.venue.slug, uk.venue.currency, uk.venue.country) == ("the-mill", "EUR", "IE")
    assert (uk.venue.time_zone, uk.venue.tax_inclusive, uk.venue.phone) == ("Europe/Dublin", False, "1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"service_rate": "100.5"}, "At most 100."),
        ({"service_rate": ""}, "This field is required."),
        ({"slug": "admin"}, "is one of Tableside's own paths"),
        ({"attention_nothing_sent": "0"}, "greater than or equal to 1"),
        ({"attention_nothing_sent": "1441"}, "less than or equal to 1440"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"address_lines": "\n".join("abcdefg")}, "At most 6 lines."),
        ({"address_lines": "x" * 81}, "is longer than 80 letters."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"day_starts": "25:00"}, "Enter a valid time."),
        ({"correct_within_seconds": "99999"}, "less than or equal to 32767"),
    ],
)
def test_spoilt_settings_are_refused(uk: WorkingVenue, manager: Client, changes: dict[str, str], words: str) -> None:
    before = everything()
    answer = fill_in(manager, settings_of(uk), changes, form_id="venue_form")
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert everything() == before


def test_what_minutes_the_form_does_not_know_stay(uk: WorkingVenue, manager: Client) -> None:
    uk.venue.attention_minutes = {"something_new": 4, "nothing_sent": 9}
    uk.venue.save()
    fill_in(manager, settings_of(uk), {"attention_nothing_sent": ""}, form_id="venue_form")
    uk.venue.refresh_from_db()
    assert uk.venue.attention_minutes == {"something_new": 4}
