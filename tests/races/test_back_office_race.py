"""A manager changes what stands on bills while a till writes one: what Dojo reads is right all the same."""

import threading
from collections.abc import Sequence

import pytest
from django.test import Client

from dojo_integration.documents import render_documents
from dojo_integration.models import OrderDocument
from orders.admin import people
from orders.models import Order
from orders.services.lines import NewLine
from orders.services.ordering import add_lines
from orders.services.targets import AtTable
from pos import events
from tests.back_office.browsing import form_on
from tests.factories import a_venue
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def renumber_while_a_bill_is_written(monkeypatch: pytest.MonkeyPatch) -> OrderDocument:
    """The till has written its document and not committed; then the manager gives its waiter another number."""
    house = a_venue("GB", slug="old-mill")
    client = Client()
    client.force_login(house.manager.staff)
    url = f"/admin/pos/membership/{house.waiter.pk}/change/"
    sent = dict(form_on(client.get(url), "membership_form").values) | {"waiter_id": "77", "_save": "1"}
    written, renumbered = threading.Event(), threading.Event()
    tell, till = events.tell_before_commit, threading.current_thread()

    def tell_and_dawdle(published: Sequence[events.Event]) -> None:
        tell(published)
        if threading.current_thread() is till:
            written.set()
            # As long as the lock keeps the manager waiting, nobody comes.
            renumbered.wait(timeout=1.0)

    def sell() -> None:
        nonlocal till
        till = threading.current_thread()
        add_lines(actor=house.by_waiter, target=AtTable("t1"), lines=[NewLine(plu="soup")])

    def renumber() -> None:
        written.wait(timeout=10)
        assert client.post(url, sent).status_code == 302
        renumbered.set()

    monkeypatch.setattr(events, "tell_before_commit", tell_and_dawdle)
    assert [error for error in all_at_once([sell, renumber]) if error is not None] == []
    house.waiter.refresh_from_db()
    assert house.waiter.waiter_id == "77"
    return OrderDocument.objects.get(order_id=Order.objects.get().pk)


def test_a_new_number_waits_for_the_bill_that_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    document = renumber_while_a_bill_is_written(monkeypatch)
    assert document.waiter_id == "77"
    assert document.body == render_documents([document.order_id])[0].body


def test_without_the_lock_dojo_would_read_the_old_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "hold_tills", lambda venue: None)
    document = renumber_while_a_bill_is_written(monkeypatch)
    assert document.waiter_id == "7"
    assert document.body != render_documents([document.order_id])[0].body
