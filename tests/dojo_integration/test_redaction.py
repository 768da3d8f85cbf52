"""What of a call a manager sees, and what nobody does."""

import json
from typing import Any

import pytest

from dojo_integration.redaction import LONGEST_TEXT, MOST_ITEMS, redacted, redacted_text

HIDDEN = "…"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "key",
    [
        "authorization", "Authorization", "name", "customerName", "customer_name", "cardName", "cardholderName",
        "cardHolderName", "firstName", "displayName", "phone", "phoneNumber", "email", "emailAddress", "address",
        "address1", "billingAddress", "notes", "note", "hostNotes", "guestRequests", "cardNumber", "last4PAN", "pan",
        "expiryDate", "cvv", "authCode", "card", "clientSessionSecret", "secret", "password", "apiKey", "token",
        "customerReceipt", "merchantReceipt", "receipt", "paymentLink", "description", "refundReason", "username",
        "ipAddress", "signature",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["Sam Jones", 7, ["Sam"], {"id": "Sam"}])
def test_what_is_nobodys_business_is_hidden(key: str, value: Any) -> None:
    assert redacted({key: value}) == {key: HIDDEN}
    assert redacted({"data": [{key: value}]}) == {"data": [{key: HIDDEN}]}


SEEN = {
    "id": "pi_sandbox_S_zeCMipQkSG9fFmqS-ceQ",
    "status": "Captured",
    "amount": {"value": 1000, "currencyCode": "GBP"},
    "refundedAmount": 0,
    "orderDetails": {"id": "dojo-1", "externalId": "order_01k00000000000000000000000"},
    "terminalId": "tm_1",
    "createdAt": "2031-07-04T19:00:00.123Z",
    "reference": "Order 236",
    "metadata": {"waiterId": "12"},
    "capabilities": [{"name": "SearchOrders", "version": "v1"}],
    "itemLines": [{"name": "Burger", "quantity": 2, "modifiers": [{"name": "Cheese"}]}],
    "events": ["payment_intent.created"],
    "url": "https://till.example/webhooks/dojo",
    "errors": {"amount": ["is too much"]},
    "traceId": TRACE,
    "isActive": True,
    "name": None,
    "signatureVerificationRequired": False,
}


def test_ids_amounts_and_statuses_are_seen() -> None:
    assert redacted(SEEN) == SEEN


def test_a_webhooks_secrets_are_known_by_their_ids() -> None:
    body = {"secrets": [{"id": "sc_1", "value": "shh", "isActive": True}]}
    assert redacted(body) == {"secrets": [{"id": "sc_1", "value": HIDDEN, "isActive": True}]}
    assert redacted({"secrets": ["shh", ["shh"], None, 7]}) == {"secrets": [HIDDEN, [HIDDEN], None, HIDDEN]}
    assert redacted({"secrets": "shh"}) == {"secrets": HIDDEN}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("the key sk_sandbox_a-b_c= is wrong", "the key … is wrong"),
        ("sk_prod_abc", "…"),
        ("Authorization: Basic c2s6cA==", "Authorization: …"),
        ("bearer abc.def", "…"),
        ("ask sam.jones+1@example.org now", "ask … now"),
        ("4456 5300 0000 1096", "…"),
        ("card 4456530000001096 declined", "card … declined"),
        ("order 12345678901 is open", "order 12345678901 is open"),
        (TRACE, TRACE),
        ("2031-07-04T19:00:00Z", "2031-07-04T19:00:00Z"),
    ],
)  # fmt: skip
def test_secrets_are_hidden_inside_what_is_said(words: str, shown: str) -> None:
    assert redacted_text(words) == shown
    assert redacted({"detail": words, "errors": {"x": [words]}}) == {"detail": shown, "errors": {"x": [shown]}}


def test_what_is_shown_is_never_endless() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    wide = {"rows": list(range(5_000)), "long": "y" * 100_000, "deep": deep} | {f"k{n}": n for n in range(5_000)}
    assert len(json.dumps(redacted(wide))) < 2_000
    assert len(redacted(list(range(5_000)))) == MOST_ITEMS
    assert len(redacted("y" * 100_000)) == LONGEST_TEXT


def test_the_body_itself_is_left_as_it_is() -> None:
    body = {"name": "Sam", "items": [{"name": "Burger"}]}
    redacted(body)
    assert body == {"name": "Sam", "items": [{"name": "Burger"}]}
