"""The sandbox's own money under concurrency; and the same without the lock, which must fail."""

import threading
from functools import partial
from typing import Any

import pytest

from dojo_integration.sandbox import faults, intents
from dojo_integration.sandbox.accounts import open_account
from dojo_integration.sandbox.api import Asked, Refusal, Request
from dojo_integration.sandbox.models import Fault, Intent, Refund
from tests.races.crowd import all_at_once
from tests.sandbox import gbp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def a_payment() -> Intent:
    intent = intents.open_intent(open_account("sk_sandbox_race"), {"amount": gbp(1000), "reference": "a"})
    intents.pay_intent(intent)
    return intent


def refund(intent: Intent, key: str, amount: int = 300) -> Any:
    asked = Asked("POST", "/", headers={"idempotencykey": key})
    named = {"paymentIntentId": intent.pk}
    return intents.refund(Request(asked=asked, account=intent.account, named=named, body={"amount": amount}))


def refunded(intent: Intent) -> tuple[int, int]:
    """How much the intent says, and how much there is."""
    intent.refresh_from_db()
    return intent.document["refundedAmount"], sum(Refund.objects.values_list("amount", flat=True))


def test_no_more_is_refunded_than_was_paid() -> None:
    # given
    intent = a_payment()

    # when
    results = all_at_once([partial(refund, intent, str(number)) for number in range(12)])

    # then
    assert sum(isinstance(result, Refusal) for result in results) == 9
    assert refunded(intent) == (900, 900)


def test_without_the_lock_more_is_refunded_than_the_intent_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    # given: the control, which shows that the test above tests something
    intent = a_payment()
    everybody_has_read = threading.Barrier(12)

    def unlocked(intent_id: str) -> Intent:
        found = Intent.objects.get(pk=intent_id)
        everybody_has_read.wait(30)
        return found

    monkeypatch.setattr(intents, "intent_for_update", unlocked)

    # when
    all_at_once([partial(refund, intent, str(number)) for number in range(12)])

    # then
    told, made = refunded(intent)
    assert made == 3600 > told


def test_one_key_refunds_once() -> None:
    # given
    intent = a_payment()

    # when
    results = all_at_once([partial(refund, intent, "k") for _ in range(12)])

    # then
    assert all(result == results[0] for result in results)
    assert refunded(intent) == (300, 300)


def test_a_fault_that_holds_thrice_holds_thrice() -> None:
    # given
    open_account("sk_sandbox_race")
    Fault.objects.create(pattern="*", kind="status", remaining=3)

    # when
    results = all_at_once([partial(faults.first_of, "GET /") for _ in range(12)])

    # then
    assert sum(isinstance(result, Fault) for result in results) == 3
