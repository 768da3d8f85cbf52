"""The staff pages as requests: who sees them, what they cost, what they refuse."""

import json

import pytest
from django.core.signing import get_cookie_signer
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from bookings.models import Party, ReservationTable
from orders import urls
from orders.models import LineState, Order, OrderLine, Payment
from orders.operations import apply_operations
from orders.selectors.stations import read_station
from orders.services.seating import seat_party
from pos.ids import LINE, ORDER, new_id
from pos.models import Till
from pos.models.people import hash_till_token
from pos.till_cookie import SALT, _name
from tests.factories import OrderFactory, OrderLineFactory, ReservationFactory, WorkingVenue, a_venue


@pytest.fixture
def uk(db: None) -> WorkingVenue:
    return a_venue("GB", slug="old-mill")


@pytest.fixture
def client(uk: WorkingVenue) -> Client:
    return at_a_till(uk, uk.waiter)


def at_a_till(house: WorkingVenue, member) -> Client:
    """Somebody signed in on a till that is known."""
    client = Client()
    client.force_login(member.staff)
    Till.objects.filter(pk=house.till.pk).update(token_hash=hash_till_token("token"))
    client.cookies[_name(house.venue)] = get_cookie_signer(salt=_name(house.venue) + SALT).sign("token")
    return client


def order_at(house: WorkingVenue, table: str, *plus: str, send: bool = True) -> Order:
    target = {"table": table}
    ops = [{"kind": "add_line", "line": new_id(LINE), "plu": plu, "target": target} for plu in plus]
    if send:
        ops.append({"kind": "send", "target": target})
    for sequence, operation in enumerate(ops, start=1):
        operation |= {"op_id": new_id("op"), "sequence": sequence}
    results = apply_operations(actor=house.by_waiter, ops=ops)
    assert all(result["ok"] for result in results)
    return Order.objects.get(pk=results[0]["order"])


# --- who ---


def _every_page(house: WorkingVenue) -> list[str]:
    order = order_at(house, "t2", "soup")
    line = order.lines.get()
    path = {
        "venue": house.venue.slug,
        "code": "t2",
        "party_id": order.party_id,
        "order_id": order.pk,
        "line_id": line.pk,
        "round_id": line.round_id,
        "product_id": line.product_id,
    }
    pages = []
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        named = pattern.pattern.converters
        own = path | ({"code": "kitchen"} if "station" in str(pattern.pattern) else {})
        pages.append(reverse(pattern.name, kwargs={name: own[name] for name in named}))
    assert len(pages) == len(urls.urlpatterns) > 15
    return pages


def test_every_page_of_another_venue_does_not_exist_for_its_neighbours_manager(uk: WorkingVenue) -> None:
    # given
    other = a_venue("GB", slug="new-mill")
    stranger = at_a_till(uk, uk.manager)
    pages = _every_page(other)
    before = (Order.objects.count(), Payment.objects.count(), Party.objects.filter(end_time=None).count())
    for page in pages:
        for answer in (
            stranger.get(page),
            stranger.post(page, {}),
            stranger.post(page, content_type="application/json"),
        ):
            # then: not found, or a method that this page does not have; never forbidden, never done
            if page == "/new-mill/":
                assert answer.status_code in (302, 405)
            else:
                assert answer.status_code in (404, 405), (page, answer.status_code)
    assert before == (Order.objects.count(), Payment.objects.count(), Party.objects.filter(end_time=None).count())


def test_rows_of_another_venue_are_not_found_on_ones_own_pages(uk: WorkingVenue, client: Client) -> None:
    # given
    other = a_venue("GB", slug="new-mill")
    theirs = order_at(other, "t2", "soup")
    line = theirs.lines.get()
    for page in (
        f"/old-mill/orders/{theirs.pk}",
        f"/old-mill/orders/{theirs.pk}/pay",
        f"/old-mill/lines/{line.pk}/off",
    ):
        assert client.get(page).status_code == 404, page
    for page, body in (
        (f"/old-mill/parties/{theirs.party_id}/clear", {}),
        (f"/old-mill/orders/{theirs.pk}/pay", {"given": "5000", "due": str(theirs.outstanding)}),
        (f"/old-mill/orders/{theirs.pk}/accept", {}),
        (f"/old-mill/orders/{theirs.pk}/hand-over", {}),
        (f"/old-mill/lines/{line.pk}/tap", {"from": "sent"}),
        (f"/old-mill/lines/{line.pk}/recall", {}),
        (f"/old-mill/products/{line.product_id}/sold-out", {"sold_out": "1"}),
        (f"/old-mill/stations/kitchen/rounds/{line.round_id}/bump", {"to": "ready"}),
        (f"/old-mill/stations/kitchen/orders/{theirs.pk}", {}),
    ):
        assert client.post(page, body).status_code == 404, page
    line.refresh_from_db()
    assert line.state == LineState.SENT


def test_nobody_gets_in_without_signing_in(uk: WorkingVenue) -> None:
    for page in ("/old-mill/floor", "/old-mill/tables/t1", "/old-mill/stations/kitchen"):
        assert Client().get(page).url.startswith("/old-mill/login?next=")
    answer = Client().post("/old-mill/operations", {"ops": []}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")
    fragment = Client().get(
        "/old-mill/floor", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/old-mill/floor"}
    )
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/old-mill/login?next=%2Fold-mill%2Ffloor")


def test_no_path_of_ours_is_taken_for_a_venue(uk: WorkingVenue) -> None:
    assert Client().get("/nowhere/floor").status_code == 404
    assert Client().get("/v1/areas").status_code == 401
    assert get_resolver().resolve("/old-mill/floor").url_name == "floor"


# --- what they cost ---


def test_the_floor_costs_the_same_however_full_it_is(
    uk: WorkingVenue, client: Client, django_assert_max_num_queries, django_assert_num_queries
) -> None:
    # given
    order_at(uk, "t1", "soup")
    booked = ReservationFactory(venue=uk.venue)
    ReservationTable.objects.create(reservation=booked, table=uk.tables["t9"])
    client.get("/old-mill/floor")
    with django_assert_max_num_queries(18) as few:
        client.get("/old-mill/floor")
    # when
    for number in range(2, 9):
        order_at(uk, f"t{number}", "soup", "chips", "coffee")
    # then
    with django_assert_num_queries(len(few)):
        answer = client.get("/old-mill/floor", headers={"HX-Request": "true"})
    assert answer.content.decode().count("is-service") >= 8


def test_an_order_page_and_a_station_cost_the_same_however_long(
    uk: WorkingVenue, client: Client, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    for page, most in (("/old-mill/tables/t1", 16), ("/old-mill/stations/kitchen", 14)):
        # given
        order_at(uk, "t1", "soup", "burger", send=True)
        with django_assert_max_num_queries(most) as few:
            client.get(page, headers={"HX-Request": "true"})
        # when
        order_at(uk, "t1", *["soup", "chips", "fish"] * 8)
        # then
        with django_assert_num_queries(len(few)):
            client.get(page, headers={"HX-Request": "true"})


def test_a_page_is_never_cached_and_takes_no_inline_code(client: Client) -> None:
    answer = client.get("/old-mill/floor")
    assert "no-store" in answer.headers["Cache-Control"]
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "connect-src 'self' ws://testserver:8001" in policy


# --- seating, clearing ---


def test_two_taps_seat_a_table_and_a_third_hears_that_it_was_too_late(uk: WorkingVenue, client: Client) -> None:
    # when
    first = client.post("/old-mill/tables/t4/seat", {"covers": "3"})
    second = client.post("/old-mill/tables/t4/seat", {"covers": "2"}, follow=True)
    # then
    assert first.url == "/old-mill/tables/t4"
    party = Party.objects.get(venue=uk.venue)
    assert (party.covers, party.waiter) == (3, uk.waiter)
    assert "Table 4" in "".join(str(message) for message in second.context["messages"])


@pytest.mark.parametrize("covers", ["", "0", "-1", "100", "two", "１", "9" * 400])
def test_a_party_is_a_number_of_guests(uk: WorkingVenue, client: Client, covers: str) -> None:
    assert client.post("/old-mill/tables/t4/seat", {"covers": covers}).url == "/old-mill/floor"
    assert not Party.objects.filter(venue=uk.venue).exists()


def test_a_table_that_owes_is_not_cleared(uk: WorkingVenue, client: Client) -> None:
    order = order_at(uk, "t4", "soup")
    answer = client.post(f"/old-mill/parties/{order.party_id}/clear", follow=True)
    assert "£8.44" in "".join(str(message) for message in answer.context["messages"])
    assert Party.objects.get(venue=uk.venue).end_time is None


# --- operations, cash ---


@pytest.mark.parametrize("body", ["no", "[]", "{}", '{"ops": 5}', '{"ops": [{"op_id": 1}]}', "\ud800"])
def test_a_batch_that_cannot_be_read_is_refused_in_words(uk: WorkingVenue, client: Client, body: str) -> None:
    answer = client.post("/old-mill/operations", body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "invalid_request"
    assert not OrderLine.objects.exists()


def test_a_batch_is_answered_operation_by_operation(uk: WorkingVenue, client: Client) -> None:
    line = new_id(LINE)
    ops = [
        {"op_id": "a", "sequence": 1, "kind": "add_line", "line": line, "plu": "soup", "target": {"table": "t1"}},
        {"op_id": "b", "sequence": 2, "kind": "add_line", "line": new_id(LINE), "plu": "x", "target": {"table": "t1"}},
    ]
    results = client.post("/old-mill/operations", {"ops": ops}, content_type="application/json").json()["results"]
    assert [(result["op_id"], result["ok"]) for result in results] == [("a", True), ("b", False)]
    assert OrderLine.objects.get().till == uk.till


def test_cash_is_taken_once_although_the_form_comes_twice(uk: WorkingVenue, client: Client) -> None:
    # given
    order = order_at(uk, "t4", "soup", "lemonade")
    form = {"given": "500", "due": str(order.outstanding)}
    # when
    first = client.post(f"/old-mill/orders/{order.pk}/pay", form)
    second = client.post(f"/old-mill/orders/{order.pk}/pay", form)
    # then
    assert "£5.00" in first.content.decode()
    assert "The bill has changed" in json.loads(second.headers["HX-Trigger"])["say"]["text"]
    assert Payment.objects.get().amount == 500


@pytest.mark.parametrize("given", ["", "0", "-5", "5.00", "x", "9" * 30])
def test_cash_is_a_sum(uk: WorkingVenue, client: Client, given: str) -> None:
    order = order_at(uk, "t4", "soup")
    url = f"/old-mill/orders/{order.pk}/pay"
    answer = client.post(url, {"given": given, "due": str(order.outstanding)}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert json.loads(answer.headers["HX-Trigger"])["say"]["level"] == "error"
    assert not Payment.objects.exists()


def test_the_order_of_a_table_is_shown_with_its_table(uk: WorkingVenue, client: Client) -> None:
    # given
    order = order_at(uk, "t4", "soup")
    tab = OrderFactory(venue=uk.venue, is_tab=True, table=None, party=None, display_name="Tab · Ana")
    # then
    assert client.get(f"/old-mill/orders/{order.pk}").url == "/old-mill/tables/t4"
    assert "Tab · Ana" in client.get(f"/old-mill/orders/{tab.pk}").content.decode()
    assert client.get(f"/old-mill/orders/{new_id(ORDER)}").status_code == 404


def test_a_seated_party_without_an_order_has_an_empty_ticket(uk: WorkingVenue, client: Client) -> None:
    party = seat_party(actor=uk.by_waiter, table_ids=[uk.tables["t4"].pk], covers=2)
    page = client.get("/old-mill/tables/t4").content.decode()
    assert f"{{&quot;party&quot;: &quot;{party.pk}&quot;}}" in page
    assert not Order.objects.exists()


# --- what guests asked for -------------------------------------------------------------------------------------------


def test_guests_own_words_are_a_banner_on_the_order_and_in_the_kitchen(uk: WorkingVenue, client: Client) -> None:
    # given: at a table with what goes now and what is held, and an order from a phone there
    order = order_at(uk, "t2", "soup", "fish")
    Party.objects.filter(pk=order.party_id).update(guest_requests="No nuts & <b>please</b> no candles")
    phone = OrderFactory(
        venue=uk.venue,
        party=order.party,
        table=order.table,
        origin="dojo",
        is_prepaid=True,
        note="Sauce aside",
        total_amount=750,
    )
    OrderLineFactory(order=phone, station=uk.stations["kitchen"], state=LineState.SENT, sent_at=timezone.now())
    words = "No nuts &amp; &lt;b&gt;please&lt;/b&gt; no candles"

    # when
    table = client.get(f"/{uk.venue.slug}/tables/t2").content.decode()
    alone = client.get(f"/{uk.venue.slug}/orders/{phone.pk}").content.decode()
    kitchen = client.get(f"/{uk.venue.slug}/stations/kitchen").content.decode()

    # then
    assert (table.count(words), table.count("Sauce aside")) == (1, 1)
    assert (alone.count(words), alone.count("Sauce aside")) == (1, 1)
    # the card that is cooking, the one that comes next, and the phone's
    assert (kitchen.count(words), kitchen.count("Sauce aside")) == (3, 1)


def test_what_guests_asked_for_keeps_no_station_waiting(uk: WorkingVenue, client: Client) -> None:
    # given: free text is no allergy that somebody has to confirm, and never proof that there is none
    order = order_at(uk, "t2", "soup")
    Party.objects.filter(pk=order.party_id).update(guest_requests="nuts")
    line = order.lines.get()

    # when
    screen = read_station(uk.venue, "kitchen")
    client.post(f"/{uk.venue.slug}/lines/{line.pk}/tap", {"from": "sent"})

    # then
    assert (screen.cards[0].requests, screen.cards[0].allergies) == (["nuts"], [])
    line.refresh_from_db()
    assert line.state == LineState.STARTED


def test_the_kitchen_reads_what_was_said_of_one_part_of_a_combo(uk: WorkingVenue, client: Client) -> None:
    # given
    target = {"table": "t2"}
    parts = [{"plu": "burger", "note": "well done"}, {"plu": "lemonade"}]
    deal = {"kind": "add_line", "line": new_id(LINE), "plu": "burger-deal", "sub_items": parts, "target": target}
    ops = [deal, {"kind": "send", "target": target}]
    for sequence, operation in enumerate(ops, start=1):
        operation |= {"op_id": new_id("op"), "sequence": sequence}
    apply_operations(actor=uk.by_waiter, ops=ops)

    # when
    kitchen = client.get(f"/{uk.venue.slug}/stations/kitchen").content.decode()

    # then
    assert "well done" in kitchen
