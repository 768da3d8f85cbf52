"""A card payment from end to end, as Dojo takes one for an order of the POS."""

from typing import Any

from django.db import transaction

from dojo_integration.sandbox import intents, pos_calls
from dojo_integration.sandbox.api import Json
from dojo_integration.sandbox.gateway import Unanswered
from dojo_integration.sandbox.models import Account, Intent

RECORDED = "recorded"
REFUSED = "refused"
UNANSWERED = "unanswered"
NOT_TOLD = "not told"


def take(account: Account, asked: Json) -> Json:
    """Charge a card for an order and have the POS record it; what the POS refuses is given back to the card.

    Where the POS does not answer, nobody knows whether it has recorded the payment: the card stays charged, and the
    event of it is what heals.
    """
    intent = intents.open_intent(account, _intent_asked(asked))
    with transaction.atomic():
        intent = intents.locked(account, intent.pk)
        intents.pay_intent(intent)
    outcome, answer = NOT_TOLD, None
    if asked.get("record", True):
        outcome, answer = _record(account, intent, asked)
    if outcome == REFUSED:
        with transaction.atomic():
            intent = intents.locked(account, intent.pk)
            intents.reverse_intent(intent)
    return {"paymentIntent": intent.document, "outcome": outcome, "answer": answer}


def _intent_asked(asked: Json) -> Json:
    currency = asked.get("currencyCode", "GBP")

    def money(name: str) -> Json | None:
        return {"value": asked[name], "currencyCode": currency} if asked.get(name) else None

    metadata = {"waiterId": asked["waiterId"]} if asked.get("waiterId") else None
    return {
        "reference": str(asked.get("reference") or asked["orderId"])[:60],
        "captureMode": "Auto",
        "amount": {"value": asked["amount"], "currencyCode": currency},
        "orderDetails": {"externalId": asked["orderId"]},
        "tipsAmount": money("tipsAmount"),
        "serviceChargeAmount": money("serviceChargeAmount"),
        "cashbackAmount": money("cashbackAmount"),
        "metadata": metadata,
    }


def _record(account: Account, intent: Intent, asked: Json) -> tuple[str, Any]:
    document = intent.document
    service_charge = (document.get("serviceChargeAmount") or {"value": 0})["value"]
    currency = document["amount"]["currencyCode"]
    params: Json = {
        "orderId": asked["orderId"],
        "paymentIntentId": intent.pk,
        "paidAmount": {"value": document["amount"]["value"] + service_charge, "currencyCode": currency},
        "headers": {"waiterId": asked["waiterId"]} if asked.get("waiterId") else {},
    }
    if document.get("tipsAmount"):
        params["tipsAmount"] = document["tipsAmount"]
    if asked.get("lockId"):
        params["lockId"] = asked["lockId"]
    seconds = float(asked.get("seconds", pos_calls.PATIENCE))
    try:
        answer = pos_calls.ask(account, "RecordOrderPaymentById", params, road=asked.get("road", "ws"), seconds=seconds)
    except Unanswered as error:
        return UNANSWERED, str(error)
    return (RECORDED if answer.is_ok else REFUSED), answer.body
