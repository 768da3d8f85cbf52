"""Payment intents: made, paid, captured, refunded, reversed, canceled; each change becomes an event."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import events, moments
from dojo_integration.sandbox.api import Json, Refusal, Request, invalid, not_found
from dojo_integration.sandbox.models import Account, Intent, Refund
from dojo_integration.sandbox.row_locks import intent_for_update

VOIDED_AFTER = timedelta(days=30)
SECRET_LIVES = timedelta(minutes=30)

_EXTRAS = ("tipsAmount", "serviceChargeAmount", "cashbackAmount")
_SHOWN_AS_ASKED = (
    *_EXTRAS, "billingAddress", "shippingDetails", "itemLines", "taxLines", "metadata", "orderDetails", "actionLink",
    "autoExpireAction", "autoExpireIn", "setupIntentId", "config", "requestSecurity",
)  # fmt: skip

CARD = {
    "cardNumber": "44565300****1096",
    "cardName": "SANDBOX CARD",
    "expiryDate": "2029-12-31",
    "cardType": "VISA",
    "cardFundingType": "Debit",
    "last4PAN": "1096",
    "entryMode": "Contactless",
    "verificationMethod": "Device",
}


# ---- what the API offers


def create(request: Request) -> Json:
    return open_intent(request.account, request.body).document


def get(request: Request) -> Json:
    intent = _found(request)
    if intent.status == "Canceled" and "true" not in request.values("returnCanceled"):
        raise not_found("payment intent")
    return intent.document


def cancel(request: Request) -> Json:
    return _change(request, cancel_intent)


def capture(request: Request) -> Json:
    tips = request.body.get("tipsAmount") or 0
    intent = _change(request, lambda intent: capture_intent(intent, request.body["amount"], tips))
    return {"message": "Successfully requested capture", "captureId": intent["captures"][-1]["id"]}


def reverse(request: Request) -> Json:
    _change(request, reverse_intent)
    return {"message": "Successfully requested reversal", "reversalId": f"rev_sandbox_{token_urlsafe(16)}"}


def set_tips(request: Request) -> Json:
    def change(intent: Intent) -> None:
        _check_amendable(intent, "tipsAllowed")
        intent.document["tipsAmount"] = request.body["tipsAmount"]

    return _change(request, _amended(change))


def set_amount(request: Request) -> Json:
    def change(intent: Intent) -> None:
        _check_amendable(intent, "customAmountAllowed")
        intent.document |= {name: value for name, value in request.body.items() if value is not None}

    return _change(request, _amended(change))


@transaction.atomic
def refund(request: Request) -> Json:
    key = request.header("idempotencykey")
    if not key:
        raise invalid("idempotencyKey", "The idempotencyKey header is required.")
    if len(key) > 100:
        raise invalid("idempotencyKey", "The idempotencyKey header must be at most 100 characters.")
    intent = locked(request.account, request.named["paymentIntentId"])
    made = intent.refunds.filter(idempotency_key=key).first()
    if made is None:
        amount = request.body["amount"]
        refund_intent(intent, amount)
        made = Refund(intent=intent, idempotency_key=key, amount=amount)
        made.document = {"paymentIntentId": intent.pk, "refundId": made.pk} | {
            name: request.body[name] for name in ("refundReason", "notes") if request.body.get(name) is not None
        }
        made.save()
    return dict(made.document)


def get_refund(request: Request) -> Json:
    found = Refund.objects.filter(pk=request.named["refundId"], intent__account=request.account).first()
    if found is None:
        raise not_found("refund")
    return dict(found.document)


# ---- what happens to an intent


@transaction.atomic
def open_intent(account: Account, asked: Json) -> Intent:
    """A new intent as it was asked for; raises Refusal."""
    intent = Intent(account=account, status="Created")
    now = timezone.now()
    intent.document = {
        "id": intent.pk,
        "captureMode": asked.get("captureMode", "Auto"),
        "cardHolderNotPresent": bool(asked.get("cardHolderNotPresent")),
        "clientSessionSecret": token_urlsafe(96),
        "clientSessionSecretExpirationDate": moments.written(now + SECRET_LIVES),
        "status": "Created",
        "paymentMethods": asked.get("paymentMethods") or ["Card"],
        "amount": asked["amount"],
        "requestedAmount": asked["amount"],
        "refundedAmount": 0,
        "reference": asked["reference"],
        "expireAt": asked.get("expireAt") or moments.written(now + VOIDED_AFTER),
        "createdAt": moments.written(now),
        "updatedAt": moments.written(now),
        "terminalSessionHistory": [],
        "captures": [],
    } | {name: asked[name] for name in _SHOWN_AS_ASKED if asked.get(name) is not None}
    if customer := asked.get("customer"):
        kept = {name: customer[name] for name in ("id", "emailAddress", "phoneNumber") if name in customer}
        intent.document["customer"] = kept
    _check_money(intent.document)
    _add_up(intent.document)
    intent.save()
    events.emit(intent, events.CREATED)
    return intent


def locked(account: Account, intent_id: str) -> Intent:
    """The intent, held until the transaction ends; raises Refusal where the account has no such."""
    try:
        intent = intent_for_update(intent_id)
    except Intent.DoesNotExist:
        raise not_found("payment intent") from None
    if intent.account_id != account.pk:
        raise not_found("payment intent")
    return intent


def pay_intent(intent: Intent) -> None:
    """A card is presented: authorized, and at once captured where nobody wants to do that later."""
    _check_status(intent, "Created", doing="paid")
    intent.document["paymentDetails"] = {
        "transactionId": str(uuid.uuid4()),
        "transactionDateTime": moments.now(),
        "message": "AUTHORIZED",
        "authCode": "123456",
        "card": CARD,
    }
    if intent.document["captureMode"] == "Manual":
        move(intent, "Authorized")
        return
    amount = charged(intent.document)
    intent.document["captures"].append(_a_capture(amount, _value(intent.document, "tipsAmount")))
    intent.document["paymentDetails"]["message"] = "CAPTURED"
    move(intent, "Captured")


def capture_intent(intent: Intent, amount: int, tips: int) -> None:
    _check_status(intent, "Authorized", doing="captured")
    if not 0 < amount <= charged(intent.document):
        raise invalid("Amount", "The amount must be above 0 and no more than was authorized.")
    if tips < 0:
        raise invalid("TipsAmount", "A tip cannot be negative.")
    currency = intent.document["amount"]["currencyCode"]
    extras = _value(intent.document, "serviceChargeAmount") + _value(intent.document, "cashbackAmount")
    intent.document["amount"] = {"value": max(0, amount - extras), "currencyCode": currency}
    if tips:
        intent.document["tipsAmount"] = {"value": tips, "currencyCode": currency}
    intent.document["captures"].append(_a_capture(amount, tips))
    _add_up(intent.document)
    move(intent, "Captured")


def refund_intent(intent: Intent, amount: int) -> None:
    if intent.status != "Captured":
        raise invalid("Status", f"A payment intent that is {intent.status} cannot be refunded.")
    left = intent.document["totalAmount"]["value"] - intent.document["refundedAmount"]
    if not 0 < amount <= left:
        raise invalid("Amount", f"The amount must be above 0 and at most {left}.")
    intent.document["refundedAmount"] += amount
    if amount == left:
        move(intent, "Refunded")
    else:
        keep(intent)


def reverse_intent(intent: Intent) -> None:
    mode = intent.document["captureMode"]
    if (mode, intent.status) not in (("Auto", "Captured"), ("Manual", "Authorized")):
        raise Refusal(409, f"A payment intent that is {intent.status} ({mode}) cannot be reversed.")
    if intent.document["refundedAmount"]:
        raise Refusal(409, "A part of this payment was refunded already.")
    move(intent, "Reversed")


def cancel_intent(intent: Intent) -> None:
    _check_status(intent, "Created", doing="canceled", status=400)
    move(intent, "Canceled")


def move(intent: Intent, status: str) -> None:
    """Give it another status, which is an event."""
    intent.status = intent.document["status"] = status
    keep(intent)
    events.emit(intent, events.STATUS_UPDATED)


def keep(intent: Intent) -> None:
    intent.document["updatedAt"] = moments.now()
    intent.save(update_fields=["status", "document"])


def charged(document: Json) -> int:
    """What the card pays besides the tip."""
    return int(document["totalAmount"]["value"]) - _value(document, "tipsAmount")


# ---- within


def _found(request: Request) -> Intent:
    found = Intent.objects.filter(pk=request.named["paymentIntentId"], account=request.account).first()
    if found is None:
        raise not_found("payment intent")
    return found


@transaction.atomic
def _change(request: Request, change: Callable[[Intent], None]) -> Json:
    intent = locked(request.account, request.named["paymentIntentId"])
    change(intent)
    return dict(intent.document)


def _amended(change: Callable[[Intent], None]) -> Callable[[Intent], None]:
    def amend(intent: Intent) -> None:
        change(intent)
        _check_money(intent.document)
        _add_up(intent.document)
        keep(intent)

    return amend


def _check_amendable(intent: Intent, permission: str) -> None:
    allowed = ((intent.document.get("config") or {}).get("payment") or {}).get(permission, False)
    if not allowed:
        raise Refusal(405, f"This payment intent was made without {permission}.")
    _check_status(intent, "Created", doing="amended", status=400)


def _check_status(intent: Intent, wanted: str, *, doing: str, status: int = 409) -> None:
    if intent.status != wanted:
        words = f"A payment intent that is {intent.status} cannot be {doing}."
        raise Refusal(status, words, {"Status": [words]})


def _check_money(document: Json) -> None:
    currency = document["amount"]["currencyCode"]
    for name in ("amount", *_EXTRAS):
        money = document.get(name)
        if not money:
            continue
        where = name[0].upper() + name[1:]
        if money["value"] < (1 if name == "amount" else 0):
            raise invalid(f"{where}.Value", f"The {name} is too small.")
        if money["currencyCode"] != currency:
            raise invalid(f"{where}.CurrencyCode", "All amounts must be in one currency.")


def _add_up(document: Json) -> None:
    value = document["amount"]["value"] + sum(_value(document, name) for name in _EXTRAS)
    document["totalAmount"] = {"value": value, "currencyCode": document["amount"]["currencyCode"]}


def _value(document: Json, name: str) -> int:
    return int((document.get(name) or {}).get("value", 0))


def _a_capture(amount: int, tips: int) -> Json:
    made = f"cap_sandbox_{token_urlsafe(16)}"
    return {"id": made, "amount": amount, "tipsAmount": tips, "status": "Successful", "createdAt": moments.now()}
