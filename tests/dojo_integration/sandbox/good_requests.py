"""For each operation of the sandbox that takes a body, one with everything in it."""

from typing import Any

from tests.sandbox import gbp

MOMENT = "2026-03-01T12:00:00Z"
_ADDRESS = {
    "address1": "1 High Street", "address2": "", "address3": "", "address4": "", "city": "Leeds", "state": "",
    "postcode": "LS1 1AA", "countryCode": "GB", "locality": "", "county": "West Yorkshire",
}  # fmt: skip
_MODIFIER = {"id": "m1", "name": "No ice", "amountPerModifier": gbp(0), "quantity": 1}
_ITEM_LINE = {
    "id": "l1", "quantity": 2, "name": "Lemonade", "category": "Drinks", "modifiers": [_MODIFIER],
    "amountTotal": gbp(500), "plu": "p1",
}  # fmt: skip
_LINES = {
    "itemLines": [_ITEM_LINE],
    "taxLines": [{"id": "t1", "caption": "VAT", "subCaption": "20 %", "amountTotal": gbp(83), "affectedPlu": "p1"}],
}
_CAPABILITIES = [{"name": "GetOrderById", "version": "v1"}, {"name": "SearchOrders", "version": "v1"}]

GOOD: dict[tuple[str, str], Any] = {
    ("POST", "/payment-intents"): {
        "captureMode": "Manual",
        "amount": gbp(500),
        "tipsAmount": gbp(50),
        "cashbackAmount": gbp(0),
        "serviceChargeAmount": gbp(10),
        "reference": "Order 1",
        "description": "Two lemonades",
        "customer": {"id": "c", "emailAddress": "s@example.com", "phoneNumber": "1", "secret": "s", "savedCardId": "k"},
        "billingAddress": _ADDRESS,
        "shippingDetails": {"name": "Sam", "deliveryNotes": "Ring twice", "address": _ADDRESS},
        "cardHolderNotPresent": False,
        "config": {
            "redirectUrl": "https://example.com/back",
            "cancelUrl": "https://example.com/no",
            "customerEmail": {"collectionRequired": False},
            "details": {"showTotal": True, "showReference": True},
            "billingAddress": {"collectionRequired": False},
            "shippingDetails": {"collectionRequired": False},
            "payment": {"customAmountAllowed": True, "tipsAllowed": True},
        },
        "requestSecurity": {"userAgent": "u", "ipAddress": "192.0.2.1", "device": "d"},
        "paymentMethods": ["Card"],
        "actionLink": {"url": "https://example.com/a", "action": "OpenLink", "label": "Open", "fileName": "f"},
        "expireAt": MOMENT,
        "autoExpireIn": "00:30:00",
        "autoExpireAction": "Release",
        "metadata": {"waiterId": "7"},
        "setupIntentId": "si_1",
        "orderDetails": {"availabilityDate": MOMENT, "isUpdate": False, "id": "o1", "externalId": "order_1"},
        "generateRemoteToken": False,
        "isNotOnlineCheckout": True,
        **_LINES,
    },
    ("POST", "/payment-intents/{paymentIntentId}/captures"): {"amount": 400, "tipsAmount": 10},
    ("POST", "/payment-intents/{paymentIntentId}/refunds"): {
        "amount": 100, "previousTransactionId": "t", "refundReason": "cold", "notes": "soup",
    },
    ("POST", "/payment-intents/{paymentIntentId}/tips-amount"): {"tipsAmount": gbp(100)},
    ("POST", "/payment-intents/{paymentIntentId}/amount"): {"amount": gbp(700), **_LINES},
    ("POST", "/terminal-sessions"): {
        "terminalId": "tm_1",
        "details": {
            "sessionType": "Sale",
            "sale": {"paymentIntentId": "pi_1"},
            "matchedRefund": {"paymentIntentId": "pi_1", "amount": gbp(100)},
            "unlinkedRefund": {"amount": gbp(100), "cardholderNotPresent": False},
        },
    },
    ("PUT", "/terminal-sessions/{terminalSessionId}/signature"): {"accepted": True},
    ("POST", "/webhooks"): {
        "events": ["payment_intent.created"], "url": "https://example.com/dojo", "description": "The till",
    },
    ("PATCH", "/webhooks/{subscriptionId}"): {
        "events": ["payment_intent.status_updated"], "url": "https://example.com/other", "description": "The bar",
    },
    ("POST", "/epos/events"): {"eventType": "OrderUpdated", "event": {"orderId": "order_1"}},
    ("PUT", "/epos/integrations/rest"): {
        "capabilities": _CAPABILITIES,
        "auth": {"authType": "basic", "basic": {"username": "dojo", "password": "secret"}},
        "url": "https://example.com/dojo",
    },
    ("PUT", "/epos/integrations/ws"): {"capabilities": _CAPABILITIES},
    ("POST", "/epos-tester-tool/flows"): {"flow": "Get Order", "params": {"orderId": "order_1"}},
}  # fmt: skip
