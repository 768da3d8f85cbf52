"""Sold out: said at one till, known at all of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Product
from orders.services.menu_state import set_modifier_sold_out, set_sold_out
from pos.errors import InvalidRequest, NotFound
from pos.events import MenuChanged
from pos.models import AuditEntry
from tests.factories import a_venue

pytestmark = pytest.mark.django_db


def state(product):
    return Product.objects.values_list("sold_out", "portions_left", "back_at").get(pk=product.pk)


@pytest.fixture
def told(monkeypatch):
    events = []
    monkeypatch.setattr("pos.events.tell_after_commit", events.extend)
    return events


def test_any_waiter_says_that_it_is_gone_and_until_when(uk, told, django_capture_on_commit_callbacks):
    # given
    soup, tomorrow = uk.products["soup"], timezone.now() + timedelta(days=1)

    # when
    with django_capture_on_commit_callbacks(execute=True):
        set_sold_out(actor=uk.by_waiter, product_id=soup.pk, sold_out=True, portions_left=4, back_at=tomorrow)

    # then
    assert state(soup) == (True, None, tomorrow)
    assert told == [MenuChanged(venue_id=uk.venue.pk)]
    entry = AuditEntry.objects.get(act="sold_out")
    assert (entry.membership, entry.detail["name"]) == (uk.waiter, "Soup of the day")

    # when
    set_sold_out(actor=uk.by_waiter, product_id=soup.pk, sold_out=False)

    # then
    assert state(soup) == (False, None, None)


@pytest.mark.parametrize(("left", "expected"), [(5, (False, 5, None)), (0, (True, None, None))])
def test_so_many_are_left(uk, left, expected):
    # when
    set_sold_out(actor=uk.by_waiter, product_id=uk.products["soup"].pk, sold_out=False, portions_left=left)

    # then
    assert state(uk.products["soup"]) == expected


def test_a_choice_runs_out_too(uk):
    # when
    set_modifier_sold_out(actor=uk.by_waiter, modifier_id=uk.modifiers["bacon"].pk, sold_out=True)

    # then
    uk.modifiers["bacon"].refresh_from_db()
    assert uk.modifiers["bacon"].sold_out


def test_nonsense_and_other_venues_menus_stay_as_they_are(uk):
    # given
    theirs = a_venue()

    # when
    for left in (-1, 10_000):
        with pytest.raises(InvalidRequest):
            set_sold_out(actor=uk.by_waiter, product_id=uk.products["soup"].pk, sold_out=False, portions_left=left)
    with pytest.raises(NotFound):
        set_sold_out(actor=uk.by_waiter, product_id=theirs.products["soup"].pk, sold_out=True)
    with pytest.raises(NotFound):
        set_modifier_sold_out(actor=uk.by_waiter, modifier_id=theirs.modifiers["bacon"].pk, sold_out=True)

    # then
    assert not Product.objects.filter(sold_out=True).exists()
