"""One request of Dojo's, delivered many times at once: one effect and one answer; and without the memory, more."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from dojo_integration import capabilities, request_memory, rpc
from dojo_integration.models import AnsweredRequest
from orders.models import Order, OrderLock, Payment
from orders.services.seating import set_covers
from pos import events
from pos.events import LeaseChanged
from tests.bills import a_bill
from tests.capabilities.requests import a_party, a_payment, an_event, an_order, in_minutes
from tests.factories import WorkingVenue, a_venue
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

COPIES = 20
ARBITER = "ON CONFLICT ON CONSTRAINT answered_request_once DO NOTHING"
LOOK_FIRST = """
    SELECT venue_id, rpc_id, method, params_hash, '', at
    FROM (VALUES (%s, %s, %s, %s, %s)) AS new (venue_id, rpc_id, method, params_hash, at)
    WHERE NOT EXISTS (SELECT 1 FROM dojo_integration_answeredrequest AS old WHERE old.params_hash = new.params_hash)
"""


def request(method: str, params: dict[str, Any], id_: str = "same") -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params | {"headers": {}}}).encode()


def ask(shop: WorkingVenue, body: bytes) -> Any:
    return json.loads(rpc.answer(rpc.read(body), shop.venue.pk) or b"")


@pytest.fixture
def leases_told(monkeypatch: pytest.MonkeyPatch) -> list[LeaseChanged]:
    """Every change of a lease that was committed."""
    told: list[LeaseChanged] = []
    tell = events.tell_after_commit

    def tell_and_count(published: Any) -> None:
        told.extend(event for event in published if isinstance(event, LeaseChanged))
        tell(published)

    monkeypatch.setattr(events, "tell_after_commit", tell_and_count)
    return told


def _lock(order: Order, minutes: float = 5) -> dict[str, Any]:
    return {"orderId": order.pk, "lockId": "lock-1", "expiry": in_minutes(minutes)}


@pytest.mark.parametrize(
    "method",
    [
        "CreateOrderV1",
        "RecordOrderPaymentByIdV1",
        "CreateOrderLockV1",
        "ExtendOrderLockV1",
        "CancelOrderByIdV1",
        "UpdatePartyV1",
        "HandleEventV1",
    ],
)
def test_twenty_copies_have_one_effect_and_one_answer(method: str) -> None:
    # given
    shop = a_venue()
    order = a_bill(shop, total=5000)
    if method == "ExtendOrderLockV1":
        ask(shop, request("CreateOrderLockV1", _lock(order), "first"))
    elif method == "CancelOrderByIdV1":
        order = Order.objects.get(pk=ask(shop, request("CreateOrderV1", an_order(), "first"))["result"]["id"])
    asked = {
        "CreateOrderV1": an_order("dojo-20"),
        "RecordOrderPaymentByIdV1": a_payment(order.pk, 2000),
        "CreateOrderLockV1": _lock(order),
        "ExtendOrderLockV1": _lock(order, minutes=10),
        "CancelOrderByIdV1": {"orderId": order.pk},
        "UpdatePartyV1": a_party(tableIds=["t1"], covers=7, id=order.party_id, status="Seated"),
        "HandleEventV1": an_event(),
    }[method]
    payments, orders = Payment.objects.count(), Order.objects.count()

    # when
    answers = all_at_once([partial(ask, shop, request(method, asked))] * COPIES)

    # then
    assert [answer for answer in answers if answer != answers[0]] == []
    assert "result" in answers[0], answers[0]
    assert AnsweredRequest.objects.filter(rpc_id='"same"').count() == 1
    assert Payment.objects.count() == payments + {"CreateOrderV1": 1, "RecordOrderPaymentByIdV1": 1}.get(method, 0)
    assert Order.objects.count() == orders + {"CreateOrderV1": 1}.get(method, 0)


def test_a_lease_is_extended_once(leases_told: list[LeaseChanged]) -> None:
    # given
    shop = a_venue()
    order = a_bill(shop)
    ask(shop, request("CreateOrderLockV1", _lock(order), "first"))
    leases_told.clear()

    # when
    all_at_once([partial(ask, shop, request("ExtendOrderLockV1", _lock(order, minutes=10)))] * COPIES)

    # then
    assert len(leases_told) == 1


@pytest.fixture
def without_constraint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The memory as it would be if it looked first and wrote then, with nothing to decide a race."""
    claim = request_memory._CLAIM.replace("VALUES (%s, %s, %s, %s, '', %s)", LOOK_FIRST)
    monkeypatch.setattr(request_memory, "_CLAIM", claim.replace(ARBITER, ""))
    table = AnsweredRequest._meta.db_table
    (once,) = AnsweredRequest._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(AnsweredRequest, once)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    with connection.schema_editor() as editor:
        editor.add_constraint(AnsweredRequest, once)


def test_without_the_constraint_a_lease_is_extended_by_more_than_one_copy(
    leases_told: list[LeaseChanged], without_constraint: None
) -> None:
    # given: the control; extending has no key of its own in the domain
    shop = a_venue()
    order = a_bill(shop)
    ask(shop, request("CreateOrderLockV1", _lock(order), "first"))
    leases_told.clear()

    # when
    all_at_once([partial(ask, shop, request("ExtendOrderLockV1", _lock(order, minutes=10)))] * COPIES)

    # then
    assert len(leases_told) > 1


def test_without_the_memory_a_late_copy_locks_a_bill_that_was_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # given: the control of tests/dojo_integration/test_request_memory.py
    shop = a_venue()
    order = a_bill(shop)
    lock = request("CreateOrderLockV1", _lock(order), "lock")
    unlock = request("DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "unlock")
    live = OrderLock.objects.filter(ended_at=None)

    # when / then
    for is_remembered in (True, False):
        if not is_remembered:
            monkeypatch.setattr(capabilities, "once", lambda key, run, render: render(run()))
        ask(shop, unlock.replace(b'"unlock"', b'"unlock %d"' % is_remembered))
        for body in (lock, unlock, lock):
            ask(shop, body)
        assert live.exists() is not is_remembered


def test_a_late_copy_does_not_undo_what_staff_changed_since() -> None:
    # given guests whom Dojo counts as five, and staff as seven
    shop = a_venue()
    party = a_bill(shop).party
    assert party is not None
    body = request("UpdatePartyV1", a_party(tableIds=["t1"], covers=5, id=party.pk, status="Seated"))
    first = ask(shop, body)
    set_covers(actor=shop.by_waiter, party_id=party.pk, covers=7)

    # when the request comes again
    again = ask(shop, body)

    # then
    party.refresh_from_db()
    assert (again, party.covers) == (first, 7)
    # and the control: under another id it is Dojo's new word
    ask(shop, body.replace(b'"same"', b'"new"'))
    party.refresh_from_db()
    assert party.covers == 5


def test_copies_of_different_requests_do_not_wait_for_each_other() -> None:
    # given
    shop = a_venue()
    order = a_bill(shop, total=5000)
    bodies = [
        request("RecordOrderPaymentByIdV1", a_payment(order.pk, 100, f"pi-{n % 10}"), f"{n % 10}") for n in range(30)
    ]

    # when
    answers = all_at_once([partial(ask, shop, body) for body in bodies])

    # then
    assert Payment.objects.count() == 10
    assert AnsweredRequest.objects.count() == 10
    for number in range(10):
        assert answers[number] == answers[number + 10] == answers[number + 20]


DIES_BEFORE_IT_ANSWERS = """
import django, os, signal, sys
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from dojo_integration import rpc
rpc.answer(rpc.read(sys.argv[3].encode()), int(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_between_the_commit_and_the_answer_it_is_done_once() -> None:
    # given a process that does what is asked and dies with the answer in its hand
    shop = a_venue()
    order = a_bill(shop)
    body = request("CreateOrderLockV1", _lock(order))
    dead = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_IT_ANSWERS, connection.settings_dict["NAME"], str(shop.venue.pk), body],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "pos.settings.test"},
        timeout=60,
        capture_output=True,
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr.decode()
    assert OrderLock.objects.filter(ended_at=None).count() == 1

    # when Dojo asks again, after the bill was given back
    ask(shop, request("DeleteOrderLockV1", {"orderId": order.pk, "lockId": "lock-1"}, "2"))
    answer = ask(shop, body)

    # then
    assert answer["result"]["id"] == order.pk
    assert not OrderLock.objects.filter(ended_at=None).exists()
