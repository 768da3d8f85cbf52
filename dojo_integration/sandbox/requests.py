"""What Dojo's API accepts: one shape per request body, as its document of 2026-02-27 has them."""

import re

from dojo_integration.sandbox.shapes import (
    address,
    any_of,
    flag,
    list_of,
    map_of,
    moment,
    one_of,
    or_null,
    record,
    text,
    whole,
)

_HTTPS = re.compile(r"https://*.+")

TERMINAL_STATUSES = ("Available", "Offline", "InUse")
SESSION_TYPES = ("Sale", "MatchedRefund", "UnlinkedRefund")

money = record({"value": whole(), "currencyCode": text(least=1, most=10)})
_words = text()
_postal = {f"address{line}": or_null(text(most=100)) for line in range(1, 5)} | {
    name: or_null(text(most=100)) for name in ("city", "state", "locality", "county")
}
_address = record({"countryCode": text(most=10)}, _postal, postcode=or_null(text(most=50)))
_item_line = record(
    {"amountTotal": or_null(money)},
    id=text(most=60),
    quantity=whole(bits=32),
    name=text(most=100),
    category=_words,
    plu=text(most=200),
    modifiers=list_of(
        record({"name": _words, "amountPerModifier": money, "quantity": whole(bits=None), "id": _words}, closed=False)
    ),
)
_tax_line = record(
    {"amountTotal": money},
    id=text(most=60),
    caption=text(most=100),
    subCaption=or_null(text(most=100)),
    affectedPlu=text(most=200),
)
_lines = {"itemLines": or_null(list_of(_item_line)), "taxLines": or_null(list_of(_tax_line))}
_collection = or_null(record(collectionRequired=flag))
_config = record(
    redirectUrl=or_null(address),
    cancelUrl=or_null(address),
    customerEmail=_collection,
    details=or_null(record(showTotal=flag, showReference=flag)),
    billingAddress=_collection,
    shippingDetails=_collection,
    payment=or_null(record(customAmountAllowed=flag, tipsAllowed=flag)),
)

create_payment_intent = record(
    {"amount": money, "reference": text(least=1, most=60)},
    _lines,
    description=or_null(text(most=4096)),
    captureMode=one_of("Auto", "Manual"),
    tipsAmount=or_null(money),
    cashbackAmount=or_null(money),
    serviceChargeAmount=or_null(money),
    customer=or_null(
        record(
            id=or_null(_words),
            emailAddress=or_null(text(most=254)),
            phoneNumber=or_null(text(most=50)),
            secret=or_null(_words),
            savedCardId=or_null(_words),
        )
    ),
    billingAddress=or_null(_address),
    shippingDetails=or_null(
        record(name=or_null(text(most=100)), deliveryNotes=or_null(text(most=1024)), address=or_null(_address))
    ),
    cardHolderNotPresent=or_null(flag),
    config=or_null(_config),
    requestSecurity=or_null(
        record(userAgent=or_null(text(most=300)), ipAddress=or_null(text(most=70)), device=or_null(text(most=120)))
    ),
    paymentMethods=or_null(list_of(_words)),
    actionLink=or_null(
        record(
            {"url": address, "label": text(least=1, most=60)},
            action=one_of("OpenLink", "DownloadFile"),
            fileName=or_null(text(most=256)),
        )
    ),
    expireAt=or_null(moment),
    autoExpireIn=or_null(_words),
    autoExpireAction=or_null(one_of("Release", "Capture")),
    metadata=or_null(map_of(_words)),
    setupIntentId=or_null(_words),
    orderDetails=or_null(
        record(availabilityDate=or_null(moment), isUpdate=or_null(flag), id=or_null(_words), externalId=or_null(_words))
    ),
    generateRemoteToken=flag,
    isNotOnlineCheckout=flag,
)
create_capture = record({"amount": whole()}, tipsAmount=or_null(whole()))
create_refund = record(
    {"amount": whole()},
    previousTransactionId=or_null(text(most=100)),
    refundReason=or_null(text(most=1024)),
    notes=or_null(text(most=4096)),
)
set_tips_amount = record({"tipsAmount": money})
set_amount = record({"amount": money}, _lines)

create_terminal_session = record(
    {
        "terminalId": _words,
        "details": record(
            {"sessionType": one_of(*SESSION_TYPES)},
            closed=False,
            one_at_least=("sale", "unlinkedRefund", "matchedRefund"),
            sale=record({"paymentIntentId": _words}, closed=False),
            matchedRefund=record({"paymentIntentId": _words}, closed=False, amount=money),
            unlinkedRefund=record({"amount": money}, closed=False, cardholderNotPresent=flag),
        ),
    }
)
answer_signature = record({"accepted": flag}, closed=False)

event = record(
    {
        "eventType": _words,
        "event": any_of(*(record({name: _words}, closed=False) for name in ("orderId", "partyId", "reservationId"))),
    },
    closed=False,
)
_capabilities = list_of(record({"name": _words, "version": _words}, closed=False))
register_ws = record({"capabilities": _capabilities}, closed=False)
register_rest = record(
    {
        "capabilities": _capabilities,
        "auth": record(
            {"authType": one_of("basic")},
            closed=False,
            basic=record({"username": _words, "password": _words}, closed=False),
        ),
        "url": _words,
    },
    closed=False,
)

_https = text(least=1, form=lambda value: _HTTPS.match(value) is not None)
subscribe = record({"events": list_of(_words), "url": _https}, description=or_null(_words))
update_subscription = record(events=or_null(list_of(_words)), url=or_null(_https), description=or_null(_words))

run_flow = record({"flow": _words}, closed=False, params=record(closed=False))
